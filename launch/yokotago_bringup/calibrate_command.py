# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""yokotago calibrate scale: zero and a known mass, sent to a scale's board, which keeps them."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from .console import CommandError

STILL_TRIES = 10
"""A scale that still moves is asked again so often, a second apart."""


def add_parser(subcommands: Any) -> None:
    """Add `calibrate` to the command."""
    parser = subcommands.add_parser("calibrate", help="measure what a store's description or a board cannot know")
    kinds = parser.add_subparsers(title="what", metavar="WHAT", required=True)
    scale = kinds.add_parser(
        "scale",
        help="zero and a known mass of one scale",
        description="Calibrate a scale: first empty, then with a known mass. The board keeps the result; a scale that "
        "does not stand still refuses.",
    )
    scale.add_argument("scale", metavar="SCALE", help="id of the scale")
    scale.add_argument("--mass", type=float, metavar="G", help="the known mass in grams, at best about half the load")
    scale.add_argument("--cell", default="", metavar="ID", help="which load cell it is, kept with the calibration")
    scale.add_argument("--tare", action="store_true", help="only set zero: the scale is empty now")
    scale.add_argument("--identify", action="store_true", help="only let the board blink")
    scale.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Calibrate; 0 only when the board has kept it."""
    # Loads ROS, which takes a second: after the arguments have been understood.
    from .nodes.scale_client import ScaleClient

    if not (arguments.identify or arguments.tare or arguments.mass):
        raise CommandError("say --mass G, the known mass in grams; or --tare, or --identify")
    with ScaleClient(arguments.scale) as client:
        if arguments.identify:
            client.identify()
            print(f"the board of {arguments.scale} blinks")
            return 0
        return calibrate(client, arguments, input)


def calibrate(client: Any, arguments: argparse.Namespace, ask: Callable[[str], str]) -> int:
    """The steps; `ask` shows a sentence and waits for Enter. client: a ScaleClient, or what answers as one."""
    if not arguments.tare:
        ask("take everything off the scale, then press Enter ")
    client.tare(STILL_TRIES)
    print("zero is set")
    if arguments.tare:
        return 0
    ask(f"put {arguments.mass:g} g in the middle of the scale, then press Enter ")
    grams = client.calibrate(arguments.mass, arguments.cell, STILL_TRIES)
    print(f"calibrated: the scale shows {grams:.1f} g")
    if abs(grams - arguments.mass) > 0.005 * arguments.mass + 1.0:
        raise CommandError(f"it should show {arguments.mass:g} g: calibrate again, and keep away from the shelf")
    return 0
