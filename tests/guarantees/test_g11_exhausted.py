"""G11: what is given up is there to be seen, and may be done again, one by one or many at once."""

from ledger.models import DeliveryState
from ledger.models.accounts import Direction
from ledger.schedule import TRIES
from ledger.states import State
from tests.guarantees.house import ON_SQLITE, House


def exhaust(house: House, number: int) -> list[int]:
    """Have some refunds fail until they are given up; return their ids."""
    for _ in range(number):
        house.refund()
    house.books.fault("suiteql", "status", status=503, times=number * TRIES)
    house.settle()
    return [refund.id for refund in house.world.refunds()]


@ON_SQLITE
def test_g11_refunds_whose_tries_are_used_up_are_shown_and_carried_when_a_person_says_so(
    house: House,
) -> None:
    ids = exhaust(house, 3)
    status, shown = house.api("/refunds?state=error")
    assert status == 200
    assert {each["id"]: each["reason"] for each in shown["items"]} == dict.fromkeys(ids, "TRANSIENT")
    assert all(f"gave up after {TRIES} tries" in each["detail"] for each in shown["items"])
    assert [len(house.world.attempts(number)) for number in ids] == [TRIES] * 3

    status, one = house.api(f"/refunds/{ids[0]}/retry", {"note": "NetSuite is back"})
    assert (status, one["state"]) == (200, "scheduled")
    status, many = house.api("/refunds/bulk", {"action": "retry", "ids": ids[1:], "note": "NetSuite is back"})
    assert (status, [each["refund"]["state"] for each in many["items"]]) == (200, ["scheduled"] * 2)
    house.settle()
    assert {refund.state for refund in house.world.refunds()} == {State.POSTED}
    assert house.books.writes() == {"creditMemo": 3}


@ON_SQLITE
def test_g11_deliveries_that_could_not_be_worked_off_are_shown_and_replayed(house: House) -> None:
    house.world.set(house.shop, direction=Direction.FROM_NETSUITE)
    order = house.shop.order()
    memo = house.books.refund(house.books.order(order["name"]))
    assert house.told_by_books(memo).json() == {"outcome": "accepted"}
    (number,) = [each.id for each in house.deliveries() if each.source == "netsuite"]
    house.books.fault("*", "status", status=503, times=TRIES)  # so that the memo cannot be read
    for _ in range(TRIES):
        house.later()
        house.sweep()
        house.work()
    shown = house.api("/deliveries?state=failed")[1]["items"]
    assert [(each["id"], each["reason"]) for each in shown] == [(number, "TRANSIENT")]
    assert house.world.refunds() == []

    assert house.api(f"/deliveries/{number}/replay", {})[1]["state"] == "received"
    house.work()
    assert house.world.delivery(number).state is DeliveryState.PROCESSED
    house.settle()
    assert {each.reason for each in house.world.refunds()} <= {"POSTED", "ECHO"}
    assert house.shop.writes() == {"refundCreate": 1}
