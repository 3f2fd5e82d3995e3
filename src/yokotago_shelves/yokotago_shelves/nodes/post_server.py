# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The HTTP side of posted weights, in a thread of its own: POST /v1/weights, with the board's token."""

from __future__ import annotations

import asyncio
import math
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.requests import ClientDisconnect

from yokotago_model.events import ShelfWeight, Stamp

from ..post_guard import Allowance, PostTokens
from ..posted_weights import PostError, PostParameters, read_post

_CONNECTIONS = 500


class PostServer:
    """Takes posts at `address` and gives their bursts to `take`, in the server's thread.

    now: the store's clock; tls: files of certificate and key, or none. Raises OSError where the port is taken.
    """

    def __init__(
        self,
        host: str,
        port: int,
        tokens: PostTokens,
        parameters: PostParameters,
        now: Callable[[], Stamp],
        take: Callable[[tuple[ShelfWeight, ...]], None],
        tls: tuple[str, str] | None = None,
    ) -> None:
        self._tokens = tokens
        self._parameters = parameters
        self._now = now
        self._take = take
        self._posts = Allowance(parameters.posts_per_s)
        self._strangers = Allowance(parameters.refusals_per_s)
        self.refused = 0
        """Posts that were not taken, for whatever reason."""
        self._socket = socket.create_server((host, port), reuse_port=False)
        named = f"[{host}]" if ":" in host else host
        self.address = f"{'https' if tls else 'http'}://{named}:{self._socket.getsockname()[1]}"
        certificate, key = tls or (None, None)
        config = uvicorn.Config(
            self._app(),
            log_level="warning",
            lifespan="off",
            access_log=False,
            server_header=False,
            limit_concurrency=_CONNECTIONS,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=1,
            ssl_certfile=certificate,
            ssl_keyfile=key,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, name="posts", daemon=True
        )

    def start(self) -> None:
        """Begin to serve; connections are accepted from now on."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._server.should_exit = True
        self._thread.join(3.0)
        self._socket.close()

    def _app(self) -> FastAPI:
        app = FastAPI(openapi_url=None)
        app.add_api_route("/v1/weights", self._post, methods=["POST"])
        return app

    async def _post(self, request: Request) -> JSONResponse:
        answer = await self._judge(request)
        self.refused += answer.status_code != 200
        return answer

    async def _judge(self, request: Request) -> JSONResponse:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        scales = self._tokens.scales_of(token.strip()) if scheme.lower() == "bearer" else None
        if scales is None:
            name = request.client.host if request.client else ""
            if wait := self._strangers.wait_s(name, time.monotonic()):
                return _later(wait)
            return _refused(401, "Authorization", "send 'Bearer TOKEN' with a token of this store's boards")
        if wait := self._posts.wait_s(token.strip(), time.monotonic()):
            return _later(wait)
        try:
            body = await asyncio.wait_for(self._body(request), self._parameters.body_s)
            bursts = read_post(body, scales, self._now(), self._parameters)
        except TimeoutError:
            return _refused(408, "body", f"send it within {self._parameters.body_s:g} s")
        except OverflowError:
            return _refused(413, "body", f"send at most {self._parameters.most_bytes} bytes at once")
        except ClientDisconnect:
            return _refused(400, "body", "it ended too early")
        except PostError as wrong:
            return _answer(422, {"errors": [{"field": where, "message": what} for where, what in wrong.mistakes]})
        self._take(bursts)
        return _answer(200, {"taken": len(bursts)})

    async def _body(self, request: Request) -> bytes:
        """The body, counted while it comes: what Content-Length says is not believed. Raises OverflowError."""
        body = bytearray()
        async for part in request.stream():
            body += part
            if len(body) > self._parameters.most_bytes:
                raise OverflowError
        return bytes(body)


def _answer(status: int, content: dict[str, Any], **headers: str) -> JSONResponse:
    return JSONResponse(content, status, {"X-Content-Type-Options": "nosniff", **headers})


def _refused(status: int, field: str, message: str) -> JSONResponse:
    # What is left of the body is not read: the connection ends.
    return _answer(status, {"errors": [{"field": field, "message": message}]}, Connection="close")


def _later(wait_s: float) -> JSONResponse:
    answer = _refused(429, "", f"post less often: come again in {wait_s:.1f} s")
    answer.headers["Retry-After"] = str(math.ceil(wait_s))
    return answer
