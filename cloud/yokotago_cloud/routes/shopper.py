# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""What a shopper's phone asks. A shopper reads only their own."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import StreamingResponse

from yokotago_cloud import bodies
from yokotago_cloud.feeds import cursor_of, shopper_feed
from yokotago_cloud.problems import responses
from yokotago_cloud.routes.callers import (
    After,
    Cursor,
    IdempotencyKey,
    Limit,
    PathId,
    ServicesOf,
    Shopper,
    SignedIn,
    StoreId,
    Wait,
    address,
    mark_repeated,
    request_key,
)
from yokotago_cloud.services import Services
from yokotago_cloud.storage.port import Item

router = APIRouter(prefix="/v1", tags=["shopper"], responses=responses("body-invalid", "rate-limited"))
_BODY = responses("body-not-json", "body-too-large")
_SIGNED_IN = responses("not-signed-in")
_KEEP_ALIVE_S = 15.0


@router.post(
    "/accounts",
    status_code=201,
    response_model=bodies.Session,
    responses=_BODY | responses("e-mail-taken", "sign-in-elsewhere"),
)
def sign_up(body: bodies.SignUp, request: Request, services: ServicesOf) -> dict[str, Any]:
    """Make an account and sign in."""
    services.limits.spend("sign_up", address(request))
    return services.accounts.sign_up(body.email, body.password, body.name, body.language)


@router.post(
    "/sessions",
    status_code=201,
    response_model=bodies.Session,
    responses=_BODY | responses("sign-in-refused", "sign-in-elsewhere"),
)
def sign_in(body: bodies.SignIn, request: Request, services: ServicesOf) -> dict[str, Any]:
    """Sign in."""
    services.limits.spend("sign_in", address(request), times=3)
    services.limits.spend("sign_in", body.email.strip().casefold())
    return services.accounts.sign_in(body.email, body.password)


@router.post(
    "/sessions/refresh",
    response_model=bodies.Session,
    responses=_BODY | responses("refresh-token-refused", "sign-in-elsewhere", "busy"),
)
def refresh(body: bodies.RefreshToken, services: ServicesOf) -> dict[str, Any]:
    """The next session; the token that was sent is used up."""
    return services.accounts.refresh(body.refresh_token)


@router.post("/sessions/end", status_code=204, response_class=Response, responses=_BODY)
def sign_out(body: bodies.RefreshToken, services: ServicesOf) -> None:
    """Sign out."""
    services.accounts.end(body.refresh_token)


@router.get("/me", response_model=bodies.Me, responses=_SIGNED_IN)
def me(shopper: Shopper, services: ServicesOf) -> dict[str, Any]:
    """The signed-in shopper."""
    return services.accounts.me(shopper)


@router.post("/check-in-codes", status_code=201, response_model=bodies.Code, responses=_SIGNED_IN | _BODY)
async def issue_code(body: bodies.CodeRequest, shopper: Shopper, services: ServicesOf) -> dict[str, Any]:
    """A code to show to the reader at the gate; it is good once and for less than a minute."""
    services.limits.spend("codes", shopper)
    return services.check_ins.issue_code(shopper, body.party_size)


@router.post(
    "/check-ins",
    status_code=201,
    response_model=bodies.CheckIn,
    responses=_SIGNED_IN
    | responses("body-too-large", "idempotency-key-missing", "body-not-json")
    | responses("store-unknown", "phone-check-in-off", "idempotency-key-reused", "busy"),
)
def check_in_by_phone(
    body: bodies.PhoneCheckIn,
    shopper: Shopper,
    idempotency_key: IdempotencyKey,
    response: Response,
    services: ServicesOf,
) -> dict[str, Any]:
    """Check in by this phone alone; the store is told."""
    services.limits.spend("check_ins", shopper)
    once = request_key(f"SHOPPER#{shopper}", idempotency_key, "check-ins", body.model_dump(mode="json"))
    answer, repeated = services.check_ins.by_phone(shopper, body, once)
    mark_repeated(response, repeated)
    return answer


@router.get("/me/now", response_model=bodies.Now, responses=_SIGNED_IN)
def now(shopper: Shopper, services: ServicesOf) -> dict[str, Any]:
    """The check-in and the visits of today, and the cursor behind which everything is news."""
    return services.visits.now(shopper)


@router.get(
    "/me/events",
    response_model=bodies.ShopperEvents,
    responses={
        **_SIGNED_IN,
        200: {
            "description": "News: a page of it, or with 'Accept: text/event-stream' server-sent events",
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        },
    },
)
async def events(
    signed_in: SignedIn,
    services: ServicesOf,
    after: Cursor = "",
    wait: Wait = 0.0,
    accept: Annotated[str, Header()] = "",
    last_event_id: Annotated[str, Header(pattern=r"^([0-9]{12})?$")] = "",
) -> Any:
    """News after a cursor. A stream ends with the access token; Last-Event-ID goes before `after`."""
    shopper, ends = signed_in
    feed = shopper_feed(shopper)
    if "text/event-stream" in accept and services.settings.streams:
        cursor = last_event_id or after
        services.feeds.read(feed, cursor, limit=1)  # a wrong cursor is refused before the stream begins
        return StreamingResponse(
            _stream(services, shopper, ends, cursor),
            media_type="text/event-stream",
            headers={"X-Accel-Buffering": "no"},
        )
    items = await services.feeds.wait(feed, after, min(wait, services.settings.longest_wait_s))
    return {
        "events": [_event(item, feed.prefix) for item in items],
        "cursor": cursor_of(feed, items, after),
    }


@router.get("/receipts", response_model=bodies.Receipts, responses=_SIGNED_IN)
def receipts(shopper: Shopper, services: ServicesOf, after: After = "", limit: Limit = 20) -> dict[str, Any]:
    """The shopper's receipts, the latest visit first."""
    found, cursor = services.visits.receipts_of_shopper(shopper, after, limit)
    return {"receipts": found, "cursor": cursor}


@router.get(
    "/receipts/{store_id}/{receipt_id}",
    response_model=bodies.KeptReceipt,
    responses=_SIGNED_IN | responses("receipt-unknown"),
)
def receipt(store_id: StoreId, receipt_id: PathId, shopper: Shopper, services: ServicesOf) -> dict[str, Any]:
    """One of the shopper's receipts."""
    return services.visits.receipt(store_id, receipt_id, shopper)


@router.post(
    "/receipts/{store_id}/{receipt_id}/disputes",
    status_code=201,
    response_model=bodies.KeptReceipt,
    responses=_SIGNED_IN
    | responses("receipt-unknown", "body-too-large", "idempotency-key-missing", "body-not-json")
    | responses("receipt-corrected", "dispute-known", "idempotency-key-reused", "busy"),
)
def dispute(
    store_id: StoreId,
    receipt_id: PathId,
    body: bodies.DisputeRequest,
    shopper: Shopper,
    idempotency_key: IdempotencyKey,
    response: Response,
    services: ServicesOf,
) -> dict[str, Any]:
    """Say what is wrong with a line, or that something is missing."""
    path = f"receipts/{store_id}/{receipt_id}/disputes"
    once = request_key(f"SHOPPER#{shopper}", idempotency_key, path, body.model_dump(mode="json"))
    answer, repeated = services.disputes.open(shopper, store_id, receipt_id, body, once)
    mark_repeated(response, repeated)
    return answer


def _event(item: Item, prefix: str) -> dict[str, Any]:
    return {"id": item.sk[len(prefix) :], "kind": item.data["kind"], "data": item.data["data"]}


async def _stream(services: Services, shopper: str, ends: int, cursor: str) -> AsyncIterator[str]:
    feed = shopper_feed(shopper)
    yield ": news of your visit\n\n"
    while not services.feeds.closing and services.clock() < ends:
        wait = min(_KEEP_ALIVE_S, max(0.0, ends - services.clock()))
        items = await services.feeds.wait(feed, cursor, wait)
        cursor = cursor_of(feed, items, cursor)
        for item in items:
            event = _event(item, feed.prefix)
            text = json.dumps(event["data"], ensure_ascii=False, separators=(",", ":"))
            yield f"id: {event['id']}\nevent: {event['kind']}\ndata: {text}\n\n"
        if not items:
            yield ": still here\n\n"
