# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""How far the simulated sensors are from perfect, as numbers that an evaluation can vary.

The defaults are what docs of the project's evaluation measured on real load cells and on a real overhead ToF camera;
each field says what it is in its name. `Noise.none()` gives perfect sensors, for tests.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any, TypeVar


def _not_negative(params: Any) -> None:
    for f in fields(params):
        value = getattr(params, f.name)
        if isinstance(value, int | float) and value < 0:
            raise ValueError(f"{type(params).__name__}.{f.name} is {value}: it cannot be negative")
        if f.name.endswith("_share") and value > 1:
            raise ValueError(f"{type(params).__name__}.{f.name} is {value}: a share is at most 1")


@dataclass(frozen=True)
class SensorNoise:
    """A ToF camera.

    The standard deviation of a pixel is base_mm + per_m2_mm * z^2 + corner_mm * max(0, r - 0.85), where z is the
    distance [m] and r the distance from the image centre (1 at the middle of a side, 1.41 in a corner). On a real
    overhead camera 3.37 m above the floor (data/overhead_tof) it is 15.6 mm for r < 0.8, 29 mm at 1.05 and 38 mm at
    1.25, and the share of empty pixels is below 1 % up to 0.8, 16 % at 1.05, 44 % at 1.15, 79 % at 1.25, without
    memory from frame to frame.
    """

    base_mm: float = 2.0
    per_m2_mm: float = 1.2
    corner_mm: float = 60.0
    empty_share: float = 0.09
    """Pixels without a measurement in an empty store, nearly all in the corners."""
    flicker_share: float = 0.006
    """Pixels that drop out at random, anywhere."""
    dark_hair_share: float = 0.2
    """Pixels on dark hair that do not come back besides."""
    flying_share: float = 0.3
    """Pixels at a silhouette that lie somewhere between the front and the background."""
    multipath_mm: float = 8.0
    """Amplitude of a slow, smooth error over the image."""
    multipath_period_s: float = 300.0
    clock_offset_stddev_s: float = 0.008

    def __post_init__(self) -> None:
        _not_negative(self)


@dataclass(frozen=True)
class ScaleNoise:
    """Load cells and their boards."""

    sample_hz: float = 80.0
    burst_s: float = 0.2
    noise_median_g: float = 1.5
    noise_worst_g: float = 6.5
    """The noisiest tenth of the plates reach this."""
    resolution_g: float = 0.05
    drift_g_per_hour: float = 4.0
    unit_bias_share: float = 0.01
    """Standard deviation between a product's real mean weight and the catalogue; single units differ besides."""
    touch_g: float = 36.0
    fall_s: float = 0.05
    cross_talk_share: float = 0.015
    footstep_g: float = 5.0
    """On one plate; the plates of a shelf move together."""
    spikes_per_hour: float = 1.0
    wrong_gain_per_hour: float = 0.1
    wrong_gain_g: float = 33_500.0
    missing_share: float = 0.0005
    duplicate_share: float = 0.0005
    resent_share: float = 0.0005
    resent_after_s: float = 1.0
    restarts_per_hour: float = 0.02
    restart_s: float = 3.0
    clock_offset_stddev_s: float = 0.02
    unsynced_share: float = 0.0
    """Scales whose clock is not synchronised at first, off by up to unsynced_s, until unsynced_for_s after the
    opening.
    """
    unsynced_s: float = 5.0
    unsynced_for_s: float = 60.0

    def __post_init__(self) -> None:
        _not_negative(self)


@dataclass(frozen=True)
class TrackNoise:
    """A tracker, for the level that has no clouds."""

    position_stddev_m: float = 0.02
    height_stddev_m: float = 0.02
    hand_stddev_m: float = 0.03
    hand_in_shelf_stddev_m: float = 0.05
    correlation_s: float = 0.3
    hand_missed_share: float = 0.03
    reach_missed_share: float = 0.0
    reach_margin_m: float = 0.04
    merge_distance_m: float = 0.0
    """People nearer than this are one blob; when they part, the tracker is unsure who is who."""
    swap_share: float = 0.1
    """Partings after which it is wrong."""

    def __post_init__(self) -> None:
        _not_negative(self)


@dataclass(frozen=True)
class Lateness:
    """How long after its stamp an event arrives: a constant and an exponentially distributed rest, cut at most_s."""

    clouds_s: float = 0.02
    clouds_jitter_s: float = 0.01
    tracks_s: float = 0.08
    tracks_jitter_s: float = 0.02
    weights_s: float = 0.03
    weights_jitter_s: float = 0.02
    check_ins_s: float = 0.1
    check_ins_jitter_s: float = 0.1
    most_s: float = 0.3

    def __post_init__(self) -> None:
        _not_negative(self)


_N = TypeVar("_N", SensorNoise, ScaleNoise, TrackNoise, Lateness)


@dataclass(frozen=True)
class Noise:
    """All of it."""

    sensor: SensorNoise = field(default_factory=SensorNoise)
    scale: ScaleNoise = field(default_factory=ScaleNoise)
    tracks: TrackNoise = field(default_factory=TrackNoise)
    lateness: Lateness = field(default_factory=Lateness)

    @classmethod
    def none(cls) -> Noise:
        """Perfect sensors, clocks and lines; the hand still touches before it takes."""
        lateness = replace(_times(Lateness(), 0.0), most_s=Lateness().most_s)
        return replace(cls().scaled(0.0), lateness=lateness)

    def scaled(self, factor: float) -> Noise:
        """Every error of sensors, scales and tracks times `factor`, a share at most 1; lines as late as before."""
        return replace(
            self,
            sensor=_times(self.sensor, factor),
            scale=_times(self.scale, factor),
            tracks=_times(self.tracks, factor),
        )

    def later(self, factor: float) -> Noise:
        """Every event is late by `factor` times as much."""
        return replace(self, lateness=_times(self.lateness, factor))

    def shakier(self, factor: float) -> Noise:
        """Hands are seen with `factor` times the error, where tracks are simulated without clouds."""
        hand, shelf = self.tracks.hand_stddev_m, self.tracks.hand_in_shelf_stddev_m
        tracks = replace(self.tracks, hand_stddev_m=factor * hand, hand_in_shelf_stddev_m=factor * shelf)
        return replace(self, tracks=tracks)


_NO_ERRORS = frozenset(
    {
        "multipath_period_s",
        "sample_hz",
        "burst_s",
        "resolution_g",
        "touch_g",
        "fall_s",
        "wrong_gain_g",
        "resent_after_s",
        "unsynced_s",
        "unsynced_for_s",
        "restart_s",
        "correlation_s",
        "reach_margin_m",
    }
)
"""What describes a sensor but is no error of it."""


def _times(noise: _N, factor: float) -> _N:
    values = {f.name: factor * getattr(noise, f.name) for f in fields(noise) if f.name not in _NO_ERRORS}
    return replace(noise, **{k: min(1.0, v) if k.endswith("_share") else v for k, v in values.items()})
