# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Who is who after people could not be told apart, against what can be computed by hand."""

from __future__ import annotations

from itertools import combinations

import pytest

from yokotago_model.events import SECOND
from yokotago_tracking.identities import Identities, Recognition, RecognitionParams


def test_identities_mix_and_stay_probabilities() -> None:
    identities = Identities()
    identities.add(1)
    identities.add(2)
    identities.mix(1, 2, 0.25)
    assert identities.confidence(1) == identities.confidence(2) == 0.75
    assert identities.alternatives(1) == (2,)
    identities.add(3)
    identities.mix(2, 3, 0.5)
    assert identities.confidence(2) == pytest.approx(0.375)
    assert identities.alternatives(2) == (3, 1)


def test_what_is_seen_of_one_tells_about_the_other_too() -> None:
    identities = Identities()
    for track in (1, 2, 3):
        identities.add(track)
    identities.mix(1, 2, 0.2)
    identities.weigh(1, lambda name: 4.0 if name == 2 else 1.0)
    assert identities.confidence(1) == identities.confidence(2) == pytest.approx(0.5)
    assert (identities.person(1), identities.person(3)) == (None, 3)
    assert identities.swapped() == {}
    identities.weigh(2, lambda name: 200.0 if name == 1 else 1.0)
    assert identities.confidence(1) == identities.confidence(2) == 0.0
    assert identities.alternatives(1) == (2,)
    assert identities.swapped() == {1: 2, 2: 1}
    for track in (1, 2):
        identities.name(track)
    assert identities.confidence(1) == 1.0


def test_nobody_gets_the_name_of_one_who_is_gone() -> None:
    identities = Identities()
    for track in (1, 2):
        identities.add(track)
    identities.mix(1, 2, 0.4)
    identities.remove(2)
    assert identities.alternatives(1) == (2,)
    identities.weigh(1, lambda name: 1000.0 if name == 2 else 1.0)
    assert identities.confidence(1) == 0.0
    assert identities.names() == {2}
    assert identities.swapped() == {}


def met(tall_m: tuple[float, float], swap: float = 0.3) -> Recognition:
    """Two people of these heights who walked in as tracks 1 and 2 and then met."""
    recognition = Recognition(RecognitionParams())
    for track, z in zip((1, 2), tall_m, strict=True):
        recognition.identities.add(track)
        for _ in range(15):
            recognition.walks(track, z, 1.0 / 15.0)
    recognition.meet(1, 2, swap, 10 * SECOND)
    return recognition


def walk(recognition: Recognition, track: int, z: float) -> None:
    """A second of it, or less if it tells before."""
    for _ in range(15):
        if recognition.identities.person(track) is None:
            recognition.walks(track, z, 1.0 / 15.0)


def test_who_comes_out_as_tall_as_the_other_went_in_gets_that_name() -> None:
    recognition = met((1.60, 1.80))
    assert recognition.rename() == {}
    walk(recognition, 1, 1.79)
    assert recognition.identities.confidence(1) == 0.0
    assert recognition.identities.confidence(2) == 0.0
    renamed = recognition.rename()
    assert {old: new for old, (new, _) in renamed.items()} == {1: 2, 2: 1}
    assert [renamed[track][1] for track in (1, 2)] == pytest.approx([1.80, 1.60])
    assert recognition.identities.confidence(1) == 1.0


def test_four_centimetres_seen_of_both_are_enough_and_of_one_are_not() -> None:
    recognition = met((1.77, 1.81), 0.45)
    walk(recognition, 1, 1.81)
    assert 0.05 < recognition.identities.confidence(1) < 0.2
    assert recognition.rename() == {}
    walk(recognition, 2, 1.77)
    assert {old: new for old, (new, _) in recognition.rename().items()} == {1: 2, 2: 1}


def test_of_many_who_are_alike_all_are_kept() -> None:
    identities = Identities(0.01, 0.05)
    for track in range(1, 6):
        identities.add(track)
    for one, other in combinations(range(1, 6), 2):
        identities.mix(one, other, 0.5)
    identities.weigh(1, lambda name: 1.0)
    # 120 orders of five, each of which has less than 0.05.
    assert len(identities.alternatives(1)) == 4


def test_who_comes_out_as_tall_as_they_went_in_was_not_swapped() -> None:
    recognition = met((1.60, 1.80))
    walk(recognition, 2, 1.80)
    assert recognition.identities.person(1) == 1
    assert recognition.rename() == {}
    assert recognition.identities.confidence(1) == 1.0


def test_who_surely_is_another_is_measured_as_that_one() -> None:
    recognition = Recognition(RecognitionParams())
    for track, z in ((1, 1.60), (2, 1.80), (3, 1.70)):
        recognition.identities.add(track)
        for _ in range(15):
            recognition.walks(track, z, 1.0 / 15.0)
    recognition.meet(1, 3, 0.3, 10 * SECOND)
    recognition.meet(1, 2, 0.3, 11 * SECOND)
    recognition.remove(2)
    walk(recognition, 1, 1.80)
    assert (recognition.identities.person(1), recognition.identities.person(3)) == (2, None)
    for _ in range(60):
        recognition.walks(1, 1.80, 1.0 / 15.0)
    walk(recognition, 3, 1.60)
    assert recognition.identities.person(3) == 1


def test_people_of_one_height_stay_in_doubt() -> None:
    recognition = met((1.70, 1.70))
    walk(recognition, 1, 1.70)
    walk(recognition, 2, 1.70)
    assert recognition.identities.confidence(1) == pytest.approx(0.7)


def test_a_meeting_counts_once_however_long_it_takes() -> None:
    recognition = met((1.60, 1.80))
    for k in range(1, 100):
        recognition.meet(1, 2, 0.3, 10 * SECOND + k * SECOND // 15)
    assert recognition.identities.confidence(1) == pytest.approx(0.7)
    recognition.meet(1, 2, 0.3, 30 * SECOND)
    assert recognition.identities.confidence(1) == pytest.approx(0.7**2 + 0.3**2)


def test_too_short_a_walk_tells_nothing() -> None:
    recognition = met((1.60, 1.80))
    for _ in range(5):
        recognition.walks(1, 1.80, 0.1)
    assert recognition.identities.confidence(1) == pytest.approx(0.7)
