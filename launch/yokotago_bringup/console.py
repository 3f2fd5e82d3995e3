# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""What the subcommands share at the terminal: errors in one sentence, progress bars, receipts in words."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from ament_index_python.packages import get_package_share_directory
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from yokotago_model.events import Receipt
from yokotago_model.plain import to_plain

_T = TypeVar("_T")
_R = TypeVar("_R")

_TELL_EVERY_S = 30.0


class CommandError(Exception):
    """What was asked cannot be done; the text says why and what to do instead."""


def share_file(name: str) -> Path:
    """A file that the package installs, e.g. config/demo_store.yaml."""
    return Path(get_package_share_directory("yokotago_bringup")) / name


def demo_store_file() -> Path:
    """The description of the demo store."""
    return share_file("config/demo_store.yaml")


def to_stderr() -> Console:
    """Where progress is shown: never on stdout, which belongs to results."""
    return Console(stderr=True)


def progress_bar(unit: bool = True) -> Progress:
    """A progress bar on stderr; shown only where a person watches. unit: also show how many of how many."""
    counts = [MofNCompleteColumn()] if unit else []
    console = to_stderr()
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        *counts,
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    )


class _Told:
    """How far a long work is, in a line every half minute, for a log that nobody watches."""

    def __init__(self, text: str, total: int, console: Console) -> None:
        self._text, self._total, self._console = text, total, console
        self._start = self._last = time.monotonic()

    def done(self, count: int) -> None:
        now = time.monotonic()
        if self._console.is_terminal or (now - self._last < _TELL_EVERY_S and count < self._total):
            return
        self._last = now
        took_s = now - self._start
        left_s = took_s * (self._total - count) / count
        left = f", about {_minutes(left_s)} left" if count < self._total else ""
        self._console.print(f"{self._text}: {count} of {self._total} after {_minutes(took_s)}{left}", highlight=False)


def _minutes(seconds: float) -> str:
    return f"{seconds / 60.0:.0f} min" if seconds >= 120.0 else f"{seconds:.0f} s"


def _end_with_parent() -> None:
    """In a worker: do not outlive the command, however that ended."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


@contextmanager
def _interrupted_later() -> Iterator[None]:
    """An interrupt within is told at the end: while a worker starts it would leave one that nobody knows of, or be
    swallowed by a library's destructor, and the command would wait for its work.

    Workers that are started within are not interrupted at all: the command ends them.
    """
    interrupts: list[int] = []
    # The mask is for the workers, which inherit it. It does not keep the interrupt from this process: a library's own
    # thread may take it, and Python raises it here.
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    handler = signal.signal(signal.SIGINT, lambda number, _: interrupts.append(number))
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        signal.signal(signal.SIGINT, handler)
    if interrupts:
        signal.raise_signal(signal.SIGINT)


def in_parallel(work: Callable[[_T], _R], items: Iterable[_T], jobs: int, text: str) -> list[_R]:
    """work(item) for every item, `jobs` processes at once, with a progress bar (lines now and then where no terminal
    is); results in the order of the items.
    """
    items = list(items)
    results: dict[int, _R] = {}
    told = _Told(text, len(items), to_stderr())
    with progress_bar() as bar:
        task = bar.add_task(text, total=len(items))
        if jobs <= 1 or len(items) <= 1:
            for i, item in enumerate(items):
                results[i] = work(item)
                bar.advance(task)
                told.done(len(results))
        else:
            # spawn: a forked child of a process with numeric threads may hang.
            context = multiprocessing.get_context("spawn")
            with ProcessPoolExecutor(min(jobs, len(items)), context, _end_with_parent) as pool:
                try:
                    with _interrupted_later():
                        waiting = {pool.submit(work, item): i for i, item in enumerate(items)}
                    for done in as_completed(waiting):
                        results[waiting[done]] = done.result()
                        bar.advance(task)
                        told.done(len(results))
                except BaseException:
                    pool.shutdown(wait=False, cancel_futures=True)
                    for worker in multiprocessing.active_children():
                        worker.terminate()
                    raise
    return [results[i] for i in range(len(items))]


def receipt_json(receipt: Receipt) -> str:
    """One receipt as a line of JSON, keys as in the message."""
    return json.dumps(to_plain(receipt), ensure_ascii=False)


_DIGITS = {"JPY": 0, "KRW": 0, "VND": 0, "CLP": 0, "KWD": 3, "BHD": 3, "TND": 3}


def money(amount: int, currency: str) -> str:
    """An amount in minor units as people write it, e.g. 12.50 EUR (digits by ISO 4217)."""
    digits = _DIGITS.get(currency, 2)
    return f"{amount / 10**digits:,.{digits}f} {currency}"


def short(shopper_id: str) -> str:
    """A shopper's id as it is shown: the cloud's are 32 hexadecimal digits, of which eight are enough to tell apart."""
    return shopper_id[:8] if len(shopper_id) == 32 else shopper_id


def receipt_text(receipt: Receipt) -> str:
    """One receipt in a shopkeeper's words."""
    who = short(receipt.shopper_id) or "nobody checked in"
    goods = ", ".join(f"{line.quantity} x {line.name}" for line in receipt.lines) or "nothing"
    review = f" - to be reviewed: {'; '.join(receipt.review_reasons)}" if receipt.needs_review else ""
    return f"{who}: {goods}, {money(receipt.total, receipt.currency)}{review}"


def write_json(path: str | Path, value: Any) -> None:
    """Write `value` as JSON; - is stdout."""
    text = json.dumps(value, indent=2, ensure_ascii=False) + "\n"
    if str(path) == "-":
        sys.stdout.write(text)
        return
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror}") from error
