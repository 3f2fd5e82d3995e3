# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""What light meets in the store: floor, walls with their doors, shelves with goods, and people, as triangles; and the
rays.

The empty store is cast once per camera and again only when goods have moved. People are cast in every frame, and only
with the rays of the pixels that they can cover; what is nearer counts.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import open3d as o3d

from yokotago_model.events import Point
from yokotago_model.store import Sensor, Store

from .body import Build, Limb
from .floor import Door, Floor
from .stock import Stock

FloatArray = npt.NDArray[np.float32]
Body = tuple[Build, list[Limb]]

_BOARD_M = 0.02
_OUTSIDE_M = 2.0
_AROUND = 8
"""Corners of a limb's cross-section."""
_RINGS = ((-1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 1.0, 1.0), (0.7, 0.714, 1.0), (1.0, 0.0, 1.0))
"""A limb's rings from end to end: along the axis in radii, radius in radii, which end (0 = p, 1 = q). The second end,
a hand or the top of a head, is round; the first one is inside the body or does not show.
"""

_BOX = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)], dtype=np.float32)
_BOX_FACES = np.array(
    [
        [0, 1, 3],
        [0, 3, 2],
        [4, 6, 7],
        [4, 7, 5],
        [0, 4, 5],
        [0, 5, 1],
        [2, 3, 7],
        [2, 7, 6],
        [0, 2, 6],
        [0, 6, 4],
        [1, 5, 7],
        [1, 7, 3],
    ],
    dtype=np.uint32,
)


def pixel_rays(sensor: Sensor) -> FloatArray:
    """(height, width, 3) direction of each pixel in the optical frame with z = 1, so that a multiple of it is a
    depth.
    """
    u, v = np.meshgrid(np.arange(sensor.width), np.arange(sensor.height))
    xd, yd = (u - sensor.cx) / sensor.fx, (v - sensor.cy) / sensor.fy
    x, y = xd.copy(), yd.copy()
    if any(sensor.distortion):
        k1, k2, p1, p2, k3 = sensor.distortion
        # The model goes from the true to the distorted place; the way back is its fixed point.
        for _ in range(20):
            r2 = x * x + y * y
            radial = 1 + r2 * (k1 + r2 * (k2 + r2 * k3))
            x, y = (
                (xd - 2 * p1 * x * y - p2 * (r2 + 2 * x * x)) / radial,
                (yd - p1 * (r2 + 2 * y * y) - 2 * p2 * x * y) / radial,
            )
    return np.stack([x, y, np.ones_like(x)], axis=-1).astype(np.float32)


def _capsule() -> tuple[FloatArray, npt.NDArray[np.uint32]]:
    """(vertices, 4) along, radial cos, radial sin, end, and (triangles, 3) of a unit capsule."""
    rows, faces = [], []
    for along, radius, end in _RINGS:
        for k in range(_AROUND):
            a = 2 * math.pi * k / _AROUND
            rows.append((along, radius * math.cos(a), radius * math.sin(a), end))
    for ring in range(len(_RINGS) - 1):
        for k in range(_AROUND):
            a, b = ring * _AROUND + k, ring * _AROUND + (k + 1) % _AROUND
            faces += [(a, b, a + _AROUND), (b, b + _AROUND, a + _AROUND)]
    return np.array(rows, dtype=np.float32), np.array(faces, dtype=np.uint32)


_CAPSULE, _CAPSULE_FACES = _capsule()
_UP = np.array([0.0, 0.0, 1.0], dtype=np.float32)
_EAST = np.array([1.0, 0.0, 0.0], dtype=np.float32)


def limb_arrays(limbs: list[Limb]) -> tuple[FloatArray, FloatArray]:
    """(limbs, 2, 3) ends and (limbs, 2) radii [m]."""
    flat = np.array([(*limb.p, *limb.q, limb.r1, limb.r2) for limb in limbs], dtype=np.float32)
    return flat[:, :6].reshape(-1, 2, 3), flat[:, 6:]


def limb_mesh(ends: FloatArray, radii: FloatArray) -> tuple[FloatArray, npt.NDArray[np.uint32]]:
    """Vertices (n, 3) [m] and triangles (m, 3) of limbs; each limb has the same number of triangles, in order."""
    p, q = ends[:, 0], ends[:, 1]
    axis = q - p
    length = np.sqrt((axis * axis).sum(axis=1, keepdims=True))
    axis = np.where(length > 1e-5, axis / np.maximum(length, 1e-6), _UP)
    side = np.cross(axis, np.where(np.abs(axis[:, 2:]) < 0.9, _UP, _EAST))
    side /= np.sqrt((side * side).sum(axis=1, keepdims=True))
    frame = np.stack([axis, side, np.cross(axis, side)], axis=1)
    end = _CAPSULE[:, 3, None]
    radius = radii[:, :1, None] * (1 - end) + radii[:, 1:, None] * end
    base = p[:, None] * (1 - end) + q[:, None] * end
    vertices = base + radius * (_CAPSULE[:, :3] @ frame)
    faces = _CAPSULE_FACES[None] + (len(_CAPSULE) * np.arange(len(ends), dtype=np.uint32))[:, None, None]
    return vertices.reshape(-1, 3).astype(np.float32), faces.reshape(-1, 3)


def _scene(vertices: FloatArray, faces: npt.NDArray[np.uint32]) -> o3d.t.geometry.RaycastingScene:
    scene = o3d.t.geometry.RaycastingScene()
    scene.add_triangles(o3d.core.Tensor(vertices), o3d.core.Tensor(faces))
    return scene


def _wall_boxes(store: Store, doors: list[Door]) -> list[FloatArray]:
    """Thin upright boxes along the border of the floor, open where the doors are."""
    boxes = []
    corners = store.floor
    for (x1, y1), (x2, y2) in zip(corners, corners[1:] + corners[:1], strict=True):
        length = math.hypot(x2 - x1, y2 - y1)
        ux, uy = (x2 - x1) / length, (y2 - y1) / length
        gaps = []
        for door in doors:
            mx, my = door.middle
            if abs((mx - x1) * uy - (my - y1) * ux) < 1e-6:
                at = (mx - x1) * ux + (my - y1) * uy
                gaps.append((at - door.half_width, at + door.half_width))
        start = 0.0
        for lo, hi in [*sorted(gaps), (length, length)]:
            if lo - start > 1e-3:
                a, b = (x1 + ux * start, y1 + uy * start), (x1 + ux * lo, y1 + uy * lo)
                boxes.append(_upright(a, b, 0.0, store.ceiling))
            start = max(start, hi)
    return boxes


def _upright(a: tuple[float, float], b: tuple[float, float], low: float, high: float) -> FloatArray:
    """(8, 3) corners of a panel of no thickness from a to b, as a box."""
    corners = [(x, y, z) for x, y in (a, a, b, b) for z in (low, high)]
    return np.array(corners, dtype=np.float32)


class World:
    """The scene of `store`, seen by its cameras."""

    def __init__(self, store: Store) -> None:
        self._store = store
        floor = Floor(store)
        self._fixed = [*_wall_boxes(store, list(dict.fromkeys(floor.entrances + floor.exits))), *self._furniture()]
        xs, ys = zip(*store.floor, strict=True)
        low, high = (min(xs) - _OUTSIDE_M, min(ys) - _OUTSIDE_M), (max(xs) + _OUTSIDE_M, max(ys) + _OUTSIDE_M)
        slab = np.array([low[0], low[1], -0.1], dtype=np.float32)
        self._fixed.append(slab + _BOX * np.array([high[0] - low[0], high[1] - low[1], 0.1], dtype=np.float32))
        self.rays = {s.sensor_id: pixel_rays(s) for s in store.sensors}
        self._cast_rays = {s.sensor_id: self._in_store(s) for s in store.sensors}
        self._empty: dict[str, FloatArray] = {}
        self._revision = -1

    def _in_store(self, sensor: Sensor) -> FloatArray:
        """(pixels, 6) origin and direction of each pixel's ray in the frame `store`."""
        directions = self.rays[sensor.sensor_id].reshape(-1, 3) @ sensor.rotation.T.astype(np.float32)
        origins = np.broadcast_to(np.array(sensor.position, dtype=np.float32), directions.shape)
        return np.ascontiguousarray(np.concatenate([origins, directions], axis=1))

    def _furniture(self) -> list[FloatArray]:
        boxes = []
        for shelf in self._store.shelves:
            w, d, h = shelf.size
            panels: list[tuple[Point, Point]] = [((0, d - _BOARD_M, 0), (w, _BOARD_M, h))]
            panels += [((x, 0, 0), (_BOARD_M, d, h)) for x in (0.0, w - _BOARD_M)]
            panels += [((0, 0, z - _BOARD_M), (w, d, _BOARD_M)) for z in shelf.boards]
            for start, size in panels:
                boxes.append(self._in_shelf(shelf.shelf_id, start, size))
        return boxes

    def _in_shelf(self, shelf_id: str, start: Point, size: Point) -> FloatArray:
        shelf = self._store.shelf[shelf_id]
        corners = np.array(start) + _BOX * np.array(size)
        return np.array([shelf.to_store((float(x), float(y), float(z))) for x, y, z in corners], dtype=np.float32)

    def _goods(self, stock: Stock) -> list[FloatArray]:
        """A block of goods per facing; it ends farther from the front the fewer units are left."""
        boxes = []
        for f in self._store.facings:
            count = stock.count(f.facing_id)
            if not count:
                continue
            depth = self._store.shelf[f.shelf_id].size[1] - 0.06
            share = min(1.0, count / max(1, f.stock))
            size = (f.width - 0.02, depth * share, min(0.2, 0.7 * f.height))
            boxes.append(self._in_shelf(f.shelf_id, (f.x + 0.01, 0.03 + depth * (1 - share), f.z), size))
        return boxes

    def empty(self, sensor_id: str, stock: Stock) -> FloatArray:
        """(pixels,) depth of the store without people [m]; inf where a ray meets nothing."""
        if stock.revision != self._revision:
            self._empty.clear()
            self._revision = stock.revision
            boxes = self._fixed + self._goods(stock)
            faces = _BOX_FACES[None] + (8 * np.arange(len(boxes), dtype=np.uint32))[:, None, None]
            self._empty_scene = _scene(np.concatenate(boxes), faces.reshape(-1, 3))
        if sensor_id not in self._empty:
            hits = self._empty_scene.cast_rays(o3d.core.Tensor(self._cast_rays[sensor_id]))
            self._empty[sensor_id] = hits["t_hit"].numpy()
        return self._empty[sensor_id]

    def people(
        self, sensors: list[Sensor], bodies: list[Body]
    ) -> list[tuple[npt.NDArray[np.int64], FloatArray, npt.NDArray[np.bool_]]]:
        """For each sensor: the pixels (flat index) that meet a body, their depth [m], and whether they meet dark
        hair.
        """
        nothing = (np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32), np.empty(0, dtype=np.bool_))
        if not bodies:
            return [nothing for _ in sensors]
        limbs = [limb for _, body_limbs in bodies for limb in body_limbs]
        dark = np.array([build.dark_hair and limb.hair for build, own in bodies for limb in own])
        ends, radii = limb_arrays(limbs)
        vertices, faces = limb_mesh(ends, radii)
        scene = _scene(vertices, faces)
        wanted = [self._may_cover(sensor, ends, radii) for sensor in sensors]
        rays = np.concatenate([self._cast_rays[s.sensor_id][w] for s, w in zip(sensors, wanted, strict=True)])
        if not len(rays):
            return [nothing for _ in sensors]
        hits = scene.cast_rays(o3d.core.Tensor(rays))
        depth, triangle = hits["t_hit"].numpy(), hits["primitive_ids"].numpy()
        out, at = [], 0
        for w in wanted:
            d, t = depth[at : at + len(w)], triangle[at : at + len(w)]
            at += len(w)
            met = np.isfinite(d)
            out.append((w[met], d[met], dark[t[met] // len(_CAPSULE_FACES)]))
        return out

    def _may_cover(self, sensor: Sensor, ends: FloatArray, radii: FloatArray) -> npt.NDArray[np.int64]:
        """Flat indices of the pixels inside the boxes around the limbs in the image."""
        mask = np.zeros((sensor.height, sensor.width), dtype=np.bool_)
        seen = (ends - np.array(sensor.position, dtype=np.float32)) @ sensor.rotation.astype(np.float32)
        near = np.maximum(seen[..., 2] - radii, 0.15)
        far = np.maximum(seen[..., 2] + radii, 0.15)
        # Lens distortion moves pixels by less than this margin.
        margin = 2.0 + 0.1 * sensor.width * bool(any(sensor.distortion))
        spans = []
        for axis, focal, centre, size in (
            (0, sensor.fx, sensor.cx, sensor.width),
            (1, sensor.fy, sensor.cy, sensor.height),
        ):
            low, high = seen[..., axis] - radii, seen[..., axis] + radii
            first = np.minimum(low / near, low / far).min(axis=1) * focal + centre - margin
            last = np.maximum(high / near, high / far).max(axis=1) * focal + centre + margin + 1.0
            spans.append(np.clip(np.stack([first, last], axis=1), 0, size).astype(np.int64))
        for (u0, u1), (v0, v1) in zip(spans[0].tolist(), spans[1].tolist(), strict=True):
            mask[v0:v1, u0:u1] = True
        return np.flatnonzero(mask)
