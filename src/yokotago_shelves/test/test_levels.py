# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The level at rest, which is kept in order from block to block, against one that is sorted anew."""

from __future__ import annotations

import numpy as np
import pytest

from yokotago_model.events import SECOND, ScaleStatus
from yokotago_shelves.levels import Levels
from yokotago_shelves.parameters import WeightParameters
from yokotago_shelves.samples import Block

SPAN = SECOND // 20


@pytest.mark.parametrize("seed", range(5))
def test_what_is_kept_in_order_is_what_the_scale_remembers(seed: int) -> None:
    rng = np.random.default_rng(seed)
    levels = Levels(WeightParameters())
    grams, stamp, steps, compared = 5000.0, 0, 0, 0
    for number in range(2000):
        if number % 97 == 50:
            grams += float(rng.choice([-500.0, -100.0, 30.0, 250.0]))
        if number % 400 == 399:
            stamp += 3 * SECOND  # samples are missing
        stamp += SPAN
        mean = grams + float(rng.normal(0.0, 0.4))
        steps += levels.feed(Block(stamp, stamp + SPAN - 1, SPAN, mean, ScaleStatus.OK)) is not None
        if levels.moving_since is None and levels._ordered:
            assert levels._ordered == sorted(b.mean for b in list(levels._blocks)[: len(levels._ordered)])
            compared += 1
    assert steps >= 10
    assert compared > 1000
