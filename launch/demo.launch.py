# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Launches the whole store on one machine: simulated sensors, scales and shoppers, the store host and the cloud."""

from yokotago_bringup.graph import SimulatorOptions, cloud_process, demo_graph, firmware_shelf
from yokotago_bringup.launching import COMMON_ARGUMENTS, describe, graph_options, new_token, node, process, views
from yokotago_bringup.ports import free_port

ARGUMENTS = {
    **COMMON_ARGUMENTS,
    "cloud_port": ("8000", "port of the cloud and the shopper's page; another is taken when it is not free"),
    "scenario": ("random", "what the shoppers do: a case's name, or random"),
    "seed": ("0", "seed of the simulation"),
    "shoppers": ("3", "scenario random: shoppers at once"),
    "visits": ("0", "scenario random: visits in all; 0: it never ends"),
    "level": ("depth", "what of the sensors is simulated: points or depth"),
}


def make(values):
    """The actions for these arguments."""
    port = free_port(int(values["cloud_port"]))
    cloud_url = f"http://127.0.0.1:{port}"
    gate_port = free_port(8010)
    options = graph_options(values, cloud_url=cloud_url, token=new_token(), simulated_time=True, gate_port=gate_port)
    shop = SimulatorOptions(
        scenario=values["scenario"],
        seed=int(values["seed"]),
        shoppers=int(values["shoppers"]),
        visits=int(values["visits"]),
        level=values["level"],
        firmware_shelf=firmware_shelf(options.store),
    )
    nodes = [node(spec) for spec in demo_graph(options, shop)]
    return [*views(values, options), process(cloud_process(options, port)), *nodes]


def generate_launch_description():
    """What `ros2 launch` runs."""
    return describe(ARGUMENTS, make)
