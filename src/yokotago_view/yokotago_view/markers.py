# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""What rviz shows of the store: people, hands, zones, shelves, facings and baskets as markers in the frame `store`.

A marker keeps its namespace and id for as long as the thing it stands for exists, so that a new one replaces the old
one; what moves has a lifetime, so that nothing stays on the screen when its source falls silent.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field, fields

from yokotago_model.events import SECOND, Basket, Event, HandReach, Point, Receipt, Stamp, Track, TrackFrame, TrackState
from yokotago_model.store import Facing, Shelf, Store, ZoneKind

Colour = tuple[float, float, float, float]
"""Red, green, blue, alpha, 0 to 1."""

PALETTE: tuple[Colour, ...] = (
    (0.14, 0.39, 0.84, 1.0),
    (0.78, 0.26, 0.04, 1.0),
    (0.54, 0.18, 0.66, 1.0),
    (0.04, 0.48, 0.46, 1.0),
    (0.71, 0.09, 0.37, 1.0),
    (0.42, 0.36, 0.0, 1.0),
    (0.29, 0.21, 0.69, 1.0),
    (0.11, 0.49, 0.19, 1.0),
)
_NOBODY: Colour = (0.47, 0.51, 0.49, 1.0)
_WALL: Colour = (0.29, 0.33, 0.31, 1.0)
_FIXTURE: Colour = (0.85, 0.83, 0.76, 0.25)
_FACING: Colour = (0.25, 0.61, 0.47, 0.45)
_REACHED: Colour = (0.95, 0.65, 0.1, 0.9)
_WORDS: Colour = (0.9, 0.93, 0.91, 1.0)
_ZONES: dict[ZoneKind, Colour] = {
    ZoneKind.ENTRANCE: (0.2, 0.7, 0.45, 1.0),
    ZoneKind.EXIT: (0.2, 0.5, 0.8, 1.0),
    ZoneKind.STAFF: (0.8, 0.6, 0.2, 1.0),
}


class Shape(enum.IntEnum):
    """Kinds of markers, with the numbers of visualization_msgs/Marker."""

    CUBE = 1
    SPHERE = 2
    CYLINDER = 3
    LINE_STRIP = 4
    TEXT = 9


@dataclass(frozen=True, slots=True)
class Marker:
    """One marker in the frame `store`.

    position: centre [m]; yaw: turn about z [rad]; scale: size along x, y, z [m] (x is a line's width, z a text's
    height); points: of a line [m]; lifetime_s: 0 is until replaced.
    """

    namespace: str
    number: int
    shape: Shape
    colour: Colour
    position: Point = (0.0, 0.0, 0.0)
    yaw: float = 0.0
    scale: Point = (1.0, 1.0, 1.0)
    points: tuple[Point, ...] = ()
    text: str = ""
    lifetime_s: float = 0.0


@dataclass(frozen=True)
class MarkerParameters:
    """How the markers look and how long those live that move."""

    lifetime_s: float = field(default=0.5, metadata={"description": "of people and hands after their last frame [s]"})
    reached_s: float = field(default=2.0, metadata={"description": "for how long a reached facing is lit [s]"})
    still_every_s: float = field(default=5.0, metadata={"description": "between two sets of what stands still [s]"})
    body_diameter_m: float = field(default=0.4, metadata={"description": "of a person's cylinder [m]"})

    def __post_init__(self) -> None:
        for f in fields(self):
            if not getattr(self, f.name) > 0:
                raise ValueError(f"{f.name} is {getattr(self, f.name)}: it must be above 0")


class Markers:
    """Events of the store to markers. What stands still comes with the first frame and then every few seconds."""

    def __init__(self, store: Store, parameters: MarkerParameters | None = None) -> None:
        self._store = store
        self._parameters = parameters or MarkerParameters()
        self._facing_number = {facing.facing_id: i for i, facing in enumerate(store.facings)}
        self._person_number: dict[int, int] = {}
        self._visit_number: dict[str, int] = {}
        self._baskets: dict[str, Basket] = {}
        self._still_at: Stamp | None = None

    def feed(self, event: Event) -> list[Marker]:
        """The markers that `event` makes or replaces."""
        match event:
            case TrackFrame():
                return self._frame(event)
            case HandReach():
                return self._reach(event)
            case Basket():
                self._visit_number.setdefault(event.visit_id, len(self._visit_number) + 1)
                self._baskets[event.visit_id] = event
            case Receipt():
                self._baskets.pop(event.visit_id, None)
        return []

    def _frame(self, frame: TrackFrame) -> list[Marker]:
        markers: list[Marker] = []
        if self._still_at is None or frame.stamp - self._still_at >= self._parameters.still_every_s * SECOND:
            self._still_at = frame.stamp
            markers += self.still()
        here = {track.track_id for track in frame.tracks}
        # A number is free again when its person has gone: rviz holds at most one marker for each.
        self._person_number = {t: n for t, n in self._person_number.items() if t in here}
        visit_of = {track_id: basket for basket in self._baskets.values() for track_id in basket.track_ids}
        for track in frame.tracks:
            markers += self._person(track, visit_of.get(track.track_id))
        return markers

    def _number_of(self, track_id: int) -> int:
        if track_id not in self._person_number:
            taken = set(self._person_number.values())
            self._person_number[track_id] = next(n for n in range(len(taken) + 1) if n not in taken)
        return self._person_number[track_id]

    def _person(self, track: Track, basket: Basket | None) -> list[Marker]:
        number = self._number_of(track.track_id)
        life = self._parameters.lifetime_s
        visit = self._visit_number[basket.visit_id] if basket else 0
        colour = PALETTE[(visit - 1) % len(PALETTE)] if visit else _NOBODY
        sure = 0.9 if track.state is TrackState.CONFIRMED else 0.4
        x, y, _ = track.position
        height = track.height or 1.7
        wide = self._parameters.body_diameter_m
        body = (wide, wide, height)
        words = f"Shopper {visit}" if visit else f"track {track.track_id}"
        if basket and basket.lines:
            words += "\n" + "\n".join(f"{line.quantity} x {self._name(line.product_id)}" for line in basket.lines)
        middle, above, letters, ball = (x, y, height / 2), (x, y, height + 0.2), (0.0, 0.0, 0.12), (0.1, 0.1, 0.1)
        shade = (*colour[:3], sure)
        return [
            Marker("people", number, Shape.CYLINDER, shade, middle, scale=body, lifetime_s=life),
            Marker("baskets", number, Shape.TEXT, _WORDS, above, scale=letters, text=words, lifetime_s=life),
            *(
                Marker("hands", 8 * number + i, Shape.SPHERE, colour, hand.position, scale=ball, lifetime_s=life)
                for i, hand in enumerate(track.hands[:8])
            ),
        ]

    def _name(self, product_id: str) -> str:
        product = self._store.product.get(product_id)
        return product.name if product else product_id

    def _reach(self, reach: HandReach) -> list[Marker]:
        """Light the facings that the reach's samples are in front of."""
        shelf = self._store.shelf.get(reach.shelf_id)
        if shelf is None:
            return []
        life = self._parameters.reached_s
        lit: dict[str, Facing] = {}
        for sample in reach.samples:
            u, _, w = shelf.to_shelf(sample.position)
            for f in self._store.facings:
                if f.shelf_id == reach.shelf_id and f.x <= u <= f.x + f.width and f.z <= w <= f.z + f.height:
                    lit[f.facing_id] = f
        return [self._facing("reached", f, shelf, 0.06, _REACHED, life) for f in lit.values()]

    def still(self) -> list[Marker]:
        """What stands still: floor, zones, shelves, facings, sensors."""
        store = self._store
        made = [_outline("floor", 0, store.floor, 0.0, _WALL)]
        for i, zone in enumerate(store.zones):
            made.append(_outline("zones", i, zone.polygon, 0.01, _ZONES[zone.kind]))
        for i, shelf in enumerate(store.shelves):
            width, depth, height = shelf.size
            centre = shelf.to_store((width / 2, depth / 2, height / 2))
            above = shelf.to_store((width / 2, depth / 2, height + 0.15))
            made.append(Marker("shelves", i, Shape.CUBE, _FIXTURE, centre, shelf.yaw, shelf.size))
            made.append(Marker("shelf names", i, Shape.TEXT, _WORDS, above, scale=(0, 0, 0.18), text=shelf.name))
        for facing in store.facings:
            made.append(self._facing("facings", facing, store.shelf[facing.shelf_id], 0.03, _FACING, 0.0))
        for i, sensor in enumerate(store.sensors):
            made.append(Marker("sensors", i, Shape.CUBE, _WALL, sensor.position, sensor.rpy[2], (0.1, 0.1, 0.05)))
        return made

    def _facing(
        self, namespace: str, facing: Facing, shelf: Shelf, thickness: float, colour: Colour, life: float
    ) -> Marker:
        number = self._facing_number[facing.facing_id]
        size = (facing.width * 0.96, thickness, facing.height * 0.96)
        return Marker(namespace, number, Shape.CUBE, colour, facing.centre(shelf), shelf.yaw, size, lifetime_s=life)


def _outline(
    namespace: str, number: int, polygon: tuple[tuple[float, float], ...], z: float, colour: Colour
) -> Marker:
    points = tuple((x, y, z) for x, y in (*polygon, polygon[0]))
    return Marker(namespace, number, Shape.LINE_STRIP, colour, scale=(0.04, 0.0, 0.0), points=points)
