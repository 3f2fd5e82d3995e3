# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The load cells: what each plate reports while goods come and go, hands press, feet shake the floor and boards
misbehave.

A plate's signal is its load, which moves by ramps, plus pieces of a limited time (a touch, a held thing, a shaken
floor), plus noise and drift. All plates are sampled together, a burst at a time, as one array.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from yokotago_model.events import SECOND, ScaleStatus, ShelfWeight, Stamp
from yokotago_model.store import Store

from .noise import ScaleNoise

FloatArray = npt.NDArray[np.float64]

_SHAKE_HZ = 9.0
_SHAKE_DECAY_S = 0.12
_SHAKE_S = 0.6
_SHAKE_RANGE_M = 1.3


@dataclass(frozen=True, slots=True)
class _Piece:
    """kind: 0 ramp to `grams` that stays, 1 half a sine of height grams, 2 held: up, wobbling, down."""

    begin: float
    end: float
    kind: int
    grams: float

    def at(self, t: FloatArray) -> FloatArray:
        u = np.clip((t - self.begin) / (self.end - self.begin), 0.0, 1.0)
        if self.kind == 0:
            return self.grams * u
        if self.kind == 1:
            return self.grams * np.sin(np.pi * u)
        edge = np.minimum(1.0, np.minimum(t - self.begin, self.end - t) / 0.3)
        wobble = 1.0 + 0.25 * np.sin(4.1 * (t - self.begin)) + 0.15 * np.sin(9.7 * (t - self.begin))
        return np.where((t > self.begin) & (t < self.end), self.grams * np.maximum(edge, 0.0) * wobble, 0.0)


class Scales:
    """All scales of a store. Times are seconds since the opening at stamp `start`."""

    def __init__(
        self, store: Store, loads: Mapping[str, float], noise: ScaleNoise, start: Stamp, rng: np.random.Generator
    ) -> None:
        self.noise = noise
        self._rng = rng
        self._start = start
        self._ids = [s.scale_id for s in store.scales]
        self._row = {s: i for i, s in enumerate(self._ids)}
        count = len(self._ids)
        self._capacity = np.array([s.capacity_g for s in store.scales])
        self._load = np.array([loads[s] for s in self._ids])
        # An absolute level is not zeroed: the plate itself and an old tare.
        self._zero = rng.normal(0.0, 150.0, count) if noise.drift_g_per_hour > 0 else np.zeros(count)
        low = noise.noise_median_g * np.exp(rng.uniform(math.log(0.4), math.log(2.0), count))
        worst = noise.noise_worst_g * rng.uniform(0.7, 1.0, count)
        self._sigma = np.where(rng.random(count) < 0.1, worst, low)
        self._wander = np.zeros(count)
        self._pieces: list[list[_Piece]] = [[] for _ in self._ids]
        self._shelf_of = [s.shelf_id for s in store.scales]
        self._rows_of = {
            sh.shelf_id: [i for i, s in enumerate(store.scales) if s.shelf_id == sh.shelf_id] for sh in store.shelves
        }
        self._shake_gain = rng.uniform(0.4, 1.6, count)
        self._shakes: list[tuple[float, str, float]] = []
        self._middle = {
            sh.shelf_id: tuple(sum(c) / 4 for c in zip(*sh.footprint, strict=True)) for sh in store.shelves
        }
        self._beside = self._neighbours(store)
        self._samples = max(1, min(32, round(noise.sample_hz * noise.burst_s)))
        self._period = 1.0 / noise.sample_hz
        self._phase = rng.uniform(0.0, self._period, count)
        self._clock = rng.normal(0.0, noise.clock_offset_stddev_s, count)
        wrong = rng.uniform(-noise.unsynced_s, noise.unsynced_s, count)
        self._unsynced = np.where(rng.random(count) < noise.unsynced_share, wrong, 0.0)
        self._sequence = np.zeros(count, dtype=np.int64)
        self._boot = np.ones(count, dtype=np.int64)
        self._down_until = np.zeros(count)
        self._bursts = 0

    def _neighbours(self, store: Store) -> list[list[tuple[int, float]]]:
        """For each scale the plates beside it on its board, and which share of a change they feel."""
        beside: list[list[tuple[int, float]]] = []
        for a in store.scales:
            near = []
            for j, b in enumerate(store.scales):
                gap = max(b.x - (a.x + a.width), a.x - (b.x + b.width))
                if b is not a and b.shelf_id == a.shelf_id and abs(b.z - a.z) < 0.05 and gap < 0.1:
                    share = self.noise.cross_talk_share * float(self._rng.uniform(0.7, 1.3))
                    near.append((j, share if self._rng.random() < 0.7 else -share))
            beside.append(near)
        return beside

    @property
    def burst_s(self) -> float:
        """Time that a burst of samples spans [s]."""
        return self._samples * self._period

    def level(self, scale_id: str) -> float:
        """What stands on the scale, without the steps that are still under way [g]."""
        return float(self._load[self._row[scale_id]])

    def step(self, scale_id: str, time: float, grams: float) -> None:
        """The load changes by `grams` at `time` [s]; the plates beside it feel a little of it."""
        row = self._row[scale_id]
        end = time + max(self.noise.fall_s, 1e-6)
        self._pieces[row].append(_Piece(time, end, 0, grams))
        for other, share in self._beside[row]:
            if share:
                self._pieces[other].append(_Piece(time, end, 0, share * grams))

    def bump(self, scale_id: str, begin: float, end: float, grams: float) -> None:
        """A hand presses with up to `grams` between the two times [s]."""
        if end > begin and grams:
            self._pieces[self._row[scale_id]].append(_Piece(begin, end, 1, grams))

    def hold(self, scale_id: str, begin: float, end: float, grams: float) -> None:
        """A hand holds the goods: about `grams` more, or less, between the two times [s], not steadily."""
        if end > begin:
            self._pieces[self._row[scale_id]].append(_Piece(begin, end, 2, grams))

    def footstep(self, x: float, y: float, time: float) -> None:
        """Somebody's foot meets the floor at x, y [m]: shelves nearby shake."""
        if not self.noise.footstep_g:
            return
        for shelf_id, (mx, my) in self._middle.items():
            distance = math.hypot(x - mx, y - my)
            if distance < _SHAKE_RANGE_M:
                grams = self.noise.footstep_g * float(self._rng.exponential(0.5)) * (1.0 - distance / _SHAKE_RANGE_M)
                self._shakes.append((time, shelf_id, grams))

    def bursts(self, now: float) -> list[tuple[float, ShelfWeight]]:
        """The bursts whose last sample lies before `now` and that were not given yet: (time they are sent [s],
        burst).
        """
        out: list[tuple[float, ShelfWeight]] = []
        while (self._bursts + 1) * self.burst_s + self._period <= now:
            out += self._burst(self._bursts * self.burst_s)
            self._bursts += 1
        return out

    def _signal(self, begin: float) -> FloatArray:
        """(scales, samples) grams of the burst that begins at `begin` [s]."""
        noise, rng, n = self.noise, self._rng, self._samples
        offsets = np.arange(n) * self._period
        end = begin + self.burst_s + self._period
        count = len(self._ids)
        extra = np.zeros((count, n))
        for row, pieces in enumerate(self._pieces):
            if not pieces:
                continue
            t = begin + self._phase[row] + offsets
            keep = []
            for piece in pieces:
                if piece.begin < end:
                    extra[row] += piece.at(t)
                if piece.end > t[-1]:
                    keep.append(piece)
                elif piece.kind == 0:
                    self._load[row] += piece.grams
                    extra[row] -= piece.grams
            self._pieces[row] = keep
        settled = self._load[:, None] + extra
        t = begin + offsets
        for time, shelf_id, grams in self._shakes:
            wave = np.where(
                t >= time,
                grams * np.exp(-(t - time) / _SHAKE_DECAY_S) * np.sin(2 * np.pi * _SHAKE_HZ * (t - time)),
                0.0,
            )
            rows = self._rows_of[shelf_id]
            settled[rows] += self._shake_gain[rows, None] * wave
        self._shakes = [s for s in self._shakes if s[0] + _SHAKE_S > end]
        drift = noise.drift_g_per_hour * math.sqrt(self.burst_s / 3600.0)
        self._zero += drift * rng.standard_normal(count)
        self._wander = 0.9 * self._wander + 0.13 * self._sigma * rng.standard_normal(count)
        return (
            settled
            + (self._zero + self._wander)[:, None]
            + 0.95 * self._sigma[:, None] * rng.standard_normal((count, n))
        )

    def _burst(self, begin: float) -> list[tuple[float, ShelfWeight]]:
        noise, rng, n = self.noise, self._rng, self._samples
        grams = self._signal(begin)
        count = len(self._ids)
        hours = self.burst_s / 3600.0
        chance = rng.random((6, count))
        status = np.zeros(count, dtype=np.int64)
        for spiked in np.nonzero(chance[0] < noise.spikes_per_hour * hours)[0]:
            grams[spiked, rng.integers(n)] += rng.choice((-1.0, 1.0)) * rng.uniform(200.0, 3000.0)
        for wrong in np.nonzero(chance[1] < noise.wrong_gain_per_hour * hours)[0]:
            grams[wrong, rng.integers(n)] = -noise.wrong_gain_g + rng.normal(0.0, 20.0)
        over = grams > self._capacity[:, None]
        status[over.any(axis=1)] |= ScaleStatus.SATURATED
        np.minimum(grams, self._capacity[:, None], out=grams)
        if noise.resolution_g:
            grams = np.round(grams / noise.resolution_g) * noise.resolution_g
        restarts = chance[2] < noise.restarts_per_hour * hours
        self._down_until[restarts] = begin + noise.restart_s
        self._boot[restarts] += 1
        self._sequence[restarts] = 0
        out: list[tuple[float, ShelfWeight]] = []
        sent = begin + self.burst_s
        for row, scale_id in enumerate(self._ids):
            if begin < self._down_until[row]:
                continue
            time = begin + float(self._phase[row]) + float(self._clock[row])
            if self._unsynced[row] and begin < noise.unsynced_for_s:
                time += float(self._unsynced[row])
                status[row] |= ScaleStatus.CLOCK_UNSYNCED
            burst = ShelfWeight(
                stamp=self._start + round(time * SECOND),
                scale_id=scale_id,
                boot_id=int(self._boot[row]),
                sequence=int(self._sequence[row]),
                period=self._period,
                grams=tuple(grams[row].tolist()),
                status=ScaleStatus(int(status[row])),
            )
            self._sequence[row] += n
            if chance[3, row] < noise.missing_share:
                continue
            if chance[4, row] < noise.resent_share:
                again = ShelfWeight(
                    burst.stamp,
                    scale_id,
                    burst.boot_id,
                    burst.sequence,
                    burst.period,
                    burst.grams,
                    burst.status | ScaleStatus.RESENT,
                )
                out.append((sent + noise.resent_after_s, again))
                continue
            out.append((sent + float(self._phase[row]), burst))
            if chance[5, row] < noise.duplicate_share:
                out.append((sent + float(self._phase[row]) + 0.05, burst))
        return out
