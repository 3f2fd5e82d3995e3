# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Every event becomes a message, crosses the wire and comes back unchanged."""

from __future__ import annotations

import json
from typing import get_args

import numpy as np
import pytest
import strategies
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("yokotago_msgs", reason="the messages are not built: run make build")

from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import Image, PointCloud2, PointField

from yokotago_model import conversions, events
from yokotago_model.conversions import ConversionError, from_message, grey_image, to_message, topic_of
from yokotago_model.nodes.serialized import from_bytes
from yokotago_model.plain import from_plain, to_plain

_CLOUDS = (events.Cloud, events.DepthImage, events.ForegroundCloud)
_PLAIN = [c for c in get_args(events.Event) if c not in _CLOUDS]


def _across(event: events.Event) -> events.Event:
    """The event from the bytes of its message, which says the same as ROS's own reading of them."""
    message = to_message(event)
    data = serialize_message(message)
    back = from_bytes(topic_of(event), data)
    assert back == from_message(topic_of(event), deserialize_message(data, type(message)))
    return back


@pytest.mark.parametrize("cls", _PLAIN, ids=lambda c: c.__name__)
@given(data=st.data())
def test_event_survives_message_and_json(cls: type, data: st.DataObject) -> None:
    event = data.draw(strategies.of(cls))
    assert _across(event) == event
    assert from_plain(cls, json.loads(json.dumps(to_plain(event)))) == event


@given(st.one_of(strategies.clouds, strategies.depth_images, strategies.foregrounds()))
def test_cloud_survives_message(event: events.Event) -> None:
    back = _across(event)
    if isinstance(event, events.Cloud) and event.points.ndim == 3 and event.points.shape[0] < 2:
        back = events.Cloud(back.stamp, back.sensor_id, back.points[np.newaxis])
    assert back == event


@pytest.mark.parametrize("cls", _PLAIN, ids=lambda c: c.__name__)
@given(data=st.data())
@settings(max_examples=1)
def test_plain_form_has_the_keys_of_the_message(cls: type, data: st.DataObject) -> None:
    event = data.draw(strategies.of(cls))
    assert list(to_plain(event)) == list(conversions._MESSAGE_OF[cls].get_fields_and_field_types())


def test_what_an_older_version_wrote_may_lack_fields_that_have_a_default() -> None:
    reach = events.HandReach("1-1", 1, "A", True, 5, 9)
    plain = to_plain(reach)
    del plain["other_owners"]
    assert from_plain(events.HandReach, plain) == reach
    del plain["shelf_id"]
    with pytest.raises(KeyError, match="shelf_id"):
        from_plain(events.HandReach, plain)


def test_every_event_has_a_topic() -> None:
    for cls in _PLAIN:
        assert conversions._TOPIC_OF[cls] in conversions.TOPICS


def _cloud_message(points: np.ndarray, *, step: int = 12, pad: int = 0, offset: int = 0) -> PointCloud2:
    """A cloud of the given points (height, width, 3) with padded points and rows."""
    height, width, _ = points.shape
    data = np.zeros((height, width * step + pad), np.uint8)
    for row in range(height):
        for col in range(width):
            at = col * step + offset
            data[row, at : at + 12] = np.frombuffer(points[row, col].astype("<f4").tobytes(), np.uint8)
    fields = [PointField(name=n, offset=offset + 4 * i, datatype=7, count=1) for i, n in enumerate("xyz")]
    message = PointCloud2(height=height, width=width, fields=fields, point_step=step)
    message.row_step = width * step + pad
    message.data = data.tobytes()
    return message


@pytest.mark.parametrize(("step", "pad", "offset"), [(12, 0, 0), (16, 0, 0), (32, 24, 8), (20, 3, 4)])
def test_padded_points_and_rows(step: int, pad: int, offset: int) -> None:
    points = np.arange(24, dtype=np.float32).reshape(2, 4, 3)
    cloud = from_message("/tof/a/points", _cloud_message(points, step=step, pad=pad, offset=offset))
    np.testing.assert_array_equal(cloud.points, points)


def test_big_endian_is_refused_with_a_remedy() -> None:
    message = _cloud_message(np.zeros((1, 1, 3), np.float32))
    message.is_bigendian = True
    with pytest.raises(ConversionError, match="big-endian: set the driver to little-endian"):
        from_message("/tof/a/points", message)


def test_missing_field_truncated_data_and_wrong_encoding_are_refused() -> None:
    message = _cloud_message(np.zeros((1, 2, 3), np.float32))
    message.data = message.data[:-1]
    with pytest.raises(ConversionError, match="23 bytes"):
        from_message("/tof/a/points", message)
    message = _cloud_message(np.zeros((1, 2, 3), np.float32))
    message.fields = message.fields[:2]
    with pytest.raises(ConversionError, match="no field 'z'"):
        from_message("/tof/a/points", message)
    with pytest.raises(ConversionError, match="publish 16UC1"):
        from_message("/tof/a/depth", Image(encoding="32FC1"))
    with pytest.raises(ConversionError, match="no topic of the store"):
        from_message("/elsewhere", message)


@pytest.mark.parametrize(
    ("encoding", "pixel"),
    [
        ("mono8", [7]),
        ("8UC1", [7]),
        ("rgb8", [0, 7, 0]),
        ("bgr8", [0, 7, 0]),
        ("rgba8", [0, 7, 0, 255]),
        ("yuv422", [128, 7]),
        ("yuv422_yuy2", [7, 128]),
    ],
)
def test_a_camera_s_image_is_grey_whatever_its_encoding_and_padding(encoding: str, pixel: list[int]) -> None:
    step = 3 * len(pixel) + 5
    rows = np.full((2, step), 99, np.uint8)
    rows[:, : 3 * len(pixel)] = pixel * 3
    message = Image(height=2, width=3, encoding=encoding, step=step, data=rows.tobytes())
    assert grey_image(message).tolist() == [[7, 7, 7], [7, 7, 7]]


def test_a_camera_s_image_that_cannot_be_used_is_named() -> None:
    with pytest.raises(ConversionError, match="encoding 'bayer_rggb8': publish one of mono8"):
        grey_image(Image(height=1, width=1, encoding="bayer_rggb8"))
    with pytest.raises(ConversionError, match="the image has 5 bytes, too few"):
        grey_image(Image(height=2, width=3, encoding="mono8", step=3, data=bytes(5)))


def test_bytes_that_are_no_such_message_are_refused() -> None:
    data = serialize_message(to_message(events.ZoneCrossing(5, 1, "exit", events.CrossingKind.EXIT)))
    for wrong in (b"", data[:9], b"\xff" * 40):
        with pytest.raises(ConversionError, match="no yokotago_msgs/msg/ZoneCrossing"):
            from_bytes("/zone_crossings", wrong)
