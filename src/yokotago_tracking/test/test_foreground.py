# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""What is foreground, what becomes background and when."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slow_foreground import SlowForeground
from worlds import PERIOD, START, sensor, store

from yokotago_model.events import Cloud, DepthImage, ForegroundCloud
from yokotago_model.store import Sensor
from yokotago_tracking import foreground
from yokotago_tracking.foreground import Foreground, ForegroundParams, _learn
from yokotago_tracking.nodes.warm_up import warm_up_foreground

PARAMS = ForegroundParams(
    learn_samples=10, learn_s=0.5, absorb_s=20.0, absorb_in_shelf_s=2.0, recede_s=0.5, background_rows=1
)


def image(
    box: float | None = None, rows: slice = slice(20, 28), columns: slice = slice(28, 36)
) -> npt.NDArray[np.uint16]:
    """The floor 3 m below, with a box of a height [m] in the middle."""
    depth = np.full((48, 64), 3000, np.uint16)
    if box is not None:
        depth[rows, columns] = round(3000 - 1000 * box)
    return depth


class Watch:
    """A stage with its own time."""

    def __init__(self, params: ForegroundParams = PARAMS) -> None:
        self.stage = Foreground(sensor(), params, store())
        self.tick = 0

    def see(self, depth: npt.NDArray[np.uint16], times: int = 1) -> ForegroundCloud:
        """The foreground of the last of so many images."""
        for _ in range(times):
            (made,) = self.stage.feed(DepthImage(START + self.tick * PERIOD, "a", depth))
            self.tick += 1
        return made


def test_there_is_no_foreground_before_the_store_is_known_nor_in_the_empty_store() -> None:
    watch = Watch()
    assert len(watch.see(image(1.0)).points) == 0
    assert len(watch.see(image(), 20).points) == 0


def test_voxels_lie_where_the_box_is_and_count_its_pixels() -> None:
    watch = Watch()
    watch.see(image(), 10)
    made = watch.see(image(1.0))
    assert int(made.pixels.sum()) == 64
    # 8 pixels of 0.05 rad at 2 m distance around the image centre, which is over x = y = 2 m.
    assert made.points[:, 2] == pytest.approx(1.0, abs=1e-5)
    assert np.abs(made.points[:, :2] - 2.0).max() < 0.4
    assert made.points[:, :2].mean(axis=0) == pytest.approx((2.0, 2.0), abs=0.01)


def test_a_single_pixel_is_no_foreground() -> None:
    watch = Watch()
    watch.see(image(), 10)
    assert len(watch.see(image(1.0, slice(20, 21), slice(30, 31))).points) == 0


def test_who_stands_still_stays_foreground_until_long_after() -> None:
    watch = Watch()
    watch.see(image(), 10)
    assert int(watch.see(image(1.7), 190).pixels.sum()) == 64
    assert len(watch.see(image(1.7), 30).points) == 0


def test_what_stands_in_a_shelf_becomes_background_soon() -> None:
    watch = Watch()
    shelf = image()
    shelf[0:3] = 1500
    watch.see(shelf, 10)
    goods = shelf.copy()
    goods[0:3, 28:36] = 1300
    assert len(watch.see(goods).points) > 0
    assert len(watch.see(goods, 30).points) == 0


def test_background_recedes_where_the_sensor_sees_past_it() -> None:
    watch = Watch()
    watch.see(image(0.5), 10)
    watch.see(image(), 12)
    assert int(watch.see(image(0.5)).pixels.sum()) == 64


def test_somebody_who_walks_through_while_the_store_is_learned_leaves_no_mark() -> None:
    watch = Watch(dataclasses.replace(PARAMS, learn_s=2.0))
    for column in range(20):
        watch.see(image(1.7, slice(20, 28), slice(3 * column, 3 * column + 6)))
    watch.see(image(), 3)
    assert int(watch.see(image(1.7)).pixels.sum()) == 64


def test_images_that_are_lost_at_the_start_make_it_longer_not_worse() -> None:
    watch = Watch(dataclasses.replace(PARAMS, learn_samples=16, learn_s=1.0))
    seen = []
    for tick in range(60):
        watch.tick = tick
        if tick > 12 or tick % 4 == 0:
            # An edge of the store that is seen at one image in three.
            seen.append(len(watch.see(image(1.0) if tick % 3 == 0 else image()).points))
    assert seen == [0] * len(seen)
    assert len(watch.see(image(2.0)).points) > 0


def test_a_pixel_that_jumps_between_two_distances_is_foreground_only_before_the_nearer_one() -> None:
    jumps = np.full((16, 1), 3.0, np.float32)
    jumps[::2] = 2.0
    background, common, gap = (np.zeros(1, np.float32) for _ in range(3))
    _learn(jumps, 0, 1, 0.06, 5.0, background, common, gap)
    assert background[0] == pytest.approx(3.0)
    assert background[0] - gap[0] < 2.0 - 0.06 + 1e-6


def test_same_images_same_voxels() -> None:
    def run() -> ForegroundCloud:
        watch = Watch()
        watch.see(image(), 10)
        return watch.see(image(1.2))

    assert run() == run()


@pytest.mark.parametrize(
    "wrong", [{"gap_m": 0.0}, {"learn_samples": 2}, {"floor_m": 3.0}, {"background_rows": 0}, {"neighbours": 9}]
)
def test_parameters_are_checked(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        dataclasses.replace(PARAMS, **wrong)


@st.composite
def recordings(draw: st.DrawFn) -> list[npt.NDArray[np.float32]]:
    """Distances (images, 12, 16) [m] of a small sensor: a floor and goods with edges that jump, then things that come,
    move and stay, with noise, holes and flying pixels."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    noise_m = draw(st.sampled_from([0.0011, 0.006, 0.025]))
    holes = draw(st.sampled_from([0.0, 0.02, 0.2]))
    empty = np.full((12, 16), 2.9713)
    for _ in range(draw(st.integers(0, 3))):
        row, column = rng.integers(0, 10), rng.integers(0, 13)
        empty[row : row + 3, column : column + 4] = rng.uniform(1.5, 2.9)
    jumping = rng.random(empty.shape) < draw(st.sampled_from([0.0, 0.15]))
    boxes = [
        (int(rng.integers(0, 10)), int(rng.integers(0, 12)), int(rng.integers(-1, 2)), float(rng.uniform(0.6, 2.8)))
        for _ in range(draw(st.integers(0, 4)))
    ]
    images = []
    for i in range(40):
        depth = np.where(jumping & (rng.random(empty.shape) < 0.4), empty - 0.4, empty)
        for row, column, step, z in boxes if i >= 9 else []:
            left = max(0, column + step * (i - 9))
            depth[row : row + 5, left : left + 5] = np.minimum(depth[row : row + 5, left : left + 5], z)
        depth = depth + rng.normal(0.0, noise_m, depth.shape)
        depth[rng.random(depth.shape) < holes] = np.nan
        flying = rng.random(depth.shape) < 0.02
        depth[flying] = rng.uniform(0.3, 3.0, int(flying.sum()))
        images.append(depth.astype(np.float32))
    return images


@pytest.mark.parametrize("step", [0, 3, 4])
@given(
    images=recordings(),
    rows=st.sampled_from([1, 3]),
    grow_pixels=st.integers(0, 3),
    neighbours=st.integers(0, 3),
    tilt=st.floats(-0.4, 0.4),
)
@settings(max_examples=15, deadline=None)
def test_the_fast_stage_sees_what_the_slow_one_sees(
    step: int,
    images: list[npt.NDArray[np.float32]],
    rows: int,
    grow_pixels: int,
    neighbours: int,
    tilt: float,
) -> None:
    """step: floats of a cloud's point, 0: depth images."""
    # Odd figures, so that no distance lies exactly at a limit.
    params = dataclasses.replace(
        PARAMS,
        learn_samples=8,
        learn_s=0.7501,
        gap_m=0.06013,
        grow_m=0.08017,
        neighbour_m=0.10019,
        same_m=0.03023,
        absorb_s=1.4,
        absorb_in_shelf_s=0.8,
        background_rows=rows,
        grow_pixels=grow_pixels,
        neighbours=neighbours,
        voxel_m=0.10007,
    )
    camera = Sensor(
        "a", (2.01, 2.93, 3.02), (math.pi + tilt, 0.3 * tilt, 0.7), 16, 12, 9.0, 9.0, 7.5, 5.5, rate_hz=10.0
    )
    fast, slow = Foreground(camera, params, store()), SlowForeground(camera, params, store())
    for i, depth in enumerate(images):
        stamp = START + i * PERIOD
        event: Cloud | DepthImage
        if step == 0:
            event = DepthImage(stamp, "a", (1000.0 * np.nan_to_num(depth, nan=0.0)).round().astype(np.uint16))
        else:
            points = np.zeros((*depth.shape, step), np.float32)
            points[..., :2] = fast.camera.rays * depth[..., None]
            points[..., 2] = depth
            event = Cloud(stamp, "a", points[..., :3])
        (made,) = fast.feed(event)
        expected = slow.feed(event)
        assert made.pixels.tolist() == expected.pixels.tolist()
        np.testing.assert_allclose(made.points, expected.points, atol=1e-4)


@pytest.mark.parametrize("step", [3, 4])
def test_warming_up_compiles_all_that_clouds_of_full_size_need(step: int) -> None:
    large = dataclasses.replace(sensor(), width=256, height=160, fx=80.0, fy=80.0, cx=127.5, cy=79.5)
    kernels = [k for k in vars(foreground).values() if hasattr(k, "signatures")]
    assert kernels
    warm_up_foreground(large, PARAMS, store())
    compiled = [set(k.signatures) for k in kernels]
    stage = Foreground(large, PARAMS, store())
    seen = 0
    for i in range(20):
        depth = np.full((160, 256), 3.0, np.float32)
        if i > 15:
            depth[60:80, 60:80] = 2.0
        points = np.zeros((160, 256, step), np.float32)
        points[..., :2] = stage.camera.rays * depth[..., None]
        points[..., 2] = depth
        points.flags.writeable = False
        (made,) = stage.feed(Cloud(START + i * PERIOD, "a", points[..., :3]))
        seen += len(made.points)
    assert seen > 0
    assert [set(k.signatures) for k in kernels] == compiled
