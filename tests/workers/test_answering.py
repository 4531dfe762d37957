"""What a person asks for and only a worker can do, over real HTTP with both platforms."""

import json
import uuid
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy.orm import Session

from ledger import requests
from ledger.clock import utcnow
from ledger.models import Account, NetSuiteAccount, Refund, Request, RequestKind, RequestState
from ledger.models.accounts import Direction
from ledger.requests import LEASE, MOST_TRIES
from ledger.states import State
from tests.support.ledger import TRACE, make_seen
from tests.support.racing import race
from tests.support.sandboxed import Books, Shop, Tenant
from tests.support.world import World, changed, while_held
from workers import answering
from workers.process import process
from workers.runtime import Runtime

Ask = Callable[[Session], Request]


def retrieve(world: World, owner: Tenant, order: str, side: str | None = None) -> Request:
    """Return the answer to a request for an order's refunds."""

    def ask(session: Session) -> Request:
        account = session.get_one(Account, owner.id)
        return requests.retrieve(
            session, account, order, side, now=utcnow(), actor="api:ci", trace_id=uuid.uuid4().hex
        )

    return answered(world, ask)


def check(world: World, owner: Tenant) -> Request:
    """Return the answer to a request to try an account out."""

    def ask(session: Session) -> Request:
        account: Account | NetSuiteAccount
        if isinstance(owner, Books):
            account = session.get_one(NetSuiteAccount, owner.id)
        else:
            account = session.get_one(Account, owner.id)
        return requests.check(session, account, now=utcnow(), actor="api:ci", trace_id=TRACE)

    return answered(world, ask)


def dry_run(world: World, refund_id: int) -> Request:
    """Return the answer to what would be done with a refund."""
    return answered(
        world,
        lambda session: requests.dry_run(session, refund_id, now=utcnow(), actor="api:ci", trace_id=TRACE),
    )


def answered(world: World, ask: Ask) -> Request:
    with world.database.write() as session:
        number = ask(session).id
    answering.answer(world.runtime, number)
    return read(world, number)


def read(world: World, number: int) -> Request:
    with world.database.read() as session:
        return requests.get(session, number)


def test_the_storefronts_refunds_are_taken_over_and_a_worker_is_woken(world: World, shop: Shop) -> None:
    order = shop.order()
    shop.refund(order)
    answer = retrieve(world, shop, str(order["name"]))
    refund = world.only_refund()
    assert (answer.state, answer.result) == (
        RequestState.DONE,
        {"refund_ids": [refund.id], "new_ids": [refund.id]},
    )
    assert (refund.origin, refund.state) == ("shopify", State.SCHEDULED)
    assert world.runtime.redis.llen("rq:queue:shopify") == 1
    assert [entry.actor for entry in world.audit("order_link")] == ["api:ci"]
    assert retrieve(world, shop, str(order["id"])).result == {"refund_ids": [refund.id], "new_ids": []}


def test_the_books_refunds_are_taken_over(world: World, netsuite: Books) -> None:
    shop = world.add_shop(netsuite, direction=Direction.FROM_NETSUITE)
    order = shop.order()
    record_id = netsuite.refund(netsuite.order(str(order["name"])))
    answer = retrieve(world, shop, str(order["name"]))
    assert answer.state is RequestState.DONE
    assert world.only_refund().source_refund_id == record_id
    assert world.runtime.redis.llen("rq:queue:shopify") == 1


def test_a_record_that_news_overtook_while_it_was_read_is_left_to_the_news(
    world: World, netsuite: Books
) -> None:
    shop = world.add_shop(netsuite, direction=Direction.FROM_NETSUITE)
    order = shop.order()
    record_id = netsuite.refund(netsuite.order(str(order["name"])))
    told = world.deliver(netsuite, changed("creditmemo", record_id))
    refusals: list[Request] = []
    netsuite.fault("suiteql", "latency", seconds=0, when="after")  # of the order; then comes the record
    ask = lambda: refusals.append(retrieve(world, shop, str(order["name"])))  # noqa: E731 - in another thread
    with while_held(netsuite, "suiteql", ask, after=1, when="after"):
        process(world.another(), told)
    (refused,) = refusals
    assert (refused.state, refused.reason) == (RequestState.FAILED, "changing")
    assert refused.detail.endswith("; ask again")
    assert retrieve(world, shop, str(order["name"])).state is RequestState.DONE


def test_it_is_told_in_plain_words_why_nothing_came(world: World, netsuite: Books) -> None:
    shop = world.add_shop(netsuite, direction=Direction.FROM_NETSUITE)
    numbers = {
        "order_not_found": "4711",
        "order_not_synced": str(shop.order()["name"]),
        "order_not_billed": _imported(shop, netsuite, billed=""),
        "no_refund": _imported(shop, netsuite),
    }
    for reason, number in numbers.items():
        answer = retrieve(world, shop, number)
        assert (answer.state, answer.reason, answer.result) == (RequestState.FAILED, reason, {})
        assert answer.detail
        assert answer.ended_at is not None
    assert world.refunds() == []


def _imported(shop: Shop, netsuite: Books, billed: str = "invoice") -> str:
    name = str(shop.order()["name"])
    netsuite.order(name, billed=billed)
    return name


def test_a_dry_run_says_what_would_be_written_and_writes_nothing(
    world: World, netsuite: Books, shop: Shop
) -> None:
    netsuite.order()
    world.tell(shop, make_seen())
    posted = netsuite.writes()
    number = _another(world, shop)
    answer = dry_run(world, number)
    assert answer.state is RequestState.DONE
    assert (answer.result["action"], answer.result["target_type"]) == ("write", "creditmemo")
    plan = json.loads(json.dumps(answer.result["plan"]))
    assert plan["external_id"] == world.refund(number).key
    assert [line["amount"] for line in plan["lines"]] == [{"amount": "20.00", "currency": "USD"}]
    assert netsuite.writes() == posted
    assert world.refund(number).state is State.HELD


def _another(world: World, shop: Shop) -> int:
    """Return a second refund, which is held for review."""
    world.set(shop, settings={**_settings(world, shop), "review": True})
    world.tell(shop, make_seen(refund_id="509562970"))
    return max(refund.id for refund in world.refunds())


def _settings(world: World, shop: Shop) -> dict[str, object]:
    with world.database.read() as session:
        return session.get_one(Account, shop.id).settings


def test_a_dry_run_without_a_plan_says_why(world: World, netsuite: Books, shop: Shop) -> None:
    world.tell(shop, make_seen())
    answer = dry_run(world, world.only_refund().id)
    assert netsuite.writes() == {}
    assert (answer.result["action"], answer.result["reason"]) == ("wait", "ORDER_NOT_SYNCED")
    assert answer.result["plan"] is None


def test_a_refund_that_is_gone_meanwhile_is_not_found(world: World, shop: Shop) -> None:
    world.tell(shop, make_seen())
    with world.database.write() as session:
        number = world.only_refund().id
        request = requests.dry_run(session, number, now=utcnow(), actor="api:ci", trace_id=TRACE)
        request.params = {"refund_id": number + 1}
    answering.answer(world.runtime, request.id)
    assert read(world, request.id).reason == "refund_not_found"


def test_credentials_that_hold_are_told(world: World, netsuite: Books, shop: Shop) -> None:
    for owner in (netsuite, shop):
        answer = check(world, owner)
        assert (answer.state, answer.reason, answer.result) == (RequestState.DONE, "", {}), answer.detail
    assert netsuite.operations()
    assert shop.operations()


def test_books_that_nobody_has_joined_are_tried_out_too(world: World, netsuite: Books) -> None:
    assert check(world, netsuite).state is RequestState.DONE


@pytest.mark.parametrize("whose", ["netsuite", "shop"])
def test_credentials_that_do_not_hold_are_told_with_the_mend(
    world: World, netsuite: Books, shop: Shop, whose: str
) -> None:
    owner: Tenant = {"netsuite": netsuite, "shop": shop}[whose]
    world.set(owner, credentials=world.runtime.vault.seal({"access_token": ""}))
    answer = check(world, owner)
    assert (answer.state, answer.reason) == (RequestState.FAILED, "bad_credentials")
    assert answer.detail


def test_a_platform_that_refuses_is_quoted_and_does_not_pause_the_account(
    world: World, netsuite: Books, shop: Shop
) -> None:
    assert netsuite.id
    world.set(shop, credentials=world.runtime.vault.seal({"access_token": "shpat_of_another_shop"}))
    answer = check(world, shop)
    assert (answer.state, answer.reason) == (RequestState.FAILED, "BAD_CREDENTIALS")
    assert answer.detail.endswith(".")
    account = world.account(shop)
    assert account.paused_reason == ""


def test_secrets_that_cannot_be_opened_are_told(world: World, shop: Shop) -> None:
    world.set(shop, credentials=b"sealed with another key")
    assert check(world, shop).state is RequestState.FAILED


def test_whatever_goes_wrong_is_told_and_logged(world: World, shop: Shop) -> None:
    world.set(shop, settings={})
    with world.database.write() as session:
        account = session.get_one(Account, shop.id)
        request = requests.check(session, account, now=utcnow(), actor="api:ci", trace_id=TRACE)
        request.kind = RequestKind.RETRIEVE  # without its params
    answering.answer(world.runtime, request.id)
    answer = read(world, request.id)
    assert (answer.state, answer.reason) == (RequestState.FAILED, "INTERNAL")
    assert [line["request"] for line in world.log if line["event"] == "crash"] == [request.id]


def test_a_request_is_answered_by_one_worker(world: World, shop: Shop) -> None:
    order = shop.order()
    shop.refund(order)
    with world.database.write() as session:
        account = session.get_one(Account, shop.id)
        number = requests.retrieve(
            session, account, str(order["name"]), now=utcnow(), actor="api:ci", trace_id=TRACE
        ).id
    runtimes: list[Runtime] = [world.runtime, world.another(), world.another()]
    race(*[partial(answering.answer, each, number) for each in runtimes])
    assert len([line for line in world.log if line["event"] == "answered"]) == 1
    assert read(world, number).tries == 1
    answering.answer(world.runtime, number)
    answering.answer(world.runtime, 4711)
    assert read(world, number).tries == 1


def test_a_request_that_brings_workers_down_is_given_up(world: World, shop: Shop) -> None:
    with world.database.write() as session:
        account = session.get_one(Account, shop.id)
        number = requests.check(session, account, now=utcnow(), actor="api:ci", trace_id=TRACE).id
    for number_of_try in range(MOST_TRIES):
        with world.database.write() as session:
            then = utcnow() - LEASE * (MOST_TRIES - number_of_try) - timedelta(seconds=1)
            assert requests.claim(session, number, now=then) is not None
    answering.answer(world.runtime, number)
    answer = read(world, number)
    assert (answer.state, answer.reason) == (RequestState.FAILED, "INTERNAL")
    assert shop.operations() == []


def test_refunds_come_from_the_side_asked_for_whatever_the_direction(
    world: World, netsuite: Books, shop: Shop
) -> None:
    order = shop.order()
    netsuite.refund(netsuite.order(str(order["name"])))
    assert retrieve(world, shop, str(order["name"]), "netsuite").state is RequestState.DONE
    found: Refund = world.only_refund()
    assert found.origin == "netsuite"
