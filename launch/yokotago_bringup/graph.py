# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The graph of nodes, described once: the launch files and the supervised processes are both made from it."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ament_index_python.packages import PackageNotFoundError, get_package_prefix

from yokotago_model.store import Store
from yokotago_model.store_file import read_store

from .console import demo_store_file, share_file
from .plan import Plan
from .supervisor import ProcessSpec

TOKEN_VARIABLE = "YOKOTAGO_DEVICE_TOKEN"
"""The store host's token for the cloud: in the environment, because command lines are seen by everyone."""

Value = str | int | float | bool


SHARED_MEMORY_BYTES = 1500 * 2**20
"""What a graph's nodes need of /dev/shm with config/fastdds.xml: some twenty processes of 64 MB and a little each."""


@dataclass(frozen=True)
class NodeSpec:
    """One ROS node, `python -m package.nodes.module`, or `program` with its arguments. respawn: start it again when it
    dies; required: when it ends, everything ends."""

    name: str
    package: str
    module: str
    parameters: Mapping[str, Value] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    respawn: bool = True
    required: bool = False
    program: tuple[str, ...] = ()

    @property
    def command(self) -> tuple[str, ...]:
        """What to run, before `--ros-args`."""
        return self.program or (sys.executable, "-m", f"{self.package}.nodes.{self.module}")

    @property
    def process(self) -> ProcessSpec:
        """The node as a supervised process."""
        # A quoted value stays a text, also when it looks like a number.
        given = [("-p", f"{k}:={json.dumps(v)}") for k, v in self.parameters.items()]
        arguments = ("--ros-args", "-r", f"__node:={self.name}", *(word for pair in given for word in pair))
        return ProcessSpec(
            self.name,
            self.command + arguments,
            {**dds_environment(), **self.environment},
            self.respawn,
            self.required,
        )


def dds_environment() -> dict[str, str]:
    """Fast DDS with shared memory large enough for point clouds, on this machine only; what is set already stays.

    Without the profile where the shared memory of all nodes does not fit (see env.sh), as in a container.
    """
    wanted = {"RMW_IMPLEMENTATION": "rmw_fastrtps_cpp", "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST"}
    if Path("/dev/shm").is_dir() and shutil.disk_usage("/dev/shm").free >= SHARED_MEMORY_BYTES:
        wanted["FASTRTPS_DEFAULT_PROFILES_FILE"] = str(share_file("config/fastdds.xml"))
    return {name: os.environ.get(name, value) for name, value in wanted.items()}


@dataclass(frozen=True)
class GraphOptions:
    """What a graph is made for.

    data: folder of the databases; cloud_url: empty for a store without a cloud; token: for the cloud; broker_url: of a
    broker, mqtts://..., over which store and cloud talk when cloud_url is for people only; live_host, live_port:
    address of the live page; markers: publish for rviz; simulated_time: time is on /clock; gate_port: of the simulated
    gate to which a person's own phone shows a code, 0: none.
    certificates: folder for a cloud that is a broker, mqtts://...; gates: gate -> what reads its codes, a scanner's
    device file or a camera's topic; gate_offline: refuse or admit while the cloud does not answer; scale_tokens: file
    of the boards that post weights over HTTP to scales_host, scales_port; None: no board does.
    """

    store_file: Path
    data: Path
    cloud_url: str = ""
    token: str = ""
    broker_url: str = ""
    live_host: str = "127.0.0.1"
    live_port: int = 8080
    markers: bool = True
    simulated_time: bool = False
    gate_port: int = 0
    certificates: Path | None = None
    gates: Mapping[str, str] = field(default_factory=dict)
    gate_offline: str = "refuse"
    scale_tokens: Path | None = None
    scales_host: str = "127.0.0.1"
    scales_port: int = 8090

    @property
    def store(self) -> Store:
        """The store's description, read and checked."""
        return read_store(self.store_file)


def _chain(options: GraphOptions, plan: Plan | None = None) -> list[NodeSpec]:
    """The nodes from the sensors to the receipts; only those that a recording needs when its plan is given."""
    store = {"store": str(options.store_file)}
    sensors = plan.foregrounds if plan else [s.sensor_id for s in options.store.sensors]
    nodes = [NodeSpec(f"foreground_{s}", "yokotago_tracking", "foreground", {**store, "sensor_id": s}) for s in sensors]
    if plan is None or plan.tracker:
        nodes.append(NodeSpec("tracker", "yokotago_tracking", "tracker", store))
    if plan is None or plan.weight_changes:
        nodes.append(NodeSpec("shelves", "yokotago_shelves", "shelves", store))
    if plan is None or plan.fusion:
        journal = {"journal": str(options.data / "fusion.sqlite")}
        nodes.append(NodeSpec("fusion", "yokotago_fusion", "fusion", {**store, **journal}))
    return nodes


def _views(options: GraphOptions) -> list[NodeSpec]:
    store = {"store": str(options.store_file)}
    page: dict[str, Value] = {"host": options.live_host, "port": options.live_port}
    nodes = [NodeSpec("live_page", "yokotago_view", "live_page", {**store, **page})]
    if options.markers:
        nodes.append(NodeSpec("markers", "yokotago_view", "markers", store))
    return nodes


def _token(options: GraphOptions) -> dict[str, str]:
    return {TOKEN_VARIABLE: options.token} if options.token else {}


def store_graph(options: GraphOptions) -> list[NodeSpec]:
    """The store host: real sensors and scales publish, everything from there to the cloud runs here."""
    bridge = NodeSpec(
        "bridge",
        "yokotago_fusion",
        "bridge",
        {
            "store": str(options.store_file),
            "cloud_url": options.broker_url or options.cloud_url,
            "outbox": str(options.data / "outbox.sqlite"),
            "certificates": str(options.certificates or ""),
            "gate_offline": options.gate_offline,
            "use_sim_time": options.simulated_time,
        },
        _token(options),
    )
    return [*_chain(options), bridge, *_readers(options), *_views(options)]


def gate_source(text: str) -> tuple[str, str]:
    """GATE=SOURCE: a gate and what reads its codes. Raises ValueError."""
    gate_id, _, source = text.partition("=")
    if not gate_id or not source.startswith("/"):
        raise ValueError(f"'{text}': write GATE=/dev/... for a scanner or GATE=/topic for a camera")
    return gate_id, source


def _readers(options: GraphOptions) -> list[NodeSpec]:
    """What the store reads by itself: codes at the gates, and the scales that post."""
    store = {"store": str(options.store_file)}
    nodes = []
    for gate_id, source in options.gates.items():
        if gate_id not in options.store.gate:
            raise ValueError(f"there is no gate {gate_id} in the store: it has {', '.join(options.store.gate)}")
        reads = "scanner" if source.startswith("/dev/") else "image_topic"
        name = f"gate_reader_{re.sub(r'[^A-Za-z0-9_]', '_', gate_id)}"
        nodes.append(NodeSpec(name, "yokotago_fusion", "gate_reader", {**store, "gate_id": gate_id, reads: source}))
    if options.scale_tokens is not None:
        where: dict[str, Value] = {"host": options.scales_host, "port": options.scales_port}
        tokens = {"tokens": str(options.scale_tokens)}
        nodes.append(NodeSpec("posted_scales", "yokotago_shelves", "posted_scales", {**store, **tokens, **where}))
    return nodes


@dataclass(frozen=True)
class SimulatorOptions:
    """How the demo's shop is simulated. visits 0: it never closes; rate: 1 is real time; firmware_shelf: its scales run
    their firmware, as processes; empty: all scales are simulated without it."""

    scenario: str = "random"
    seed: int = 0
    shoppers: int = 3
    visits: int = 0
    level: str = "depth"
    rate: float = 1.0
    firmware_shelf: str = ""


def scale_program() -> Path | None:
    """The firmware of a scale as a program of this machine; None where it was not built."""
    try:
        program = Path(get_package_prefix("yokotago_firmware_host"), "lib", "yokotago_firmware_host", "shelf_scale")
    except PackageNotFoundError:
        return None
    return program if program.is_file() else None


def firmware_shelf(store: Store) -> str:
    """The shelf of a simulated store whose scales run their firmware: the first one; none where it was not built."""
    return store.shelves[0].shelf_id if scale_program() else ""


def _firmware(options: GraphOptions, shelf_id: str, loads: str) -> list[NodeSpec]:
    """A process for each scale of a shelf, which takes its load at an address that begins with `loads`."""
    program = scale_program()
    if program is None:
        raise ValueError("the scales' firmware is not built: run make build")
    return [
        NodeSpec(
            f"scale_{s.scale_id}",
            "yokotago_firmware_host",
            "shelf_scale",
            program=(str(program), "--scale-id", s.scale_id, "--socket", f"@{loads}-{s.scale_id}", "--calibrated"),
        )
        for s in options.store.scales
        if s.shelf_id == shelf_id
    ]


def demo_graph(options: GraphOptions, simulator: SimulatorOptions) -> list[NodeSpec]:
    """The store host with simulated sensors, scales and shoppers."""
    parameters: dict[str, Value] = {
        "store": str(options.store_file),
        "scenario": simulator.scenario,
        "seed": simulator.seed,
        "shoppers": simulator.shoppers,
        "visits": simulator.visits,
        "level": simulator.level,
        "rate": simulator.rate,
        "cloud_url": options.cloud_url,
        "gate_port": options.gate_port,
        "listeners_s": 120.0,
    }
    scales: list[NodeSpec] = []
    if simulator.firmware_shelf:
        loads = f"yokotago-{secrets.token_hex(4)}"
        parameters |= {"loads": loads, "loads_shelf": simulator.firmware_shelf}
        scales = _firmware(options, simulator.firmware_shelf, loads)
    # Not started again: a second simulator would fill the store with people whom nobody saw come in.
    shop = NodeSpec("simulator", "yokotago_sim", "simulator", parameters, _token(options), respawn=False, required=True)
    return [*store_graph(options), *scales, shop]


def replay_graph(options: GraphOptions, bag: Path, plan: Plan, rate: float) -> list[NodeSpec]:
    """A bag in place of the sensors: the nodes whose outputs it lacks, a player, and the views."""
    player = NodeSpec(
        "player",
        "yokotago_bringup",
        "player",
        {"bag": str(bag), "rate": rate},
        respawn=False,
        required=True,
    )
    return [*_chain(options, plan), *_views(options), player]


def cloud_process(options: GraphOptions, port: int) -> ProcessSpec:
    """The cloud on this machine, for the demo; it takes what comes over the broker where there is one."""
    command = (sys.executable, "-m", "yokotago_cloud", "--host", "127.0.0.1", "--port", str(port))
    gate = ("--demo-gate", f"http://127.0.0.1:{options.gate_port}") if options.gate_port else ()
    broker = ("--mqtt", options.broker_url, "--mqtt-certificates", str(options.certificates))
    line = broker if options.broker_url else ()
    bootstrap = f"{options.store.store_id}:{options.token}"
    return ProcessSpec(
        "cloud",
        (*command, "--store-name", options.store.name, "--database", str(options.data / "cloud.sqlite"), *gate, *line),
        {"YOKOTAGO_CLOUD_BOOTSTRAP": bootstrap},
    )


def broker_program() -> str | None:
    """mosquitto; Debian keeps it where only root looks. None where it is not installed."""
    return shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")


def broker_process(options: GraphOptions, port: int) -> ProcessSpec:
    """A mosquitto on this machine, with certificates and rules for the cloud and the store in options.certificates.

    Raises:
        ValueError: there is no mosquitto.
    """
    program = broker_program()
    if program is None:
        raise ValueError("there is no mosquitto on this machine: run apt install mosquitto, or name your own broker")
    folder = str(options.certificates)
    made = ("--folder", folder, "--port", str(port), "--store", options.store.store_id)
    subprocess.run([sys.executable, "-m", "yokotago_cloud.broker", *made], check=True, stdout=subprocess.DEVNULL)
    return ProcessSpec("broker", (program, "-c", f"{folder}/mosquitto.conf"))


def default_store_file(given: str | Path | None) -> Path:
    """The store.yaml that was named, else the demo store's."""
    return Path(given).resolve() if given else demo_store_file()
