# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The simulator's cases by name: their seeds, levels, records and topics."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np

from yokotago_model.conversions import sensor_topic
from yokotago_model.events import Cloud, DepthImage
from yokotago_model.store import Store
from yokotago_sim.scenarios import names, random_shopping
from yokotago_sim.simulation import Level, simulate
from yokotago_tracking.foreground import Foreground

from .bags import Record
from .console import CommandError

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
    """One case to simulate. shoppers: at once, visits: in all, both only for the case `random`."""

    name: str
    seed: int
    level: str
    shoppers: int = 6
    visits: int = 20
    confusing_share: float = 0.0


def is_case(text: str) -> bool:
    """Whether `text` names a case and not a bag."""
    return text in names() and not Path(text).exists()


def case_names(words: Iterable[str]) -> list[str]:
    """The cases that the words name; `all` is S01 to S30. Raises CommandError for an unknown one."""
    chosen: list[str] = []
    for word in words:
        if word == "all":
            chosen += [n for n in names() if n[0] == "S" and n[1:].isdigit()]
        elif word in names():
            chosen.append(word)
        else:
            raise CommandError(f"there is no case '{word}': known are {', '.join(names())}, and 'all' for S01 to S30")
    return list(dict.fromkeys(chosen))


def topics_of(store: Store, level: str) -> tuple[str, ...]:
    """The topics of a simulated case at a level."""
    if level == "tracks":
        return ("/tracks", "/zone_crossings", "/hand_reaches", *_ALWAYS)
    return (*(sensor_topic(s.sensor_id, level) for s in store.sensors), *_ALWAYS)


def records_of(store: Store, spec: CaseSpec) -> Iterator[Record]:
    """The records of a case in order of arrival."""
    scenario: Any = spec.name
    if spec.name == "random":
        scenario = random_shopping(
            store,
            np.random.default_rng(spec.seed),
            shoppers=spec.shoppers,
            visits=spec.visits,
            confusing_share=spec.confusing_share,
        )
    level = cast(Level, "depth" if spec.level == "foreground" else spec.level)
    simulated = simulate(store, scenario, spec.seed, level)
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
