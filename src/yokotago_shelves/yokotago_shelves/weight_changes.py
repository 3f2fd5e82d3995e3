# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Samples of all scales of a store to weight changes.

Each scale finds its own steps (samples, levels). What no scale can know alone is decided here: that a small step is the
shadow of a large one on the neighbouring plate, that a scale has fallen silent, and how far all of them have come.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from yokotago_model.events import (
    SECOND,
    Alert,
    Event,
    ScaleStatus,
    Severity,
    ShelfWeight,
    Stamp,
    WeightChange,
)
from yokotago_model.progress import ProgressCounter
from yokotago_model.store import Scale, Store

from .levels import Levels, Step
from .parameters import WeightParameters
from .samples import UNUSABLE, Block, Samples

STREAM = "/weight_changes"

_BOARD_M = 0.05
"""Plates whose heights differ by less stand on one board."""

_NEAR_M = 0.3
"""Plates on one board with a smaller gap feel each other."""

_TOGETHER = 3 * SECOND // 10
"""Steps that are no farther apart happened at once [ns]."""

_PROGRESS_EVERY = SECOND // 10


@dataclass
class _Unit:
    """What is known of one scale."""

    scale: Scale
    samples: Samples
    levels: Levels
    neighbours: tuple[str, ...]
    steps: int = 0
    silent: bool = False
    troubled: bool = False
    clock_shift: int = 0


@dataclass(frozen=True)
class _Pending:
    """A small change that waits for what its neighbours did."""

    change: WeightChange
    until: Stamp


def _neighbours(scale: Scale, store: Store) -> tuple[str, ...]:
    def gap(other: Scale) -> float:
        return max(scale.x, other.x) - min(scale.x + scale.width, other.x + other.width)

    return tuple(
        s.scale_id
        for s in store.scales
        if s.scale_id != scale.scale_id
        and s.shelf_id == scale.shelf_id
        and abs(s.z - scale.z) < _BOARD_M
        and gap(s) < _NEAR_M
    )


class WeightChanges:
    """ShelfWeight in, WeightChange, StreamProgress and Alert out.

    session: another number for each run of the node, for the ids of the changes and /progress.
    Bursts of scales that the store does not have give one alert and nothing else.
    """

    def __init__(self, store: Store, parameters: WeightParameters | None = None, session: int = 1) -> None:
        self._p = parameters or WeightParameters()
        self._session = session
        late_s = store.tolerances.weights_late_s
        self._units = {
            s.scale_id: _Unit(
                s,
                Samples(capacity_g=s.capacity_g, block_s=self._p.block_s, late_s=late_s),
                Levels(self._p),
                _neighbours(s, store),
            )
            for s in store.scales
        }
        self._late = round(late_s * SECOND)
        self._longest_wait = round(self._p.slow_hold_s * SECOND)
        self._unsynced = round(self._p.unsynced_s * SECOND)
        self._silent_after = round(self._p.silent_after_s * SECOND)
        self._progress = ProgressCounter(session)
        self._pending: list[_Pending] = []
        self._recent: dict[str, list[WeightChange]] = {s: [] for s in self._units}
        self._strangers: set[str] = set()
        self._first: Stamp | None = None
        self._newest: Stamp = 0
        self._synced: Stamp = 0
        self._told: Stamp = 0
        self._told_to: Stamp = 0

    def feed(self, event: Event) -> list[Event]:
        """What follows from a burst; other events are not for this stage.

        Raises TypeError for an event that is no ShelfWeight.
        """
        if not isinstance(event, ShelfWeight):
            raise TypeError(f"weight changes are made from ShelfWeight, not from {type(event).__name__}")
        unit = self._units.get(event.scale_id)
        if unit is None:
            return self._stranger(event)
        out: list[Event] = []
        burst = self._timed(unit, event)
        if self._first is None:
            self._first = burst.stamp
        self._take(unit, unit.samples.feed(burst), out)
        self._newest = max(self._newest, unit.samples.newest)
        self._trouble(unit, burst, out)
        if self._pending:
            self._decide_pending(out, everything=False)
        if self._newest - self._told >= _PROGRESS_EVERY:
            self._tell(out)
        return out

    def finish(self) -> list[Event]:
        """The end of a recording: what is left, and that nothing is to come."""
        out: list[Event] = []
        for unit in self._units.values():
            self._take(unit, unit.samples.finish(), out)
            self._found(unit, unit.levels.finish(), out)
        self._decide_pending(out, everything=True)
        self._told_to = max(self._told_to, self._newest)
        out.append(self._progress.progress(STREAM, self._told_to, self._silent()))
        return out

    def _timed(self, unit: _Unit, burst: ShelfWeight) -> ShelfWeight:
        """A burst of a board without the time gets it from the other boards: its last sample is as new as theirs.

        The shift is kept while it is right to within unsynced_s, so that the burst's own samples follow each other.
        """
        end = burst.stamp + round(burst.period * SECOND * len(burst.grams))
        if burst.status is ScaleStatus.OK or not burst.status & ScaleStatus.CLOCK_UNSYNCED:
            self._synced = max(self._synced, end)
            return burst
        if not self._synced:
            return burst
        if abs(self._synced - (end + unit.clock_shift)) > self._unsynced:
            unit.clock_shift = self._synced - end
        return replace(burst, stamp=burst.stamp + unit.clock_shift)

    def _take(self, unit: _Unit, blocks: list[Block], out: list[Event]) -> None:
        for block in blocks:
            self._found(unit, unit.levels.feed(block), out)

    def _found(self, unit: _Unit, step: Step | None, out: list[Event]) -> None:
        if step is None:
            return
        change = self._change(unit, step)
        self._recent[change.scale_id].append(change)
        if abs(change.delta) <= self._p.cross_talk_hold_g and unit.neighbours:
            self._pending.append(_Pending(change, change.end + _TOGETHER))
        else:
            self._publish(change, out)

    def _change(self, unit: _Unit, step: Step) -> WeightChange:
        unit.steps += 1
        wider = self._unsynced if step.status & ScaleStatus.CLOCK_UNSYNCED else 0
        return WeightChange(
            change_id=f"{unit.scale.scale_id}-{self._session}-{unit.steps}",
            scale_id=unit.scale.scale_id,
            begin=step.begin - wider,
            end=step.end + wider,
            delta=step.delta,
            stddev=step.stddev,
            level_before=step.before,
            level_after=step.after,
            status=step.status,
        )

    def _publish(self, change: WeightChange, out: list[Event]) -> None:
        self._progress.count(STREAM)
        out.append(change)

    # Cross-talk: a plate moves by one or two per cent of what its neighbour loses.

    def _decide_pending(self, out: list[Event], *, everything: bool) -> None:
        still: list[_Pending] = []
        for pending in self._pending:
            unit = self._units[pending.change.scale_id]
            heard = everything or all(self._heard(n, pending.until) for n in unit.neighbours)
            if not heard:
                still.append(pending)
            elif not self._is_shadow(pending.change, unit):
                self._publish(pending.change, out)
        self._pending = still

    def _heard(self, scale_id: str, until: Stamp) -> bool:
        """Whether the scale's steps that began by a moment are known, or it is too late to wait for them."""
        levels = self._units[scale_id].levels
        moves = levels.moving_since is not None and levels.moving_since < until
        known = levels.done >= until and (not moves or levels.done >= until + self._longest_wait)
        return known or self._newest > until + self._late + self._silent_after

    def _is_shadow(self, change: WeightChange, unit: _Unit) -> bool:
        return any(
            other.begin - _TOGETHER <= change.end
            and change.begin <= other.end + _TOGETHER
            and abs(change.delta) <= self._p.cross_talk_share * abs(other.delta) + 2.0 * change.stddev
            and abs(other.delta) > 10.0 * abs(change.delta)
            for neighbour in unit.neighbours
            for other in self._recent[neighbour]
        )

    # How far the stream has come, and what is wrong.

    def _silent(self) -> tuple[str, ...]:
        return tuple(s for s, u in self._units.items() if u.silent)

    def _tell(self, out: list[Event]) -> None:
        assert self._first is not None
        self._told = self._newest
        forgotten = self._newest - 10 * SECOND - self._silent_after
        for changes in self._recent.values():
            while changes and changes[0].end < forgotten:
                del changes[0]
        for scale_id, unit in self._units.items():
            # A board whose cell is broken or overloaded talks and says nothing: it must not hold up the store either.
            silent = self._newest - max(unit.samples.usable, self._first) > self._silent_after
            if silent and not unit.silent and not unit.troubled:
                text = f"scale {scale_id} sends nothing any more: look at its power, its network and the agent"
                out.append(Alert(self._newest, Severity.ERROR, "scale_silent", text, (scale_id,)))
            unit.silent = silent
        live = [u.levels.done for u in self._units.values() if not u.silent and u.samples.newest]
        waiting = [p.change.end - 1 for p in self._pending]
        if live:
            self._told_to = max(self._told_to, min(live + waiting))
            out.append(self._progress.progress(STREAM, self._told_to, self._silent()))

    def _trouble(self, unit: _Unit, event: ShelfWeight, out: list[Event]) -> None:
        if event.status is ScaleStatus.OK:  # nearly always, and arithmetic with an enumeration is slow
            unit.troubled = False
            return
        bad = event.status & UNUSABLE
        if bad and not unit.troubled:
            words = {
                ScaleStatus.SATURATED: "is loaded beyond what it can weigh",
                ScaleStatus.NOT_CALIBRATED: "is not calibrated",
                ScaleStatus.HARDWARE_FAULT: "reports a fault of its load cell or its wiring",
            }
            text = f"scale {event.scale_id} " + " and ".join(w for bit, w in words.items() if bad & bit)
            out.append(Alert(event.stamp, Severity.ERROR, "scale_fault", text, (event.scale_id,)))
        unit.troubled = bool(bad)

    def _stranger(self, event: ShelfWeight) -> list[Event]:
        if event.scale_id in self._strangers:
            return []
        self._strangers.add(event.scale_id)
        text = f"scale {event.scale_id} is not in the store's description: add it under 'scales' or correct its id"
        return [Alert(event.stamp, Severity.WARNING, "scale_unknown", text, (event.scale_id,))]
