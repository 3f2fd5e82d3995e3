# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The phones of simulated shoppers and the code reader at the gate, on the real cloud: they sign up, get codes, check
in.

Each call may take a while, so they run in one thread of their own, in order. A fixed number of accounts takes turns:
the same customers come back.
"""

from __future__ import annotations

import logging
import queue
import secrets
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import httpx

from yokotago_model.events import SECOND, CheckIn

_LOG = logging.getLogger("yokotago_sim.phones")
_RETRIES = 20


@dataclass
class _Account:
    """A shopper of the cloud, with the session of their phone."""

    number: int
    email: str
    password: str
    shopper_id: str = ""
    token: str = ""


class Phones:
    """`accounts` shoppers who take turns. store_id, token: the store and its device token, for the gate's reader.

    failed: told in a sentence what did not work.
    """

    def __init__(self, url: str, store_id: str, token: str, accounts: int, failed: Callable[[str], None]) -> None:
        self._client = httpx.Client(base_url=url, timeout=5.0)
        self._store_id = store_id
        self._gate_token = token
        self._failed = failed
        self._stop = threading.Event()
        run = secrets.token_hex(4)
        self._accounts = [
            _Account(n, f"shopper-{n}-{run}@example.org", secrets.token_urlsafe(12)) for n in range(1, accounts + 1)
        ]
        self._known: dict[str, _Account] = {}
        self._turn = 0
        self._wanted: queue.Queue[tuple[CheckIn, _Account] | None] = queue.Queue()
        self._thread = threading.Thread(target=self._work, name="phones", daemon=True)
        self._thread.start()

    def check_in(self, event: CheckIn) -> None:
        """The simulated shopper of `event` shows a code at its gate, soon."""
        account = self._known.get(event.shopper_id)
        if account is None:
            account = self._accounts[self._turn % len(self._accounts)]
            self._turn += 1
            self._known[event.shopper_id] = account
        self._wanted.put((event, account))

    def shopper_id(self, simulated: str) -> str:
        """The cloud's id of a simulated shopper who has checked in; their own id for anybody else."""
        account = self._known.get(simulated)
        return account.shopper_id if account is not None and account.shopper_id else simulated

    def close(self) -> None:
        """End the thread; what still waits is dropped."""
        self._stop.set()
        self._wanted.put(None)
        self._thread.join(timeout=2.0)
        self._client.close()

    def _work(self) -> None:
        while not self._stop.is_set():
            if self._sign_up_one() and self._wanted.empty():
                continue
            wanted = self._wanted.get()
            if wanted is not None:
                self._check_in(*wanted)

    def _check_in(self, event: CheckIn, account: _Account) -> None:
        """The phone gets a code, then the gate's reader posts it: again and again the same, so that it counts once."""
        codes: list[str] = []
        if not self._try(lambda: codes.append(self._code(event, account)), f"code of {event.shopper_id}"):
            return
        seconds, nanoseconds = divmod(event.stamp, SECOND)
        stamp = {"sec": seconds, "nanosec": nanoseconds}
        body = {"code": codes[0], "gate_id": event.gate_id, "stamp": stamp, "offline": False}
        headers = _bearer(self._gate_token) | {"Idempotency-Key": str(uuid.uuid4())}
        path = f"/v1/stores/{self._store_id}/check-ins"
        self._try(
            lambda: self._client.post(path, json=body, headers=headers).raise_for_status(),
            f"check-in of {event.shopper_id}",
        )

    def _sign_up_one(self) -> bool:
        """Sign up the next phone that has no account yet, before it is needed; whether there was one."""
        fresh = next((a for a in self._accounts if not a.shopper_id), None)
        if fresh is None:
            return False
        return self._try(partial(self._sign_up, fresh), f"sign-up of {fresh.email}")

    def _try(self, call: Callable[[], object], what: str) -> bool:
        """Try a few times, half a second apart; whether it worked."""
        for attempt in range(_RETRIES):
            try:
                call()
                return True
            except httpx.HTTPError as error:
                _LOG.info("%s, attempt %d: %s", what, attempt + 1, error)
                reason = str(error)
            if self._stop.wait(0.5):
                return False
        self._failed(f"the {what} failed: {reason}")
        return False

    def _sign_up(self, account: _Account) -> None:
        body = {"email": account.email, "password": account.password, "name": f"Shopper {account.number}"}
        answer = self._client.post("/v1/accounts", json=body)
        if answer.status_code == httpx.codes.CONFLICT:
            answer = self._client.post("/v1/sessions", json={k: body[k] for k in ("email", "password")})
        session = answer.raise_for_status().json()
        account.token, account.shopper_id = session["access_token"], session["shopper_id"]

    def _code(self, event: CheckIn, account: _Account) -> str:
        """A fresh check-in code; the phone signs in again when its session has run out."""
        if not account.shopper_id:
            self._sign_up(account)
        asked = {"party_size": event.party_size}
        answer = self._client.post("/v1/check-in-codes", json=asked, headers=_bearer(account.token))
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            body = {"email": account.email, "password": account.password}
            account.token = self._client.post("/v1/sessions", json=body).raise_for_status().json()["access_token"]
            answer = self._client.post("/v1/check-in-codes", json=asked, headers=_bearer(account.token))
        return str(answer.raise_for_status().json()["code"])


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
