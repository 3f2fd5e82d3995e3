# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Recordings: rosbag2 folders (MCAP, zstd) that hold a store's topics and the store.yaml they were recorded with.

A bag is plain rosbag2: `ros2 bag play` plays it and Foxglove shows it, because every message definition is inside. The
log time of a message is when it arrived, its header the time of the measurement; both matter, since lateness is part of
what is recorded. Messages with one log time keep the order in which they were written. A bag whose messages had fewer
fields than today's is read by the definitions inside it, and its messages are given in today's form.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from rclpy.serialization import serialize_message
from rosbags.interfaces import Qos, QosDurability, QosHistory, QosLiveliness, QosReliability, QosTime
from rosbags.rosbag2 import CompressionFormat, CompressionMode, Reader, ReaderError, StoragePlugin, Writer
from rosbags.typesys import Stores, TypesysError, get_types_from_msg, get_typestore
from rosbags.typesys.store import Typestore

from yokotago_model import conversions
from yokotago_model.events import Event, Stamp
from yokotago_model.nodes.serialized import from_bytes, message_type_name, typestore
from yokotago_model.nodes.support import qos
from yokotago_model.store import Store
from yokotago_model.store_file import parse_store, read_store

STORE_FILE = "store.yaml"


class BagError(ValueError):
    """A bag cannot be read or written; the text says why and what to do."""


class Record(NamedTuple):
    """One message of a bag; arrival: when it reached the recorder."""

    arrival: Stamp
    topic: str
    event: Event


class RawRecord(NamedTuple):
    """One message of a bag as it travels: CDR bytes."""

    arrival: Stamp
    topic: str
    type_name: str
    data: bytes


def _offered(topic: str) -> Qos:
    """What a player should offer on a topic: what the store's own nodes do."""
    profile = qos(topic)
    never = QosTime(sec=9223372036, nsec=854775807)
    return Qos(
        history=QosHistory(int(profile.history)),
        depth=profile.depth,
        reliability=QosReliability(int(profile.reliability)),
        durability=QosDurability(int(profile.durability)),
        deadline=never,
        lifespan=never,
        liveliness=QosLiveliness.AUTOMATIC,
        liveliness_lease_duration=never,
        avoid_ros_namespace_conventions=False,
    )


class BagWriter:
    """Writes a bag; a context manager. A bag whose writing failed is removed.

    store_text: the store.yaml to keep beside the messages. Raises BagError when the folder exists.
    """

    def __init__(self, path: str | Path, store_text: str) -> None:
        self.path = Path(path)
        if self.path.exists():
            raise BagError(f"{self.path} exists already: name another folder or remove it")
        self._store_text = store_text
        self._writer = Writer(self.path, version=9, storage_plugin=StoragePlugin.MCAP)
        self._writer.set_compression(CompressionMode.STORAGE, CompressionFormat.ZSTD)
        self._types = typestore()
        self._connections: dict[str, Any] = {}
        self._last: Stamp = 0
        self.count = 0
        """Messages written."""

    def __enter__(self) -> Self:
        try:
            self._writer.open()
        except OSError as error:
            raise BagError(f"{self.path} cannot be made: {error.strerror}") from error
        (self.path / STORE_FILE).write_text(self._store_text, "utf-8")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None and self._connections:
            self._writer.close()
            return
        self._writer.abort()
        shutil.rmtree(self.path, ignore_errors=True)
        if kind is None:
            raise BagError(f"{self.path}: nothing to write: the recording has no messages")

    def declare(self, topic: str) -> None:
        """Say that the bag holds the store's topic `topic`, even if nothing happens on it."""
        found = conversions.topic(topic)
        if found is None:
            raise BagError(f"{topic} is no topic of the store")
        if topic not in self._connections:
            self._connect(topic, message_type_name(found.message))

    def _connect(self, topic: str, type_name: str) -> Any:
        made = self._writer.add_connection(
            topic, type_name, typestore=self._types, offered_qos_profiles=[_offered(topic)]
        )
        self._connections[topic] = made
        return made

    def write(self, arrival: Stamp, topic: str, event: Event) -> None:
        """Add one event. Log times never run backwards in a bag: an earlier arrival gets the time of the last one."""
        message = conversions.to_message(event)
        self.write_raw(RawRecord(arrival, topic, message_type_name(type(message)), serialize_message(message)))

    def write_raw(self, record: RawRecord) -> None:
        """Add one serialized message."""
        connection = self._connections.get(record.topic) or self._connect(record.topic, record.type_name)
        self._last = max(self._last, record.arrival)
        self._writer.write(connection, self._last, record.data)
        self.count += 1


class BagReader:
    """Reads a bag; a context manager. Raises BagError for a folder that is no bag or not one of ours."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        if not self.path.exists():
            raise BagError(f"{self.path}: there is no such bag")
        if not (self.path / "metadata.yaml").is_file():
            raise BagError(f"{self.path} is no rosbag2 folder: it has no metadata.yaml")
        try:
            self._reader = Reader(self.path)
            self._reader.open()
        except (ReaderError, OSError, ValueError) as error:
            raise BagError(f"{self.path} cannot be read as a rosbag2: {error}") from error
        self._known = [c for c in self._reader.connections if self._is_ours(c.topic, c.msgtype)]
        if not self._known:
            topics = ", ".join(sorted({c.topic for c in self._reader.connections})[:5]) or "none"
            self._reader.close()
            raise BagError(f"{self.path} holds no topic of a store (its topics: {topics})")

        today = typestore()
        self._older = {
            c.topic: self._definitions(c)
            for c in self._known
            if c.digest and c.msgdef.data and c.digest != today.hash_rihs01(c.msgtype)
        }

    def _definitions(self, connection: Any) -> Typestore:
        """The definition of a topic's messages inside the bag."""
        types = get_typestore(Stores.ROS2_JAZZY)
        try:
            types.register(get_types_from_msg(connection.msgdef.data, connection.msgtype))
        except TypesysError as error:
            raise BagError(f"{self.path}: the definition of {connection.msgtype} cannot be read: {error}") from error
        return types

    @staticmethod
    def _is_ours(topic: str, type_name: str) -> bool:
        found = conversions.topic(topic)
        return found is not None and message_type_name(found.message) == type_name

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._reader.close()

    @property
    def topics(self) -> tuple[str, ...]:
        """The store's topics that the bag holds, in order of name."""
        return tuple(sorted({c.topic for c in self._known}))

    @property
    def start(self) -> Stamp:
        """Log time of the first message."""
        return self._reader.start_time

    @property
    def end(self) -> Stamp:
        """Log time after the last message."""
        return self._reader.end_time

    def count(self, topic: str) -> int:
        """Messages on `topic`."""
        return sum(c.msgcount for c in self._known if c.topic == topic)

    def store_text(self) -> str:
        """The store.yaml that the bag was recorded with."""
        path = self.path / STORE_FILE
        if not path.is_file():
            raise BagError(f"{self.path} has no {STORE_FILE}: name the store's description with --store FILE")
        return path.read_text("utf-8")

    def store(self, other: str | Path | None = None) -> Store:
        """The store of the bag, or the one that the file `other` describes."""
        if other is not None:
            return read_store(other)
        return parse_store(self.store_text(), str(self.path / STORE_FILE))

    def raw(self, topics: tuple[str, ...] | None = None) -> Iterator[RawRecord]:
        """The messages in order of arrival, as they travel today; only those of `topics` when given."""
        wanted = [c for c in self._known if topics is None or c.topic in topics]
        if not wanted:
            return
        try:
            for connection, arrival, data in self._reader.messages(wanted):
                if connection.topic in self._older:
                    event = from_bytes(connection.topic, data, self._older[connection.topic])
                    data = serialize_message(conversions.to_message(event))
                yield RawRecord(arrival, connection.topic, connection.msgtype, data)
        except Exception as error:  # whatever the decompressor and the parsers raise on broken bytes
            raise BagError(f"{self.path} is damaged: {error}") from error

    def records(self, topics: tuple[str, ...] | None = None) -> Iterator[Record]:
        """The messages in order of arrival as events; only those of `topics` when given."""
        for raw in self.raw(topics):
            yield self.decode(raw)

    def decode(self, raw: RawRecord) -> Record:
        """The event of a message. Raises BagError when it cannot be used."""
        try:
            return Record(raw.arrival, raw.topic, from_bytes(raw.topic, raw.data))
        except (conversions.ConversionError, ValueError, KeyError) as error:
            raise BagError(f"{self.path}: a message on {raw.topic} cannot be used: {error}") from error
