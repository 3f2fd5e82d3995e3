# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Events to ROS messages and back: the one place where the two meet, and the table of topics."""

from __future__ import annotations

import array
import re
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from sensor_msgs.msg import Image, PointCloud2, PointField

from yokotago_msgs import msg as msgs

from . import events
from .events import SECOND, Cloud, DepthImage, Event, ForegroundCloud
from .plain import Plain, from_fields, time_to_plain, to_plain


class ConversionError(ValueError):
    """A message cannot be turned into an event; the text says what its sender should send instead."""


class Topic(NamedTuple):
    """What travels on a topic."""

    event: type
    message: type


TOPICS: dict[str, Topic] = {
    "/tracks": Topic(events.TrackFrame, msgs.PersonTracks),
    "/zone_crossings": Topic(events.ZoneCrossing, msgs.ZoneCrossing),
    "/hand_reaches": Topic(events.HandReach, msgs.HandReach),
    "/shelves/weights": Topic(events.ShelfWeight, msgs.ShelfWeight),
    "/weight_changes": Topic(events.WeightChange, msgs.WeightChange),
    "/progress": Topic(events.StreamProgress, msgs.StreamProgress),
    "/check_ins": Topic(events.CheckIn, msgs.CheckIn),
    "/gate_codes": Topic(events.GateCode, msgs.GateCode),
    "/gate_answers": Topic(events.GateAnswer, msgs.GateAnswer),
    "/catalogue": Topic(events.Catalogue, msgs.Catalogue),
    "/baskets": Topic(events.Basket, msgs.Basket),
    "/receipts": Topic(events.Receipt, msgs.Receipt),
    "/alerts": Topic(events.Alert, msgs.Alert),
    "/decisions": Topic(events.Decision, msgs.Decision),
    "/truth/tracks": Topic(events.TrackFrame, msgs.PersonTracks),
    "/truth/zone_crossings": Topic(events.ZoneCrossing, msgs.ZoneCrossing),
    "/truth/reaches": Topic(events.TrueReach, msgs.TrueReach),
    "/truth/actions": Topic(events.TrueAction, msgs.TrueAction),
    "/truth/receipts": Topic(events.Receipt, msgs.Receipt),
}

_SENSOR_TOPIC = re.compile(r"^/tof/(?P<sensor>[^/]+)/(?P<kind>points|depth|foreground)$")
_SENSOR_KINDS: dict[str, Topic] = {
    "points": Topic(Cloud, PointCloud2),
    "depth": Topic(DepthImage, Image),
    "foreground": Topic(ForegroundCloud, PointCloud2),
}


def sensor_topic(sensor_id: str, kind: str) -> str:
    """The topic of a sensor; kind: points, depth or foreground."""
    return f"/tof/{sensor_id}/{kind}"


def topic_of(event: Event) -> str:
    """The topic on which `event` travels in the store (the ground truth's topics are the simulator's to name)."""
    match event:
        case Cloud():
            return sensor_topic(event.sensor_id, "points")
        case DepthImage():
            return sensor_topic(event.sensor_id, "depth")
        case ForegroundCloud():
            return sensor_topic(event.sensor_id, "foreground")
    return _TOPIC_OF[type(event)]


def topic(name: str) -> Topic | None:
    """What travels on the topic of this name; None where it is not one of the store's."""
    if name in TOPICS:
        return TOPICS[name]
    sensor = _SENSOR_TOPIC.match(name)
    return _SENSOR_KINDS[sensor["kind"]] if sensor else None


def to_message(event: Event) -> Any:
    """The ROS message of `event`."""
    match event:
        case Cloud():
            return _cloud_to_message(event)
        case DepthImage():
            return _depth_to_message(event)
        case ForegroundCloud():
            return _foreground_to_message(event)
    return _fill(_MESSAGE_OF[type(event)](), to_plain(event))


def from_message(topic_name: str, message: Any) -> Event:
    """The event that `message` on the topic `topic_name` carries: one of ROS's classes, or as rosbags reads it.

    Raises ConversionError when the topic is not the store's or the message cannot be used.
    """
    if topic_name in TOPICS:
        try:
            event: Event = from_fields(TOPICS[topic_name].event, message)
        except AttributeError as error:
            raise ConversionError(f"a message on {topic_name} cannot be used: {error}") from error
        return event
    sensor = _SENSOR_TOPIC.match(topic_name)
    if sensor is None:
        raise ConversionError(f"{topic_name} is no topic of the store")
    return _FROM_SENSOR[sensor["kind"]](sensor["sensor"], message)


# Messages of our own: the same keys on both sides, so the plain form fills them and is read from them.


def _fill(message: Any, plain: Plain) -> Any:
    for name, value in plain.items():
        if isinstance(value, dict):
            _fill(getattr(message, name), value)
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            setattr(message, name, [_fill(_ELEMENT[type(message), name](), v) for v in value])
        else:
            setattr(message, name, value)
    return message


def _elements() -> dict[tuple[type, str], type]:
    """The message type of the elements of every sequence of messages, by owner and field."""
    found = {}
    for name in dir(msgs):
        owner = getattr(msgs, name)
        if not hasattr(owner, "get_fields_and_field_types"):
            continue
        for field, kind in owner.get_fields_and_field_types().items():
            inner = re.match(r"^sequence<yokotago_msgs/(\w+)>$", kind)
            if inner:
                found[owner, field] = getattr(msgs, inner[1])
    return found


_ELEMENT = _elements()
_TOPIC_OF = {t.event: name for name, t in reversed(TOPICS.items())}
_MESSAGE_OF = {t.event: t.message for t in TOPICS.values()}


# Clouds and images of the sensors.

_XYZ = [PointField(name=name, offset=4 * i, datatype=PointField.FLOAT32, count=1) for i, name in enumerate("xyz")]
_XYZ_PIXELS = [*_XYZ, PointField(name="pixels", offset=12, datatype=PointField.UINT16, count=1)]
_PIXEL_DTYPE = np.dtype(
    {"names": ["xyz", "pixels"], "formats": [("<f4", 3), "<u2"], "offsets": [0, 12], "itemsize": 16}
)


def _header(message: Any, stamp: int, frame_id: str) -> None:
    _fill(message.header, {"stamp": time_to_plain(stamp), "frame_id": frame_id})


def _stamp(message: Any) -> int:
    return int(message.header.stamp.sec) * SECOND + int(message.header.stamp.nanosec)


def _cloud_to_message(cloud: Cloud) -> PointCloud2:
    points = np.ascontiguousarray(cloud.points, dtype="<f4")
    height, width = points.shape[:2] if points.ndim == 3 else (1, points.shape[0])
    message = PointCloud2(height=height, width=width, fields=_XYZ, is_bigendian=False, is_dense=False)
    _header(message, cloud.stamp, cloud.sensor_id)
    message.point_step = 12
    message.row_step = 12 * width
    message.data = array.array("B", points.tobytes())
    return message


def _foreground_to_message(cloud: ForegroundCloud) -> PointCloud2:
    rows = np.zeros(len(cloud.points), dtype=_PIXEL_DTYPE)
    rows["xyz"] = cloud.points
    rows["pixels"] = cloud.pixels
    message = PointCloud2(height=1, width=len(rows), fields=_XYZ_PIXELS, is_bigendian=False, is_dense=True)
    _header(message, cloud.stamp, "store")
    message.point_step = _PIXEL_DTYPE.itemsize
    message.row_step = message.point_step * len(rows)
    message.data = array.array("B", rows.tobytes())
    return message


def _columns(message: PointCloud2, wanted: dict[str, tuple[int, str]]) -> npt.NDArray[Any]:
    """The named fields of a cloud as a (height, width) record array, whatever padding its points and rows have."""
    if message.is_bigendian:
        raise ConversionError("the cloud is big-endian: set the driver to little-endian points (is_bigendian false)")
    fields = {f.name: f for f in message.fields}
    for name, (datatype, meant) in wanted.items():
        if name not in fields:
            raise ConversionError(f"the cloud has no field '{name}' (it has {', '.join(fields)}): publish x, y, z")
        if fields[name].datatype != datatype or fields[name].count not in (0, 1):
            raise ConversionError(f"the cloud's field '{name}' has datatype {fields[name].datatype}: publish {meant}")
    formats = {PointField.FLOAT32: "<f4", PointField.UINT16: "<u2"}
    dtype = np.dtype(
        {
            "names": list(wanted),
            "formats": [formats[datatype] for datatype, _ in wanted.values()],
            "offsets": [fields[name].offset for name in wanted],
            "itemsize": message.point_step,
        }
    )
    data = np.frombuffer(memoryview(message.data), dtype=np.uint8)
    if len(data) < message.row_step * message.height or message.row_step < message.point_step * message.width:
        raise ConversionError(
            f"the cloud has {len(data)} bytes, fewer than {message.height} rows of {message.row_step}: mend the driver"
        )
    rows = data[: message.row_step * message.height].reshape(message.height, message.row_step)
    used = np.ascontiguousarray(rows[:, : message.point_step * message.width])
    return used.view(dtype).reshape(message.height, message.width)


_FLOAT = (PointField.FLOAT32, "FLOAT32 (datatype 7)")


def _xyz(columns: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """The points (..., 3); a view where x, y, z follow one another, as in every driver's clouds that we know of."""
    assert columns.dtype.fields is not None
    x, y, z = (columns.dtype.fields[name][1] for name in "xyz")
    if (y, z) != (x + 4, x + 8):
        return np.stack([columns["x"], columns["y"], columns["z"]], axis=-1)
    triples = np.dtype({"names": ["xyz"], "formats": [("<f4", 3)], "offsets": [x], "itemsize": columns.dtype.itemsize})
    points: npt.NDArray[np.float32] = columns.view(triples)["xyz"]
    return points


def _cloud_from_message(sensor_id: str, message: PointCloud2) -> Cloud:
    points = _xyz(_columns(message, {"x": _FLOAT, "y": _FLOAT, "z": _FLOAT}))
    return Cloud(_stamp(message), sensor_id, points if message.height > 1 else points[0])


def _foreground_from_message(sensor_id: str, message: PointCloud2) -> ForegroundCloud:
    pixels = (PointField.UINT16, "UINT16 (datatype 4)")
    columns = _columns(message, {"x": _FLOAT, "y": _FLOAT, "z": _FLOAT, "pixels": pixels}).reshape(-1)
    return ForegroundCloud(_stamp(message), sensor_id, _xyz(columns), np.ascontiguousarray(columns["pixels"]))


def _depth_to_message(image: DepthImage) -> Image:
    height, width = image.depth.shape
    message = Image(height=height, width=width, encoding="16UC1", is_bigendian=0, step=2 * width)
    _header(message, image.stamp, image.sensor_id)
    message.data = array.array("B", image.depth.astype("<u2").tobytes())
    return message


# Encoding -> bytes of a pixel, and which of them are seen as grey: the middle one of a colour's three is green.
_GREY = {"mono8": (1, 0), "8UC1": (1, 0), "yuv422": (2, 1), "uyvy": (2, 1), "yuv422_yuy2": (2, 0), "yuyv": (2, 0)}
_GREY |= {"rgb8": (3, 1), "bgr8": (3, 1), "8UC3": (3, 1), "rgba8": (4, 1), "bgra8": (4, 1)}


def grey_image(message: Image) -> npt.NDArray[np.uint8]:
    """An ordinary camera's image in grey, (height, width); of colours their green, which is most of what is seen.

    Raises ConversionError where the encoding is not known or the message is too short.
    """
    if message.encoding not in _GREY:
        raise ConversionError(f"the image has encoding '{message.encoding}': publish one of {', '.join(_GREY)}")
    pixel, grey = _GREY[message.encoding]
    rows = _image_rows(message, pixel, "image")
    return np.ascontiguousarray(rows[:, grey : pixel * message.width : pixel])


def _image_rows(message: Image, pixel: int, what: str) -> npt.NDArray[np.uint8]:
    """The bytes of an image as (height, step), padding included."""
    data = np.frombuffer(memoryview(message.data), dtype=np.uint8)
    if len(data) < message.step * message.height or message.step < pixel * message.width:
        raise ConversionError(f"the {what} has {len(data)} bytes, too few for its size: mend the driver")
    return data[: message.step * message.height].reshape(message.height, message.step)


def _depth_from_message(sensor_id: str, message: Image) -> DepthImage:
    if message.encoding not in ("16UC1", "mono16"):
        raise ConversionError(f"the depth image has encoding '{message.encoding}': publish 16UC1, millimetres")
    if message.is_bigendian:
        raise ConversionError("the depth image is big-endian: set the driver to little-endian")
    rows = _image_rows(message, 2, "depth image")
    depth = np.ascontiguousarray(rows[:, : 2 * message.width]).view("<u2")
    return DepthImage(_stamp(message), sensor_id, depth)


_FROM_SENSOR: dict[str, Callable[[str, Any], Event]] = {
    "points": _cloud_from_message,
    "depth": _depth_from_message,
    "foreground": _foreground_from_message,
}
