# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The contract: every JSON body that goes in or out. openapi.json is made from it.

Unknown keys are ignored, so that a newer store host may say more; types are taken literally ("1" is no
number). Times are ROS times; money is in minor units of an ISO 4217 currency.
"""

from __future__ import annotations

import json
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, StringConstraints, model_validator

MOST_BYTES = 64 * 1024
"""Longest body of a request, where no route says otherwise."""

MOST_CATALOGUE_BYTES = 4 * 1024 * 1024
"""Longest body of a catalogue."""

ID_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,127}$"
SHOPPER_PATTERN = r"^[0-9a-f]{32}$"

Id = Annotated[str, StringConstraints(pattern=ID_PATTERN)]
ShopperId = Annotated[str, StringConstraints(pattern=SHOPPER_PATTERN)]
ShopperOrNobody = Annotated[
    str, StringConstraints(pattern=r"^([0-9a-f]{32})?$"), Field(description="empty when nobody checked in")
]
IdOrNone = Annotated[str, StringConstraints(pattern=r"^([A-Za-z0-9][A-Za-z0-9_.:-]{0,127})?$")]


def _whole(value: object) -> object:
    """JSON knows one kind of number: 5.0 is as whole as 5."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Whole = Annotated[int, BeforeValidator(_whole)]
Text = Annotated[str, StringConstraints(max_length=500)]
Name = Annotated[str, StringConstraints(max_length=200)]
Email = Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+$", min_length=3, max_length=254)]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$"), Field(description="ISO 4217")]
Money = Annotated[Whole, Field(ge=0, le=10**12, description="minor units of the currency")]
Quantity = Annotated[Whole, Field(ge=1, le=10_000)]
Share = Annotated[float, Field(ge=0.0, le=1.0, allow_inf_nan=False)]
Grams = Annotated[float, Field(ge=0.0, le=1e6, allow_inf_nan=False)]
PartySize = Annotated[Whole, Field(ge=1, le=255, description="people who enter on this check-in, the shopper included")]


class Body(BaseModel):
    """What all bodies have in common."""

    model_config = ConfigDict(strict=True, extra="ignore")


class Stamp(Body):
    """builtin_interfaces/Time."""

    sec: Whole = Field(ge=0, le=2**33)
    nanosec: Whole = Field(ge=0, le=999_999_999)


class SignUp(Body):
    """A new account."""

    email: Email
    password: str = Field(min_length=8, max_length=200)
    name: Name = ""
    language: Literal["en", "ja"] = "en"


class SignIn(Body):
    """An account's e-mail address and password."""

    email: Email
    password: str = Field(min_length=1, max_length=200)


class RefreshToken(Body):
    """The token that a session was given last."""

    refresh_token: str = Field(min_length=1, max_length=200)


class Session(Body):
    """Who is signed in: `access_token` is for every call, `refresh_token` for the next session, once."""

    shopper_id: ShopperId
    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 (the scheme's name)
    expires_in: int = Field(description="[s]")
    refresh_token: str


class Me(Body):
    """The signed-in shopper."""

    shopper_id: ShopperId
    email: str
    name: str
    language: Literal["en", "ja"]


class CodeRequest(Body):
    """For whom a check-in code is."""

    party_size: PartySize = 1


class Code(Body):
    """A check-in code, good once and until `expires_at`."""

    code: str
    expires_at: int = Field(description="[s since the epoch]")
    expires_in: int = Field(description="[s]")
    party_size: PartySize


class GateCheckIn(Body):
    """A code that a gate has read."""

    # judged in codes.py, which says what is wrong with it
    code: str = Field(max_length=400, json_schema_extra={"pattern": "^[A-Z2-7]{152}$"})
    gate_id: Id
    stamp: Stamp = Field(description="when the gate read it")
    offline: bool = Field(
        default=False, description="the gate let the shopper in by the signature: expiry is judged at `stamp`"
    )


class PhoneCheckIn(Body):
    """A phone that checks in by itself."""

    store_id: Id
    gate_id: Id
    party_size: PartySize = 1


class CheckIn(Body):
    """A shopper identified at a gate."""

    check_in_id: str
    store_id: Id
    shopper_id: ShopperId
    gate_id: Id
    party_size: PartySize
    stamp: Stamp
    source: Literal["gate", "phone"]


class CheckIns(Body):
    """Check-ins in the order in which the cloud took them."""

    check_ins: list[CheckIn]
    cursor: str


class BasketLine(Body):
    """So many of one product."""

    product_id: Id
    quantity: Quantity
    confidence: Share = 1.0


class Basket(Body):
    """All that a visit holds now."""

    stamp: Stamp = Field(description="event time; an older basket never replaces a newer one")
    shopper_id: ShopperOrNobody
    lines: list[BasketLine] = Field(max_length=500)


class BasketTaken(Body):
    """Whether the basket was the newest."""

    visit_id: Id
    applied: bool


class VisitLine(Body):
    """A basket's line as the shopper sees it; no price when the catalogue does not know the product."""

    product_id: str
    name: str
    quantity: int
    unit_price: int | None
    amount: int | None


class Visit(Body):
    """A visit as the shopper sees it."""

    visit_id: str
    store_id: str
    state: Literal["open", "closed"]
    stamp: Stamp
    lines: list[VisitLine]
    currency: str | None
    total: int | None = Field(description="sum of the known amounts")
    receipt_id: str | None = None


class Now(Body):
    """What the app shows when it opens. Events after `cursor` are news."""

    check_in: CheckIn | None
    visits: list[Visit]
    cursor: str


class ShopperEvent(Body):
    """News for a shopper: `data` is a CheckIn, a Visit or a Receipt, as `kind` says."""

    id: str
    kind: Literal["checked_in", "basket", "receipt"]
    data: dict[str, JsonValue]


class ShopperEvents(Body):
    """News in order."""

    events: list[ShopperEvent]
    cursor: str


class ReceiptLine(Body):
    """One product that was paid for."""

    product_id: Id
    name: Name
    quantity: Quantity
    unit_price: Money
    amount: Money = Field(description="quantity x unit_price")
    confidence: Share | None = None

    @model_validator(mode="after")
    def _amount(self) -> ReceiptLine:
        if self.amount != self.quantity * self.unit_price:
            raise ValueError(f"amount is {self.amount}, quantity x unit_price is {self.quantity * self.unit_price}")
        return self


class TaxLine(Body):
    """The tax of one rate: `amount` is what the goods of that rate cost, `tax` is contained in it."""

    name: Name
    rate_percent: float = Field(ge=0.0, le=1000.0, allow_inf_nan=False)
    amount: Money
    tax: Money

    @model_validator(mode="after")
    def _contained(self) -> TaxLine:
        if self.tax > self.amount:
            raise ValueError(f"the tax {self.tax} is contained in the amount, which is {self.amount}")
        return self


class Receipt(Body):
    """What a visit pays for. It never changes; a correction is another one that names what it replaces."""

    receipt_id: Id
    visit_id: Id
    shopper_id: ShopperOrNobody
    entered: Stamp
    left: Stamp
    lines: list[ReceiptLine] = Field(max_length=500)
    currency: Currency
    total: Money
    needs_review: bool
    review_reasons: list[Text] = Field(default_factory=list, max_length=50)
    corrects: IdOrNone = Field(default="", description="receipt_id that this one replaces")
    taxes: list[TaxLine] = Field(default_factory=list, max_length=20, description="one for each rate; may be empty")

    @model_validator(mode="after")
    def _total(self) -> Receipt:
        amounts = sum(line.amount for line in self.lines)
        if self.total != amounts:
            raise ValueError(f"total is {self.total}, the amounts add up to {amounts}")
        taxed = sum(line.amount for line in self.taxes)
        if taxed > self.total:
            raise ValueError(f"{taxed} is taxed, more than the total of {self.total}")
        return self


class DisputeRequest(Body):
    """What a shopper says is wrong with a receipt."""

    product_id: IdOrNone = Field(default="", description="the line; empty when something is missing or for all")
    problem: Literal["not_taken", "wrong_quantity", "wrong_price", "missing", "other"]
    text: Text = ""


class Dispute(DisputeRequest):
    """What a shopper said, and what became of it. An accepted one is followed by a correction."""

    dispute_id: str
    state: Literal["open", "accepted", "declined"]
    answer: Text


class Settlement(Body):
    """What the store decided. It is decided once."""

    state: Literal["accepted", "declined"]
    answer: Text = ""


class StoreDispute(Dispute):
    """A dispute as the store finds it."""

    receipt_id: Id
    visit_id: Id


class Disputes(Body):
    """Disputes in the order in which they came, as they were then."""

    disputes: list[StoreDispute]
    cursor: str


class ReceiptTaken(Body):
    """The receipt is kept."""

    receipt_id: Id
    visit_id: Id
    shopper_id: str
    received_at: int = Field(description="[ms since the epoch]")


class KeptReceipt(Receipt):
    """A receipt as it is kept."""

    store_id: Id
    received_at: int = Field(description="[ms since the epoch]")
    corrected_by: str = Field(default="", description="receipt_id of the one that replaces it")
    disputes: list[Dispute] = Field(default_factory=list)


class Receipts(Body):
    """Receipts; `cursor` continues, empty when there are no more."""

    receipts: list[KeptReceipt]
    cursor: str


class Alert(Body):
    """Something in the store that a person should look at."""

    stamp: Stamp
    severity: Whole = Field(ge=0, le=3, description="0 unknown, 1 info, 2 warning, 3 error")
    code: Id
    text: Text
    subjects: list[Name] = Field(default_factory=list, max_length=50)


class AlertTaken(Body):
    """The alert is kept."""

    alert_id: str


class KeptAlert(Alert):
    """An alert as it is kept."""

    alert_id: str


class Alerts(Body):
    """Alerts in the order in which they came."""

    alerts: list[KeptAlert]
    cursor: str


class StoreEvent(Body):
    """A sensor-level event, kept for days."""

    event_id: Id
    kind: Id
    stamp: Stamp
    data: dict[str, JsonValue] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _encodable(self) -> StoreEvent:
        json.dumps(self.data, ensure_ascii=False).encode()  # a lone surrogate is no text
        return self


class StoreEvents(Body):
    """Some events."""

    events: list[StoreEvent] = Field(min_length=1, max_length=100)


class EventsTaken(Body):
    """How many were new and how many were known."""

    stored: int
    known: int


class Product(Body):
    """One product."""

    product_id: Id
    name: Name
    weight: Grams = Field(description="[g]")
    weight_stddev: Grams = Field(default=0.0, description="[g]")
    unit_price: Money
    currency: Currency


class CatalogueBody(Body):
    """All products of a store."""

    products: list[Product] = Field(max_length=19_000)

    @model_validator(mode="after")
    def _ids(self) -> CatalogueBody:
        if len({product.product_id for product in self.products}) != len(self.products):
            raise ValueError("two products have the same product_id")
        return self


class CatalogueVersion(Body):
    """The version that counts now."""

    version: int


class Catalogue(CatalogueBody):
    """All products of a store, with their version."""

    version: int


class Store(Body):
    """A store as everybody may know it."""

    store_id: Id
    name: str
    phone_check_in: bool = Field(description="a phone may check in by itself")


class Stores(Body):
    """All stores."""

    stores: list[Store]
    demo_gate: str = Field(description="in a demo: where a simulated gate takes a code from this page; else empty")


class Device(Body):
    """Whose device token was sent."""

    store_id: Id
    device_id: str
    name: str


class Health(Body):
    """The cloud answers and its storage reads."""

    status: Literal["ok"]
    version: str


class OutsideProvider(Body):
    """An identity provider whose access tokens are taken here."""

    issuer: str
    client_id: str


class SignInWays(Body):
    """How a shopper signs in."""

    built_in: bool = Field(description="by the accounts of this API")
    providers: list[OutsideProvider]


class Key(Body):
    """A public key (RFC 7517). Of keys of type OKP, `kid` is "c" and the key number of the check-in codes."""

    kty: Literal["EC", "OKP"]
    crv: Literal["P-256", "Ed25519"]
    kid: str
    use: Literal["sig"]
    alg: Literal["ES256", "EdDSA"]
    x: str
    y: str | None = None


class Keys(Body):
    """Public keys: ES256 of the access tokens, Ed25519 of the check-in codes."""

    keys: list[Key]
