# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The simulated store's gate for people: the shopper's page posts the code that it shows, as if held to a reader."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from .guests import Answer

_MOST_BYTES = 4_000


class Gate:
    """Takes POST {"code"} at `address`/walk-in and answers what `walk_in` says.

    page: address of the shopper's page; a browser may call from there only. port 0: a free one. Raises OSError when the
    port is taken.
    """

    def __init__(self, port: int, page: str, walk_in: Callable[[str], Answer]) -> None:
        self._server = _Server(port, page, walk_in)
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, name="gate", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Take no more codes."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(2.0)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, port: int, page: str, walk_in: Callable[[str], Answer]) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.walk_in = walk_in
        parts = urlsplit(page)
        # This machine has two names, and the browser says the one in its address bar.
        self.origins = {f"{parts.scheme}://{host}:{parts.port}" for host in (parts.hostname, "127.0.0.1", "localhost")}


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = 10.0

    def do_OPTIONS(self) -> None:
        """A browser asks whether the page may."""
        self._answer(204, {})

    def do_POST(self) -> None:
        """A code is held to the gate."""
        length = self.headers.get("Content-Length", "")
        if self.path != "/walk-in" or not length.isdigit() or int(length) > _MOST_BYTES:
            self._answer(404, {"code": "not-found", "detail": "post a code to /walk-in"})
        elif self.headers.get("Origin") not in {None, *self.server.origins}:
            self._answer(403, {"code": "not-this-page", "detail": "only the shopper's page may"})
        else:
            try:
                code = str(json.loads(self.rfile.read(int(length)))["code"])
            except (ValueError, TypeError, KeyError):
                self._answer(400, {"code": "body-not-json", "detail": 'post {"code": ...}'})
                return
            self._answer(*self.server.walk_in(code))

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        data = json.dumps(body).encode() if body else b""
        self.send_response(status)
        origin = self.headers.get("Origin", "")
        if origin in self.server.origins:
            self.send_header("Access-Control-Allow-Origin", origin)
            self.send_header("Access-Control-Allow-Headers", "Content-Type")
        self.send_header("Vary", "Origin")
        self.send_header("Content-Type", "application/json" if status < 400 else "application/problem+json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_args: object) -> None:
        """Nothing: a code is a secret while it is good."""
