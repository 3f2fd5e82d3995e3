# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""What the simulated cameras see, against geometry by hand, and their errors against the measured ones."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from yokotago_model.events import Cloud, DepthImage
from yokotago_model.store import Sensor, Store
from yokotago_sim import body
from yokotago_sim.cameras import Cameras
from yokotago_sim.floor import Floor
from yokotago_sim.noise import Noise, SensorNoise
from yokotago_sim.simulation import simulate
from yokotago_sim.stock import Stock
from yokotago_sim.tof import ToF, image_radius
from yokotago_sim.world import World, limb_arrays, limb_mesh, pixel_rays

STANDING = body.Pose(2.0, 1.2, 0.3, 0.0, 0.0, 0.0, 0.0)
BUILD = body.Build(1.75)


def full(store: Store) -> Stock:
    return Stock(store, np.random.default_rng(0), 0.0, {})


def figure(pose: body.Pose = STANDING, build: body.Build = BUILD) -> tuple[body.Build, list[body.Limb]]:
    hands = tuple(body.hand_at_rest(build, pose, side, False) for side in (1, -1))
    return build, body.limbs(build, pose, hands)  # type: ignore[arg-type]


def test_the_empty_store_is_where_it_is(small: Store) -> None:
    depth = World(small).empty("top", full(small)).reshape(60, 80)
    assert depth[29:31, 39:41] == pytest.approx(3.2, abs=1e-4)  # the floor below the camera
    rays = pixel_rays(small.sensors[0])
    points = rays * depth[..., None]
    x, y, z = 2.0 + points[..., 0], 1.5 - points[..., 1], 3.2 - points[..., 2]
    inside = (x > 0.01) & (x < 3.99) & (y > 0.01) & (y < 2.15)
    assert z[inside].min() > -1e-3
    assert z[inside].max() < 1e-3 + 0.0 + 1e-3
    # The upper edge of the shelf's back stands 1.5 m high at y = 3.0.
    shelf = (x > 1.05) & (x < 2.55) & (y > 2.62) & (y < 2.97)
    assert shelf.sum() > 20
    assert np.all(z[shelf] < 1.51)
    assert np.median(z[shelf]) > 0.9


def test_goods_are_lower_in_the_image_when_they_are_gone(small: Store) -> None:
    world, stock = World(small), full(small)
    before = world.empty("top", stock).copy()
    stock.reserve("tea", 8, None)
    assert (world.empty("top", stock) > before + 0.05).sum() > 3


def test_a_head_is_as_high_as_the_person(small: Store) -> None:
    world = World(small)
    ((pixels, depths, _),) = world.people(list(small.sensors), [figure()])
    assert 3.2 - depths.min() == pytest.approx(body.head_top(BUILD, STANDING), abs=0.02)
    assert body.head_top(BUILD, STANDING) == pytest.approx(1.75, abs=0.03)
    rays = pixel_rays(small.sensors[0]).reshape(-1, 3)[pixels] * depths[:, None]
    x, y = 2.0 + rays[:, 0], 1.5 - rays[:, 1]
    top = 3.2 - rays[:, 2] > 1.6
    assert np.median(x[top]) == pytest.approx(2.0, abs=0.04)
    assert np.median(y[top]) == pytest.approx(1.2, abs=0.04)


def test_leaving_out_rays_that_cannot_meet_a_body_changes_nothing(demo: Store) -> None:
    world = World(demo)
    rng = np.random.default_rng(3)
    figures = []
    for _ in range(4):
        x, y, heading, lean, crouch = rng.uniform((0.3, 0.2, -3, 0, 0), (5.7, 4.8, 3, 0.8, 1))
        pose = body.Pose(float(x), float(y), float(heading), float(lean), float(crouch), 1.0, 0.5)
        figures.append(figure(pose, replace(BUILD, height=float(rng.uniform(0.9, 2.1)), bag=True)))
    few = world.people(list(demo.sensors), figures)
    world._may_cover = lambda sensor, *_: np.arange(sensor.width * sensor.height)  # type: ignore[method-assign]
    for (a, da, _), (b, db, _) in zip(few, world.people(list(demo.sensors), figures), strict=True):
        assert np.array_equal(a, b)
        assert np.array_equal(da, db)


def test_limbs_are_closed_surfaces() -> None:
    vertices, faces = limb_mesh(*limb_arrays(figure()[1]))
    edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
    # The ends close in one point each: edges of no length count for nothing there.
    length = np.linalg.norm(vertices[edges[:, 0]] - vertices[edges[:, 1]], axis=1)
    _, counts = np.unique(edges[length > 1e-6], axis=0, return_counts=True)
    assert set(counts) == {2}


def test_distortion_is_that_of_the_camera_model(small: Store) -> None:
    sensor = replace(small.sensors[0], distortion=(0.05, -0.01, 0.001, -0.002, 0.0))
    ray = pixel_rays(sensor)[10, 65]
    k1, k2, p1, p2, k3 = sensor.distortion
    x, y = float(ray[0]), float(ray[1])
    r2 = x * x + y * y
    radial = 1 + k1 * r2 + k2 * r2**2 + k3 * r2**3
    u = sensor.fx * (x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x)) + sensor.cx
    v = sensor.fy * (y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y) + sensor.cy
    assert (u, v) == pytest.approx((65, 10), abs=1e-3)


def test_clouds_are_depth_images_seen_as_points(small: Store) -> None:
    def first(level: str, kind: type) -> object:
        return next(e for _, _, e in simulate(small, "S01", 1, level) if isinstance(e, kind))  # type: ignore[arg-type]

    cloud, image = first("points", Cloud), first("depth", DepthImage)
    assert isinstance(cloud, Cloud)
    assert isinstance(image, DepthImage)
    assert cloud.points.shape == (60, 80, 3)
    assert cloud.points.dtype == np.float32
    assert np.array_equal(np.isnan(cloud.points[..., 2]), image.depth == 0)
    assert np.nan_to_num(cloud.points[..., 2]) == pytest.approx(image.depth / 1000.0, abs=1e-6)


def test_a_driver_in_millimetres_gets_millimetres(small: Store) -> None:
    store = replace(small, sensors=(replace(small.sensors[0], scale=0.001),))
    cameras = Cameras(store, Noise.none(), np.random.default_rng(0), np.random.default_rng(0))
    ((_, _, cloud),) = cameras.capture(list(store.sensors), "points", 0, 0.0, [], full(store))
    assert isinstance(cloud, Cloud)
    assert cloud.points[30, 40, 2] == pytest.approx(3200.0, abs=1.0)


KINECT = Sensor("k", (0, 0, 3.37), (math.pi, 0, 0), 512, 424, 365, 365, 256, 212)


@pytest.fixture(scope="module")
def floor_images() -> np.ndarray:
    tof = ToF(KINECT, replace(SensorNoise(), multipath_mm=0.0), np.random.default_rng(1))
    return np.stack([tof.measure(np.full((424, 512), 3.37, dtype=np.float32), 0.0) for _ in range(30)])


@pytest.mark.parametrize(
    ("radius", "stddev", "empty"), [(0.4, 15.6, 0.007), (1.05, 29.0, 0.16), (1.15, 36.0, 0.44), (1.25, 38.0, 0.79)]
)
def test_noise_is_that_of_a_real_overhead_camera(
    floor_images: np.ndarray, radius: float, stddev: float, empty: float
) -> None:
    ring = np.abs(image_radius(KINECT) - radius) < 0.05
    values = floor_images[:, ring].astype(float)
    measured = values[values > 0] - 3370.0
    assert measured.std() == pytest.approx(stddev, rel=0.2)
    assert (values == 0).mean() == pytest.approx(empty, abs=0.05)


def test_nine_of_a_hundred_pixels_are_empty(floor_images: np.ndarray) -> None:
    assert (floor_images == 0).mean() == pytest.approx(0.093, abs=0.01)


def test_noise_has_no_memory_but_multipath_has(floor_images: np.ndarray) -> None:
    centre = floor_images[:, 150:270:3, 200:320:3].astype(float)
    centre -= centre.mean(axis=0)
    assert abs((centre[1:] * centre[:-1]).mean() / (centre**2).mean()) < 0.05
    tof = ToF(KINECT, replace(Noise.none().sensor, multipath_mm=8.0), np.random.default_rng(1))
    flat = np.full((424, 512), 3.37, dtype=np.float32)
    now, soon, later = (tof.measure(flat, s).astype(float) for s in (0.0, 1.0, 150.0))
    assert np.abs(now - 3370.0).max() <= 8.5
    assert np.abs(now - soon).mean() < 0.3
    assert np.abs(now - later).mean() > 0.5


def test_flying_pixels_lie_between_front_and_back() -> None:
    tof = ToF(KINECT, replace(Noise.none().sensor, flying_share=0.3), np.random.default_rng(1))
    depth = np.full((424, 512), 3.0, dtype=np.float32)
    depth[100:200, 100:200] = 1.5
    image = tof.measure(depth, 0.0)
    flying = (image > 1505) & (image < 2995)
    rows, columns = np.nonzero(flying)
    assert 150 < flying.sum() < 300  # 0.3 of about 800 pixels at the border
    assert np.all(
        (np.abs(rows - 99.5) < 1.1)
        | (np.abs(rows - 199.5) < 1.1)
        | (np.abs(columns - 99.5) < 1.1)
        | (np.abs(columns - 199.5) < 1.1)
    )


def test_dark_hair_loses_pixels() -> None:
    tof = ToF(KINECT, replace(Noise.none().sensor, dark_hair_share=0.2), np.random.default_rng(1))
    dark = np.zeros((424, 512), dtype=bool)
    dark[100:200, 100:200] = True
    image = tof.measure(np.full((424, 512), 2.0, dtype=np.float32), 0.0, dark=np.flatnonzero(dark))
    assert (image[dark] == 0).mean() == pytest.approx(0.2, abs=0.02)
    assert (image[~dark] == 0).sum() == 0


def test_only_what_changed_is_computed_anew_and_nothing_else_differs() -> None:
    empty = np.full((424, 512), 3.37, dtype=np.float32)
    depth = empty.copy()
    depth[100:200, 100:200] = 1.5
    images = []
    for hint in (False, True):
        tof = ToF(KINECT, SensorNoise(), np.random.default_rng(1))
        known = {"expected": tof.expect(empty), "changed": np.flatnonzero(depth != empty)} if hint else {}
        images.append(tof.measure(depth, 0.0, **known))  # type: ignore[arg-type]
    assert np.array_equal(*images)


def test_a_head_anywhere_in_the_demo_store_is_seen_by_a_camera(demo: Store) -> None:
    """Nearly anywhere: one of six people may be hidden behind others for a moment."""
    rng = np.random.default_rng(4)
    world, floor = World(demo), Floor(demo)
    seen = total = 0
    for _ in range(15):
        places = [floor.random_place(rng) for _ in range(6)]
        builds = [replace(BUILD, height=float(rng.uniform(1.1, 1.95))) for _ in places]
        poses = [body.Pose(x, y, float(rng.uniform(-3, 3)), 0.0, 0.0, 0.0, 0.0) for x, y in places]
        met = world.people(list(demo.sensors), [figure(p, b) for p, b in zip(poses, builds, strict=True)])
        for pose, build in zip(poses, builds, strict=True):
            total += 1
            head = body.head(build, pose)
            seen += any(_sees(s, m[0], m[1], head) for s, m in zip(demo.sensors, met, strict=True))
    assert seen / total > 0.97


def _sees(sensor: Sensor, pixels: np.ndarray, depths: np.ndarray, head: tuple[float, float, float]) -> bool:
    rays = pixel_rays(sensor).reshape(-1, 3)[pixels] * depths[:, None]
    points = rays @ sensor.rotation.T + sensor.position
    return int((np.linalg.norm(points - head, axis=1) < 0.16).sum()) >= 3
