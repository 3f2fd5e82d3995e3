# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Events from messages as they travel and are recorded: CDR bytes.

They are read without ROS's message classes, which take ten times as long and copy a cloud four times; here the points
of a cloud are a view of the bytes.
"""

from __future__ import annotations

import functools
import struct
from pathlib import Path
from typing import Any

from ament_index_python.packages import get_package_share_directory
from rosbags.serde import SerdeError
from rosbags.typesys import Stores, get_types_from_msg, get_typestore
from rosbags.typesys.store import Typestore

from ..conversions import ConversionError, from_message, topic
from ..events import Event


def message_type_name(message: type) -> str:
    """The ROS name of a message class, e.g. sensor_msgs/msg/Image."""
    return f"{message.__module__.split('.')[0]}/msg/{message.__name__}"


@functools.cache
def typestore() -> Typestore:
    """The standard message definitions and the store's own."""
    types = get_typestore(Stores.ROS2_JAZZY)
    folder = Path(get_package_share_directory("yokotago_msgs")) / "msg"
    own: dict[str, Any] = {}
    for path in sorted(folder.glob("*.msg")):
        own.update(get_types_from_msg(path.read_text("utf-8"), f"yokotago_msgs/msg/{path.stem}"))
    types.register(own)
    return types


@functools.cache
def _type_name(topic_name: str) -> str:
    found = topic(topic_name)
    if found is None:
        raise ConversionError(f"{topic_name} is no topic of the store")
    return message_type_name(found.message)


def prepare(topic_name: str) -> None:
    """Read the definition of a topic's messages, which takes a fifth of a second, before the first one comes."""
    typestore().get_msgdef(_type_name(topic_name))


def from_bytes(topic_name: str, data: bytes, types: Typestore | None = None) -> Event:
    """The event that a serialized message on the topic `topic_name` carries; a cloud's points are a view of `data`.

    types: the definitions by which it was written, today's by default. Raises ConversionError when the topic is not
    the store's or the message cannot be used.
    """
    type_name = _type_name(topic_name)
    types = types or typestore()
    definition = types.get_msgdef(type_name)
    # Read as Typestore.deserialize_cdr does, but without a copy, and whatever follows the message: ROS's serializer
    # leaves room behind an empty list of numbers.
    read = {b"\0\0": definition.deserialize_cdr_be, b"\0\1": definition.deserialize_cdr_le}.get(bytes(data[:2]))
    if read is None:
        raise ConversionError(f"the bytes are no {type_name}: they begin with {bytes(data[:4])!r}")
    try:
        message, _ = read(memoryview(data)[4:], 0, definition.cls, types)
    except (ValueError, IndexError, struct.error, SerdeError) as error:
        raise ConversionError(f"the bytes are no {type_name}: {error}") from error
    return from_message(topic_name, message)
