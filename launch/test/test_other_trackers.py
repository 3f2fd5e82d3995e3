# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Other trackers, on detections made by hand."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from yokotago_bringup.console import CommandError
from yokotago_bringup.other_trackers import NORFAIR_VARIABLE, _clusters, nearest_neighbour, norfair

RATE_HZ = 10.0
WALK = [[(0.1 * i, 0.0), (3.0 - 0.1 * i, 2.0)] for i in range(20)]


def test_the_nearest_neighbour_follows_and_forgets() -> None:
    frames = nearest_neighbour([*WALK, *[[]] * 12, *WALK], RATE_HZ)
    assert set(frames[0]) == set()
    assert set(frames[5]) == set(frames[19]) == {1, 2}
    assert set(frames[-1]) == {3, 4}
    assert frames[19][1] == WALK[19][0]


def test_clusters_are_people_where_they_are_high_enough() -> None:
    rng = np.random.default_rng(0)
    person = rng.uniform((-0.2, -0.2, 0.2), (0.2, 0.2, 1.7), (3000, 3)) + np.array([1.0, 2.0, 0.0])
    bag = rng.uniform((-0.2, -0.2, 0.1), (0.2, 0.2, 0.5), (800, 3)) + np.array([3.0, 2.0, 0.0])
    found = _clusters(np.concatenate([person, bag]).astype(np.float32))
    assert found == [pytest.approx((1.0, 2.0), abs=0.05)]


def test_norfair_follows_the_same_detections() -> None:
    python = os.environ.get(NORFAIR_VARIABLE)
    if not python:
        pytest.skip(f"no norfair: set {NORFAIR_VARIABLE} to a Python that has it")
    frames = norfair(python, WALK, RATE_HZ)
    assert len(frames) == len(WALK)
    assert len(frames[-1]) == 2
    assert set(frames[-1]) == set(frames[8])


def test_a_python_without_norfair_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="pip install norfair"):
        norfair(str(tmp_path / "python"), WALK, RATE_HZ)
