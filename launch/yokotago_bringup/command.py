# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The `yokotago` command: reads the arguments and calls the subcommand's module."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from yokotago_model.store_file import StoreError

from . import (
    check_command,
    demo_command,
    evaluate_command,
    explain_command,
    import_command,
    record_command,
    replay_command,
    run_command,
    simulate_command,
)
from .bags import BagError
from .console import CommandError

_SUBCOMMANDS = (
    demo_command,
    run_command,
    simulate_command,
    replay_command,
    evaluate_command,
    import_command,
    explain_command,
    record_command,
    check_command,
)


def parser() -> argparse.ArgumentParser:
    """The parser of the whole command; every subcommand's module adds its own."""
    top = argparse.ArgumentParser(
        prog="yokotago", description="A cashierless store: run it, simulate it, replay it and measure it."
    )
    subcommands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for module in _SUBCOMMANDS:
        module.add_parser(subcommands)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; the exit code is 0 only when what was asked was done."""
    arguments = parser().parse_args(argv)
    try:
        code: int = arguments.run(arguments)
    except (CommandError, BagError, StoreError) as error:
        print(f"yokotago: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        return 1
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        print(f"yokotago: {where}{error.strerror or error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("yokotago: stopped", file=sys.stderr)
        return 130
    return code


if __name__ == "__main__":
    sys.exit(main())
