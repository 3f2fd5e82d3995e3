# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The line to the cloud: one thread empties the outbox, one follows the check-ins and the catalogue.

Neither thread touches a node: what they hear is put into a queue, which the node empties when it likes. A line that is
down costs nothing but time; a message that the cloud will never take is set aside with an alert and holds nobody up.
"""

from __future__ import annotations

import json
import queue
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, fields
from functools import partial

from yokotago_model.events import SECOND, Alert, Catalogue, CheckIn, GateAnswer, Product, Severity, Stamp

from .cloud_requests import (
    Answer,
    Cloud,
    CloudError,
    Request,
    Verdict,
    back_off_s,
    catalogue_body,
    catalogue_of,
    check_in_of,
)
from .outbox import Outbox, Row


@dataclass(frozen=True)
class LinkParameters:
    """How patient the line is.

    poll_wait_s: for how long the cloud may hold back its answer; answer_s: for how long an answer
    is waited for; catalogue_every_s: how often the catalogue is asked for; first_back_off_s, longest_back_off_s: pause
    after the first failure and at most; connections: requests on the line at the same time; patience: so many answers
    "later", between which the cloud took other messages, set a message aside; repeat_check_ins_s: check-ins so young
    are told again after a restart.
    """

    poll_wait_s: float = 5.0
    answer_s: float = 5.0
    catalogue_every_s: float = 60.0
    first_back_off_s: float = 0.25
    longest_back_off_s: float = 30.0
    connections: int = 8
    patience: int = 20
    repeat_check_ins_s: float = 600.0

    def __post_init__(self) -> None:
        for f in fields(self):
            if not getattr(self, f.name) > 0:
                raise ValueError(f"{f.name} is {getattr(self, f.name)}: it must be above 0")
        if self.poll_wait_s > 25:
            raise ValueError(f"poll_wait_s is {self.poll_wait_s}: the cloud waits for 25 s at most")


class _Trouble:
    """Failures in a row of one thread, and the pause after them."""

    def __init__(self, parameters: LinkParameters, draw: Callable[[], float]) -> None:
        self._parameters = parameters
        self._draw = draw
        self.failures = 0

    def over(self) -> None:
        self.failures = 0

    def pause_s(self, answer: Answer) -> float:
        self.failures += 1
        p = self._parameters
        pause_s = back_off_s(self.failures, p.first_back_off_s, p.longest_back_off_s, self._draw())
        return max(answer.retry_after_s, pause_s)


class CloudLink:
    """Sends what is in the outbox; hears check-ins and the catalogue into `heard`, as (event, new).

    now: the store's clock [ns]; products: what the store's description knows; new is False for a check-in that may have
    been told before the last restart.
    """

    def __init__(
        self,
        outbox: Outbox,
        client: Callable[[], AbstractContextManager[Cloud]],
        store_id: str,
        products: tuple[Product, ...],
        now: Callable[[], Stamp],
        parameters: LinkParameters,
    ) -> None:
        self.heard: queue.SimpleQueue[tuple[CheckIn | Catalogue | Alert | GateAnswer, bool]] = queue.SimpleQueue()
        self.trouble = "not reached yet"
        """Why the cloud cannot be reached; empty when it can."""
        self._outbox = outbox
        self._client = client
        self._store_id = store_id
        self._products = products
        self._now = now
        self._parameters = parameters
        self._draw = random.Random().random
        self._asked = 0.0
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._threads = [
            threading.Thread(target=work, name=name, daemon=True)
            for name, work in (("outbox", self._send), ("check-ins", self._listen))
        ]

    def start(self) -> None:
        """Start both threads."""
        for thread in self._threads:
            thread.start()

    def stop(self, timeout_s: float = 1.0) -> bool:
        """End both threads; one that waits for an answer is left to end with the process. True: both have ended."""
        self._stop.set()
        self._wake.set()
        for thread in self._threads:
            thread.join(timeout_s)
        return not any(thread.is_alive() for thread in self._threads)

    def wake(self) -> None:
        """There is something new in the outbox."""
        self._wake.set()

    def follows_check_ins(self) -> bool:
        """Whether a check-in that the cloud takes now would be heard at once: it holds a question of ours."""
        asked_s = time.monotonic() - self._asked
        return not self.trouble and asked_s < self._parameters.poll_wait_s + 1.0

    # Out

    def _send(self) -> None:
        """Send what is due, some requests at a time: they are of different lanes, so their order does not matter."""
        line = _Trouble(self._parameters, self._draw)
        connections = self._parameters.connections
        with self._client() as client, ThreadPoolExecutor(connections, "outbox-line") as pool:
            while not self._stop.is_set():
                self._wake.clear()
                # After a failure one request alone tries whether the line is up again.
                rows = self._outbox.due(time.time(), 1 if line.failures else 4 * connections)
                if not rows:
                    self._wake.wait(0.2)
                    continue
                down = threading.Event()
                answers = list(pool.map(partial(self._send_one, client, down), rows))
                self._settle(rows, answers)
                verdicts = {answer.verdict for answer in answers}
                # Several requests, and all of them have to come later: it is not the requests.
                if Verdict.LINE in verdicts or (verdicts == {Verdict.AGAIN} and (line.failures or len(rows) > 2)):
                    self._stop.wait(line.pause_s(max(answers, key=lambda answer: answer.retry_after_s)))
                else:
                    line.over()

    def _send_one(self, client: Cloud, down: threading.Event, row: Row) -> Answer:
        if down.is_set() or self._stop.is_set():
            return Answer(Verdict.LINE, "not tried")
        answer = client.send(row.request)
        if answer.verdict is Verdict.LINE:
            down.set()
        return answer

    def _settle(self, rows: list[Row], answers: list[Answer]) -> None:
        taken = [row for row, answer in zip(rows, answers, strict=True) if answer.verdict is Verdict.ACCEPTED]
        if taken:
            self._outbox.accepted(taken, time.time())
        for row, answer in zip(rows, answers, strict=True):
            self._settle_trouble(row, answer)

    def _settle_trouble(self, row: Row, answer: Answer) -> None:
        now = time.time()
        match answer.verdict:
            case Verdict.REFUSED:
                self._set_aside(row, answer.reason, now)
            case Verdict.AGAIN:
                p = self._parameters
                blame = self._outbox.last_accepted() > row.last_failure > 0
                if row.blamed + blame >= p.patience:
                    self._set_aside(row, answer.reason, now)
                else:
                    delay = back_off_s(row.failures + 1, p.first_back_off_s, p.longest_back_off_s, self._draw())
                    self._outbox.postpone(row, answer.reason, now, max(delay, answer.retry_after_s), blame)

    def _set_aside(self, row: Row, reason: str, now: float) -> None:
        self._outbox.set_aside(row, reason, now)
        self._tell_set_aside(row.request, reason)

    def _refused_late(self, key: str, reason: str) -> None:
        """The cloud refuses what a broker had taken for it."""
        request = self._outbox.sent_is_refused(key, reason, time.time())
        if request is not None:
            self._tell_set_aside(request, reason)

    def _tell_set_aside(self, request: Request, reason: str) -> None:
        # An alert about an alert would be refused for the same reason, and so on.
        if request.lane != "alerts":
            text = f"The cloud refuses {request.method} {request.path}: {reason}"
            alert = Alert(self._now(), Severity.ERROR, "message_set_aside", text[:500], (request.lane,))
            self.heard.put((alert, True))

    # In

    def _listen(self) -> None:
        line = _Trouble(self._parameters, self._draw)
        etag, next_catalogue, heard_catalogue = "", 0.0, False
        self._repeat()
        with self._client() as client:
            while not self._stop.is_set():
                try:
                    if time.monotonic() >= next_catalogue:
                        self._outbox.set_note("keys", json.dumps(client.keys()))
                        etag = self._hear_catalogue(client, etag)
                        heard_catalogue = True
                        next_catalogue = time.monotonic() + self._parameters.catalogue_every_s
                    self._asked = time.monotonic()
                    # After a failure the first question is answered at once: it tells that the line is up again.
                    wait_s = 0.0 if self.trouble else self._parameters.poll_wait_s
                    self._hear_check_ins(client, wait_s)
                    self.trouble = ""
                    line.over()
                except (CloudError, KeyError, TypeError, ValueError) as error:
                    foreign = Answer(Verdict.LINE, f"not the contract's answer: {error!r}")
                    answer = error.answer if isinstance(error, CloudError) else foreign
                    self.trouble = answer.reason
                    if not heard_catalogue:
                        # The store goes on with what its description says.
                        self.heard.put((Catalogue(self._now(), self._products), True))
                        heard_catalogue = True
                    self._stop.wait(line.pause_s(answer))

    def _repeat(self) -> None:
        """Tell the check-ins of the last minutes again: who hears them drops what is known."""
        since = self._now() - round(self._parameters.repeat_check_ins_s * SECOND)
        for check_in in self._outbox.check_ins_since(since):
            self.heard.put((check_in, False))

    def _hear_catalogue(self, client: Cloud, etag: str) -> str:
        answer, version = client.catalogue(etag)
        if answer is not None and not answer["products"]:
            client.put_catalogue(catalogue_body(self._products))
            answer, version = client.catalogue("")
        if answer is not None:
            self.heard.put((catalogue_of(self._now(), answer, self._products), True))
        return version

    def _hear_check_ins(self, client: Cloud, wait_s: float) -> None:
        answer = client.check_ins(self._outbox.note("cursor"), wait_s)
        since = self._now() - round(self._parameters.repeat_check_ins_s * SECOND)
        for refused in answer.get("refused", ()):
            self._refused_late(str(refused["event_id"]), json.dumps(refused["body"]))
        check_ins = [check_in_of(plain) for plain in answer["check_ins"]]
        for check_in in self._outbox.take_check_ins(check_ins, str(answer["cursor"])):
            # After days without a line the cloud tells of people who left long ago.
            if check_in.stamp >= since:
                self.heard.put((check_in, True))
