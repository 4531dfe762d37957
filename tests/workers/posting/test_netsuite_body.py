"""The body of the transform, as it is and as NetSuite's published schemas have it."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from jsonschema import Draft202012Validator

from ledger import exact_json
from ledger.money import Money
from ledger.policy import Policy
from tests.support.ledger import make_part
from tests.support.netsuite_strategies import Scene, scenes
from tests.support.rules import CASH_SALE, INVOICE, KEY, make_order, make_owner, make_view, usd
from workers.posting.netsuite_body import transform_body
from workers.rules.facts import Document
from workers.rules.to_netsuite import decide
from workers.rules.views import LinkView, NetSuitePlan, TargetLine

MATCHED: Final = TargetLine(4, "55", "1.5", usd("30.00"), "TSHIRT-M", (0,))
ADDED: Final = TargetLine(None, "903", "1", usd("-4.50"), "Restocking fee", (1,))
RECORDS: Final = {"creditmemo": "creditMemo", "cashrefund": "cashRefund"}


def make_plan(
    *lines: TargetLine, target_type: str = "cashrefund", location: str = "", account: str = ""
) -> NetSuitePlan:
    return NetSuitePlan(
        source_type="cashsale",
        source_id="1301",
        target_type=target_type,
        external_id=KEY,
        lines=lines or (MATCHED, ADDED),
        memo=f"shop refund {KEY}",
        location_id=location,
        refund_account=account,
    )


def planned(scene: Scene) -> NetSuitePlan | None:
    return decide(scene.refund, scene.account, LinkView("450789469"), scene.order).plan


def on_the_wire(plan: NetSuitePlan) -> Any:  # noqa: ANN401 - JSON
    """Return the body as NetSuite reads it: through text, with exact numbers."""
    return json.loads(exact_json.dumps(transform_body(plan)), parse_float=Decimal)


def closed(schema: object) -> None:
    """Make a schema refuse what it does not name, in every object of it."""
    if isinstance(schema, dict):
        if "properties" in schema:
            schema["additionalProperties"] = False
        for part in schema.values():
            closed(part)


@pytest.fixture(scope="session")
def validators(specs_dir: Path) -> dict[str, Draft202012Validator]:
    """Validators of the records that refuse unknown names, as NetSuite is asked to."""
    text = (specs_dir / "netsuite" / "netsuite_rest_2026_1_subset.oas3.json").read_text(encoding="utf-8")
    schemas = json.loads(text)["components"]["schemas"]
    # The subset leaves the lines of cash refunds out and says that they are like those of credit memos.
    schemas["cashRefund"]["properties"]["item"] = {"$ref": "#/components/schemas/creditMemo-itemCollection"}
    closed(schemas)
    return {
        record: Draft202012Validator(
            {"$ref": f"#/components/schemas/{name}", "components": {"schemas": schemas}}
        )
        for record, name in RECORDS.items()
    }


def test_a_line_of_the_source_is_named_by_its_number_and_keeps_the_sources_rate_and_location() -> None:
    body = transform_body(make_plan(MATCHED, location="3"))
    assert body["item"]["items"] == [
        {
            "orderLine": 4,
            "item": {"id": "55"},
            "quantity": Decimal("1.5"),
            "price": {"id": "-1"},
            "amount": Decimal("30.00"),
        }
    ]


@pytest.mark.parametrize(("location", "extra"), [("", {}), ("3", {"location": {"id": "3"}})])
def test_an_added_line_says_its_rate_what_it_is_for_and_where(location: str, extra: dict[str, Any]) -> None:
    body = transform_body(make_plan(ADDED, location=location))
    assert body["item"]["items"] == [
        {
            "item": {"id": "903"},
            "quantity": Decimal(1),
            "price": {"id": "-1"},
            "amount": Decimal("-4.50"),
            "rate": Decimal("-4.50"),
            "description": "Restocking fee",
            **extra,
        }
    ]


@pytest.mark.parametrize("target_type", RECORDS)
def test_a_refund_bears_our_key_and_takes_no_shipping_of_its_source(target_type: str) -> None:
    body = transform_body(make_plan(target_type=target_type))
    assert (body["externalId"], body["memo"], body["shippingCost"]) == (KEY, f"shop refund {KEY}", 0)
    assert "account" not in body


def test_a_cash_refund_is_paid_from_the_account_that_is_set() -> None:
    assert transform_body(make_plan(account="77"))["account"] == {"id": "77"}


def test_a_return_authorization_has_no_shipping_cost_which_netsuite_would_refuse() -> None:
    # NetSuite REST API Browser 2026.1: record `returnAuthorization` has neither `shippingCost` nor `account`.
    body = transform_body(make_plan(MATCHED, target_type="returnauthorization"))
    assert set(body) == {"externalId", "memo", "item"}


@pytest.mark.parametrize(("currency", "amount"), [("JPY", "1000"), ("USD", "10.50"), ("KWD", "1.234")])
def test_amounts_are_numbers_in_major_units_digit_by_digit(currency: str, amount: str) -> None:
    line = TargetLine(None, "902", "1", Money.parse(amount, currency), "Goodwill", (0,))
    text = exact_json.dumps(transform_body(make_plan(line)))
    assert f'"amount":{amount},' in text
    assert f'"rate":{amount},' in text


@pytest.mark.parametrize("target_type", RECORDS)
@pytest.mark.parametrize("lines", [(MATCHED,), (ADDED,), (MATCHED, ADDED)])
def test_the_body_is_of_the_published_schema(
    validators: dict[str, Draft202012Validator], target_type: str, lines: tuple[TargetLine, ...]
) -> None:
    plan = make_plan(*lines, target_type=target_type, location="3", account="77")
    validators[target_type].validate(on_the_wire(plan))


@pytest.mark.parametrize("billed", [CASH_SALE, INVOICE], ids=["cash sale", "invoice"])
def test_the_body_of_a_decided_refund_is_of_the_published_schema(
    validators: dict[str, Draft202012Validator], billed: Document
) -> None:
    account = make_owner(policy=Policy(location="3", refund_account="77", item_tax="904"))
    refund = make_view(make_part("20.00", "1.60"))
    plan = decide(refund, account, LinkView("450789469"), make_order(billed)).plan
    assert plan is not None
    validators[plan.target_type].validate(on_the_wire(plan))


@given(scene=scenes())
def test_every_body_is_of_the_published_schema(
    validators: dict[str, Draft202012Validator], scene: Scene
) -> None:
    plan = planned(scene)
    if plan is not None and plan.target_type in RECORDS:
        validators[plan.target_type].validate(on_the_wire(plan))


@pytest.mark.parametrize("target_type", RECORDS)
@pytest.mark.parametrize(
    ("where", "name", "value"),
    [
        ("body", "no_such_field", "x"),
        ("line", "no_such_field", "x"),
        ("line", "quantity", "1"),
        ("line", "amount", "20.00"),
        ("line", "orderLine", "4"),
        ("line", "item", "55"),
    ],
)
def test_the_schemas_refuse_unknown_names_and_wrong_types(
    validators: dict[str, Draft202012Validator], target_type: str, where: str, name: str, value: str
) -> None:
    body = on_the_wire(make_plan(target_type=target_type))
    (body if where == "body" else body["item"]["items"][0])[name] = value
    assert not validators[target_type].is_valid(body)
