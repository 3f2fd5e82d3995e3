# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Guests: simulated shoppers who come in with the code of a person's own phone.

A simulated shopper walks up to the gate and stands there while the code is sent to the cloud, as a gate's reader does;
the cloud's answer opens the gate or keeps it shut, and goes back to the phone. A shopper whose code was refused waits
for another one for a while, then goes away.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import httpx

from yokotago_model.events import SECOND, CheckIn

from ..shoppers import Script, StockView

_WALK_S = 60.0  # longest time until the shopper stands at the gate
_PATIENCE_S = 60.0  # how long a shopper whose code was refused waits for another one

Answer: TypeAlias = tuple[int, dict[str, Any]]
"""Status and body of an answer."""


@dataclass
class _Guest:
    name: str
    at_gate: threading.Event = field(default_factory=threading.Event)
    shown: CheckIn | None = None
    shopper_id: str = ""
    refused_at: float | None = None


class GuestBook:
    """Who was sent in, and what the gate answered them. The simulation asks it (shoppers.Guests), a server feeds it.

    cloud: with the store's device token; script: what a guest of that name does.
    """

    def __init__(self, cloud: httpx.Client, store_id: str, script: Callable[[StockView, str], Script]) -> None:
        self._cloud = cloud
        self._path = f"/v1/stores/{store_id}/check-ins"
        self._script = script
        self._lock = threading.Lock()
        self._is_open = False
        self._coming: deque[_Guest] = deque()
        self._unserved: deque[_Guest] = deque()
        self._guests: dict[str, _Guest] = {}

    def next(self, stock: StockView) -> Script | None:
        """Somebody who comes now."""
        self._is_open = True
        with self._lock:
            if not self._coming:
                return None
            guest = self._coming.popleft()
        return self._script(stock, guest.name)

    def answer(self, name: str) -> bool | None:
        """Whether the gate opens for a guest who has shown their code; None while it has not decided."""
        guest = self._guests[name]
        with self._lock:
            if guest.shopper_id:
                return True
            if guest.refused_at is not None and time.monotonic() - guest.refused_at > _PATIENCE_S:
                self._unserved.remove(guest)
                return False
        return None

    def shows(self, event: CheckIn) -> bool:
        """Whether it is a guest who shows a code at the gate now."""
        guest = self._guests.get(event.shopper_id)
        if guest is None:
            return False
        guest.shown = event
        guest.at_gate.set()
        return True

    def shopper_id(self, simulated: str) -> str:
        """The cloud's id of a guest who is in; "" for anybody else."""
        guest = self._guests.get(simulated)
        return guest.shopper_id if guest is not None else ""

    def walk_in(self, code: str) -> Answer:
        """Send a guest in with a code; returns when the cloud has judged the code."""
        if not self._is_open:
            return 503, _problem("store-closed", "The simulated store opens in a moment.")
        with self._lock:
            if self._unserved:
                guest = self._unserved.popleft()
                guest.refused_at = None
            else:
                guest = _Guest(f"guest-{len(self._guests) + 1}")
                self._guests[guest.name] = guest
                self._coming.append(guest)
        if guest.at_gate.wait(_WALK_S):
            status, answer = self._read(guest, code)
        else:
            status, answer = 503, _problem("gate-busy", "Your shopper is still on the way to the gate.")
        with self._lock:
            if status == httpx.codes.CREATED:
                guest.shopper_id = str(answer["shopper_id"])
            else:
                guest.refused_at = time.monotonic() if guest.at_gate.is_set() else None
                self._unserved.append(guest)
        return status, answer

    def _read(self, guest: _Guest, code: str) -> Answer:
        """As the reader of a gate does: the code goes to the cloud."""
        assert guest.shown is not None
        seconds, nanoseconds = divmod(guest.shown.stamp, SECOND)
        stamp = {"sec": seconds, "nanosec": nanoseconds}
        body = {"code": code, "gate_id": guest.shown.gate_id, "stamp": stamp, "offline": False}
        try:
            answer = self._cloud.post(self._path, json=body, headers={"Idempotency-Key": str(uuid.uuid4())})
            return answer.status_code, dict(answer.json())
        except (httpx.HTTPError, ValueError):
            return 502, _problem("cloud-silent", "The cloud does not answer.")


def _problem(code: str, detail: str) -> dict[str, Any]:
    return {"code": code, "title": detail, "detail": detail}
