# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Reads a recording of one overhead depth camera: 16-bit PNG images, and a table of the true heads where there is one.

The folder holds depth/*.png (one image a frame, in order of name; value / 65535 x 4.5 m is the distance along the
optical axis, 0 where nothing was measured) and heads.csv with the columns frame, u_px, v_px, frame being the number in
the image's name. The camera's intrinsics are not recorded: those of a Kinect v2 are taken (focal length 365 px, centre
256, 212), the camera being 512 x 424 pixels, and it looks straight down from 3.371 m, where the recorded floor is.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from yokotago_model.conversions import sensor_topic
from yokotago_model.events import SECOND, DepthImage, Stamp, Track, TrackFrame, TrackState
from yokotago_model.store import Sensor
from yokotago_model.store_file import parse_store

from .bags import Record
from .console import CommandError

FULL_SCALE_MM = 4500.0
RATE_HZ = 30.0
SENSOR = "overhead"
HEAD_RADIUS_PX = 4

STORE_TEXT = """\
# One overhead depth camera over a bare floor; people come and go at every edge of what it sees.
store:
  id: overhead
  name: Recording of an overhead depth camera
  currency: EUR
  floor: [[0, 0], [5, 0], [5, 4.2], [0, 4.2]]
  ceiling_m: 3.4
sensors:
  - {id: overhead, position: [2.5, 2.1, 3.371], rpy_deg: [180, 0, 0], rate_hz: 30, range_m: [0.5, 4.5],
     image: {width: 512, height: 424, fx: 365.0, fy: 365.0, cx: 256.0, cy: 212.0}}
zones:
  - {id: west, kind: entrance, polygon: [[0, 0], [0.9, 0], [0.9, 4.2], [0, 4.2]]}
  - {id: west-out, kind: exit, polygon: [[0, 0], [0.9, 0], [0.9, 4.2], [0, 4.2]]}
  - {id: east, kind: entrance, polygon: [[4.1, 0], [5, 0], [5, 4.2], [4.1, 4.2]]}
  - {id: east-out, kind: exit, polygon: [[4.1, 0], [5, 0], [5, 4.2], [4.1, 4.2]]}
  - {id: south, kind: entrance, polygon: [[0.9, 0], [4.1, 0], [4.1, 0.8], [0.9, 0.8]]}
  - {id: south-out, kind: exit, polygon: [[0.9, 0], [4.1, 0], [4.1, 0.8], [0.9, 0.8]]}
  - {id: north, kind: entrance, polygon: [[0.9, 3.4], [4.1, 3.4], [4.1, 4.2], [0.9, 4.2]]}
  - {id: north-out, kind: exit, polygon: [[0.9, 3.4], [4.1, 3.4], [4.1, 4.2], [0.9, 4.2]]}
gates: []
shelves: []
scales: []
facings: []
products: []
"""


def _frames(folder: Path) -> list[tuple[int, Path]]:
    """The images by their number, in order."""
    found = []
    for path in sorted((folder / "depth").glob("*.png")):
        number = re.search(r"(\d+)$", path.stem)
        if number:
            found.append((int(number[1]), path))
    if not found:
        raise CommandError(f"{folder} has no images depth/*NUMBER.png: name the folder of an overhead depth recording")
    return sorted(found)


def _heads(path: Path) -> dict[int, list[tuple[float, float]]]:
    """The true heads' pixels by frame."""
    heads: dict[int, list[tuple[float, float]]] = {}
    if not path.is_file():
        return heads
    with path.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            try:
                heads.setdefault(int(row["frame"]), []).append((float(row["u_px"]), float(row["v_px"])))
            except (KeyError, TypeError, ValueError) as error:
                raise CommandError(f"{path}: a line lacks frame, u_px or v_px: {row}") from error
    return heads


def _depth(path: Path) -> npt.NDArray[np.uint16]:
    """One image in millimetres."""
    try:
        with Image.open(path) as image:
            raw = np.asarray(image)
    except (OSError, UnidentifiedImageError) as error:
        raise CommandError(f"{path} cannot be read as an image: {error}") from error
    if raw.ndim != 2:
        raise CommandError(f"{path} is no depth image: it has {raw.ndim} dimensions")
    return np.round(raw.astype(np.float64) * (FULL_SCALE_MM / 65535.0)).astype(np.uint16)


def _head_track(sensor: Sensor, person: int, depth: npt.NDArray[np.uint16], u: float, v: float) -> Track:
    """Where the head at pixel u, v truly is: the pixel's ray at the median distance around it."""
    row, column, r = round(v), round(u), HEAD_RADIUS_PX
    patch = depth[max(0, row - r) : row + r + 1, max(0, column - r) : column + r + 1]
    distance = float(np.median(patch[patch > 0])) / 1000.0 if (patch > 0).any() else 0.0
    ray = np.array([(u - sensor.cx) / sensor.fx, (v - sensor.cy) / sensor.fy, 1.0])
    x, y, z = sensor.rotation @ (ray * distance) + np.array(sensor.position)
    return Track(
        track_id=person,
        state=TrackState.CONFIRMED,
        position=(float(x), float(y), 0.0),
        velocity=(0.0, 0.0, 0.0),
        height=float(z),
        position_covariance=(0.0, 0.0, 0.0, 0.0),
    )


def read_depth(folder: Path, start: Stamp) -> Iterator[Record]:
    """The recording as records; a frame arrives when it was measured. People are numbered by their place in a frame's
    rows of heads.csv; frames without a row have no ground truth. Raises CommandError."""
    sensor = parse_store(STORE_TEXT).sensors[0]
    frames, heads = _frames(folder), _heads(folder / "heads.csv")
    first = frames[0][0]
    for number, path in frames:
        stamp = start + round((number - first) * SECOND / RATE_HZ)
        depth = _depth(path)
        if depth.shape != (sensor.height, sensor.width):
            size = f"{depth.shape[1]} x {depth.shape[0]}"
            raise CommandError(f"{path} is {size} pixels: {sensor.width} x {sensor.height} are expected")
        yield Record(stamp, sensor_topic(SENSOR, "depth"), DepthImage(stamp, SENSOR, depth))
        if number in heads:
            tracks = tuple(_head_track(sensor, i + 1, depth, u, v) for i, (u, v) in enumerate(heads[number]))
            yield Record(stamp, "/truth/tracks", TrackFrame(stamp, tracks))
