"""From the parts of a NetSuite refund to the lines of a storefront refund."""

from dataclasses import replace
from typing import Final

import pytest

from ledger.events import Part, PartKind
from ledger.models.accounts import Direction
from ledger.money import Money
from ledger.policy import Policy
from tests.support.ledger import make_part
from tests.support.rules import STOREFRONT_ORDER, make_owner, make_storefront_line, make_view, usd
from workers.rules.facts import StorefrontLine
from workers.rules.from_netsuite import decide
from workers.rules.views import Action, Decision, StorefrontPlan

NEVER: Final = Policy(restock="never")
ALWAYS: Final = Policy(restock="always", return_location="905684977")
FOLLOW: Final = Policy(restock="follow", return_location="905684977")
TWO_SHIRTS: Final = (
    make_storefront_line("1", quantity=2, refundable=1),
    make_storefront_line("2", sku="CAP", quantity=1, refundable=1),
    make_storefront_line("3", quantity=3, refundable=3),
)


def decided(
    *parts: Part, lines: tuple[StorefrontLine, ...] = TWO_SHIRTS, policy: Policy = NEVER
) -> Decision[StorefrontPlan]:
    return decide(
        make_view(*parts, direction=Direction.FROM_NETSUITE, record_type="cashrefund"),
        make_owner(direction=Direction.FROM_NETSUITE, policy=policy),
        None,
        replace(STOREFRONT_ORDER, lines=lines),
        was_read=True,
    )


def planned(
    *parts: Part, lines: tuple[StorefrontLine, ...] = TWO_SHIRTS, policy: Policy = NEVER
) -> StorefrontPlan:
    decision = decided(*parts, lines=lines, policy=policy)
    assert decision.plan is not None, decision
    return decision.plan


def taken(plan: StorefrontPlan) -> list[tuple[str, int, int]]:
    return [(line.line_id, line.quantity, line.position) for line in plan.lines]


@pytest.mark.parametrize("sku", ["CAP", " cap", "Cap\t"])
def test_items_match_lines_by_their_normal_sku(sku: str) -> None:
    assert taken(planned(make_part(sku=sku))) == [("2", 1, 0)]


@pytest.mark.parametrize(
    ("quantity", "expected"),
    [("1", [("1", 1, 0)]), ("2", [("1", 1, 0), ("3", 1, 0)]), ("4", [("1", 1, 0), ("3", 3, 0)])],
)
def test_only_what_is_refundable_is_taken_line_by_line(
    quantity: str, expected: list[tuple[str, int, int]]
) -> None:
    assert taken(planned(make_part(quantity=quantity))) == expected


def test_parts_of_one_sku_do_not_take_the_same_unit_twice() -> None:
    assert taken(planned(make_part(), make_part(quantity="3"))) == [("1", 1, 0), ("3", 3, 1)]


@pytest.mark.parametrize(
    ("parts", "detail"),
    [
        ((make_part(quantity="5"),), "1 of TSHIRT-M are not there to refund"),
        ((make_part(quantity="3"), make_part(quantity="2")), "1 of TSHIRT-M are not there to refund"),
        ((make_part(sku="MUG"),), "1 of MUG are not there to refund"),
        ((make_part(quantity="0.5"),), "0.5 of TSHIRT-M is not a whole number"),
    ],
    ids=["too many", "too many together", "unknown", "a fraction"],
)
def test_goods_that_are_not_there_fail(parts: tuple[Part, ...], detail: str) -> None:
    assert decided(*parts) == Decision(Action.FAIL, "STOREFRONT_LINE_NOT_FOUND", detail)


def test_a_whole_quantity_may_be_written_with_decimals() -> None:
    assert taken(planned(make_part(quantity="2.000"))) == [("1", 1, 0), ("3", 1, 0)]


@pytest.mark.parametrize("sku", ["", " "])
def test_lines_without_a_sku_are_not_alike(sku: str) -> None:
    nameless = (make_storefront_line("1", sku=""), make_storefront_line("2", sku=" "))
    decision = decided(make_part(sku=sku), lines=nameless)
    assert (decision.action, decision.reason) == (Action.FAIL, "STOREFRONT_LINE_NOT_FOUND")


@pytest.mark.parametrize("kind", [kind for kind in PartKind if kind is not PartKind.ITEM])
def test_what_is_no_item_is_refunded_by_amount_alone(kind: PartKind) -> None:
    # A line of a NetSuite record has a SKU and a quantity, an added charge's too.
    charge = replace(make_part("5.00"), kind=kind)
    plan = planned(charge, make_part(sku="CAP"))
    assert taken(plan) == [("2", 1, 1)]
    assert plan.amount == usd("25.00")


def test_an_item_without_a_quantity_is_refunded_by_amount_and_restocks_nothing() -> None:
    plan = planned(make_part("5.00", quantity="0", sku="MUG"), policy=replace(ALWAYS, return_location=""))
    assert (plan.lines, plan.amount, plan.location_id) == ((), usd("5.00"), "")


@pytest.mark.parametrize(
    ("policy", "expected"),
    [(NEVER, [False, False]), (ALWAYS, [True, True]), (FOLLOW, [True, False])],
    ids=["never", "always", "follow"],
)
def test_goods_are_restocked_as_the_account_says(policy: Policy, expected: list[bool]) -> None:
    plan = planned(make_part(restock=True), make_part(sku="CAP", restock=False), policy=policy)
    assert [line.restock for line in plan.lines] == expected
    assert plan.location_id == (policy.return_location if any(expected) else "")


@pytest.mark.parametrize(
    ("policy", "restock", "fails"),
    [
        (NEVER, True, False),
        (replace(ALWAYS, return_location=""), False, True),
        (replace(FOLLOW, return_location=""), True, True),
        (replace(FOLLOW, return_location=""), False, False),
    ],
    ids=["never", "always", "follow, comes back", "follow, is kept"],
)
def test_rule_10_restocking_needs_a_location(policy: Policy, restock: bool, fails: bool) -> None:  # noqa: FBT001 - parameters
    decision = decided(make_part(restock=restock), policy=policy)
    if fails:
        detail = "the account restocks, but its setting return_location is empty"
        assert decision == Decision(Action.FAIL, "MAPPING_MISSING", detail)
    else:
        assert decision.action is Action.WRITE


@pytest.mark.parametrize(
    ("nets", "expected"),
    [([], None), (["0.00"], None), (["5.00"], "5.00"), (["5.00", "0.00", "2.50"], "7.50")],
)
def test_shipping_is_the_sum_of_its_parts_or_none(nets: list[str], expected: str | None) -> None:
    shipping = [make_part(net, kind=PartKind.SHIPPING) for net in nets]
    plan = planned(make_part(), *shipping)
    assert plan.shipping == (None if expected is None else usd(expected))


@pytest.mark.parametrize(("currency", "amount"), [("JPY", "1000"), ("KWD", "1.234")])
def test_amounts_keep_the_decimals_of_their_currency(currency: str, amount: str) -> None:
    part = make_part(amount, "0", currency=currency)
    order = replace(STOREFRONT_ORDER, currency=currency, paid=Money.parse("5000", currency), lines=TWO_SHIRTS)
    refund = make_view(part, direction=Direction.FROM_NETSUITE)
    account = make_owner(direction=Direction.FROM_NETSUITE, policy=NEVER)
    plan = decide(refund, account, None, order, was_read=True).plan
    assert plan is not None
    assert plan.amount == Money.parse(amount, currency)
