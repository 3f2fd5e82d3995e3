# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""What can be set about weight changes."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any


def _setting(default: float, description: str, low: float, high: float) -> Any:
    return field(default=default, metadata={"description": description, "range": (low, high)})


@dataclass(frozen=True)
class WeightParameters:
    """Parameters of WeightChanges."""

    block_s: float = _setting(0.1, "samples are averaged over this time [s]", 0.02, 1.0)
    hold_s: float = _setting(0.35, "a level is believed when it has stood for this time [s]", 0.1, 5.0)
    least_step_g: float = _setting(2.5, "a smaller step is never a change [g]", 0.1, 1000.0)
    step_sigmas: float = _setting(4.5, "a step of fewer standard deviations of a block is never a change", 2.0, 20.0)
    noise_g: float = _setting(1.0, "noise of a block before it has been measured [g]", 0.01, 100.0)
    drift_gain: float = _setting(0.05, "share of a block that a standing level follows", 0.0001, 1.0)
    gain_error: float = _setting(0.003, "error of a delta that grows with it, as a share", 0.0, 0.2)
    cross_talk_share: float = _setting(0.03, "a neighbour's plate moves by up to this share of a change", 0.0, 0.2)
    cross_talk_hold_g: float = _setting(60.0, "only changes below this are checked for cross-talk [g]", 0.0, 5000.0)
    silent_after_s: float = _setting(2.0, "a scale without samples for this time is silent [s]", 0.2, 3600.0)

    def __post_init__(self) -> None:
        for f in fields(self):
            low, high = f.metadata["range"]
            value = getattr(self, f.name)
            if not low <= value <= high:
                raise ValueError(f"{f.name} is {value}: write a number from {low} to {high}")
        if self.hold_s < self.block_s:
            raise ValueError(f"hold_s is {self.hold_s}, shorter than block_s {self.block_s}: make it longer")
