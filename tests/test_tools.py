# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""What the scripts in tools/ tell: the preflight on machines that lack something, the summary of test results."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@dataclass
class Machine:
    """A machine as the preflight sees it: the programs of one folder, which is its whole PATH."""

    bin: Path

    def put(self, name: str, text: str) -> None:
        """Put a small shell program on the PATH."""
        program = self.bin / name
        program.write_text(f"#!/bin/sh\n{text}\n")
        program.chmod(0o755)

    def remove(self, name: str) -> None:
        """Take a program from the PATH."""
        (self.bin / name).unlink()

    def preflight(self, folder: Path) -> subprocess.CompletedProcess[str]:
        """Run the preflight there."""
        return subprocess.run(
            ["/bin/sh", str(ROOT / "tools" / "preflight"), str(folder)],
            env={"PATH": str(self.bin)}, capture_output=True, text=True, check=False, timeout=30,
        )  # fmt: skip


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine on which everything is there: each test takes one thing away."""
    machine = Machine(tmp_path / "bin")
    machine.bin.mkdir()
    awk = shutil.which("awk")
    assert awk
    (machine.bin / "awk").symlink_to(awk)
    machine.put("uname", 'case $1 in -m) echo x86_64 ;; *) echo Linux ;; esac')
    machine.put("df", "echo header; echo 'disk 900000 1 800000 1% /'")
    for tool in ("cc", "c++", "make"):
        machine.put(tool, "exit 0")
    # Python 3.11 with headers, venv and a new C library: all that the preflight asks Python is answered with yes.
    machine.put("python3.11", 'case "$2" in *version_info*) echo 3.11 ;; esac')
    return machine


def told(result: subprocess.CompletedProcess[str]) -> str:
    """Return the one sentence that a failed preflight printed."""
    assert result.returncode == 1
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert len(lines) == 1, lines
    assert lines[0].startswith("Yokota de Go cannot be built here: ")
    assert lines[0].endswith(".")
    return lines[0]


def test_machine_with_everything_gets_its_python(machine: Machine, tmp_path: Path) -> None:
    result = machine.preflight(tmp_path)
    assert (result.returncode, result.stdout, result.stderr) == (0, f"{machine.bin}/python3.11\n", "")


def test_newest_supported_python_is_chosen(machine: Machine, tmp_path: Path) -> None:
    machine.put("python3.12", 'case "$2" in *version_info*) echo 3.12 ;; esac')
    assert machine.preflight(tmp_path).stdout == f"{machine.bin}/python3.12\n"


def test_name_on_the_path_that_does_not_start_is_passed_over(machine: Machine, tmp_path: Path) -> None:
    machine.put("python3.12", "exit 127")
    assert machine.preflight(tmp_path).stdout == f"{machine.bin}/python3.11\n"


def test_unsupported_python_is_named_with_its_version(machine: Machine, tmp_path: Path) -> None:
    machine.remove("python3.11")
    machine.put("python3", "echo 3.9")
    sentence = told(machine.preflight(tmp_path))
    assert "Python 3.11 or 3.12" in sentence
    assert "python3 is 3.9" in sentence


def test_missing_python_is_told(machine: Machine, tmp_path: Path) -> None:
    machine.remove("python3.11")
    assert "no Python was found" in told(machine.preflight(tmp_path))


@pytest.mark.parametrize(("machine_name", "system"), [("aarch64", "Linux"), ("x86_64", "Darwin")])
def test_other_architecture_or_system_is_told(machine: Machine, tmp_path: Path, machine_name: str, system: str) -> None:
    machine.put("uname", f"case $1 in -m) echo {machine_name} ;; *) echo {system} ;; esac")
    sentence = told(machine.preflight(tmp_path))
    assert f"{system} on {machine_name}" in sentence
    assert "docs/ros_host.md" in sentence


@pytest.mark.parametrize("tool", ["cc", "c++", "make"])
def test_missing_compiler_or_make_is_told(machine: Machine, tmp_path: Path, tool: str) -> None:
    machine.remove(tool)
    sentence = told(machine.preflight(tmp_path))
    assert f"no {tool} on the PATH" in sentence
    assert "build-essential" in sentence


@pytest.mark.parametrize(
    ("question", "remedy"),
    [("ensurepip", "python3-venv"), ("Python.h", "python3-dev"), ("libc_ver", "GNU C library 2.35")],
)
def test_incomplete_python_is_told(machine: Machine, tmp_path: Path, question: str, remedy: str) -> None:
    machine.put("python3.11", f'case "$2" in *version_info*) echo 3.11 ;; *{question}*) exit 1 ;; esac')
    assert remedy in told(machine.preflight(tmp_path))


def test_full_disk_is_told(machine: Machine, tmp_path: Path) -> None:
    machine.put("df", "echo header; echo 'disk 900000 1 1200 99% /'")
    sentence = told(machine.preflight(tmp_path))
    assert "1200 MB" in sentence
    assert str(tmp_path) in sentence


def test_this_machine_passes_with_a_real_python(tmp_path: Path) -> None:
    if sys.version_info[:2] not in ((3, 11), (3, 12)) or os.uname().machine != "x86_64":
        pytest.skip("the wheels are for Python 3.11 and 3.12 on x86-64 only")
    result = subprocess.run(
        ["/bin/sh", str(ROOT / "tools" / "preflight"), str(tmp_path)],
        env={**os.environ, "YOKOTAGO_PYTHON": sys.executable}, capture_output=True, text=True, check=False, timeout=30,
    )  # fmt: skip
    if "free disk space" in result.stderr:
        pytest.skip("the disk of the temporary folder is too small for a workspace")
    assert (result.returncode, result.stdout) == (0, f"{sys.executable}\n"), result.stderr


JUNIT = """<testsuites><testsuite name="pytest">
<testcase classname="pkg.test.test_a" name="test_good" time="1.5" />
<testcase classname="pkg.test.test_a" name="test_more" time="0.5" />
{more}
</testsuite></testsuites>"""


def summary(results: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the summary of test results."""
    return subprocess.run(
        [sys.executable, str(ROOT / "tools" / "test_summary.py"), str(results), *arguments],
        capture_output=True, text=True, check=False, timeout=30,
    )  # fmt: skip


def write_results(results: Path, package: str, more: str = "") -> None:
    """Write the results of a package: two tests that passed, and more."""
    (results / package).mkdir(parents=True)
    (results / package / "pytest.xml").write_text(JUNIT.format(more=more))


def test_summary_of_good_results(tmp_path: Path) -> None:
    write_results(tmp_path, "a")
    write_results(tmp_path, "b")
    result = summary(tmp_path, "a", "b")
    assert result.returncode == 0
    assert result.stdout.splitlines()[-1] == "4 passed, 0 failed, 0 skipped"


def test_summary_groups_skipped_tests_by_reason_at_the_end(tmp_path: Path) -> None:
    skipped = '<testcase classname="pkg.test.test_a" name="{}"><skipped message="no data" /></testcase>'
    write_results(tmp_path, "a", skipped.format("test_one"))
    write_results(tmp_path, "b", skipped.format("test_two"))
    result = summary(tmp_path, "a", "b")
    assert result.returncode == 0
    assert result.stdout.splitlines()[-6:] == [
        "skipped:",
        "  no data",
        "    a: test_a.test_one",
        "    b: test_a.test_two",
        "",
        "4 passed, 0 failed, 2 skipped",
    ]


@pytest.mark.parametrize("kind", ["failure", "error"])
def test_summary_fails_on_a_failed_test(tmp_path: Path, kind: str) -> None:
    bad = f'<testcase classname="pkg.test.test_a" name="test_bad"><{kind} message="x" /></testcase>'
    write_results(tmp_path, "a", bad)
    result = summary(tmp_path, "a")
    assert result.returncode == 1
    assert "failed: a: test_a.test_bad" in result.stdout
    assert result.stdout.splitlines()[-1] == "2 passed, 1 failed, 0 skipped"


def test_summary_fails_when_a_package_ran_no_test(tmp_path: Path) -> None:
    write_results(tmp_path, "a")
    result = summary(tmp_path, "a", "b")
    assert result.returncode == 1
    assert "failed: b: it ran no test" in result.stdout


def test_summary_fails_when_all_tests_of_a_package_were_skipped(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "pytest.xml").write_text(
        '<testsuite><testcase classname="t" name="test_x"><skipped message="no data" /></testcase></testsuite>'
    )
    result = summary(tmp_path, "a")
    assert result.returncode == 1
    assert result.stdout.splitlines()[-1] == "0 passed, 0 failed, 1 skipped"


def test_summary_fails_on_a_result_that_was_cut_off(tmp_path: Path) -> None:
    write_results(tmp_path, "a")
    (tmp_path / "a" / "other.xml").write_text("<testsuite><testcase")
    result = summary(tmp_path, "a")
    assert result.returncode == 1
    assert "other.xml" in result.stdout


def test_summary_fails_when_another_step_failed(tmp_path: Path) -> None:
    write_results(tmp_path, "a")
    result = summary(tmp_path, "a", "--failed", "lint")
    assert result.returncode == 1
    assert "failed: lint" in result.stdout
