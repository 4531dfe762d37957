from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from ledger.events import PartKind
from ledger.money import MoneyError
from tests.workers.platforms.amazon import ORDER, POSTED, item, money, node, principal, transaction
from workers.platforms.amazon_rows import Row, amount_of, moment
from workers.platforms.amazon_transactions import order_of, rows_from

LATER = "2026-03-15T10:00:00.000Z"


def row(*transactions: dict[str, Any]) -> Row:
    (found,) = rows_from(transactions)
    return found


def held(status: str = "DEFERRED", **more: str) -> dict[str, Any]:
    return transaction("-20.00", item(principal("-20.00")), id_="held", status=status, **more)


def release(**more: str) -> dict[str, Any]:
    identifiers = {"DEFERRED_TRANSACTION_ID": "held", **more}
    return transaction("-20.00", item(principal("-20.00")), id_="free", posted=LATER, **identifiers)


def test_a_transaction_is_a_row() -> None:
    found = row(transaction("-20.00", item(principal("-20.00"), quantity=2), REFUND_ID="r-1"))
    assert (found.id, found.kind, found.order_id, found.refund_id) == ("t-1", "refund", ORDER, "r-1")
    assert (found.posted_at, found.is_pending) == (datetime(2026, 3, 1, 10, tzinfo=UTC), False)
    assert (found.currency, found.total) == ("USD", Decimal(-20))
    (only,) = found.items
    assert (only.sku, only.title, only.quantity, only.line_id) == ("TSHIRT-M", "T-shirt, M", 2, "")
    assert [(each.kind, each.amount) for each in only.charges] == [(PartKind.ITEM, Decimal(-20))]


@pytest.mark.parametrize(
    ("status", "is_pending"),
    [
        ("DEFERRED", True),
        ("Deferred", True),
        ("RELEASED", False),
        ("Released", False),  # as the example of the official model has it
        ("DEFERRED_RELEASED", False),
        ("", False),
    ],
)
def test_only_money_that_is_held_back_is_pending(status: str, is_pending: bool) -> None:  # noqa: FBT001 - a table
    assert row(held(status)).is_pending is is_pending


def test_money_released_later_is_one_row_with_what_held_it_back() -> None:
    before = row(held())
    after = row(held("DEFERRED_RELEASED", RELEASE_TRANSACTION_ID="free"), release())
    assert (after.id, after.posted_at) == (before.id, before.posted_at)
    assert (before.is_pending, after.is_pending) == (True, False)


def test_it_is_enough_that_one_of_the_two_names_the_other() -> None:
    unnamed = transaction("-20.00", id_="free", posted=LATER)
    assert row(held("DEFERRED_RELEASED", RELEASE_TRANSACTION_ID="free"), unnamed).id == "held"
    assert row(held(), release()).id == "held"
    assert not row(held(), release()).is_pending


def test_a_release_alone_is_known_by_what_it_releases() -> None:
    found = row(release(REFUND_ID="r-1"))
    assert (found.id, found.refund_id, found.is_pending) == ("held", "r-1", False)


def test_a_transaction_on_two_pages_is_one_row() -> None:
    assert row(held(), held()).id == "held"


def test_rows_come_oldest_first() -> None:
    first, second = transaction("-1", id_="b"), transaction("-1", id_="a", posted=LATER)
    assert [each.id for each in rows_from([second, first])] == ["b", "a"]


def test_transactions_without_an_id_are_told_apart_by_what_they_are() -> None:
    nameless = [transaction(total, id_="") for total in ("-1.00", "-2.50")]
    assert [each.id for each in rows_from(nameless)] == [f"refund-{POSTED}--1", f"refund-{POSTED}--2.5"]


def test_of_an_order_id_told_twice_the_first_counts() -> None:
    told = transaction("-1")
    told["relatedIdentifiers"].append(
        {"relatedIdentifierName": "ORDER_ID", "relatedIdentifierValue": "another"}
    )
    assert order_of(told) == row(told).order_id == ORDER


def test_what_is_about_no_order_says_so() -> None:
    assert order_of({"relatedIdentifiers": None}) == ""


def test_where_items_are_not_broken_down_the_transaction_is() -> None:
    told = transaction("-21.00", item(quantity=None))
    told["breakdowns"] = [
        node("Refunded Sales", "-24.00", node("ProductCharges", "-24.00")),
        node("Refunded Expenses", "3.00", node("AmazonFees", "3.00")),
    ]
    (only,) = row(told).items
    assert (only.sku, only.quantity) == ("", 0)
    assert [(each.kind, each.amount) for each in only.charges] == [
        (PartKind.ITEM, Decimal(-24)),
        (PartKind.FEE, Decimal(3)),
    ]


@pytest.mark.parametrize("items", [[], None])
def test_what_nothing_is_broken_down_is_an_adjustment(items: list[Any] | None) -> None:
    told = {**transaction("-5.00"), "items": items, "breakdowns": None}
    found = [charge for each in row(told).items for charge in each.charges]
    assert [(each.kind, each.name, each.amount) for each in found] == [
        (PartKind.ADJUSTMENT, "Refund Order", Decimal(-5))
    ]


def test_what_the_items_leave_of_the_total_is_an_adjustment() -> None:
    told = transaction("-25.00", item(principal("-20.00")))
    told["description"] = None
    rest = row(told).items[-1].charges
    assert [(each.kind, each.name, each.amount) for each in rest] == [
        (PartKind.ADJUSTMENT, "Not broken down", Decimal(-5))
    ]


def test_null_stands_for_what_is_not_there() -> None:
    told = transaction("-20.00", {**item(principal("-20.00")), "description": None, "contexts": None})
    (only,) = row(told).items
    assert (only.sku, only.title, only.quantity) == ("", "", 0)


@pytest.mark.parametrize(
    ("value", "amount"),
    [(3, "3"), (Decimal("-19.949999999999999"), "-19.95"), (Decimal("0.1"), "0.1")],
)
def test_binary_dust_is_rounded_off_an_amount(value: object, amount: str) -> None:
    assert amount_of(value) == Decimal(amount)


@pytest.mark.parametrize("value", ["3.00", None, [], 1.5])
def test_an_amount_is_a_number(value: object) -> None:
    with pytest.raises(TypeError):
        amount_of(value)


@pytest.mark.parametrize("value", [Decimal("1e40"), Decimal("1e-40"), 10**40])
def test_an_amount_beyond_all_measure_is_none(value: object) -> None:
    with pytest.raises(MoneyError):
        amount_of(value)


def test_a_time_without_a_zone_is_in_utc() -> None:
    assert moment("2026-03-01T10:00:00") == moment("2026-03-01T12:00:00+02:00")


def test_an_amount_without_a_currency_is_no_answer_of_amazons() -> None:
    told = transaction("-1")
    del told["totalAmount"]["currencyCode"]
    with pytest.raises(KeyError):
        rows_from([told])
    assert money("1")["currencyCode"] == "USD"
