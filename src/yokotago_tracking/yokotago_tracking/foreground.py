# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Tells what one sensor sees that is not the empty store, and gives it as voxels in the frame `store`.

The hard problem is to follow a store that changes (moved stock, a new box, drifting multipath) and never to swallow a
person who stands still for minutes. The answer is a background distance per pixel that changes in four ways, each on
its own grounds: it is learned at the start as the farthest distance that a pixel sees repeatedly, so that people who
walk through leave no mark; it follows small errors slowly; it recedes at once where the sensor sees past it, because
nobody can be seen through; and it comes nearer only where the very same distance was seen for long, soon inside
shelves, where no body is, and late everywhere else. Pixels that saw nothing at the start are taken to look at the
bare floor or at a shelf's box.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from yokotago_model.events import SECOND, Cloud, DepthImage, ForegroundCloud, Stamp
from yokotago_model.store import Sensor, Store

from .camera import Camera, Floats

_LEARNED_AT_ONCE = 1 << 17
"""Pixels that are learned at one image: less than a period's work, so that no image is lost meanwhile."""


@dataclass(frozen=True)
class ForegroundParams:
    """Parameters of Foreground.

    gap_m, gap_noise_factor: a pixel is foreground when it is nearer than its background by gap_m or by this many
    standard deviations of the pixel, whichever is more; prior_gap_m: the same where the background is only computed;
    learn_s: least length of the start, in which there is no foreground; learn_samples: images that are looked at in it;
    follow_s: time constant of slow changes; recede_s: how long a pixel must see past its background; absorb_s,
    absorb_in_shelf_s: how long it must see the same thing before it is background, in the open and where shelves are;
    same_m: what counts as the same distance; background_rows: every n-th row of an image updates the background;
    grow_m, grow_pixels: where the background jumps to and fro, a pixel is foreground when two beside it are within
    grow_m, up to grow_pixels away; neighbours, neighbour_m: how many of the eight pixels around a foreground pixel
    must be foreground at a similar distance, else it is a flying pixel; voxel_m: edge of a voxel; floor_m, top_m:
    heights between which points are kept; beyond_floor_m: how far outside the floor polygon's bounding box they are
    kept.
    """

    gap_m: float = 0.06
    gap_noise_factor: float = 5.0
    prior_gap_m: float = 0.15
    learn_s: float = 1.0
    learn_samples: int = 16
    follow_s: float = 20.0
    recede_s: float = 0.7
    absorb_s: float = 1200.0
    absorb_in_shelf_s: float = 20.0
    same_m: float = 0.03
    background_rows: int = 8
    grow_m: float = 0.08
    grow_pixels: int = 2
    neighbours: int = 2
    neighbour_m: float = 0.1
    voxel_m: float = 0.04
    floor_m: float = 0.1
    top_m: float = 2.4
    beyond_floor_m: float = 0.6

    def __post_init__(self) -> None:
        for name in (
            "gap_m",
            "prior_gap_m",
            "learn_s",
            "follow_s",
            "absorb_s",
            "absorb_in_shelf_s",
            "same_m",
            "voxel_m",
        ):
            if not getattr(self, name) > 0.0:
                raise ValueError(f"ForegroundParams.{name} is {getattr(self, name)}: it must be positive")
        if self.learn_samples < 4:
            raise ValueError(f"ForegroundParams.learn_samples is {self.learn_samples}: at least 4")
        if self.background_rows < 1:
            raise ValueError(f"ForegroundParams.background_rows is {self.background_rows}: at least 1")
        if not 0 <= self.neighbours <= 8:
            raise ValueError(f"ForegroundParams.neighbours is {self.neighbours}: 0 to 8")
        if not self.floor_m < self.top_m:
            raise ValueError(f"ForegroundParams.floor_m {self.floor_m} lies above top_m {self.top_m}")


@numba.njit(cache=True)
def _learn(
    samples: Any, first: int, last: int, gap_m: float, noise_factor: float, background: Any, common: Any, gap: Any
) -> None:
    """Background and gap of the pixels first to last - 1 from samples (n, pixels) of their distance, NaN where they
    saw nothing.

    The background is the mean of the farthest distances that occur repeatedly. A pixel that jumps to and fro between
    that and something nearer is a silhouette of the store itself: its gap covers the jump. What it sees most often is
    its common distance.
    """
    n = samples.shape[0]
    values, ordered = np.empty(n, np.float32), np.empty(n, np.float32)
    for p in range(first, last):
        count = 0
        for i in range(n):
            z = samples[i, p]
            if z > 0.0:
                values[count] = z
                count += 1
        if count < 3:
            continue
        jumps = 0
        for i in range(1, count):
            if abs(values[i] - values[i - 1]) > 2.0 * gap_m:
                jumps += 1
        for i in range(count):
            # Insertion: the fastest way to sort a few values that are nearly the same.
            k = i
            while k > 0 and ordered[k - 1] > values[i]:
                ordered[k] = ordered[k - 1]
                k -= 1
            ordered[k] = values[i]
        anchor = np.float64(ordered[count - 2])
        total, square, members = 0.0, 0.0, 0
        for i in range(count):
            # From the anchor and in double precision: of squares of distances the noise is too small a difference.
            beside = ordered[i] - anchor
            if abs(beside) <= 2.0 * gap_m:
                total += beside
                square += beside * beside
                members += 1
        mean = anchor + total / members
        noise = math.sqrt(max(square / members - (total / members) ** 2, 0.0))
        background[p] = mean
        common[p] = ordered[count // 2]
        gap[p] = min(max(gap_m, noise_factor * noise), 5.0 * gap_m)
        if jumps >= 4:
            gap[p] = max(gap[p], min(1.25 * (mean - ordered[0]) + gap_m, 40.0 * gap_m))


@numba.njit(cache=True)
def _differs(
    points: Any, background: Any, common: Any, gap: Any, gap_m: float, nearest: float, mask: Any, sure: Any, unsure: Any
) -> Any:
    """Pixels that are surely nearer than the store (mask 2, listed in sure) or perhaps (mask 1, in unsure); how
    many."""
    n, m = 0, 0
    for p in range(points.shape[0]):
        z = points[p, 2]
        mask[p] = 0
        if z < background[p] - gap_m and z > nearest:
            if z < background[p] - gap[p]:
                mask[p] = 2
                sure[n] = p
                n += 1
            elif abs(z - common[p]) > gap_m:
                mask[p] = 1
                unsure[m] = p
                m += 1
    return n, m


@numba.njit(cache=True)
def _grow(
    points: Any, mask: Any, sure: Any, n: int, unsure: Any, m: int, width: int, same_m: float, rounds: int
) -> int:
    """Pixels that are perhaps foreground are, beside two that surely are at the same distance; the number of sure
    ones."""
    height = mask.size // width
    for _ in range(rounds):
        before, left = n, 0
        for k in range(m):
            p = unsure[k]
            row, column = p // width, p % width
            alike = 0
            for r in range(max(row - 1, 0), min(row + 2, height)):
                for c in range(max(column - 1, 0), min(column + 2, width)):
                    q = r * width + c
                    if mask[q] == 2 and abs(points[q, 2] - points[p, 2]) < same_m:
                        alike += 1
            if alike >= 2:
                sure[n] = p
                n += 1
            else:
                unsure[left] = p
                left += 1
        m = left
        for k in range(before, n):
            mask[sure[k]] = 2
        if n == before:
            break
    return n


@numba.njit(cache=True)
def _voxels(
    points: Any,
    mask: Any,
    found: Any,
    count: int,
    width: int,
    neighbours: int,
    neighbour_m: float,
    rotation: Any,
    position: Any,
    low: Any,
    high: Any,
    voxel_m: float,
    shape: Any,
    index: Any,
    sums: Any,
    cells: Any,
) -> int:
    """Sums of the foreground pixels of every voxel, in order of its first pixel; the number of voxels."""
    height = mask.size // width
    made = 0
    for k in range(count):
        p = found[k]
        row, column = p // width, p % width
        z = points[p, 2]
        alike = 0
        for r in range(max(row - 1, 0), min(row + 2, height)):
            for c in range(max(column - 1, 0), min(column + 2, width)):
                q = r * width + c
                if mask[q] == 2 and abs(points[q, 2] - z) < neighbour_m:
                    alike += 1
            if alike > neighbours:
                break
        if alike <= neighbours:
            continue
        x, y = points[p, 0], points[p, 1]
        sx = rotation[0, 0] * x + rotation[0, 1] * y + rotation[0, 2] * z + position[0]
        sy = rotation[1, 0] * x + rotation[1, 1] * y + rotation[1, 2] * z + position[1]
        sz = rotation[2, 0] * x + rotation[2, 1] * y + rotation[2, 2] * z + position[2]
        if not (low[0] <= sx < high[0] and low[1] <= sy < high[1] and low[2] <= sz < high[2]):
            continue
        cell = (int((sz - low[2]) / voxel_m) * shape[1] + int((sy - low[1]) / voxel_m)) * shape[0] + int(
            (sx - low[0]) / voxel_m
        )
        v = index[cell]
        if v < 0:
            v = made
            index[cell] = v
            cells[v] = cell
            sums[v, 0] = sums[v, 1] = sums[v, 2] = sums[v, 3] = 0.0
            made += 1
        sums[v, 0] += sx
        sums[v, 1] += sy
        sums[v, 2] += sz
        sums[v, 3] += 1.0
    for v in range(made):
        index[cells[v]] = -1
    return made


@numba.njit(cache=True)
def _means(sums: Any, made: int, points: Any, pixels: Any) -> None:
    for v in range(made):
        for i in range(3):
            points[v, i] = sums[v, i] / sums[v, 3]
        pixels[v] = min(sums[v, 3], 65535.0)


@numba.njit(cache=True)
def _follow(
    points: Any,
    background: Any,
    common: Any,
    gap: Any,
    candidate: Any,
    since: Any,
    absorb: Any,
    stamp: int,
    first_row: int,
    row_step: int,
    width: int,
    share: float,
    same_m: float,
    recede: int,
    gap_m: float,
) -> None:
    """Moves the background of the chosen rows as the module's docstring says."""
    for row in range(first_row, background.size // width, row_step):
        for p in range(row * width, (row + 1) * width):
            z = points[p, 2]
            if not z > 0.0:
                continue
            nearer = background[p] - z
            if abs(nearer) <= gap[p]:
                background[p] -= share * nearer
                common[p] -= share * nearer
                since[p] = 0
                continue
            if since[p] == 0 or abs(z - candidate[p]) > same_m * max(1.0, 0.5 * z):
                candidate[p] = z
                since[p] = stamp
                continue
            if stamp - since[p] >= (absorb[p] if nearer > 0.0 else recede):
                background[p] = common[p] = z
                gap[p] = min(gap[p], 2.0 * gap_m)
                since[p] = 0


class Foreground:
    """Clouds or depth images of one sensor in, foreground voxels out.

    store: gives the floor's bounds and the shelves' boxes; without it only the floor plane z = 0 is known.
    """

    def __init__(self, sensor: Sensor, params: ForegroundParams | None = None, store: Store | None = None) -> None:
        self.sensor = sensor
        self.params = params = params or ForegroundParams()
        self.camera = Camera(sensor)
        shelves = store.shelves if store is not None else ()
        pixels = sensor.width * sensor.height
        floor = self.camera.empty_depth()
        closed = self.camera.empty_depth(shelves) if shelves else floor
        prior = np.minimum(closed, np.float32(sensor.range_max + 1.0))
        self._background = prior.copy()
        self._gap = np.full(pixels, params.prior_gap_m, np.float32)
        self._common = prior.copy()
        self._candidate = np.zeros(pixels, np.float32)
        self._since = np.zeros(pixels, np.int64)
        # How long each pixel must see the same thing before it becomes background [ns].
        self._absorb = np.where(
            closed < floor - 0.02, round(params.absorb_in_shelf_s * SECOND), round(params.absorb_s * SECOND)
        )
        self._samples = np.empty((params.learn_samples, pixels), np.float32)
        self._sampled = 0
        self._learned = 0
        self._first: Stamp | None = None
        self._images = 0
        self._mask = np.zeros(pixels, np.uint8)
        self._sure = np.zeros(pixels, np.int64)
        self._unsure = np.zeros(pixels, np.int64)
        self._low, self._high = self._bounds(store)
        self._shape = np.ceil((self._high - self._low) / params.voxel_m).astype(np.int64) + 1
        self._index = np.full(int(self._shape.prod()), -1, np.int32)
        self._sums = np.zeros((pixels, 4), np.float64)
        self._cells = np.zeros(pixels, np.int64)

    def _bounds(self, store: Store | None) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """The box in the frame `store` that points are kept in: the sensor's view, cut at the floor's bounds."""
        params, sensor = self.params, self.sensor
        corners = self.camera.rays[[0, 0, -1, -1], [0, -1, 0, -1]].astype(np.float64)
        ways = np.concatenate([corners, np.ones((4, 1))], axis=1) * sensor.range_max
        seen = np.concatenate([ways @ sensor.rotation.T, np.zeros((1, 3))]) + np.array(sensor.position)
        low, high = seen.min(axis=0), seen.max(axis=0)
        if store is not None:
            floor = np.array(store.floor)
            low[:2] = np.maximum(low[:2], floor.min(axis=0) - params.beyond_floor_m)
            high[:2] = np.minimum(high[:2], floor.max(axis=0) + params.beyond_floor_m)
            high[:2] = np.maximum(high[:2], low[:2] + params.voxel_m)
        low[2], high[2] = params.floor_m, params.top_m
        # Voxels of all sensors lie on one lattice, so that they do not depend on a sensor's view.
        low = np.floor(low / params.voxel_m) * params.voxel_m
        return low, high

    def feed(self, event: Cloud | DepthImage) -> list[ForegroundCloud]:
        """The foreground of one image; it has the image's stamp."""
        params, sensor = self.params, self.sensor
        points = self.camera.points(event)
        self._watch(points, event.stamp)
        if not self._is_learned:
            return [
                ForegroundCloud(event.stamp, sensor.sensor_id, np.empty((0, 3), np.float32), np.empty(0, np.uint16))
            ]
        count, unsure = _differs(
            points,
            self._background,
            self._common,
            self._gap,
            params.gap_m,
            sensor.range_min,
            self._mask,
            self._sure,
            self._unsure,
        )
        count = _grow(
            points, self._mask, self._sure, count, self._unsure, unsure, sensor.width, params.grow_m, params.grow_pixels
        )
        made = _voxels(
            points,
            self._mask,
            self._sure,
            count,
            sensor.width,
            params.neighbours,
            params.neighbour_m,
            sensor.rotation,
            np.array(sensor.position),
            self._low,
            self._high,
            params.voxel_m,
            self._shape,
            self._index,
            self._sums,
            self._cells,
        )
        voxels, pixels = np.empty((made, 3), np.float32), np.empty(made, np.uint16)
        _means(self._sums, made, voxels, pixels)
        return [ForegroundCloud(event.stamp, sensor.sensor_id, voxels, pixels)]

    def finish(self) -> list[ForegroundCloud]:
        """Nothing is open at the end of a recording."""
        return []

    @property
    def _is_learned(self) -> bool:
        return self._learned >= self._background.size

    def _learn(self, points: Floats, elapsed: float) -> None:
        """Collect samples, and then learn some of the pixels at every image: all at once would take several periods."""
        params = self.params
        # Few samples say little about a pixel's noise: where images are lost, the start takes longer.
        if self._sampled < params.learn_samples:
            if elapsed * params.learn_samples >= self._sampled * params.learn_s:
                self._samples[self._sampled] = points[:, 2]
                self._sampled += 1
            if self._sampled < params.learn_samples:
                return
        first, self._learned = self._learned, min(self._learned + _LEARNED_AT_ONCE, self._background.size)
        _learn(
            self._samples,
            first,
            self._learned,
            params.gap_m,
            params.gap_noise_factor,
            self._background,
            self._common,
            self._gap,
        )
        if self._is_learned:
            self._samples = self._samples[:0].copy()

    def _watch(self, points: Floats, stamp: Stamp) -> None:
        """Learn or follow the background."""
        params = self.params
        if self._first is None:
            self._first = stamp
        elapsed = (stamp - self._first) / SECOND
        self._images += 1
        if not self._is_learned:
            self._learn(points, elapsed)
            return
        share = 1.0 - math.exp(-params.background_rows / (self.sensor.rate_hz * params.follow_s))
        _follow(
            points,
            self._background,
            self._common,
            self._gap,
            self._candidate,
            self._since,
            self._absorb,
            stamp,
            self._images % params.background_rows,
            params.background_rows,
            self.sensor.width,
            share,
            params.same_m,
            round(params.recede_s * SECOND),
            params.gap_m,
        )
