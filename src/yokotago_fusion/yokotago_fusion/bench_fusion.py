# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""How many events a second the fusion takes in on one core, in a store of 100 shelves with many people.

People stand before shelves and take one thing about every four seconds; in a crowd of 40 some always reach into the
same shelf. Events are frames (each with everybody in it), reaches, weight changes, crossings and check-ins (/progress
comes on top and is not counted).
"""

from __future__ import annotations

import random
import statistics
import time
from typing import Any

from yokotago_model.events import (
    SECOND,
    CheckIn,
    CrossingKind,
    HandReach,
    HandSample,
    Product,
    Stamp,
    StreamProgress,
    Track,
    TrackFrame,
    TrackState,
    WeightChange,
    ZoneCrossing,
)
from yokotago_model.progress import ProgressCounter
from yokotago_model.store import Facing, Gate, Scale, Shelf, Store, Zone, ZoneKind

from .fusion import Fusion
from .watermarks import CHECK_INS, CROSSINGS, REACHES, TRACKS, WEIGHTS, Fact, stream_of

_START: Stamp = 1_700_000_000 * SECOND
_BOARDS = (0.4, 0.8, 1.2)
_PLATES = 4


def wide_store(shelves: int) -> Store:
    """Rows of shelves, each with three boards of four scales, a product on each; 30 products, near in weight."""
    products = tuple(
        Product(f"p{n}", f"Product {n}", 100.0 + 7.0 * n, 2.0 + 0.1 * n, 100 + n, "JPY") for n in range(30)
    )
    made, scales, facings = [], [], []
    side = 3.0 * (1 + shelves // 10)
    for n in range(shelves):
        shelf_id = f"s{n}"
        made.append(
            Shelf(shelf_id, shelf_id, (2.5 * (n % 10), 3.0 * (n // 10) + 2.0, 0.0), 0.0, (1.6, 0.4, 1.6), _BOARDS)
        )
        for board, z in enumerate(_BOARDS):
            for plate in range(_PLATES):
                scale_id = f"{shelf_id}-{board}{plate}"
                product = products[(7 * n + 4 * board + plate) % len(products)]
                scales.append(Scale(scale_id, shelf_id, 0.4 * plate, z, 0.4, 0.4))
                facings.append(
                    Facing(f"f-{scale_id}", shelf_id, product.product_id, 0.4 * plate, z, 0.4, 0.3, (scale_id,), 50)
                )
    return Store(
        store_id="wide",
        name="Wide",
        currency="JPY",
        floor=((-1.0, 0.0), (26.0, 0.0), (26.0, side + 3.0), (-1.0, side + 3.0)),
        ceiling=3.0,
        sensors=(),
        zones=(Zone("door", ZoneKind.ENTRANCE, ((0.0, 0.0), (3.0, 0.0), (3.0, 0.8), (0.0, 0.8))),),
        gates=(Gate("gate", "door", (1.0, 0.4)),),
        shelves=tuple(made),
        scales=tuple(scales),
        facings=tuple(facings),
        products=products,
    )


def busy_hour(store: Store, people: int, seconds: int, seed: int) -> list[Fact | StreamProgress]:
    """So many people come in and then take a thing about every four seconds."""
    chance = random.Random(seed)
    facts: list[Fact] = []
    where = {}
    for person in range(1, people + 1):
        enter = _START + person * SECOND // 4
        facts.append(ZoneCrossing(enter, person, "door", CrossingKind.ENTER))
        facts.append(CheckIn(enter + SECOND // 2, f"c{person}", f"shopper-{person}", "gate"))
        facts.append(ZoneCrossing(enter + SECOND, person, "door", CrossingKind.EXIT))
        t = enter + 3 * SECOND
        while t < _START + seconds * SECOND:
            facing = chance.choice(store.facings)
            facts += _take(store, facing, person, t, chance)
            where[person, t // (4 * SECOND)] = facing
            t += round(chance.uniform(3.0, 5.0) * SECOND)
    for n in range(seconds * 15):
        stamp = _START + n * SECOND // 15
        tracks = []
        for person in range(1, people + 1):
            if stamp < _START + person * SECOND // 4:
                continue
            inside = stamp - _START - person * SECOND // 4 > SECOND
            at = where.get((person, stamp // (4 * SECOND)))
            x, y = (1.0, 0.4) if not inside else (5.0, 1.5)
            if inside and at is not None:
                x, y, _ = at.centre(store.shelf[at.shelf_id], -0.5)
            place = (x, y, 0.0)
            tracks.append(Track(person, TrackState.CONFIRMED, place, (0.0, 0.0, 0.0), 1.7, (0.01, 0.0, 0.0, 0.01)))
        facts.append(TrackFrame(stamp, tuple(tracks)))
    facts.sort(key=lambda e: e.stamp)
    return _with_progress(facts)


def _take(store: Store, facing: Facing, person: int, begin: Stamp, chance: random.Random) -> list[Fact]:
    shelf = store.shelf[facing.shelf_id]
    number = f"{person}-{begin}"
    end, step = begin + 14 * SECOND // 10, begin + 8 * SECOND // 10
    samples = []
    for n in range(21):
        x, y, z = facing.centre(shelf)
        place = (x + chance.gauss(0, 0.04), y, z + chance.gauss(0, 0.04))
        samples.append(HandSample(begin + n * SECOND // 15, place, 0.05))
    grams = -chance.gauss(store.product[facing.product_id].weight, 2.0)
    return [
        HandReach(f"r{number}", person, shelf.shelf_id, False, begin, begin, tuple(samples[:1])),
        WeightChange(f"w{number}", facing.scale_ids[0], step, step + SECOND // 10, grams, 0.7, 0.0, 0.0),
        HandReach(f"r{number}", person, shelf.shelf_id, True, begin, end, tuple(samples)),
    ]


def _with_progress(facts: list[Fact]) -> list[Fact | StreamProgress]:
    counter = ProgressCounter(1)
    out: list[Fact | StreamProgress] = []
    for fact in facts:
        out.append(fact)
        counter.count(stream_of(fact))
        if isinstance(fact, TrackFrame):
            out += [counter.progress(s, fact.stamp) for s in (TRACKS, CROSSINGS, REACHES, WEIGHTS, CHECK_INS)]
    return out


def bench(shelves: int = 100, people: int = 40, seconds: int = 40, rounds: int = 5) -> dict[str, Any]:
    """{"events_per_s", "shelves"}: the median of so many rounds; only this process's time on the processor counts."""
    store = wide_store(shelves)
    rates = []
    for seed in range(rounds):
        events = busy_hour(store, people, seconds, seed)
        fusion = Fusion(store)
        begin = time.process_time()
        for event in events:
            fusion.feed(event)
        fusion.finish()
        spent = time.process_time() - begin
        rates.append(sum(not isinstance(e, StreamProgress) for e in events) / spent)
    return {"events_per_s": round(statistics.median(rates)), "shelves": shelves}


if __name__ == "__main__":
    for crowd in (12, 40):
        print({"people": crowd, **bench(people=crowd)})
