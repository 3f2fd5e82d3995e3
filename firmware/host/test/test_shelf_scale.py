# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The firmware's application as a process, heard by rclpy: weights, commands, lost links, power cuts, restarts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import DEMO_STORE, POWER_CUT, SECOND, START, Listener, ScaleProcess
from rclpy.serialization import serialize_message

from yokotago_model.conversions import from_message
from yokotago_model.events import WeightChange
from yokotago_model.store_file import read_store
from yokotago_msgs.msg import ShelfWeight
from yokotago_msgs.srv import ScaleCommand
from yokotago_shelves.weight_changes import WeightChanges

XRCE_MOST_BYTES = 500
"""What one datagram of a micro-ROS client holds."""

Start = Callable[..., ScaleProcess]


def stamp(message: Any) -> int:
    return int(message.header.stamp.sec * SECOND + message.header.stamp.nanosec)


def samples(bursts: list[Any]) -> list[tuple[int, int, float]]:
    """Number, stamp and grams of every sample, doubles dropped as the store host drops them."""
    found: dict[int, tuple[int, float]] = {}
    for burst in bursts:
        for i, grams in enumerate(burst.grams):
            found.setdefault(burst.sequence + i, (stamp(burst) + round(burst.period * SECOND) * i, grams))
    return [(number, *found[number]) for number in sorted(found)]


def test_a_step_arrives_with_its_weight_and_its_moment(listener: Listener, scale: Start) -> None:
    process = scale("--calibrated", "--noise-counts", "20")
    process.heard()
    process.feed(2.0, 1000.0)
    moment = process.stamp
    process.feed(2.0, 469.0)
    bursts = process.arrived(300)
    assert {b.header.frame_id for b in bursts} == {"A11"}
    assert {b.status for b in bursts} == {0}
    got = samples(bursts)
    assert [number for number, _, _ in got] == list(range(got[0][0], got[0][0] + len(got)))
    for _, at, grams in got:
        assert at >= START
        if abs(at - moment) > 2 * 12_500_000:
            assert grams == pytest.approx(1000.0 if at < moment else 469.0, abs=1.0)


def test_the_same_load_gives_the_same_bursts(listener: Listener, scale: Start) -> None:
    runs = []
    for _ in range(2):
        listener.bursts.clear()
        process = scale("--calibrated", "--noise-counts", "150", "--boot-id", "7")
        process.heard()
        process.feed(1.0, 300.0)
        process.feed(1.0, 200.0)
        runs.append([(b.boot_id, stamp(b), b.sequence, tuple(b.grams)) for b in process.arrived(150)])
        assert process.end() == 0
    assert runs[0] == runs[1]


@pytest.mark.parametrize("rate", [80, 10])
def test_the_weight_changes_are_those_of_the_load(listener: Listener, scale: Start, rate: int) -> None:
    process = scale("--calibrated", "--noise-counts", "100", "--rate", str(rate))
    process.heard()
    loads = [4000.0, 3469.0, 2938.0, 3469.0]
    for grams in loads:
        process.feed(3.0, grams)
    bursts = process.arrived(11 * rate)
    stage = WeightChanges(read_store(DEMO_STORE))
    events = [e for b in bursts for e in stage.feed(from_message("/shelves/weights", b))] + stage.finish()
    deltas = [e.delta for e in events if isinstance(e, WeightChange)]
    assert deltas == pytest.approx([-531.0, -531.0, 531.0], abs=2.0)


def test_messages_fit_into_one_datagram(listener: Listener, scale: Start) -> None:
    longest = "S" * 32
    process = scale("--calibrated", "--store", "", scale_id=longest)
    process.heard()
    process.feed(3.0, -99999.9)
    bursts = process.arrived(200)
    health = listener.until(lambda: next((h for h in listener.healths if longest in h.status[0].name), None))
    assert all(len(serialize_message(b)) <= XRCE_MOST_BYTES for b in bursts)
    for value in health.status[0].values:
        # The widest that a number may become; a cell's id is at most 15 characters here.
        if value.key != "cell":
            value.value = "4294967295" if value.key != "dBm" else "-100"
        else:
            value.value = "c" * 15
    health.status[0].message = "clock not synchronised, no samples"
    assert len(serialize_message(health)) <= XRCE_MOST_BYTES


def test_a_scale_is_calibrated_and_keeps_it(listener: Listener, scale: Start, tmp_path: Path) -> None:
    answers = ScaleCommand.Response
    store = ("--store", str(tmp_path / "flash"))
    process = scale(*store)
    process.heard()
    process.feed(3.0, 0.0)
    assert {b.status for b in process.arrived(200)} == {ShelfWeight.NOT_CALIBRATED}
    ask = listener.command
    assert ask("A11", ScaleCommand.Request.CALIBRATE, 500.0).result == answers.REFUSED_NO_TARE
    assert ask("A11", ScaleCommand.Request.TARE).result == answers.DONE
    process.feed(0.5, 500.0)
    process.tell()
    assert ask("A11", ScaleCommand.Request.CALIBRATE, 500.0).result == answers.REFUSED_UNSTABLE
    process.feed(3.0, 500.0)
    process.tell()
    assert ask("A11", ScaleCommand.Request.CALIBRATE, 20.0).result == answers.REFUSED_MASS
    done = ask("A11", ScaleCommand.Request.CALIBRATE, 500.0, "cell-42")
    assert done.result == answers.DONE
    assert done.grams == pytest.approx(500.0, abs=0.1)
    assert ask("A11", 99).result == answers.UNKNOWN_COMMAND
    assert ask("A11", ScaleCommand.Request.IDENTIFY).result == answers.DONE
    assert process.line() == "identify A11\n"
    boot = process.arrived(500)[-1].boot_id
    process.end()

    listener.bursts.clear()
    again = scale(*store)
    again.heard()
    again.feed(3.0, 250.0)
    bursts = again.arrived(200)
    assert {b.status for b in bursts} == {0}
    assert bursts[0].boot_id != boot
    assert bursts[-1].grams[-1] == pytest.approx(250.0, abs=0.1)
    health = listener.until(lambda: listener.healths[-1] if listener.healths else None)
    assert listener.until(
        lambda: any(v.value == "cell-42" for h in listener.healths for v in h.status[0].values if v.key == "cell")
    )
    assert health.status[0].name == "scale A11"


@pytest.mark.parametrize("cut", [0, 1, 30, 60])
def test_a_power_cut_while_writing_leaves_the_old_calibration(
    listener: Listener, scale: Start, tmp_path: Path, cut: int
) -> None:
    store = ("--store", str(tmp_path / "flash"))
    process = scale(*store, "--calibrated")
    process.heard()
    process.feed(3.0, 100.0)
    process.tell()
    assert listener.command("A11", ScaleCommand.Request.TARE).result == ScaleCommand.Response.DONE
    process.feed(3.0, 300.0)
    process.say(f"cut {cut}")
    process.tell()
    client = listener.node.create_client(ScaleCommand, "/shelves/scale_A11/command")
    listener.until(client.service_is_ready)
    client.call_async(ScaleCommand.Request(command=ScaleCommand.Request.TARE))
    assert listener.until(lambda: process.process.poll()) == POWER_CUT
    listener.node.destroy_client(client)

    listener.bursts.clear()
    again = scale(*store)
    again.heard()
    again.feed(2.0, 300.0)
    assert again.arrived(100)[-1].grams[-1] == pytest.approx(200.0, abs=0.1)


def test_a_lost_link_loses_no_sample(listener: Listener, scale: Start) -> None:
    process = scale("--calibrated")
    process.heard()
    process.feed(3.0, 800.0)
    process.arrived(200)
    process.say("agent down")
    process.feed(4.0, 700.0)
    listener.until(lambda: process.tell()["state"] == "waiting")
    assert process.tell()["swallowed"] > 0
    process.feed(2.0, 600.0)
    process.say("agent up")
    process.heard()
    process.feed(3.0, 500.0)
    bursts = process.arrived(940)
    numbers = [number for number, _, _ in samples(bursts)]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert any(b.status & ShelfWeight.RESENT for b in bursts)
    assert samples(bursts)[-1][2] == pytest.approx(500.0, abs=0.1)
    assert process.tell()["sessions"] == 2


def test_an_agent_that_restarts_unnoticed_by_pings_loses_no_sample(listener: Listener, scale: Start) -> None:
    process = scale("--calibrated")
    process.heard()
    process.feed(3.0, 800.0)
    process.arrived(200)
    process.say("agent restart")
    process.feed(4.0, 700.0)
    listener.until(lambda: process.tell()["sessions"] == 2)
    assert process.tell()["swallowed"] > 0
    process.heard()
    process.feed(3.0, 500.0)
    numbers = [number for number, _, _ in samples(process.arrived(780))]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def test_a_lost_network_is_a_lost_link(listener: Listener, scale: Start) -> None:
    process = scale("--calibrated")
    process.heard()
    process.say("network down")
    listener.until(lambda: process.tell()["state"] == "waiting")
    process.say("network up")
    listener.until(lambda: process.tell()["state"] == "connected")


def test_a_hundred_reconnections_leave_nothing_behind(listener: Listener, scale: Start) -> None:
    process = scale("--calibrated", "--ping-ms", "10")
    process.heard()
    held = process.tell()["outstanding"]
    assert held > 0
    for sessions in range(2, 102):
        process.say("network down")
        listener.until(lambda: process.tell()["state"] == "waiting")
        assert process.tell()["outstanding"] == 0
        process.say("network up")
        listener.until(lambda: process.tell()["state"] == "connected")
        assert process.tell()["sessions"] == sessions
        assert process.tell()["outstanding"] == held
    process.heard()
    process.feed(2.0, 800.0)
    assert process.arrived(100)[-1].grams[-1] == pytest.approx(800.0, abs=0.1)


def test_the_link_goes_on_when_its_clock_wraps_around(listener: Listener, scale: Start) -> None:
    with open("/proc/uptime", encoding="ascii") as file:
        uptime_ms = float(file.read().split()[0]) * 1000.0
    process = scale("--calibrated", "--start-ms", str(int(2**32 - uptime_ms % 2**32 + 500.0) % 2**32))
    process.heard()
    process.feed(2.0, 800.0)
    seen = len(process.arrived(100))
    healths = len(listener.healths)
    listener.until(lambda: len(listener.healths) >= healths + 3)
    process.feed(2.0, 800.0)
    assert len(process.arrived(250)) > seen
    assert process.tell()["sessions"] == 1


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ("unplugged", ShelfWeight.HARDWARE_FAULT),
        ("stuck_low", ShelfWeight.HARDWARE_FAULT),
        ("all_ones", ShelfWeight.HARDWARE_FAULT),
        ("open_cell", ShelfWeight.SATURATED),
    ],
)
def test_a_broken_cell_is_told_and_alarms_the_store(listener: Listener, scale: Start, fault: str, status: int) -> None:
    process = scale("--calibrated")
    process.heard()
    process.feed(2.0, 800.0)
    process.say(f"fault {fault}")
    process.feed(4.0, 800.0)
    process.tell()
    listener.until(lambda: any(b.status & status for b in listener.bursts))
    process.say("fault none")
    process.feed(3.0, 800.0)
    listener.until(lambda: listener.bursts[-1].status == 0 and listener.bursts[-1].grams)
    assert all(g == pytest.approx(800.0, abs=0.1) for b in listener.bursts if not b.status for g in b.grams)
    stage = WeightChanges(read_store(DEMO_STORE))
    events = [e for b in listener.bursts for e in stage.feed(from_message("/shelves/weights", b))]
    assert "scale_fault" in {getattr(e, "code", "") for e in events}
    assert not [e for e in events if isinstance(e, WeightChange)]


@pytest.mark.parametrize("fault", ["glitch", "slow_clock"])
def test_a_disturbed_read_is_no_weight(listener: Listener, scale: Start, fault: str) -> None:
    process = scale("--calibrated")
    process.heard()
    for _ in range(4):
        process.feed(1.0, 800.0)
        process.say(f"fault {fault}")
    process.feed(1.0, 800.0)
    for burst in process.arrived(300):
        assert all(g == pytest.approx(800.0, abs=0.1) for g in burst.grams)


def test_nonsense_is_not_obeyed(scale: Start) -> None:
    process = scale("--calibrated")
    for line in ("load", "load 5", "load x y z", "fault of mine", "agent maybe", "please"):
        process.say(line)
    assert process.tell()["samples"] == 0
    assert process.end() == 0
