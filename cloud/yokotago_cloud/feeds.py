# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Following a feed: who waits for news of a partition is woken by the write that makes it.

A feed is what Append writes under one prefix; the cursor is the number of the last entry that the reader was
given. A wait ends with news, at its time, or when the server goes down. Writes of other processes are seen by
looking again every second.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool

from yokotago_cloud.problems import ProblemError
from yokotago_cloud.storage.port import Item, Storage

_LOOK_AGAIN_S = 1.0
_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Feed:
    """Where a feed's entries are."""

    pk: str
    prefix: str


class Feeds:
    """Reads feeds and wakes their readers. One for each server; `notify` may be called from any thread."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: dict[str, set[asyncio.Event]] = {}
        self.closing = False
        self.on_news: Callable[[str], object] = lambda _: None
        """Called in the writer's thread with the partition in which there is something new."""

    def notify(self, pk: str) -> None:
        """Wake who waits for this partition."""
        self.on_news(pk)
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake, pk)

    def close(self) -> None:
        """End every wait, now and later."""
        self.closing = True
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake_all)

    def newest(self, feed: Feed) -> str:
        """The cursor behind which everything is news."""
        page = self._storage.query(feed.pk, feed.prefix, reverse=True, limit=1)
        return page.items[0].sk[len(feed.prefix) :] if page.items else ""

    def read(self, feed: Feed, cursor: str, limit: int = 100) -> tuple[Item, ...]:
        """The entries behind the cursor, oldest first; "" is the beginning.

        Raises:
            ProblemError: the cursor is none of ours.
        """
        if cursor and not (len(cursor) == _DIGITS and cursor.isascii() and cursor.isdigit()):
            raise ProblemError("body-invalid", "after: use a cursor as it was given, or leave it out")
        after = feed.prefix + cursor if cursor else None
        return self._storage.query(feed.pk, feed.prefix, after=after, limit=limit).items

    async def wait(self, feed: Feed, cursor: str, wait_s: float, limit: int = 100) -> tuple[Item, ...]:
        """As `read`, but when there is nothing wait for it, at most `wait_s`."""
        self._loop = asyncio.get_running_loop()
        until = time.monotonic() + wait_s
        news = asyncio.Event()
        self._waiting.setdefault(feed.pk, set()).add(news)
        try:
            while True:
                news.clear()
                items = await run_in_threadpool(self.read, feed, cursor, limit)
                left = until - time.monotonic()
                if items or left <= 0 or self.closing:
                    return items
                try:
                    await asyncio.wait_for(news.wait(), min(left, _LOOK_AGAIN_S))
                except TimeoutError:
                    continue
        finally:
            waiting = self._waiting[feed.pk]
            waiting.discard(news)
            if not waiting:
                del self._waiting[feed.pk]

    def _wake(self, pk: str) -> None:
        for news in self._waiting.get(pk, ()):
            news.set()

    def _wake_all(self) -> None:
        for waiting in self._waiting.values():
            for news in waiting:
                news.set()


def cursor_of(feed: Feed, items: tuple[Item, ...], cursor: str) -> str:
    """The cursor after these entries."""
    return items[-1].sk[len(feed.prefix) :] if items else cursor


def shopper_feed(shopper_id: str) -> Feed:
    """News for a shopper's phone."""
    return Feed(f"SHOPPER#{shopper_id}", "NEWS#")


def check_in_feed(store_id: str) -> Feed:
    """A store's check-ins."""
    return Feed(f"STORE#{store_id}", "CHECKIN#")


def dispute_feed(store_id: str) -> Feed:
    """What shoppers say is wrong with a store's receipts."""
    return Feed(f"STORE#{store_id}", "DISPUTE#")


def alert_feed(store_id: str) -> Feed:
    """A store's alerts."""
    return Feed(f"STORE#{store_id}", "ALERT#")
