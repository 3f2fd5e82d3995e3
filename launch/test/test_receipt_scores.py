# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Receipt scores in cases small enough to count by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yokotago_bringup.receipt_scores import (
    ReceiptTally,
    basket_latencies,
    final_receipts,
    match_visits,
    percentile,
    receipt_latencies,
    tally_case,
)
from yokotago_model.events import (
    SECOND,
    Basket,
    BasketLine,
    Receipt,
    ReceiptLine,
    TrueAction,
    TrueActionKind,
)

PRICES = {"tea": 100, "rice": 250, "gum": 50}


def receipt(
    visit: str,
    shopper: str,
    units: dict[str, int],
    *,
    entered: int = 0,
    left: int = 60,
    review: bool = False,
    corrects: str = "",
) -> Receipt:
    lines = tuple(ReceiptLine(p, p, n, PRICES[p], n * PRICES[p]) for p, n in sorted(units.items()))
    return Receipt(
        stamp=left * SECOND,
        receipt_id=f"r-{visit}-{len(corrects)}",
        visit_id=visit,
        shopper_id=shopper,
        entered=entered * SECOND,
        left=left * SECOND,
        lines=lines,
        currency="JPY",
        total=sum(line.amount for line in lines),
        needs_review=review,
        review_reasons=("unsure",) if review else (),
        corrects=corrects,
    )


def test_the_same_units_on_another_visit_are_wrong_twice() -> None:
    true = [receipt("person-1", "ann", {"tea": 2}), receipt("person-2", "bob", {"rice": 1})]
    made = [receipt("v1", "ann", {"tea": 1}), receipt("v2", "bob", {"rice": 1, "tea": 1})]
    tally = tally_case(true, made)
    assert (tally.true_positives, tally.false_positives, tally.false_negatives) == (2, 1, 1)
    figures = tally.figures
    assert figures["line_f1"] == pytest.approx(4 / 6)
    assert figures["exact_receipts"] == 0.0
    assert figures["unbilled_value"] == pytest.approx(100 / 450)
    assert figures["overbilled_value"] == pytest.approx(100 / 450)


def test_nothing_taken_and_nothing_billed_is_perfect() -> None:
    tally = tally_case([receipt("person-1", "ann", {})], [receipt("v1", "ann", {})])
    assert tally.figures["line_f1"] == 1.0
    assert tally.figures["exact_cases"] == 1.0
    assert tally.figures["unbilled_value"] is None


def test_a_missing_receipt_is_not_exact_even_when_nothing_was_taken() -> None:
    tally = tally_case([receipt("person-1", "ann", {})], [])
    assert tally.figures["exact_receipts"] == 0.0
    assert tally.figures["review_rate"] is None


def test_goods_on_a_receipt_of_nobody_are_false_positives() -> None:
    tally = tally_case([receipt("person-1", "ann", {"tea": 1})], [receipt("v1", "", {"tea": 1})])
    assert (tally.true_positives, tally.false_positives, tally.false_negatives) == (0, 1, 1)
    assert tally.exact_cases == 0


def test_two_visits_of_one_shopper_are_told_apart_by_time() -> None:
    true = [
        receipt("person-1", "ann", {"tea": 1}, entered=0, left=60),
        receipt("person-9", "ann", {"rice": 1}, entered=600, left=660),
    ]
    made = [
        receipt("v2", "ann", {"rice": 1}, entered=602, left=661),
        receipt("v1", "ann", {"tea": 1}, entered=1, left=59),
    ]
    assert match_visits(true, made) == {0: 1, 1: 0}


def test_visits_without_check_in_are_matched_by_entry() -> None:
    true = [receipt("person-1", "", {}, entered=100), receipt("person-2", "", {}, entered=104)]
    made = [receipt("v1", "", {}, entered=105), receipt("v2", "", {}, entered=99), receipt("v3", "", {}, entered=300)]
    assert match_visits(true, made) == {0: 1, 1: 0}


def test_a_correction_replaces_its_receipt() -> None:
    wrong = receipt("v1", "ann", {"tea": 2})
    right = receipt("v1", "ann", {"tea": 1}, corrects=wrong.receipt_id)
    assert final_receipts([wrong, right]) == [right]
    assert tally_case([receipt("person-1", "ann", {"tea": 1})], [wrong, right]).exact_cases == 1


def test_reviewed_receipts_do_not_count_as_accepted() -> None:
    true = [receipt("person-1", "ann", {"tea": 1}), receipt("person-2", "bob", {"gum": 1})]
    made = [receipt("v1", "ann", {"tea": 1}), receipt("v2", "bob", {"gum": 3}, review=True)]
    figures = tally_case(true, made).figures
    assert figures["review_rate"] == 0.5
    assert figures["auto_accept_precision"] == 1.0


def test_f1_of_several_cases_is_their_mean() -> None:
    good = tally_case([receipt("person-1", "ann", {"tea": 9})], [receipt("v1", "ann", {"tea": 9})])
    bad = tally_case([receipt("person-1", "ann", {"gum": 1})], [receipt("v1", "ann", {})])
    figures = (good + bad).figures
    assert figures["line_f1"] == 0.5
    assert figures["line_recall"] == 0.9
    assert figures["cases"] == 2


baskets = st.dictionaries(st.sampled_from(sorted(PRICES)), st.integers(1, 4))


@given(st.lists(st.tuples(baskets, baskets), min_size=1, max_size=4))
def test_units_add_up(units: list[tuple[dict[str, int], dict[str, int]]]) -> None:
    true = [receipt(f"person-{i}", f"s{i}", t) for i, (t, _) in enumerate(units)]
    made = [receipt(f"v{i}", f"s{i}", m) for i, (_, m) in enumerate(units)]
    tally = tally_case(true, made)
    assert tally.true_positives + tally.false_negatives == sum(sum(t.values()) for t, _ in units)
    assert tally.true_positives + tally.false_positives == sum(sum(m.values()) for _, m in units)
    assert tally.goods_value - tally.missing_value + tally.extra_value == sum(r.total for r in made)
    assert tally + ReceiptTally() == tally


def test_latency_of_a_receipt_is_from_the_true_exit_to_the_first_receipt() -> None:
    true = [receipt("person-1", "ann", {}, left=60)]
    made = [(62 * SECOND, receipt("v1", "ann", {}, left=61)), (90 * SECOND, receipt("v1", "ann", {"tea": 1}, left=61))]
    assert receipt_latencies(true, made) == [2.0]


def action(person: int, kind: TrueActionKind, product: str, end: int) -> TrueAction:
    return TrueAction(
        stamp=(end - 1) * SECOND,
        kind=kind,
        person_id=person,
        other_person_id=0,
        product_id=product,
        quantity=1,
        shelf_id="A",
        facing_id="A1",
        reach_begin=(end - 2) * SECOND,
        reach_end=end * SECOND,
    )


def basket(visit: str, units: dict[str, int]) -> Basket:
    lines = tuple(BasketLine(p, n, 1.0) for p, n in sorted(units.items()))
    return Basket(0, visit, "ann", (1,), lines)


def test_latency_of_a_basket_is_from_the_end_of_the_withdrawal_to_the_basket_that_shows_it() -> None:
    actions = [
        action(1, TrueActionKind.TAKE, "tea", 10),
        action(1, TrueActionKind.TAKE, "tea", 20),
        action(1, TrueActionKind.PUT_BACK, "tea", 30),
        action(1, TrueActionKind.TAKE, "gum", 40),
    ]
    made = [
        (11 * SECOND, basket("v1", {"tea": 1})),
        (12 * SECOND, basket("v2", {"tea": 1})),
        (19 * SECOND, basket("v1", {"tea": 2})),
        (32 * SECOND, basket("v1", {"tea": 1})),
    ]
    assert basket_latencies(actions, made, {1: "v1"}) == [1.0, -1.0, 2.0]


def test_no_latencies_have_no_percentile() -> None:
    assert percentile([], 95) is None
    assert percentile([1.0, 2.0, 3.0], 50) == 2.0
