# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""How a person moves between two looks: a Kalman filter for each axis of the floor with one covariance for both.

The model is the discretised white-noise acceleration (Bar-Shalom, Li and Kirubarajan, Estimation with Applications to
Tracking and Navigation, 6.3.2). Both axes have the same noise, so they share the 2 x 2 covariance of place and
velocity.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass
class Motion:
    """Place x, y [m], velocity vx, vy [m/s] and the covariance pp [m^2], pv [m^2/s], vv [m^2/s^2] of either axis."""

    x: float
    y: float
    vx: float = 0.0
    vy: float = 0.0
    pp: float = 0.05**2
    pv: float = 0.0
    vv: float = 1.0

    def predict(self, dt: float, acceleration: float) -> None:
        """Move on by dt [s]; acceleration: standard deviation of the unknown acceleration [m/s^2]."""
        self.x += self.vx * dt
        self.y += self.vy * dt
        q = acceleration**2
        self.pp += 2.0 * dt * self.pv + dt * dt * self.vv + q * dt**4 / 4.0
        self.pv += dt * self.vv + q * dt**3 / 2.0
        self.vv += q * dt * dt

    def stand(self, dt: float, speed: float, still_s: float) -> None:
        """Move on by dt [s] unseen: the velocity dies away in still_s, the uncertainty grows as of a walk at
        `speed`."""
        self.x += self.vx * dt
        self.y += self.vy * dt
        left = math.exp(-dt / still_s)
        self.vx *= left
        self.vy *= left
        self.pp += 2.0 * math.sqrt(self.pp) * speed * dt * 0.5 + (speed * dt) ** 2 * 0.25
        self.pv *= left
        self.vv = self.vv * left * left + (1.0 - left * left) * speed**2 * 0.25

    def update(self, x: float, y: float, stddev: float) -> None:
        """Take in a measured place with its standard deviation [m]."""
        s = self.pp + stddev**2
        kp, kv = self.pp / s, self.pv / s
        dx, dy = x - self.x, y - self.y
        self.x += kp * dx
        self.y += kp * dy
        self.vx += kv * dx
        self.vy += kv * dy
        self.vv -= kv * self.pv
        self.pv *= 1.0 - kp
        self.pp *= 1.0 - kp

    def distance(self, x: float, y: float) -> float:
        """From the place to x, y [m]."""
        return math.hypot(x - self.x, y - self.y)

    @property
    def speed(self) -> float:
        """Of the motion [m/s]."""
        return math.hypot(self.vx, self.vy)
