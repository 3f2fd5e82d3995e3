# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Every way in which the API refuses, with what to do about it (RFC 9457, application/problem+json)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, Field

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of problem: what it is called, its HTTP status, and the remedy."""

    status: int
    title: str
    remedy: str


KINDS: Mapping[str, Kind] = {
    "body-invalid": Kind(422, "The request is not as the contract says", "Correct the fields named in errors."),
    "body-not-json": Kind(400, "The body is not JSON", "Send JSON in UTF-8 with Content-Type: application/json."),
    "body-too-large": Kind(413, "The body is too large", "Send less, in several requests."),
    "body-too-slow": Kind(408, "The body did not come in time", "Send it again, faster."),
    "not-found": Kind(404, "There is no such resource", "Check the address; /openapi.json lists all of them."),
    "method-not-allowed": Kind(405, "The resource has no such method", "See /openapi.json for its methods."),
    "rate-limited": Kind(429, "Too many requests", "Wait for the seconds that Retry-After says, then try again."),
    "not-signed-in": Kind(401, "Nobody is signed in", "Send 'Authorization: Bearer <token>'; sign in for a new token."),
    "sign-in-elsewhere": Kind(
        403, "Accounts are kept by an outside provider", "Sign in there; GET /v1/sign-in names it."
    ),
    "sign-in-refused": Kind(401, "The e-mail address or the password is wrong", "Check both and try again."),
    "refresh-token-refused": Kind(401, "The session has ended", "Sign in again."),
    "e-mail-taken": Kind(409, "There is an account with this e-mail address", "Sign in instead."),
    "not-your-store": Kind(403, "The device belongs to another store", "Use a device token of this store."),
    "store-unknown": Kind(404, "There is no such store", "GET /v1/stores lists the stores."),
    "phone-check-in-off": Kind(
        403,
        "This store lets nobody check in by phone alone",
        "Show the code in the app to the reader at the gate.",
    ),
    "idempotency-key-missing": Kind(
        400,
        "The Idempotency-Key is missing or malformed",
        "Send 1 to 128 of the characters A-Z a-z 0-9 _ . : -",
    ),
    "idempotency-key-reused": Kind(
        409, "The Idempotency-Key was used for another request", "Make a new key for every new request."
    ),
    "code-malformed": Kind(422, "This is no check-in code", "Show the code on the app's first screen."),
    "code-forged": Kind(422, "The code's signature is wrong", "Show a fresh code; if it comes again, call staff."),
    "code-expired": Kind(410, "The code has expired", "Show the fresh code in the app, not a picture of an old one."),
    "code-used": Kind(409, "The code has been used", "Every code opens one visit; show a fresh one."),
    "shopper-not-checked-in": Kind(
        422,
        "The shopper has never checked in at this store",
        "Send the check-in first, then what hangs on it.",
    ),
    "receipt-differs": Kind(
        409, "Another receipt is kept under this receipt_id", "A receipt never changes; send a correction."
    ),
    "visit-already-billed": Kind(
        409,
        "The visit has another receipt",
        "To change it, send a receipt that names the newest one in 'corrects'.",
    ),
    "correction-unknown": Kind(
        422,
        "The receipt to correct is not kept for this visit",
        "Name the newest receipt of the visit in 'corrects'.",
    ),
    "receipt-unknown": Kind(404, "There is no such receipt", "GET /v1/receipts lists yours."),
    "receipt-corrected": Kind(409, "The receipt has been corrected", "Look at the receipt named in corrected_by."),
    "dispute-known": Kind(409, "This line has been reported already", "Wait for the store's answer."),
    "dispute-unknown": Kind(404, "There is no such dispute", "GET the store's disputes."),
    "dispute-settled": Kind(409, "The dispute was settled otherwise", "A settlement is final; send a correction."),
    "catalogue-absent": Kind(404, "The store has no catalogue yet", "PUT one first."),
    "catalogue-changed": Kind(412, "The catalogue is another version", "GET it, apply the change to it, try again."),
    "busy": Kind(503, "Too many writers at the same place", "Try again after a moment."),
    "internal": Kind(500, "A fault of the cloud", "Try again later; tell the operator the time of the request."),
}


class ProblemError(Exception):
    """A refusal on its way to the caller."""

    def __init__(
        self,
        code: str,
        detail: str = "",
        *,
        errors: list[dict[str, str]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.kind = KINDS[code]
        self.detail = detail
        self.errors = errors
        self.headers = dict(headers or {})

    def body(self) -> dict[str, Any]:
        """The problem document."""
        document: dict[str, Any] = {
            "type": f"urn:yokotago:problem:{self.code}",
            "code": self.code,
            "title": self.kind.title,
            "status": self.kind.status,
            "detail": self.detail or self.kind.title,
            "remedy": self.kind.remedy,
        }
        if self.errors is not None:
            document["errors"] = self.errors
        return document


class FieldError(BaseModel):
    """What is wrong with one field."""

    where: str
    message: str


class Problem(BaseModel):
    """An error, as application/problem+json (RFC 9457)."""

    type: str = Field(examples=["urn:yokotago:problem:code-used"])
    code: str = Field(examples=["code-used"])
    title: str
    status: int
    detail: str
    remedy: str
    errors: list[FieldError] | None = None


def responses(*codes: str) -> dict[int | str, dict[str, Any]]:
    """The OpenAPI responses of a route that may refuse with these codes."""
    by_status: dict[int | str, dict[str, Any]] = {}
    for code in codes:
        kind = KINDS[code]
        line = f"`{code}`: {kind.title}"
        if kind.status in by_status:
            by_status[kind.status]["description"] += f"; {line}"
        else:
            by_status[kind.status] = {
                "description": line,
                "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
            }
    return by_status
