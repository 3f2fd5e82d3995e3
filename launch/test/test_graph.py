# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The graph: which nodes run where, and how they are started."""

from __future__ import annotations

import importlib.util
import json
import shutil
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from yokotago_bringup.console import CommandError, demo_store_file
from yokotago_bringup.demo_command import with_broker
from yokotago_bringup.graph import (
    TOKEN_VARIABLE,
    GraphOptions,
    NodeSpec,
    SimulatorOptions,
    cloud_process,
    demo_graph,
    gate_source,
    replay_graph,
    scale_program,
    store_graph,
)
from yokotago_bringup.plan import plan
from yokotago_bringup.ports import free_port

OPTIONS = GraphOptions(demo_store_file(), Path("data"), "http://127.0.0.1:1", "a-secret-token")


def names(nodes: list[NodeSpec]) -> list[str]:
    return [n.name for n in nodes]


def test_every_sensor_has_its_foreground_node() -> None:
    wanted = {f"foreground_{s.sensor_id}" for s in OPTIONS.store.sensors}
    assert wanted <= set(names(store_graph(OPTIONS)))


def test_the_demo_is_the_store_and_a_simulator() -> None:
    demo, store = names(demo_graph(OPTIONS, SimulatorOptions())), names(store_graph(OPTIONS))
    assert demo == [*store, "simulator"]


def test_a_shelf_with_firmware_has_a_process_for_each_scale() -> None:
    if scale_program() is None:
        pytest.skip("the scales' firmware is not built: run make build")
    nodes = demo_graph(OPTIONS, SimulatorOptions(firmware_shelf="B"))
    scales = [n for n in nodes if n.package == "yokotago_firmware_host"]
    assert [n.name for n in scales] == [f"scale_{s.scale_id}" for s in OPTIONS.store.scales if s.shelf_id == "B"]
    loads = nodes[-1].parameters["loads"]
    assert nodes[-1].parameters["loads_shelf"] == "B"
    for scale in scales:
        command = scale.process.command
        assert Path(command[0]).is_file()
        assert command[command.index("--socket") + 1] == f"@{loads}-{command[command.index('--scale-id') + 1]}"
    assert "loads" not in demo_graph(OPTIONS, SimulatorOptions())[-1].parameters


def test_every_node_is_a_module_that_exists() -> None:
    nodes = demo_graph(OPTIONS, SimulatorOptions())
    nodes += replay_graph(OPTIONS, Path("bag"), plan(OPTIONS.store, ("/tracks",)), 1.0)
    for node in nodes:
        assert importlib.util.find_spec(f"{node.package}.nodes.{node.module}"), node


def test_a_replay_runs_only_what_the_bag_lacks() -> None:
    tracked = ("/tracks", "/zone_crossings", "/hand_reaches", "/shelves/weights")
    nodes = names(replay_graph(OPTIONS, Path("bag"), plan(OPTIONS.store, tracked), 2.0))
    assert nodes == ["shelves", "fusion", "live_page", "markers", "player"]


def test_the_token_is_in_no_command_line() -> None:
    processes = [n.process for n in demo_graph(OPTIONS, SimulatorOptions())] + [cloud_process(OPTIONS, 1)]
    assert not any("a-secret-token" in word for p in processes for word in p.command)
    bridge = next(p for p in processes if p.name == "bridge")
    assert bridge.environment[TOKEN_VARIABLE] == "a-secret-token"


def test_the_page_of_a_demo_shows_its_code_to_the_simulators_gate() -> None:
    options = replace(OPTIONS, gate_port=8010)
    simulator = demo_graph(options, SimulatorOptions())[-1]
    command = cloud_process(options, 1).command
    assert simulator.parameters["gate_port"] == 8010
    assert command[command.index("--demo-gate") + 1] == "http://127.0.0.1:8010"
    assert "--demo-gate" not in cloud_process(OPTIONS, 1).command


def test_over_a_broker_only_people_and_their_phones_speak_http() -> None:
    options = replace(OPTIONS, broker_url="mqtts://127.0.0.1:2", certificates=Path("certificates"))
    nodes = {n.name: n for n in demo_graph(options, SimulatorOptions())}
    assert nodes["bridge"].parameters["cloud_url"] == "mqtts://127.0.0.1:2"
    assert nodes["bridge"].parameters["certificates"] == "certificates"
    assert nodes["simulator"].parameters["cloud_url"] == "http://127.0.0.1:1"
    command = cloud_process(options, 1).command
    assert command[command.index("--mqtt") + 1] == "mqtts://127.0.0.1:2"
    assert "--mqtt" not in cloud_process(OPTIONS, 1).command


def test_a_demo_without_mosquitto_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    with pytest.raises(CommandError, match="apt install mosquitto"):
        with_broker(replace(OPTIONS, data=tmp_path), "", None)


@pytest.mark.parametrize("url", [None, "", "mqtts://broker:8883"])
def test_an_own_broker_and_its_certificates_go_together(url: str | None, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"certificates DIR goes with|has no ca\.pem"):
        with_broker(OPTIONS, url, tmp_path)
    with pytest.raises(CommandError, match="certificates DIR goes with"):
        with_broker(OPTIONS, "mqtts://broker:8883", None)


@pytest.mark.parametrize("value", ["0123", "true", "a b", 1, 2.5, True])
def test_parameters_keep_their_type(value: str | int | float | bool) -> None:
    words = NodeSpec("n", "p", "m", {"x": value}).process.command
    given = words[words.index("-p") + 1]
    assert json.loads(given.removeprefix("x:=")) == value


def test_a_taken_port_is_replaced() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert free_port(port) != port
    assert free_port(port) == port


def test_gates_and_posted_scales_are_off_unless_configured() -> None:
    readers = ("gate_reader", "posted_scales")
    assert not any(name.startswith(readers) for name in names(store_graph(OPTIONS)))
    gates = {"gate-1": "/dev/input/event3", "gate-2": "/gate_camera/image"}
    chosen = replace(OPTIONS, gates=gates, gate_offline="admit", scale_tokens=Path("tokens"), scales_port=99)
    nodes = {node.name: node for node in store_graph(chosen)}
    scanner, camera, scales = (nodes[name] for name in ("gate_reader_gate_1", "gate_reader_gate_2", "posted_scales"))
    assert scanner.parameters.items() >= {"gate_id": "gate-1", "scanner": "/dev/input/event3"}.items()
    assert camera.parameters.items() >= {"gate_id": "gate-2", "image_topic": "/gate_camera/image"}.items()
    assert scales.parameters.items() >= {"tokens": "tokens", "host": "127.0.0.1", "port": 99}.items()
    assert nodes["bridge"].parameters["gate_offline"] == "admit"
    for node in (scanner, camera, scales):
        assert importlib.util.find_spec(f"{node.package}.nodes.{node.module}"), node


def test_a_gate_that_is_not_there_is_named() -> None:
    with pytest.raises(ValueError, match="no gate back in the store: it has gate-1, gate-2"):
        store_graph(replace(OPTIONS, gates={"back": "/dev/input/event3"}))


@pytest.mark.parametrize("text", ["gate-1", "=/dev/x", "gate-1=", "gate-1=dev/x"])
def test_a_gate_s_reader_that_cannot_be_read_is_named(text: str) -> None:
    with pytest.raises(ValueError, match="write GATE=/dev"):
        gate_source(text)
    assert gate_source("gate-1=/dev/x=y") == ("gate-1", "/dev/x=y")
