# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""What the store tells the cloud, and what the cloud's answers mean: the contract's JSON, without a network.

A request carries a key that follows from its content alone, so that the same event, published twice or found again
after a crash, is the same request. Requests of one lane go out in order: a visit's baskets and receipts share a lane.
"""

from __future__ import annotations

import enum
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol
from urllib.parse import quote

from yokotago_model.events import Alert, Basket, Catalogue, CheckIn, GateCode, Product, Receipt, Stamp
from yokotago_model.plain import from_plain, time_from_plain, time_to_plain, to_plain

_LONGEST_TEXT = 500
_MOST_REASONS = 50
_MOST_SUBJECTS = 50
_LONGEST_SUBJECT = 200


@dataclass(frozen=True, slots=True)
class Request:
    """One call of the cloud.

    key: the same for the same content; lane: what keeps its order; body: JSON; passing: the next request of its lane
    makes it needless, as a newer basket does an older one; behind: the lane whose earlier requests go first too, as the
    check-in of a shopper goes before what is billed to them.
    """

    key: str
    lane: str
    method: str
    path: str
    body: str
    passing: bool = False
    behind: str = ""

    @property
    def kind(self) -> str:
        """What it tells: check_in, basket, receipt, alert or catalogue."""
        return self.key.partition("-")[0]


def store_path(store_id: str, *parts: str) -> str:
    """The path of a store's resource."""
    return "/v1/stores/" + "/".join(quote(part, safe="") for part in (store_id, *parts))


def request_of(store_id: str, event: Basket | Receipt | Alert) -> Request:
    """The request that tells the cloud of `event`."""
    match event:
        case Basket():
            basket = {
                "stamp": time_to_plain(event.stamp),
                "shopper_id": event.shopper_id,
                # A live basket is sent again with every change: what the phone does not show stays here.
                "lines": [{"product_id": line.product_id, "quantity": line.quantity} for line in event.lines],
            }
            path = store_path(store_id, "visits", event.visit_id, "basket")
            return _request("basket", event.visit_id, "PUT", path, basket, True, _of_shopper(event.shopper_id))
        case Receipt():
            receipt = to_plain(event)
            del receipt["header"]
            receipt["review_reasons"] = [text[:_LONGEST_TEXT] for text in event.review_reasons[:_MOST_REASONS]]
            path = store_path(store_id, "receipts", event.receipt_id)
            return _request("receipt", event.visit_id, "PUT", path, receipt, False, _of_shopper(event.shopper_id))
        case Alert():
            alert = {
                "stamp": time_to_plain(event.stamp),
                "severity": int(event.severity),
                "code": event.code,
                "text": event.text[:_LONGEST_TEXT],
                "subjects": [subject[:_LONGEST_SUBJECT] for subject in event.subjects[:_MOST_SUBJECTS]],
            }
            return _request("alert", "alerts", "POST", store_path(store_id, "alerts"), alert)


def check_in_request(
    store_id: str, event: GateCode, first: Stamp, shopper_id: str, *, offline: bool = False
) -> Request:
    """The request that burns a code which a gate read at `first`; offline: the gate has let the shopper in already.

    Its key is the same with and without `offline`: when an answer was lost, the cloud finds that it was this gate.
    """
    path = store_path(store_id, "check-ins")
    content = {"code": event.code, "gate_id": event.gate_id, "stamp": time_to_plain(first)}
    online = _request("check_in", _of_shopper(shopper_id), "POST", path, content)
    return replace(online, body=_json({**content, "offline": True})) if offline else online


def _of_shopper(shopper_id: str) -> str:
    """The lane of a shopper's check-ins."""
    return f"shopper-{shopper_id}" if shopper_id else ""


def _json(content: Mapping[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def _request(
    kind: str, lane: str, method: str, path: str, content: Mapping[str, Any], passing: bool = False, behind: str = ""
) -> Request:
    body = _json(content)
    digest = hashlib.sha256(f"{method} {path} {body}".encode()).hexdigest()
    return Request(f"{kind}-{digest[:40]}", lane, method, path, body, passing, behind)


def catalogue_body(products: tuple[Product, ...]) -> str:
    """The JSON of PUT catalogue."""
    return json.dumps({"products": [to_plain(product) for product in products]}, ensure_ascii=False)


def catalogue_of(stamp: Stamp, answer: Mapping[str, Any], known: tuple[Product, ...]) -> Catalogue:
    """The catalogue that the cloud answered with; products that only the store's description knows stay as they are.

    Raises KeyError where the answer is not as the contract says.
    """
    products = {product.product_id: product for product in known}
    products |= {plain["product_id"]: from_plain(Product, plain) for plain in answer["products"]}
    return Catalogue(stamp, tuple(products.values()))


def check_in_of(answer: Mapping[str, Any]) -> CheckIn:
    """One check-in of the cloud's list. Raises KeyError where it is not as the contract says."""
    return CheckIn(
        time_from_plain(answer["stamp"]),
        str(answer["check_in_id"]),
        str(answer["shopper_id"]),
        str(answer["gate_id"]),
        int(answer["party_size"]),
    )


class Verdict(enum.Enum):
    """What an answer means for the request."""

    ACCEPTED = "accepted"
    AGAIN = "again"
    """The cloud has a trouble with this request now: later."""
    LINE = "line"
    """Nobody answered, or not the cloud, or it does not know this host: no other request would fare better."""
    REFUSED = "refused"
    """The cloud will never take it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The verdict, the reason in words, for how long the cloud asked to be left alone [s], and its problem's code."""

    verdict: Verdict
    reason: str = ""
    retry_after_s: float = 0.0
    code: str = ""


class CloudError(Exception):
    """The cloud did not answer as the contract says; the text says how."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.reason)
        self.answer = answer


class Cloud(Protocol):
    """The line to the cloud, whatever it is made of."""

    def send(self, request: Request) -> Answer:
        """Hand a request over for good; never raises for what the network or the cloud does."""

    def ask(self, request: Request) -> Answer:
        """Send a request and wait for what the cloud itself says to it."""

    def keys(self) -> dict[str, Any]:
        """The cloud's public keys, a JWKS document. Raises CloudError."""

    def check_ins(self, after: str, wait_s: float) -> dict[str, Any]:
        """The check-ins behind the cursor, {"check_ins", "cursor"}; waits up to `wait_s` for one. Raises CloudError.

        "refused", where it is there: what the cloud refused after it had been handed over, {"event_id", "body"} each.
        """

    def catalogue(self, etag: str) -> tuple[dict[str, Any] | None, str]:
        """The catalogue and its version; None where it is still the version `etag`. Raises CloudError."""

    def put_catalogue(self, body: str) -> None:
        """Give the cloud a catalogue. Raises CloudError."""


_NOT_NOW = {408, 425, 429}
_NOT_THIS_HOST = {401, 403}


def judge(status: int, content_type: str, body: bytes, retry_after: str = "") -> Answer:
    """What the cloud's answer means.

    A 4xx that is no problem+json comes from a proxy, a captive portal or a wrong address, and a 401 or 403 from a token
    that somebody has to renew: neither says anything about the message, which must not be set aside for it.
    """
    if 200 <= status < 300:
        return Answer(Verdict.ACCEPTED)
    code, problem = _problem(body)
    reason = f"{status} {problem}".strip()
    if status in _NOT_THIS_HOST:
        return Answer(Verdict.LINE, reason)
    if status >= 500 or status in _NOT_NOW:
        seconds = float(retry_after) if retry_after.isdigit() else 0.0
        return Answer(Verdict.LINE if status == 429 else Verdict.AGAIN, reason, seconds)
    if not content_type.startswith("application/problem+json"):
        return Answer(Verdict.LINE, reason or f"{status}, not from the cloud")
    return Answer(Verdict.REFUSED, reason, code=code)


def message_of(request: Request) -> str:
    """The request as a message on a topic of its kind: the cloud does the same with either."""
    return f'{{"event_id":{_text(request.key)},"subject":{_text(request.lane)},"data":{request.body}}}'


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


_NOBODY_THERE = 0x10
_NEVER_TAKEN = {0x90, 0x95, 0x99}


def judge_acknowledgement(reason: int) -> Answer:
    """What the reason of a PUBACK means (MQTT 5, 3.4.2.1).

    From 0x80 on the message was not taken. Topic name, size and format are the message's own fault; rights and quotas
    (0x87, 0x97) are somebody's to mend. 0x10, which counts as a success, says that nobody has subscribed: the broker
    has thrown the message away.
    """
    if reason == _NOBODY_THERE:
        return Answer(Verdict.LINE, "the cloud has never been at the broker")
    if reason < 0x80:
        return Answer(Verdict.ACCEPTED)
    said = f"the broker refused the message with reason {reason:#04x}"
    return Answer(Verdict.REFUSED if reason in _NEVER_TAKEN else Verdict.AGAIN, said)


def _problem(body: bytes) -> tuple[str, str]:
    """Code and text of a problem document; two empty texts where it is none."""
    try:
        problem = json.loads(body)
        errors = problem.get("errors") or []
        text = f"{problem['code']}: {problem['detail']}" + (f" {json.dumps(errors)}" if errors else "")
        return str(problem["code"]), text
    except (ValueError, KeyError, AttributeError, TypeError):
        return "", ""


def back_off_s(failures: int, first_s: float, longest_s: float, draw: float) -> float:
    """How long to wait after so many failures in a row [s]: doubled each time, of it a half to all, as `draw` says.

    The spread keeps the hosts of many stores from coming back in the same second ("equal jitter", AWS Architecture
    Blog, Exponential Backoff and Jitter, 2015).
    """
    whole = min(longest_s, first_s * 2.0 ** min(failures - 1, 30))
    return whole * (0.5 + 0.5 * draw)
