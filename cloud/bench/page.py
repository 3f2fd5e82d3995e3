# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Measures the shopper's page in Chromium: decoded bytes of all that the first screen loads, and the first paint.

Every start is one without anything kept. It needs the Python package playwright and Debian's chromium.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

_SIZES = (
    "[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]"
    ".map((one) => [one.name, one.decodedBodySize])"
)
_PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"


def main() -> None:
    """Start the cloud, open its page some times, print what was seen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--starts", type=int, default=7)
    parser.add_argument("--language", default="ja-JP", help="of the browser (default: the larger one, %(default)s)")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "yokotago_cloud", "--port", "0", "--database", str(Path(folder) / "cloud.db")]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as cloud:  # noqa: S603 (our own server)
            assert cloud.stdout is not None
            try:
                address = cloud.stdout.readline().split()[-1]
                seen = measure(address, given.starts, given.language)
            finally:
                cloud.terminate()
    print(json.dumps({**seen, "load_average": round(os.getloadavg()[0], 1)}))


def measure(address: str, starts: int, language: str) -> dict[str, float]:
    """Bytes of one start, and the first paints of all [ms]."""
    paints: list[float] = []
    decoded = 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        for _ in range(starts):
            context = browser.new_context(viewport={"width": 360, "height": 740}, locale=language)
            page = context.new_page()
            page.goto(address)
            page.wait_for_selector("form")
            page.wait_for_function(f"{_PAINT} !== undefined")
            paints.append(page.evaluate(_PAINT))
            decoded = sum(dict(page.evaluate(_SIZES)).values())
            context.close()
        browser.close()
    return {
        "decoded_bytes": decoded,
        "first_paint_median_ms": round(statistics.median(paints)),
        "first_paint_most_ms": round(max(paints)),
    }


if __name__ == "__main__":
    main()
