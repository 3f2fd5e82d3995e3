# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The simulator's cases by name, and what varying one thing of the simulation changes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from yokotago_bringup.cases import VARIATIONS, CaseSpec, case_names, records_of
from yokotago_bringup.console import CommandError, demo_store_file
from yokotago_bringup.evaluate_command import _variations
from yokotago_model.events import Catalogue, Event, TrueAction
from yokotago_model.store_file import read_store

STORE = read_store(demo_store_file())
USUAL = CaseSpec("S01", 1, "tracks")


def events(spec: CaseSpec) -> list[tuple[str, Event]]:
    return [(r.topic, r.event) for r in records_of(STORE, spec)]


def test_groups_of_cases_have_names() -> None:
    assert case_names(["all"]) == [f"S{n:02}" for n in range(1, 31)]
    assert len(case_names(["traps", "confusing", "family"])) == 13
    with pytest.raises(CommandError, match="there is no case 'S31'"):
        case_names(["S31"])


@pytest.mark.parametrize("name", VARIATIONS)
def test_a_variation_changes_the_records_and_neither_the_catalogue_nor_what_is_bought(name: str) -> None:
    usual, varied = events(USUAL), events(replace(USUAL, vary=name, factor=2.0))
    assert events(replace(USUAL, vary=name, factor=1.0)) == usual
    assert varied != usual
    for kind in (Catalogue, TrueAction):
        assert [getattr(e, "product_id", e) for _, e in varied if isinstance(e, kind)] == [
            getattr(e, "product_id", e) for _, e in usual if isinstance(e, kind)
        ]


def test_variations_are_read_from_words() -> None:
    assert _variations(["noise=0.5,2", "pace=2"]) == {"noise": [0.5, 2.0], "pace": [2.0]}
    for wrong in ("wind=2", "noise", "noise=-1", "noise=a"):
        with pytest.raises(CommandError, match="--vary"):
            _variations([wrong])
