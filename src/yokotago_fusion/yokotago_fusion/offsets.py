# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""How far each scale's clock is from the sensors', learned from the hands that made its steps.

A thing leaves its place a little after the middle of a reach (0.85 s after the hand came in, 0.4 to 0.8 s before it
went, on the real recording). The median of the differences over the last steps is the clock's offset; a median,
because single steps scatter and a few are somebody else's.
"""

from __future__ import annotations

from collections import deque
from statistics import median

from yokotago_model.events import SECOND, HandReach, Stamp

_SHARE_OF_REACH = 0.6
_STEPS = 15
_ENOUGH = 5
_SPREAD_S = 0.5
_DEAD_ZONE_S = 0.3


class Offsets:
    """Estimated clock offsets of a store's scales, positive when a scale's stamps are late."""

    def __init__(self) -> None:
        self._seen: dict[str, deque[float]] = {}
        self.offsets: dict[str, Stamp] = {}

    def saw(self, scale_id: str, step: Stamp, reach: HandReach) -> float | None:
        """A step that this reach probably made. Gives the scale's offset [s] when it is newly estimated or much
        changed.
        """
        expected = reach.begin + round(_SHARE_OF_REACH * (reach.end - reach.begin))
        seen = self._seen.setdefault(scale_id, deque(maxlen=_STEPS))
        seen.append((step - expected) / SECOND)
        if len(seen) < _ENOUGH:
            return None
        middle = median(seen)
        if median(abs(s - middle) for s in seen) > _SPREAD_S:
            return None
        before = self.offsets.get(scale_id, 0) / SECOND
        used = middle if abs(middle) > _DEAD_ZONE_S else 0.0
        if abs(used - before) < 0.1:
            return None
        self.offsets[scale_id] = round(used * SECOND)
        return used
