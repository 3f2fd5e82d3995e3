# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The core's unit tests with sanitizers and on a RISC-V core, its coverage, its size, and what other compilers say."""

from __future__ import annotations

import functools
import json
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

HOST = Path(__file__).resolve().parents[1]
FIRMWARE = HOST.parent
ROOT = FIRMWARE.parent
UNITS = sorted(p.stem for p in (HOST / "units").glob("test_*.c"))
COMPONENTS = [FIRMWARE / "components" / name for name in ("hx711", "scale", "scale_store", "uros_link", "application")]
PURE = sorted(
    source
    for component in COMPONENTS
    for source in component.glob("*.c")
    if not source.stem.endswith("_esp") and source.stem != "uros_node"
)

XTENSA_LIBC = "/usr/lib/xtensa-lx106-elf/picolibc.specs"
TOOLS = {
    "sanitized": ("gcc", "/usr/include/cmocka.h"),
    "coverage": ("gcc", "gcov", "/usr/include/cmocka.h"),
    "riscv32": ("riscv64-unknown-elf-gcc", "qemu-system-riscv32", "/usr/lib/picolibc/riscv64-unknown-elf"),
    "xtensa": ("xtensa-lx106-elf-gcc", XTENSA_LIBC),
}
PACKAGES = {
    "/usr/include/cmocka.h": "libcmocka-dev",
    "riscv64-unknown-elf-gcc": "gcc-riscv64-unknown-elf",
    "qemu-system-riscv32": "qemu-system-misc",
    "/usr/lib/picolibc/riscv64-unknown-elf": "picolibc-riscv64-unknown-elf",
    "xtensa-lx106-elf-gcc": "gcc-xtensa-lx106",
    XTENSA_LIBC: "picolibc-xtensa-lx106-elf",
}

LEAST_LINES = 1.0
LEAST_BRANCHES = 0.95
MOST_INSTRUCTIONS = 5_000
"""Of one sample. At 80 MHz, the slowest that an ESP32 runs, that is some 60 us of the 12.5 ms between two samples."""
MOST_STATIC_BYTES = 32_768


def need(kind: str) -> None:
    missing = [t for t in TOOLS[kind] if not (Path(t).exists() if t.startswith("/") else shutil.which(t))]
    if missing:
        names = " ".join(PACKAGES.get(t, t) for t in missing)
        pytest.skip(f"not installed: {names}")


def run(*command: str | Path, folder: Path | None = None) -> str:
    """What a command writes, or else what it complains; an error shows all of it."""
    done = subprocess.run([str(c) for c in command], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout or done.stderr  # QEMU writes a program's output where it complains


@functools.cache
def built(kind: str) -> Path:
    """The folder of the unit tests of one kind, built."""
    need(kind)
    folder = ROOT / "build" / "firmware_units" / kind
    toolchain = [f"-DCMAKE_TOOLCHAIN_FILE={HOST / 'units' / 'riscv32.cmake'}"] if kind == "riscv32" else []
    run("cmake", "-G", "Ninja", "-S", HOST / "units", "-B", folder, f"-DKIND={kind}", *toolchain)
    run("cmake", "--build", folder)
    return folder


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("kind", ["sanitized", "riscv32"])
def test_unit(kind: str, unit: str) -> None:
    folder = built(kind)
    run("ctest", "--test-dir", folder, "-R", f"^{unit}$", "--output-on-failure", "--no-tests=error", "--timeout", "300")


def coverage_of(folder: Path) -> list[dict[str, Any]]:
    files = []
    for data in sorted(folder.glob("CMakeFiles/scale_core.dir/**/*.gcda")):
        told = run("gcov", "--json-format", "--stdout", "--branch-probabilities", data, folder=folder)
        files += [f for f in json.loads(told)["files"] if "/components/" in f["file"]]
    return files


def test_coverage() -> None:
    folder = built("coverage")
    for old in folder.rglob("*.gcda"):
        old.unlink()
    run("ctest", "--test-dir", folder, "--output-on-failure")
    files = coverage_of(folder)
    assert {Path(f["file"]).name for f in files if f["file"].endswith(".c")} == {p.name for p in PURE}
    lines = [(Path(f["file"]).name, line) for f in files for line in f["lines"]]
    branches = [(name, line["line_number"], b) for name, line in lines for b in line["branches"]]
    missed_lines = [(name, line["line_number"]) for name, line in lines if not line["count"]]
    missed_branches = [(name, number) for name, number, b in branches if not b["count"]]
    covered = 1 - len(missed_branches) / len(branches)
    print(f"{len(lines)} lines, {len(branches)} branches, {covered:.1%} of them taken; not: {missed_branches}")
    assert 1 - len(missed_lines) / len(lines) >= LEAST_LINES, missed_lines
    assert covered >= LEAST_BRANCHES, missed_branches


def test_worst_sample_and_size_on_riscv() -> None:
    folder = built("riscv32")
    qemu = shlex.split("qemu-system-riscv32 -M virt -bios none -nographic -icount shift=0")
    told = json.loads(run(*qemu, "-semihosting-config", "enable=on,target=native", "-kernel", folder / "worst_case"))
    print(told)
    assert 0 < told["mean"] < told["most"] <= MOST_INSTRUCTIONS
    assert 0 < told["static_bytes"] <= MOST_STATIC_BYTES


@pytest.mark.parametrize("source", PURE, ids=lambda p: p.stem)
def test_xtensa_compiler_has_no_complaint(source: Path, tmp_path: Path) -> None:
    need("xtensa")
    strict = shlex.split("-std=c11 -O2 -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Werror")
    include = [f"-I{c / 'include'}" for c in COMPONENTS]
    run("xtensa-lx106-elf-gcc", f"--specs={XTENSA_LIBC}", *strict, *include, "-c", source, "-o", tmp_path / "object.o")


ESP_SOURCES = sorted([*FIRMWARE.glob("components/*/*_esp.c"), FIRMWARE / "main" / "app_main.c"])


@pytest.mark.parametrize("source", ESP_SOURCES, ids=lambda p: p.stem)
def test_the_esp32_side_fits_the_core_and_the_declarations_of_esp_idf(source: Path, tmp_path: Path) -> None:
    """No build for an ESP32: neither its compiler nor ESP-IDF is to be had here. But types and names are checked."""
    wanted = set(re.findall(r"#include <([^>]+)>", "".join(p.read_text() for p in FIRMWARE.rglob("*_esp.[ch]"))))
    wanted |= set(re.findall(r"#include <([^>]+)>", (FIRMWARE / "main" / "app_main.c").read_text()))
    prefixes = [Path(p) for p in os.environ["AMENT_PREFIX_PATH"].split(":")]
    ros = [folder for p in prefixes for folder in (p / "include").glob("*")]
    system = ["/usr/include", *Path("/usr/lib/gcc").glob("*/*/include"), *ros]
    for name in wanted:
        if not any((Path(folder) / name).exists() for folder in system):
            forward = tmp_path / name
            forward.parent.mkdir(parents=True, exist_ok=True)
            forward.write_text(f'#include "{HOST / "units" / "esp_idf.h"}"\n')
    include = [f"-I{c / 'include'}" for c in (*COMPONENTS, FIRMWARE / "components" / "net")] + [f"-I{tmp_path}"]
    strict = shlex.split("-std=gnu11 -O2 -Wall -Wextra -Wconversion -Wsign-conversion -Wshadow -Werror -fsyntax-only")
    run("gcc", *strict, *include, *[f"-isystem{r}" for r in ros], source)


def test_the_core_allocates_nothing() -> None:
    library = built("coverage") / "libscale_core.a"
    wanted = {line.split()[-1] for line in run("nm", "--undefined-only", library).splitlines() if " U " in line}
    assert "memcpy" in wanted or "memset" in wanted
    assert not wanted & {"malloc", "calloc", "realloc", "free", "printf", "time", "clock_gettime"}
