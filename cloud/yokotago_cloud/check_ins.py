# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Check-ins: a code becomes one check-in, at one gate, once.

Burning the code, the check-in, the shopper's news and the record of the request are one write. Two gates that
read the same code race for the burning; one of them wins. A gate that repeats its request gets its first
answer, also when the record of the request is long gone, because the burnt code remembers who burnt it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from yokotago_cloud import codes
from yokotago_cloud.bodies import GateCheckIn, PhoneCheckIn
from yokotago_cloud.feeds import Feeds, check_in_feed, shopper_feed
from yokotago_cloud.idempotency import Idempotency, Key
from yokotago_cloud.keys import KeyRing
from yokotago_cloud.problems import ProblemError
from yokotago_cloud.settings import Settings
from yokotago_cloud.storage.port import Append, Condition, ConditionFailedError, Operation, Put, Storage
from yokotago_cloud.stores import Stores

_CLOCK_SKEW_S = 5


class CheckIns:
    """Takes check-ins from gates and from phones."""

    def __init__(
        self,
        storage: Storage,
        keys: KeyRing,
        stores: Stores,
        idempotency: Idempotency,
        feeds: Feeds,
        settings: Settings,
        clock: Callable[[], float],
    ) -> None:
        self._storage = storage
        self._keys = keys
        self._stores = stores
        self._idempotency = idempotency
        self._feeds = feeds
        self._settings = settings
        self._clock = clock

    def issue_code(self, shopper_id: str, party_size: int) -> dict[str, Any]:
        """A code for the shopper's phone. Nothing is written: the signature is the record.

        Raises:
            ProblemError: body-invalid, when the party is too large.
        """
        self._check_party(party_size)
        now = int(self._clock())
        expires = now + self._settings.code_s
        return {
            "code": codes.issue(self._keys, shopper_id, party_size, expires),
            "expires_at": expires,
            "expires_in": expires - now,
            "party_size": party_size,
        }

    def at_gate(self, store_id: str, body: GateCheckIn, key: Key) -> tuple[dict[str, Any], bool]:
        """The check-in of a code that a gate has read, and whether this is a repetition.

        Raises:
            ProblemError: code-malformed, code-forged, code-expired, code-used, idempotency-key-reused.
        """
        nonce = ""

        def act() -> tuple[dict[str, Any], list[Operation]]:
            nonlocal nonce
            code = codes.read(self._keys, body.code)
            nonce = code.nonce
            burnt = self._burnt(nonce, key)
            if burnt is not None:
                return burnt, []
            self._check_time(code.expires, body)
            answer = self._answer(
                store_id, code.shopper_id, body.gate_id, code.party_size, body.stamp.model_dump(), "gate"
            )
            burn = _burn(nonce, key, answer, self._burnt_until())
            return answer, [burn, *self._effects(answer)]

        try:
            answer, repeated = self._idempotency.run(key, act)
        except ConditionFailedError as refused:
            burnt = self._burnt(nonce, key)
            if burnt is None:
                raise ProblemError("busy") from refused
            return burnt, True
        if not repeated:
            self._wake(answer)
        return answer, repeated

    def by_phone(self, shopper_id: str, body: PhoneCheckIn, key: Key) -> tuple[dict[str, Any], bool]:
        """The check-in of a phone by itself, and whether this is a repetition.

        Raises:
            ProblemError: store-unknown, phone-check-in-off, body-invalid, idempotency-key-reused.
        """

        def act() -> tuple[dict[str, Any], list[Operation]]:
            self._check_party(body.party_size)
            if not self._stores.get(body.store_id)["phone_check_in"]:
                raise ProblemError("phone-check-in-off")
            nanoseconds = int(self._clock() * 1e9)
            stamp = {"sec": nanoseconds // 10**9, "nanosec": nanoseconds % 10**9}
            answer = self._answer(body.store_id, shopper_id, body.gate_id, body.party_size, stamp, "phone")
            return answer, self._effects(answer)

        answer, repeated = self._idempotency.run(key, act)
        if not repeated:
            self._wake(answer)
        return answer, repeated

    def _answer(
        self,
        store_id: str,
        shopper_id: str,
        gate_id: str,
        party_size: int,
        stamp: dict[str, int],
        source: str,
    ) -> dict[str, Any]:
        return {
            "check_in_id": f"ci-{secrets.token_hex(12)}",
            "store_id": store_id,
            "shopper_id": shopper_id,
            "gate_id": gate_id,
            "party_size": party_size,
            "stamp": stamp,
            "source": source,
        }

    def _effects(self, answer: dict[str, Any]) -> list[Operation]:
        now = int(self._clock())
        to_store, to_shopper = check_in_feed(answer["store_id"]), shopper_feed(answer["shopper_id"])
        kept = now + self._settings.check_in_kept_s
        return [
            Append(to_store.pk, to_store.prefix, answer, ttl=kept),
            Append(
                to_shopper.pk,
                to_shopper.prefix,
                {"kind": "checked_in", "data": answer},
                ttl=now + self._settings.shopper_event_kept_s,
            ),
            Put(to_shopper.pk, "CHECKIN", {"check_in": answer, "at": self._clock()}, ttl=kept),
            Put(to_store.pk, f"GUEST#{answer['shopper_id']}", {"check_in_id": answer["check_in_id"]}),
        ]

    def _wake(self, answer: dict[str, Any]) -> None:
        self._feeds.notify(check_in_feed(answer["store_id"]).pk)
        self._feeds.notify(shopper_feed(answer["shopper_id"]).pk)

    def _burnt(self, nonce: str, key: Key) -> dict[str, Any] | None:
        """The answer when this very request burnt the code; None when nobody did.

        Raises:
            ProblemError: code-used, when another request did.
        """
        item = self._storage.get(f"BURNT#{nonce}", "BURNT")
        if item is None:
            return None
        if (item.data["scope"], item.data["key"], item.data["request"]) != (key.scope, key.key, key.request):
            raise ProblemError("code-used")
        answer: dict[str, Any] = item.data["answer"]
        return answer

    def _burnt_until(self) -> int:
        """A burnt code is remembered for longer than any gate may come with it."""
        return int(self._clock()) + self._settings.offline_code_s + self._settings.check_in_kept_s

    def _check_time(self, expires: int, body: GateCheckIn) -> None:
        now = self._clock()
        moment = now
        if body.offline:
            moment = body.stamp.sec + body.stamp.nanosec * 1e-9
            if moment > now + _CLOCK_SKEW_S:
                raise ProblemError("code-expired", "the gate read the code in the future; set its clock")
            if moment < now - self._settings.offline_code_s:
                raise ProblemError("code-expired", "the gate read the code too long ago to send it now")
            if moment < expires - self._settings.code_s - _CLOCK_SKEW_S:
                raise ProblemError("code-expired", "the gate read the code before it was made; set its clock")
        if moment > expires:
            raise ProblemError("code-expired", f"it expired {moment - expires:.0f} s before it was read")

    def _check_party(self, party_size: int) -> None:
        if party_size > self._settings.max_party:
            raise ProblemError("body-invalid", f"party_size: at most {self._settings.max_party} on one check-in")


def _burn(nonce: str, key: Key, answer: dict[str, Any], ttl: int) -> Put:
    data = {"scope": key.scope, "key": key.key, "request": key.request, "answer": answer}
    return Put(f"BURNT#{nonce}", "BURNT", data, Condition.ABSENT, ttl=ttl)
