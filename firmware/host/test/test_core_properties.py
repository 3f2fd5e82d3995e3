# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Properties of the core, for any input: the C library is called from Python, against slow and obvious answers."""

from __future__ import annotations

import ctypes
import statistics
import zlib
from ctypes import POINTER, Structure, byref, c_bool, c_char, c_float, c_int32, c_int64, c_size_t, c_uint8, c_uint32

import pytest
from conftest import built
from hypothesis import given
from hypothesis import strategies as st

WINDOW = 5
BLOB = 61
LEVEL_ONE = 256

core = ctypes.CDLL(str(built("libscale_core_python.so")))


class Filter(Structure):
    """struct filter."""

    _fields_ = [
        ("window", c_int32 * WINDOW),
        ("filled", c_uint8),
        ("quiet", c_uint8),
        ("level", c_int32),
        ("noise_q8", c_uint32),
        ("step_least", c_uint32),
    ]


class Filtered(Structure):
    """struct filtered."""

    _fields_ = [("level", c_int32), ("spike", c_bool), ("saturated", c_bool)]


class Calibration(Structure):
    """struct calibration."""

    _fields_ = [
        ("zero", c_int32),
        ("counts_per_gram", c_float),
        ("mass_g", c_float),
        ("made_s", c_int64),
        ("cell_id", c_char * 25),
    ]


class Stamp(Structure):
    """struct stamp."""

    _fields_ = [("nanoseconds", c_int64), ("synchronised", c_bool)]


core.hx711_counts.argtypes, core.hx711_counts.restype = [c_uint32], c_int32
core.filter_init.argtypes = [POINTER(Filter), c_uint32]
core.filter_feed.argtypes, core.filter_feed.restype = [POINTER(Filter), c_int32, POINTER(Filtered)], c_bool
core.store_crc32.argtypes, core.store_crc32.restype = [ctypes.c_char_p, c_size_t], c_uint32
core.store_encode.argtypes = [POINTER(Calibration), c_uint32, ctypes.c_char_p]
core.store_decode.argtypes = [ctypes.c_char_p, c_size_t, POINTER(Calibration), POINTER(c_uint32)]
core.store_decode.restype = c_bool
core.calibration_span.argtypes = [POINTER(Calibration), c_int32, c_float, ctypes.c_char_p, c_int64]
core.calibration_grams.argtypes, core.calibration_grams.restype = [POINTER(Calibration), c_int32], c_float
core.stamp_of.argtypes, core.stamp_of.restype = [c_int64, c_int64, c_int64], Stamp

raw_counts = st.integers(-(2**23), 2**23 - 1)


def filtered(counts: list[int], step_least: int = 1000) -> list[Filtered]:
    state, out = Filter(), Filtered()
    core.filter_init(byref(state), step_least)
    found = []
    for value in counts:
        if core.filter_feed(byref(state), value, byref(out)):
            found.append(Filtered(out.level, out.spike, out.saturated))
    return found


@given(st.integers(0, 2**24 - 1))
def test_counts_are_two_s_complement(raw: int) -> None:
    assert core.hx711_counts(raw) == int.from_bytes((raw << 8).to_bytes(4, "big"), "big", signed=True) >> 8


@given(st.lists(raw_counts, min_size=WINDOW, max_size=60))
def test_the_level_stays_within_what_was_measured(counts: list[int]) -> None:
    found = filtered(counts)
    assert len(found) == len(counts) - WINDOW + 1
    for out in found:
        assert min(counts) * LEVEL_ONE <= out.level <= max(counts) * LEVEL_ONE


@given(st.lists(raw_counts, min_size=WINDOW, max_size=60))
def test_without_smoothing_the_level_is_the_median(counts: list[int]) -> None:
    """Right after a restart, and wherever a median is farther away than any noise can be."""
    for begin in range(len(counts) - WINDOW + 1):
        window = counts[begin : begin + WINDOW]
        assert filtered(window)[0].level == statistics.median(window) * LEVEL_ONE


@given(raw_counts, raw_counts, st.integers(WINDOW, 30), st.integers(WINDOW, 30))
def test_a_step_is_sharp_and_at_its_place(before: int, after: int, left: int, right: int) -> None:
    levels = [out.level for out in filtered([before] * left + [after] * right)]
    at = left - WINDOW // 2
    assert levels[:at] == [before * LEVEL_ONE] * at
    if abs(after - before) > 1000:
        assert levels[at:] == [after * LEVEL_ONE] * (right - WINDOW // 2)


@given(raw_counts, st.lists(raw_counts, min_size=1, max_size=2), st.integers(WINDOW, 20))
def test_one_or_two_spikes_leave_no_trace(level: int, spikes: list[int], rest: int) -> None:
    counts = [level] * rest + spikes + [level] * rest
    assert {out.level for out in filtered(counts)} == {level * LEVEL_ONE}


@given(
    st.builds(
        Calibration,
        st.integers(-(2**31), 2**31 - 1),
        st.floats(width=32, allow_nan=False),
        st.floats(width=32, allow_nan=False),
        st.integers(-(2**63), 2**63 - 1),
        st.binary(max_size=24).filter(lambda b: b"\0" not in b),
    ),
    st.integers(0, 2**32 - 1),
)
def test_what_is_stored_comes_back(calibration: Calibration, generation: int) -> None:
    blob, back, number = ctypes.create_string_buffer(BLOB), Calibration(), c_uint32()
    core.store_encode(byref(calibration), generation, blob)
    assert core.store_decode(blob.raw, BLOB, byref(back), byref(number))
    assert number.value == generation
    for field, _ in Calibration._fields_:
        assert getattr(back, field) == getattr(calibration, field)


@given(st.binary(max_size=80))
def test_anything_else_is_not_taken_for_a_calibration(data: bytes) -> None:
    assert not core.store_decode(data.ljust(BLOB, b"\0"), len(data), byref(Calibration()), byref(c_uint32()))


@given(st.binary(max_size=300))
def test_the_checksum_is_zlib_s(data: bytes) -> None:
    assert core.store_crc32(data, len(data)) == zlib.crc32(data)


@given(
    raw_counts, st.integers(-(2**23), 2**23).filter(lambda s: abs(s) >= 2000), st.floats(50.0, 200_000.0), raw_counts
)
def test_a_calibration_shows_the_mass_and_is_linear(zero: int, span: int, mass: float, counts: int) -> None:
    calibration = Calibration(zero, 0.0, 0.0, 0, b"")
    if not -(2**23) <= zero + span < 2**23:
        return
    assert core.calibration_span(byref(calibration), zero + span, mass, b"cell", 5) == 1
    assert core.calibration_grams(byref(calibration), (zero + span) * LEVEL_ONE) == pytest.approx(mass, rel=1e-5)
    assert core.calibration_grams(byref(calibration), zero * LEVEL_ONE) == 0.0
    wanted = (counts - zero) / span * mass
    assert core.calibration_grams(byref(calibration), counts * LEVEL_ONE) == pytest.approx(wanted, rel=1e-4, abs=1e-3)


@given(st.integers(0, 2**45), st.integers(0, 10**9), st.integers(0, 2**62))
def test_a_stamp_is_now_minus_the_age(time_us: int, age_us: int, epoch_ns: int) -> None:
    stamp = core.stamp_of(time_us, time_us + age_us, epoch_ns)
    assert stamp.synchronised == (epoch_ns >= 1_577_836_800 * 10**9)
    assert stamp.nanoseconds == (epoch_ns - age_us * 1000 if stamp.synchronised else time_us * 1000)
