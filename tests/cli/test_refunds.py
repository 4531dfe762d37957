"""`refund-sync refund list|show` and what a person may do with refunds."""

import pytest
from sqlalchemy import update

from ledger import attempts, deliveries, lines, orders, refunds
from ledger.events import PartKind
from ledger.models import Account, OrderLink, OrderState, Refund
from ledger.models.accounts import Direction
from ledger.orders import NetSuiteOrder
from ledger.states import State, Transition
from tests.cli.installation import Installation
from tests.support.ledger import (
    NOW,
    make_account,
    make_delivery,
    make_part,
    make_payment,
    make_refund,
    make_seen,
)

ESC = "\x1b[2J"


def _shop(installation: Installation, slug: str = "my-shop", shop: str = "my-shop.myshopify.com") -> Account:
    with installation.database.write() as session:
        return make_account(
            session,
            installation.vault,
            slug=slug,
            storefront_id=shop,
            direction=Direction.TO_NETSUITE,
        )


def _refund(
    installation: Installation,
    account: Account,
    refund_id: str = "509562969",
    *,
    order: str = "#1001",
    transition: Transition | None = None,
    reason: str = "NOT_BILLED",
) -> int:
    """Write a refund down and move it on; return its id."""
    with installation.database.write() as session:
        owner = session.merge(account)
        link = orders.ensure(session, owner.id, f"4507{order.strip('#')}", now=NOW, name=order)
        seen = make_seen(refund_id=refund_id, order_id=link.storefront_order_id, order_name=order)
        refund = make_refund(session, owner, seen, link)
        if transition is not None:
            refunds.move(session, refund, transition, reason, now=NOW, detail="as it was")
        return refund.id


def _state(installation: Installation, number: int) -> tuple[State, str]:
    with installation.database.read() as session:
        row = session.get_one(Refund, number)
        return row.state, row.reason


@pytest.fixture
def shop(installation: Installation) -> Account:
    """A shop whose refunds are carried to NetSuite."""
    return _shop(installation)


def test_a_list_is_newest_first_and_read_page_by_page(either: Installation) -> None:
    account = _shop(either)
    ids = [_refund(either, account, str(number)) for number in range(5)]

    first = either.json("refund", "list", "--limit", "2")
    second = either.json("refund", "list", "--limit", "2", "--after", str(first["after"]))
    third = either.json("refund", "list", "--limit", "2", "--after", str(second["after"]))

    pages = [each["id"] for page in (first, second, third) for each in page["refunds"]]
    assert pages == ids[::-1]
    assert third["after"] is None


def test_a_list_is_narrowed_down_by_everything_at_once(either: Installation) -> None:
    mine, other = _shop(either), _shop(either, "other", "other.myshopify.com")
    wanted = _refund(either, mine, "1", order="#1001", transition=Transition.FAIL, reason="MAPPING_MISSING")
    _refund(either, mine, "2", order="#1002", transition=Transition.FAIL, reason="MAPPING_MISSING")
    _refund(either, mine, "3", order="#1001", transition=Transition.WAIT)
    _refund(either, other, "4", order="#1001", transition=Transition.FAIL, reason="MAPPING_MISSING")
    with either.database.write() as session:
        session.execute(update(Refund).values(transaction_type="cash_refund"))

    words = (
        *("refund", "list", "--state", "error", "--state", "held", "--account", "my-shop"),
        *("--source-channel", "shopify", "--transaction-type", "cash_refund", "--reason", "MAPPING_MISSING"),
    )
    found = [either.json(*words, "--order", order)["refunds"] for order in ("1001", "#1001", "45071001")]

    assert [[each["id"] for each in refunds] for refunds in found] == [[wanted]] * 3
    assert either.json(*words, "--source-channel", "netsuite")["refunds"] == []
    assert either.json(*words, "--transaction-type", "credit_memo")["refunds"] == []


def test_a_refund_is_listed_with_exact_money_and_times(installation: Installation, shop: Account) -> None:
    number = _refund(installation, shop)

    listed = installation.json("refund", "list")["refunds"][0]
    table = installation.run("refund", "list").stdout

    assert listed["id"] == number
    assert listed["amount"] == {"amount": "20.00", "currency": "USD"}
    assert listed["occurred_at"] == "2026-03-14T15:09:26Z"
    assert listed["order"] == "#1001"
    assert "20.00 USD" in table
    assert "#1001" in table


def test_a_full_page_says_how_to_go_on(installation: Installation, shop: Account) -> None:
    number = _refund(installation, shop)

    assert f"--after {number}" in installation.run("refund", "list", "--limit", "1").stderr
    assert installation.run("refund", "list", "--limit", "2").stderr == ""


def test_an_empty_list_says_so(installation: Installation) -> None:
    assert installation.run("refund", "list").stdout == "There are no such refunds.\n"
    assert installation.json("refund", "list") == {"refunds": [], "after": None}


@pytest.mark.parametrize(
    "words",
    [
        ("--state", "lost"),
        ("--reason", "BAD_LUCK"),
        ("--source-channel", "walmart"),
        ("--limit", "0"),
        ("--after", "99999999999999999999"),
    ],
)
def test_what_no_refund_can_be_is_a_usage_error(installation: Installation, words: tuple[str, ...]) -> None:
    installation.run("refund", "list", *words, code=2)


def test_an_unknown_account_is_named(installation: Installation) -> None:
    assert "no account 'nobody'" in installation.refused("refund", "list", "--account", "nobody")


def test_a_refund_is_shown_with_its_parts_attempts_audit_trail_and_deliveries(either: Installation) -> None:
    account = _shop(either)
    number = _refund(either, account)
    call = {
        "at": "2026-03-14T15:09:26Z",
        "method": "POST",
        "url": "https://x/suiteql",
        "status": 200,
        "ms": 40,
    }
    with either.database.write() as session:
        owner = session.merge(account)
        deliveries.accept(session, make_delivery(owner, make_seen()), now=NOW)
        deliveries.accept(session, make_delivery(owner.netsuite, key="another"), now=NOW)
        claimed = refunds.claim(session, number, now=NOW)
        assert claimed
        lines.map_all(session, claimed, {0: "line 1, item 60 x 1: 20.00 USD"})
        attempts.begin(session, claimed, now=NOW)
        attempts.end(
            *(session, number, claimed.lease_token),
            now=NOW,
            outcome="fail",
            reason="MAPPING_MISSING",
            detail="item_shipping",
            calls=[call | {"request": '{"q":"SELECT"}', "response": "{}", "request_id": "r-1"}],
        )
        refunds.move(session, claimed, Transition.FAIL, "MAPPING_MISSING", now=NOW, detail="item_shipping")

    shown = either.json("refund", "show", str(number))
    page = either.run("refund", "show", str(number)).stdout
    with_calls = either.run("refund", "show", str(number), "--calls").stdout

    assert shown["lines"][0]["net"] == {"amount": "20.00", "currency": "USD"}
    assert shown["lines"][0]["mapped"].startswith("line 1")
    assert shown["attempts"][0]["calls"][0]["url"] == "https://x/suiteql"
    assert [entry["action"] for entry in shown["audit"]] == ["record", "fail"]
    assert [each["topic"] for each in shown["deliveries"]] == ["refunds/create", "refunds/create"]
    assert [each["account"] for each in shown["deliveries"]] == ["my-shop", "books"]
    assert shown["order_link"]["storefront_name"] == "#1001"
    for words in (
        "A generic item",
        "Set it on the account",
        "line 1, item 60",
        "item_shipping",
        "T-shirt, M",
    ):
        assert words in page
    assert "suiteql" not in page
    assert "suiteql" in with_calls
    assert '{"q":"SELECT"}' in with_calls


def test_a_refund_without_an_order_or_attempts_is_shown_too(
    installation: Installation, shop: Account
) -> None:
    with installation.database.write() as session:
        number = make_refund(session, session.merge(shop), make_seen(order_id="", order_name="#7")).id

    page = installation.run("refund", "show", str(number)).stdout

    assert "#7 (id unknown)" in page
    assert "none" in page
    assert installation.json("refund", "show", str(number))["order_link"] is None


def test_a_linked_order_is_shown_with_both_sides(installation: Installation, shop: Account) -> None:
    number = _refund(installation, shop)
    with installation.database.write() as session:
        link = session.get_one(OrderLink, session.get_one(Refund, number).order_link_id)
        orders.link_netsuite(link, NetSuiteOrder("60", "salesorder", "invoice", "61"), now=NOW)

    assert (
        "salesorder 60, open, billed by invoice 61" in installation.run("refund", "show", str(number)).stdout
    )


@pytest.mark.parametrize("command", ["list", "show"])
def test_what_strangers_wrote_cannot_move_the_cursor(
    installation: Installation, shop: Account, command: str
) -> None:
    parts = (make_part(title=f"T-shirt{ESC}\nfree"), make_part("-5.00", kind=PartKind.ADJUSTMENT))
    with installation.database.write() as session:
        seen = make_seen(order_name=f"#1{ESC}", parts=parts, payments=(make_payment("15.00"),))
        number = make_refund(session, session.merge(shop), seen).id

    said = installation.run("refund", command, *([str(number)] if command == "show" else []), color=True)

    assert "\x1b" not in said.stdout
    assert "\\x1b" in said.stdout


@pytest.mark.parametrize(
    "words", [("show", "7"), ("relink", "7", "--netsuite-order", "60"), ("post", "7"), ("cancel", "7")]
)
def test_a_refund_that_is_not_there_is_named(installation: Installation, words: tuple[str, ...]) -> None:
    assert "there is no refund 7" in installation.refused("refund", *words)


ACTIONS: list[tuple[str, Transition | None, State, str]] = [
    ("post", Transition.HOLD, State.SCHEDULED, "REQUESTED_BY_PERSON"),
    ("retry", Transition.FAIL, State.SCHEDULED, "REQUESTED_BY_PERSON"),
    ("cancel", Transition.WAIT, State.CANCELLED, "CANCELLED_BY_PERSON"),
    ("uncancel", Transition.CANCEL, State.SCHEDULED, "REQUESTED_BY_PERSON"),
    ("resolve", Transition.DISPUTE, State.RESOLVED, "RESOLVED_BY_PERSON"),
]


@pytest.mark.parametrize(("command", "before", "state", "reason"), ACTIONS, ids=[each[0] for each in ACTIONS])
def test_an_action_moves_refunds_says_who_and_why_and_wakes_a_worker(
    installation: Installation,
    shop: Account,
    command: str,
    before: Transition,
    state: State,
    reason: str,
) -> None:
    ids = [_refund(installation, shop, str(number), transition=before) for number in range(2)]

    moved = installation.json("refund", command, *map(str, ids), str(ids[0]), "--note", "asked by Anna")

    assert [(each["id"], each["state"]) for each in moved] == [(number, state) for number in ids]
    for number in ids:
        assert _state(installation, number) == (state, reason)
        entry = installation.json("refund", "show", str(number))["audit"][-1]
        assert entry["actor"].startswith("cli:")
        assert entry["note"] == "asked by Anna"
    expected = [("carry_refund", number) for number in ids] if state is State.SCHEDULED else []
    assert installation.woken("shopify") == expected


def test_what_cannot_be_done_is_said_and_the_rest_is_done(installation: Installation, shop: Account) -> None:
    waiting = _refund(installation, shop, "1", transition=Transition.WAIT)
    cancelled = _refund(installation, shop, "2", transition=Transition.CANCEL)

    said = installation.run("refund", "cancel", str(cancelled), "77", str(waiting), code=1)

    assert f"refund {cancelled}: a refund that is cancelled cannot be cancelled" in said.stderr
    assert "refund 77: there is no refund 77" in said.stderr
    assert f"refund {waiting}: 20.00 USD of order #1001, is cancelled." in said.stdout
    assert _state(installation, waiting)[0] is State.CANCELLED


def test_failures_are_in_the_json_as_well(installation: Installation, shop: Account) -> None:
    number = _refund(installation, shop, transition=Transition.CANCEL)

    said = installation.json("refund", "cancel", str(number), "77", code=1)

    assert [each["error"]["code"] for each in said] == ["illegal_transition", "refund_not_found"]


def test_cancelling_after_a_write_began_says_where_to_look(installation: Installation, shop: Account) -> None:
    number = _refund(installation, shop, transition=Transition.WAIT)
    with installation.database.write() as session:
        session.get_one(Refund, number).write_began = True

    assert "rs-my-shop-509562969" in installation.run("refund", "cancel", str(number)).stdout


def test_a_refund_is_resolved_with_a_note_and_the_record_made_by_hand(
    installation: Installation, shop: Account
) -> None:
    number = _refund(installation, shop, transition=Transition.FAIL)

    installation.run("refund", "resolve", str(number), code=2)
    installation.refused("refund", "resolve", str(number), "--note", " ")
    resolved = installation.json("refund", "resolve", str(number), "--note", "by hand", "--target-id", "4711")

    assert resolved[0]["target_id"] == "4711"
    assert resolved[0]["reason"] == "LINKED_BY_PERSON"


def test_one_record_cannot_settle_two_refunds(installation: Installation) -> None:
    installation.run("refund", "resolve", "1", "2", "--note", "by hand", "--target-id", "4711", code=2)


@pytest.mark.parametrize("command", ["post", "relink"])
def test_without_redis_the_action_holds_and_the_scheduler_is_named(
    installation: Installation, shop: Account, command: str
) -> None:
    number = _refund(installation, shop, transition=Transition.WAIT)
    installation.env["REDIS_URL"] = f"unix://{installation.home / 'nobody.sock'}"
    more = ("--netsuite-order", "60") if command == "relink" else ()

    said = installation.run("refund", command, str(number), *more)

    assert "the scheduler will do it" in said.stderr
    assert _state(installation, number)[0] is State.SCHEDULED


def test_an_order_made_again_is_linked_and_its_refunds_looked_at(either: Installation) -> None:
    account = _shop(either)
    waiting = _refund(either, account, "1", transition=Transition.WAIT)
    disputed = _refund(either, account, "2", transition=Transition.DISPUTE, reason="ORDER_DELETED")
    with either.database.write() as session:
        link = session.get_one(OrderLink, session.get_one(Refund, waiting).order_link_id)
        orders.link_netsuite(link, NetSuiteOrder("50", "salesorder"), now=NOW)
        orders.lose_netsuite(link, now=NOW)

    said = either.run("refund", "relink", str(disputed), "--netsuite-order", "60", "--type", "invoice").stdout

    known = either.json("refund", "show", str(disputed))["order_link"]
    assert (known["netsuite_id"], known["netsuite_type"]) == ("60", "invoice")
    assert known["netsuite_state"] == OrderState.OPEN
    assert f"refund-sync refund retry {disputed}" in said
    assert _state(either, waiting) == (State.SCHEDULED, "FACTS_CHANGED")
    assert _state(either, disputed)[0] is State.DISCREPANCY
    assert either.woken("shopify") == [("carry_refund", waiting)]
    assert either.audit("order_link") == [("relink", "50 -> 60")]


def test_a_refund_without_an_order_cannot_be_linked(installation: Installation, shop: Account) -> None:
    with installation.database.write() as session:
        number = make_refund(session, session.merge(shop)).id

    assert "has no order yet" in installation.refused(
        "refund", "relink", str(number), "--netsuite-order", "60"
    )


def test_what_is_no_record_id_is_a_usage_error(installation: Installation) -> None:
    installation.run("refund", "relink", "1", "--netsuite-order", "SO-60", code=2)
