# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Draws the tracks of a case over the true ways of its people."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from yokotago_model.store import Store

from .tracking_scores import MatchedFrame


def plot_case(store: Store, title: str, matched: Sequence[MatchedFrame], path: Path) -> None:
    """A plan of the store with the true ways (wide, grey) and the tracks (coloured by id) as a PNG at `path`."""
    figure = Figure(figsize=(8, 7), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.fill(*zip(*store.floor, strict=True), facecolor="none", edgecolor="black")
    for zone in store.zones:
        axes.fill(*zip(*zone.polygon, strict=True), alpha=0.15, label=f"zone {zone.zone_id}")
    for shelf in store.shelves:
        axes.fill(*zip(*shelf.footprint, strict=True), facecolor="lightgrey", edgecolor="grey")
    ways: dict[int, list[tuple[float, float]]] = {}
    tracks: dict[int, list[tuple[float, float]]] = {}
    for frame in matched:
        for person, place in frame.people.items():
            ways.setdefault(person, []).append(place)
        for track, place in frame.tracks.items():
            tracks.setdefault(track, []).append(place)
    for way in ways.values():
        axes.plot(*zip(*way, strict=True), color="0.7", linewidth=5, solid_capstyle="round", zorder=1)
    for track, way in sorted(tracks.items()):
        axes.plot(*zip(*way, strict=True), linewidth=1.2, zorder=2, label=f"track {track}")
    axes.set(title=f"{title}: {len(ways)} people (grey), {len(tracks)} tracks", xlabel="x [m]", ylabel="y [m]")
    axes.set_aspect("equal")
    axes.legend(fontsize="small", loc="center left", bbox_to_anchor=(1.0, 0.5))
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
