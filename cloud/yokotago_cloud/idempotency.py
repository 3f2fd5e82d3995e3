# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Doing a thing once, however often it is asked for: a key's record is written with the effect."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from yokotago_cloud.problems import ProblemError
from yokotago_cloud.storage.port import Condition, ConditionFailedError, Operation, Put, Storage

Answer: TypeAlias = dict[str, Any]


def fingerprint(value: Any) -> str:
    """The same for equal JSON values, whatever the order of their keys."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Key:
    """An Idempotency-Key of one caller, with the fingerprint of what was asked."""

    scope: str
    key: str
    request: str


class Idempotency:
    """Runs effects under their keys."""

    def __init__(self, storage: Storage, clock: Callable[[], float], kept_s: int) -> None:
        self._storage = storage
        self._clock = clock
        self._kept_s = kept_s

    def run(self, key: Key, act: Callable[[], tuple[Answer, list[Operation]]]) -> tuple[Answer, bool]:
        """The answer, and whether it is a repetition. `act` says what to answer and what to write.

        Raises:
            ProblemError: idempotency-key-reused, or what `act` raises.
            ConditionFailedError: an operation of `act` met its condition unmet; numbered as `act` gave them.
        """
        known = self._known(key)
        if known is not None:
            return known, True
        try:
            answer, operations = act()
        except ProblemError:
            known = self._known(key)
            if known is not None:  # what stands in the way is this very request's effect, by a twin of a moment ago
                return known, True
            raise
        record = Put(
            f"ONCE#{key.scope}",
            key.key,
            {"request": key.request, "answer": answer},
            Condition.ABSENT,
            ttl=int(self._clock()) + self._kept_s,
        )
        try:
            self._storage.write(record, *operations)
        except ConditionFailedError as refused:
            if refused.operation == 0:  # somebody with the same key was a moment earlier
                known = self._known(key)
                if known is not None:
                    return known, True
                raise ProblemError("busy") from refused
            raise ConditionFailedError(refused.operation - 1) from refused
        return answer, False

    def _known(self, key: Key) -> Answer | None:
        item = self._storage.get(f"ONCE#{key.scope}", key.key)
        if item is None:
            return None
        if item.data["request"] != key.request:
            raise ProblemError("idempotency-key-reused")
        answer: Answer = item.data["answer"]
        return answer
