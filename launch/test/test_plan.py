# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Which stages run on which recording."""

from __future__ import annotations

import pytest

from yokotago_bringup.console import demo_store_file
from yokotago_bringup.plan import plan
from yokotago_model.events import StreamProgress
from yokotago_model.store import Store
from yokotago_model.store_file import read_store

STORE: Store = read_store(demo_store_file())
POINTS = tuple(f"/tof/{s.sensor_id}/points" for s in STORE.sensors)
DEPTH = tuple(f"/tof/{s.sensor_id}/depth" for s in STORE.sensors)
FOREGROUND = tuple(f"/tof/{s.sensor_id}/foreground" for s in STORE.sensors)
TRACKED = ("/tracks", "/zone_crossings", "/hand_reaches")
WEIGHTS = ("/shelves/weights", "/check_ins", "/catalogue", "/progress")
CHAIN = ("tracker", "crossings", "reaches", "weight_changes", "fusion")


@pytest.mark.parametrize("clouds", [POINTS, DEPTH])
def test_from_the_cameras_everything_runs(clouds: tuple[str, ...]) -> None:
    planned = plan(STORE, (*clouds, *WEIGHTS))
    assert planned.stages == (*(f"foreground {s.sensor_id}" for s in STORE.sensors), *CHAIN)


def test_from_foregrounds_the_rest_runs() -> None:
    assert plan(STORE, (*FOREGROUND, *WEIGHTS)).stages == CHAIN


def test_a_sensor_with_its_foreground_needs_no_stage() -> None:
    planned = plan(STORE, (*POINTS, FOREGROUND[0], *WEIGHTS))
    assert planned.foregrounds == tuple(s.sensor_id for s in STORE.sensors[1:])


def test_from_tracks_only_what_is_missing_runs() -> None:
    assert plan(STORE, (*TRACKED, *WEIGHTS)).stages == ("weight_changes", "fusion")
    assert plan(STORE, ("/tracks", *WEIGHTS)).stages == ("crossings", "reaches", "weight_changes", "fusion")
    assert plan(STORE, (*TRACKED, "/weight_changes", "/check_ins")).stages == ("fusion",)


def test_a_recording_with_receipts_is_left_as_it_is() -> None:
    assert plan(STORE, (*TRACKED, *WEIGHTS, "/weight_changes", "/receipts", "/baskets")).stages == ()


def test_again_starts_from_the_lowest_level() -> None:
    topics = (*POINTS, *FOREGROUND, *TRACKED, *WEIGHTS, "/weight_changes", "/receipts", "/baskets", "/decisions")
    planned = plan(STORE, topics, again=True)
    assert planned.stages == (*(f"foreground {s.sensor_id}" for s in STORE.sensors), *CHAIN)
    assert planned.ignored >= {*FOREGROUND, *TRACKED, "/weight_changes", "/receipts", "/baskets", "/decisions"}


def test_a_recording_without_people_and_scales_runs_nothing() -> None:
    assert plan(STORE, ("/check_ins", "/catalogue")).stages == ()


def test_the_progress_of_a_stream_goes_with_the_stream() -> None:
    planned = plan(STORE, (*TRACKED, *WEIGHTS))
    assert planned.streams == ("/weight_changes",)
    assert planned.replaces("/progress", StreamProgress(0, "/weight_changes", 1, 0))
    assert not planned.replaces("/progress", StreamProgress(0, "/tracks", 1, 0))


def test_a_stage_waits_only_for_what_it_takes_in() -> None:
    def taken(*topics: str) -> set[str]:
        planned = plan(STORE, topics)
        return {t for t in topics if planned.takes(t)}

    truth = ("/truth/tracks", "/truth/receipts")
    assert taken(*POINTS, *WEIGHTS, *truth) == {*POINTS, *WEIGHTS}
    # A sensor whose foreground was recorded needs no stage for its points.
    assert taken(*POINTS, FOREGROUND[0], *WEIGHTS) == {*POINTS[1:], FOREGROUND[0], *WEIGHTS}
    assert taken(*FOREGROUND, *TRACKED, *WEIGHTS) == {*TRACKED, *WEIGHTS}
    assert taken(*TRACKED, "/shelves/weights", "/weight_changes", "/alerts") == {*TRACKED, "/weight_changes"}
    assert taken(*TRACKED, *WEIGHTS, "/weight_changes", "/receipts") == set()
