# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""What a store is made of: sensors, zones, gates, shelves, scales, facings and products, as store.yaml describes them.

All lengths in metres, angles in radians, in the frame `store` (right-handed, origin at a floor corner, z up), unless a
name says otherwise. `store_file.read_store` makes a Store from a file and checks it; these classes hold and compute.
"""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from .events import Point, Product

Doubles = npt.NDArray[np.float64]
Polygon = tuple[tuple[float, float], ...]
"""Corners x, y [m] in order, without the first one again at the end."""


def polygon_contains(polygon: Polygon, x: float, y: float) -> bool:
    """Whether the point x, y [m] lies inside the polygon (even-odd rule; on the border either answer)."""
    inside = False
    x1, y1 = polygon[-1]
    for x2, y2 in polygon:
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            inside = not inside
        x1, y1 = x2, y2
    return inside


def polygon_distance(polygon: Polygon, x: float, y: float) -> float:
    """Signed distance of the point x, y from the polygon's border [m]: negative inside, positive outside."""
    best = math.inf
    x1, y1 = polygon[-1]
    for x2, y2 in polygon:
        dx, dy = x2 - x1, y2 - y1
        length2 = dx * dx + dy * dy
        t = 0.0 if length2 == 0.0 else max(0.0, min(1.0, ((x - x1) * dx + (y - y1) * dy) / length2))
        best = min(best, math.hypot(x - x1 - t * dx, y - y1 - t * dy))
        x1, y1 = x2, y2
    return -best if polygon_contains(polygon, x, y) else best


def polygon_distances(polygon: Polygon, x: Doubles, y: Doubles) -> Doubles:
    """`polygon_distance` of many points, x and y (n,) [m]."""
    best = np.full(len(x), np.inf)
    inside = np.zeros(len(x), np.bool_)
    x1, y1 = polygon[-1]
    for x2, y2 in polygon:
        dx, dy = x2 - x1, y2 - y1
        length2 = dx * dx + dy * dy
        t = np.zeros(len(x)) if length2 == 0.0 else np.clip(((x - x1) * dx + (y - y1) * dy) / length2, 0.0, 1.0)
        best = np.minimum(best, np.hypot(x - x1 - t * dx, y - y1 - t * dy))
        if y1 != y2:
            inside ^= ((y1 > y) != (y2 > y)) & (x < dx * (y - y1) / dy + x1)
        x1, y1 = x2, y2
    return np.where(inside, -best, best)


@dataclass(frozen=True)
class Sensor:
    """One ToF camera.

    position: optical centre; rpy: rotation of the optical frame (x right, y down, z forward) in `store` as roll, pitch,
    yaw about the fixed axes x, y, z, as in tf2's static transforms: (pi, 0, yaw) looks straight down.
    fx, fy, cx, cy [pixel] and distortion (k1, k2, p1, p2, k3) as in sensor_msgs/CameraInfo's plumb_bob;
    scale: metres in one unit of the driver's points (0.001 for a driver that publishes millimetres).
    """

    sensor_id: str
    position: Point
    rpy: Point
    width: int
    height: int
    fx: float
    fy: float
    cx: float
    cy: float
    distortion: tuple[float, ...] = ()
    rate_hz: float = 15.0
    range_min: float = 0.3
    range_max: float = 5.0
    scale: float = 1.0

    @cached_property
    def rotation(self) -> npt.NDArray[np.float64]:
        """(3, 3) rotation from the optical frame to `store`: Rz(yaw) Ry(pitch) Rx(roll)."""
        (sr, sp, sy), (cr, cp, cy) = ([f(a) for a in self.rpy] for f in (math.sin, math.cos))
        return np.array(
            [
                [cy * cp, cy * sp * sr - sy * cr, cy * sp * cr + sy * sr],
                [sy * cp, sy * sp * sr + cy * cr, sy * sp * cr - cy * sr],
                [-sp, cp * sr, cp * cr],
            ]
        )


class ZoneKind(enum.Enum):
    """What a zone is for. People come and go only through entrance and exit zones."""

    ENTRANCE = "entrance"
    EXIT = "exit"
    STAFF = "staff"


@dataclass(frozen=True)
class Zone:
    """A floor polygon. A door that serves both ways is two zones, one of each kind, with the same polygon."""

    zone_id: str
    kind: ZoneKind
    polygon: Polygon

    def contains(self, x: float, y: float) -> bool:
        """Whether x, y [m] lies in the zone."""
        return polygon_contains(self.polygon, x, y)

    def distance(self, x: float, y: float) -> float:
        """Signed distance from the zone's border [m]: negative inside."""
        return polygon_distance(self.polygon, x, y)


@dataclass(frozen=True)
class Gate:
    """Where shoppers check in: a code reader at x, y [m] in an entrance zone."""

    gate_id: str
    zone_id: str
    position: tuple[float, float]


@dataclass(frozen=True)
class Shelf:
    """A box with an open front.

    origin: lower left corner of the open front as seen by a shopper who stands before it; yaw: direction of the width
    axis on the floor; the depth axis, into the shelf, lies 90 degrees to its left; size: width, depth, height;
    boards: heights above the origin of the boards that goods stand on.
    """

    shelf_id: str
    name: str
    origin: Point
    yaw: float
    size: Point
    boards: tuple[float, ...] = (0.0,)

    def to_shelf(self, point: Point) -> Point:
        """Coordinates of `point` along width, depth (positive inside) and height from the origin [m]."""
        dx, dy, dz = point[0] - self.origin[0], point[1] - self.origin[1], point[2] - self.origin[2]
        c, s = math.cos(self.yaw), math.sin(self.yaw)
        return (c * dx + s * dy, -s * dx + c * dy, dz)

    def to_store(self, point: Point) -> Point:
        """The inverse of to_shelf."""
        u, v, w = point
        c, s = math.cos(self.yaw), math.sin(self.yaw)
        return (self.origin[0] + c * u - s * v, self.origin[1] + s * u + c * v, self.origin[2] + w)

    def contains(self, point: Point, margin: float = 0.0) -> bool:
        """Whether `point` lies in the box grown by `margin` [m] on every side."""
        return all(-margin <= p <= s + margin for p, s in zip(self.to_shelf(point), self.size, strict=True))

    @cached_property
    def footprint(self) -> Polygon:
        """Corners of the box on the floor, front left first, anticlockwise seen from above."""
        w, d, _ = self.size
        return tuple(self.to_store(p)[:2] for p in ((0.0, 0.0, 0.0), (w, 0.0, 0.0), (w, d, 0.0), (0.0, d, 0.0)))


@dataclass(frozen=True)
class Scale:
    """One weighing unit. x, z: left end and height of its plate in the shelf's coordinates; width, depth of it [m]."""

    scale_id: str
    shelf_id: str
    x: float
    z: float
    width: float
    depth: float
    capacity_g: float = 20_000.0


@dataclass(frozen=True)
class Facing:
    """The place of one product: a window of the shelf's front, on one or more scales.

    x, z: lower left corner in the shelf's coordinates, width, height [m]; stock: units that stand there at the start.
    """

    facing_id: str
    shelf_id: str
    product_id: str
    x: float
    z: float
    width: float
    height: float
    scale_ids: tuple[str, ...]
    stock: int = 0

    def centre(self, shelf: Shelf, depth: float = 0.1) -> Point:
        """The middle of the facing, `depth` [m] inside the shelf, in the frame `store`."""
        return shelf.to_store((self.x + self.width / 2, depth, self.z + self.height / 2))


@dataclass(frozen=True)
class Tax:
    """A rate of tax that prices contain; name as it stands on the receipt."""

    tax_id: str
    name: str
    rate_percent: float


@dataclass(frozen=True)
class Tolerances:
    """What the store allows its clocks and lines [s].

    tracks_late_s, weights_late_s, check_ins_late_s: how long after its stamp an event of the stream may arrive;
    match_s: how far a hand and a weight step may lie apart and still belong together;
    clock_offset_alarm_s: a scale's clock that is off by more raises an alert;
    check_in_before_entry_s, check_in_after_entry_s: how long a check-in may come before or after the entry it is for.
    """

    tracks_late_s: float = 0.5
    weights_late_s: float = 0.5
    check_ins_late_s: float = 1.0
    match_s: float = 2.0
    clock_offset_alarm_s: float = 0.5
    check_in_before_entry_s: float = 30.0
    check_in_after_entry_s: float = 10.0


@dataclass(frozen=True)
class Store:
    """One store. Ids are unique in their kind; every id that is named exists: read_store checks it.

    taxed: the tax_id of each product that names one; tax_id: that of all others, empty for none.
    """

    store_id: str
    name: str
    currency: str
    floor: Polygon
    ceiling: float
    sensors: tuple[Sensor, ...]
    zones: tuple[Zone, ...]
    gates: tuple[Gate, ...]
    shelves: tuple[Shelf, ...]
    scales: tuple[Scale, ...]
    facings: tuple[Facing, ...]
    products: tuple[Product, ...]
    staff: tuple[str, ...] = ()
    tolerances: Tolerances = field(default_factory=Tolerances)
    taxes: tuple[Tax, ...] = ()
    taxed: tuple[tuple[str, str], ...] = ()
    tax_id: str = ""

    def tax_of(self, product_id: str) -> Tax | None:
        """The tax that the price of the product contains, also of one that only the catalogue knows."""
        return self._taxes.get(self._taxed.get(product_id, self.tax_id))

    @cached_property
    def _taxes(self) -> dict[str, Tax]:
        return {t.tax_id: t for t in self.taxes}

    @cached_property
    def _taxed(self) -> dict[str, str]:
        return dict(self.taxed)

    @cached_property
    def sensor(self) -> dict[str, Sensor]:
        """Sensors by id."""
        return {s.sensor_id: s for s in self.sensors}

    @cached_property
    def zone(self) -> dict[str, Zone]:
        """Zones by id."""
        return {z.zone_id: z for z in self.zones}

    @cached_property
    def gate(self) -> dict[str, Gate]:
        """Gates by id."""
        return {g.gate_id: g for g in self.gates}

    @cached_property
    def shelf(self) -> dict[str, Shelf]:
        """Shelves by id."""
        return {s.shelf_id: s for s in self.shelves}

    @cached_property
    def scale(self) -> dict[str, Scale]:
        """Scales by id."""
        return {s.scale_id: s for s in self.scales}

    @cached_property
    def facing(self) -> dict[str, Facing]:
        """Facings by id."""
        return {f.facing_id: f for f in self.facings}

    @cached_property
    def product(self) -> dict[str, Product]:
        """Products by id."""
        return {p.product_id: p for p in self.products}

    def zones_of(self, kind: ZoneKind) -> tuple[Zone, ...]:
        """The zones of one kind, in the file's order."""
        return tuple(z for z in self.zones if z.kind is kind)

    def facings_on(self, scale_id: str) -> tuple[Facing, ...]:
        """The facings that stand on a scale, in the file's order."""
        return tuple(f for f in self.facings if scale_id in f.scale_ids)
