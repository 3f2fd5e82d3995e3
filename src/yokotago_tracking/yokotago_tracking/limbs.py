# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Compiled arithmetic on the few dozen points of a limb, where a call of numpy takes longer than its work."""

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np


@numba.njit(cache=True)
def clusters_of(labels: Any, when: Any, v: Any, looks: int) -> Any:
    """Of every cluster the number of its points, of the looks they come from, and their least v.

    labels: the points' clusters, when: their looks, 0 to looks - 1, v: their depth [m]; all (n,).
    """
    made = 0
    for i in range(labels.size):
        made = max(made, labels[i] + 1)
    counts, lasting = np.zeros(made, np.int64), np.zeros(made, np.int64)
    nearest = np.full(made, np.inf)
    seen = np.zeros((made, looks), np.bool_)
    for i in range(labels.size):
        k = labels[i]
        counts[k] += 1
        nearest[k] = min(nearest[k], v[i])
        if not seen[k, when[i]]:
            seen[k, when[i]] = True
            lasting[k] += 1
    return counts, lasting, nearest


@numba.njit(cache=True)
def quantile(values: Any, share: float) -> float:
    """np.quantile of values (n,), linear between the two nearest ones, to the bit."""
    ordered = np.sort(values)
    place = share * (ordered.size - 1)
    low = int(place)
    above = ordered[min(low + 1, ordered.size - 1)]
    step, rest = above - ordered[low], place - low
    return float(above - step * (1.0 - rest) if rest >= 0.5 else ordered[low] + step * rest)


@numba.njit(cache=True)
def axis(points: Any, depth: float, tip: Any, scale_m: float, slope_stddev: float) -> Any:
    """The axis of a forearm: where it is at the depth v (u, w) [m], how u and w change with v, and the slopes' stddev.

    Least squares of u and w on v, reweighted by Cauchy's weights at scale_m (Holland and Welsch, 1977) for the body
    that is in the cluster too, from the line straight ahead through the tip; slopes are 0 with slope_stddev beforehand.
    points: (n, 3) in the shelf's coordinates u, v, w.
    """
    n = points.shape[0]
    at_end, slope = np.array([tip[0], tip[2]]), np.zeros(2)
    # Successive looks see the same: all points together are worth a dozen.
    worth = min(1.0, 12.0 / n)
    variance = 1.0
    for _ in range(5):
        total, first, second = 0.0, 0.0, (scale_m / slope_stddev) ** 2
        u0, u1, w0, w1 = 0.0, 0.0, 0.0, 0.0
        for i in range(n):
            u, v, w = points[i, 0], points[i, 1] - depth, points[i, 2]
            off_u, off_w = u - at_end[0] - v * slope[0], w - at_end[1] - v * slope[1]
            weight = worth / (1.0 + (off_u * off_u + off_w * off_w) / scale_m**2)
            total += weight
            first += weight * v
            second += weight * v * v
            u0 += weight * u
            u1 += weight * v * u
            w0 += weight * w
            w1 += weight * v * w
        determinant = total * second - first * first
        at_end[0], at_end[1] = (second * u0 - first * u1) / determinant, (second * w0 - first * w1) / determinant
        slope[0], slope[1] = (total * u1 - first * u0) / determinant, (total * w1 - first * w0) / determinant
        variance = total / determinant
    return at_end, slope, scale_m * math.sqrt(variance)


@numba.njit(cache=True)
def halves(points: Any, depth: float, slope_ridge: float) -> Any:
    """The two straight lines u over v that points seen from above lie on best: the line of each point (n,), 0 or 1, and
    how far line 1 lies beyond line 0 along u, on average over the points [m].

    Lloyd's k-means with lines for means, from the points on either side of one line through all; least squares, slopes
    0 beforehand as if slope_ridge [m^2] of squared depths said so. points: (n, 2 or more), u and v first; n at least 4.
    """
    n = points.shape[0]
    line = np.zeros(n, np.int64)
    at, slope = np.zeros(2), np.zeros(2)
    for turn in range(9):
        for k in range(min(turn + 1, 2)):
            count, first, second, u0, u1 = 0.0, 0.0, slope_ridge, 0.0, 0.0
            for i in range(n):
                if line[i] == k:
                    u, v = points[i, 0], points[i, 1] - depth
                    count += 1.0
                    first += v
                    second += v * v
                    u0 += u
                    u1 += v * u
            if count == 0.0:
                return line, 0.0
            determinant = count * second - first * first
            at[k] = (second * u0 - first * u1) / determinant
            slope[k] = (count * u1 - first * u0) / determinant
        if turn == 0:
            at[1], slope[1] = at[0], slope[0]
        changed = False
        for i in range(n):
            u, v = points[i, 0], points[i, 1] - depth
            off = u - at[1] - slope[1] * v
            nearer = off > 0.0 if turn == 0 else abs(off) < abs(u - at[0] - slope[0] * v)
            if nearer != (line[i] == 1):
                line[i] = 1 if nearer else 0
                changed = True
        if not changed:
            break
    apart = 0.0
    for i in range(n):
        apart += at[1] - at[0] + (slope[1] - slope[0]) * (points[i, 1] - depth)
    return line, apart / n


@numba.njit(cache=True)
def end_of(points: Any, cells: Any, way: Any, longest: float, end_m: float, lowest: float, limb_m: float) -> Any:
    """Mean of a limb's end (x, y, z) and the number of its points; the number of cells on which the limb lies.

    points: (n, 3) near the end [m], cells: the cell of each in ascending order; way: of every cell, from the head;
    longest: the way to the end; end_m, limb_m: what is no farther behind it is the end, and the limb; lowest: height
    above which the points of the end lie.
    """
    x, y, z, count = 0.0, 0.0, 0.0, 0
    around, last = 0, -1
    for i in range(points.shape[0]):
        behind = longest - way[cells[i]]
        if behind <= limb_m and cells[i] != last:
            last = cells[i]
            around += 1
        if behind <= end_m and points[i, 2] > lowest:
            x += points[i, 0]
            y += points[i, 1]
            z += points[i, 2]
            count += 1
    if count > 0:
        x, y, z = x / count, y / count, z / count
    return x, y, z, count, around
