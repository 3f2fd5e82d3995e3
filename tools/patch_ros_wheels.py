# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Point the CMake files of the ROS wheels at the Python and numpy of this venv.

The wheels carry the absolute include paths of the machine that built them. CMake refuses a target whose include
directory does not exist, so they are replaced. Run with the venv's Python; running it again changes nothing.
"""

from __future__ import annotations

import re
import sys
import sysconfig
from pathlib import Path

import numpy

BUILDER_PATHS = re.compile(
    r"/opt/python/cp\d+-cp\d+/(?P<tail>include/python3\.\d+|lib/python3\.\d+/site-packages/numpy/_core/include)"
)


def local_path(match: re.Match[str]) -> str:
    """Return the directory of this venv that stands for a path of the machine that built the wheel."""
    if match["tail"].startswith("include/"):
        return sysconfig.get_path("include")
    return numpy.get_include()


def main() -> None:
    """Patch every CMake file under the venv's share directory."""
    patched = 0
    for file in sorted(Path(sys.prefix, "share").glob("*/cmake/*.cmake")):
        text = file.read_text(encoding="utf-8")
        replaced = BUILDER_PATHS.sub(local_path, text)
        if replaced != text:
            file.write_text(replaced, encoding="utf-8")
            patched += 1
    print(f"{patched} CMake files of the ROS wheels patched")


if __name__ == "__main__":
    main()
