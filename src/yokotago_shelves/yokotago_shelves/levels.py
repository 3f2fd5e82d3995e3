# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Blocks of one scale to steps between levels on which it stood still.

The hard problem is that a shaken scale moves all the time and says nothing by it. The answer: the level decides, not
the movement. Whatever happens in between, a step is the difference of two levels that stood still, each for `hold_s`;
its time is from the end of the one to the begin of the other.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from yokotago_model.events import SECOND, ScaleStatus, Stamp

from .parameters import WeightParameters
from .samples import Block


@dataclass(frozen=True, slots=True)
class Step:
    """A step of one scale; weights in grams."""

    begin: Stamp
    end: Stamp
    before: float
    after: float
    stddev: float
    status: ScaleStatus

    @property
    def delta(self) -> float:
        """Negative when something was taken [g]."""
        return self.after - self.before


class _Level:
    """Mean of blocks that belong together; follows slow drift once it has stood for a while."""

    def __init__(self, block: Block) -> None:
        self.mean = block.mean
        self.blocks = 1
        self.begin = block.begin
        self.end = block.end
        self.status = block.status

    def add(self, block: Block, least_gain: float) -> None:
        self.blocks += 1
        gain = max(1.0 / self.blocks, least_gain)
        self.mean += gain * (block.mean - self.mean)
        self.end = block.end
        self.status |= block.status

    def variance(self, block_variance: float, least_gain: float) -> float:
        """Of the mean: of n blocks at first, then of an exponential average with this gain, g / (2 - g)."""
        return block_variance * max(1.0 / self.blocks, least_gain / (2.0 - least_gain))


class Levels:
    """Finds the steps of one scale and measures its noise."""

    def __init__(self, parameters: WeightParameters) -> None:
        self._p = parameters
        self._hold = round(parameters.hold_s * SECOND)
        self._level: _Level | None = None
        self._candidate: _Level | None = None
        self._status = ScaleStatus.OK
        self._last: float | None = None
        self._noise = parameters.noise_g
        self._noise_blocks = 0
        self.done: Stamp = 0
        """Steps that are still to be found end at or after this."""

    @property
    def noise(self) -> float:
        """Standard deviation of a block's mean while the scale stands still [g]."""
        return self._noise

    def feed(self, block: Block) -> Step | None:
        """The step that `block` makes certain."""
        self.done = block.end - self._hold
        band = max(self._p.least_step_g, self._p.step_sigmas * self._noise)
        if self._level is not None and abs(block.mean - self._level.mean) < band:
            self._measure(block)
            self._level.add(block, self._p.drift_gain)
            self._candidate = None
            self._status = ScaleStatus.OK
            return None
        self._status |= block.status
        if self._candidate is None or abs(block.mean - self._candidate.mean) >= band:
            self._candidate = _Level(block)
            self._last = None
        elif block.begin - self._candidate.end > self._hold:
            self._candidate = _Level(block)  # samples are missing in between: it may have moved meanwhile
        else:
            self._candidate.add(block, self._p.drift_gain)
        if self._candidate.end - self._candidate.begin < self._hold:
            return None
        return self._settle(self._candidate)

    def _settle(self, new: _Level) -> Step | None:
        old, self._level, self._candidate, self._last = self._level, new, None, None
        status, self._status = self._status, ScaleStatus.OK
        if old is None:
            return None  # where the scale stands when it is first seen
        variance = self._noise**2
        delta = new.mean - old.mean
        stddev = math.sqrt(
            new.variance(variance, self._p.drift_gain)
            + old.variance(variance, self._p.drift_gain)
            + (self._p.gain_error * delta) ** 2
        )
        return Step(old.end, new.begin, old.mean, new.mean, stddev, status)

    def _measure(self, block: Block) -> None:
        """Noise from the difference of neighbouring blocks, which drift does not touch: E|d| = 2 sigma / sqrt(pi)."""
        if self._last is not None:
            self._noise_blocks += 1
            gain = max(1.0 / (self._noise_blocks + 10), 0.02)
            # The first ten blocks count for the assumed noise, so that a lucky start makes no scale trigger-happy.
            self._noise += gain * (abs(block.mean - self._last) * math.sqrt(math.pi) / 2.0 - self._noise)
        self._last = block.mean
