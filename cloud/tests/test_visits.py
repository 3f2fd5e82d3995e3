# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Baskets and receipts: the newest is shown, a visit is billed once, and only its shopper sees it."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import OTHER_STORE, STORE, Cloud, Phone, receipt
from test_check_ins import race, with_twin

from yokotago_cloud import bodies
from yokotago_cloud.idempotency import fingerprint
from yokotago_cloud.storage.port import Put

PRODUCTS = [
    {
        "product_id": "p1",
        "name": "おにぎり",
        "weight": 110.0,
        "weight_stddev": 2.0,
        "unit_price": 150,
        "currency": "JPY",
    },
    {
        "product_id": "p2",
        "name": "Tea",
        "weight": 520,
        "weight_stddev": 1.5,
        "unit_price": 130,
        "currency": "JPY",
    },
]


def basket(shopper_id: str, sec: int, **quantities: int) -> dict[str, Any]:
    lines = [{"product_id": name, "quantity": n, "confidence": 0.9} for name, n in quantities.items()]
    return {"stamp": {"sec": sec, "nanosec": 0}, "shopper_id": shopper_id, "lines": lines, "track_ids": [1]}


def news(phone: Phone, after: str = "") -> list[tuple[str, dict[str, Any]]]:
    events = phone.get("/v1/me/events", params={"after": after}).json()["events"]
    return [(event["kind"], event["data"]) for event in events]


def test_a_visit_from_check_in_to_receipt(cloud: Cloud) -> None:
    assert cloud.host.put("/catalogue", {"products": PRODUCTS}).json() == {"version": 1}
    phone = cloud.guest()
    before = phone.get("/v1/me/now").json()
    assert before["check_in"]["shopper_id"] == phone.shopper_id
    assert before["visits"] == []
    assert cloud.host.put("/visits/v-1/basket", basket(phone.shopper_id, 100)).json()["applied"]
    assert cloud.host.put("/visits/v-1/basket", basket(phone.shopper_id, 120, p1=2, p9=1)).json()["applied"]
    visit = phone.get("/v1/me/now").json()["visits"][0]
    assert visit["state"] == "open"
    assert visit["lines"][0] == {
        "product_id": "p1",
        "name": "おにぎり",
        "quantity": 2,
        "unit_price": 150,
        "amount": 300,
    }
    assert visit["lines"][1]["amount"] is None, "no price is made up for an unknown product"
    assert (visit["currency"], visit["total"]) == ("JPY", 300)
    cloud.clock.turn(60)
    kept = cloud.host.put("/receipts/r-1", receipt(phone.shopper_id))
    assert kept.status_code == 201
    after = phone.get("/v1/me/now").json()
    assert after["check_in"] is None
    assert [(visit["state"], visit["receipt_id"], visit["total"]) for visit in after["visits"]] == [
        ("closed", "r-1", 430)
    ]
    found = phone.get("/v1/receipts").json()["receipts"]
    assert [(one["receipt_id"], one["total"], one["store_id"]) for one in found] == [("r-1", 430, STORE)]
    assert found[0]["lines"][0]["name"] == "おにぎり"
    assert phone.get(f"/v1/receipts/{STORE}/r-1").json() == found[0]
    kinds = [kind for kind, _ in news(phone)]
    assert kinds == ["checked_in", "basket", "basket", "receipt"]
    assert [kind for kind, _ in news(phone, before["cursor"])] == kinds[1:]


def test_an_older_basket_never_replaces_a_newer_one(cloud: Cloud) -> None:
    phone = cloud.guest()
    assert cloud.host.put("/visits/v-1/basket", basket(phone.shopper_id, 20, p1=2)).json()["applied"]
    assert not cloud.host.put("/visits/v-1/basket", basket(phone.shopper_id, 19, p1=1)).json()["applied"]
    assert phone.get("/v1/me/now").json()["visits"][0]["lines"][0]["quantity"] == 2
    cloud.host.put("/receipts/r-1", receipt(phone.shopper_id))
    assert not cloud.host.put("/visits/v-1/basket", basket(phone.shopper_id, 999, p1=9)).json()["applied"]
    assert phone.get("/v1/me/now").json()["visits"][0]["state"] == "closed"
    cloud.clock.turn(2 * 86_400)  # the visit is forgotten, the bill is not
    assert not cloud.host.put("/visits/v-1/basket", basket(phone.shopper_id, 999, p1=9)).json()["applied"]


def test_baskets_that_race_end_with_the_newest(cloud: Cloud) -> None:
    phone = cloud.guest()
    answers = race(8, lambda n: cloud.host.put("/visits/v-1/basket", basket(phone.shopper_id, n, p1=n + 1)))
    assert {answer.status_code for answer in answers} == {200}
    assert phone.get("/v1/me/now").json()["visits"][0]["lines"][0]["quantity"] == 8
    shown = [data["lines"][0]["quantity"] for kind, data in news(phone) if kind == "basket"]
    assert shown == sorted(shown)


def test_a_receipt_is_kept_once_and_never_changes(cloud: Cloud) -> None:
    phone = cloud.guest()
    first = cloud.host.put("/receipts/r-1", receipt(phone.shopper_id))
    cloud.clock.turn(5)
    again = cloud.host.put("/receipts/r-1", receipt(phone.shopper_id))
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["Idempotent-Replay"] == "true"
    other = receipt(phone.shopper_id, needs_review=True, review_reasons=["a scale was silent"])
    answer = cloud.host.put("/receipts/r-1", other)
    assert (answer.status_code, answer.json()["code"]) == (409, "receipt-differs")
    assert len(phone.get("/v1/receipts").json()["receipts"]) == 1
    assert [kind for kind, _ in news(phone)].count("receipt") == 1


TAXES = [
    {"name": "consumption tax 8 % (food)", "rate_percent": 8.0, "amount": 300, "tax": 22},
    {"name": "consumption tax 10 %", "rate_percent": 10.0, "amount": 130, "tax": 12},
]


def test_a_receipt_and_its_correction_say_their_taxes(cloud: Cloud) -> None:
    phone = cloud.guest()
    cloud.host.put("/receipts/r-1", receipt(phone.shopper_id, taxes=TAXES))
    lines = receipt("")["lines"][:1]
    again = receipt(phone.shopper_id, "r-2", corrects="r-1", lines=lines, total=300, taxes=TAXES[:1])
    assert cloud.host.put("/receipts/r-2", again).status_code == 201
    untaxed = receipt(phone.shopper_id, "r-3", "v-2")
    assert cloud.host.put("/receipts/r-3", untaxed).status_code == 201
    kept = {one["receipt_id"]: one["taxes"] for one in phone.get("/v1/receipts").json()["receipts"]}
    assert kept == {"r-1": TAXES, "r-2": TAXES[:1], "r-3": []}
    assert [data["taxes"] for kind, data in news(phone) if kind == "receipt"] == [TAXES, TAXES[:1], []]


@pytest.mark.parametrize(
    "tax", [{"amount": 431}, {"tax": 301}, {"tax": -1}, {"rate_percent": -8.0}, {"amount": 3.5}, {"name": "x" * 201}]
)
def test_a_tax_that_cannot_be_in_the_receipt_is_refused(cloud: Cloud, tax: dict[str, Any]) -> None:
    phone = cloud.guest()
    answer = cloud.host.put("/receipts/r-1", receipt(phone.shopper_id, taxes=[{**TAXES[0], **tax}]))
    assert (answer.status_code, answer.json()["code"]) == (422, "body-invalid")


def test_a_receipt_that_was_kept_before_there_were_taxes_is_still_the_same(cloud: Cloud) -> None:
    phone = cloud.guest()
    storage = cloud.services.storage
    sent = receipt(phone.shopper_id, taxes=TAXES)
    assert cloud.host.put("/receipts/r-1", sent).status_code == 201
    (item,) = storage.query(f"STORE#{STORE}", "RECEIPT#").items
    body = bodies.Receipt.model_validate(sent).model_dump(mode="json", exclude={"taxes"})
    old = {key: value for key, value in item.data["receipt"].items() if key != "taxes"}
    storage.write(Put(item.pk, item.sk, {"receipt": old, "content": fingerprint(body)}, item.version, index=item.index))
    again = cloud.host.put("/receipts/r-1", sent)
    assert (again.status_code, again.headers["Idempotent-Replay"]) == (201, "true")
    assert cloud.host.put("/receipts/r-1", {**sent, "needs_review": True}).json()["code"] == "receipt-differs"
    assert phone.get("/v1/receipts").json()["receipts"][0]["taxes"] == []


def test_receipts_that_race_are_kept_once(cloud: Cloud) -> None:
    phone = cloud.guest()
    same = race(8, lambda _: cloud.host.put("/receipts/r-1", receipt(phone.shopper_id)))
    assert {answer.status_code for answer in same} == {201}
    assert len({answer.text for answer in same}) == 1
    rivals = race(8, lambda n: cloud.host.put(f"/receipts/s-{n}", receipt(phone.shopper_id, f"s-{n}", "v-2")))
    assert sorted(answer.status_code for answer in rivals) == [201] + [409] * 7
    assert {answer.json()["code"] for answer in rivals if answer.status_code == 409} == {"visit-already-billed"}
    assert len(phone.get("/v1/receipts").json()["receipts"]) == 2
    assert [kind for kind, _ in news(phone)].count("receipt") == 2


def test_a_receipt_whose_twin_was_kept_between_two_looks_is_a_repetition(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone = cloud.guest()
    for sent in (receipt(phone.shopper_id), receipt(phone.shopper_id, "r-2", corrects="r-1")):
        path = f"/receipts/{sent['receipt_id']}"
        twin, answer = with_twin(cloud, monkeypatch, "BILLED#", lambda path=path, sent=sent: cloud.host.put(path, sent))
        assert (twin.status_code, answer.status_code) == (201, 201)
        assert answer.json() == twin.json()
        assert answer.headers["Idempotent-Replay"] == "true"
    assert [kind for kind, _ in news(phone)].count("receipt") == 2


def test_a_correction_names_the_newest_receipt(cloud: Cloud) -> None:
    phone = cloud.guest()
    cloud.host.put("/receipts/r-1", receipt(phone.shopper_id))
    lines = receipt("")["lines"][:1]

    def correct(receipt_id: str, corrects: str) -> Any:
        body = receipt(phone.shopper_id, receipt_id, corrects=corrects, lines=lines, total=300)
        return cloud.host.put(f"/receipts/{receipt_id}", body)

    assert correct("r-2", "").json()["code"] == "visit-already-billed"
    assert correct("r-2", "r-0").json()["code"] == "correction-unknown"
    assert correct("r-2", "r-1").status_code == 201
    assert correct("r-2", "r-1").status_code == 201
    assert correct("r-3", "r-1").json()["code"] == "correction-unknown", "r-1 is corrected already"
    assert correct("r-3", "r-2").status_code == 201
    chain = {one["receipt_id"]: one["corrected_by"] for one in phone.get("/v1/receipts").json()["receipts"]}
    assert chain == {"r-1": "r-2", "r-2": "r-3", "r-3": ""}
    again = cloud.host.put("/receipts/r-1", receipt(phone.shopper_id))
    assert again.status_code == 201, "the old receipt is still the same receipt"


def test_a_correction_may_move_a_receipt_to_its_true_shopper(cloud: Cloud) -> None:
    wrong, true = cloud.guest(), cloud.guest()
    cloud.host.put("/receipts/r-1", receipt(wrong.shopper_id))
    answer = cloud.host.put("/receipts/r-2", receipt(true.shopper_id, "r-2", corrects="r-1"))
    assert answer.status_code == 201
    assert [one["receipt_id"] for one in true.get("/v1/receipts").json()["receipts"]] == ["r-2"]
    assert news(wrong)[-1][1]["corrected_by"] == "r-2"
    assert wrong.get("/v1/me/now").json()["visits"] == []


def test_a_shopper_reads_only_their_own(cloud: Cloud) -> None:
    mine, theirs = cloud.guest(), cloud.guest()
    cloud.host.put("/visits/v-1/basket", basket(mine.shopper_id, 1, p1=1))
    cloud.host.put("/receipts/r-1", receipt(mine.shopper_id))
    assert theirs.get("/v1/receipts").json()["receipts"] == []
    assert theirs.get("/v1/me/now").json()["visits"] == []
    assert [kind for kind, _ in news(theirs)] == ["checked_in"]
    hidden, absent = theirs.get(f"/v1/receipts/{STORE}/r-1"), theirs.get(f"/v1/receipts/{STORE}/r-9")
    assert hidden.status_code == absent.status_code == 404
    assert hidden.json() == absent.json(), "one cannot even learn that it exists"
    assert cloud.http.get(f"/v1/receipts/{STORE}/r-1").status_code == 401


def test_a_store_bills_only_who_came_to_it(cloud: Cloud) -> None:
    stranger = cloud.phone()
    answer = cloud.host.put("/receipts/r-1", receipt(stranger.shopper_id))
    assert (answer.status_code, answer.json()["code"]) == (422, "shopper-not-checked-in")
    answer = cloud.host.put("/visits/v-1/basket", basket(stranger.shopper_id, 1))
    assert (answer.status_code, answer.json()["code"]) == (422, "shopper-not-checked-in")
    guest = cloud.guest()
    elsewhere = cloud.other_host.put("/receipts/r-1", receipt(guest.shopper_id))
    assert elsewhere.json()["code"] == "shopper-not-checked-in"
    assert cloud.host.get("/receipts/r-1").json()["code"] == "receipt-unknown"


def test_stores_do_not_share_receipt_ids(cloud: Cloud) -> None:
    phone = cloud.guest()
    cloud.other_host.check_in(phone.code())
    cloud.host.put("/receipts/r-1", receipt(phone.shopper_id))
    cloud.other_host.put("/receipts/r-1", receipt(phone.shopper_id, lines=[], total=0))
    assert phone.get(f"/v1/receipts/{STORE}/r-1").json()["total"] == 430
    assert phone.get(f"/v1/receipts/{OTHER_STORE}/r-1").json()["total"] == 0


def test_a_receipt_of_nobody_is_kept_for_the_store(cloud: Cloud) -> None:
    assert cloud.host.put("/visits/v-1/basket", basket("", 1, p1=1)).json()["applied"]
    assert cloud.host.put("/receipts/r-1", receipt("")).status_code == 201
    assert [one["receipt_id"] for one in cloud.host.get("/receipts").json()["receipts"]] == ["r-1"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"total": 431},
        {"total": -430},
        {
            "lines": [{"product_id": "p", "name": "n", "quantity": 2, "unit_price": 1, "amount": 1}],
            "total": 1,
        },
        {
            "lines": [{"product_id": "p", "name": "n", "quantity": 0, "unit_price": 1, "amount": 0}],
            "total": 0,
        },
        {
            "lines": [{"product_id": "p", "name": "n", "quantity": -1, "unit_price": 5, "amount": -5}],
            "total": -5,
        },
        {"currency": "yen"},
        {"receipt_id": "r-2"},
        {"visit_id": "a/b"},
        {"visit_id": "a#b"},
        {"shopper_id": "x" * 32},
        {"total": "430"},
        {"total": 430.5},
        {"left": 160},
        {"entered": {"sec": -1, "nanosec": 0}},
        {"needs_review": "no"},
    ],
)
def test_a_wrong_receipt_is_refused_with_its_fields(cloud: Cloud, wrong: dict[str, Any]) -> None:
    phone = cloud.guest()
    answer = cloud.host.put("/receipts/r-1", receipt(phone.shopper_id, **wrong))
    assert answer.status_code == 422
    assert answer.json()["code"] == "body-invalid"
    assert cloud.host.get("/receipts").json()["receipts"] == []


def test_receipts_come_in_pages_the_latest_visit_first(cloud: Cloud) -> None:
    phone = cloud.guest()
    for number in (3, 1, 5, 2, 4):
        left = {"sec": 1000 + number, "nanosec": 0}
        cloud.host.put(f"/receipts/r-{number}", receipt(phone.shopper_id, f"r-{number}", f"v-{number}", left=left))
    seen, cursor = [], ""
    while True:
        page = phone.get("/v1/receipts", params={"limit": 2, "after": cursor}).json()
        seen += [one["receipt_id"] for one in page["receipts"]]
        cursor = page["cursor"]
        if not cursor:
            break
    assert seen == ["r-5", "r-4", "r-3", "r-2", "r-1"]
    seen, cursor = [], ""
    while True:
        page = cloud.host.get("/receipts", params={"limit": 2, "after": cursor}).json()
        seen += [one["receipt_id"] for one in page["receipts"]]
        cursor = page["cursor"]
        if not cursor:
            break
    assert seen == ["r-1", "r-2", "r-3", "r-4", "r-5"]
