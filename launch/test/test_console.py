# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Work in several processes: results in order, progress in a log, and nobody left behind when the command ends."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from yokotago_bringup import console
from yokotago_bringup.console import _interrupted_later, in_parallel

PATIENCE_S = 30.0
WAITS = """
import signal
import time
from yokotago_bringup.console import in_parallel
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell that starts the tests aside has them ignore it
if __name__ == "__main__":
    in_parallel(time.sleep, [600.0, 600.0], 2, "waiting")
"""


def workers_of(pid: int) -> list[int]:
    """The worker processes of a command, as spawn names them."""
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes():
                found.append(int(child))
    return found


@pytest.fixture
def command(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    script = tmp_path / "waits.py"
    script.write_text(WAITS)
    with subprocess.Popen([sys.executable, str(script)], stderr=subprocess.DEVNULL) as process:
        yield process
        process.kill()


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="this machine has no /proc to look for processes in")
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_worker_outlives_the_command(command: subprocess.Popen[bytes], sent: signal.Signals) -> None:
    workers: list[int] = []
    while len(workers) < 2:
        workers = workers_of(command.pid)
        assert command.poll() is None
    watched = [os.pidfd_open(worker) for worker in workers]
    command.send_signal(sent)
    command.wait(PATIENCE_S)
    for pidfd in watched:
        readable, _, _ = select.select([pidfd], [], [], PATIENCE_S)
        assert readable, "a worker outlived the command"
        os.close(pidfd)


def test_an_interrupt_while_workers_start_is_told_afterwards_whichever_thread_takes_it() -> None:
    started_with = signal.signal(signal.SIGINT, signal.default_int_handler)
    reached: list[int] = []

    def interrupted() -> None:
        with _interrupted_later():
            for number in range(3):
                os.kill(os.getpid(), signal.SIGINT)
                reached.append(number)

    never = threading.Event()
    # Numeric libraries have threads like this one, which the main thread's signal mask does not concern.
    other = threading.Thread(target=never.wait)
    other.start()
    with pytest.raises(KeyboardInterrupt):
        interrupted()
    never.set()
    other.join()
    assert reached == [0, 1, 2]
    assert signal.signal(signal.SIGINT, started_with) is signal.default_int_handler


def test_results_come_in_the_order_of_the_items() -> None:
    assert in_parallel(abs, [-3, 2, -1], 2, "counting") == [3, 2, 1]


def test_a_log_is_told_how_far_the_work_is(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console, "_TELL_EVERY_S", 0.0)
    in_parallel(abs, [1, 2, 3], 1, "counting")
    told = capsys.readouterr().err.splitlines()
    assert [line.partition(" after")[0] for line in told] == [f"counting: {n} of 3" for n in (1, 2, 3)]
    assert ["left" in line for line in told] == [True, True, False]
