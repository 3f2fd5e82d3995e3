# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Who is asking, and with which Idempotency-Key: the dependencies that routes share.

Those that compute only are coroutines, which spares a change of thread each; those that read the storage are not.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Header, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from yokotago_cloud.bodies import ID_PATTERN
from yokotago_cloud.idempotency import Key, fingerprint
from yokotago_cloud.problems import ProblemError
from yokotago_cloud.services import Services
from yokotago_cloud.stores import KnownDevice

_shopper_token = HTTPBearer(auto_error=False, scheme_name="shopper", description="Access token of a session")
_device_token = HTTPBearer(auto_error=False, scheme_name="device", description="Device token of a store")


async def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


ServicesOf = Annotated[Services, Depends(_services)]
Credentials = HTTPAuthorizationCredentials | None
StoreId = Annotated[str, Path(pattern=ID_PATTERN)]
PathId = Annotated[str, Path(pattern=ID_PATTERN)]
Cursor = Annotated[
    str,
    Query(pattern=r"^([0-9]{12})?$", description="the cursor that was given last; empty: the beginning"),
]
After = Annotated[str, Query(max_length=400, description="the cursor that was given last; empty: the beginning")]
Limit = Annotated[int, Query(ge=1, le=100)]
Wait = Annotated[float, Query(ge=0, le=25, description="longest time to wait for news [s]")]


def _token(credentials: Credentials) -> str:
    if credentials is None or not credentials.credentials:
        raise ProblemError("not-signed-in", headers={"WWW-Authenticate": "Bearer"})
    return credentials.credentials


async def _signed_in(
    services: ServicesOf, credentials: Annotated[Credentials, Depends(_shopper_token)]
) -> tuple[str, int]:
    token = _token(credentials)
    if services.accounts.remembered(token) is None:
        return await run_in_threadpool(services.accounts.shopper_of, token)  # keys may have to be fetched
    return services.accounts.shopper_of(token)


async def _shopper(signed_in: Annotated[tuple[str, int], Depends(_signed_in)]) -> str:
    return signed_in[0]


SignedIn = Annotated[tuple[str, int], Depends(_signed_in)]
"""Shopper id, and when the token ends [s since the epoch]."""

Shopper = Annotated[str, Depends(_shopper)]


async def _device(services: ServicesOf, credentials: Annotated[Credentials, Depends(_device_token)]) -> KnownDevice:
    token = _token(credentials)
    device = services.stores.remembered(token)
    if device is None:
        device = await run_in_threadpool(services.stores.device_of, token)
    services.limits.spend("store", device.device_id)
    return device


AnyDevice = Annotated[KnownDevice, Depends(_device)]


async def _store_device(store_id: StoreId, device: AnyDevice) -> KnownDevice:
    if device.store_id != store_id:
        raise ProblemError("not-your-store")
    return device


StoreDevice = Annotated[KnownDevice, Depends(_store_device)]
"""The device, which is one of the store in the path."""


IdempotencyKey = Annotated[
    str,
    Header(
        pattern=r"^[A-Za-z0-9_.:-]{1,128}$", description="a new one for every request, the same for its repetitions"
    ),
]


def request_key(scope: str, key: str, path: str, body: dict[str, Any]) -> Key:
    """The key of one request of one caller."""
    return Key(scope, key, fingerprint([path, body]))


def mark_repeated(response: Response, repeated: bool) -> None:
    """Tell the caller that this answer was given before."""
    if repeated:
        response.headers["Idempotent-Replay"] = "true"


def address(request: Request) -> str:
    """The caller's network address, as far as this server can see."""
    return request.client.host if request.client else "unknown"
