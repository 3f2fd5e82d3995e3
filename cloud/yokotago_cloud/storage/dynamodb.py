# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Storage in one DynamoDB table with one index.

The port's words are DynamoDB's own, but for one: Append. Its numbers must become visible in their order, so each
comes from a counter item that is raised in the same transaction as the entry is written; writers that race for one
counter try again. What an endpoint answers that is not Amazon's own proves nothing about Amazon's.
"""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

from yokotago_cloud.storage.port import (
    Append,
    Condition,
    ConditionFailedError,
    Delete,
    Demand,
    Item,
    Operation,
    Page,
    Put,
    StorageBusyError,
    check_operations,
)

INDEX = "by_index"
_TRIES = 12
_LOWEST, _HIGHEST = " ", "\x7f"  # around every character that a key may hold


def create_table(client: Any, table: str) -> None:
    """Make the table, its index and its time to live, and wait until it is there."""
    names = ("pk", "sk", "ipk", "isk")
    client.create_table(
        TableName=table,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in names],
        KeySchema=_key_schema("pk", "sk"),
        GlobalSecondaryIndexes=[
            {"IndexName": INDEX, "KeySchema": _key_schema("ipk", "isk"), "Projection": {"ProjectionType": "ALL"}}
        ],
    )
    client.get_waiter("table_exists").wait(TableName=table)
    client.update_time_to_live(TableName=table, TimeToLiveSpecification={"Enabled": True, "AttributeName": "ttl"})


class DynamoDbStorage:
    """The storage port on a table that is there. `client` is boto3's, which is safe among threads."""

    def __init__(self, client: Any, table: str, clock: Callable[[], float] = time.time) -> None:
        self._client = client
        self._table = table
        self._clock = clock
        # threads of one process need not race for a counter: only other processes make them try again
        self._appending = threading.Lock()

    def get(self, pk: str, sk: str) -> Item | None:
        """See Storage.get."""
        found = self._client.get_item(TableName=self._table, Key=_key(pk, sk), ConsistentRead=True).get("Item")
        item = None if found is None else _item(found)
        return None if item is None or (item.ttl is not None and item.ttl <= self._clock()) else item

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
        low, high = prefix or _LOWEST, prefix + _HIGHEST
        if after is not None:
            low, high = (low, min(high, after)) if reverse else (max(low, after), high)
        if low > high:
            return Page((), None)
        p, s = ("ipk", "isk") if index else ("pk", "sk")
        request: dict[str, Any] = {
            "TableName": self._table,
            "KeyConditionExpression": f"{p} = :p AND {s} BETWEEN :low AND :high",
            "FilterExpression": "attribute_not_exists(#ttl) OR #ttl > :now",
            "ExpressionAttributeNames": {"#ttl": "ttl"},
            "ExpressionAttributeValues": {
                ":p": {"S": pk},
                ":low": {"S": low},
                ":high": {"S": high},
                ":now": {"N": str(int(self._clock()))},
            },
            "ScanIndexForward": not reverse,
            "Limit": limit + 2,  # one that may be `after` itself, one that says whether there is more
        }
        request |= {"IndexName": INDEX} if index else {"ConsistentRead": True}
        items: list[Item] = []
        while len(items) <= limit:
            answer = self._client.query(**request)
            items += [item for found in answer["Items"] if _sort_key(item := _item(found), index) != after]
            if "LastEvaluatedKey" not in answer:
                break
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
        page = tuple(items[:limit])
        return Page(page, _sort_key(page[-1], index) if page and len(items) > limit else None)

    def write(self, *operations: Operation) -> tuple[str, ...]:
        """See Storage.write."""
        check_operations(operations)
        for attempt in range(_TRIES):
            with self._appending if any(isinstance(one, Append) for one in operations) else nullcontext():
                sort_keys, requests, sources = self._requests(operations)
                try:
                    self._client.transact_write_items(TransactItems=requests)
                except self._client.exceptions.ClientError as refused:
                    conditions = [source for n in _failed(refused) if (source := sources[n]) is not None]
                    if conditions:
                        raise ConditionFailedError(min(conditions)) from refused
                else:
                    return sort_keys
            time.sleep(random.uniform(0, 0.01 * 2 ** min(attempt, 6)))  # noqa: S311 (spreads writers)
        raise StorageBusyError

    def close(self) -> None:
        """See Storage.close; the client is its maker's."""

    def _requests(
        self, operations: tuple[Operation, ...]
    ) -> tuple[tuple[str, ...], list[dict[str, Any]], list[int | None]]:
        """Sort keys, the transaction, and for each of its parts the operation whose condition it carries."""
        sort_keys: list[str] = []
        requests: list[dict[str, Any]] = []
        sources: list[int | None] = []
        for number, operation in enumerate(operations):
            if isinstance(operation, Append):
                counter, raised = self._next(operation)
                sk = f"{operation.prefix}{counter:012d}"
                requests += [raised, self._update(operation, sk, None)]
                sources += [None, None]
            else:
                sk = operation.sk
                if isinstance(operation, Put):
                    requests.append(self._update(operation, sk, operation.condition))
                else:
                    kind = "Delete" if isinstance(operation, Delete) else "ConditionCheck"
                    part: dict[str, Any] = {"TableName": self._table, "Key": _key(operation.pk, sk)}
                    self._demand(part, operation.condition)
                    requests.append({kind: part})
                sources.append(number)
            sort_keys.append(sk)
        return tuple(sort_keys), requests, sources

    def _next(self, operation: Append) -> tuple[int, dict[str, Any]]:
        """The next number of a feed, and the request that raises its counter if nobody else has."""
        key = _key(f"COUNTER#{operation.pk}", operation.prefix)
        found = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True).get("Item")
        number = 0 if found is None else int(found["number"]["N"])
        update: dict[str, Any] = {
            "TableName": self._table,
            "Key": key,
            "UpdateExpression": "SET #number = :next",
            "ExpressionAttributeNames": {"#number": "number"},
            "ExpressionAttributeValues": {":next": {"N": str(number + 1)}},
            "ConditionExpression": "attribute_not_exists(#number)",
        }
        if found is not None:
            update["ConditionExpression"] = "#number = :number"
            update["ExpressionAttributeValues"][":number"] = {"N": str(number)}
        return number + 1, {"Update": update}

    def _update(self, operation: Put | Append, sk: str, demand: Demand) -> dict[str, Any]:
        """Writes the whole item and raises its version."""
        index = operation.index if isinstance(operation, Put) else None
        text = json.dumps(operation.data, ensure_ascii=False, separators=(",", ":"))
        text.encode()  # ValueError for a lone surrogate
        fields: dict[str, dict[str, str] | None] = {
            "data": {"S": text},
            "ttl": None if operation.ttl is None else {"N": str(operation.ttl)},
            "ipk": None if index is None else {"S": index[0]},
            "isk": None if index is None else {"S": index[1]},
        }
        kept = [name for name, value in fields.items() if value is not None]
        gone = [name for name, value in fields.items() if value is None]
        expression = "SET " + ", ".join(f"#{name} = :{name}" for name in kept)
        if gone:
            expression += " REMOVE " + ", ".join(f"#{name}" for name in gone)
        part: dict[str, Any] = {
            "TableName": self._table,
            "Key": _key(operation.pk, sk),
            "UpdateExpression": expression + " ADD #version :one",
            "ExpressionAttributeNames": {f"#{name}": name for name in (*fields, "version")},
            "ExpressionAttributeValues": {f":{name}": fields[name] for name in kept} | {":one": {"N": "1"}},
        }
        self._demand(part, demand)
        return {"Update": part}

    def _demand(self, part: dict[str, Any], demand: Demand) -> None:
        """Add the condition. An item past its time is absent, whether or not it has been deleted."""
        if demand is None:
            return
        lives = "(attribute_not_exists(#ttl) OR #ttl > :now)"
        names, values = {"#ttl": "ttl"}, {":now": {"N": str(int(self._clock()))}}
        if demand is Condition.ABSENT:
            part["ConditionExpression"] = "attribute_not_exists(pk) OR #ttl <= :now"
        elif demand is Condition.PRESENT:
            part["ConditionExpression"] = f"attribute_exists(pk) AND {lives}"
        else:
            part["ConditionExpression"] = f"#version = :version AND {lives}"
            names["#version"] = "version"
            values[":version"] = {"N": str(demand)}
        part.setdefault("ExpressionAttributeNames", {}).update(names)
        part.setdefault("ExpressionAttributeValues", {}).update(values)


def _failed(refused: Any) -> list[int]:
    """Which parts of a cancelled transaction found their condition unmet; none when it only met another one.

    Raises:
        botocore.exceptions.ClientError: it was refused for something else.
    """
    code = refused.response["Error"]["Code"]
    if code == "TransactionInProgressException":
        return []
    if code != "TransactionCanceledException":
        raise refused
    reasons = [reason.get("Code", "None") for reason in refused.response.get("CancellationReasons", [])]
    known = {"None", "ConditionalCheckFailed", "TransactionConflict", "ThrottlingError"}
    if not reasons or not set(reasons) <= known:
        raise refused
    return [number for number, reason in enumerate(reasons) if reason == "ConditionalCheckFailed"]


def _key_schema(partition: str, sort: str) -> list[dict[str, str]]:
    return [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}]


def _key(pk: str, sk: str) -> dict[str, dict[str, str]]:
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def _sort_key(item: Item, index: bool) -> str:
    return item.index[1] if index and item.index else item.sk


def _item(found: dict[str, Any]) -> Item:
    return Item(
        found["pk"]["S"],
        found["sk"]["S"],
        json.loads(found["data"]["S"]),
        int(found["version"]["N"]),
        int(found["ttl"]["N"]) if "ttl" in found else None,
        (found["ipk"]["S"], found["isk"]["S"]) if "ipk" in found else None,
    )
