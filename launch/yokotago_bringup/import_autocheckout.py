# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Reads a recording of the AutoCheckout competition (CPS-IoT Week 2020): real plates, and people from real cameras.

The folder holds four files of one JSON document a line: plate_data.json (60 Hz weights of all plates of a gondola, five
times a second), full_targets.json (people with head and hands, in inches), planogram.json (facings, in metres) and
products.json. All use the same axes: z up, the gondolas side by side along y = 0 with the shoppers at y < 0.

The recording has no doors and no check-ins: it begins and ends with the person inside. So that there is a visit, the
person is given a check-in under their own number and a door on the far side of the floor, through which they come just
before the first record and leave just after the last one. All else is as recorded, the times of arrival too.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from yokotago_model.events import (
    SECOND,
    Catalogue,
    CheckIn,
    CrossingKind,
    Hand,
    Point,
    ShelfWeight,
    Stamp,
    Track,
    TrackFrame,
    TrackState,
    ZoneCrossing,
    stamp_of,
)
from yokotago_model.store_file import parse_store

from .bags import Record
from .console import CommandError

INCH = 0.0254
SHELF_DEPTH = 0.41
HAND_STDDEV = 0.05
BODY_STDDEV = 0.1
HEAD_TOP = 0.1
"""From the point that the cameras call the head up to its top [m]."""
FILES = ("plate_data.json", "full_targets.json", "planogram.json", "products.json")

_Document = dict[str, Any]


def read_autocheckout(folder: Path) -> tuple[str, Iterator[Record]]:
    """The store.yaml of the recording and its records in order of arrival.

    Raises CommandError where a file is missing or is not what it should be.
    """
    documents = {name: _documents(folder / name) for name in FILES}
    try:
        weights = list(_weights(documents["plate_data.json"]))
        weighed = {r.event.scale_id for r in weights if isinstance(r.event, ShelfWeight)}
        text = _store_text(documents["planogram.json"], documents["products.json"], weighed)
        records = [*weights, *_people(documents["full_targets.json"])]
    except (KeyError, ValueError, IndexError) as error:
        raise CommandError(f"{folder}: this is no AutoCheckout recording: {type(error).__name__} {error}") from error
    store = parse_store(text)
    start = min(r.arrival for r in records)
    scales = set(store.scale)
    records = [r for r in records if not isinstance(r.event, ShelfWeight) or r.event.scale_id in scales]
    records.append(Record(start - SECOND, "/catalogue", Catalogue(start - SECOND, store.products)))
    return text, iter(sorted(records, key=lambda r: r.arrival))


def _documents(path: Path) -> list[_Document]:
    try:
        lines = path.read_text("utf-8").splitlines()
        return [json.loads(line) for line in lines if line.strip()]
    except OSError as error:
        raise CommandError(f"{path}: cannot be read: name the folder that holds {', '.join(FILES)}") from error
    except ValueError as error:
        raise CommandError(f"{path}: each line must be one JSON document: {error}") from error


def _time(text: str) -> Stamp:
    return stamp_of(datetime.fromisoformat(text).timestamp())


def _scale_id(gondola: int, shelf: int, plate: int) -> str:
    return f"g{gondola}-s{shelf}-p{plate}"


def _store_text(planogram: list[_Document], products: list[_Document], weighed: set[str]) -> str:
    """The store.yaml: a shelf for each gondola, a scale for each recorded plate that something stands on."""
    catalogue: dict[str, _Document] = {}
    for document in products:
        data = document["metadata"]
        if data.get("weight"):
            catalogue[document["product_id"]["id"]] = {
                "id": document["product_id"]["id"],
                "name": data["name"],
                "weight_g": round(data["weight"], 3),
                "price": round(100 * (data.get("price") or 0)),
            }
    placed = []
    for document in planogram:
        plates = [
            (p["shelf_id"]["gondola_id"]["id"], p["shelf_id"]["shelf_index"], p["plate_index"])
            for p in document["plate_ids"]
        ]
        box = document["global_coordinates"]
        corner = box["transform"]["translation"]
        product = document["planogram_product_id"].get("id", "")  # an empty place has none
        if product in catalogue and all(_scale_id(*p) in weighed for p in plates):
            placed.append((product, plates, corner.get("x", 0.0), corner.get("z", 0.0), box["dim_x"], box["dim_z"]))
    shelves: dict[int, tuple[float, float, float]] = {}
    for _, plates, x, z, width, height in placed:
        left, right, top = shelves.get(plates[0][0], (np.inf, -np.inf, 0.0))
        shelves[plates[0][0]] = (min(left, x), max(right, x + width), max(top, z + height))
    scales: dict[str, _Document] = {}
    facings = []
    for i, (product, plates, x, z, width, height) in enumerate(placed):
        gondola = plates[0][0]
        left = shelves[gondola][0]
        part = width / len(plates)
        for j, plate in enumerate(plates):
            scale_id = _scale_id(*plate)
            scale = {"id": scale_id, "shelf": f"g{gondola}", "x": _mm(x - left + j * part), "z": _mm(z)}
            scales.setdefault(scale_id, scale | {"width": _mm(part), "depth": 0.4})
        facings.append(
            {
                "id": f"f{i + 1}",
                "shelf": f"g{gondola}",
                "product": product,
                "x": _mm(x - left),
                "z": _mm(z),
                "width": _mm(width),
                "height": _mm(height),
                "scales": [_scale_id(*p) for p in plates],
                "stock": 10,
            }
        )
    end = max(right for _, right, _ in shelves.values()) + 0.5
    floor = [[-1.0, -3.0], [end, -3.0], [end, SHELF_DEPTH], [-1.0, SHELF_DEPTH]]
    door = [[-1.0, -3.0], [end, -3.0], [end, -2.5], [-1.0, -2.5]]
    store = {
        "store": {"id": "autocheckout", "name": "AutoCheckout benchmark", "currency": "USD", "floor": floor},
        "sensors": [],
        "zones": [
            {"id": "way-in", "kind": "entrance", "polygon": door},
            {"id": "way-out", "kind": "exit", "polygon": door},
        ],
        "gates": [{"id": "gate", "zone": "way-in", "position": [0.0, -2.8]}],
        "shelves": [
            {
                "id": f"g{g}",
                "origin": [left, 0.0, 0.0],
                "yaw_deg": 0,
                "size": [_mm(right - left), SHELF_DEPTH, _mm(top)],
            }
            for g, (left, right, top) in sorted(shelves.items())
        ],
        "scales": list(scales.values()),
        "facings": facings,
        "products": [catalogue[p] for p in sorted({p for p, *_ in placed})],
        # Positions of the recording reach its fusion 2.24 to 2.44 s late, weights 0.1 s.
        "tolerances": {"tracks_late_s": 3.0, "weights_late_s": 0.5},
    }
    return "# Made from the planogram of an AutoCheckout recording.\n" + yaml.safe_dump(
        store, sort_keys=False, allow_unicode=True, width=120
    )


def _mm(metres: float) -> float:
    """To the millimetre: enough, and no rounding error lets a facing stick out of its shelf."""
    return round(float(metres), 3)


def _weights(plate_data: list[_Document]) -> Iterator[Record]:
    """A burst for each plate of each message; the first row and column of a message are not used."""
    sequence: dict[int, int] = {}
    for document in plate_data:
        data = document["document"]["plate_data"]
        gondola = data["plate_id"]["shelf_id"]["gondola_id"]["id"]
        samples = np.frombuffer(base64.b64decode(data["values"]["data"]), dtype="<f4").reshape(data["values"]["shape"])
        period = 1.0 / data["freq_samp"]
        arrival = _time(document["date_time"]["$date"])
        stamp = _time(document["document"]["header"]["t_origin"])
        first = sequence.get(gondola, 0)
        sequence[gondola] = first + len(samples)
        for shelf in range(1, samples.shape[1]):
            for plate in range(1, samples.shape[2]):
                grams = samples[:, shelf, plate]
                if np.isfinite(grams).all():
                    burst = ShelfWeight(stamp, _scale_id(gondola, shelf, plate), 1, first, period, tuple(grams))
                    yield Record(arrival, "/shelves/weights", burst)


def _point(document: _Document) -> Point:
    x, y, z = (float(document["point"].get(axis, 0.0)) * INCH for axis in "xyz")
    return (x, y, z)


def _track(target: _Document) -> Track:
    head = _point(target["head"])
    hands = tuple(Hand(_point(h), HAND_STDDEV, h.get("score", 0.5)) for h in target.get("hands", ()) if "point" in h)
    return Track(
        track_id=int(target["target_id"]["id"]),
        state=TrackState.CONFIRMED,
        position=(head[0], head[1], 0.0),
        velocity=(0.0, 0.0, 0.0),
        height=head[2] + HEAD_TOP,
        position_covariance=(BODY_STDDEV**2, 0.0, 0.0, BODY_STDDEV**2),
        hands=hands,
    )


def _parked(track: Track) -> Track:
    """A person whom the cameras have lost for a moment."""
    return Track(
        track.track_id, TrackState.COASTING, track.position, track.velocity, track.height, track.position_covariance
    )


def _people(targets: list[_Document]) -> Iterator[Record]:
    frames = []
    for document in targets:
        found = document["document"]["targets"].get("targets", [])
        tracks = {t.track_id: t for t in map(_track, (f for f in found if f.get("head", {}).get("point")))}
        stamp = _time(document["document"]["header"]["t_origin"])
        frames.append((stamp, _time(document["date_time"]["$date"]), tracks))
    frames.sort(key=lambda f: f[0])
    seen = {track_id for _, _, tracks in frames for track_id in tracks}
    late = max(arrival - stamp for stamp, arrival, _ in frames)
    before, after = frames[0][0] - SECOND, frames[-1][0] + SECOND // 2
    for i, track_id in enumerate(sorted(seen)):
        check_in = CheckIn(before - SECOND, f"check-in-{i + 1}", str(track_id), "gate")
        yield Record(before - SECOND, "/check_ins", check_in)
        for stamp, zone, kind in (
            (before, "way-in", CrossingKind.ENTER),
            (before + SECOND // 2, "way-in", CrossingKind.EXIT),
            (after, "way-out", CrossingKind.ENTER),
            (after + SECOND // 2, "way-out", CrossingKind.EXIT),
        ):
            yield Record(stamp + late, "/zone_crossings", ZoneCrossing(stamp, track_id, zone, kind))
    last: dict[int, Track] = {}
    first = {t: tracks[t] for _, _, tracks in reversed(frames) for t in tracks}
    for stamp, arrival, tracks in frames:
        last |= tracks
        shown = {t: tracks.get(t) or _parked(last.get(t, first[t])) for t in seen}
        yield Record(arrival, "/tracks", TrackFrame(stamp, tuple(shown[t] for t in sorted(shown))))
    # The person is still there until the door, and then the empty store, for as long as the fusion waits for it.
    for i in range(1, 40):
        stamp = frames[-1][0] + i * SECOND // 15
        parked = tuple(_parked(last[t]) for t in sorted(last)) if stamp < after + SECOND // 2 else ()
        yield Record(stamp + late, "/tracks", TrackFrame(stamp, parked))
