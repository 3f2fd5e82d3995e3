# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The public recordings through import and replay: the one purchase, and the one person."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from yokotago_bringup.command import main

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("YOKOTAGO_DATA", ROOT.parent / "shared" / "data"))


def folder(name: str) -> str:
    path = DATA / name
    if not path.is_dir():
        pytest.skip(f"the recording {name} is not in {DATA}: set YOKOTAGO_DATA to the folder that has it")
    return str(path)


def test_autocheckout_is_one_unit_for_one_person_and_nothing_else(tmp_path: Path) -> None:
    bag, receipts = tmp_path / "bag", tmp_path / "receipts.jsonl"
    assert main(["import", "autocheckout", folder("autocheckout_benchmark1"), "--out", str(bag)]) == 0
    assert main(["replay", str(bag), "--receipts", str(receipts)]) == 0
    (receipt,) = (json.loads(line) for line in receipts.read_text().splitlines())
    assert receipt["shopper_id"] == "3325379692103139202"
    assert [(i["product_id"], i["quantity"]) for i in receipt["lines"]] == [("071142008582", 1)]


def test_overhead_depth_is_one_track_on_the_true_head(tmp_path: Path) -> None:
    bag, scores = tmp_path / "bag", tmp_path / "scores.json"
    assert main(["import", "depth", folder("overhead_tof"), "--out", str(bag)]) == 0
    assert main(["evaluate", str(bag), "--json", str(scores)]) == 0
    overall = json.loads(scores.read_text())["overall"]
    assert overall["idf1"] == 1.0
    assert overall["id_switches"] == 0
    assert overall["lost_visits"] == 0
    assert overall["head_rmse_m"] < 0.08
    assert overall["line_f1"] is None
