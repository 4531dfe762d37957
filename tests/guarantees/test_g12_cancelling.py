"""G12: a cancel never falls between a call and its record, and says where a write may have taken effect."""

from ledger.states import State
from tests.guarantees.house import House
from tests.support.world import while_held


def carried(house: House) -> int:
    """Return the refund whose delivery was understood and which is about to be carried."""
    house.refund()
    # Later than this test lasts, or the echo of the order may be what carries it.
    house.books.fault("suiteql", "status", status=503, headers={"Retry-After": "3600"})
    house.work()
    refund = house.world.only_refund()
    assert refund.state is State.RETRYING
    return refund.id


def test_g12_before_the_write_a_cancel_keeps_it_from_happening(house: House) -> None:
    number = carried(house)
    with while_held(house.books, "suiteql", lambda: house.world.carry(number), after=0):
        status, said = house.api(f"/refunds/{number}/cancel", {"note": "paid in cash"})
    assert (status, said["state"], said["detail"]) == (200, "cancelled", "")
    house.settle()
    assert house.world.refund(number).state is State.CANCELLED
    assert house.books.writes() == {}


def test_g12_between_call_and_record_nobody_cancels(house: House) -> None:
    number = carried(house)
    with while_held(house.books, "record:transform", lambda: house.world.carry(number), after=1):
        status, said = house.api(f"/refunds/{number}/cancel", {})
        assert (status, said["code"]) == (409, "illegal_transition")
        bulk = house.api("/refunds/bulk", {"action": "cancel", "ids": [number]})[1]
        assert bulk["items"][0]["error"]["code"] == "illegal_transition"
    assert house.world.refund(number).state is State.POSTED
    assert house.books.writes() == {"creditMemo": 1}


def test_g12_after_a_write_that_was_not_answered_a_cancel_says_where_to_look(house: House) -> None:
    number = carried(house)
    house.books.fault("record:transform", "reset", when="after")
    assert house.world.carry(number).state is State.RETRYING
    refund = house.world.refund(number)
    assert (refund.reason, house.books.writes()) == ("UNKNOWN_OUTCOME", {"creditMemo": 1})
    status, said = house.api(f"/refunds/{number}/cancel", {"note": "the customer called"})
    assert (status, said["state"]) == (200, "cancelled")
    assert f"a write may have taken effect: look for {refund.key} on the other side" in said["detail"]
    # Brought back, it is looked for before anything else, and found.
    assert house.api(f"/refunds/{number}/uncancel", {})[0] == 200
    house.settle()
    assert house.world.refund(number).reason == "ALREADY_POSTED"
    assert house.books.writes() == {"creditMemo": 1}
