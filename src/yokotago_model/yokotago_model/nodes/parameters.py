# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Declares the parameter dataclass of a stage on its node, and reads it back.

A field of the dataclass is a ROS parameter of the same name, a field of a dataclass in it has both names with a dot
between them. Its metadata may hold `description` and `range`, which
`ros2 param describe` then shows.
"""

from __future__ import annotations

import dataclasses
from typing import Any, TypeVar

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.node import Node

_P = TypeVar("_P")


def _descriptor(field: dataclasses.Field[Any], default: Any) -> ParameterDescriptor:
    description = ParameterDescriptor(
        description=field.metadata.get("description", field.name.replace("_", " ")), read_only=True
    )
    low, high = field.metadata.get("range", (None, None))
    if low is not None and isinstance(default, float):
        description.floating_point_range = [FloatingPointRange(from_value=float(low), to_value=float(high))]
    elif low is not None and isinstance(default, int):
        description.integer_range = [IntegerRange(from_value=int(low), to_value=int(high))]
    return description


def declare(node: Node, parameters: type[_P], prefix: str = "", **given: Any) -> _P:
    """The `parameters` dataclass with the values that the node was started with.

    prefix: before every name; given: fields that are no parameters, with their values. Raises ValueError (from the
    dataclass) where they do not fit together.
    """
    values: dict[str, Any] = dict(given)
    for field in dataclasses.fields(parameters):  # type: ignore[arg-type]
        default = field.default_factory() if field.default_factory is not dataclasses.MISSING else field.default
        if field.name in given:
            continue
        if dataclasses.is_dataclass(default):
            values[field.name] = declare(node, type(default), f"{prefix}{field.name}.")
            continue
        stored = list(default) if isinstance(default, tuple) else default
        value = node.declare_parameter(prefix + field.name, stored, _descriptor(field, default)).value
        values[field.name] = tuple(value) if isinstance(default, tuple) else value
    return parameters(**values)
