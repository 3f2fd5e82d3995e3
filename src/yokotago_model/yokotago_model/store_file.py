# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Reads store.yaml and checks it: every mistake at once, each with its line and what to write instead.

The hard problem is to tell a shopkeeper where the mistake is, not where the reader stumbled. The answer: the shape is a
JSON schema (store.schema.json, which an editor can use too) whose descriptions are the remedies, the line numbers come
from the YAML nodes, and what no schema can say (ids that must exist, things that must lie inside others) is checked
after it on the finished Store.
"""

from __future__ import annotations

import difflib
import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from .events import Point, Product
from .store import Facing, Gate, Polygon, Scale, Sensor, Shelf, Store, Tax, Tolerances, Zone, ZoneKind

_Path = tuple[str | int, ...]

DEFAULT_WEIGHT_SPREAD = 0.025
"""Standard deviation of a unit's weight as a share of it where none is given (real units differ by 2 to 5 %)."""


class StoreError(ValueError):
    """A store file cannot be used. `problems` are whole sentences, each with its place."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class _Problem:
    path: _Path
    text: str


# The parser in C is ten times faster; the one in Python says the same.
_SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _UniqueKeyLoader(_SafeLoader):  # type: ignore[misc]
    """Safe loader that refuses a key written twice: plain YAML would keep the last one and lose the first silently."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: dict[Any, int] = {}
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            line = key_node.start_mark.line + 1
            if key in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"'{key}' stands here and in line {seen[key]}: keep one of them",
                    problem_mark=key_node.start_mark,
                )
            seen[key] = line
        made: dict[Any, Any] = super().construct_mapping(node, deep)
        return made


def _lines(node: yaml.Node, path: _Path = ()) -> Iterator[tuple[_Path, int]]:
    """The line of every value, by its path from the top."""
    yield path, node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield (*path, key.value, "<key>"), key.start_mark.line + 1
            yield from _lines(value, (*path, key.value))
    elif isinstance(node, yaml.SequenceNode):
        for i, value in enumerate(node.value):
            yield from _lines(value, (*path, i))


def _where(path: _Path) -> str:
    """A path as a person writes it: facings[3].width."""
    text = ""
    for part in path:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text or "the file"


def _sentence(error: jsonschema.ValidationError) -> _Problem:
    """What a schema error means, and what to write instead."""
    path: _Path = tuple(error.absolute_path)
    schema: Any = error.schema
    meant = schema.get("description", "another value")
    shown = json.dumps(error.instance, default=str)
    shown = shown if len(shown) <= 60 else shown[:57] + "..."
    if error.validator == "required":
        required: Any = error.validator_value
        given: Any = error.instance
        missing = next(k for k in required if k not in given and f"'{k}'" in error.message)
        remedy = schema["properties"][missing].get("description", "a value")
        return _Problem(path, f"{_where(path)} lacks '{missing}': add '{missing}: ' with {remedy}")
    return _Problem(path, f"{_where(path)} is {shown}: write {meant}")


def _not_finite(value: Any, path: _Path) -> Iterator[_Path]:
    """Where .nan or .inf stands, which YAML takes for numbers and a schema for any number."""
    if isinstance(value, float) and not math.isfinite(value):
        yield path
    for key, item in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from _not_finite(item, (*path, key))


def _schema_problems(data: Any) -> list[_Problem]:
    schema = json.loads(resources.files(__package__).joinpath("store.schema.json").read_text("utf-8"))
    validator = jsonschema.Draft202012Validator(schema)
    found: list[_Problem] = []
    for error in sorted(validator.iter_errors(data), key=lambda e: [str(p) for p in e.absolute_path]):
        if error.validator == "additionalProperties":
            # One error of jsonschema names all unknown keys of an object: a sentence for each.
            schema_of_object: Any = error.schema
            known = schema_of_object["properties"]
            for extra in (k for k in error.instance if k not in known):
                near = difflib.get_close_matches(str(extra), sorted(known), n=1)
                hint = f"did you mean '{near[0]}'?" if near else f"known here: {', '.join(sorted(known))}"
                path: _Path = tuple(error.absolute_path)
                text = f"{_where(path)} has an unknown key '{extra}': {hint}"
                found.append(_Problem((*path, str(extra), "<key>"), text))
        else:
            found.append(_sentence(error))
    for path in _not_finite(data, ()):
        found.append(_Problem(path, f"{_where(path)} is not a number: write a finite one"))
    return found


def _reference_problems(data: dict[str, Any]) -> Iterator[_Problem]:
    """Ids that stand twice, and ids that are named but do not exist."""
    ids: dict[str, dict[str, int]] = {}
    for section in ("sensors", "zones", "gates", "shelves", "scales", "facings", "products", "taxes"):
        ids[section] = {}
        for i, item in enumerate(data.get(section, ())):
            first = ids[section].setdefault(item["id"], i)
            if first != i:
                text = f"{section}[{i + 1}].id '{item['id']}' is taken by {section}[{first + 1}]: write another"
                yield _Problem((section, i, "id"), text)

    def named(section: str, i: int, key: str, name: str, kind: str, path: _Path) -> Iterator[_Problem]:
        if name not in ids[kind]:
            near = difflib.get_close_matches(name, ids[kind], n=1)
            remedy = f"did you mean '{near[0]}'?" if near else f"add it under '{kind}' or name one that is there"
            yield _Problem(path, f"{section}[{i + 1}].{key} names '{name}', which is not in {kind}: {remedy}")

    for section, key, kind in (
        ("gates", "zone", "zones"),
        ("scales", "shelf", "shelves"),
        ("facings", "shelf", "shelves"),
        ("facings", "product", "products"),
    ):
        for i, item in enumerate(data[section]):
            yield from named(section, i, key, item[key], kind, (section, i, key))
    for i, item in enumerate(data["products"]):
        if "tax" in item:
            yield from named("products", i, "tax", item["tax"], "taxes", ("products", i, "tax"))
    default = data["store"].get("tax")
    if default is not None and default not in ids["taxes"]:
        yield _Problem(("store", "tax"), f"store.tax names '{default}', which is not in taxes: add it under 'taxes'")
    for i, item in enumerate(data["facings"]):
        for j, scale in enumerate(item["scales"]):
            yield from named("facings", i, f"scales[{j + 1}]", scale, "scales", ("facings", i, "scales", j))


def _geometry_problems(store: Store) -> Iterator[_Problem]:
    """What exists but cannot be so."""
    slack = 0.002  # rounding to millimetres is no mistake
    for i, gate in enumerate(store.gates):
        if store.zone[gate.zone_id].kind is not ZoneKind.ENTRANCE:
            yield _Problem(("gates", i, "zone"), f"gates[{i + 1}].zone '{gate.zone_id}' is no entrance: name one")
    for kind in (ZoneKind.ENTRANCE, ZoneKind.EXIT):
        if not store.zones_of(kind):
            yield _Problem(("zones",), f"no zone has 'kind: {kind.value}': add one at the door")
    for i, sensor in enumerate(store.sensors):
        if sensor.range_min >= sensor.range_max:
            yield _Problem(("sensors", i, "range_m"), f"sensors[{i + 1}].range_m: write the nearer distance first")
    for i, scale in enumerate(store.scales):
        width, depth, height = store.shelf[scale.shelf_id].size
        if scale.x < -slack or scale.x + scale.width > width + slack or scale.depth > depth + slack:
            text = f"scales[{i + 1}] does not fit into shelf '{scale.shelf_id}' ({width} m wide, {depth} m deep)"
            yield _Problem(("scales", i), f"{text}: mend x, width or depth")
        if not -slack <= scale.z <= height + slack:
            yield _Problem(("scales", i, "z"), f"scales[{i + 1}].z is outside '{scale.shelf_id}': 0 to {height} m")
    for i, facing in enumerate(store.facings):
        width, _, height = store.shelf[facing.shelf_id].size
        if facing.x < -slack or facing.x + facing.width > width + slack:
            text = f"facings[{i + 1}] sticks out of shelf '{facing.shelf_id}' sideways (0 to {width} m)"
            yield _Problem(("facings", i, "x"), f"{text}: mend x or width")
        if facing.z < -slack or facing.z + facing.height > height + slack:
            text = f"facings[{i + 1}] sticks out of shelf '{facing.shelf_id}' in height (0 to {height} m)"
            yield _Problem(("facings", i, "z"), f"{text}: mend z or height")
        for j, scale_id in enumerate(facing.scale_ids):
            if store.scale[scale_id].shelf_id != facing.shelf_id:
                text = f"facings[{i + 1}].scales[{j + 1}] '{scale_id}' is on shelf '{store.scale[scale_id].shelf_id}'"
                yield _Problem(("facings", i, "scales", j), f"{text}: name a scale of shelf '{facing.shelf_id}'")


def _point(values: list[float]) -> Point:
    return (float(values[0]), float(values[1]), float(values[2]))


def _polygon(corners: list[list[float]]) -> Polygon:
    return tuple((float(x), float(y)) for x, y in corners)


def _sensor(d: dict[str, Any]) -> Sensor:
    image = d["image"]
    near, far = d.get("range_m", (0.3, 5.0))
    return Sensor(
        sensor_id=d["id"],
        position=_point(d["position"]),
        rpy=_point([math.radians(a) for a in d["rpy_deg"]]),
        width=image["width"],
        height=image["height"],
        fx=float(image["fx"]),
        fy=float(image["fy"]),
        cx=float(image["cx"]),
        cy=float(image["cy"]),
        distortion=tuple(float(k) for k in image.get("distortion", ())),
        rate_hz=float(d.get("rate_hz", 15.0)),
        range_min=float(near),
        range_max=float(far),
        scale=0.001 if d.get("unit", "m") == "mm" else 1.0,
    )


def _shelf(d: dict[str, Any]) -> Shelf:
    return Shelf(
        shelf_id=d["id"],
        name=d.get("name", d["id"]),
        origin=_point(d["origin"]),
        yaw=math.radians(d["yaw_deg"]),
        size=_point(d["size"]),
        boards=tuple(float(b) for b in d.get("boards", (0.0,))),
    )


def _facing(d: dict[str, Any]) -> Facing:
    return Facing(
        facing_id=d["id"],
        shelf_id=d["shelf"],
        product_id=d["product"],
        x=float(d["x"]),
        z=float(d["z"]),
        width=float(d["width"]),
        height=float(d["height"]),
        scale_ids=tuple(d["scales"]),
        stock=d.get("stock", 0),
    )


def _scale(d: dict[str, Any]) -> Scale:
    return Scale(
        scale_id=d["id"],
        shelf_id=d["shelf"],
        x=float(d["x"]),
        z=float(d["z"]),
        width=float(d["width"]),
        depth=float(d["depth"]),
        capacity_g=float(d.get("capacity_g", 20_000.0)),
    )


def _product(d: dict[str, Any], currency: str) -> Product:
    weight = float(d["weight_g"])
    spread = float(d.get("weight_stddev_g", DEFAULT_WEIGHT_SPREAD * weight))
    return Product(d["id"], d["name"], weight, spread, d["price"], currency)


def _store(data: dict[str, Any]) -> Store:
    """A Store from data that is right by the schema and in its references."""
    head = data["store"]

    def each(section: str, make: Callable[[dict[str, Any]], Any]) -> tuple[Any, ...]:
        return tuple(make(d) for d in data[section])

    return Store(
        store_id=head["id"],
        name=head["name"],
        currency=head["currency"],
        floor=_polygon(head["floor"]),
        ceiling=float(head.get("ceiling_m", 3.4)),
        staff=tuple(head.get("staff", ())),
        sensors=each("sensors", _sensor),
        zones=each("zones", lambda d: Zone(d["id"], ZoneKind(d["kind"]), _polygon(d["polygon"]))),
        gates=each("gates", lambda d: Gate(d["id"], d["zone"], (float(d["position"][0]), float(d["position"][1])))),
        shelves=each("shelves", _shelf),
        scales=each("scales", _scale),
        facings=each("facings", _facing),
        products=each("products", lambda d: _product(d, head["currency"])),
        tolerances=Tolerances(**{k: float(v) for k, v in data.get("tolerances", {}).items()}),
        taxes=tuple(Tax(t["id"], t["name"], float(t["rate_percent"])) for t in data.get("taxes", ())),
        taxed=tuple((p["id"], p["tax"]) for p in data["products"] if "tax" in p),
        tax_id=head.get("tax", ""),
    )


def parse_store(text: str, name: str = "store.yaml") -> Store:
    """The store that `text` describes. `name` stands for the file in the sentences of StoreError."""
    try:
        loader = _UniqueKeyLoader(text)
        node = loader.get_single_node()
        data = loader.construct_document(node) if node is not None else None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise StoreError([f"{name}:{line}: {error.problem or 'this is not YAML'}"]) from error
    except yaml.YAMLError as error:
        raise StoreError([f"{name}:1: this is not YAML: {error}"]) from error
    if node is None or not isinstance(data, dict):
        raise StoreError([f"{name}:1: the file is empty: start with 'store:' (see the demo store)"])
    lines = dict(_lines(node))

    def line_of(path: _Path) -> int:
        while path not in lines:
            path = path[:-1]
        return lines[path]

    problems = _schema_problems(data) or list(_reference_problems(data))
    store = None
    if not problems:
        store = _store(data)
        problems = list(_geometry_problems(store))
    if problems or store is None:
        ordered = sorted((line_of(p.path), p.text) for p in problems)
        raise StoreError([f"{name}:{n}: {text}" for n, text in ordered])
    return store


def read_store(path: str | Path) -> Store:
    """The store that the file describes.

    Raises StoreError, which names every mistake with the file, the line and what to write instead.
    """
    path = Path(path)
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError as error:
        raise StoreError([f"{path}: there is no such file: name the store's description with --store FILE"]) from error
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError([f"{path}: cannot be read as text: {error}"]) from error
    return parse_store(text, str(path))
