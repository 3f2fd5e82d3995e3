# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Sum up the test results of all packages: a table, the failures, every skipped test with its reason, one last line.

Reads RESULTS/<package>/**/*.xml (JUnit). The exit code is 0 only when every package named ran at least one test,
nothing failed, and no step is named with --failed.
"""

from __future__ import annotations

import argparse
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class PackageResult:
    """What the tests of one package came to."""

    passed: int = 0
    failed: list[str] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    """Name of the test and the reason for skipping it."""
    seconds: float = 0.0
    unreadable: list[str] = field(default_factory=list)

    @property
    def ran(self) -> int:
        """Number of tests that passed or failed."""
        return self.passed + len(self.failed)


def read_package(folder: Path) -> PackageResult:
    """Read every JUnit file under a package's folder of results; a missing folder is a result without tests."""
    result = PackageResult()
    for file in sorted(folder.rglob("*.xml")):
        try:
            root = ElementTree.parse(file).getroot()
        except ElementTree.ParseError as error:
            result.unreadable.append(f"{file.name}: {error}")
            continue
        for case in root.iter("testcase"):
            module = case.get("classname", "").rpartition(".test.")[2] or "pytest"
            name = f"{module}.{case.get('name', '')}"
            result.seconds += float(case.get("time", 0))
            skipped = case.find("skipped")
            if case.find("failure") is not None or case.find("error") is not None:
                result.failed.append(name)
            elif skipped is not None:
                result.skipped.append((name, skipped.get("message") or "no reason given"))
            else:
                result.passed += 1
    return result


def report(results: dict[str, PackageResult], failed_steps: list[str]) -> tuple[list[str], bool]:
    """Return the lines to print and whether everything is well."""
    lines = ["", f"{'package':<24} {'passed':>7} {'failed':>7} {'skipped':>8} {'seconds':>8}"]
    problems = [f"failed: {step}" for step in failed_steps]
    for package, result in results.items():
        lines.append(
            f"{package:<24} {result.passed:>7} {len(result.failed):>7} {len(result.skipped):>8} {result.seconds:>8.1f}"
        )
        problems += [f"failed: {package}: {name}" for name in result.failed]
        problems += [f"failed: {package}: result file cannot be read: {text}" for text in result.unreadable]
        if not result.ran:
            problems.append(f"failed: {package}: it ran no test")
    if problems:
        lines += ["", *problems]

    reasons: dict[str, list[str]] = {}
    for package, result in results.items():
        for name, reason in result.skipped:
            reasons.setdefault(reason, []).append(f"{package}: {name}")
    if reasons:
        lines += ["", "skipped:"]
        for reason, names in reasons.items():
            lines += [f"  {reason}", *(f"    {name}" for name in names)]

    passed = sum(result.passed for result in results.values())
    failed = sum(len(result.failed) for result in results.values())
    skipped = sum(len(result.skipped) for result in results.values())
    lines += ["", f"{passed} passed, {failed} failed, {skipped} skipped"]
    return lines, not problems


def main(arguments: list[str] | None = None) -> int:
    """Print the summary and return the exit code."""
    parser = argparse.ArgumentParser(description="Sum up the test results of all packages.")
    parser.add_argument("results", type=Path, help="folder with one folder of JUnit files per package")
    parser.add_argument("packages", nargs="+", help="packages that must have run at least one test")
    parser.add_argument("--failed", action="append", default=[], metavar="STEP", help="a step that failed otherwise")
    options = parser.parse_args(arguments)
    results = {package: read_package(options.results / package) for package in options.packages}
    lines, well = report(results, options.failed)
    print("\n".join(lines))
    return 0 if well else 1


if __name__ == "__main__":
    raise SystemExit(main())
