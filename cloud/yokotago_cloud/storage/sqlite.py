# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Storage in one SQLite file: durable, for one machine, nothing to sign up for.

A durable commit costs a disk flush, whatever is in it. So one thread writes: it takes all writes that wait,
gives each a savepoint of its own, and commits them together; a writer is answered after the flush. Several
processes may share the file: a batch holds SQLite's write lock from before its first read.
"""

from __future__ import annotations

import json
import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from yokotago_cloud.storage.port import (
    Append,
    Check,
    Condition,
    ConditionFailedError,
    Delete,
    Demand,
    Item,
    Operation,
    Page,
    Put,
    check_operations,
)

SCHEMA_VERSION = 1
"""Raised with every change of the tables; see README.md, Migrations."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS items (
  pk TEXT NOT NULL, sk TEXT NOT NULL, data TEXT NOT NULL, version INTEGER NOT NULL,
  ttl INTEGER, ipk TEXT, isk TEXT, PRIMARY KEY (pk, sk)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS items_by_index ON items (ipk, isk) WHERE ipk IS NOT NULL;
CREATE INDEX IF NOT EXISTS items_by_ttl ON items (ttl) WHERE ttl IS NOT NULL;
CREATE TABLE IF NOT EXISTS counters (
  pk TEXT NOT NULL, prefix TEXT NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (pk, prefix)) WITHOUT ROWID;
"""
_BATCH = 256
_PURGE_EVERY_S = 60.0
_LOCK_TIMEOUT_S = 30.0
_AFTER_PREFIX = "\x7f"  # behind every ASCII character that a key may hold


class _Write:
    """One write on its way to the writer thread."""

    def __init__(self, operations: tuple[Operation, ...]) -> None:
        self.operations = operations
        # here, so that what cannot be written fails alone and not with its batch
        self.texts = tuple(_text(operation) for operation in operations)
        self.done: Future[tuple[str, ...]] = Future()


class SqliteStorage:
    """The storage port on a SQLite file, made when absent.

    Raises:
        ValueError: the file was written by a newer version of this program.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        self._path = path
        self._clock = clock
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._connections_lock = threading.Lock()
        self._queue: queue.SimpleQueue[_Write | None] = queue.SimpleQueue()
        path.touch(mode=0o600, exist_ok=True)  # it holds the signing keys
        connection = self._connect()
        found = int(connection.execute("PRAGMA user_version").fetchone()[0])
        if found > SCHEMA_VERSION:
            connection.close()
            raise ValueError(f"{path} has tables of version {found}; this program knows up to {SCHEMA_VERSION}")
        connection.executescript(_SCHEMA)
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        self._writer = threading.Thread(target=self._run, args=(connection,), name="sqlite-writer", daemon=True)
        self._writer.start()

    def get(self, pk: str, sk: str) -> Item | None:
        """See Storage.get."""
        row = (
            self._reader()
            .execute(
                "SELECT pk, sk, data, version, ttl, ipk, isk FROM items"
                " WHERE pk = ? AND sk = ? AND (ttl IS NULL OR ttl > ?)",
                (pk, sk, self._clock()),
            )
            .fetchone()
        )
        return None if row is None else _item(row)

    def query(
        self,
        pk: str,
        prefix: str = "",
        *,
        index: bool = False,
        after: str | None = None,
        reverse: bool = False,
        limit: int = 100,
    ) -> Page:
        """See Storage.query."""
        p, s = ("ipk", "isk") if index else ("pk", "sk")
        arguments: list[Any] = [pk, prefix, prefix + _AFTER_PREFIX, self._clock()]
        beyond = ""
        if after is not None:
            beyond = f" AND {s} {'<' if reverse else '>'} ?"
            arguments.append(after)
        arguments.append(limit + 1)
        rows = (
            self._reader()
            .execute(
                "SELECT pk, sk, data, version, ttl, ipk, isk FROM items"  # noqa: S608 (column names only)
                f" WHERE {p} = ? AND {s} >= ? AND {s} < ? AND (ttl IS NULL OR ttl > ?){beyond}"
                f" ORDER BY {s} {'DESC' if reverse else 'ASC'} LIMIT ?",
                arguments,
            )
            .fetchall()
        )
        items = tuple(_item(row) for row in rows[:limit])
        if len(rows) <= limit or not items:
            return Page(items, None)
        last = items[-1]
        return Page(items, last.index[1] if index and last.index else last.sk)

    def write(self, *operations: Operation) -> tuple[str, ...]:
        """See Storage.write."""
        check_operations(operations)
        write = _Write(operations)
        self._queue.put(write)
        return write.done.result()

    def close(self) -> None:
        """See Storage.close."""
        self._queue.put(None)
        self._writer.join()
        with self._connections_lock:
            for connection in self._connections:
                connection.close()
            self._connections.clear()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=_LOCK_TIMEOUT_S, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        with self._connections_lock:
            self._connections.append(connection)
        return connection

    def _reader(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = self._connect()
        return connection

    def _run(self, connection: sqlite3.Connection) -> None:
        """The writer thread: batch after batch until a None comes; now and then it deletes what has expired."""
        purged = self._clock()
        while True:
            try:
                first = self._queue.get(timeout=_PURGE_EVERY_S)
            except queue.Empty:
                first = _Write(())
            if first is None:
                return
            batch = [first]
            last = False
            while len(batch) < _BATCH:
                try:
                    following = self._queue.get_nowait()
                except queue.Empty:
                    break
                if following is None:
                    last = True
                    break
                batch.append(following)
            self._commit(connection, batch, purge=self._clock() - purged >= _PURGE_EVERY_S)
            if self._clock() - purged >= _PURGE_EVERY_S:
                purged = self._clock()
            if last:
                return

    def _commit(self, connection: sqlite3.Connection, batch: list[_Write], *, purge: bool) -> None:
        results: list[tuple[str, ...] | Exception] = []
        try:
            connection.execute("BEGIN IMMEDIATE")
            for write in batch:
                connection.execute("SAVEPOINT one")
                try:
                    results.append(self._apply(connection, write))
                except ConditionFailedError as refused:
                    connection.execute("ROLLBACK TO one")
                    results.append(refused)
                connection.execute("RELEASE one")
            if purge:
                connection.execute("DELETE FROM items WHERE ttl <= ?", (self._clock(),))
            connection.execute("COMMIT")
        except Exception as broken:  # a full disk, say: nobody's write went through, and everybody is told
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            results = [broken] * len(batch)
        for write, result in zip(batch, results, strict=True):
            if isinstance(result, Exception):
                write.done.set_exception(result)
            else:
                write.done.set_result(result)

    def _apply(self, connection: sqlite3.Connection, write: _Write) -> tuple[str, ...]:
        now = self._clock()
        written = []
        for number, (operation, text) in enumerate(zip(write.operations, write.texts, strict=True)):
            if isinstance(operation, Append):
                sk = self._append(connection, operation, text)
            else:
                sk = operation.sk
                row = connection.execute(
                    "SELECT version, ttl FROM items WHERE pk = ? AND sk = ?", (operation.pk, sk)
                ).fetchone()
                present = row is not None and (row[1] is None or row[1] > now)
                if not _met(operation.condition, row[0] if present else None):
                    raise ConditionFailedError(number)
                if isinstance(operation, Put):
                    _insert(connection, operation, text, sk, 1 if row is None else row[0] + 1)
                elif isinstance(operation, Delete):
                    connection.execute("DELETE FROM items WHERE pk = ? AND sk = ?", (operation.pk, sk))
                else:
                    assert isinstance(operation, Check)
            written.append(sk)
        return tuple(written)

    @staticmethod
    def _append(connection: sqlite3.Connection, operation: Append, text: str) -> str:
        number = connection.execute(
            "INSERT INTO counters VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET number = number + 1 RETURNING number",
            (operation.pk, operation.prefix),
        ).fetchone()[0]
        sk = f"{operation.prefix}{number:012d}"
        _insert(connection, operation, text, sk, 1)
        return sk


def _met(demand: Demand, version: int | None) -> bool:
    """Whether an item, absent when `version` is None, is as demanded."""
    if demand is None:
        return True
    if demand is Condition.ABSENT:
        return version is None
    if demand is Condition.PRESENT:
        return version is not None
    return version == demand


def _text(operation: Operation) -> str:
    """The item's data as JSON; ValueError for what UTF-8 cannot hold, a lone surrogate."""
    if not isinstance(operation, Put | Append):
        return ""
    text = json.dumps(operation.data, ensure_ascii=False, separators=(",", ":"))
    text.encode()
    return text


def _insert(connection: sqlite3.Connection, operation: Put | Append, text: str, sk: str, version: int) -> None:
    ipk, isk = (operation.index if isinstance(operation, Put) else None) or (None, None)
    connection.execute(
        "INSERT OR REPLACE INTO items VALUES (?, ?, ?, ?, ?, ?, ?)",
        (operation.pk, sk, text, version, operation.ttl, ipk, isk),
    )


def _item(row: tuple[Any, ...]) -> Item:
    pk, sk, data, version, ttl, ipk, isk = row
    return Item(pk, sk, json.loads(data), version, ttl, None if ipk is None else (ipk, isk))
