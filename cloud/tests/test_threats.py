# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The threat model names a test for every threat that it says is met; each of them must be there."""

from __future__ import annotations

import re
from pathlib import Path

MODEL = Path(__file__).parents[1] / "THREATS.md"


def test_every_named_test_is_there() -> None:
    named = re.findall(r"`(test_\w+)::(test_\w+)`", MODEL.read_text(encoding="utf-8"))
    assert len(named) >= 30
    missing = [
        f"{module}::{name}"
        for module, name in named
        if f"def {name}(" not in (Path(__file__).parent / f"{module}.py").read_text(encoding="utf-8")
    ]
    assert missing == []


def test_every_threat_has_a_test() -> None:
    rows = [line for line in MODEL.read_text(encoding="utf-8").splitlines() if re.match(r"\| \d+ \|", line)]
    assert len(rows) >= 25
    assert [row for row in rows if "::" not in row] == []
