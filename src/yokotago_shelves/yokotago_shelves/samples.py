# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Bursts of one scale, as they arrive, to blocks of clean samples in order of time.

The hard problem is that a burst may come late, twice, out of order or not at all. The answer: the number of its first
sample says where it belongs. A burst that is ahead waits for the missing one until that can no longer come.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from yokotago_model.events import SECOND, ScaleStatus, ShelfWeight, Stamp

UNUSABLE = ScaleStatus.SATURATED | ScaleStatus.NOT_CALIBRATED | ScaleStatus.HARDWARE_FAULT
"""Bits of samples that are no weights."""


@dataclass(frozen=True, slots=True)
class Block:
    """Mean of the samples from the first one's stamp to the last one's [g]. status: bits of their bursts."""

    begin: Stamp
    end: Stamp
    mean: float
    status: ScaleStatus


class Samples:
    """Puts the bursts of one scale in order, takes out spikes, and averages over blocks.

    A single sample that stands out is no weight (the median of three neighbours replaces it), nor is a value that no
    load can cause: a clock that runs too fast gives a reading with the wrong gain near -33,500 g.
    """

    def __init__(self, *, capacity_g: float, block_s: float, late_s: float) -> None:
        self._low, self._high = -0.5 * capacity_g, 1.5 * capacity_g
        self._block_s = block_s
        self._late = round(late_s * SECOND)
        self._boot: int | None = None
        self._next: int | None = None
        self._waiting: dict[int, ShelfWeight] = {}
        self._tail: npt.NDArray[np.float64] = np.empty(0)
        self._tail_stamps: list[Stamp] = []
        self._open: list[float] = []
        self._open_begin: Stamp = 0
        self._open_end: Stamp = 0
        self._status = ScaleStatus.OK
        self._period = 1
        self.newest: Stamp = 0
        """Stamp of the newest sample that has arrived."""
        self.lost = 0
        """Samples that never came."""
        self.dropped = 0
        """Samples that came twice, too late, or as no weight."""

    def feed(self, burst: ShelfWeight) -> list[Block]:
        """The blocks that `burst` completes."""
        blocks: list[Block] = []
        end = burst.stamp + round(burst.period * SECOND * len(burst.grams))
        if burst.boot_id != self._boot:
            if self._boot is not None and end <= self.newest:
                self.dropped += len(burst.grams)  # of a run that is over
                return blocks
            blocks += self._release(everything=True)
            blocks += self._flush()
            self._boot, self._next = burst.boot_id, None
        if burst.sequence in self._waiting or (self._next is not None and burst.sequence < self._next):
            self.dropped += len(burst.grams)
            return blocks
        self._waiting[burst.sequence] = burst
        self.newest = max(self.newest, end)
        return blocks + self._release(everything=False)

    def finish(self) -> list[Block]:
        """The blocks that are left at the end of a recording."""
        return self._release(everything=True) + self._flush()

    def _release(self, *, everything: bool) -> list[Block]:
        blocks: list[Block] = []
        while self._waiting:
            first = min(self._waiting)
            burst = self._waiting[first]
            if first != self._next and not everything and burst.stamp + self._late > self.newest:
                break  # the missing one may still come
            if self._next is not None and first > self._next:
                self.lost += first - self._next
                blocks += self._flush()
            del self._waiting[first]
            self._next = first + len(burst.grams)
            blocks += self._take(burst)
        return blocks

    def _take(self, burst: ShelfWeight) -> list[Block]:
        self._status |= burst.status
        if burst.status & UNUSABLE:
            self.dropped += len(burst.grams)
            return []
        self._period = max(round(burst.period * SECOND), 1)
        stamps = [burst.stamp + i * self._period for i in range(len(burst.grams))]
        grams = np.array(burst.grams)
        possible = (grams >= self._low) & (grams <= self._high)
        if not possible.all():
            self.dropped += int(len(grams) - possible.sum())
            stamps = [s for s, keep in zip(stamps, possible, strict=True) if keep]
            grams = grams[possible]
        stamps = self._tail_stamps + stamps
        grams = np.concatenate([self._tail, grams])
        self._tail_stamps, self._tail = stamps[-2:], grams[-2:]
        if len(grams) < 3:
            return []
        before, here, after = grams[:-2], grams[1:-1], grams[2:]
        medians = np.maximum(np.minimum(before, here), np.minimum(np.maximum(before, here), after))
        return self._average(stamps[1:-1], medians.tolist())

    def _average(self, stamps: list[Stamp], grams: list[float]) -> list[Block]:
        per_block = max(1, round(self._block_s * SECOND / self._period))
        blocks = []
        i = 0
        while i < len(grams):
            if not self._open:
                self._open_begin = stamps[i]
            taken = grams[i : i + per_block - len(self._open)]
            self._open += taken
            i += len(taken)
            self._open_end = stamps[i - 1]
            if len(self._open) >= per_block:
                blocks.append(self._close())
        return blocks

    def _close(self) -> Block:
        mean = sum(self._open) / len(self._open)
        block = Block(self._open_begin, self._open_end, mean, self._status)
        self._open.clear()
        self._status = ScaleStatus.OK
        return block

    def _flush(self) -> list[Block]:
        """Close the block that is open: what comes next does not follow on it."""
        blocks = self._average(self._tail_stamps[-1:], self._tail[-1:].tolist())
        self._tail_stamps, self._tail = [], np.empty(0)
        return [*blocks, self._close()] if self._open else blocks
