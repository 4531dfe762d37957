"""From the parts of a refund to the lines of a NetSuite record."""

from dataclasses import replace
from typing import Final

import pytest

from ledger.events import Part, PartKind
from ledger.money import Money
from ledger.policy import Policy
from tests.support.ledger import make_part
from tests.support.rules import MAPPED, make_cash_refund, make_document, make_line, usd
from workers.rules.facts import Document, DocumentLine
from workers.rules.netsuite_lines import PlanError, normal, plan_lines
from workers.rules.views import TargetLine

UNMATCHED: Final = replace(MAPPED, item_unmatched="909")
SHIRT: Final = make_line()
TWO_LINES: Final = (
    make_line(1, quantity="2", amount="40.00"),
    make_line(2, item_id="56", sku="CAP", quantity="1", amount="15.00"),
    make_line(4, quantity="3", amount="54.00"),
)


def planned(
    *parts: Part,
    source: Document | None = None,
    earlier: tuple[Document, ...] = (),
    policy: Policy = MAPPED,
) -> list[TargetLine]:
    return list(plan_lines(parts, source or sold(*TWO_LINES), earlier, policy))


def sold(*lines: DocumentLine, tax: str = "0.00") -> Document:
    return replace(make_document("cashsale", "1301", tax=tax), lines=lines)


def failure(*parts: Part, earlier: tuple[Document, ...] = (), policy: Policy = MAPPED) -> tuple[str, str]:
    with pytest.raises(PlanError) as failed:
        planned(*parts, earlier=earlier, policy=policy)
    assert str(failed.value) == failed.value.detail
    return failed.value.reason, failed.value.detail


def taken(*quantities: tuple[str, str]) -> tuple[Document, ...]:
    return tuple(
        make_cash_refund(f"14{number:02}", make_line(item_id=item_id, quantity=quantity))
        for number, (item_id, quantity) in enumerate(quantities)
    )


def shares(lines: list[TargetLine]) -> list[tuple[int | None, str, str]]:
    return [(line.order_line, line.quantity, str(line.amount.amount)) for line in lines]


@pytest.mark.parametrize("sku", ["TSHIRT-M", "tshirt-m", "  TShirt-M\t"])
def test_skus_match_whatever_their_case_and_surrounding_space(sku: str) -> None:
    assert planned(make_part(sku=sku)) == [TargetLine(1, "55", "1", usd("20.00"), sku, (0,))]
    assert planned(make_part(), source=sold(make_line(sku=sku)))[0].order_line == 1


def test_case_is_folded_as_unicode_does_and_inner_space_counts() -> None:
    assert normal(" Straße ") == normal("STRASSE")
    assert normal("T SHIRT") != normal("TSHIRT")


@pytest.mark.parametrize("sku", ["", "  "])
def test_items_without_a_sku_are_not_alike(sku: str) -> None:
    nameless = sold(make_line(sku=sku))
    (line,) = planned(make_part(sku=sku), source=nameless, policy=UNMATCHED)
    assert (line.order_line, line.item_id) == (None, "909")


@pytest.mark.parametrize(
    ("quantity", "net", "expected"),
    [
        ("1", "20.00", [(1, "1", "20.00")]),
        ("2", "40.00", [(1, "2", "40.00")]),
        ("3", "58.00", [(1, "2", "38.67"), (4, "1", "19.33")]),
        ("5", "94.00", [(1, "2", "37.60"), (4, "3", "56.40")]),
        ("2.5", "50.00", [(1, "2", "40.00"), (4, "0.5", "10.00")]),
    ],
)
def test_one_sku_on_several_lines_is_taken_in_their_order(
    quantity: str, net: str, expected: list[tuple[int, str, str]]
) -> None:
    assert shares(planned(make_part(net, quantity=quantity))) == expected


def test_several_parts_of_one_sku_share_what_is_there() -> None:
    lines = planned(make_part("20.00"), make_part("54.00", quantity="3"), make_part("18.00"))
    assert shares(lines) == [(1, "1", "20.00"), (1, "1", "18.00"), (4, "2", "36.00"), (4, "1", "18.00")]
    assert [line.positions for line in lines] == [(0,), (1,), (1,), (2,)]


def test_more_than_is_left_is_an_over_refund() -> None:
    assert failure(make_part("100.00", quantity="6")) == (
        "OVER_REFUND",
        "1 more of TSHIRT-M than are left to refund",
    )
    assert failure(make_part(quantity="3"), make_part(quantity="3"))[0] == "OVER_REFUND"


def test_an_unmatched_item_does_not_save_an_over_refund() -> None:
    assert failure(make_part(quantity="6"), policy=UNMATCHED)[0] == "OVER_REFUND"


def test_what_was_refunded_before_is_not_there_any_more() -> None:
    assert shares(planned(make_part("20.00"), earlier=taken(("55", "2")))) == [(4, "1", "20.00")]
    assert shares(planned(make_part("40.00", quantity="2"), earlier=taken(("55", "1"), ("56", "1")))) == [
        (1, "1", "20.00"),
        (4, "1", "20.00"),
    ]
    assert failure(make_part(quantity="3"), earlier=taken(("55", "2"), ("55", "1"))) == (
        "OVER_REFUND",
        "1 more of TSHIRT-M than are left to refund",
    )


@pytest.mark.parametrize("quantity", ["5", "99"])
def test_a_sku_that_is_used_up_is_an_over_refund_and_no_unknown_item(quantity: str) -> None:
    reason, detail = failure(make_part(), earlier=taken(("55", quantity)), policy=UNMATCHED)
    assert (reason, detail) == ("OVER_REFUND", "1 more of TSHIRT-M than are left to refund")


def test_refunds_of_other_items_took_nothing() -> None:
    assert shares(planned(make_part(), earlier=taken(("902", "1"), ("56", "9")))) == [(1, "1", "20.00")]


def test_an_unknown_sku_is_not_found() -> None:
    assert failure(make_part(sku="MUG", title="Mug")) == (
        "ITEM_NOT_FOUND",
        "SKU 'MUG' (Mug) is not on the billed record",
    )


def test_an_unknown_sku_goes_to_the_unmatched_item_with_its_tax_beside_it() -> None:
    mug = make_part("9.00", "0.90", sku="MUG", title="Mug", quantity="3")
    assert planned(mug, policy=UNMATCHED, source=sold(SHIRT, tax="8.00")) == [
        TargetLine(None, "909", "1", usd("9.00"), "Mug", (0,)),
        TargetLine(None, "904", "1", usd("0.90"), "Tax", (0,)),
    ]


def test_an_item_without_a_quantity_is_refunded_by_amount() -> None:
    (line,) = planned(make_part("3.00", quantity="0"), policy=UNMATCHED)
    assert (line.order_line, line.item_id, line.amount) == (None, "909", usd("3.00"))


def test_an_item_that_costs_nothing_is_returned_for_nothing_and_needs_no_mapping() -> None:
    assert shares(planned(make_part("0.00"))) == [(1, "1", "0.00")]
    assert planned(make_part("0.00", sku="MUG")) == []


GENERIC: Final = [
    (PartKind.SHIPPING, "5.00", "item_shipping"),
    (PartKind.SHIPPING, "-5.00", "item_shipping"),
    (PartKind.SHIPPING, "0.01", "item_shipping"),
    (PartKind.ADJUSTMENT, "5.00", "item_adjustment_positive"),
    (PartKind.ADJUSTMENT, "-5.00", "item_adjustment_negative"),
    (PartKind.ADJUSTMENT, "0.05", "item_adjustment_positive"),
    (PartKind.ADJUSTMENT, "-0.05", "item_adjustment_negative"),
    (PartKind.GIFT_CARD, "5.00", "item_gift_card"),
    (PartKind.DUTY, "5.00", "item_duty"),
    (PartKind.FEE, "-5.00", "item_fee"),
    (PartKind.TAX, "5.00", "item_tax"),
    (PartKind.DIFFERENCE, "0.05", "item_rounding"),
    (PartKind.DIFFERENCE, "-0.05", "item_rounding"),
    (PartKind.DIFFERENCE, "0.06", "item_adjustment_positive"),
    (PartKind.DIFFERENCE, "-0.06", "item_adjustment_negative"),
]


@pytest.mark.parametrize(("kind", "net", "setting"), GENERIC)
def test_what_is_no_item_goes_to_the_generic_item_for_it(kind: PartKind, net: str, setting: str) -> None:
    label = kind.value.capitalize()
    expected = TargetLine(None, getattr(MAPPED, setting), "1", usd(net), label, (0,))
    assert planned(make_part(net, kind=kind)) == [expected]


@pytest.mark.parametrize(("kind", "net", "setting"), GENERIC)
def test_a_generic_item_that_is_not_configured_is_a_missing_mapping(
    kind: PartKind, net: str, setting: str
) -> None:
    policy, _ = MAPPED.changed(setting, "")
    assert failure(make_part(net, kind=kind), policy=policy) == (
        "MAPPING_MISSING",
        f"the account's setting {setting} is empty",
    )


@pytest.mark.parametrize(("kind", "net", "setting"), GENERIC)
def test_no_other_generic_item_is_needed(kind: PartKind, net: str, setting: str) -> None:
    policy, _ = Policy().changed(setting, "42")
    assert [line.item_id for line in planned(make_part(net, kind=kind), policy=policy)] == ["42"]


@pytest.mark.parametrize("kind", [kind for kind in PartKind if kind is not PartKind.ITEM])
def test_what_is_no_item_takes_nothing_of_a_line_even_if_it_names_its_sku(kind: PartKind) -> None:
    named = replace(make_part("5.00"), kind=kind)
    assert [line.order_line for line in planned(named)] == [None]


@pytest.mark.parametrize("kind", [kind for kind in PartKind if kind is not PartKind.ITEM])
def test_a_part_of_nothing_is_no_line(kind: PartKind) -> None:
    assert planned(make_part("0.00", kind=kind), policy=Policy()) == []


@pytest.mark.parametrize(
    ("currency", "within", "above"), [("JPY", "5", "6"), ("USD", "0.05", "0.06"), ("KWD", "0.005", "0.006")]
)
def test_the_rounding_tolerance_is_in_minor_units_of_the_currency(
    currency: str, within: str, above: str
) -> None:
    for amount, item in ((within, "908"), (above, "902"), (f"-{within}", "908"), (f"-{above}", "903")):
        part = make_part(amount, "0", kind=PartKind.DIFFERENCE, currency=currency)
        (line,) = planned(part)
        assert (line.item_id, line.amount) == (item, Money.parse(amount, currency))


def test_no_tolerance_leaves_every_difference_to_the_adjustments() -> None:
    policy = replace(MAPPED, rounding_tolerance_minor=0)
    (line,) = planned(make_part("0.01", kind=PartKind.DIFFERENCE), policy=policy)
    assert line.item_id == "902"


@pytest.mark.parametrize(
    ("part", "label"),
    [
        (make_part(sku="MUG", title="Mug"), "Mug"),
        (make_part(sku="MUG", title=""), "MUG"),
        (replace(make_part(kind=PartKind.FEE), title=""), "fee"),
    ],
)
def test_an_added_line_says_what_it_is_for(part: Part, label: str) -> None:
    (line,) = planned(part, policy=UNMATCHED)
    assert line.label == label


@pytest.mark.parametrize(
    ("tax_mode", "source_tax", "tax_lines"),
    [
        ("auto", "8.00", []),
        ("auto", "0.00", ["1.60"]),
        ("netsuite", "8.00", []),
        ("netsuite", "0.00", []),
        ("line", "8.00", ["1.60"]),
        ("line", "0.00", ["1.60"]),
    ],
)
def test_the_tax_of_a_matched_item_is_netsuites_or_a_line(
    tax_mode: str, source_tax: str, tax_lines: list[str]
) -> None:
    policy = replace(MAPPED, tax_mode=tax_mode)
    item, *taxes = planned(make_part("20.00", "1.60"), source=sold(SHIRT, tax=source_tax), policy=policy)
    assert item.amount == usd("20.00")
    assert [str(line.amount.amount) for line in taxes] == tax_lines


@pytest.mark.parametrize("tax_mode", ["auto", "netsuite", "line"])
def test_the_tax_of_what_is_not_matched_is_always_a_line(tax_mode: str) -> None:
    shipping = make_part("5.00", "0.40", kind=PartKind.SHIPPING)
    tax_only = make_part("0.00", "1.00", kind=PartKind.TAX)
    lines = planned(
        shipping, tax_only, source=sold(SHIRT, tax="8.00"), policy=replace(MAPPED, tax_mode=tax_mode)
    )
    assert lines == [
        TargetLine(None, "901", "1", usd("5.00"), "Shipping", (0,)),
        TargetLine(None, "904", "1", usd("1.40"), "Tax", (0, 1)),
    ]


def test_tax_given_back_alone_is_one_line_on_the_tax_item() -> None:
    assert planned(make_part("0.00", "1.60", kind=PartKind.TAX)) == [
        TargetLine(None, "904", "1", usd("1.60"), "Tax", (0,))
    ]


def test_a_tax_line_without_its_item_is_a_missing_mapping() -> None:
    assert failure(make_part("20.00", "1.60"), policy=replace(MAPPED, item_tax="")) == (
        "MAPPING_MISSING",
        "the account's setting item_tax is empty",
    )


@pytest.mark.parametrize(
    ("currency", "net", "expected"),
    [
        ("JPY", "1000", ["333", "667"]),
        ("USD", "10.00", ["3.33", "6.67"]),
        ("KWD", "10.000", ["3.333", "6.667"]),
        ("USD", "0.01", ["0.00", "0.01"]),
        ("USD", "-10.00", ["-3.33", "-6.67"]),
    ],
)
def test_an_amount_is_spread_to_the_last_minor_unit_of_its_currency(
    currency: str, net: str, expected: list[str]
) -> None:
    source = sold(
        make_line(1, currency=currency, amount="0"), make_line(2, quantity="2", currency=currency, amount="0")
    )
    lines = planned(make_part(net, "0", currency=currency, quantity="3"), source=source)
    assert [str(line.amount.amount) for line in lines] == expected
