# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Rays, distortion and the empty store of a pinhole camera."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from worlds import START, sensor, store

from yokotago_model.events import Cloud, DepthImage
from yokotago_tracking.camera import Camera, distort, rays


def test_the_ray_of_a_pixel_without_distortion() -> None:
    found = rays(sensor())
    assert found.shape == (48, 64, 2)
    assert found[23, 51] == pytest.approx(((51 - 31.5) / 20.0, (23 - 23.5) / 20.0), abs=1e-6)


def test_rays_undo_the_distortion() -> None:
    lens = dataclasses.replace(sensor(), distortion=(0.05, -0.01, 0.002, -0.001, 0.0))
    x, y = np.moveaxis(rays(lens).astype(np.float64), -1, 0)
    drawn_x, drawn_y = distort(x, y, lens.distortion)
    u, v = np.meshgrid(np.arange(64), np.arange(48))
    inner = (slice(12, 36), slice(16, 48))
    assert np.abs(drawn_x * 20.0 + 31.5 - u)[inner].max() < 1e-3
    assert np.abs(drawn_y * 20.0 + 23.5 - v)[inner].max() < 1e-3


def test_a_depth_image_and_the_cloud_of_its_points_are_the_same() -> None:
    camera = Camera(sensor())
    depth = np.random.default_rng(1).integers(500, 3000, (48, 64)).astype(np.uint16)
    depth[5, 7] = 0
    points = camera.points(DepthImage(START, "a", depth))
    assert np.isnan(points[5 * 64 + 7]).all()
    again = camera.points(Cloud(START, "a", points.reshape(48, 64, 3)))
    assert np.array_equal(points, again, equal_nan=True)


def test_unorganised_points_go_to_the_pixels_that_see_them_and_the_nearer_one_wins() -> None:
    camera = Camera(sensor())
    whole = camera.points(DepthImage(START, "a", np.full((48, 64), 2000, np.uint16)))
    behind = whole * np.float32(1.2)
    listed = np.concatenate([behind, whole, np.full((3, 3), np.nan, np.float32)])
    assert np.array_equal(camera.points(Cloud(START, "a", listed)), whole)


def test_points_in_millimetres_are_scaled() -> None:
    camera = Camera(dataclasses.replace(sensor(), scale=0.001))
    points = np.full((48, 64, 3), 1500.0, np.float32)
    assert camera.points(Cloud(START, "a", points)).max() == pytest.approx(1.5)


def test_an_image_of_another_size_is_refused_with_the_remedy() -> None:
    with pytest.raises(ValueError, match=r"sends 10 x 10 pixels, its description says 64 x 48"):
        Camera(sensor()).points(DepthImage(START, "a", np.zeros((10, 10), np.uint16)))


def test_the_empty_store_is_the_floor_and_the_shelf() -> None:
    camera = Camera(sensor())
    bare = camera.empty_depth().reshape(48, 64)
    assert bare == pytest.approx(3.0)
    closed = camera.empty_depth(store().shelves).reshape(48, 64)
    # The optical frame's y points south, so the shelf in the north is in the upper rows: its top, 1.5 m below the
    # sensor, begins at y = 3.5, which is 1.5 m north of the sensor: row 23.5 - 20 * 1.5 / 1.5.
    assert closed[1, 31] == pytest.approx(1.5, abs=1e-5)
    assert closed[40, 31] == pytest.approx(3.0)
