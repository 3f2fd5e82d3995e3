# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The supervisor with real processes: restart, stubborn ones, its own death, nothing left behind."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from yokotago_bringup.supervisor import ProcessSpec, Supervisor, SupervisorParameters

PATIENT = SupervisorParameters(interrupt_s=20.0)
QUICK = SupervisorParameters(backoff_first_s=0.05, backoff_most_s=0.2, interrupt_s=0.5, terminate_s=0.3)
PATIENCE_S = 30.0


def python(name: str, code: str, **options: bool) -> ProcessSpec:
    return ProcessSpec(name, (sys.executable, "-S", "-c", code), **options)  # type: ignore[arg-type]


def outlives(pid: int) -> bool:
    """Whether the process is still there after a while: one that was killed may take a moment to go."""
    try:
        watched = os.pidfd_open(pid)
    except ProcessLookupError:
        return False
    return not select.select([watched], [], [], PATIENCE_S)[0]


class Watch:
    """Collects the supervisor's output and stops it when a condition on it holds."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []
        self.supervisor: Supervisor | None = None
        self.enough = lambda: False

    def __call__(self, name: str, line: str) -> None:
        self.lines.append((name, line))
        if self.supervisor is not None and self.enough():
            self.supervisor.stop()

    def of(self, name: str) -> list[str]:
        return [line for n, line in self.lines if n == name]


def supervise(watch: Watch, *specs: ProcessSpec, parameters: SupervisorParameters = QUICK) -> int:
    async def run() -> int:
        watch.supervisor = Supervisor(specs, watch, parameters)
        return await asyncio.wait_for(watch.supervisor.run(), PATIENCE_S)

    return asyncio.run(run())


def test_a_process_that_dies_is_started_again() -> None:
    watch = Watch()
    watch.enough = lambda: watch.of("mortal").count("hello") >= 3
    supervise(watch, python("mortal", "print('hello')"))
    assert watch.supervisor is not None
    assert watch.supervisor.restarts["mortal"] >= 2
    assert any("starting it again" in line for line in watch.of("mortal"))


def test_the_end_of_a_required_process_ends_all() -> None:
    watch = Watch()
    code = supervise(
        watch,
        python("short", "raise SystemExit(7)", required=True),
        python("long", "import time; time.sleep(600)"),
    )
    assert code == 7


def test_a_process_that_ignores_signals_is_killed_with_its_children() -> None:
    stubborn = (
        "import os, signal, time\n"
        "signal.signal(signal.SIGINT, signal.SIG_IGN); signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "child = os.fork()\n"
        # One write for each line: the two share a pipe.
        "os.write(1, str(os.getpid()).encode() + bytes([10]))\n"
        "time.sleep(600)\n"
    )
    watch = Watch()
    watch.enough = lambda: len(watch.of("stubborn")) == 2
    supervise(watch, python("stubborn", stubborn))
    pids = [int(line) for line in watch.of("stubborn")]
    assert len(set(pids)) == 2
    assert not any(outlives(pid) for pid in pids)


def test_a_gentle_process_ends_by_sigint() -> None:
    gentle = (
        "import time\n"
        "try:\n"
        "    print('ready', flush=True); time.sleep(600)\n"
        "except KeyboardInterrupt: print('goodbye', flush=True)\n"
    )
    watch = Watch()
    watch.enough = lambda: watch.of("gentle") == ["ready"]
    supervise(watch, python("gentle", gentle), parameters=PATIENT)
    assert watch.of("gentle") == ["ready", "goodbye"]


def test_a_command_that_does_not_exist_is_told() -> None:
    watch = Watch()
    code = supervise(watch, ProcessSpec("none", ("/no/such/program",), required=True))
    assert code == 127
    assert "cannot be started" in watch.of("none")[0]


def test_names_must_differ() -> None:
    twice = [python("a", ""), python("a", "")]
    with pytest.raises(ValueError, match="differ"):
        Supervisor(twice, lambda *_: None)


def test_killing_the_supervisor_leaves_no_process(tmp_path: Path) -> None:
    fifo = tmp_path / "pid"
    os.mkfifo(fifo)
    program = (
        "import asyncio, sys\n"
        "from yokotago_bringup.supervisor import ProcessSpec, Supervisor\n"
        "code = f'import os, time; open({sys.argv[1]!r}, \"w\").write(str(os.getpid())); time.sleep(600)'\n"
        "async def run():\n"
        "    await Supervisor([ProcessSpec('sleeper', (sys.executable, '-S', '-c', code))], print).run()\n"
        "asyncio.run(run())\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program, str(fifo)])
    try:
        with open(fifo) as pipe:
            child = int(pipe.read())
        parent.send_signal(signal.SIGKILL)
        parent.wait(PATIENCE_S)
        assert not outlives(child), "the process outlived its supervisor"
    finally:
        parent.kill()
        parent.wait()
