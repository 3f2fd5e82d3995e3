# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Blocks of one scale to steps between levels on which it stood still.

The hard problem is that a shaken scale moves all the time and says nothing by it, while a hand that holds a thing moves
it slowly and hardly at all. The answer: the level decides, not the movement. Whatever happens in between, a step is the
difference of two levels that stood still. How long a level must have stood depends on how it was reached: briefly after
an abrupt step, longer after a slow motion, longer still while the shelf shakes.
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections import deque
from dataclasses import dataclass
from itertools import islice, pairwise

from yokotago_model.events import SECOND, ScaleStatus, Stamp

from .parameters import WeightParameters
from .samples import Block

_LEFT_SIGMAS = 5.0
"""A level is left when the mean of the newest blocks lies so many standard deviations of itself beside it."""

_FLAT_SIGMAS = 4.0
"""The means of the thirds of a level that stands differ by less than so many standard deviations of one of them."""

_SHAKEN = 3.0
"""The scale shakes when its blocks are so many times as rough as at rest."""

_SHAKEN_SIGMAS = 1.2
"""As _FLAT_SIGMAS while the shelf shakes: a vibration averages out better than noise does, a hand's tremor worse."""

_JUST_LEFT = (-2.0, 0.4)
"""A step is abrupt when just before its end the scale had gone between these shares of it. Negative: a hand pressed."""

_LET_GO = (1.3, 3.0)
"""Or between these: a hand pressed what it put down. Not when the scale was restless before: a hand holds something."""

_ABRUPT_S = 0.1
"""How long before its end that is [s]; the fall of a taken thing lasts about 50 ms."""

_IN_TURN_S = 0.35
"""The same where the new level has stood for hold_s: several hands may have taken one thing each, an instant apart."""

_NEAR_SHARE = 0.15
"""A step has ended when the scale is nearer to its new level than this share of it."""

_AT_REST_SHARE = 0.2
"""A scale that has moved by less than this share of a step is still at the level before it."""

_RIPPLE_SHARE = 0.008
"""A level may still move by this share of the abrupt step to it: things roll back, and neighbours are felt."""

_ROOT_OF_PI = math.sqrt(math.pi)


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


def _mid_mean(values: list[float]) -> float:
    """Mean of the middle half: as sharp as a mean, and a touch in between does not pull it."""
    return _mid_mean_of(sorted(values))


def _mid_mean_of(ordered: list[float]) -> float:
    """The same of values that are in order."""
    cut = len(ordered) // 4
    middle = ordered[cut : len(ordered) - cut]
    return sum(middle) / len(middle)


def _roughness(values: list[float]) -> float:
    """Standard deviation of the values from the differences of neighbours, which a slow motion does not touch.

    The median of |d| is 0.6745 sqrt(2) sigma for independent normal values; one step among them does not matter.
    """
    differences = sorted(abs(b - a) for a, b in pairwise(values))
    middle = len(differences) // 2
    if len(differences) % 2:
        return differences[middle] / 0.9539
    return (differences[middle - 1] + differences[middle]) / 2.0 / 0.9539


class Levels:
    """Finds the steps of one scale and measures its noise.

    At rest the level is the mid-mean of the last `memory_s` without the newest `guard_s`. When the newest blocks leave
    it, the scale moves, until a window of blocks is flat: its thirds have the same mean within their noise.
    """

    def __init__(self, parameters: WeightParameters) -> None:
        self._p = parameters
        self._blocks: deque[Block] = deque()
        self._set_span(round(parameters.block_s * SECOND))
        self._largest_gap = round(parameters.brief_s * SECOND)
        self._unsure_resting = round(parameters.brief_s * SECOND)
        self._unsure_moving = round((parameters.hold_s + parameters.block_s) * SECOND)
        self._moving = True
        self._before: float | None = None
        self._rest_end: Stamp = 0
        self._status = ScaleStatus.OK
        self._brief: list[Block] = []
        self._noise = parameters.noise_g
        self._null: float | None = None
        self._measured = 0
        self._next_null: Stamp = 0
        self._rest_begin: Stamp = 0
        self._stale = 0
        self._restless = False
        self._forgotten = False  # whether older blocks of this motion were let go
        self._ordered: list[float] = []  # the means of the oldest blocks, as many as it remembers
        self._remembers = 0
        self.done: Stamp = 0
        """Steps that are still to be found end after this."""

    @property
    def moving_since(self) -> Stamp | None:
        """When the level that counts was left; None at rest."""
        return self._rest_end if self._moving and self._before is not None else None

    @property
    def noise(self) -> float:
        """Standard deviation of a block's mean while the scale stands still [g]."""
        return self._noise

    def feed(self, block: Block) -> Step | None:
        """The step that `block` makes certain."""
        if self._blocks and not 0 < block.begin - self._blocks[-1].begin <= self._blocks[-1].span + self._largest_gap:
            self._gap()
        if block.span != self._span:
            self._set_span(block.span)
        self._blocks.append(block)
        step = None
        if self._moving:
            step = self._move(block)
        else:
            self._rest(block)
        done = block.begin - (self._unsure_moving if self._moving else self._unsure_resting)
        if self._brief:
            done = min(done, self._brief[0].begin - 1)
        self.done = max(self.done, done)
        return step

    def finish(self) -> Step | None:
        """The step that is not certain yet at the end of a recording, but likely."""
        if self._moving and self._is_level(self._brief):
            return self._settle(self._brief, self._noise)
        return None

    def _set_span(self, span: int) -> None:
        """Parameters as numbers of blocks of this length [ns]."""

        def count(seconds: float) -> int:
            return max(2, math.ceil(seconds * SECOND / span - 0.3))

        p = self._p
        self._span = span
        self._hold, self._slow_hold, self._shaken_hold = map(count, (p.hold_s, p.slow_hold_s, p.shaken_hold_s))
        self._brief_hold = max(3, count(p.brief_s))
        self._guard, self._memory, self._recent = count(p.guard_s), count(p.memory_s), count(3.0 * p.block_s)
        self._just_before, self._in_turn = count(_ABRUPT_S), count(_IN_TURN_S)
        self._refresh = max(1, self._guard // 3)

    def _newest(self, count: int) -> list[float]:
        """The means of so many newest blocks."""
        blocks = self._blocks
        return [blocks[i].mean for i in range(-min(count, len(blocks)), 0)]

    def _gap(self) -> None:
        """Samples are missing: what is newer does not follow on what is older."""
        if not self._moving:
            self._leave(self._blocks[-1].end)
        self._blocks.clear()
        self._forgotten = False
        self._brief = []

    # At rest.

    def _rest(self, block: Block) -> None:
        blocks = self._blocks
        self._stale -= 1
        if self._stale <= 0:
            self._before = self._remembered()
            self._stale = self._refresh
        level = self._before
        assert level is not None
        count = min(self._recent, len(blocks))
        total = 0.0
        for i in range(-count, 0):
            total += blocks[i].mean
        moved = total / count - level
        if abs(moved) < self._p.flat_g or abs(moved) < _LEFT_SIGMAS * self._noise / math.sqrt(count):
            self._measure(block, level)
            return
        # The newest of the blocks that are still at the level: the scale moves from there.
        near = max(2.5 * self._noise, self._p.flat_g, _AT_REST_SHARE * abs(moved))
        at_rest = max((i for i, b in enumerate(blocks) if abs(b.mean - level) < near), default=0)
        self._leave(blocks[at_rest].end)
        self._blocks = deque(islice(blocks, at_rest + 1, None)) or deque([block])

    def _remembered(self) -> float:
        """The level at rest, from the blocks that are old enough; what stays of them from one time to the next is kept
        in order.
        """
        blocks, ordered = self._blocks, self._ordered
        while len(blocks) > self._guard + self._memory:
            forgotten = blocks.popleft().mean
            if self._remembers:
                del ordered[bisect_left(ordered, forgotten)]
                self._remembers -= 1
        old = max(len(blocks) - self._guard, min(3, len(blocks) - 1))
        for i in range(self._remembers, old):
            insort(ordered, blocks[i].mean)
        self._remembers = max(self._remembers, old)
        return _mid_mean_of(ordered)

    def _leave(self, end: Stamp) -> None:
        self._moving = True
        self._forgotten = False
        self._restless = end - self._rest_begin < self._p.memory_s * SECOND
        self._rest_end = end
        self._status = ScaleStatus.OK
        self._brief = []

    def _measure(self, block: Block, level: float) -> None:
        """The noise of a block, from neighbouring blocks; and of a difference of levels where nothing happened."""
        if len(self._blocks) < 2:
            return
        self._measured += 1
        # The first blocks count for the assumed noise, so that a lucky start makes no scale trigger-happy.
        gain = 1.0 / (self._measured + 20) if self._measured < 80 else 0.01
        difference = abs(block.mean - self._blocks[-2].mean)
        # E|d| = 2 sigma / sqrt(pi); a jerk counts no more than as a large deviation.
        self._noise += gain * (min(difference, 6.0 * self._noise) * _ROOT_OF_PI / 2.0 - self._noise)
        self._noise = max(self._noise, 0.02)
        window = self._hold
        if block.end < self._next_null or len(self._blocks) < 3 * window:
            return
        self._next_null = block.end + window * self._span
        change = (_mid_mean(self._newest(window)) - level) ** 2
        if self._null is None:
            self._null = self._noise**2 / window
        self._null += 0.05 * (min(change, 16.0 * self._null) - self._null)

    # Moving.

    def _move(self, block: Block) -> Step | None:
        self._status |= block.status
        while len(self._blocks) > self._shaken_hold + self._hold:
            self._blocks.popleft()
            self._forgotten = True
        hold = self._hold
        abrupt = self._abrupt(hold, self._in_turn)
        if not abrupt:
            hold = self._shaken_hold if self._restless else self._slow_hold
        for count, shaken in ((hold, None), (self._shaken_hold, _SHAKEN_SIGMAS)):
            if len(self._blocks) >= count:
                values = self._newest(count)
                roughness = self._flat(values, _FLAT_SIGMAS, abrupt=abrupt, shaken_sigmas=shaken)
                if roughness is not None:
                    window = list(islice(self._blocks, len(self._blocks) - count, None))
                    return self._settle(window, roughness)
        return self._follow_brief(block)

    def _flat(
        self, values: list[float], sigmas: float, *, abrupt: bool = False, shaken_sigmas: float | None = None
    ) -> float | None:
        """The roughness of a window that stands still; None when it moves, or shakes where that is not allowed."""
        third = max(1, len(values) // 3)
        parts = (values[:third], values[third:-third] or values, values[-third:])
        means = [sum(p) / len(p) for p in parts]
        roughness = max(_roughness(values), 0.7 * self._noise)
        if self._before is not None and roughness > _SHAKEN * self._noise:
            if shaken_sigmas is None:
                return None
            sigmas = shaken_sigmas
        allowed = max(self._p.flat_g, sigmas * roughness / math.sqrt(third))
        if abrupt and self._before is not None:
            allowed = max(allowed, _RIPPLE_SHARE * abs(means[-1] - self._before))
        return roughness if max(means) - min(means) <= allowed else None

    def _abrupt(self, count: int, within: int) -> bool:
        """Whether the level of so many newest blocks was reached within so many others."""
        if self._before is None:
            return True
        blocks = self._blocks
        level = _mid_mean(self._newest(count))
        step = level - self._before
        times = 4.0 if self._restless else 2.0
        if abs(step) < times * max(self._p.least_step_g, _LEFT_SIGMAS * self._noise):
            return False
        first = max(0, len(blocks) - count)
        while first > 0 and abs(blocks[first - 1].mean - level) < _NEAR_SHARE * abs(step):
            first -= 1
        if first < within:
            return not self._forgotten  # it was still at rest, or nothing is known of it
        gone = (blocks[first - within].mean - self._before) / step
        return _JUST_LEFT[0] <= gone <= _JUST_LEFT[1] or (self._lets_go() and _LET_GO[0] <= gone <= _LET_GO[1])

    def _lets_go(self) -> bool:
        """Whether this may be a thing just put down: the scale had stood for long and moves for a moment only."""
        return not self._restless and self._blocks[-1].end - self._rest_end < 1.2 * SECOND

    def _follow_brief(self, block: Block) -> Step | None:
        """The step to a level that was left before it could be believed, if it was reached abruptly and stood.

        Somebody who takes one thing after the other leaves no more time in between.
        """
        band = max(1.5 * self._p.flat_g, 4.0 * self._noise)
        if self._brief:
            mean = sum(b.mean for b in self._brief) / len(self._brief)
            if abs(block.mean - mean) < band:
                self._brief.append(block)
                return None
            brief, self._brief = self._brief, []
            stood = self._is_level(brief) and self._flat([b.mean for b in brief[:-1]], 2.0 * _FLAT_SIGMAS) is not None
            if stood and self._before is not None and abs(mean - self._before) > 3.0 * band:
                left = deque(b for b in self._blocks if b.begin > brief[-1].begin)
                step = self._settle(brief[:-1], self._noise)
                self._leave(brief[-1].end)
                self._blocks = left
                return step
        values = self._newest(2)
        if len(values) == 2 and abs(values[1] - values[0]) < band and self._abrupt(2, self._just_before):
            self._brief = list(islice(self._blocks, len(self._blocks) - 2, None))
        return None

    def _is_level(self, blocks: list[Block]) -> bool:
        return len(blocks) >= self._brief_hold

    def _moved_from(self, level: float, until: Stamp) -> Stamp:
        """When the scale was last at about the level before: it may have been touched, or have felt a neighbour's
        step, long before the thing itself moved.
        """
        if self._before is None:
            return 0
        near = max(2.5 * self._noise, self._p.flat_g, _AT_REST_SHARE * abs(level - self._before))
        return max((b.end for b in self._blocks if b.begin < until and abs(b.mean - self._before) < near), default=0)

    def _settle(self, window: list[Block], roughness: float) -> Step | None:
        level = _mid_mean([b.mean for b in window])
        before, begin, status = self._before, self._rest_end, self._status
        moved = self._moved_from(level, window[0].begin)
        self._moving = False
        self._before = level
        self._brief = []
        self._blocks = deque(window)
        self._ordered, self._remembers = [], 0
        self._rest_begin = window[0].begin
        self._stale = self._refresh
        if before is None:
            self._noise = max(roughness, self._p.noise_g)
            return None  # where the scale stands when it is first seen
        end = max(window[0].begin, begin + 1, self.done + 1)
        drift = self._p.drift_g_per_s * (end - begin) / SECOND
        begin = min(max(begin, moved), end - 1)
        shaken = max(1.0, roughness / self._noise)
        null = self._noise**2 / 10.0 if self._null is None else self._null
        gain = self._p.gain_error * (level - before)
        # Twice the null difference: around a real step the two levels lie farther apart than where it is measured.
        stddev = math.sqrt(2.0 * null + shaken * self._noise**2 / len(window) + drift**2 + gain**2)
        if abs(level - before) < max(self._p.least_step_g, self._p.step_sigmas * stddev):
            return None
        return Step(begin, end, before, level, stddev, status)
