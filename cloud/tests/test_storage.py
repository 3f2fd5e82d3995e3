# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The contract of the storage port, for every adapter."""

from __future__ import annotations

import itertools
import multiprocessing
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from conftest import Clock

from yokotago_cloud.storage.port import (
    Append,
    Check,
    Condition,
    ConditionFailedError,
    Delete,
    Put,
    Storage,
)
from yokotago_cloud.storage.sqlite import SqliteStorage

_tables = itertools.count(1)


@dataclass
class Opened:
    """A storage, and how to open what it holds once more."""

    storage: Storage
    again: Callable[[], Storage]


@pytest.fixture(scope="session")
def dynamodb(ministack: Callable[..., Any]) -> Any:
    """A client of a DynamoDB of this machine; skips where there is none."""
    return ministack("dynamodb")


@pytest.fixture(params=["sqlite", "dynamodb"])
def opened(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Iterator[Opened]:
    if request.param == "dynamodb":
        client = request.getfixturevalue("dynamodb")
        from yokotago_cloud.storage.dynamodb import DynamoDbStorage, create_table

        table = f"table-{next(_tables)}"
        create_table(client, table)
        yield Opened(DynamoDbStorage(client, table, clock), lambda: DynamoDbStorage(client, table, clock))
        return

    def again() -> Storage:
        return SqliteStorage(tmp_path / "items.db", clock)

    storage = again()
    yield Opened(storage, again)
    storage.close()


@pytest.fixture
def storage(opened: Opened) -> Storage:
    return opened.storage


def test_an_item_is_read_as_it_was_written(storage: Storage) -> None:
    data = {
        "text": "日本語 \u0000 \U0001f600",
        "number": 2**60,
        "share": 0.1,
        "list": [1, None, True],
        "empty": {},
    }
    storage.write(Put("p", "s", data, index=("ip", "is")))
    item = storage.get("p", "s")
    assert item is not None
    assert item.data == data
    assert item.index == ("ip", "is")
    assert storage.get("p", "t") is None
    assert storage.get("q", "s") is None


def test_the_version_grows_with_every_write(storage: Storage) -> None:
    versions = []
    for number in range(3):
        storage.write(Put("p", "s", {"n": number}))
        item = storage.get("p", "s")
        assert item is not None
        versions.append(item.version)
    assert versions == sorted(set(versions))


@pytest.mark.parametrize("there", [False, True])
def test_absent_and_present(storage: Storage, there: bool) -> None:
    if there:
        storage.write(Put("p", "s", {"n": 0}))
    wrong, right = (Condition.ABSENT, Condition.PRESENT) if there else (Condition.PRESENT, Condition.ABSENT)
    for operation in (Put("p", "s", {"n": 1}, wrong), Delete("p", "s", wrong), Check("p", "s", wrong)):
        with pytest.raises(ConditionFailedError):
            storage.write(operation)
    storage.write(Check("p", "s", right))
    storage.write(Put("p", "s", {"n": 2}, right))
    item = storage.get("p", "s")
    assert item is not None
    assert item.data == {"n": 2}


def test_a_version_must_be_the_newest(storage: Storage) -> None:
    storage.write(Put("p", "s", {"n": 1}))
    item = storage.get("p", "s")
    assert item is not None
    storage.write(Put("p", "s", {"n": 2}, item.version))
    for operation in (
        Put("p", "s", {}, item.version),
        Delete("p", "s", item.version),
        Check("p", "s", item.version),
    ):
        with pytest.raises(ConditionFailedError):
            storage.write(operation)
    with pytest.raises(ConditionFailedError):
        storage.write(Put("p", "other", {}, 1))


def test_all_or_nothing_and_which_operation_failed(storage: Storage) -> None:
    storage.write(Put("p", "old", {"n": 1}))
    with pytest.raises(ConditionFailedError) as refused:
        storage.write(
            Put("p", "new", {}),
            Delete("p", "old"),
            Append("p", "LOG#", {}),
            Check("p", "gone", Condition.PRESENT),
        )
    assert refused.value.operation == 3
    assert storage.get("p", "new") is None
    assert storage.get("p", "old") is not None
    assert storage.query("p", "LOG#").items == ()


def test_a_write_is_checked_before_anything_is_done(storage: Storage) -> None:
    with pytest.raises(ValueError, match="operations in one write"):
        storage.write()
    with pytest.raises(ValueError, match="operations in one write"):
        storage.write(*(Put("p", str(number), {}) for number in range(101)))
    with pytest.raises(ValueError, match="not ASCII"):
        storage.write(Put("p", "é", {}))
    with pytest.raises(ValueError, match="the same item"):
        storage.write(Put("p", "s", {}), Check("p", "s", Condition.ABSENT))
    assert storage.write(*(Put("p", f"{number:03d}", {}) for number in range(100)))[99] == "099"


def test_query_in_key_order_by_prefix_and_page(storage: Storage) -> None:
    keys = ["A#1", "B#", "B#1", "B#10", "B#2", "B#a", "B#~", "B$", "C#1"]
    for key in reversed(keys):
        storage.write(Put("p", key, {"key": key}))
    storage.write(Put("q", "B#3", {}))
    wanted = [key for key in keys if key.startswith("B#")]
    for reverse in (False, True):
        found: list[str] = []
        after = None
        pages = 0
        while True:
            page = storage.query("p", "B#", after=after, reverse=reverse, limit=2)
            found += [item.sk for item in page.items]
            pages += 1
            after = page.after
            if after is None:
                break
        assert found == (wanted[::-1] if reverse else wanted)
        assert pages == 3
    assert [item.sk for item in storage.query("p").items] == keys
    assert storage.query("p", "B#1", after="B#10").items == ()


def test_query_by_index(storage: Storage) -> None:
    for number in range(4):
        storage.write(Put(f"p{number}", "s", {"n": number}, index=("me", f"AT#{9 - number}")))
    storage.write(Put("p4", "s", {}))
    storage.write(Put("p0", "s", {"n": 0}, index=("you", "AT#9")))
    first = storage.query("me", "AT#", index=True, limit=2)
    assert [item.data["n"] for item in first.items] == [3, 2]
    rest = storage.query("me", "AT#", index=True, limit=2, after=first.after)
    assert [item.data["n"] for item in rest.items] == [1]
    assert rest.after is None
    back = storage.query("me", "AT#", index=True, reverse=True, limit=1)
    assert [item.data["n"] for item in back.items] == [1]
    storage.write(Put("p1", "s", {}))
    assert [item.data["n"] for item in storage.query("me", index=True).items] == [3, 2]


def test_what_has_expired_is_absent(storage: Storage, clock: Clock) -> None:
    storage.write(Put("p", "s", {"n": 1}, ttl=int(clock()) + 10, index=("i", "s")))
    clock.turn(9)
    before = storage.get("p", "s")
    assert before is not None
    assert before.ttl == int(clock()) + 1
    clock.turn(1)
    assert storage.get("p", "s") is None
    assert storage.query("p").items == ()
    assert storage.query("i", index=True).items == ()
    for operation in (
        Check("p", "s", Condition.PRESENT),
        Put("p", "s", {}, Condition.PRESENT),
        Put("p", "s", {}, before.version),
        Delete("p", "s", Condition.PRESENT),
    ):
        with pytest.raises(ConditionFailedError):
            storage.write(operation)
    storage.write(Put("p", "s", {"n": 2}, Condition.ABSENT))
    item = storage.get("p", "s")
    assert item is not None
    assert (item.data, item.ttl, item.index) == ({"n": 2}, None, None)


def test_one_of_many_writers_wins(storage: Storage) -> None:
    writers, rounds = 8, 25
    barrier = threading.Barrier(writers)

    def race(writer: int) -> list[int]:
        won = []
        for number in range(rounds):
            barrier.wait(10)
            try:
                storage.write(Put("race", f"{number}", {"by": writer}, Condition.ABSENT), Put(f"w{writer}", "s", {}))
            except ConditionFailedError:
                continue
            won.append(number)
        return won

    with ThreadPoolExecutor(writers) as pool:
        wins = [number for won in pool.map(race, range(writers)) for number in won]
    assert sorted(wins) == list(range(rounds))


def test_no_update_is_lost(storage: Storage) -> None:
    storage.write(Put("p", "count", {"n": 0}))

    def add(_: int) -> None:
        for _ in range(20):
            while True:
                item = storage.get("p", "count")
                assert item is not None
                try:
                    storage.write(Put("p", "count", {"n": item.data["n"] + 1}, item.version))
                    break
                except ConditionFailedError:
                    continue

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, range(4)))
    item = storage.get("p", "count")
    assert item is not None
    assert item.data == {"n": 80}


def test_who_follows_a_feed_misses_nothing(opened: Opened) -> None:
    """A reader that only ever looks behind its cursor sees every entry of writers that race, in one order."""
    writers, each = 6, 20
    finished = threading.Event()
    storage, second = opened.storage, opened.again()  # two servers, as far as the storage can tell

    def follow() -> list[int]:
        found: list[int] = []
        after = None
        while True:
            last_look = finished.is_set()
            items = storage.query("p", "LOG#", after=after, limit=7).items
            found += [item.data["n"] for item in items]
            if items:
                after = items[-1].sk
            elif last_look:
                return found
            else:
                finished.wait(0.01)  # leaves the writers some of the machine

    def write(writer: int) -> None:
        server = (storage, second)[writer % 2]
        for number in range(each):
            server.write(Append("p", "LOG#", {"n": writer * each + number}), Put(f"w{writer}", "s", {}))

    with ThreadPoolExecutor(writers + 2) as pool:
        readers = [pool.submit(follow) for _ in range(2)]
        try:
            list(pool.map(write, range(writers)))
        finally:
            finished.set()
        seen = [reader.result(20) for reader in readers]
    assert sorted(seen[0]) == list(range(writers * each))
    assert seen[0] == seen[1]
    second.close()


def test_an_append_says_where_it_went(storage: Storage) -> None:
    first = storage.write(Append("p", "LOG#", {"n": 1}), Append("p", "OTHER#", {}))
    second = storage.write(Append("p", "LOG#", {"n": 2}))
    assert first[0] < second[0]
    item = storage.get("p", second[0])
    assert item is not None
    assert item.data == {"n": 2}


def test_what_was_written_is_there_when_opened_again(opened: Opened) -> None:
    opened.storage.write(Put("p", "s", {"n": 1}), Append("p", "LOG#", {"n": 1}))
    opened.storage.close()
    opened.storage = opened.again()
    assert opened.storage.get("p", "s") is not None
    opened.storage.write(Append("p", "LOG#", {"n": 2}))
    assert [item.data["n"] for item in opened.storage.query("p", "LOG#").items] == [1, 2]
    opened.storage.close()
    opened.storage = opened.again()


def _race_in_process(path: Path, process: int, keys: int) -> list[int]:
    storage = SqliteStorage(path)
    won = []
    for number in range(keys):
        try:
            storage.write(Put("race", f"{number}", {"by": process}, Condition.ABSENT))
        except ConditionFailedError:
            continue
        won.append(number)
    storage.close()
    return won


def test_processes_that_share_a_file_race_fairly(tmp_path: Path) -> None:
    path, processes, keys = tmp_path / "shared.db", 4, 50
    SqliteStorage(path).close()
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        wins = pool.starmap(_race_in_process, [(path, process, keys) for process in range(processes)])
    assert sorted(number for won in wins for number in won) == list(range(keys))


def test_a_file_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "newer.db"
    SqliteStorage(path).close()
    import sqlite3

    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(ValueError, match="tables of version 99"):
        SqliteStorage(path)


def test_the_file_is_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "secret.db"
    SqliteStorage(path).close()
    assert path.stat().st_mode & 0o077 == 0


def test_a_full_disk_is_told_to_every_writer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    storage = SqliteStorage(tmp_path / "full.db")

    def broken(*_: object) -> tuple[str, ...]:
        raise OSError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr(storage, "_apply", broken)
        with pytest.raises(OSError, match="no space left"):
            storage.write(Put("p", "s", {}))
    storage.write(Put("p", "s", {}))
    assert storage.get("p", "s") is not None
    storage.close()


def test_what_cannot_be_written_fails_alone(storage: Storage) -> None:
    def write(number: int) -> str:
        text = "\ud800" if number % 2 else "text"
        try:
            storage.write(Put("p", f"{number:02d}", {"text": text}))
        except ValueError:
            return "refused"
        return "written"

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(write, range(40)))
    assert results == ["written", "refused"] * 20
    assert len(storage.query("p").items) == 20
