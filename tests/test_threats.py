# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The store host's threat model and the tests agree: every threat names a test, and every named test is there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODEL = (ROOT / "docs" / "threats_store_host.md").read_text(encoding="utf-8")


def test_every_named_test_is_there() -> None:
    named = re.findall(r"`([\w/]+\.py)::(test_\w+)`", MODEL)
    assert len(named) >= 18
    missing = [f"{path}::{name}" for path, name in named if f"def {name}(" not in (ROOT / path).read_text("utf-8")]
    assert missing == []


def test_every_threat_has_a_test() -> None:
    rows = [line for line in MODEL.splitlines() if re.match(r"\| \d+ \|", line)]
    assert len(rows) >= 18
    assert [row for row in rows if "::" not in row] == []
