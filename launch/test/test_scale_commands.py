# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Provisioning and calibrating a scale from the command line."""

from __future__ import annotations

import argparse
import os
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from yokotago_bringup import provision_scale_command
from yokotago_bringup.calibrate_command import calibrate
from yokotago_bringup.command import main
from yokotago_bringup.console import CommandError, demo_store_file
from yokotago_bringup.graph import scale_program
from yokotago_bringup.provision_scale_command import GENERATOR, PASSWORD_VARIABLE, PYTHON_VARIABLE, settings_csv

os.environ["ROS_DOMAIN_ID"] = str(1 + os.getpid() % 100)
os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"

VALUES = {"scale_id": "A11", "ssid": "shop", "password": 'p,"w', "agent": "", "agent_port": "8888", "update_url": ""}


def test_the_table_is_what_the_board_reads() -> None:
    lines = settings_csv(VALUES, 80).splitlines()
    assert lines[:2] == ["key,type,encoding,value", "scale,namespace,,"]
    assert 'password,data,string,"p,""w"' in lines
    assert lines[-1] == "rate_hz,data,u16,80"
    settings = (Path(__file__).parents[2] / "firmware" / "components" / "net" / "settings_esp.c").read_text()
    for line in lines[2:]:
        assert f'"{line.split(",")[0]}"' in settings


@pytest.mark.parametrize(
    ("key", "value"), [("scale_id", "x" * 33), ("scale_id", ""), ("ssid", "a\nb"), ("update_url", "http://x")]
)
def test_what_the_board_could_not_use_is_refused(key: str, value: str) -> None:
    with pytest.raises(CommandError):
        settings_csv(VALUES | {key: value}, 80)


def test_the_partition_is_the_one_of_the_firmware() -> None:
    table = (Path(__file__).parents[2] / "firmware" / "partitions.csv").read_text().splitlines()
    (line,) = [t for t in table if t.startswith("provision")]
    offset, size = (int(v, 16) for v in line.split(",")[3:5])
    assert (offset, size) == (provision_scale_command.OFFSET, provision_scale_command.SIZE)


def test_an_image_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        provision_scale_command.generator()
    except CommandError:
        pytest.skip(f"not installed: {GENERATOR} ({PYTHON_VARIABLE})")
    monkeypatch.setenv(PASSWORD_VARIABLE, "secret word")
    image = tmp_path / "a11.bin"
    arguments = ["--ssid", "shop", "--agent", "10.0.0.5", "--out", str(image), "--store", str(demo_store_file())]
    assert main(["provision-scale", "A11", *arguments]) == 0
    data = image.read_bytes()
    assert len(data) == provision_scale_command.SIZE
    for text in (b"A11\0", b"shop\0", b"secret word\0", b"10.0.0.5\0"):
        assert text in data
    assert stat.S_IMODE(image.stat().st_mode) == 0o600
    told = capsys.readouterr()
    assert "0x12000" in told.out
    assert "secret" not in told.out + told.err
    assert main(["provision-scale", "Z99", *arguments]) == 1


class Board:
    """Answers as a ScaleClient."""

    def __init__(self, shows: float) -> None:
        self.shows = shows
        self.done: list[str] = []

    def tare(self, tries: int) -> None:
        self.done.append("tare")

    def calibrate(self, grams: float, cell_id: str, tries: int) -> float:
        self.done.append(f"calibrate {grams} {cell_id}")
        return self.shows


def test_the_steps_come_in_order() -> None:
    board, asked = Board(500.2), list[str]()
    arguments = argparse.Namespace(tare=False, mass=500.0, cell="c7")
    assert calibrate(board, arguments, lambda text: asked.append(text) or "") == 0
    assert board.done == ["tare", "calibrate 500.0 c7"]
    assert ["take everything off" in asked[0], "put 500 g" in asked[1]] == [True, True]


def test_a_result_that_is_off_is_no_calibration() -> None:
    with pytest.raises(CommandError, match="should show"):
        calibrate(Board(480.0), argparse.Namespace(tare=False, mass=500.0, cell=""), lambda _: "")


@pytest.fixture
def board(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    program = scale_program()
    if program is None:
        pytest.skip("the scales' firmware is not built: run make build")
    command = [str(program), "--scale-id", "A-1", "--store", str(tmp_path / "flash"), "--ping-ms", "50"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    yield process
    process.terminate()
    process.communicate()


def test_a_real_board_is_calibrated(board: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert board.stdin is not None
    moment = 1_700_000_000_000_000_000

    def load(grams: float) -> None:
        nonlocal moment
        assert board.stdin is not None
        for _ in range(40):
            board.stdin.write(f"load {moment} 12500000 " + " ".join([str(grams)] * 8) + "\n")
            moment += 100_000_000
        board.stdin.flush()

    monkeypatch.setattr("builtins.input", lambda text: load(500.0 if "put" in text else 0.0) or "")
    assert main(["calibrate", "scale", "A-1", "--mass", "500", "--cell", "c7"]) == 0
    assert main(["calibrate", "scale", "A-1", "--identify"]) == 0
    assert main(["calibrate", "scale", "A-1"]) == 1
