# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The bridge's durable memory: requests that the cloud has not taken yet, and what the cloud has said. One SQLite file.

A request is on the disk before put() returns, and leaves only when the cloud has answered. Between the cloud's effect
and that note the power may fail: the request then goes out again with the same key, and the cloud answers as before.
Times are seconds of the caller's clock.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from yokotago_model.events import CheckIn, Stamp
from yokotago_model.plain import from_plain, to_plain

from .cloud_requests import Request

_WAITING, _SENT, _SET_ASIDE = 0, 1, 2

_SCHEMA = """
CREATE TABLE IF NOT EXISTS outbox (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    lane TEXT NOT NULL,
    method TEXT NOT NULL,
    path TEXT NOT NULL,
    body TEXT NOT NULL,
    passing INTEGER NOT NULL,
    state INTEGER NOT NULL,
    not_before REAL NOT NULL DEFAULT 0,
    failures INTEGER NOT NULL DEFAULT 0,
    last_failure REAL NOT NULL DEFAULT 0,
    blamed INTEGER NOT NULL DEFAULT 0,
    changed REAL NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    behind TEXT NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS waiting ON outbox (lane, number) WHERE state = 0;
CREATE INDEX IF NOT EXISTS done ON outbox (changed) WHERE state = 1;
CREATE TABLE IF NOT EXISTS check_ins (
    check_in_id TEXT PRIMARY KEY,
    stamp INTEGER NOT NULL,
    plain TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS moments ON check_ins (stamp);
CREATE TABLE IF NOT EXISTS codes (random TEXT PRIMARY KEY, expires INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS notes (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""

_CODES_KEPT_S = 3600.0
"""A code expires within a minute; clocks may disagree."""

_HEADS = """
SELECT number, key, lane, method, path, body, passing, behind, failures, last_failure, blamed FROM outbox AS head
WHERE state = 0 AND not_before <= ?
AND NOT EXISTS (
    SELECT 1 FROM outbox AS earlier WHERE state = 0 AND lane IN (head.lane, head.behind) AND number < head.number
)
ORDER BY number LIMIT ?
"""


@dataclass(frozen=True, slots=True)
class Row:
    """A waiting request.

    failures: answers that asked to come later; last_failure: when the last of them came; blamed: how many of them came
    while the cloud took other requests, so that the fault is likely the request's.
    """

    number: int
    request: Request
    failures: int = 0
    last_failure: float = 0.0
    blamed: int = 0


def _request(columns: Sequence[Any]) -> Request:
    key, lane, method, path, body, passing, behind = columns
    return Request(key, lane, method, path, body, bool(passing), behind)


class Outbox:
    """Requests in the order in which they were put, each key once. May be used from several threads.

    keep_sent_s: for how long the key of a sent request is remembered, so that the same event does not go out again.
    """

    def __init__(self, path: str, keep_sent_s: float = 7 * 86_400.0) -> None:
        self._keep_sent_s = keep_sent_s
        self._lock = threading.Lock()
        self._base = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10.0)
        self._base.execute("PRAGMA journal_mode = WAL")
        self._base.execute("PRAGMA synchronous = FULL")
        self._base.executescript(_SCHEMA)
        if not any(column[1] == "behind" for column in self._base.execute("PRAGMA table_info(outbox)")):
            # A file of an earlier version.
            self._base.execute("ALTER TABLE outbox ADD COLUMN behind TEXT NOT NULL DEFAULT ''")

    def close(self) -> None:
        """Close the file; what is in it stays."""
        with self._lock:
            self._base.close()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._base.execute("BEGIN IMMEDIATE")
            try:
                yield self._base
            except BaseException:
                self._base.execute("ROLLBACK")
                raise
            self._base.execute("COMMIT")

    def _read(self, query: str, *values: object) -> list[Any]:
        with self._lock:
            return self._base.execute(query, values).fetchall()

    def put(self, request: Request, now: float) -> bool:
        """Keep the request until the cloud has taken it; it makes the passing ones that wait in its lane needless.

        False: its key is known, and nothing was done.
        """
        with self._writing() as base:
            return _put(base, request, now)

    def due(self, now: float, limit: int = 100) -> list[Row]:
        """The requests that may go out now, oldest first: of each lane its oldest, unless that one has to wait."""
        return [Row(row[0], _request(row[1:8]), *row[8:]) for row in self._read(_HEADS, now, limit)]

    def accepted(self, rows: Iterable[Row], now: float) -> None:
        """The cloud, or a broker for it, has taken the requests. Their keys are remembered, their content is not.

        One that the cloud has refused in the meantime stays set aside.
        """
        with self._writing() as base:
            base.executemany(
                "UPDATE outbox SET state = ?, body = '', reason = '', changed = ? WHERE number = ? AND state != ?",
                [(_SENT, now, row.number, _SET_ASIDE) for row in rows],
            )
            base.execute("DELETE FROM outbox WHERE state = 1 AND changed < ?", (now - self._keep_sent_s,))
            base.execute("INSERT OR REPLACE INTO notes VALUES ('accepted', ?)", (repr(now),))

    def postpone(self, row: Row, reason: str, now: float, delay: float, blame: bool = False) -> None:
        """The cloud asked to come later: after `delay` [s]. The rest of its lane waits behind it."""
        with self._writing() as base:
            base.execute(
                "UPDATE outbox SET failures = failures + 1, last_failure = ?, blamed = blamed + ?, not_before = ?,"
                " reason = ?, changed = ? WHERE number = ?",
                (now, blame, now + delay, reason, now, row.number),
            )

    def set_aside(self, row: Row, reason: str, now: float) -> None:
        """The cloud will never take the request: it is kept with the reason, and its lane goes on."""
        with self._writing() as base:
            base.execute(
                "UPDATE outbox SET state = ?, reason = ?, changed = ? WHERE number = ?",
                (_SET_ASIDE, reason, now, row.number),
            )

    def sent_is_refused(self, key: str, reason: str, now: float) -> Request | None:
        """The cloud refuses a request that a broker took for it; the request, None where it is not one of ours, or set
        aside already.

        The refusal may be here before whoever sent the request has noted that the broker took it. Afterwards its
        content is not here any more: the cloud keeps it.
        """
        with self._writing() as base:
            found = base.execute(
                "UPDATE outbox SET state = ?, reason = ?, changed = ? WHERE key = ? AND state != ?"
                " RETURNING key, lane, method, path, body, passing, behind",
                (_SET_ASIDE, reason, now, key, _SET_ASIDE),
            ).fetchall()
            return _request(found[0]) if found else None

    def last_accepted(self) -> float:
        """When the cloud took a request last; 0 for never."""
        return float(self.note("accepted") or 0.0)

    def waiting(self) -> int:
        """How many requests the cloud has not taken yet."""
        return int(self._read("SELECT count(*) FROM outbox WHERE state = ?", _WAITING)[0][0])

    def those_set_aside(self) -> list[tuple[Request, str]]:
        """The requests that were set aside, with the reasons, oldest first."""
        rows = self._read(
            "SELECT key, lane, method, path, body, passing, behind, reason FROM outbox WHERE state = ? ORDER BY number",
            _SET_ASIDE,
        )
        return [(_request(row[:7]), row[7]) for row in rows]

    def note(self, name: str) -> str:
        """What was noted under a name; "" for nothing."""
        rows = self._read("SELECT value FROM notes WHERE name = ?", name)
        return str(rows[0][0]) if rows else ""

    def set_note(self, name: str, value: str) -> None:
        """Note something under a name."""
        with self._writing() as base:
            base.execute("INSERT OR REPLACE INTO notes VALUES (?, ?)", (name, value))

    def take_check_ins(self, check_ins: list[CheckIn], cursor: str) -> list[CheckIn]:
        """Keep check-ins and the cloud's cursor behind them, together. Returns those that are new."""
        with self._writing() as base:
            fresh = [check_in for check_in in check_ins if _keep(base, check_in)]
            base.execute("INSERT OR REPLACE INTO notes VALUES ('cursor', ?)", (cursor,))
            return fresh

    def admit(self, random: str, expires: int, check_in: CheckIn, unconfirmed: Request | None, now: float) -> bool:
        """A gate has let somebody in: keep code, check-in, and what the cloud has yet to be told, together.

        False: the cloud has told of the check-in already.
        """
        with self._writing() as base:
            base.execute("DELETE FROM codes WHERE expires < ?", (now - _CODES_KEPT_S,))
            base.execute("INSERT OR REPLACE INTO codes VALUES (?, ?)", (random, expires))
            if unconfirmed is not None:
                _put(base, unconfirmed, now)
            return _keep(base, check_in)

    def used_codes(self) -> dict[str, int]:
        """The random parts of the codes that gates let in lately, and when each expires [s]."""
        return dict(self._read("SELECT random, expires FROM codes"))

    def check_ins_since(self, stamp: Stamp) -> list[CheckIn]:
        """The check-ins with this stamp or a later one, in order; those before it are forgotten."""
        with self._writing() as base:
            base.execute("DELETE FROM check_ins WHERE stamp < ?", (stamp,))
            rows = base.execute("SELECT plain FROM check_ins ORDER BY stamp, check_in_id").fetchall()
            return [from_plain(CheckIn, json.loads(plain)) for (plain,) in rows]


def _put(base: sqlite3.Connection, request: Request, now: float) -> bool:
    r = request
    done = base.execute(
        "INSERT OR IGNORE INTO outbox (key, lane, method, path, body, passing, behind, state, changed)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?)",
        (r.key, r.lane, r.method, r.path, r.body, r.passing, r.behind, now),
    )
    if done.rowcount == 0:
        return False
    base.execute(
        "UPDATE outbox SET state = ?, body = '', changed = ? WHERE lane = ? AND state = 0 AND passing AND number < ?",
        (_SENT, now, r.lane, done.lastrowid),
    )
    return True


def _keep(base: sqlite3.Connection, check_in: CheckIn) -> bool:
    """Whether the check-in is new.

    One that a gate of this store let in has an id of its own there and another in the cloud; the moment, the gate and
    the shopper are the same.
    """
    for (plain,) in base.execute("SELECT plain FROM check_ins WHERE stamp = ?", (check_in.stamp,)):
        known = from_plain(CheckIn, json.loads(plain))
        if (known.shopper_id, known.gate_id) == (check_in.shopper_id, check_in.gate_id):
            return False
    plain = json.dumps(to_plain(check_in), ensure_ascii=False)
    values = (check_in.check_in_id, check_in.stamp, plain)
    return bool(base.execute("INSERT OR IGNORE INTO check_ins VALUES (?, ?, ?)", values).rowcount)
