# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""What can be set about weight changes."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from itertools import pairwise
from typing import Any


def _setting(default: float, description: str, low: float, high: float) -> Any:
    return field(default=default, metadata={"description": description, "range": (low, high)})


@dataclass(frozen=True)
class WeightParameters:
    """Parameters of WeightChanges."""

    block_s: float = _setting(0.05, "samples are averaged over this time [s]", 0.01, 0.2)
    hold_s: float = _setting(0.4, "a level after an abrupt step is believed when it stood so long [s]", 0.2, 5.0)
    brief_s: float = _setting(0.25, "a level between two abrupt steps is believed when it stood so long [s]", 0.1, 5.0)
    slow_hold_s: float = _setting(1.2, "a level after a slow motion is believed when it stood so long [s]", 0.2, 5.0)
    shaken_hold_s: float = _setting(1.6, "the same while the shelf shakes or a hand has not let go [s]", 0.4, 5.0)
    guard_s: float = _setting(0.35, "not counted for the level before a step: a hand may press already [s]", 0.0, 2.0)
    memory_s: float = _setting(2.0, "a level is the mean over this time [s]", 0.5, 60.0)
    least_step_g: float = _setting(3.5, "a smaller step is never a change [g]", 0.1, 1000.0)
    step_sigmas: float = _setting(5.0, "a step of fewer of its standard deviations is never a change", 2.0, 20.0)
    flat_g: float = _setting(1.0, "a level that stands may still move by this much [g]", 0.1, 100.0)
    noise_g: float = _setting(1.5, "noise of a block before it has been measured [g]", 0.01, 100.0)
    gain_error: float = _setting(0.001, "error of a delta that grows with it, as a share", 0.0, 0.2)
    drift_g_per_s: float = _setting(0.02, "how fast a scale may drift while its level is not known [g/s]", 0.0, 10.0)
    cross_talk_share: float = _setting(0.03, "a neighbour's plate moves by up to this share of a change", 0.0, 0.2)
    cross_talk_hold_g: float = _setting(60.0, "only changes below this are checked for cross-talk [g]", 0.0, 5000.0)
    unsynced_s: float = _setting(0.3, "how wrong the time of a board without a synchronised clock may be [s]", 0.0, 5.0)
    silent_after_s: float = _setting(2.0, "a scale without samples for this time is silent [s]", 0.2, 3600.0)

    def __post_init__(self) -> None:
        for f in fields(self):
            low, high = f.metadata["range"]
            value = getattr(self, f.name)
            if not low <= value <= high:
                raise ValueError(f"{f.name} is {value}: write a number from {low} to {high}")
        times = ("block_s", "brief_s", "hold_s", "slow_hold_s", "shaken_hold_s")
        for shorter, longer in pairwise(times):
            short, long = getattr(self, shorter), getattr(self, longer)
            if long < short:
                raise ValueError(f"{longer} is {long}, shorter than {shorter} {short}: make it longer")
