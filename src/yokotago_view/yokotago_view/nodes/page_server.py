# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Serves the live page and the gates' screens, and keeps every open one up to date, in a thread of its own.

A page is sent the whole table when it joins and then, at most `rate_hz` times a second, the newest value of every row
that changed. A page that reads slowly is sent fewer, newer values, and never a backlog. A gate's screen stands where
everybody is: it is sent its own row only.
"""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import uvicorn
from fastapi import FastAPI, Request, Response, WebSocket, WebSocketDisconnect
from fastapi.responses import FileResponse, PlainTextResponse
from fastapi.staticfiles import StaticFiles

from ..live_state import Change

STATIC = Path(__file__).parents[1] / "static"
_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


class PageServer:
    """The page at `address`. `snapshot` gives the whole table; it is called in the server's thread.

    Raises OSError where the port is taken.
    """

    def __init__(self, host: str, port: int, rate_hz: float, snapshot: Callable[[], list[Change]]) -> None:
        self._snapshot = snapshot
        self._every_s = 1.0 / rate_hz
        self._pages: list[dict[tuple[str, str], Any]] = []
        self._lock = threading.Lock()
        self._closing = False
        self._socket = socket.create_server((host, port), reuse_port=False)
        # Connections inherit it: a small update leaves at once, not when the page has acknowledged the one before.
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        named = f"[{host}]" if ":" in host else host
        self.address = f"http://{named}:{self._socket.getsockname()[1]}"
        config = uvicorn.Config(
            self._app(), log_level="warning", lifespan="off", ws="websockets-sansio", timeout_graceful_shutdown=1
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, name="live page", daemon=True
        )

    def start(self) -> None:
        """Begin to serve; connections are accepted from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Close every page's connection and end the thread."""
        self._closing = True
        self._server.should_exit = True
        self._thread.join(3.0)
        self._socket.close()

    def push(self, changes: Iterable[Change]) -> None:
        """Give the changes to every open page. May be called from any thread."""
        with self._lock:
            for page in self._pages:
                for section, key, value in changes:
                    page[section, key] = value

    def _app(self) -> FastAPI:
        app = FastAPI(openapi_url=None)

        @app.middleware("http")
        async def guard(request: Request, call_next: Callable[[Request], Any]) -> Response:
            response: Response = await call_next(request)
            response.headers.update(_HEADERS)
            return response

        app.add_api_websocket_route("/live", self._live)
        app.add_api_websocket_route("/gate/{gate_id}/live", self._screen)
        app.add_api_route("/gate/{gate_id}", self._gate)
        app.mount("/", StaticFiles(directory=STATIC, html=True))
        return app

    def _gate(self, gate_id: str) -> Response:
        if not any((section, key) == ("screens", gate_id) for section, key, _ in self._snapshot()):
            gates = ", ".join(key for section, key, _ in self._snapshot() if section == "screens")
            return PlainTextResponse(f"There is no gate {gate_id}; the store has {gates}.", 404)
        return FileResponse(STATIC / "gate.html")

    async def _screen(self, line: WebSocket, gate_id: str) -> None:
        await self._live(line, ("screens", gate_id))

    async def _live(self, line: WebSocket, only: tuple[str, str] | None = None) -> None:
        # A page of another site must not read the store through the browser of somebody who may.
        origin = line.headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != line.headers.get("host"):
            await line.close(1008)
            return
        await line.accept()
        page: dict[tuple[str, str], Any] = {}
        with self._lock:
            self._pages.append(page)
        # What changes from here on is in `page`; what the table holds already may be sent twice, which changes nothing.
        news = self._snapshot()
        gone = asyncio.ensure_future(self._until_gone(line))
        try:
            while not gone.done() and not self._closing:
                news = [change for change in news if only in (None, change[:2])]
                if news:
                    await line.send_text(json.dumps(news, ensure_ascii=False, separators=(",", ":")))
                await asyncio.wait([gone], timeout=self._every_s)
                with self._lock:
                    news = [(section, key, value) for (section, key), value in page.items()]
                    page.clear()
        except (WebSocketDisconnect, RuntimeError):
            pass
        finally:
            gone.cancel()
            with self._lock:
                self._pages = [other for other in self._pages if other is not page]

    @staticmethod
    async def _until_gone(line: WebSocket) -> None:
        while (await line.receive())["type"] != "websocket.disconnect":
            pass
