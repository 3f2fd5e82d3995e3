# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Hypothesis strategies for every event, made from the events' own field types."""

from __future__ import annotations

import enum
from dataclasses import fields
from typing import Any, get_args, get_origin, get_type_hints

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from yokotago_model import events

_WHOLE = {
    "boot_id": 2**32,
    "sequence": 2**32,
    "party_size": 2**8,
    "quantity": 2**31,
    "unit_price": 2**63,
    "amount": 2**63,
    "total": 2**63,
    "tax": 2**63,
}
_LONGEST = {"scale_id": 32}

stamps = st.integers(0, 2**31 * events.SECOND - 1)
texts = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20)
doubles = st.floats(allow_nan=False, allow_infinity=False)
singles = st.floats(width=32, allow_nan=False, allow_infinity=False)


def _value(name: str, written: str, hint: Any) -> st.SearchStrategy[Any]:
    if written == "Stamp":
        return stamps
    if written == "F32":
        return singles
    if written == "F32s":
        return st.lists(singles, max_size=32).map(tuple)
    if written == "Point":
        return st.tuples(doubles, doubles, doubles)
    if isinstance(hint, type) and issubclass(hint, enum.IntFlag):
        return st.integers(0, 63).map(hint)
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return st.sampled_from(hint)
    if hint is bool:
        return st.booleans()
    if hint is int:
        return st.integers(0, _WHOLE.get(name, 2**64) - 1)
    if hint is str:
        return texts.filter(lambda t: len(t.encode()) <= _LONGEST.get(name, 10**6))
    if get_origin(hint) is tuple:
        inner = get_args(hint)
        if Ellipsis not in inner:
            return st.tuples(*(doubles for _ in inner))
        return st.lists(_value(name, "", inner[0]), max_size=3).map(tuple)
    return of(hint)


def of(cls: type) -> st.SearchStrategy[Any]:
    """Instances of the event class `cls`."""
    hints = get_type_hints(cls)
    return st.builds(cls, **{f.name: _value(f.name, str(f.type), hints[f.name]) for f in fields(cls)})


sensor_ids = st.from_regex(r"[a-z][a-z0-9_]{0,10}", fullmatch=True)
_metres = st.floats(-100, 100, width=32)
clouds = st.builds(
    events.Cloud,
    stamps,
    sensor_ids,
    st.one_of(
        hnp.arrays(np.float32, st.tuples(st.integers(0, 5), st.just(3)), elements=_metres | st.just(np.nan)),
        hnp.arrays(
            np.float32,
            st.tuples(st.integers(2, 4), st.integers(1, 4), st.just(3)),
            elements=_metres | st.just(np.nan),
        ),
    ),
)
depth_images = st.builds(
    events.DepthImage,
    stamps,
    sensor_ids,
    hnp.arrays(np.uint16, st.tuples(st.integers(1, 4), st.integers(1, 4))),
)


@st.composite
def foregrounds(draw: st.DrawFn) -> events.ForegroundCloud:
    """Foreground clouds with as many counts as points."""
    n = draw(st.integers(0, 5))
    return events.ForegroundCloud(
        draw(stamps),
        draw(sensor_ids),
        draw(hnp.arrays(np.float32, (n, 3), elements=_metres)),
        draw(hnp.arrays(np.uint16, (n,))),
    )
