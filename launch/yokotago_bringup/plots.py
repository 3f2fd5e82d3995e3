# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Draws the plan of a store, and the tracks of a case over the true ways of its people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from yokotago_model.store import Store, ZoneKind

from .tracking_scores import MatchedFrame

_ZONE_COLOURS = {ZoneKind.ENTRANCE: "tab:green", ZoneKind.EXIT: "tab:orange", ZoneKind.STAFF: "tab:purple"}


def _plan(store: Store, title: str) -> tuple[Figure, Axes]:
    """A figure with the store's floor, zones and shelves seen from above."""
    figure = Figure(figsize=(8, 7), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.fill(*zip(*store.floor, strict=True), facecolor="none", edgecolor="black")
    for zone in store.zones:
        colour = _ZONE_COLOURS[zone.kind]
        axes.fill(*zip(*zone.polygon, strict=True), alpha=0.2, color=colour, label=f"{zone.kind.value} {zone.zone_id}")
    for shelf in store.shelves:
        axes.fill(*zip(*shelf.footprint, strict=True), facecolor="lightgrey", edgecolor="grey")
        front = [shelf.to_store((u, 0.0, 0.0)) for u in (0.0, shelf.size[0])]
        axes.plot([p[0] for p in front], [p[1] for p in front], color="black", linewidth=2)
    axes.set(title=title, xlabel="x [m]", ylabel="y [m]")
    axes.set_aspect("equal")
    return figure, axes


def _save(figure: Figure, axes: Axes, path: Path) -> None:
    axes.legend(fontsize="small", loc="center left", bbox_to_anchor=(1.0, 0.5))
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)


def plot_store(store: Store, path: Path) -> None:
    """The plan of a store as a PNG at `path`: shelves with their open fronts and names, gates, sensors."""
    figure, axes = _plan(store, store.name)
    for shelf in store.shelves:
        x, y, _ = shelf.to_store((shelf.size[0] / 2, shelf.size[1] / 2, 0.0))
        axes.text(x, y, f"{shelf.shelf_id} {shelf.name}", ha="center", va="center", fontsize="small")
    if store.gates:
        axes.plot(*zip(*(g.position for g in store.gates), strict=True), "s", color="tab:green", label="gates")
    if store.sensors:
        axes.plot(*zip(*(s.position[:2] for s in store.sensors), strict=True), "^", color="tab:blue", label="sensors")
    for sensor in store.sensors:
        axes.annotate(sensor.sensor_id, sensor.position[:2], textcoords="offset points", xytext=(6, 4))
    _save(figure, axes, path)


def plot_variation(
    name: str, factors: Sequence[float], shares: Mapping[str, Sequence[float | None]], path: Path
) -> None:
    """How shares fall as one thing of the simulation grows by `factors`, as a PNG at `path`."""
    figure = Figure(figsize=(7, 4.5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for label, values in shares.items():
        known = [(f, v) for f, v in zip(factors, values, strict=True) if v is not None]
        if known:
            axes.plot(*zip(*known, strict=True), "o-", label=label)
    axes.set(title=f"{name}, simulated", xlabel=f"{name}: times as large as usual", ylabel="share", ylim=(0.0, 1.02))
    axes.grid(alpha=0.3)
    _save(figure, axes, path)


def plot_case(store: Store, title: str, matched: Sequence[MatchedFrame], path: Path) -> None:
    """The true ways of a case (wide, grey) and the tracks (coloured by id) as a PNG at `path`."""
    ways: dict[int, list[tuple[float, float]]] = {}
    tracks: dict[int, list[tuple[float, float]]] = {}
    for frame in matched:
        for person, place in frame.people.items():
            ways.setdefault(person, []).append(place)
        for track, place in frame.tracks.items():
            tracks.setdefault(track, []).append(place)
    figure, axes = _plan(store, f"{title}: {len(ways)} people (grey), {len(tracks)} tracks")
    for way in ways.values():
        axes.plot(*zip(*way, strict=True), color="0.7", linewidth=5, solid_capstyle="round", zorder=1)
    for track, way in sorted(tracks.items()):
        axes.plot(*zip(*way, strict=True), linewidth=1.2, zorder=2, label=f"track {track}")
    _save(figure, axes, path)
