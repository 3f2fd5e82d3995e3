# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Counts what a publisher has sent, so that a consumer of several topics knows when nothing is still to come."""

from __future__ import annotations

from .events import Stamp, StreamProgress


class ProgressCounter:
    """Makes the StreamProgress of one publisher's streams.

    session: another number after each restart of the publisher.
    """

    def __init__(self, session: int) -> None:
        self._session = session
        self._published: dict[str, int] = {}

    def count(self, stream: str) -> None:
        """One more event of `stream` was sent."""
        self._published[stream] = self._published.get(stream, 0) + 1

    def progress(self, stream: str, stamp: Stamp, silent: tuple[str, ...] = ()) -> StreamProgress:
        """Everything of `stream` up to `stamp` has been sent."""
        return StreamProgress(stamp, stream, self._session, self._published.get(stream, 0), silent)
