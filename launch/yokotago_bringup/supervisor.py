# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Runs processes side by side: starts again what dies, and leaves nothing behind, however it ends itself.

Every process leads a process group of its own, so Ctrl-C reaches only the supervisor, which then ends all in order:
SIGINT, SIGTERM, SIGKILL, within three seconds. Should the supervisor itself be killed, the kernel ends its processes
(PR_SET_PDEATHSIG), so even then no node goes on alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class ProcessSpec:
    """One process. environment: additions to the supervisor's own; respawn: start it again when it ends;
    required: when it ends, everything ends."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    respawn: bool = True
    required: bool = False


@dataclass(frozen=True)
class SupervisorParameters:
    """How patient a supervisor is.

    backoff_first_s, backoff_most_s: pause before a restart, doubled each time; a process that ran for steady_s starts
    over with the first; interrupt_s, terminate_s: how long the end by SIGINT and then by SIGTERM is waited for.
    """

    backoff_first_s: float = 0.5
    backoff_most_s: float = 10.0
    steady_s: float = 30.0
    interrupt_s: float = 1.5
    terminate_s: float = 0.8

    def __post_init__(self) -> None:
        if not 0.0 < self.backoff_first_s <= self.backoff_most_s:
            raise ValueError("0 < backoff_first_s <= backoff_most_s must hold")
        if self.steady_s <= 0.0 or self.interrupt_s <= 0.0 or self.terminate_s <= 0.0:
            raise ValueError("steady_s, interrupt_s and terminate_s must be positive")


class Supervisor:
    """Runs `specs` until `stop` is called or a required process ends.

    output: told (name, line) for every line that a process writes, and for its starts and ends.
    """

    def __init__(
        self,
        specs: Sequence[ProcessSpec],
        output: Callable[[str, str], None],
        parameters: SupervisorParameters | None = None,
    ) -> None:
        names = [s.name for s in specs]
        if len(set(names)) != len(names):
            raise ValueError(f"process names must differ: {', '.join(sorted(names))}")
        self._specs = tuple(specs)
        self._output = output
        self._parameters = parameters or SupervisorParameters()
        self._running: dict[str, asyncio.subprocess.Process] = {}
        self._stopping = asyncio.Event()
        self.exit_code = 0
        """Of the required process that ended, else 0."""
        self.restarts: dict[str, int] = dict.fromkeys(names, 0)
        """How often each process was started again."""

    def pid(self, name: str) -> int | None:
        """Process id of a running process."""
        process = self._running.get(name)
        return process.pid if process else None

    def stop(self) -> None:
        """End everything; `run` returns when it has ended."""
        self._stopping.set()

    async def run(self) -> int:
        """Run everything; the exit code of the required process that ended it, else 0."""
        keepers = [asyncio.create_task(self._keep(spec)) for spec in self._specs]
        try:
            await self._stopping.wait()
        finally:
            self._stopping.set()
            await self._end_all()
            await asyncio.gather(*keepers, return_exceptions=True)
        return self.exit_code

    async def _keep(self, spec: ProcessSpec) -> None:
        """Start a process, and again whenever it ends, until everything stops."""
        loop = asyncio.get_running_loop()
        backoff = self._parameters.backoff_first_s
        while not self._stopping.is_set():
            started = loop.time()
            code = await self._run_once(spec)
            if self._stopping.is_set():
                return
            if spec.required:
                self.exit_code = code
                self.stop()
                return
            if not spec.respawn:
                return
            if loop.time() - started >= self._parameters.steady_s:
                backoff = self._parameters.backoff_first_s
            self._output(spec.name, f"ended with {_ending(code)}; starting it again in {backoff:.1f} s")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), backoff)
            backoff = min(2.0 * backoff, self._parameters.backoff_most_s)
            self.restarts[spec.name] += not self._stopping.is_set()

    async def _run_once(self, spec: ProcessSpec) -> int:
        supervisor = os.getpid()

        def bind_to_supervisor() -> None:
            # A shell starts what it puts in the background with SIGINT ignored; the nodes are to end by it.
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != supervisor:
                os._exit(1)

        try:
            process = await asyncio.create_subprocess_exec(
                *spec.command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                env={**os.environ, "PYTHONUNBUFFERED": "1", **spec.environment},
                start_new_session=True,
                preexec_fn=bind_to_supervisor,
            )
        except OSError as error:
            self._output(spec.name, f"cannot be started: {error}")
            return 127
        self._running[spec.name] = process
        if self._stopping.is_set():
            _signal_group(process.pid, signal.SIGINT)
        assert process.stdout is not None
        async for line in _lines(process.stdout):
            self._output(spec.name, line)
        code = await process.wait()
        # What the process left in its group ends with it.
        _signal_group(process.pid, signal.SIGKILL)
        self._running.pop(spec.name, None)
        return code

    async def _end_all(self) -> None:
        steps = (
            (signal.SIGINT, self._parameters.interrupt_s),
            (signal.SIGTERM, self._parameters.terminate_s),
            (signal.SIGKILL, 0.5),
        )
        for number, patience in steps:
            waiting = list(self._running.values())
            if not waiting:
                return
            for process in waiting:
                _signal_group(process.pid, number)
            ends = [asyncio.create_task(process.wait()) for process in waiting]
            await asyncio.wait(ends, timeout=patience)
            for process, end in zip(waiting, ends, strict=True):
                if end.done():
                    # Its output may be held open by something in its group.
                    _signal_group(process.pid, signal.SIGKILL)
                else:
                    end.cancel()
            self._running = {n: p for n, p in self._running.items() if p.returncode is None}


async def _lines(stream: asyncio.StreamReader) -> AsyncIterator[str]:
    """The lines of a process's output, however long."""
    rest = b""
    while chunk := await stream.read(65536):
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield line.decode("utf-8", "replace").rstrip("\r")
    if rest:
        yield rest.decode("utf-8", "replace")


def _ending(code: int) -> str:
    """An exit code in words."""
    if code < 0:
        with contextlib.suppress(ValueError):
            return signal.Signals(-code).name
    return f"code {code}"


def _signal_group(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)
