# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The fusion's memory over a crash: what came in, what went out, and now and then the whole state.

An event is written before it is used, an output after it was published. After a restart the last snapshot is read, the
events after it are used again, and of the outputs that this gives those that were published before are left out: they
are counted, and the stage gives the same ones in the same order. An output that was published in the moment of the
crash may go out twice, with the same id.

The file belongs to the store host; a snapshot is a pickle, so whoever may write the file may run code as the fusion.
A snapshot that another version of the package wrote is not used.
"""

from __future__ import annotations

import hashlib
import json
import pickle
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from yokotago_model import events
from yokotago_model.events import SECOND, Stamp
from yokotago_model.plain import from_plain, to_plain

from .fusion import Fusion, Output
from .watermarks import Fact

_SCHEMA = """
CREATE TABLE IF NOT EXISTS inputs (number INTEGER PRIMARY KEY, kind TEXT NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS outputs (number INTEGER PRIMARY KEY, kind TEXT NOT NULL, stamp INTEGER NOT NULL, body TEXT
NOT NULL); CREATE TABLE IF NOT EXISTS snapshot (
    only INTEGER PRIMARY KEY CHECK (only = 1), version TEXT NOT NULL, inputs INTEGER NOT NULL, outputs INTEGER NOT NULL,
    state BLOB NOT NULL
);
"""
_KEEP_OUTPUTS_S = 14 * 24 * 3600


class JournalError(RuntimeError):
    """The journal cannot be used; the text says which and why."""


def _version() -> str:
    """A digest of this package's stages: a snapshot fits only the code that wrote it."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


class Journal:
    """One SQLite file with a write-ahead log.

    snapshot_every: inputs between two snapshots. Raises JournalError when the file is no journal or cannot be written.
    """

    def __init__(self, path: str | Path, snapshot_every: int = 20_000) -> None:
        self._every = snapshot_every
        try:
            Path(path).touch(mode=0o600, exist_ok=True)
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.executescript(_SCHEMA)
        except (OSError, sqlite3.Error) as error:
            raise JournalError(f"{path} cannot be used as the fusion's journal: {error}") from error
        self._inputs = self._highest("inputs", "inputs")
        self._outputs = self._highest("outputs", "outputs")
        self._since = 0

    def _highest(self, table: str, of_snapshot: str) -> int:
        newest = self._db.execute(f"SELECT COALESCE(MAX(number), 0) FROM {table}").fetchone()[0]
        kept = self._db.execute(f"SELECT COALESCE(MAX({of_snapshot}), 0) FROM snapshot").fetchone()[0]
        return max(int(newest), int(kept))

    def take(self, event: Fact | events.StreamProgress) -> None:
        """Write an event down; call it before the event is used."""
        self._inputs += 1
        self._since += 1
        body = json.dumps(to_plain(event), separators=(",", ":"))
        self._db.execute("INSERT INTO inputs VALUES (?, ?, ?)", (self._inputs, type(event).__name__, body))

    def sent(self, output: Output) -> None:
        """Write an output down; call it after it was published."""
        self._outputs += 1
        body = json.dumps(to_plain(output), separators=(",", ":"))
        self._db.execute(
            "INSERT INTO outputs VALUES (?, ?, ?, ?)", (self._outputs, type(output).__name__, output.stamp, body)
        )

    def recover(self, fusion: Fusion) -> tuple[Fusion, Iterator[Output]]:
        """The fusion as it was, and the outputs that were not published yet, to be published in order.

        fusion: a fresh one, used where there is no snapshot that fits. The outputs must be consumed before anything
        else is fed; their iterator does the replay.
        """
        row = self._db.execute("SELECT version, inputs, outputs, state FROM snapshot").fetchone()
        first, made = 0, 0
        if row is not None and row[0] == _version():
            fusion, first, made = pickle.loads(row[3]), int(row[1]), int(row[2])
        return fusion, self._replay(fusion, first, made)

    def _replay(self, fusion: Fusion, first: int, made: int) -> Iterator[Output]:
        known = self._outputs
        rows = self._db.execute("SELECT kind, body FROM inputs WHERE number > ? ORDER BY number", (first,)).fetchall()
        for kind, body in rows:
            for output in fusion.feed(from_plain(getattr(events, kind), json.loads(body))):
                made += 1
                if made > known:
                    yield output
        self._since = len(rows)

    def receipts(self, last_s: float) -> list[events.Receipt]:
        """The published receipts of the last `last_s` seconds before the newest output that were not corrected, oldest
        first.
        """
        newest: Stamp = self._db.execute("SELECT COALESCE(MAX(stamp), 0) FROM outputs").fetchone()[0]
        rows = self._db.execute(
            "SELECT body FROM outputs WHERE kind = 'Receipt' AND stamp >= ? ORDER BY number",
            (newest - round(last_s * SECOND),),
        )
        found = [from_plain(events.Receipt, json.loads(body)) for (body,) in rows]
        corrected = {r.corrects for r in found}
        return [r for r in found if r.receipt_id not in corrected]

    def maybe_snapshot(self, fusion: Fusion) -> bool:
        """Keep the whole state instead of the events that led to it, when there are many. True when it was done."""
        if self._since < self._every:
            return False
        state = pickle.dumps(fusion, protocol=pickle.HIGHEST_PROTOCOL)
        self._db.execute("BEGIN IMMEDIATE")
        self._db.execute(
            "INSERT OR REPLACE INTO snapshot VALUES (1, ?, ?, ?, ?)", (_version(), self._inputs, self._outputs, state)
        )
        self._db.execute("DELETE FROM inputs WHERE number <= ?", (self._inputs,))
        newest: Stamp = self._db.execute("SELECT COALESCE(MAX(stamp), 0) FROM outputs").fetchone()[0]
        self._db.execute("DELETE FROM outputs WHERE stamp < ?", (newest - _KEEP_OUTPUTS_S * SECOND,))
        self._db.execute("COMMIT")
        self._since = 0
        return True

    def close(self) -> None:
        """Close the file; nothing is lost without it."""
        self._db.close()
