# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Events hold what their messages can hold, and nothing else."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yokotago_model.events import (
    SECOND,
    Hand,
    HandReach,
    ShelfWeight,
    seconds_between,
    stamp_of,
)
from yokotago_model.progress import ProgressCounter


@given(st.floats(-1e6, 1e6))
def test_single_precision_fields_are_rounded_when_made(value: float) -> None:
    hand = Hand((0.0, 0.0, 0.0), value, 0.5)
    assert hand.position_stddev == float(np.float32(value))
    assert ShelfWeight(0, "a", 0, 0, 0.1, (value,)).grams == (float(np.float32(value)),)


def test_events_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Hand((0.0, 0.0, 0.0), 0.1, 0.5).confidence = 1.0  # type: ignore[misc]


def test_a_reach_has_the_stamp_of_its_end_only_when_complete() -> None:
    assert HandReach("r", 1, "A", False, 5, 9).stamp == 5
    assert HandReach("r", 1, "A", True, 5, 9).stamp == 9


def test_stamps_are_nanoseconds() -> None:
    assert stamp_of(1.5) == 3 * SECOND // 2
    assert seconds_between(stamp_of(2.0), stamp_of(0.5)) == -1.5


def test_progress_counts_each_stream_for_itself() -> None:
    counter = ProgressCounter(session=7)
    counter.count("/a")
    counter.count("/a")
    counter.count("/b")
    assert counter.progress("/a", 10).published == 2
    assert counter.progress("/b", 10, ("s",)).silent == ("s",)
    assert counter.progress("/c", 10).published == 0
