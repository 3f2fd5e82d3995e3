# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Detections of every tick on stdin, norfair's tracks on stdout, as JSON: runs in a Python that has norfair."""

from __future__ import annotations

import json
import sys


def main() -> None:
    """Track."""
    import numpy as np
    from norfair import Detection, Tracker

    question = json.load(sys.stdin)
    tracker = Tracker(
        distance_function="euclidean",
        distance_threshold=question["gate_m"],
        initialization_delay=question["looks"],
        hit_counter_max=question["kept"],
    )
    frames = []
    for seen in question["frames"]:
        detections = [Detection(np.array([[x, y]])) for x, y in seen]
        tracks = tracker.update(detections)
        # Tracks that are only predicted are not shown, as with the others.
        shown = [t for t in tracks if any(t.last_detection is d for d in detections)]
        frames.append([[t.id, float(t.estimate[0, 0]), float(t.estimate[0, 1])] for t in shown])
    json.dump(frames, sys.stdout)


if __name__ == "__main__":
    main()
