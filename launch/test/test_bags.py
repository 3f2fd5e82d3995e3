# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Bags: what is written is read, order is kept, and what is no bag is told in one sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from rclpy.serialization import deserialize_message
from rosbags.highlevel import AnyReader

from yokotago_bringup.bags import BagError, BagReader, BagWriter, Record
from yokotago_model.conversions import from_message, topic
from yokotago_model.events import (
    CheckIn,
    CrossingKind,
    DepthImage,
    Event,
    ForegroundCloud,
    HandReach,
    ShelfWeight,
    StreamProgress,
    TrackFrame,
    ZoneCrossing,
)

_SMALL = Path(__file__).resolve().parents[2] / "tests" / "bags" / "put_back_and_taken_again"

DEPTH = DepthImage(5, "sw", np.arange(600_000, dtype=np.uint16).reshape(600, 1000))
FOREGROUND = ForegroundCloud(6, "sw", np.ones((3, 3), np.float32), np.array([1, 2, 3], np.uint16))
EVENTS: list[tuple[int, str, Event]] = [
    (100, "/check_ins", CheckIn(90, "c1", "ann", "gate-1", 2)),
    (100, "/tof/sw/depth", DEPTH),
    (100, "/shelves/weights", ShelfWeight(80, "A11", 1, 0, 0.0125, (1.0, 2.5))),
    (100, "/tof/sw/depth", DEPTH),
    (100, "/progress", StreamProgress(70, "/check_ins", 1, 1)),
    (110, "/truth/zone_crossings", ZoneCrossing(60, 1, "entrance", CrossingKind.ENTER)),
    (120, "/tof/sw/foreground", FOREGROUND),
]


@pytest.fixture
def bag(tmp_path: Path) -> Path:
    with BagWriter(tmp_path / "bag", "store: {}\n") as writer:
        writer.declare("/receipts")
        for arrival, topic, event in EVENTS:
            writer.write(arrival, topic, event)
    return tmp_path / "bag"


def test_records_come_back_in_the_order_they_were_written(bag: Path) -> None:
    with BagReader(bag) as reader:
        assert list(reader.records()) == [Record(*e) for e in EVENTS]
        assert [r.topic for r in reader.records(("/progress", "/check_ins"))] == ["/check_ins", "/progress"]
        assert reader.count("/tof/sw/depth") == 2
        assert (reader.start, reader.end) == (100, 121)
        assert reader.store_text() == "store: {}\n"


def test_messages_are_read_as_ros_reads_them() -> None:
    with BagReader(_SMALL) as reader:
        for raw in reader.raw():
            kind = topic(raw.topic)
            assert kind is not None
            by_ros = from_message(raw.topic, deserialize_message(raw.data, kind.message))
            assert reader.decode(raw).event == by_ros


def test_a_bag_is_read_whose_messages_had_fewer_fields() -> None:
    """The small bag's hands and reaches were written before there were other_owners."""
    with BagReader(_SMALL) as reader:
        reaches = [r.event for r in reader.records(("/hand_reaches",))]
        frames = [r.event for r in reader.records(("/tracks",))]
    with AnyReader([_SMALL]) as plain:
        written = [c.msgdef.data for c in plain.connections if c.topic in ("/hand_reaches", "/tracks")]
    assert not any("other_owners" in definition for definition in written)
    assert len(reaches) == 8
    assert all(isinstance(r, HandReach) and r.samples and r.other_owners == () for r in reaches)
    hands = [h for f in frames if isinstance(f, TrackFrame) for t in f.tracks for h in t.hands]
    assert hands
    assert all(h.other_owners == () for h in hands)


def test_a_declared_topic_is_there_without_messages(bag: Path) -> None:
    with BagReader(bag) as reader:
        assert "/receipts" in reader.topics
        assert reader.count("/receipts") == 0


def test_any_rosbag2_reader_opens_it_by_the_definitions_inside(bag: Path) -> None:
    with AnyReader([bag]) as reader:
        types = {c.topic: c.msgtype for c in reader.connections}
        assert types["/check_ins"] == "yokotago_msgs/msg/CheckIn"
        connections = [c for c in reader.connections if c.topic == "/check_ins"]
        (connection, arrival, raw) = next(iter(reader.messages(connections)))
        message = reader.deserialize(raw, connection.msgtype)
    assert arrival == 100
    assert message.shopper_id == "ann"  # type: ignore[attr-defined]


def test_an_arrival_before_the_last_one_keeps_its_place(tmp_path: Path) -> None:
    with BagWriter(tmp_path / "bag", "") as writer:
        writer.write(200, "/check_ins", CheckIn(1, "first", "ann", "g"))
        writer.write(150, "/check_ins", CheckIn(2, "second", "bob", "g"))
    with BagReader(tmp_path / "bag") as reader:
        assert [(r.arrival, r.event.stamp) for r in reader.records()] == [(200, 1), (200, 2)]


def test_a_failed_recording_leaves_nothing(tmp_path: Path) -> None:
    def interrupted() -> None:
        with BagWriter(tmp_path / "bag", "") as writer:
            writer.write(1, "/check_ins", CheckIn(1, "c", "ann", "g"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        interrupted()
    assert not (tmp_path / "bag").exists()


def test_a_bag_is_never_overwritten(bag: Path) -> None:
    with pytest.raises(BagError, match="exists already"):
        BagWriter(bag, "")


def test_what_is_no_bag_is_told(tmp_path: Path) -> None:
    with pytest.raises(BagError, match="no such bag"):
        BagReader(tmp_path / "absent")
    with pytest.raises(BagError, match=r"no metadata\.yaml"):
        BagReader(tmp_path)
    (tmp_path / "metadata.yaml").write_text("rosbag2_bagfile_information: {}\n")
    with pytest.raises(BagError, match="cannot be read"):
        BagReader(tmp_path)


def test_a_foreign_topic_is_refused(tmp_path: Path) -> None:
    with BagWriter(tmp_path / "bag", "") as writer:
        writer.declare("/check_ins")
        with pytest.raises(BagError, match="/cmd_vel"):
            writer.declare("/cmd_vel")


def test_a_damaged_bag_is_told(bag: Path) -> None:
    mcap = next(bag.glob("*.mcap"))
    data = bytearray(mcap.read_bytes())
    zstd_frame = data.index(bytes.fromhex("28b52ffd"))
    data[zstd_frame : zstd_frame + 40] = bytes(40)
    mcap.write_bytes(data)
    with BagReader(bag) as reader, pytest.raises(BagError, match="damaged"):
        list(reader.records())


def test_a_cut_off_bag_is_told(bag: Path) -> None:
    mcap = next(bag.glob("*.mcap"))
    mcap.write_bytes(mcap.read_bytes()[:-100])
    with pytest.raises(BagError, match="cannot be read"):
        BagReader(bag)


def test_a_bag_without_a_store_description_asks_for_one(bag: Path) -> None:
    (bag / "store.yaml").unlink()
    with BagReader(bag) as reader, pytest.raises(BagError, match="--store"):
        reader.store()
