# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""A day under faults: what loses nothing changes nothing, and the comparison tells what went wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pytest

from yokotago_bringup.bags import Record
from yokotago_bringup.cases import CaseSpec, records_of
from yokotago_bringup.console import demo_store_file
from yokotago_bringup.faults import FAULTS, Fault, compare, fused, play
from yokotago_model.events import Receipt, ShelfWeight
from yokotago_model.store_file import read_store

STORE = read_store(demo_store_file())
LOSSLESS, LOSING = FAULTS[0], FAULTS[-1]


@pytest.fixture(scope="module")
def day() -> list[Record]:
    """Somebody takes something, puts it back, and takes three other things."""
    return [r for r in records_of(STORE, CaseSpec("S03", 1, "tracks")) if not r.topic.startswith("/truth/")]


@pytest.fixture(scope="module")
def receipts(day: list[Record]) -> list[Receipt]:
    return fused(STORE, day)


def test_every_fault_does_what_it_says(day: list[Record]) -> None:
    for number, fault in enumerate(FAULTS):
        disturbed = list(fault.disturb(day, np.random.default_rng(number)))
        assert [r.arrival for r in disturbed] == sorted(r.arrival for r in disturbed)
        assert (disturbed != day) or fault.restarts
        if fault.lossless:
            assert len(disturbed) >= len(day)
        else:
            assert len(disturbed) < len(day)


def test_what_loses_nothing_changes_nothing(day: list[Record]) -> None:
    found = play(STORE, day, 1, [f for f in FAULTS if f.lossless])
    assert [(c.fault, c.same, c.good) for c in found] == [(f.name, 1, True) for f in FAULTS if f.lossless]


def test_a_day_without_scales_is_not_taken_for_the_same(day: list[Record]) -> None:
    def blind(records: Sequence[Record], _rng: np.random.Generator) -> Iterator[Record]:
        yield from (r for r in records if not isinstance(r.event, ShelfWeight))

    [found] = play(STORE, day, 1, [Fault("no scales", "", True, blind)])
    assert not found.good
    assert found.same == 0


def test_different_receipts_are_good_only_when_reviewed_and_only_where_something_was_lost(
    receipts: list[Receipt],
) -> None:
    [receipt] = receipts
    less = replace(receipt, lines=receipt.lines[1:])
    doubted = replace(less, needs_review=True)
    assert compare(LOSSLESS, receipts, receipts).good
    assert compare(LOSING, receipts, [less]).silent == 1
    assert not compare(LOSING, receipts, [less]).good
    assert compare(LOSING, receipts, [doubted]).good
    assert not compare(LOSSLESS, receipts, [doubted]).good
    assert compare(LOSING, receipts, []).lost == 1
    assert compare(LOSING, [], receipts).added == 1
