# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The ESP-IDF project's own files, by Espressif's checkers where they are installed, and against each other."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

FIRMWARE = Path(__file__).resolve().parents[2]
FLASH_BYTES = 4 * 2**20


@pytest.fixture
def tools() -> Path:
    """A Python with Espressif's tools."""
    python = os.environ.get("YOKOTAGO_ESP_PYTHON")
    if not python:
        pytest.skip("not installed: idf-component-manager esp-idf-kconfig (YOKOTAGO_ESP_PYTHON)")
    return Path(python)


def run(*command: str | Path) -> None:
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_manifest_is_right(tools: Path) -> None:
    run(tools.parent / "compote", "manifest", "lint", FIRMWARE / "main" / "idf_component.yml")


def test_the_configuration_is_right_and_its_defaults_are_those_that_the_checks_use(tools: Path, tmp_path: Path) -> None:
    kconfig = FIRMWARE / "main" / "Kconfig.projbuild"
    run(tools, "-m", "kconfcheck", kconfig)
    header = tmp_path / "sdkconfig.h"
    run(tools, "-m", "kconfgen", "--kconfig", kconfig, "--output", "header", header)
    pattern = r"#define (CONFIG_SCALE_\w+) (-?\d+)"
    made = dict(re.findall(pattern, header.read_text()))
    assert made == dict(re.findall(pattern, (FIRMWARE / "host" / "units" / "esp_idf.h").read_text()))
    used = re.findall(r"CONFIG_SCALE_\w+", "".join(p.read_text() for p in FIRMWARE.glob("[cm]*/**/*.c")))
    assert set(used) == set(made)


def test_the_partitions_fit_and_hold_two_images() -> None:
    rows = []
    for line in (FIRMWARE / "partitions.csv").read_text().splitlines():
        if line and not line.startswith("#"):
            name, kind, subtype, offset, size = (field.strip() for field in line.split(","))
            rows.append((int(offset, 16), int(size, 16), name, kind, subtype))
    end = 0x9000
    for offset, size, name, kind, _ in sorted(rows):
        assert offset >= end, f"{name} overlaps the one before"
        assert offset % (0x10000 if kind == "app" else 0x1000) == 0, name
        end = offset + size
    assert end <= FLASH_BYTES
    images = [size for _, size, _, kind, subtype in rows if kind == "app" and subtype.startswith("ota_")]
    assert len(images) == 2
    assert images[0] == images[1]


def test_the_pools_of_micro_ros_hold_what_the_node_makes() -> None:
    meta = json.loads((FIRMWARE / "app-colcon.meta").read_text())["names"]
    pools = dict(a.removeprefix("-D").split("=") for a in meta["rmw_microxrcedds"]["cmake-args"])
    node = (FIRMWARE / "components" / "application" / "uros_node.c").read_text()
    for entity, pool in (("node", "NODES"), ("publisher", "PUBLISHERS"), ("service", "SERVICES")):
        assert int(pools[f"RMW_UXRCE_MAX_{pool}"]) == len(re.findall(rf"\(rcl_{entity}_init\(", node))
    history = int(pools["RMW_UXRCE_STREAM_HISTORY_OUTPUT"])
    assert history & (history - 1) == 0


def test_the_watchdog_is_on_and_the_way_back_too() -> None:
    wanted = set((FIRMWARE / "sdkconfig.defaults").read_text().splitlines())
    assert {
        "CONFIG_ESP_TASK_WDT_EN=y",
        "CONFIG_ESP_TASK_WDT_PANIC=y",
        "CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE=y",
    } <= wanted


def test_no_password_is_ever_logged() -> None:
    for source in FIRMWARE.glob("[cm]*/**/*.c"):
        logged = re.findall(r"ESP_LOG\w\([^;]*;|printf\([^;]*;", source.read_text())
        assert not [text for text in logged if "password" in text], source
