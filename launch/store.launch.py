# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Launches the store host: real sensors and scales publish, everything from there to the receipts runs here."""

import os
from pathlib import Path

from yokotago_bringup.graph import TOKEN_VARIABLE, gate_source, store_graph
from yokotago_bringup.launching import COMMON_ARGUMENTS, describe, graph_options, node, views

ARGUMENTS = {
    **COMMON_ARGUMENTS,
    "cloud_url": ("", f"address of the cloud; the device token is read from {TOKEN_VARIABLE}; empty: no cloud"),
    "certificates": ("", "folder of ca.pem, STORE.pem and STORE.key, for a cloud at mqtts://..."),
    "gates": ("", "what reads the codes, GATE=/dev/... for a scanner or GATE=/topic for a camera, with commas between"),
    "gate_offline": ("refuse", "what a gate does with a true code while the cloud does not answer: refuse or admit"),
    "scale_tokens": ("", "file of the boards that post weights, a line TOKEN SCALE... for each; empty: none does"),
    "scales_host": ("127.0.0.1", "address that boards post to"),
    "scales_port": ("8090", "its port"),
}


def make(values):
    """The actions for these arguments."""
    options = graph_options(
        values,
        cloud_url=values["cloud_url"],
        token=os.environ.get(TOKEN_VARIABLE, ""),
        certificates=Path(values["certificates"]).resolve() if values["certificates"] else None,
        gates=dict(gate_source(text) for text in values["gates"].split(",") if text),
        gate_offline=values["gate_offline"],
        scale_tokens=Path(values["scale_tokens"]).resolve() if values["scale_tokens"] else None,
        scales_host=values["scales_host"],
        scales_port=int(values["scales_port"]),
    )
    return [*views(values, options), *(node(spec) for spec in store_graph(options))]


def generate_launch_description():
    """What `ros2 launch` runs."""
    return describe(ARGUMENTS, make)
