# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Posts of boards: what is right becomes bursts, what is wrong is named, field by field."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yokotago_model.events import SECOND, ScaleStatus, ShelfWeight
from yokotago_shelves.post_guard import Allowance, PostTokens
from yokotago_shelves.posted_weights import PostError, PostParameters, read_post

NOW = 1_800_000_000 * SECOND
SCALES = ("A11", "A12", "B11")
PARAMETERS = PostParameters()
BURST: dict[str, Any] = {
    "scale_id": "A11",
    "boot_id": 7,
    "sequence": 96,
    "period": 0.1,
    "grams": [500, 500.5, 388.25],
    "stamp": {"sec": 1_799_999_999, "nanosec": 5},
}


def posted(*bursts: Any) -> bytes:
    return json.dumps({"bursts": bursts}).encode()


def mistakes(body: bytes) -> dict[str, str]:
    with pytest.raises(PostError) as refused:
        read_post(body, SCALES, NOW, PARAMETERS)
    return dict(refused.value.mistakes)


def test_a_batch_becomes_bursts() -> None:
    other = {**BURST, "scale_id": "B11", "status": 1, "grams": [1.0]}
    first, second = read_post(posted(BURST, other), SCALES, NOW, PARAMETERS)
    assert first == ShelfWeight(NOW - SECOND + 5, "A11", 7, 96, 0.1, (500.0, 500.5, 388.25))
    assert (second.scale_id, second.status) == ("B11", ScaleStatus.SATURATED)


def test_a_board_without_a_clock_says_how_old_its_samples_are() -> None:
    aged = {key: value for key, value in BURST.items() if key != "stamp"} | {"age": 1.25}
    (burst,) = read_post(posted(aged), SCALES, NOW, PARAMETERS)
    assert burst.stamp == NOW - SECOND - SECOND // 4
    assert burst.status == ScaleStatus.CLOCK_UNSYNCED


@pytest.mark.parametrize(
    ("changed", "field", "says"),
    [
        ({"scale_id": "A13"}, "scale_id", "name a scale of the store that this token is for: A1"),
        ({"scale_id": 5}, "scale_id", "name a scale"),
        ({"scale_id": None}, "scale_id", "name a scale"),
        ({"boot_id": -1}, "boot_id", "a whole number from 0 to 4294967295"),
        ({"boot_id": 2**32}, "boot_id", "a whole number"),
        ({"boot_id": True}, "boot_id", "a whole number"),
        ({"sequence": 1.5}, "sequence", "a whole number"),
        ({"sequence": "1"}, "sequence", "a whole number"),
        ({"period": 0}, "period", "at least 0.001"),
        ({"period": 1e-50}, "period", "at least 0.001"),
        ({"period": 61}, "period", "a number up to 60"),
        ({"grams": []}, "grams", "a list of 1 to 32 weights"),
        ({"grams": [1.0] * 33}, "grams", "a list of 1 to 32 weights"),
        ({"grams": "500"}, "grams", "a list of 1 to 32 weights"),
        ({"grams": [1.0, None]}, "grams[1]", "in grams"),
        ({"grams": [1.0, 2.0, True]}, "grams[2]", "in grams"),
        ({"grams": [2e6]}, "grams[0]", "a number up to 1e+06"),
        ({"status": 64}, "status", "a whole number from 0 to 63"),
        ({"stamp": None}, "stamp", 'write {"sec", "nanosec"}'),
        ({"stamp": 1_800_000_000}, "stamp", 'write {"sec", "nanosec"}'),
        ({"stamp": {"sec": 1_800_000_000}}, "stamp.nanosec", "a whole number from 0 to 999999999"),
        ({"stamp": {"sec": 2**31, "nanosec": 0}}, "stamp.sec", "a whole number"),
        ({"stamp": {"sec": 1_800_000_100, "nanosec": 0}}, "stamp", "100 s ahead of the store host"),
        ({"stamp": {"sec": 0, "nanosec": 0}}, "stamp", "behind the store host: set the board's clock, or send age"),
        ({"age": 1.0}, "stamp", "or its age [s] in place of it"),
    ],
)
def test_a_wrong_field_is_named(changed: dict[str, Any], field: str, says: str) -> None:
    told = mistakes(posted(BURST, BURST | changed))
    assert says in told[f"bursts[1].{field}"]
    assert all(where.startswith(f"bursts[1].{field.split('.')[0].split('[')[0]}") for where in told)


@pytest.mark.parametrize("age", [-0.1, 3601, "1", None, True])
def test_a_wrong_age_is_named(age: object) -> None:
    aged = {key: value for key, value in BURST.items() if key != "stamp"} | {"age": age}
    assert set(mistakes(posted(aged))) == {"bursts[0].age"}


def test_all_mistakes_are_told_at_once_and_not_without_end() -> None:
    told = mistakes(posted({}))
    assert set(told) == {
        f"bursts[0].{name}" for name in ("scale_id", "boot_id", "sequence", "period", "grams", "stamp")
    }
    assert len(mistakes(posted(*[{}] * 64))) == 20


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b"[]",
        b"{}",
        b'{"bursts": []}',
        b'{"bursts": {}}',
        b'{"bursts": [1e400]}',
        b'{"bursts": [NaN]}',
        b"[" * 100_000,
        b'{"bursts":' * 20_000,
        b'{"bursts": [' + b"9" * 5000 + b"]}",
        posted(*[BURST] * 65),
    ],
)
def test_what_is_no_batch_is_refused(body: bytes) -> None:
    told = mistakes(body)
    assert next(iter(told)) in ("body", "bursts", "bursts[0]")


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from([*BURST, "age"]), inner, max_size=8),
    max_leaves=20,
)


@settings(max_examples=150, deadline=None)
@given(changes=st.dictionaries(st.sampled_from([*BURST, "age", "status"]), _json), bare=_json)
def test_whatever_is_posted_is_taken_or_refused_with_its_fields(changes: dict[str, Any], bare: Any) -> None:
    for burst in (BURST | changes, bare):
        found: list[tuple[str, str]] = []
        try:
            made = read_post(posted(burst), SCALES, NOW, PARAMETERS)
        except PostError as wrong:
            made, found = (), wrong.mistakes
        assert bool(made) != bool(found)
        assert all(where and what for where, what in found)
        for one in made:
            assert one.scale_id in SCALES
            assert one.period > 0
            assert abs(one.stamp - NOW) <= 3600 * SECOND


TOKEN, OTHER = "token-of-one-board", "token-of-all-boards"


def test_a_token_is_for_its_scales() -> None:
    tokens = PostTokens([f"{TOKEN} A11 A12  # the left shelf", "", "# nobody", f"{OTHER} *"], SCALES)
    assert tokens.scales_of(TOKEN) == {"A11", "A12"}
    assert tokens.scales_of(OTHER) == set(SCALES)
    assert tokens.scales_of("") is None
    assert tokens.scales_of(TOKEN[:-1]) is None
    assert tokens.scales_of("\udcff") is None


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ([], "there is no token"),
        (["# nothing"], "there is no token"),
        (["short A11"], "line 1: a token has at least 16 characters, not 5"),
        (["", TOKEN], "line 2: no scale follows the token"),
        ([f"{TOKEN} A11 Z9"], "line 1: Z9 is not in the store"),
    ],
)
def test_a_file_of_tokens_that_cannot_be_used_is_named_without_its_tokens(lines: list[str], says: str) -> None:
    with pytest.raises(ValueError, match=says) as refused:
        PostTokens(lines, SCALES)
    assert TOKEN not in str(refused.value)


def test_an_allowance_is_spent_and_comes_back_for_each_name() -> None:
    allowance = Allowance(2.0)
    assert [allowance.wait_s("a", 10.0) for _ in range(5)] == [0.0, 0.0, 0.0, 0.0, 0.5]
    assert allowance.wait_s("b", 10.0) == 0.0
    assert allowance.wait_s("a", 10.25) == 0.25
    assert allowance.wait_s("a", 10.5) == 0.0
    assert allowance.wait_s("a", 10.5) == 0.5


def test_an_allowance_remembers_only_so_many_names() -> None:
    allowance = Allowance(1.0)
    for number in range(30_000):
        allowance.wait_s(str(number), 0.0)
    assert len(allowance._left) == 10_000


@pytest.mark.parametrize("name", ["most_bytes", "body_s", "posts_per_s", "most_ahead_s"])
def test_parameters_are_checked(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        PostParameters(**{name: 0})  # type: ignore[arg-type]
