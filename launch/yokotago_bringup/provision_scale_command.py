# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""yokotago provision-scale: what one scale's board must know, as an image for its flash."""

from __future__ import annotations

import argparse
import csv
import getpass
import importlib.util
import io
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from yokotago_model.store_file import read_store

from .console import CommandError

PASSWORD_VARIABLE = "YOKOTAGO_WIFI_PASSWORD"
"""The network's password: not on the command line, which everyone sees."""

PYTHON_VARIABLE = "YOKOTAGO_ESP_PYTHON"
"""A Python that has Espressif's generator, where this one has not."""

GENERATOR = "esp_idf_nvs_partition_gen"
OFFSET, SIZE = 0x12000, 0x3000
"""Of the partition `provision` in firmware/partitions.csv."""

LONGEST = {"scale_id": 32, "ssid": 32, "password": 64, "agent": 45, "agent_port": 5, "update_url": 160}
"""What settings_esp.h has room for."""


def add_parser(subcommands: Any) -> None:
    """Add `provision-scale` to the command."""
    parser = subcommands.add_parser(
        "provision-scale",
        help="an image for the flash of one scale's board",
        description="Write what one scale's board must know (its id, the network, the agent) as an image for the "
        f"partition `provision` of its flash. The network's password is read from the environment variable "
        f"{PASSWORD_VARIABLE}, or asked for. The image holds it in plain text: keep it as a secret.",
    )
    parser.add_argument("scale", metavar="SCALE", help="id of the scale, as in store.yaml")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the image")
    parser.add_argument("--ssid", required=True, metavar="NAME", help="the Wi-Fi network (2.4 GHz, WPA2 or newer)")
    parser.add_argument("--agent", default="", metavar="ADDRESS", help="of the micro-ROS agent (default: looked for)")
    parser.add_argument("--agent-port", type=int, default=8888, metavar="N", help="its UDP port (default 8888)")
    parser.add_argument("--rate", type=int, choices=(10, 80), default=80, help="as the HX711's RATE pin is wired")
    parser.add_argument("--update-url", default="", metavar="URL", help="https address of newer firmware")
    parser.add_argument("--store", type=Path, metavar="FILE", help="store.yaml: check that it has this scale")
    parser.set_defaults(run=run)


def settings_csv(values: dict[str, str], rate_hz: int) -> str:
    """The table that Espressif's generator makes an image of. Raises CommandError for what does not fit."""
    for key, value in values.items():
        if len(value.encode()) > LONGEST[key]:
            raise CommandError(f"{key} is longer than {LONGEST[key]} bytes")
        if any(ord(c) < 32 for c in value):
            raise CommandError(f"{key} has a control character")
    if not values["scale_id"] or not values["ssid"]:
        raise CommandError("the scale's id and the network's name must not be empty")
    if values["update_url"] and not values["update_url"].startswith("https://"):
        raise CommandError("--update-url must begin with https://")
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(("key", "type", "encoding", "value"))
    rows.writerow(("scale", "namespace", "", ""))
    rows.writerows((key, "data", "string", value) for key, value in values.items())
    rows.writerow(("rate_hz", "data", "u16", rate_hz))
    return text.getvalue()


def generator() -> str:
    """A Python that has the generator. Raises CommandError where there is none."""
    if importlib.util.find_spec(GENERATOR):
        return sys.executable
    if python := os.environ.get(PYTHON_VARIABLE):
        return python
    raise CommandError(
        f"this needs Espressif's generator: pip install {GENERATOR.replace('_', '-')}, here or in a Python that the "
        f"environment variable {PYTHON_VARIABLE} names"
    )


def run(arguments: argparse.Namespace) -> int:
    """Write the image."""
    python = generator()
    if arguments.store and arguments.scale not in {s.scale_id for s in read_store(arguments.store).scales}:
        raise CommandError(f"{arguments.store} has no scale {arguments.scale}")
    password = os.environ.get(PASSWORD_VARIABLE)
    if password is None:
        password = getpass.getpass(f"password of {arguments.ssid}: ")
    values = {
        "scale_id": arguments.scale,
        "ssid": arguments.ssid,
        "password": password,
        "agent": arguments.agent,
        "agent_port": str(arguments.agent_port),
        "update_url": arguments.update_url,
    }
    table = settings_csv(values, arguments.rate)
    with tempfile.TemporaryDirectory() as folder:
        source, image = Path(folder, "scale.csv"), Path(folder, "scale.bin")
        source.write_text(table, "utf-8")
        command = [python, "-m", GENERATOR, "generate", str(source), str(image), hex(SIZE)]
        made = subprocess.run(command, capture_output=True, text=True, check=False)
        if made.returncode or not image.is_file():
            raise CommandError(f"the generator failed:\n{made.stdout}{made.stderr}".replace(password or "\0", "***"))
        # Readable by its owner only, from the first byte on.
        arguments.out.unlink(missing_ok=True)
        with os.fdopen(os.open(arguments.out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(image.read_bytes())
    print(f"{arguments.out}: flash it with\n  esptool.py write_flash {OFFSET:#x} {arguments.out}")
    return 0
