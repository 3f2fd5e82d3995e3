# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Events as plain dicts with the keys of their messages: the common ground of ROS messages and JSON.

A time is {"sec", "nanosec"}, a position {"x", "y", "z"}, an enumeration its number, and an event that has a stamp of
its own begins with {"header": {"stamp", "frame_id"}}. How a field is written follows from the field's type alone, so an
event and its message cannot drift apart: a test holds every message's fields against these keys.
"""

from __future__ import annotations

import enum
import operator
from collections.abc import Callable
from dataclasses import MISSING, fields
from typing import Any, NamedTuple, TypeVar, get_args, get_origin, get_type_hints

from . import events
from .events import SECOND, Stamp

_E = TypeVar("_E")

Plain = dict[str, Any]

_FRAMES: dict[type, Callable[[Any], str]] = {
    events.ShelfWeight: lambda e: e.scale_id,
    events.WeightChange: lambda e: e.scale_id,
    events.CheckIn: lambda e: e.gate_id,
    events.GateCode: lambda e: e.gate_id,
    events.GateAnswer: lambda e: e.gate_id,
    events.TrackFrame: lambda _: "store",
    events.ZoneCrossing: lambda _: "store",
    events.HandReach: lambda _: "store",
    events.TrueAction: lambda _: "store",
    events.TrueReach: lambda _: "store",
}


def time_to_plain(stamp: Stamp) -> Plain:
    """{"sec", "nanosec"} of a stamp."""
    sec, nanosec = divmod(stamp, SECOND)
    return {"sec": sec, "nanosec": nanosec}


_Get = Callable[[Any, str], Any]
"""How a value is had from what holds it: operator.getitem of a dict, getattr of a message."""


def _time_from(written: Any, get: _Get) -> Stamp:
    return int(get(written, "sec")) * SECOND + int(get(written, "nanosec"))


def time_from_plain(plain: Plain) -> Stamp:
    """The inverse of time_to_plain."""
    return _time_from(plain, operator.getitem)


class _Field(NamedTuple):
    name: str
    write: Callable[[Any], Any]
    read: Callable[[Any, _Get], Any] | None  # None: as it is
    needed: bool = True


def _same(value: Any) -> Any:
    return value


def _point_to_plain(point: events.Point) -> Plain:
    x, y, z = point
    return {"x": float(x), "y": float(y), "z": float(z)}


def _point_from(written: Any, get: _Get) -> events.Point:
    return (get(written, "x"), get(written, "y"), get(written, "z"))


def _tuple_from(written: Any, _: _Get) -> tuple[Any, ...]:
    return tuple(written.tolist() if hasattr(written, "tolist") else written)


def _field(name: str, written: str, hint: Any) -> _Field:
    if written == "Stamp":
        return _Field(name, time_to_plain, _time_from)
    if written == "Point":
        return _Field(name, _point_to_plain, _point_from)
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return _Field(name, int, lambda number, _: hint(number))
    if hasattr(hint, "__dataclass_fields__"):
        return _Field(name, to_plain, lambda written, get: _from(hint, written, get))
    if get_origin(hint) is tuple:
        inner = get_args(hint)[0]
        if hasattr(inner, "__dataclass_fields__"):
            return _Field(
                name,
                lambda items: [to_plain(i) for i in items],
                lambda items, get: tuple(_from(inner, i, get) for i in items),
            )
        return _Field(name, list, _tuple_from)
    return _Field(name, _same, None)


_Layout = tuple[bool, bool, tuple[_Field, ...]]

_LAYOUTS: dict[Any, _Layout] = {}


def _layout(cls: Any) -> _Layout:
    if cls not in _LAYOUTS:
        _LAYOUTS[cls] = _make_layout(cls)
    return _LAYOUTS[cls]


def _make_layout(cls: Any) -> _Layout:
    """Whether cls has a header, whether its stamp is a field of its own, and its other fields."""
    hints = get_type_hints(cls)
    own = "stamp" in hints and hasattr(events, cls.__name__) and cls is not events.HandSample
    header = own or isinstance(getattr(cls, "stamp", None), property)
    made = tuple(
        _field(f.name, str(f.type), hints[f.name])._replace(needed=f.default is MISSING)
        for f in fields(cls)
        if not (own and f.name == "stamp")
    )
    return header, own, made


def to_plain(event: Any) -> Plain:
    """`event` as a dict with the keys of its message. Clouds and depth images have no plain form."""
    header, _, layout = _layout(type(event))
    plain: Plain = {}
    if header:
        frame = _FRAMES.get(type(event))
        plain["header"] = {
            "stamp": time_to_plain(event.stamp),
            "frame_id": frame(event) if frame else "",
        }
    for name, write, _, _ in layout:
        plain[name] = write(getattr(event, name))
    return plain


def from_plain(cls: type[_E], plain: Plain) -> _E:
    """The inverse of to_plain. What is written by an older version may lack keys whose fields have a default.

    Raises KeyError where another key is missing.
    """
    return _from(cls, plain, operator.getitem)


def from_fields(cls: type[_E], message: Any) -> _E:
    """The event whose plain form has the values of the message's fields; one of ROS's classes, or as rosbags reads it.

    Raises AttributeError where a field is missing that has no default.
    """
    return _from(cls, message, getattr)


def _from(cls: type[_E], written: Any, get: _Get) -> _E:
    _, own, layout = _layout(cls)
    values = {}
    for name, _, read, needed in layout:
        try:
            value = get(written, name)
        except (KeyError, AttributeError):
            if needed:
                raise
        else:
            values[name] = read(value, get) if read else value
    if own:
        values["stamp"] = _time_from(get(get(written, "header"), "stamp"), get)
    return cls(**values)
