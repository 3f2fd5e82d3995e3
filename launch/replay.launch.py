# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Launches the graph on a bag instead of sensors: the nodes whose outputs the bag lacks, a player, and the views."""

from pathlib import Path

from yokotago_bringup.bags import STORE_FILE, BagReader
from yokotago_bringup.graph import replay_graph
from yokotago_bringup.launching import COMMON_ARGUMENTS, describe, graph_options, node, views
from yokotago_bringup.plan import plan

ARGUMENTS = {
    **COMMON_ARGUMENTS,
    "bag": ("", "the bag's folder"),
    "rate": ("1.0", "how fast it is played; 1.0 is as recorded"),
    "store": ("", "the store's description instead of the bag's own"),
}


def make(values):
    """The actions for these arguments."""
    bag = Path(values["bag"]).resolve()
    with BagReader(bag) as reader:
        planned = plan(reader.store(values["store"] or None), reader.topics)
    options = graph_options({**values, "store": values["store"] or str(bag / STORE_FILE)})
    nodes = [node(spec) for spec in replay_graph(options, bag, planned, float(values["rate"]))]
    return [*views(values, options), *nodes]


def generate_launch_description():
    """What `ros2 launch` runs."""
    return describe(ARGUMENTS, make)
