# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The committed recording through the command: the true receipt, always the same, and the keys of the scores.

It was made by `yokotago simulate S23 --level tracks --store store.yaml` with the store.yaml that is in it: one shelf
unit of the demo store, one shopper who puts something back and takes it again.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from yokotago_bringup.bags import BagReader
from yokotago_bringup.command import main
from yokotago_model.events import Receipt
from yokotago_model.plain import to_plain

BAG = Path(__file__).resolve().parent / "bags" / "put_back_and_taken_again"

OVERALL = {
    "visits", "cases", "line_f1", "line_precision", "line_recall", "exact_receipts", "exact_cases", "review_rate",
    "auto_accept_precision", "unbilled_value", "overbilled_value", "basket_latency_p50_s", "basket_latency_p95_s",
    "receipt_latency_p50_s", "receipt_latency_p95_s", "hota", "idf1", "mota", "id_switches", "lost_visits",
    "head_rmse_m", "crossing_precision", "crossing_recall", "reach_precision", "reach_recall", "reach_facing_accuracy",
}  # fmt: skip


def true_receipt() -> Receipt:
    with BagReader(BAG) as reader:
        (record,) = reader.records(("/truth/receipts",))
    assert isinstance(record.event, Receipt)
    return record.event


def test_the_receipt_is_the_true_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", str(BAG), "--receipts", str(tmp_path / "receipts.jsonl")]) == 0
    (line,) = (tmp_path / "receipts.jsonl").read_text().splitlines()
    produced, true = json.loads(line), to_plain(true_receipt())
    assert produced.keys() == true.keys()
    assert produced["shopper_id"] == true["shopper_id"]
    assert produced["total"] == true["total"]
    assert not produced["needs_review"]
    units = [{i["product_id"]: i["quantity"] for i in r["lines"]} for r in (produced, true)]
    assert units[0] == units[1]
    assert true["shopper_id"] in capsys.readouterr().out


def test_a_replay_of_what_a_replay_wrote_is_the_same_to_the_byte(tmp_path: Path) -> None:
    first, second, whole = tmp_path / "1.jsonl", tmp_path / "2.jsonl", tmp_path / "whole"
    assert main(["replay", str(BAG), "--receipts", str(first), "--out", str(whole)]) == 0
    assert main(["replay", str(whole), "--again", "--receipts", str(second)]) == 0
    assert first.read_bytes() == second.read_bytes()
    with BagReader(whole) as reader:
        assert {"/weight_changes", "/baskets", "/receipts", "/decisions", "/truth/tracks"} <= set(reader.topics)
        assert [to_plain(r.event) for r in reader.records(("/receipts",))] == [json.loads(first.read_text())]


def test_evaluate_gives_every_figure_and_null_for_what_the_bag_cannot_give(tmp_path: Path) -> None:
    assert main(["evaluate", str(BAG), "--json", str(tmp_path / "scores.json")]) == 0
    scores = json.loads((tmp_path / "scores.json").read_text())
    assert scores["overall"].keys() >= OVERALL
    assert scores["overall"]["line_f1"] == 1.0
    assert scores["overall"]["exact_cases"] == 1.0
    assert scores["overall"]["hota"] is None
    assert scores["baseline"]["visits"] == 1
    (case,) = scores["cases"]
    assert (case["case"], case["people"], case["exact"]) == (BAG.name, 1, True)


def test_explain_names_the_decision_and_its_evidence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", true_receipt().shopper_id, "--bag", str(BAG)]) == 0
    text = capsys.readouterr().out
    for line in true_receipt().lines:
        assert line.name in text
    assert "scale A" in text
    assert "in shelf A" in text


def test_what_is_not_there_is_an_error_in_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", str(tmp_path / "absent")]) == 1
    assert main(["evaluate", "S99"]) == 1
    assert main(["explain", "nobody", "--bag", str(BAG)]) == 1
    errors = capsys.readouterr().err.splitlines()
    assert [e.startswith("yokotago: ") for e in errors if "receipts;" not in e] == [True] * 3
