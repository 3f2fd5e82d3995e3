# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The gates' decision: every refusal has its reason, and only the operator lets anybody in without the cloud."""

from __future__ import annotations

import json

import pytest
from gate_support import NOW, SECOND, SHOPPER, Maker, flipped

from yokotago_fusion.check_in_codes import CodeError, public_keys, read_code
from yokotago_fusion.cloud_requests import Answer, Verdict, check_in_request
from yokotago_fusion.gate import Gate, GateParameters, Question
from yokotago_model.events import CheckIn, GateAnswer, GateCode, GateVerdict

TAKEN = Answer(Verdict.ACCEPTED)
DOWN = Answer(Verdict.LINE, "no answer")
maker = Maker()


def gate(offline: str = "refuse", **used: int) -> Gate:
    made = Gate(GateParameters(gate_offline=offline), used)
    made.learn(maker.document)
    return made


def shown(code: str, after: float = 0.0, at: str = "gate-1") -> GateCode:
    """The code, read `after` seconds."""
    return GateCode(round((NOW + after) * SECOND), at, code)


def asked(judged: Question | GateAnswer) -> Question:
    assert isinstance(judged, Question), judged
    return judged


def reason(judged: Question | GateAnswer) -> str:
    assert isinstance(judged, GateAnswer), judged
    assert (judged.verdict, judged.party_size) == (GateVerdict.REFUSED, 0)
    return judged.reason


def test_a_true_code_is_asked_for_and_admitted() -> None:
    at = gate()
    question = asked(at.read(shown(maker.code(party_size=3), 2)))
    conclusion = at.conclude(question, TAKEN)
    stamp = (NOW + 2) * SECOND
    assert conclusion.answer == GateAnswer(stamp, "gate-1", GateVerdict.ADMITTED, "checked-in", 3)
    assert conclusion.check_in == CheckIn(stamp, f"code-{question.code.random}", SHOPPER, "gate-1", 3)
    assert not conclusion.unconfirmed
    assert conclusion.alert is None


@pytest.mark.parametrize(
    "text",
    ["", "A", "A" * 151, "A" * 152, "A" * 153, "a" * 152, "1" * 152, "é" * 152, "=" * 152, "https://example.com"],
)
def test_what_is_no_code_is_malformed(text: str) -> None:
    assert reason(gate().read(shown(text))) == "code-malformed"


def test_a_code_of_another_version_is_malformed() -> None:
    assert reason(gate().read(shown(maker.code(version=2)))) == "code-malformed"


@pytest.mark.parametrize("position", [2, 3, 6, 7, 22, 23, 30, 31, 60, 94])
def test_a_code_that_was_changed_anywhere_is_forged(position: int) -> None:
    assert reason(gate("admit").read(shown(flipped(maker.code(), position)))) == "code-forged"


def test_another_cloud_s_code_is_forged() -> None:
    assert reason(gate("admit").read(shown(Maker().code()))) == "code-forged"


def test_a_stale_code_is_expired_and_the_clocks_may_differ_by_a_second() -> None:
    code = maker.code(expires=NOW)
    assert isinstance(gate().read(shown(code, 1.0)), Question)
    assert reason(gate().read(shown(code, 1.001))) == "code-expired"


@pytest.mark.parametrize("offline", ["refuse", "admit"])
def test_a_code_is_good_once_at_all_gates_of_the_store(offline: str) -> None:
    at, code = gate(offline), maker.code()
    at.conclude(asked(at.read(shown(code))), TAKEN)
    assert reason(at.read(shown(code, 3))) == "code-used"
    assert reason(at.read(shown(code, 3, "gate-2"))) == "code-used"
    assert reason(at.read(shown(code, 47))) == "code-expired"


@pytest.mark.parametrize("code", ["code-used", "code-expired", "code-forged", "code-malformed"])
@pytest.mark.parametrize("offline", ["refuse", "admit"])
def test_the_cloud_s_refusal_is_the_gate_s(code: str, offline: str) -> None:
    at = gate(offline)
    conclusion = at.conclude(asked(at.read(shown(maker.code()))), Answer(Verdict.REFUSED, "409", code=code))
    assert reason(conclusion.answer) == code
    assert (conclusion.check_in, conclusion.alert) == (None, None)


@pytest.mark.parametrize(
    ("answer", "said"),
    [(DOWN, "no-line"), (Answer(Verdict.AGAIN), "try-again"), (Answer(Verdict.REFUSED, "404"), "try-again")],
)
def test_without_the_cloud_nobody_is_let_in_unless_the_operator_said_so(answer: Answer, said: str) -> None:
    at = gate()
    conclusion = at.conclude(asked(at.read(shown(maker.code()))), answer)
    assert reason(conclusion.answer) == said
    assert conclusion.check_in is None


def test_admitted_without_the_cloud_is_told_to_the_staff_and_once() -> None:
    at, code = gate("admit"), maker.code(party_size=2)
    conclusion = at.conclude(asked(at.read(shown(code))), DOWN)
    assert (conclusion.answer.verdict, conclusion.answer.reason) == (GateVerdict.ADMITTED, "checked-in-offline")
    assert conclusion.unconfirmed
    assert conclusion.check_in is not None
    assert conclusion.check_in.party_size == 2
    assert conclusion.alert is not None
    assert conclusion.alert.code == "admitted_offline"
    assert conclusion.check_in.check_in_id in conclusion.alert.subjects
    assert reason(at.read(shown(code, 5))) == "code-used"


def test_a_code_that_was_let_in_before_a_restart_is_used() -> None:
    code = maker.code()
    random = read_code(code, public_keys(maker.document)).random
    assert reason(gate("admit", **{random: NOW + 45}).read(shown(code, 4))) == "code-used"


def test_a_key_that_is_not_known_is_for_the_cloud_to_judge_and_never_admitted_without_it() -> None:
    at, code = gate("admit"), Maker(number=2).code()
    question = asked(at.read(shown(code)))
    assert reason(at.conclude(question, DOWN).answer) == "no-line"
    assert at.conclude(question, TAKEN).answer.verdict is GateVerdict.ADMITTED


def test_read_again_without_an_answer_the_question_is_the_same() -> None:
    at, code = gate(), maker.code()
    first = asked(at.read(shown(code)))
    at.conclude(first, DOWN)
    again = asked(at.read(shown(code, 5)))
    assert again.first == first.first
    requests = [check_in_request("demo", q.event, q.first, q.code.shopper_id) for q in (first, again)]
    assert requests[0] == requests[1]
    other = asked(at.read(shown(code, 6, "gate-2")))
    assert check_in_request("demo", other.event, other.first, SHOPPER).key != requests[0].key


def test_offline_is_the_same_request_with_another_body() -> None:
    event = shown(maker.code())
    online = check_in_request("demo", event, event.stamp, SHOPPER)
    offline = check_in_request("demo", event, event.stamp, SHOPPER, offline=True)
    assert online.key == offline.key
    assert json.loads(offline.body) == json.loads(online.body) | {"offline": True}
    assert json.loads(online.body)["stamp"] == {"sec": NOW, "nanosec": 0}


def test_keys_of_other_kinds_are_left_out() -> None:
    assert list(public_keys(maker.document)) == [1]
    assert public_keys({}) == {}
    with pytest.raises(CodeError, match="code-malformed"):
        read_code("no code", {})


@pytest.mark.parametrize("wrong", [{"gate_offline": "open"}, {"gate_answer_s": 0.0}, {"gate_clock_slack_s": -1.0}])
def test_parameters_are_checked(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="gate_"):
        GateParameters(**wrong)  # type: ignore[arg-type]
