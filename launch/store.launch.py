# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Launches the store host: real sensors and scales publish, everything from there to the receipts runs here."""

import os

from yokotago_bringup.graph import TOKEN_VARIABLE, store_graph
from yokotago_bringup.launching import COMMON_ARGUMENTS, describe, graph_options, node, views

ARGUMENTS = {
    **COMMON_ARGUMENTS,
    "cloud_url": ("", f"address of the cloud; the device token is read from {TOKEN_VARIABLE}; empty: no cloud"),
}


def make(values):
    """The actions for these arguments."""
    options = graph_options(values, cloud_url=values["cloud_url"], token=os.environ.get(TOKEN_VARIABLE, ""))
    return [*views(values, options), *(node(spec) for spec in store_graph(options))]


def generate_launch_description():
    """What `ros2 launch` runs."""
    return describe(ARGUMENTS, make)
