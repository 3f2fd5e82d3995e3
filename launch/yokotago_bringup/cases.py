# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The simulator's cases by name: their seeds, levels, records and topics."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import numpy as np

from yokotago_model.conversions import sensor_topic
from yokotago_model.events import Catalogue, Cloud, DepthImage
from yokotago_model.store import Store
from yokotago_sim.noise import Noise
from yokotago_sim.scenarios import CONFUSING_SHARE, build, names, random_shopping, suite, traps
from yokotago_sim.shoppers import Scenario, Script, StockView, hastened
from yokotago_sim.simulation import Arrival, Level, simulate
from yokotago_tracking.foreground import Foreground

from .bags import Record
from .console import CommandError

VARIATIONS = {
    "noise": "every error of sensors, scales and tracks",
    "spread": "how far units and batches of a product differ in weight",
    "lateness": "how late everything arrives",
    "pace": "how fast hands take and put back",
    "hands": "the error of the hands' places (level tracks)",
}

LEVELS = ("points", "depth", "foreground", "tracks")

_ALWAYS = (
    "/shelves/weights",
    "/check_ins",
    "/catalogue",
    "/progress",
    "/truth/tracks",
    "/truth/zone_crossings",
    "/truth/reaches",
    "/truth/actions",
    "/truth/receipts",
)


@dataclass(frozen=True)
class CaseSpec:
    """One case to simulate. shoppers: at once, visits: in all, both only for the cases `random` and `confusing`.

    vary, factor: what of the simulation is so many times as large as usual, one of VARIATIONS; "" for nothing.
    """

    name: str
    seed: int
    level: str
    shoppers: int = 6
    visits: int = 20
    confusing_share: float = 0.0
    vary: str = ""
    factor: float = 1.0


def is_case(text: str) -> bool:
    """Whether `text` names a case and not a bag."""
    return text in names() and not Path(text).exists()


def case_names(words: Iterable[str]) -> list[str]:
    """The cases that the words name; `all` is S01 to S30, `traps` every trap. Raises CommandError for an unknown
    one.
    """
    chosen: list[str] = []
    for word in words:
        if word == "all":
            chosen += suite()
        elif word == "traps":
            chosen += traps()
        elif word in names():
            chosen.append(word)
        else:
            known = f"{', '.join(names())}, 'all' for S01 to S30, and 'traps'"
            raise CommandError(f"there is no case '{word}': known are {known}")
    return list(dict.fromkeys(chosen))


def topics_of(store: Store, level: str) -> tuple[str, ...]:
    """The topics of a simulated case at a level."""
    if level == "tracks":
        return ("/tracks", "/zone_crossings", "/hand_reaches", *_ALWAYS)
    return (*(sensor_topic(s.sensor_id, level) for s in store.sensors), *_ALWAYS)


def _varied(store: Store, scenario: Scenario, spec: CaseSpec) -> tuple[Store, Scenario, Noise]:
    """The true store, what happens in it, and the sensors' noise; what the system is told of the store stays as it
    is.
    """
    noise, factor = Noise(), spec.factor
    match spec.vary:
        case "noise":
            noise = noise.scaled(factor)
        case "lateness":
            noise = noise.later(factor)
        case "hands":
            noise = noise.shakier(factor)
        case "spread":
            products = tuple(replace(p, weight_stddev=factor * p.weight_stddev) for p in store.products)
            store = replace(store, products=products)
            share = min(1.0, factor * noise.scale.unit_bias_share)
            noise = replace(noise, scale=replace(noise.scale, unit_bias_share=share))
        case "pace":
            usual = scenario.scripts

            def hurried(stock: StockView) -> Iterator[Script]:
                for script in usual(stock):
                    yield replace(script, steps=tuple(hastened(step, factor) for step in script.steps))

            scenario = replace(scenario, scripts=hurried)
    return store, scenario, noise


def _told(store: Store, simulated: Iterable[Arrival]) -> Iterator[Arrival]:
    """The events with the catalogue as the system knows it, not as the varied store truly is."""
    known = {p.product_id: p for p in store.products}
    for arrival, topic, event in simulated:
        if isinstance(event, Catalogue):
            event = replace(event, products=tuple(known[p.product_id] for p in event.products))
        yield arrival, topic, event


def records_of(store: Store, spec: CaseSpec) -> Iterator[Record]:
    """The records of a case in order of arrival."""
    if spec.name in ("random", "confusing"):
        scenario = random_shopping(
            store,
            np.random.default_rng(spec.seed),
            shoppers=spec.shoppers,
            visits=spec.visits,
            confusing_share=CONFUSING_SHARE if spec.name == "confusing" else spec.confusing_share,
        )
    else:
        scenario = build(spec.name, store, spec.seed)
    truly, scenario, noise = _varied(store, scenario, spec)
    level = cast(Level, "depth" if spec.level == "foreground" else spec.level)
    simulated = _told(store, simulate(truly, scenario, spec.seed, level, noise=noise))
    if spec.level != "foreground":
        for arrival, topic, event in simulated:
            yield Record(arrival, topic, event)
        return
    foregrounds = {s.sensor_id: Foreground(s, store=store) for s in store.sensors}
    for arrival, topic, event in simulated:
        if isinstance(event, Cloud | DepthImage):
            for cloud in foregrounds[event.sensor_id].feed(event):
                yield Record(arrival, sensor_topic(event.sensor_id, "foreground"), cloud)
        else:
            yield Record(arrival, topic, event)
