# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Who may post weights, for which scales, and how often. Times are seconds of the caller's clock."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection, Iterable

SHORTEST_TOKEN = 16
_MOST_KNOWN = 10_000


class PostTokens:
    """The tokens of the store's boards. A line of the file: the token, then its scales, or * for all.

    Raises ValueError, naming the line, where it cannot be used; a token is never repeated in an error.
    """

    def __init__(self, lines: Iterable[str], scales: Collection[str]) -> None:
        self._tokens: list[tuple[bytes, frozenset[str]]] = []
        for number, line in enumerate(lines, 1):
            token, *names = line.split("#", 1)[0].split() or [""]
            if not token:
                continue
            if len(token) < SHORTEST_TOKEN:
                raise ValueError(f"line {number}: a token has at least {SHORTEST_TOKEN} characters, not {len(token)}")
            unknown = sorted(set(names) - {"*", *scales})
            if unknown or not names:
                what = f"{', '.join(unknown)} is not in the store" if unknown else "no scale follows the token"
                raise ValueError(f"line {number}: {what}; write the token, then its scales, or * for all")
            self._tokens.append((_digest(token), frozenset(scales if "*" in names else names)))
        if not self._tokens:
            raise ValueError("there is no token: write one line for each board")

    def scales_of(self, token: str) -> frozenset[str] | None:
        """The scales that the token is for; None where nobody has it. Takes as long for every token."""
        given, found = _digest(token), None
        for known, scales in self._tokens:
            if hmac.compare_digest(known, given):
                found = scales
        return found


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()


class Allowance:
    """At most `per_s` a second for each name, twice as many at once (a token bucket)."""

    def __init__(self, per_s: float) -> None:
        self._per_s = per_s
        self._most = max(1.0, 2.0 * per_s)
        self._left: dict[str, tuple[float, float]] = {}

    def wait_s(self, name: str, now: float) -> float:
        """How long to wait before the next one of this name [s]; 0: spend one now."""
        left, since = self._left.pop(name, (self._most, now))
        left = min(self._most, left + max(0.0, now - since) * self._per_s)
        wait = 0.0 if left >= 1.0 else (1.0 - left) / self._per_s
        self._left[name] = (left - 1.0 if wait == 0.0 else left, now)
        if len(self._left) > _MOST_KNOWN:
            # Whoever was quiet for longest has a full allowance again, or nearly so.
            del self._left[next(iter(self._left))]
        return wait
