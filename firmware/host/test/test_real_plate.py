# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""A real plate's 17 s, in which one bottle is taken, weighed once more by the firmware."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from conftest import DEMO_STORE, ROOT, SECOND, Listener, ScaleProcess

from yokotago_model.conversions import from_message
from yokotago_model.events import WeightChange, stamp_of
from yokotago_model.store_file import read_store
from yokotago_shelves.weight_changes import WeightChanges

DATA = Path(os.environ.get("YOKOTAGO_DATA", ROOT.parent / "shared" / "data"))
PLATES = DATA / "autocheckout_benchmark1" / "plate_data.json"
GONDOLA, SHELF, PLATE = 1, 5, 11
PERIOD = round(SECOND / 60)
PUBLISHED_G = -622.9


def recorded() -> list[tuple[int, list[float]]]:
    """Stamp and samples of the plate's bursts."""
    bursts = []
    for line in PLATES.read_text("utf-8").splitlines():
        document = json.loads(line)
        data = document["document"]["plate_data"]
        if data["plate_id"]["shelf_id"]["gondola_id"]["id"] == GONDOLA:
            samples = np.frombuffer(base64.b64decode(data["values"]["data"]), "<f4").reshape(data["values"]["shape"])
            bursts.append((stamp_of(document["timestamp"]), samples[:, SHELF, PLATE].tolist()))
    return bursts


@pytest.mark.skipif(not PLATES.is_file(), reason="no recording: set YOKOTAGO_DATA to the folder of real recordings")
def test_the_taken_bottle_weighs_what_it_weighs(listener: Listener, scale: Callable[..., ScaleProcess]) -> None:
    process = scale("--calibrated", "--noise-counts", "20")
    process.heard()
    bursts = recorded()
    for stamp, grams in bursts:
        process.say(f"load {stamp} {PERIOD} " + " ".join(f"{g:.2f}" for g in grams))
    seconds = (bursts[-1][0] - bursts[0][0]) / SECOND
    stage = WeightChanges(read_store(DEMO_STORE))
    heard = process.arrived(int(80 * (seconds - 0.5)))
    events = [e for b in heard for e in stage.feed(from_message("/shelves/weights", b))] + stage.finish()
    (change,) = [e for e in events if isinstance(e, WeightChange)]
    print(f"{change.delta:.1f} g, stated deviation {change.stddev:.1f} g")
    assert change.delta == pytest.approx(PUBLISHED_G, abs=3.0)
