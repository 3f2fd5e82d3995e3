# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Decides at the gates who may enter: by the code's signature and expiry, the cloud's word, and the operator's choice.

The hard problem is a gate whose line is down. It can tell a true and fresh code from the public key, and remembers the
codes that this store has let in, but not those that another store has. So the operator chooses: refuse, or admit by
the signature and tell the staff; the cloud is told later and may find that the code had been used.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from yokotago_model.events import SECOND, Alert, CheckIn, GateAnswer, GateCode, GateVerdict, Severity, Stamp

from .check_in_codes import CheckInCode, CodeError, PublicKeys, public_keys, read_code
from .cloud_requests import Answer, Verdict

REFUSE, ADMIT = "refuse", "admit"


@dataclass(frozen=True)
class GateParameters:
    """What holds at the gates.

    gate_offline: what to do with a true code while the cloud does not answer, `refuse` or `admit`;
    gate_answer_s: how long the cloud's answer is waited for;
    gate_clock_slack_s: how far the clocks of this host and of the cloud may lie apart.
    """

    gate_offline: str = REFUSE
    gate_answer_s: float = 2.0
    gate_clock_slack_s: float = 1.0

    def __post_init__(self) -> None:
        if self.gate_offline not in (REFUSE, ADMIT):
            raise ValueError(f"gate_offline is '{self.gate_offline}': choose {REFUSE} or {ADMIT}")
        if not self.gate_answer_s > 0 or self.gate_clock_slack_s < 0:
            raise ValueError("gate_answer_s must be above 0, gate_clock_slack_s not below")


@dataclass(frozen=True, slots=True)
class Question:
    """A code that only the cloud can judge. first: stamp of its first reading at this gate, the same each time."""

    event: GateCode
    first: Stamp
    code: CheckInCode


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What came of a question. unconfirmed: the cloud has yet to be told of the check-in."""

    answer: GateAnswer
    check_in: CheckIn | None = None
    unconfirmed: bool = False
    alert: Alert | None = None


class Gate:
    """All gates of one store. used: codes that were let in before, and until when they are valid [s]."""

    def __init__(self, parameters: GateParameters, used: Mapping[str, int]) -> None:
        self._parameters = parameters
        self._keys: PublicKeys = {}
        self._used = dict(used)
        self._asked: dict[tuple[str, str], tuple[Stamp, int]] = {}

    def learn(self, document: Mapping[str, Any]) -> None:
        """The cloud's public keys, as it publishes them."""
        self._keys = public_keys(document)

    def read(self, event: GateCode) -> Question | GateAnswer:
        """What a gate's reader has read: a refusal, or what to ask the cloud."""
        try:
            code = read_code(event.code, self._keys)
        except CodeError as wrong:
            return _refused(event, wrong.reason)
        self._forget(event.stamp)
        if event.stamp > self._until(code.expires):
            return _refused(event, "code-expired")
        if code.random in self._used:
            return _refused(event, "code-used")
        # Read again without an answer: the same question, so that the cloud can tell the repetition from a copy.
        first, _ = self._asked.setdefault((code.random, event.gate_id), (event.stamp, code.expires))
        return Question(event, first, code)

    def conclude(self, question: Question, answer: Answer) -> Conclusion:
        """What the cloud's answer, or that there is none, means for the shopper at the gate."""
        event, code = question.event, question.code
        match answer.verdict:
            case Verdict.ACCEPTED:
                return self._admitted(question, "checked-in")
            case Verdict.REFUSED:
                return Conclusion(_refused(event, answer.code if answer.code.startswith("code-") else "try-again"))
            case _ if self._parameters.gate_offline == ADMIT and code.signed:
                return self._admitted(question, "checked-in-offline")
            case Verdict.LINE:
                return Conclusion(_refused(event, "no-line"))
            case _:
                return Conclusion(_refused(event, "try-again"))

    def _admitted(self, question: Question, reason: str) -> Conclusion:
        event, code = question.event, question.code
        self._used[code.random] = code.expires
        check_in = CheckIn(question.first, f"code-{code.random}", code.shopper_id, event.gate_id, code.party_size)
        answer = GateAnswer(event.stamp, event.gate_id, GateVerdict.ADMITTED, reason, code.party_size)
        if reason == "checked-in":
            return Conclusion(answer, check_in)
        text = f"Gate {event.gate_id} let a shopper in by the code's signature alone: the cloud does not answer"
        subjects = (check_in.check_in_id, event.gate_id)
        alert = Alert(event.stamp, Severity.WARNING, "admitted_offline", text, subjects)
        return Conclusion(answer, check_in, True, alert)

    def _until(self, expires: int) -> Stamp:
        return round((expires + self._parameters.gate_clock_slack_s) * SECOND)

    def _forget(self, now: Stamp) -> None:
        """An expired code is refused for that; whether it was used no longer matters."""
        self._used = {random: expires for random, expires in self._used.items() if now <= self._until(expires)}
        self._asked = {asked: known for asked, known in self._asked.items() if now <= self._until(known[1])}


def _refused(event: GateCode, reason: str) -> GateAnswer:
    return GateAnswer(event.stamp, event.gate_id, GateVerdict.REFUSED, reason)
