# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""What is recorded of a running store."""

from __future__ import annotations

import pytest

from yokotago_bringup.console import demo_store_file
from yokotago_bringup.record_command import topics
from yokotago_model.store_file import read_store

STORE = read_store(demo_store_file())


@pytest.mark.parametrize("clouds", [True, False])
@pytest.mark.parametrize("inputs_only", [True, False])
def test_what_phones_show_is_never_recorded(clouds: bool, inputs_only: bool) -> None:
    names = topics(STORE, clouds=clouds, inputs_only=inputs_only)
    assert "/check_ins" in names
    assert not [name for name in names if name.startswith("/gate_")]


def test_inputs_only_leaves_out_what_the_store_decided() -> None:
    assert "/receipts" in topics(STORE, clouds=True, inputs_only=False)
    assert "/receipts" not in topics(STORE, clouds=True, inputs_only=True)
