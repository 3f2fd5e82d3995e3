# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""A store small enough to compute by hand, and what happens in it: people that walk, reach and take."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from yokotago_fusion.fusion import Fusion, Output
from yokotago_model.events import (
    SECOND,
    CheckIn,
    CrossingKind,
    Event,
    HandOwner,
    HandReach,
    HandSample,
    Product,
    Receipt,
    Stamp,
    Track,
    TrackFrame,
    TrackState,
    WeightChange,
    ZoneCrossing,
    stamp_of,
)
from yokotago_model.progress import ProgressCounter
from yokotago_model.store import Facing, Gate, Scale, Shelf, Store, Zone, ZoneKind

T0 = 1_700_000_000 * SECOND

TEA, COLA, GUM, MILK, SOY = "tea", "cola", "gum", "milk", "soy"


def at(seconds: float) -> Stamp:
    return T0 + stamp_of(seconds)


def small_store() -> Store:
    """4 x 4 m; entrance south-west, exit south-east; one shelf along the north wall.

    Scales p0 (tea 500 g), p1 (cola 520 g), p2 (gum 30 g and milk 200 g side by side), p3 and p4 (soy 100 g across
    both).
    """
    products = [
        (TEA, 500.0, 5.0, 150),
        (COLA, 520.0, 5.0, 160),
        (GUM, 30.0, 0.5, 110),
        (MILK, 200.0, 2.0, 120),
        (SOY, 100.0, 1.0, 220),
    ]
    facings = [
        Facing("f-tea", "S", TEA, 0.0, 1.0, 0.4, 0.3, ("p0",), 10),
        Facing("f-cola", "S", COLA, 0.4, 1.0, 0.4, 0.3, ("p1",), 10),
        Facing("f-gum", "S", GUM, 0.8, 1.0, 0.2, 0.3, ("p2",), 10),
        Facing("f-milk", "S", MILK, 1.0, 1.0, 0.2, 0.3, ("p2",), 10),
        Facing("f-soy", "S", SOY, 1.2, 1.0, 0.8, 0.3, ("p3", "p4"), 10),
    ]
    return Store(
        store_id="small",
        name="Small",
        currency="JPY",
        floor=((0.0, 0.0), (4.0, 0.0), (4.0, 4.0), (0.0, 4.0)),
        ceiling=3.0,
        sensors=(),
        zones=(
            Zone("in", ZoneKind.ENTRANCE, ((0.0, 0.0), (1.5, 0.0), (1.5, 0.8), (0.0, 0.8))),
            Zone("out", ZoneKind.EXIT, ((2.5, 0.0), (4.0, 0.0), (4.0, 0.8), (2.5, 0.8))),
        ),
        gates=(Gate("g1", "in", (0.4, 0.4)), Gate("g2", "in", (1.1, 0.4))),
        shelves=(Shelf("S", "Shelf", (1.0, 3.5, 0.0), 0.0, (2.0, 0.4, 1.5), (1.0,)),),
        scales=tuple(Scale(f"p{n}", "S", 0.4 * n, 1.0, 0.4, 0.4) for n in range(5)),
        facings=tuple(facings),
        products=tuple(Product(i, i, w, s, price, "JPY") for i, w, s, price in products),
        staff=("staff-1",),
    )


def frames(begin: float, end: float, places: dict[int, tuple[float, float]], step: float = 0.1) -> list[TrackFrame]:
    """These people stand at these places from begin to end."""
    made = []
    for n in range(round(begin / step), round(end / step)):
        tracks = tuple(
            Track(i, TrackState.CONFIRMED, (x, y, 0.0), (0.0, 0.0, 0.0), 1.7, (0.01, 0.0, 0.0, 0.01))
            for i, (x, y) in sorted(places.items())
        )
        made.append(TrackFrame(at(n * step), tracks))
    return made


def reach(
    number: int,
    person: int,
    x: float,
    begin: float,
    end: float,
    z: float = 1.1,
    others: tuple[HandOwner, ...] = (),
) -> list[HandReach]:
    """A hand at x along the shelf's front, from begin to end; others: whose else it may be."""
    samples = tuple(
        HandSample(at(begin + n * 0.1), (1.0 + x, 3.65, z), 0.03) for n in range(max(1, round((end - begin) / 0.1)))
    )
    return [
        HandReach(f"r{number}", person, "S", False, at(begin), at(begin), samples[:1], others),
        HandReach(f"r{number}", person, "S", True, at(begin), at(end), samples, others),
    ]


def change(number: int, scale: str, time: float, grams: float, stddev: float = 0.5) -> WeightChange:
    """The scale's level moves by grams around time."""
    return WeightChange(f"c{number}", scale, at(time - 0.05), at(time + 0.05), grams, stddev, 5000.0, 5000.0 + grams)


def enters(person: int, time: float, check_in: str = "", gate: str = "g1", party: int = 1) -> list[Event]:
    """A person comes in at `time`, with a check-in of that shopper a second later."""
    made: list[Event] = [
        ZoneCrossing(at(time), person, "in", CrossingKind.ENTER),
        ZoneCrossing(at(time + 2.0), person, "in", CrossingKind.EXIT),
    ]
    if check_in:
        made.append(CheckIn(at(time + 1.0), f"ci-{check_in}", check_in, gate, party))
    return made


def leaves(person: int, time: float) -> list[Event]:
    return [
        ZoneCrossing(at(time - 1.0), person, "out", CrossingKind.ENTER),
        ZoneCrossing(at(time), person, "out", CrossingKind.EXIT),
    ]


def day(people: dict[int, tuple[float, float]], where: dict[int, tuple[float, float]] | None = None) -> list[Event]:
    """Frames of people who are in the store between the two times each, and 6 s of an empty store afterwards.

    They stand at the gate for 2 s, then at their place before the shelf (`where`), for the last second at the exit.
    """
    made: list[Event] = []
    end = max(e for _, e in people.values())
    for n in range(round(end * 10) + 60):
        t = n / 10
        places = {}
        for person, (begin, leave) in people.items():
            if begin <= t < leave:
                if t < begin + 2.0:
                    places[person] = (0.4, 0.4) if person % 2 else (1.1, 0.4)
                elif t >= leave - 1.0:
                    places[person] = (3.2, 0.4)
                else:
                    places[person] = (where or {}).get(person, (1.5 + 0.5 * (person % 3), 3.0))
        made += frames(t, t + 0.1, places)
    return made


def in_order(events: Iterable[Event]) -> list[Event]:
    """By stamp, as they would be published."""
    return sorted(events, key=lambda e: e.stamp)  # type: ignore[union-attr]


def run(store: Store, events: Sequence[Event]) -> list[Output]:
    fusion = Fusion(store)
    out = [o for e in events for o in fusion.feed(e)]  # type: ignore[arg-type]
    return out + fusion.finish()


def receipts(outputs: Iterable[Output]) -> dict[str, Counter[str]]:
    """The newest receipt of every shopper: units by product."""
    found = {}
    for output in outputs:
        if isinstance(output, Receipt):
            found[output.shopper_id] = Counter({line.product_id: line.quantity for line in output.lines})
    return found


def codes(outputs: Iterable[Output]) -> list[str]:
    return [o.code for o in outputs if hasattr(o, "code")]


def two_shoppers(*happenings: Event) -> list[Event]:
    return in_order(
        [
            *day({1: (1.0, 30.0), 2: (4.0, 31.0)}),
            *enters(1, 1.0, "a"),
            *enters(2, 4.0, "b", "g2"),
            *leaves(1, 30.0),
            *leaves(2, 31.0),
            *happenings,
        ]
    )


def busy_day() -> list[Event]:
    return two_shoppers(
        *reach(1, 1, 0.2, 8.0, 9.2),
        *reach(2, 2, 0.6, 8.3, 9.0),
        change(1, "p0", 8.7, -501.0),
        change(2, "p1", 8.6, -1040.0),
        *reach(3, 1, 1.0, 12.0, 13.0),
        change(3, "p2", 12.4, 501.2),
        *reach(4, 2, 1.0, 16.0, 17.0),
        change(4, "p2", 16.5, -501.1),
        *reach(5, 2, 0.6, 20.0, 21.0),
        change(5, "p1", 20.5, 519.0),
    )


BUSY = {"a": {}, "b": {COLA: 1, TEA: 1}}


def stamp(event: Event) -> int:
    return int(getattr(event, "stamp"))  # noqa: B009 (not every kind of event has one)


def with_progress(events: list[Event], late: dict[str, float]) -> list[Event]:
    """The events as their publishers send them, each stream `late` seconds, with /progress after each second."""
    names = {
        "TrackFrame": "/tracks",
        "ZoneCrossing": "/zone_crossings",
        "HandReach": "/hand_reaches",
        "WeightChange": "/weight_changes",
        "CheckIn": "/check_ins",
    }
    counters = ProgressCounter(1)
    sent: list[tuple[float, int, Event]] = []
    stamps = [stamp(e) for e in events]
    for n, e in enumerate(events):
        name = names[type(e).__name__]
        counters.count(name)
        sent.append((stamps[n] + late[name] * SECOND, n, e))
        following = stamps[n + 1] if n + 1 < len(events) else stamps[n] + SECOND
        if following // (SECOND // 5) != stamps[n] // (SECOND // 5):
            for stream in names.values():
                sent.append((stamps[n] + late[stream] * SECOND, n, counters.progress(stream, stamps[n])))
    return [e for _, _, e in sorted(sent, key=lambda s: (s[0], s[1]))]


LATE = {"/tracks": 0.2, "/zone_crossings": 0.2, "/hand_reaches": 0.2, "/weight_changes": 0.1, "/check_ins": 0.3}
