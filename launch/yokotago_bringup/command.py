# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The `yokotago` command: reads the arguments and calls the subcommand's module."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence

from yokotago_model.store_file import StoreError

from .bags import BagError
from .console import CommandError

_SUBCOMMANDS = (
    "demo", "run", "simulate", "replay", "evaluate", "import", "explain", "faults", "record", "check", "calibrate",
    "provision-scale",
)  # fmt: skip
"""Each has a module of its own, <name>_command, with _ for -."""


def parser(only: str | None = None) -> argparse.ArgumentParser:
    """The parser of the whole command; every subcommand's module adds its own.

    only: the one subcommand that was asked for; the modules of the others are not loaded, which would take seconds.
    """
    top = argparse.ArgumentParser(
        prog="yokotago", description="A cashierless store: run it, simulate it, replay it and measure it."
    )
    subcommands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name in (only,) if only in _SUBCOMMANDS else _SUBCOMMANDS:
        importlib.import_module(f"{__package__}.{name.replace('-', '_')}_command").add_parser(subcommands)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; the exit code is 0 only when what was asked was done."""
    words = sys.argv[1:] if argv is None else list(argv)
    arguments = parser(words[0] if words else None).parse_args(words)
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
