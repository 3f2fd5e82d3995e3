# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""How much anybody may ask of the cloud: calls in a time, and bytes in a body."""

from __future__ import annotations

import asyncio
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from yokotago_cloud.problems import MEDIA_TYPE, ProblemError
from yokotago_cloud.settings import Rate

_REMEMBERED = 50_000


class RateLimiter:
    """Token buckets, one for each name and caller, in memory; the longest unused are forgotten."""

    def __init__(self, rates: Mapping[str, Rate], clock: Callable[[], float]) -> None:
        self._rates = rates
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: OrderedDict[tuple[str, str], tuple[float, float]] = OrderedDict()

    def spend(self, name: str, caller: str, times: float = 1.0) -> None:
        """Count one call; `times` widens the rate.

        Raises:
            ProblemError: rate-limited.
        """
        rate = self._rates[name]
        capacity = rate.count * times
        refill = capacity / rate.seconds
        key = (f"{name}*{times}", caller)
        with self._lock:
            now = self._clock()
            level, seen = self._buckets.pop(key, (capacity, now))
            level = min(capacity, level + max(0.0, now - seen) * refill)
            allowed = level >= 1.0
            self._buckets[key] = (level - 1.0 if allowed else level, now)
            if len(self._buckets) > _REMEMBERED:
                self._buckets.popitem(last=False)
        if not allowed:
            wait = int((1.0 - level) / refill) + 1
            raise ProblemError("rate-limited", f"the limit '{name}' is reached", headers={"Retry-After": str(wait)})


class BodyLimit:
    """ASGI middleware that refuses a body that is too long, whatever Content-Length claims, or comes too slowly.

    The framework's own limit answers in plain text; this one lets the answer be a problem document.
    """

    def __init__(self, app: ASGIApp, most_bytes: int, larger: Mapping[str, int], longest_s: float) -> None:
        """`larger` has other limits for paths that end with its keys [bytes]; a body is whole within `longest_s`."""
        self._app = app
        self._most_bytes = most_bytes
        self._larger = larger
        self._longest_s = longest_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, counting."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path: str = scope["path"]
        limit = next((size for end, size in self._larger.items() if path.endswith(end)), self._most_bytes)
        length = dict(scope["headers"]).get(b"content-length", b"0")
        if not length.isdigit() or int(length) > limit:
            problem = ProblemError("body-too-large", f"at most {limit} bytes are allowed here")
            headers = {"Connection": "close"}
            await JSONResponse(problem.body(), 413, headers, MEDIA_TYPE)(scope, receive, send)
            return
        received = 0
        until: float | None = asyncio.get_running_loop().time() + self._longest_s

        async def counted() -> Message:
            nonlocal received, until
            try:
                async with asyncio.timeout_at(until):
                    message = await receive()
            except TimeoutError as slow:
                raise HTTPException(408) from slow
            received += len(message.get("body", b""))
            if received > limit:
                raise HTTPException(413)
            if not message.get("more_body"):
                until = None  # what comes now is the end of the connection, and has all the time
            return message

        await self._app(scope, counted, send)
