from datetime import timedelta
from typing import Any

import pytest

from ledger.money import Money
from tests.workers.platforms.ebay import AT, DATE, amount, found
from tests.workers.platforms.world import usd
from workers.platforms.ebay_fees import fees_given_back


def booking(value: str = "20.0", fees: str | None = "2.6", **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """Return a refund's transaction of the Finances API."""
    known = {"transactionId": "T1", "transactionDate": DATE, "amount": amount(value)}
    return {**known, **({"totalFeeAmount": amount(fees)} if fees is not None else {}), **more}


def fees(*bookings: dict[str, Any]) -> dict[str, Money]:
    return fees_given_back([found(reference="R1")], bookings)


@pytest.mark.parametrize(
    "row",
    [
        booking(),
        booking("17.4"),
        booking("1.0", totalFeeBasisAmount=amount("20.0")),
        booking("1.0", references=[{"referenceId": "R1", "referenceType": "REFUND_ID"}]),
        booking(transactionDate="2026-10-02T12:00:00.000Z"),
    ],
)
def test_a_refund_is_found_by_name_or_by_amount_and_date(row: dict[str, Any]) -> None:
    assert fees(row) == {"R1": usd("2.60")}


@pytest.mark.parametrize(
    "row",
    [
        booking("9.0"),
        booking(transactionDate="2026-10-05T12:00:00.000Z"),
        booking(amount=amount("20.0", "EUR")),
        booking("9.0", references=[{"referenceId": "R2"}, {}]),
    ],
)
def test_another_refunds_booking_is_not_its(row: dict[str, Any]) -> None:
    assert fees(row) == {}


@pytest.mark.parametrize("row", [booking(fees=None), booking(totalFeeAmount=amount("1.0", "EUR"))])
def test_no_fees_are_none(row: dict[str, Any]) -> None:
    assert fees(row) == {"R1": usd("0")}


def test_each_booking_is_one_refunds_the_nearest() -> None:
    refunds = [found(reference="R1"), found(reference="R2", at=AT + timedelta(hours=1))]
    rows = [booking(fees="2.0", transactionDate="2026-10-01T13:00:00.000Z"), booking(fees="1.0")]
    assert fees_given_back(refunds, rows) == {"R1": usd("1.00"), "R2": usd("2.00")}
    assert fees_given_back(refunds, rows[:1]) == {"R1": usd("2.00")}


def test_a_refund_that_was_not_issued_is_found_by_name_only() -> None:
    refund = found(refund_id="F1", at=None)
    assert fees_given_back([refund], [booking()]) == {}
    assert fees_given_back([refund], [booking(references=[{"referenceId": "F1"}])]) == {"F1": usd("2.60")}
