# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""What a store host asks. Every call may be repeated without harm."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from yokotago_cloud import bodies
from yokotago_cloud.feeds import alert_feed, check_in_feed, cursor_of, dispute_feed
from yokotago_cloud.problems import ProblemError, responses
from yokotago_cloud.routes.callers import (
    After,
    AnyDevice,
    Cursor,
    IdempotencyKey,
    Limit,
    PathId,
    ServicesOf,
    StoreDevice,
    Wait,
    mark_repeated,
    request_key,
)

router = APIRouter(
    prefix="/v1",
    tags=["store"],
    responses=responses("not-signed-in", "not-your-store", "body-invalid", "rate-limited"),
)
_BODY = responses("body-not-json", "body-too-large")
_ONCE = responses("idempotency-key-missing", "body-not-json", "body-too-large")


@router.get("/device", response_model=bodies.Device)
def who_am_i(device: AnyDevice) -> dict[str, Any]:
    """The store and the device that the token belongs to."""
    return {"store_id": device.store_id, "device_id": device.device_id, "name": device.name}


@router.post(
    "/stores/{store_id}/check-ins",
    status_code=201,
    response_model=bodies.CheckIn,
    responses=_ONCE
    | responses("code-expired", "code-used", "idempotency-key-reused", "busy")
    | responses("body-invalid", "code-malformed", "code-forged"),
    name="check_in_at_gate",
    description="A gate has read a code: it is burnt, and the shopper is in.",
)
async def _check_in_at_gate(
    body: bodies.GateCheckIn,
    device: StoreDevice,
    idempotency_key: IdempotencyKey,
    response: Response,
    services: ServicesOf,
) -> dict[str, Any]:
    # A coroutine, because the framework changes threads for each part of what is not; this is the busiest route.
    return await run_in_threadpool(check_in_at_gate, body, device, idempotency_key, response, services)


def check_in_at_gate(
    body: bodies.GateCheckIn,
    device: StoreDevice,
    idempotency_key: IdempotencyKey,
    response: Response,
    services: ServicesOf,
) -> dict[str, Any]:
    """A gate has read a code: it is burnt, and the shopper is in."""
    # A gate that got no answer may have let the shopper in by the signature: it is the same reading of the same code.
    asked = body.model_dump(mode="json", exclude={"offline"})
    once = request_key(f"STORE#{device.store_id}", idempotency_key, "check-ins", asked)
    answer, repeated = services.check_ins.at_gate(device.store_id, body, once)
    mark_repeated(response, repeated)
    return answer


@router.get("/stores/{store_id}/check-ins", response_model=bodies.CheckIns)
async def check_ins(
    device: StoreDevice,
    services: ServicesOf,
    after: Cursor = "",
    wait: Wait = 0.0,
    limit: Limit = 100,
    source: Annotated[Literal["gate", "phone"] | None, Query(description="only these")] = None,
) -> dict[str, Any]:
    """Check-ins after a cursor, of gates and of phones; waits when there is none."""
    feed = check_in_feed(device.store_id)
    items = await services.feeds.wait(feed, after, min(wait, services.settings.longest_wait_s), limit)
    return {
        "check_ins": [item.data for item in items if source in (None, item.data["source"])],
        "cursor": cursor_of(feed, items, after),
    }


@router.put(
    "/stores/{store_id}/visits/{visit_id}/basket",
    response_model=bodies.BasketTaken,
    responses=_BODY | responses("busy") | responses("body-invalid", "shopper-not-checked-in"),
)
def put_basket(visit_id: PathId, body: bodies.Basket, device: StoreDevice, services: ServicesOf) -> dict[str, Any]:
    """What a visit holds now. An older basket than the one kept changes nothing."""
    return {"visit_id": visit_id, "applied": services.visits.put_basket(device.store_id, visit_id, body)}


@router.put(
    "/stores/{store_id}/receipts/{receipt_id}",
    status_code=201,
    response_model=bodies.ReceiptTaken,
    responses=_BODY
    | responses("receipt-differs", "visit-already-billed", "busy")
    | responses("body-invalid", "correction-unknown", "shopper-not-checked-in"),
)
def put_receipt(
    receipt_id: PathId, body: bodies.Receipt, device: StoreDevice, response: Response, services: ServicesOf
) -> dict[str, Any]:
    """What a visit pays for. The same again: the same answer; another one under the same id is refused."""
    if body.receipt_id != receipt_id:
        raise ProblemError("body-invalid", f"receipt_id is {body.receipt_id} in the body, {receipt_id} in the path")
    answer, repeated = services.visits.put_receipt(device.store_id, body)
    mark_repeated(response, repeated)
    return answer


@router.get("/stores/{store_id}/receipts", response_model=bodies.Receipts)
def receipts(device: StoreDevice, services: ServicesOf, after: After = "", limit: Limit = 20) -> dict[str, Any]:
    """The store's receipts, by receipt_id."""
    found, cursor = services.visits.receipts_of_store(device.store_id, after, limit)
    return {"receipts": found, "cursor": cursor}


@router.get(
    "/stores/{store_id}/receipts/{receipt_id}",
    response_model=bodies.KeptReceipt,
    responses=responses("receipt-unknown"),
)
def receipt(receipt_id: PathId, device: StoreDevice, services: ServicesOf) -> dict[str, Any]:
    """One of the store's receipts."""
    return services.visits.receipt(device.store_id, receipt_id)


@router.get("/stores/{store_id}/disputes", response_model=bodies.Disputes)
async def disputes(
    device: StoreDevice, services: ServicesOf, after: Cursor = "", wait: Wait = 0.0, limit: Limit = 100
) -> dict[str, Any]:
    """What shoppers said is wrong, after a cursor; waits when there is nothing."""
    feed = dispute_feed(device.store_id)
    items = await services.feeds.wait(feed, after, min(wait, services.settings.longest_wait_s), limit)
    return {"disputes": [item.data for item in items], "cursor": cursor_of(feed, items, after)}


@router.put(
    "/stores/{store_id}/receipts/{receipt_id}/disputes/{dispute_id}",
    response_model=bodies.KeptReceipt,
    responses=_BODY | responses("receipt-unknown", "dispute-unknown", "dispute-settled", "busy"),
)
def settle_dispute(
    receipt_id: PathId, dispute_id: PathId, body: bodies.Settlement, device: StoreDevice, services: ServicesOf
) -> dict[str, Any]:
    """What the store decided. When it accepts, it sends a correction as well."""
    return services.disputes.settle(device.store_id, receipt_id, dispute_id, body)


@router.post(
    "/stores/{store_id}/alerts",
    status_code=201,
    response_model=bodies.AlertTaken,
    responses=_ONCE | responses("idempotency-key-reused", "busy"),
)
def post_alert(
    body: bodies.Alert, device: StoreDevice, idempotency_key: IdempotencyKey, response: Response, services: ServicesOf
) -> dict[str, Any]:
    """Something that a person should look at."""
    once = request_key(f"STORE#{device.store_id}", idempotency_key, "alerts", body.model_dump(mode="json"))
    answer, repeated = services.reports.alert(device.store_id, body, once)
    mark_repeated(response, repeated)
    return answer


@router.get("/stores/{store_id}/alerts", response_model=bodies.Alerts)
async def alerts(
    device: StoreDevice, services: ServicesOf, after: Cursor = "", wait: Wait = 0.0, limit: Limit = 100
) -> dict[str, Any]:
    """Alerts after a cursor; waits when there is none."""
    feed = alert_feed(device.store_id)
    items = await services.feeds.wait(feed, after, min(wait, services.settings.longest_wait_s), limit)
    return {"alerts": [item.data for item in items], "cursor": cursor_of(feed, items, after)}


@router.post("/stores/{store_id}/events", response_model=bodies.EventsTaken, responses=_BODY)
def post_events(body: bodies.StoreEvents, device: StoreDevice, services: ServicesOf) -> dict[str, int]:
    """Sensor-level events, kept for days; an event that is known by its id changes nothing."""
    return services.reports.events(device.store_id, body.events)


@router.get(
    "/stores/{store_id}/catalogue",
    response_model=bodies.Catalogue,
    responses={
        **responses("catalogue-absent"),
        304: {"description": "It is the version that If-None-Match names"},
    },
)
def catalogue(
    device: StoreDevice, services: ServicesOf, if_none_match: Annotated[str | None, Header()] = None
) -> Response:
    """Products and prices, with an ETag."""
    etag = services.catalogues.etag(device.store_id)
    if if_none_match == etag:
        return Response(status_code=304, headers={"ETag": etag})
    version, products = services.catalogues.newest(device.store_id)
    return JSONResponse({"version": version, "products": products}, headers={"ETag": etag})


@router.put(
    "/stores/{store_id}/catalogue",
    response_model=bodies.CatalogueVersion,
    responses=_BODY | responses("catalogue-changed"),
)
def put_catalogue(
    body: bodies.CatalogueBody,
    device: StoreDevice,
    services: ServicesOf,
    response: Response,
    if_match: Annotated[str | None, Header()] = None,
) -> dict[str, int]:
    """New products and prices. With If-Match only when nobody has changed them since."""
    products = [product.model_dump(mode="json") for product in body.products]
    version = services.catalogues.put(device.store_id, products, if_match)
    services.feeds.notify(f"STORE#{device.store_id}")
    response.headers["ETag"] = services.catalogues.etag(device.store_id)
    return {"version": version}
