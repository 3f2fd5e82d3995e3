# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The built programs, a scale as a process, and somebody who listens to it, on a ROS domain of their own."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

# Above what other tests use, and above the ports that Linux hands out.
os.environ["ROS_DOMAIN_ID"] = str(215 + os.getpid() % 17)
os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"

import pytest
import rclpy
from ament_index_python.packages import get_package_prefix
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.event_handler import SubscriptionEventCallbacks
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy

from yokotago_msgs.msg import ShelfWeight
from yokotago_msgs.srv import ScaleCommand

ROOT = Path(__file__).resolve().parents[3]
DEMO_STORE = ROOT / "launch" / "config" / "demo_store.yaml"
PATIENCE_S = 120.0
POWER_CUT = 9
"""Exit code of a scale whose power was cut."""
SECOND = 1_000_000_000
START = 1_700_000_000 * SECOND
PERIOD = 12_500_000
BEST_EFFORT = QoSProfile(depth=4000, reliability=ReliabilityPolicy.BEST_EFFORT)


def built(name: str) -> Path:
    """A program or library that colcon has installed."""
    return Path(get_package_prefix("yokotago_firmware_host")) / "lib" / "yokotago_firmware_host" / name


@functools.cache
def checked_program() -> Path:
    """shelf_scale as it is installed, but with sanitizers: whatever they find ends it with another exit code."""
    folder = ROOT / "build" / "firmware_units" / "process"
    flags = "-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer"
    made = ["-G", "Ninja", "-S", ROOT / "firmware" / "host", "-B", folder, f"-DPython3_EXECUTABLE={sys.executable}"]
    for command in (
        ["cmake", *made, "-DCMAKE_BUILD_TYPE=Debug", f"-DCMAKE_C_FLAGS={flags}"],
        ["cmake", "--build", folder, "--target", "shelf_scale"],
    ):
        done = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    return folder / "shelf_scale"


class Listener:
    """Hears everything that scales say."""

    def __init__(self) -> None:
        self.node = Node("listener")
        self.bursts: list[Any] = []
        self.healths: list[Any] = []
        self.scales = 0
        """How many it hears now."""
        self.node.create_subscription(
            ShelfWeight,
            "/shelves/weights",
            self.bursts.append,
            BEST_EFFORT,
            event_callbacks=SubscriptionEventCallbacks(matched=self._matched),
        )
        self.node.create_subscription(DiagnosticArray, "/diagnostics", self.healths.append, 100)

    def _matched(self, status: Any) -> None:
        self.scales = status.current_count

    def until(self, condition: Callable[[], Any]) -> Any:
        """What `condition` says once it is true."""
        latest = time.monotonic() + PATIENCE_S
        while not (found := condition()):
            assert time.monotonic() < latest, f"waited for {PATIENCE_S} s in vain"
            rclpy.spin_once(self.node, timeout_sec=0.05)
        return found

    def command(self, scale_id: str, command: int, grams: float = 0.0, cell_id: str = "") -> Any:
        """The answer of a scale to a command."""
        client = self.node.create_client(ScaleCommand, f"/shelves/scale_{scale_id}/command")
        self.until(client.service_is_ready)
        asked = client.call_async(ScaleCommand.Request(command=command, grams=grams, cell_id=cell_id))
        self.until(asked.done)
        self.node.destroy_client(client)
        return asked.result()


class ScaleProcess:
    """A shelf_scale with fast pings, whose load the test decides."""

    def __init__(self, listener: Listener, *options: str, scale_id: str = "A11") -> None:
        self._listener = listener
        self.scale_id = scale_id
        self.stamp = START
        quick = ("--ping-ms", "50", "--settle-ms", "200")
        # Nothing of this process's environment but the domain: as it would be started anywhere. Leaks are not looked
        # for: the middleware keeps things to the end; what a session takes is counted by the program itself.
        passed = {name: os.environ[name] for name in ("ROS_DOMAIN_ID", "ROS_AUTOMATIC_DISCOVERY_RANGE")}
        self.process = subprocess.Popen(
            [str(checked_program()), "--scale-id", scale_id, *quick, *options],
            env={**passed, "ASAN_OPTIONS": "detect_leaks=0"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def say(self, line: str) -> None:
        """One line of the feed."""
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def line(self) -> str:
        """The next line that the process writes."""
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def tell(self) -> dict[str, Any]:
        """How it stands, once it has read all lines so far."""
        self.say("tell")
        told: dict[str, Any] = json.loads(self.line())
        return told

    def heard(self) -> None:
        """Wait until it sends what it weighs and the listener hears it.

        Before that it keeps bursts for later, and no more than its ring holds.
        """
        self._listener.until(lambda: self.tell()["sends"] and self._listener.scales)

    def feed(self, seconds: float, grams: float) -> None:
        """A constant load for so long, in the time of the load."""
        for _ in range(round(seconds * SECOND / PERIOD / 8)):
            self.say(f"load {self.stamp} {PERIOD} " + " ".join([str(grams)] * 8))
            self.stamp += 8 * PERIOD

    def arrived(self, samples: int) -> list[Any]:
        """Its bursts, once so many samples have come, doubles not counted."""
        self._listener.until(lambda: sum({b.sequence: len(b.grams) for b in self._mine()}.values()) >= samples)
        return self._mine()

    def _mine(self) -> list[Any]:
        return [b for b in self._listener.bursts if b.scale_id == self.scale_id]

    def end(self) -> int:
        """End it as a supervisor does; its exit code."""
        if self.process.poll() is None:
            self.process.terminate()
        code = self.process.wait(PATIENCE_S)
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
        return code


@pytest.fixture(scope="session", autouse=True)
def _ros() -> Iterator[None]:
    rclpy.init()
    yield
    rclpy.shutdown()


@pytest.fixture
def listener() -> Iterator[Listener]:
    heard = Listener()
    yield heard
    heard.node.destroy_node()


@pytest.fixture
def scale(listener: Listener) -> Iterator[Callable[..., ScaleProcess]]:
    """Starts scales; they are ended with the test."""
    started: list[ScaleProcess] = []

    def start(*options: str, scale_id: str = "A11") -> ScaleProcess:
        started.append(ScaleProcess(listener, *options, scale_id=scale_id))
        return started[-1]

    yield start
    codes = [process.end() for process in started]
    assert all(code in (0, POWER_CUT) for code in codes), f"a scale ended with {codes}"
