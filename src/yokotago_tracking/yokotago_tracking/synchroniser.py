# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Puts the clouds of several sensors together into ticks of event time.

The hard problem is to wait for nobody longer than needed and still to give the same ticks whatever the order in which
the sensors' clouds arrive. A tick takes from each sensor the first cloud that is not older than half a period before
it. It is made when every live sensor has delivered such a cloud or when some sensor is ahead by the allowed wait,
which no cloud that is still to come may be late. A sensor that misses ticks for long is dark: nobody waits for it,
and what it sends counts again only from one wait after its return, when every order of arrival would have delivered
it.

Clouds of one sensor are expected in the order of their stamps; one that comes too late for its tick is dropped and
counted.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from yokotago_model.events import SECOND, ForegroundCloud, Stamp


@dataclass(frozen=True)
class SynchroniserParams:
    """Parameters of Synchroniser.

    wait_s: how far a sensor may be behind the others before a tick is made without it;
    dark_s: how long a sensor must be missing to be dark; restart_s: a gap in all sensors' clouds
    that is skipped.
    """

    wait_s: float = 0.25
    dark_s: float = 1.0
    restart_s: float = 30.0

    def __post_init__(self) -> None:
        if not 0.0 < self.wait_s <= self.dark_s < self.restart_s:
            raise ValueError(
                f"SynchroniserParams: wait_s {self.wait_s}, dark_s {self.dark_s} and restart_s {self.restart_s}"
                " must be positive and not decrease"
            )


@dataclass(frozen=True)
class Tick:
    """What all sensors saw around one moment. clouds: in the store's order of sensors; missing: live ones without a
    cloud."""

    stamp: Stamp
    clouds: tuple[ForegroundCloud, ...]
    missing: tuple[str, ...]
    dark: tuple[str, ...]


@dataclass
class _Line:
    """What is known of one sensor."""

    queue: deque[ForegroundCloud] = field(default_factory=deque)
    newest: Stamp | None = None
    counts_from: Stamp | None = None
    missing_since: Stamp | None = None
    dark: bool = False
    late: int = 0


class Synchroniser:
    """Foreground clouds in, ticks out, one every period."""

    def __init__(self, sensor_ids: tuple[str, ...], period_s: float, params: SynchroniserParams | None = None) -> None:
        self.params = params or SynchroniserParams()
        self.period = round(period_s * SECOND)
        self._wait, self._dark = (round(s * SECOND) for s in (self.params.wait_s, self.params.dark_s))
        self._lines = {s: _Line() for s in sensor_ids}
        self._restart = round(self.params.restart_s * SECOND)
        self._next: Stamp | None = None
        self._alone = 0
        self._last_sensor = ""
        self.unknown = 0
        """Clouds of sensors that the store does not have."""

    @property
    def late(self) -> dict[str, int]:
        """Clouds of each sensor that came too late for their tick."""
        return {s: line.late for s, line in self._lines.items()}

    @property
    def dark(self) -> tuple[str, ...]:
        """Sensors that are missing."""
        return tuple(s for s, line in self._lines.items() if line.dark)

    @property
    def behind_s(self) -> dict[str, float | None]:
        """How far each sensor's newest stamp is behind the newest of all [s]; None: nothing came yet."""
        newest = max((line.newest for line in self._lines.values() if line.newest is not None), default=0)
        return {s: None if line.newest is None else (newest - line.newest) / SECOND for s, line in self._lines.items()}

    def feed(self, cloud: ForegroundCloud) -> list[Tick]:
        """The ticks that this cloud completes."""
        line = self._lines.get(cloud.sensor_id)
        if line is None:
            self.unknown += 1
            return []
        if line.dark and line.counts_from is None:
            # Also one that is late, for nobody waited for it, says that the sensor is back.
            line.counts_from = cloud.stamp + self._wait
        if self._next is not None and cloud.stamp < self._next - self.period // 2:
            line.late += 1
            return []
        if line.newest is not None and cloud.stamp <= line.newest:
            line.late += 1
            return []
        line.newest = cloud.stamp
        line.queue.append(cloud)
        self._alone = self._alone + 1 if cloud.sensor_id == self._last_sensor else 0
        self._last_sensor = cloud.sensor_id
        return self._ticks(final=False)

    def finish(self) -> list[Tick]:
        """The ticks that were waiting when the recording ended."""
        return self._ticks(final=True)

    def _newest(self) -> Stamp:
        """How far time has come: a sensor whose clock runs ahead of all the others cannot say so alone."""
        stamps = sorted((line.newest for line in self._lines.values() if line.newest is not None), reverse=True)
        if not stamps:
            return 0
        others_gone = self._alone * self.period > self._wait + self._dark
        return stamps[0] if len(stamps) < 3 or others_gone else stamps[1]

    def _tick_of(self, stamp: Stamp) -> Stamp:
        return (stamp + self.period // 2) // self.period * self.period

    def _ticks(self, *, final: bool) -> list[Tick]:
        made: list[Tick] = []
        newest = self._newest()
        if self._next is None:
            all_here = all(line.queue for line in self._lines.values())
            first = min((line.queue[0].stamp for line in self._lines.values() if line.queue), default=newest)
            if not (all_here or final or newest >= first + self._wait):
                return []
            self._next = self._tick_of(first)
        while True:
            for line in self._lines.values():
                while line.queue and line.queue[0].stamp < self._next - self.period // 2:
                    line.queue.popleft()
            first = min((line.queue[0].stamp for line in self._lines.values() if line.queue), default=self._next)
            if first > self._next + self._restart:
                self._next = self._tick_of(first)
            waiting = any(not line.queue for line in self._lines.values() if not line.dark)
            if final:
                if not any(line.queue for line in self._lines.values()):
                    return made
            elif (
                newest < self._next - self.period // 2
                or (waiting and newest < self._next + self._wait)
                or (
                    not waiting and all(line.dark for line in self._lines.values()) and newest < self._next + self._wait
                )
            ):
                return made
            made.append(self._make(self._next))
            self._next += self.period

    def _make(self, stamp: Stamp) -> Tick:
        clouds, missing = [], []
        for sensor_id, line in self._lines.items():
            here = bool(line.queue) and line.queue[0].stamp < stamp + self.period
            if line.dark and line.counts_from is not None and stamp >= line.counts_from:
                line.dark, line.counts_from, line.missing_since = False, None, None
            if here and not line.dark:
                clouds.append(line.queue[0])
                line.missing_since = None
                continue
            if line.dark:
                continue
            missing.append(sensor_id)
            if line.missing_since is None:
                line.missing_since = stamp
            if stamp - line.missing_since >= self._dark:
                line.dark, line.counts_from = True, None
        dark = tuple(s for s, line in self._lines.items() if line.dark)
        return Tick(stamp, tuple(clouds), tuple(missing), dark)
