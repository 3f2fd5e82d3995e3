# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The storage port: what the cloud needs of a database, in the shape of one DynamoDB table.

The hard problem is to say once what must hold under races, and have it hold on a file as well as on DynamoDB.
The answer is small: items under a partition key and a sort key, reads by exact key or in key order, and one
way to write: some operations, each with a condition, that take effect all together or not at all.

Keys are ASCII text, in bytewise order. An item past its time to live is absent for every read and every
condition, whether or not the storage has already deleted it.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

MAX_OPERATIONS = 100
"""Most operations in one write: DynamoDB's limit for a transaction, where an Append takes two."""

Data: TypeAlias = Mapping[str, Any]
"""What JSON can hold; at most 400 kB when written as JSON."""


class Condition(enum.Enum):
    """What an operation may demand of the item under its key, beside an exact version number."""

    ABSENT = "absent"
    PRESENT = "present"


Demand: TypeAlias = Condition | int | None


@dataclass(frozen=True, slots=True)
class Item:
    """What a read gives: `version` grows with every write; `ttl` is in seconds since the epoch."""

    pk: str
    sk: str
    data: dict[str, Any]
    version: int
    ttl: int | None = None
    index: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Put:
    """Write the whole item. `index` is its partition and sort key in the one secondary index."""

    pk: str
    sk: str
    data: Data
    condition: Demand = None
    ttl: int | None = None
    index: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Append:
    """Write an item under the next number of `prefix` in its partition.

    Numbers become visible in their order: who has read up to n never sees a smaller one appear later. So a
    reader's cursor is the last sort key that it was given.
    """

    pk: str
    prefix: str
    data: Data
    ttl: int | None = None


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove an item; without a condition also when there is none."""

    pk: str
    sk: str
    condition: Demand = None


@dataclass(frozen=True, slots=True)
class Check:
    """Demand something of an item that the write leaves as it is."""

    pk: str
    sk: str
    condition: Condition | int


Operation: TypeAlias = Put | Append | Delete | Check


@dataclass(frozen=True, slots=True)
class Page:
    """Items in key order; `after` continues where they end, None when there was no more."""

    items: tuple[Item, ...]
    after: str | None


class ConditionFailedError(Exception):
    """A write was refused whole, because operation number `operation` found its condition unmet."""

    def __init__(self, operation: int) -> None:
        super().__init__(f"condition of operation {operation} not met")
        self.operation = operation


class StorageBusyError(Exception):
    """A write met other writers again and again; nothing was written."""


class Storage(Protocol):
    """The port. Every call may come from any thread."""

    def get(self, pk: str, sk: str) -> Item | None:
        """The item under a key, as the last finished write left it."""

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
        """Items of a partition whose sort key begins with `prefix`, in key order, after the sort key `after`.

        With `index` the keys are those of the index, which may lag behind the writes; its sort keys must be
        unique in their partition for paging to be whole.
        """

    def write(self, *operations: Operation) -> tuple[str, ...]:
        """Do all of the operations or none; the sort keys written, one for each operation.

        Durable when it returns. No two operations may name the same item.

        Raises:
            ConditionFailedError: a condition was not met, and nothing was written.
            StorageBusyError: other writers were always a moment earlier, and nothing was written.
            ValueError: no operation, too many, a key that is not ASCII, or text that UTF-8 cannot hold.
        """

    def close(self) -> None:
        """Let go of everything. No call may follow."""


def check_operations(operations: tuple[Operation, ...]) -> None:
    """Refuse what some adapter could not do.

    Raises:
        ValueError: see Storage.write.
    """
    parts = sum(2 if isinstance(operation, Append) else 1 for operation in operations)
    if not 1 <= parts <= MAX_OPERATIONS:
        raise ValueError(f"{parts} operations in one write; 1 to {MAX_OPERATIONS} are allowed")
    keys: list[tuple[str, str]] = []
    for operation in operations:
        key = (operation.pk, operation.prefix if isinstance(operation, Append) else operation.sk)
        if not all(part.isascii() for part in key):
            raise ValueError(f"key {key} is not ASCII")
        keys.append(key)
    if len(set(keys)) != len(keys):
        raise ValueError("two operations of one write name the same item")
