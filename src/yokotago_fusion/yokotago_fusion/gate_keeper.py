# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The gates' own thread on the line to the cloud: a shopper at the gate waits for nothing that is in the outbox."""

from __future__ import annotations

import json
import logging
import queue
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

from yokotago_model.events import Alert, CheckIn, GateAnswer, GateCode, GateVerdict

from .cloud_requests import Cloud, check_in_request
from .gate import Conclusion, Gate, Question
from .outbox import Outbox

_LOG = logging.getLogger("yokotago_fusion.gate_keeper")


class GateKeeper:
    """Judges what the gates' readers read, one code after the other; `tell` gets the answers in the keeper's thread."""

    def __init__(
        self,
        gate: Gate,
        outbox: Outbox,
        client: Callable[[], AbstractContextManager[Cloud]],
        store_id: str,
        tell: Callable[[GateAnswer | CheckIn | Alert], None],
    ) -> None:
        self._gate = gate
        self._outbox = outbox
        self._client = client
        self._store_id = store_id
        self._tell = tell
        self._read: queue.SimpleQueue[GateCode | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="gates", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self, timeout_s: float = 1.0) -> bool:
        """End the thread; True: it has ended."""
        self._read.put(None)
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def read(self, event: GateCode) -> None:
        """A gate's reader has read something."""
        self._read.put(event)

    def _work(self) -> None:
        with self._client() as cloud:
            while (event := self._read.get()) is not None:
                try:
                    self._tell(self._judge(cloud, event))
                except Exception:
                    # A full disk, keys that are none: the gate says that it did not work, and goes on.
                    _LOG.exception("a code at gate %s could not be judged", event.gate_id)
                    self._tell(GateAnswer(event.stamp, event.gate_id, GateVerdict.REFUSED, "try-again"))

    def _judge(self, cloud: Cloud, event: GateCode) -> GateAnswer:
        self._gate.learn(json.loads(self._outbox.note("keys") or "{}"))
        judged = self._gate.read(event)
        if isinstance(judged, Question):
            asked = check_in_request(self._store_id, event, judged.first, judged.code.shopper_id)
            return self._settle(judged, self._gate.conclude(judged, cloud.ask(asked)))
        return judged

    def _settle(self, question: Question, conclusion: Conclusion) -> GateAnswer:
        """On the disk first, then told."""
        check_in = conclusion.check_in
        if check_in is not None:
            late = None
            if conclusion.unconfirmed:
                late = check_in_request(
                    self._store_id, question.event, question.first, check_in.shopper_id, offline=True
                )
            code = question.code
            if self._outbox.admit(code.random, code.expires, check_in, late, time.time()):
                self._tell(check_in)
            if conclusion.alert is not None:
                self._tell(conclusion.alert)
        return conclusion.answer
