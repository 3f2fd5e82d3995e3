# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""What a store publishes instead of calling: the same effects as the calls, each once, by the message's own id.

A message on stores/<store>/events/<kind> is {"event_id", "subject", "data"}: `event_id` is what Idempotency-Key is to a
call, `data` its body, `subject` the visit of a basket. A kind that is no call's is a sensor-level event and has its
`stamp` too. Who published is for the broker to know: it lets a certificate write under its own store only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import Response
from pydantic import Field, JsonValue, ValidationError
from pydantic_core import from_json

from yokotago_cloud import bodies
from yokotago_cloud.problems import ProblemError
from yokotago_cloud.routes import store as calls
from yokotago_cloud.services import Services
from yokotago_cloud.stores import KnownDevice


class StoreMessage(bodies.Body):
    """The envelope of what a store publishes."""

    event_id: str = Field(pattern=r"^[A-Za-z0-9_.:-]{1,128}$")
    subject: bodies.IdOrNone = ""
    data: dict[str, JsonValue]


class Ingest:
    """Takes messages as if they were calls."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def read(self, store_id: str, kind: str, payload: bytes) -> dict[str, Any]:
        """Take a message as it came over the line.

        Raises:
            ProblemError: as `take`, and body-too-large, body-not-json.
        """
        most = bodies.MOST_CATALOGUE_BYTES if kind == "catalogue" else bodies.MOST_BYTES
        if len(payload) > most:
            raise ProblemError("body-too-large", f"{len(payload)} bytes, of {most} at most")
        try:
            message = from_json(payload, allow_inf_nan=False)
        except ValueError as wrong:
            raise ProblemError("body-not-json") from wrong
        return self.take(store_id, kind, message)

    def take(self, store_id: str, kind: str, message: object) -> dict[str, Any]:
        """Do what the message says; what the call would have answered.

        Raises:
            ProblemError: what the call would have raised, body-invalid, store-unknown.
        """
        self._services.stores.get(store_id)
        try:
            return self._take(KnownDevice(store_id, "mqtt", "message line"), kind, message)
        except ValidationError as wrong:
            found = [(".".join(map(str, error["loc"])), error["msg"]) for error in wrong.errors()[:5]]
            raise ProblemError("body-invalid", "; ".join(f"{where}: {text}" for where, text in found)) from None

    def _take(self, device: KnownDevice, kind: str, message: object) -> dict[str, Any]:
        services, response = self._services, Response()
        act = _KINDS.get(kind)
        if act is None:
            given = {**message, "kind": kind} if isinstance(message, Mapping) else message
            return calls.post_events(bodies.StoreEvents.model_validate({"events": [given]}), device, services)
        envelope = StoreMessage.model_validate(message)
        return act(envelope, device, response, services)


def _check_in(m: StoreMessage, device: KnownDevice, response: Response, services: Services) -> dict[str, Any]:
    body = bodies.GateCheckIn.model_validate(m.data)
    return calls.check_in_at_gate(body, device, m.event_id, response, services)


def _basket(m: StoreMessage, device: KnownDevice, _: Response, services: Services) -> dict[str, Any]:
    if not m.subject:
        raise ProblemError("body-invalid", "subject: a basket names its visit")
    return calls.put_basket(m.subject, bodies.Basket.model_validate(m.data), device, services)


def _receipt(m: StoreMessage, device: KnownDevice, response: Response, services: Services) -> dict[str, Any]:
    body = bodies.Receipt.model_validate(m.data)
    return calls.put_receipt(body.receipt_id, body, device, response, services)


def _alert(m: StoreMessage, device: KnownDevice, response: Response, services: Services) -> dict[str, Any]:
    return calls.post_alert(bodies.Alert.model_validate(m.data), device, m.event_id, response, services)


def _catalogue(m: StoreMessage, device: KnownDevice, response: Response, services: Services) -> dict[str, Any]:
    return calls.put_catalogue(bodies.CatalogueBody.model_validate(m.data), device, services, response)


_KINDS: Mapping[str, Callable[[StoreMessage, KnownDevice, Response, Services], dict[str, Any]]] = {
    "check_in": _check_in,
    "basket": _basket,
    "receipt": _receipt,
    "alert": _alert,
    "catalogue": _catalogue,
}
