# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The rules that hold the packages apart, read from the sources: layers, arrows, purity, dependencies."""

from __future__ import annotations

import ast
import subprocess
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

FOLDERS = {
    "yokotago_model": ROOT / "src" / "yokotago_model",
    "yokotago_tracking": ROOT / "src" / "yokotago_tracking",
    "yokotago_shelves": ROOT / "src" / "yokotago_shelves",
    "yokotago_fusion": ROOT / "src" / "yokotago_fusion",
    "yokotago_view": ROOT / "src" / "yokotago_view",
    "yokotago_sim": ROOT / "src" / "yokotago_sim",
    "yokotago_bringup": ROOT / "launch",
}

# Which of our packages a package may import. Fusion stands on what tracking and shelves publish, never on their code.
ARROWS: dict[str, set[str]] = {
    "yokotago_model": {"yokotago_msgs"},
    "yokotago_tracking": {"yokotago_model", "yokotago_msgs"},
    "yokotago_shelves": {"yokotago_model", "yokotago_msgs"},
    "yokotago_fusion": {"yokotago_model", "yokotago_msgs"},
    "yokotago_view": {"yokotago_model", "yokotago_msgs"},
    "yokotago_sim": {"yokotago_model", "yokotago_msgs"},
    "yokotago_bringup": {"yokotago_msgs", *FOLDERS},
    "yokotago_cloud": set(),
}

# What a stage must not import: ROS, clocks, threads, the network, other processes, randomness that nobody passed in.
ROS = {"ament_index_python", "builtin_interfaces", "launch", "launch_ros", "rcl_interfaces", "rclpy"}
IMPURE = {
    "asyncio", "concurrent", "datetime", "multiprocessing", "queue", "random", "sched", "secrets", "select", "signal",
    "socket", "sqlite3", "subprocess", "threading", "time", "urllib", "uuid", "fastapi", "httpx",
    "paho", "rosbags", "ssl", "uvicorn", "websockets",
}  # fmt: skip
# Parts of these that only compute.
PURE = {"urllib.parse"}

# Modules at the top of a package that are no stages, and why.
NOT_STAGES = {
    "yokotago_model/conversions.py": "the one place where events and messages meet",
    "yokotago_fusion/journal.py": "the file to which the fusion node writes what it takes in",
    "yokotago_fusion/outbox.py": "the bridge's durable queue: a database file",
    "yokotago_fusion/cloud_client.py": "the bridge's calls of the cloud",
    "yokotago_fusion/mqtt_client.py": "the bridge's connection to a broker",
    "yokotago_fusion/cloud_link.py": "the bridge's two threads on the line to the cloud",
    "yokotago_fusion/gate_keeper.py": "the gates' thread on that line",
    "yokotago_fusion/bench_fusion.py": "a benchmark: it times the stage from outside",
}


def modules(package: str) -> list[Path]:
    """Return the Python files of one package, tests aside."""
    return sorted((FOLDERS[package] / package).rglob("*.py"))


def stage_modules() -> list[Path]:
    """Return the modules that must be pure: the top of every package except bringup, which wires and runs them."""
    return [
        path
        for package in FOLDERS
        if package != "yokotago_bringup"
        for path in modules(package)
        if "nodes" not in path.parts and "/".join(path.parts[-2:]) not in NOT_STAGES
    ]


def imported(path: Path) -> Iterator[tuple[int, str]]:
    """Yield line and name of every module that a file imports from outside its own package, wherever in the file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.lineno, node.module


def is_ros(module: str) -> bool:
    """Whether a module belongs to ROS or holds its messages."""
    top = module.split(".")[0]
    return top in ROS or top.endswith(("_msgs", "_srvs"))


def named(path: Path) -> str:
    """Name of a parametrised test case."""
    return str(path.relative_to(ROOT))


def tracked_files(*patterns: str) -> list[Path]:
    """Return the files of the repository that match, those that were not committed yet included."""
    listing = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", *patterns],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if listing.returncode:
        pytest.skip("not a git checkout: which files belong to the project cannot be told")
    return sorted(path for name in listing.stdout.split("\0") if name and (path := ROOT / name).is_file())


def test_every_package_has_stages() -> None:
    packages = {path.parent.name for path in stage_modules() if path.name != "__init__.py"}
    assert packages == set(FOLDERS) - {"yokotago_bringup"}


@pytest.mark.parametrize("path", stage_modules(), ids=named)
def test_stage_imports_neither_ros_nor_clock_nor_io(path: Path) -> None:
    forbidden = [
        f"line {line}: {module}"
        for line, module in imported(path)
        if is_ros(module) or (module.split(".")[0] in IMPURE and module not in PURE)
    ]  # fmt: skip
    assert not forbidden, f"{named(path)} decides from event time only, but imports {forbidden}"


@pytest.mark.parametrize("path", stage_modules(), ids=named)
def test_stage_stands_on_no_module_that_is_not_pure(path: Path) -> None:
    impure = {Path(name).stem for name in NOT_STAGES}
    relative = [
        f"line {node.lineno}: {ast.unparse(node)}"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom)
        and ((node.module or "").split(".")[-1] in impure or impure & {alias.name for alias in node.names})
    ]
    assert not relative, relative


@pytest.mark.parametrize("path", stage_modules(), ids=named)
def test_stage_draws_only_from_a_generator_that_was_passed_in(path: Path) -> None:
    calls = [
        f"line {node.lineno}: {ast.unparse(node)}"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func).startswith(("np.random.", "numpy.random."))
        and not (node.args or node.keywords)
    ]
    assert not calls, f"{named(path)} makes numbers that no seed repeats: {calls}"


@pytest.mark.parametrize("package", list(FOLDERS))
def test_arrows_point_one_way(package: str) -> None:
    wrong = [
        f"{named(path)}:{line} imports {module}"
        for path in modules(package)
        for line, module in imported(path)
        if (top := module.split(".")[0]).startswith("yokotago_") and top not in ARROWS[package] | {package}
    ]
    assert not wrong, wrong


def test_cloud_shares_no_code_with_the_store() -> None:
    wrong = [
        f"{named(path)}:{line} imports {module}"
        for path in sorted((ROOT / "cloud").rglob("*.py"))
        for line, module in imported(path)
        if is_ros(module) or (module.startswith("yokotago_") and module.split(".")[0] != "yokotago_cloud")
    ]
    assert not wrong, wrong


@pytest.mark.parametrize("package", list(FOLDERS))
def test_messages_are_touched_only_in_conversions_and_nodes(package: str) -> None:
    allowed = {"conversions.py"} if package == "yokotago_model" else set()
    wrong = [
        f"{named(path)}:{line} imports {module}"
        for path in modules(package)
        if "nodes" not in path.parts and path.name not in allowed and path.parent.name != "yokotago_bringup"
        for line, module in imported(path)
        if is_ros(module)
    ]
    assert not wrong, wrong


# yokotago_model/nodes is what all nodes share, not a node.
NODES = [
    path
    for package in FOLDERS
    for path in modules(package)
    if path.parent.name == "nodes" and package != "yokotago_model"
]


@pytest.mark.parametrize("path", NODES, ids=named)
def test_node_is_thin(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= 150, f"{named(path)} has {lines} lines; what a node decides belongs in a stage"


def test_source_files_name_their_licence() -> None:
    missing = []
    sources = ("*.py", "*.sh", "*.msg", "*.srv", "*.xml", "*.c", "*.h", "*.js", "*.css", "Makefile", "tools/*")
    for path in tracked_files(*sources):
        head = path.read_text(encoding="utf-8", errors="replace")[:1500]
        if "SPDX-License-Identifier:" not in head and "vendor" not in path.parts:
            missing.append(named(path))
    assert not missing, missing


def test_python_files_say_what_they_are_for() -> None:
    silent = [
        named(path)
        for path in tracked_files("*.py")
        if "vendor" not in path.parts and not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert not silent, silent


# Imported module -> its key in package.xml, as rosdep calls it. (rosdep does not know trackeval and zxing-cpp:
# docs/ros_host.md.)
ROSDEP = {
    "PIL": "python3-pil",
    "cryptography": "python3-cryptography",
    "fastapi": "python3-fastapi",
    "httpx": "python3-httpx",
    "jsonschema": "python3-jsonschema",
    "matplotlib": "python3-matplotlib",
    "numba": "python3-numba",
    "numpy": "python3-numpy",
    "open3d": "python3-open3d-pip",
    "paho": "python3-paho-mqtt",
    "rich": "python3-rich",
    "rosbags": "python3-rosbags-pip",
    "scipy": "python3-scipy",
    "uvicorn": "python3-uvicorn",
    "websockets": "python3-websockets",
    "yaml": "python3-yaml",
}


@pytest.mark.parametrize("package", list(FOLDERS))
def test_package_xml_names_what_is_imported(package: str) -> None:
    root = ElementTree.parse(FOLDERS[package] / "package.xml").getroot()
    declared = {element.text for kind in ("depend", "exec_depend") for element in root.iter(kind)}
    used = set()
    for path in [*modules(package), *FOLDERS[package].glob("*.launch.py")]:
        for _, module in imported(path):
            top = module.split(".")[0]
            if top != package and (is_ros(module) or top.startswith("yokotago_") or top in ROSDEP):
                used.add(ROSDEP.get(top, top))
    assert used <= declared, f"missing in package.xml: {sorted(used - declared)}"
