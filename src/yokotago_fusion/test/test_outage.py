# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""A small outage; outage.py runs the hour with 1,000 visits."""

from __future__ import annotations

from pathlib import Path

import pytest
from bridge_support import MOSQUITTO
from outage import run


@pytest.mark.parametrize("line", ["http", "mqtt"])
def test_after_an_hour_without_a_cloud_every_receipt_is_there_exactly_once(line: str, tmp_path: Path) -> None:
    if line == "mqtt" and MOSQUITTO is None:
        pytest.skip("no mosquitto on this machine: apt install mosquitto")
    outcome = run(tmp_path, line, 40)
    assert (outcome.receipts, outcome.waited) == (44, 46)
    assert outcome.right, outcome
