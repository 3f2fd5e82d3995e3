# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The web application: routes, errors, limits, headers and the shopper's page, in one ASGI app."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from yokotago_cloud import __version__
from yokotago_cloud.bodies import MOST_BYTES, MOST_CATALOGUE_BYTES
from yokotago_cloud.limits import BodyLimit
from yokotago_cloud.problems import MEDIA_TYPE, Problem, ProblemError
from yokotago_cloud.routes import public, shopper, store
from yokotago_cloud.services import Services
from yokotago_cloud.storage.port import StorageBusyError

_log = logging.getLogger(__name__)
_STATUS_CODES = {
    404: "not-found",
    405: "method-not-allowed",
    400: "body-not-json",
    413: "body-too-large",
    408: "body-too-slow",
}
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
)
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'{gate};"
    " manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def create_app(services: Services) -> FastAPI:
    """The application over some services, which the caller closes."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        services.feeds.close()

    app = FastAPI(
        title="Yokota de Go cloud",
        version=__version__,
        description="Accounts, check-in codes, check-ins, live baskets, receipts, alerts and catalogues.",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    app.state.services = services
    for routes in (public, shopper, store):
        # As they are: routes inside an included router are searched twice, which costs as much as a small handler.
        app.router.routes.extend(routes.router.routes)
    app.add_exception_handler(ProblemError, _on_problem)
    app.add_exception_handler(StorageBusyError, _on_busy)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(Exception, _on_fault)
    app.add_middleware(
        BodyLimit,
        most_bytes=MOST_BYTES,
        larger={"/catalogue": MOST_CATALOGUE_BYTES},
        longest_s=services.settings.body_s,
    )
    app.add_middleware(_Headers, demo_gate=services.settings.demo_gate)
    app.mount("/v1", _NoRoute([route for routes in (public, shopper, store) for route in routes.router.routes]))
    app.mount("/", StaticFiles(directory=page_folder(), html=True), name="page")
    made = app.openapi

    def openapi() -> dict[str, Any]:
        document = made()
        schemas = document["components"]["schemas"]
        problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas.update(problem.pop("$defs"))
        schemas["Problem"] = problem
        return document

    app.openapi = openapi  # type: ignore[method-assign]
    return app


def page_folder() -> Path:
    """Where the shopper's page is: inside the installed package, else beside it in the source tree."""
    inside = Path(__file__).parent / "app"
    return inside if inside.is_dir() else Path(__file__).parents[1] / "app"


class _NoRoute:
    """ASGI application for what no route of the API takes: the page's files must not answer for it."""

    def __init__(self, routes: Sequence[BaseRoute]) -> None:
        self._routes = [route for route in routes if isinstance(route, APIRoute)]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Say which methods the resource has, or that there is none."""
        path: str = scope["path"]
        methods = sorted({m for route in self._routes if route.path_regex.match(path) for m in route.methods or ()})
        if methods:
            problem = ProblemError("method-not-allowed", headers={"Allow": ", ".join(methods)})
        else:
            problem = ProblemError("not-found")
        await _answer(problem)(scope, receive, send)


class _Headers:
    """ASGI middleware: headers that keep a browser from guessing, framing and keeping what is private."""

    def __init__(self, app: ASGIApp, demo_gate: str = "") -> None:
        self._app = app
        policy = _POLICY.format(gate=demo_gate and f" {demo_gate}")
        self._headers = (*_HEADERS, (b"content-security-policy", policy.encode()))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        private = scope["path"].startswith("/v1/")

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                caching = (b"cache-control", b"no-store" if private else b"no-cache")
                message["headers"] = [*message["headers"], *self._headers, caching]
            await send(message)

        await self._app(scope, receive, with_headers)


def _answer(problem: ProblemError) -> JSONResponse:
    return JSONResponse(problem.body(), problem.kind.status, problem.headers, media_type=MEDIA_TYPE)


async def _on_problem(_: Request, problem: Exception) -> JSONResponse:
    assert isinstance(problem, ProblemError)
    return _answer(problem)


async def _on_busy(_: Request, __: Exception) -> JSONResponse:
    return _answer(ProblemError("busy", headers={"Retry-After": "1"}))


async def _on_invalid(_: Request, invalid: Exception) -> JSONResponse:
    assert isinstance(invalid, RequestValidationError)
    found = invalid.errors()
    if any(error["type"] == "json_invalid" for error in found):
        return _answer(ProblemError("body-not-json"))
    if any(error["loc"] == ("header", "idempotency-key") for error in found):
        return _answer(ProblemError("idempotency-key-missing"))
    # what was sent is not repeated: it may hold a password
    errors = [{"where": ".".join(str(part) for part in error["loc"]), "message": error["msg"]} for error in found]
    detail = "; ".join(f"{error['where']}: {error['message']}" for error in errors[:5])
    return _answer(ProblemError("body-invalid", detail, errors=errors[:50]))


async def _on_http(_: Request, refused: Exception) -> JSONResponse:
    assert isinstance(refused, HTTPException)
    code = _STATUS_CODES.get(refused.status_code, "internal")
    return _answer(ProblemError(code, headers=refused.headers))


async def _on_fault(request: Request, fault: Exception) -> JSONResponse:
    _log.error("%s %s failed", request.method, request.url.path, exc_info=fault)
    return _answer(ProblemError("internal"))
