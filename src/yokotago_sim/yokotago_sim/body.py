# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The articulated body of a shopper: from a few numbers (place, heading, lean, crouch, hands) to joints and round
limbs.

Segment lengths are shares of the body height after Drillis and Contini (1966), as tabled in Winter, Biomechanics and
Motor Control of Human Movement. An arm is two links; the elbow follows from shoulder and hand.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from yokotago_model.events import Point

ARM_SHARE = 0.186 + 0.146 + 0.054
"""From the shoulder to the middle of the hand, as a share of the body height."""
_UPPER_SHARE = 0.186
_TORSO_SHARE = 0.288
_HIP_SHARE = 0.53
_HEAD_RADIUS_SHARE = 0.055
_HEAD_UP_SHARE = 0.117


@dataclass(frozen=True)
class Limb:
    """A capsule that tapers from radius r1 at p to r2 at q [m]. hair: it is a head without a hat."""

    p: Point
    q: Point
    r1: float
    r2: float
    hair: bool = False


@dataclass(frozen=True, slots=True)
class Pose:
    """A body at one moment. heading: where it faces; lean: of the torso, forward [rad]; crouch: 0 upright, 1 deep;
    stride: phase of the walk [rad], swing: length of the steps, 0 = standing [m]."""

    x: float
    y: float
    heading: float
    lean: float
    crouch: float
    stride: float
    swing: float


@dataclass(frozen=True)
class Build:
    """What stays the same about a body."""

    height: float
    girth: float = 1.0
    bag: bool = False
    hat: bool = False
    dark_hair: bool = False

    @property
    def arm(self) -> float:
        """From the shoulder to the middle of the hand [m]."""
        return ARM_SHARE * self.height


def _hip_height(build: Build, pose: Pose) -> float:
    bob = 0.02 * abs(math.sin(pose.stride)) * min(1.0, pose.swing / 0.3)
    return build.height * (_HIP_SHARE - 0.27 * pose.crouch) - bob


def chest(build: Build, pose: Pose) -> Point:
    """The middle between the shoulders."""
    z = _hip_height(build, pose)
    out, up = math.sin(pose.lean) * _TORSO_SHARE * build.height, math.cos(pose.lean) * _TORSO_SHARE * build.height
    return (pose.x + out * math.cos(pose.heading), pose.y + out * math.sin(pose.heading), z + up)


def shoulder(build: Build, pose: Pose, side: int) -> Point:
    """The left (side 1) or right (side -1) shoulder joint."""
    cx, cy, cz = chest(build, pose)
    half = 0.115 * build.height * side
    return (cx - half * math.sin(pose.heading), cy + half * math.cos(pose.heading), cz)


def head(build: Build, pose: Pose) -> Point:
    """The middle of the head."""
    cx, cy, cz = chest(build, pose)
    out, up = (
        math.sin(0.7 * pose.lean) * _HEAD_UP_SHARE * build.height,
        math.cos(0.7 * pose.lean) * _HEAD_UP_SHARE * build.height,
    )
    sway = 0.012 * math.sin(pose.stride) * min(1.0, pose.swing / 0.3)
    c, s = math.cos(pose.heading), math.sin(pose.heading)
    return (cx + out * c - sway * s, cy + out * s + sway * c, cz + up)


def head_top(build: Build, pose: Pose) -> float:
    """Height of the top of the head above the floor [m]."""
    return head(build, pose)[2] + 1.18 * _HEAD_RADIUS_SHARE * build.height


def hand_at_rest(build: Build, pose: Pose, side: int, carrying: bool) -> Point:
    """Where a hand is that does nothing: beside the thigh, swinging with the steps, or before the belly when it
    carries.
    """
    h = build.height
    swing = 0.35 * pose.swing * math.sin(pose.stride) * -side
    forward, up, half = (0.15 * h, 0.6 * h, 0.09 * h) if carrying else (0.02 * h + swing, 0.45 * h, 0.125 * h)
    up -= 0.2 * pose.crouch * h
    c, s = math.cos(pose.heading), math.sin(pose.heading)
    return (pose.x + forward * c - side * half * s, pose.y + forward * s + side * half * c, up)


def elbow(build: Build, s: Point, hand: Point) -> Point:
    """The elbow between shoulder and hand: on the side of the straight line that hangs down. A stretched arm is
    straight.
    """
    l1 = _UPPER_SHARE * build.height
    l2 = build.arm - l1
    dx, dy, dz = hand[0] - s[0], hand[1] - s[1], hand[2] - s[2]
    d = max(1e-6, math.sqrt(dx * dx + dy * dy + dz * dz))
    if d >= l1 + l2:
        t = l1 / (l1 + l2)
        return (s[0] + t * dx, s[1] + t * dy, s[2] + t * dz)
    a = max(-l1, min(l1, (l1 * l1 - l2 * l2 + d * d) / (2 * d)))
    off = math.sqrt(max(0.0, l1 * l1 - a * a))
    ux, uy, uz = dx / d, dy / d, dz / d
    px, py, pz = uz * ux, uz * uy, uz * uz - 1.0
    n = math.sqrt(px * px + py * py + pz * pz)
    if n < 1e-6:
        px, py, pz, n = 1.0, 0.0, 0.0, 1.0
    return (s[0] + a * ux + off * px / n, s[1] + a * uy + off * py / n, s[2] + a * uz + off * pz / n)


def limbs(build: Build, pose: Pose, hands: tuple[Point, Point]) -> list[Limb]:
    """The body as capsules. hands: left and right, in the frame `store`."""
    h, g = build.height, build.girth
    c, s = math.cos(pose.heading), math.sin(pose.heading)
    hip_z = _hip_height(build, pose)
    hip = (pose.x, pose.y, hip_z)
    top = chest(build, pose)
    made = [Limb(hip, (top[0], top[1], top[2] - 0.02 * h), 0.075 * h * g, 0.07 * h * g)]
    for side in (1, -1):
        step = 0.5 * pose.swing * math.sin(pose.stride) * side
        half = 0.055 * h * side
        foot = (pose.x + step * c - half * s, pose.y + step * s + half * c, 0.05)
        knee_out = 0.5 * step + 0.24 * h * pose.crouch
        knee = (pose.x + knee_out * c - half * s, pose.y + knee_out * s + half * c, 0.5 * hip_z + 0.02)
        made.append(Limb((pose.x - half * s, pose.y + half * c, hip_z), knee, 0.05 * h * g, 0.037 * h * g))
        made.append(Limb(knee, foot, 0.035 * h * g, 0.026 * h))
        joint = shoulder(build, pose, side)
        hand = hands[0] if side == 1 else hands[1]
        bend = elbow(build, joint, hand)
        made.append(Limb(top, joint, 0.055 * h, 0.035 * h))
        made.append(Limb(joint, bend, 0.031 * h, 0.025 * h))
        made.append(Limb(bend, hand, 0.023 * h, 0.02 * h))
        made.append(Limb(hand, _beyond(bend, hand, 0.035 * h), 0.025 * h, 0.018 * h))
    hx, hy, hz = head(build, pose)
    r = _HEAD_RADIUS_SHARE * h
    made.append(Limb(top, (hx, hy, hz), 0.035 * h, 0.035 * h))
    made.append(Limb((hx, hy, hz - 0.25 * r), (hx, hy, hz + 0.18 * r), 0.95 * r, r, not build.hat))
    if build.hat:
        made.append(
            Limb(
                (hx - 0.04 * c, hy - 0.04 * s, hz + 0.75 * r),
                (hx + 0.1 * c, hy + 0.1 * s, hz + 0.7 * r),
                1.05 * r,
                0.7 * r,
            )
        )
    if build.bag:
        back = 0.09 * h * g
        bx, by = (hip[0] + top[0]) / 2 - back * c, (hip[1] + top[1]) / 2 - back * s
        made.append(Limb((bx, by, hip_z + 0.05 * h), (bx, by, top[2] - 0.06 * h), 0.075 * h, 0.07 * h))
    return made


def _beyond(a: Point, b: Point, length: float) -> Point:
    d = max(1e-6, math.dist(a, b))
    t = length / d
    return (b[0] + t * (b[0] - a[0]), b[1] + t * (b[1] - a[1]), b[2] + t * (b[2] - a[2]))
