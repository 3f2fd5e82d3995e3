# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The gate's reader: what a camera sees or a scanner types becomes the code, once."""

from __future__ import annotations

import json
import os
import queue
import shutil
import struct
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from bridge_support import wait_for
from gate_support import NOW, SECOND, Maker, picture

from yokotago_fusion.code_reader import LONGEST_TEXT, CodeReader, CodeReaderParameters
from yokotago_fusion.nodes.scanner import Scanner, typed
from yokotago_model.events import GateCode

Image = npt.NDArray[np.uint8]
CODE = Maker().code()


def reader() -> CodeReader:
    return CodeReader("gate-1", CodeReaderParameters())


def at(seconds: float) -> int:
    return round((NOW + seconds) * SECOND)


def _shaken(image: Image) -> Image:
    noise = np.random.default_rng(1).normal(0.0, 12.0, image.shape)
    dim = image.astype(float) * 0.5 + 40 + noise
    blurred = (dim + np.roll(dim, 1, 0) + np.roll(dim, 1, 1) + np.roll(dim, (1, 1), (0, 1))) / 4
    return np.clip(blurred, 0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    "changed",
    [lambda i: i, np.rot90, lambda i: np.rot90(i, 2), lambda i: 255 - i, _shaken, lambda i: i[::2, ::2]],
    ids=["as it is", "on its side", "upside down", "in dark mode", "dim, noisy and blurred", "far away"],
)
def test_a_code_before_the_camera_is_read(changed: Callable[[Image], Image]) -> None:
    image = np.ascontiguousarray(changed(picture(CODE, 8)))
    assert reader().look(at(0), image) == [GateCode(at(0), "gate-1", CODE)]


def test_an_empty_picture_has_no_code() -> None:
    assert reader().look(at(0), np.full((480, 640), 128, np.uint8)) == []


def test_a_code_that_stays_is_told_once_and_again_after_it_was_away() -> None:
    r, image, nothing = reader(), picture(CODE), np.zeros((720, 1280), np.uint8)
    told = [len(r.look(at(t / 10), image)) for t in range(0, 100, 2)]
    assert told == [1] + [0] * 49
    r.look(at(11), nothing)
    assert r.look(at(12), image) == []
    assert len(r.look(at(15.1), image)) == 1


def test_images_in_between_are_not_looked_at() -> None:
    r = reader()
    assert r.look(at(0), np.zeros((720, 1280), np.uint8)) == []
    assert r.look(at(0.05), picture(CODE)) == []
    assert len(r.look(at(0.1), picture(CODE))) == 1


def test_two_phones_are_two_codes() -> None:
    other = Maker().code()
    both = np.hstack([picture(CODE, 4, (400, 400)), picture(other, 4, (400, 400))])
    assert {c.code for c in reader().look(at(0), both)} == {CODE, other}


def test_a_scanner_types_in_whatever_case_with_blanks() -> None:
    assert reader().type(at(0), f"  {CODE.lower()}\t") == [GateCode(at(0), "gate-1", CODE)]
    assert reader().type(at(0), "   ") == []
    assert len(reader().type(at(0), "X" * 5000)[0].code) == LONGEST_TEXT


NODE = shutil.which("node")
DRAW = """
const { correction, generate } = await import(process.argv[1]);
const code = generate(process.argv[2], { minCorrectionLevel: correction.M });
const rows = Array.from({ length: code.size }, (_, y) => Array.from({ length: code.size }, (_, x) => +code.get(x, y)));
console.log(JSON.stringify(rows));
"""


@pytest.mark.skipif(NODE is None, reason="no node on this machine, which draws the code as the shopper's page does")
def test_the_code_as_the_shopper_s_page_draws_it_is_read() -> None:
    library = (Path(__file__).parents[3] / "cloud" / "app" / "vendor" / "lean-qr.js").as_uri()
    command = [str(NODE), "--input-type=module", "-e", DRAW, library, CODE]
    drawn = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    modules = np.array(json.loads(drawn), np.uint8)
    assert modules.shape == (41, 41)
    image = np.kron(np.pad(255 * (1 - modules), 4, constant_values=255), np.ones((5, 5), np.uint8)).astype(np.uint8)
    assert reader().look(at(0), image) == [GateCode(at(0), "gate-1", CODE)]


@pytest.mark.parametrize("wrong", [{"away_s": -1.0}, {"look_every_s": -0.1}])
def test_parameters_are_checked(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must not be below 0"):
        CodeReaderParameters(**wrong)


def _key(code: int, value: int = 1, kind: int = 1) -> bytes:
    return struct.pack("llHHi", 0, 0, kind, code, value)


def test_the_keys_of_a_scanner_are_characters() -> None:
    shift = _key(42) + _key(30) + _key(30, 0) + _key(42, 0)
    assert typed(shift + _key(0, 0, 0) + _key(3) + _key(50) + _key(28)) == "A2M\n"
    digits = b"".join(_key(code) for code in range(2, 12))
    assert typed(digits) == "1234567890"
    assert typed(_key(44)[:-1]) == ""


@contextmanager
def plugged(device: Path) -> Iterator[Callable[[bytes], int]]:
    """A serial scanner at the device's path, to type with."""
    ours, theirs = os.openpty()
    device.symlink_to(os.ttyname(theirs))
    os.close(theirs)
    try:
        yield lambda text: os.write(ours, text)
    finally:
        device.unlink()
        os.close(ours)


def test_a_scanner_s_lines_are_read_whatever_ends_them_also_after_it_was_unplugged(tmp_path: Path) -> None:
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()
    device = tmp_path / "scanner"
    scanner = Scanner(str(device), lines.put)
    with plugged(device) as type_:
        scanner.start()
        wait_for(lambda: scanner.reads)
        for part in (b"ONE\r\nTW", b"O\rTHREE\n"):
            type_(part)
        assert [lines.get(timeout=10) for _ in range(3)] == ["ONE", "TWO", "THREE"]
    wait_for(lambda: scanner.trouble)
    with plugged(device) as type_:
        wait_for(lambda: scanner.reads)
        type_(b"AGAIN\n")
        assert lines.get(timeout=10) == "AGAIN"
    scanner.stop()


def test_a_scanner_that_is_not_there_is_told_and_waited_for(tmp_path: Path) -> None:
    scanner = Scanner(str(tmp_path / "none"), lambda _: None)
    scanner.start()
    wait_for(lambda: "No such file" in scanner.trouble)
    scanner.stop()
