from dataclasses import fields
from datetime import timedelta

import pytest

from ledger.events import PartKind
from ledger.policy import Policy, PolicyError

NAMES = {field.name for field in fields(Policy)}


def test_no_settings_make_the_default_policy() -> None:
    assert Policy.of({}) == Policy()


@pytest.mark.parametrize("name", sorted(NAMES))
def test_every_default_may_be_set_and_stored(name: str) -> None:
    default = getattr(Policy(), name)
    text = {True: "yes", False: "no"}[default] if isinstance(default, bool) else str(default)
    policy, stored = Policy().changed(name, text)
    assert policy == Policy()
    assert stored == default
    assert Policy.of({name: stored}) == Policy()


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("order_match", "external_id", "external_id"),
        ("order_match", "custbody_storefront_order", "custbody_storefront_order"),
        ("order_match_value", "id", "id"),
        ("currency_mode", "presentment", "presentment"),
        ("tax_mode", "line", "line"),
        ("returns", "create", "create"),
        ("returns_before_receipt", "yes", True),
        ("restock", "never", "never"),
        ("refund_method", "store_credit", "store_credit"),
        ("review", "yes", True),
        ("location", "12", "12"),
        ("refund_account", "218", "218"),
        ("return_location", "gid://shopify/Location/905684977", "gid://shopify/Location/905684977"),
        ("item_shipping", "4311", "4311"),
        ("item_shipping", "", ""),
        ("rounding_tolerance_minor", "0", 0),
        ("order_deadline_days", "365", 365),
        ("poll_minutes", "0", 0),  # as often as the installation says
        ("poll_minutes", "1", 1),
        ("poll_minutes", "1440", 1440),
        ("refund_reason", "", ""),
        ("refund_reason", "CustomerReturn", "CustomerReturn"),
        ("unrequested", "post", "post"),
        ("selling_fees", "post", "post"),
        ("refund_method", "offline", "offline"),
    ],
)
def test_a_setting_is_changed_from_text_and_stored_typed(
    name: str,
    text: str,
    value: str | int | bool,  # noqa: FBT001 - a setting's value may be a switch
) -> None:
    policy, stored = Policy().changed(name, text)
    assert stored == value
    assert type(stored) is type(value)
    assert getattr(policy, name) == value
    assert Policy.of({name: stored}) == policy


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("order_match", "tranid"),
        ("order_match", "custbody; DROP TABLE transaction"),
        ("order_match_value", "number"),
        ("currency_mode", ""),
        ("tax_mode", "none"),
        ("returns", "yes"),
        ("restock", "maybe"),
        ("refund_method", "cash"),
        ("notify_customer", "true"),
        ("location", "Warehouse"),
        ("refund_account", "-1"),
        ("item_unmatched", "abc"),
        ("rounding_tolerance_minor", "-1"),
        ("order_deadline_days", "0"),
        ("return_deadline_days", "366"),
        ("money_deadline_days", "two"),
        ("billing_deadline_days", "9" * 5000),
        ("poll_minutes", "1441"),
        ("poll_minutes", "-5"),
        ("refund_reason", "no reason"),
        ("refund_reason", "X" * 61),
        ("unrequested", "ignore"),
        ("selling_fees", "keep"),
    ],
)
def test_a_value_that_will_not_do_is_refused_by_name(name: str, text: str) -> None:
    with pytest.raises(PolicyError, match=name) as refused:
        Policy().changed(name, text)
    assert refused.value.reason == "bad_value"


@pytest.mark.parametrize("name", ["nonsense", "of", "changed", "__class__"])
def test_a_setting_that_does_not_exist_is_refused_with_the_ones_that_do(name: str) -> None:
    with pytest.raises(PolicyError, match="there are: order_match, ") as refused:
        Policy().changed(name, "1")
    assert refused.value.reason == "unknown_setting"


@pytest.mark.parametrize("stored", [{"nonsense": "1"}, {"review": "yes"}, {"location": 12}, {"review": 1}])
def test_stored_settings_of_another_version_are_refused(stored: dict[str, object]) -> None:
    with pytest.raises(PolicyError) as refused:
        Policy.of(stored)
    assert refused.value.reason == "unknown_setting"


def test_stored_values_are_checked_too() -> None:
    with pytest.raises(PolicyError) as refused:
        Policy.of({"restock": "sometimes"})
    assert refused.value.reason == "bad_value"


@pytest.mark.parametrize("kind", [kind for kind in PartKind if kind is not PartKind.ITEM])
@pytest.mark.parametrize("negative", [True, False])
def test_every_part_that_is_no_item_has_a_generic_one(kind: PartKind, *, negative: bool) -> None:
    assert Policy().generic_item(kind, negative=negative) in NAMES


def test_what_is_kept_back_has_a_generic_item_of_its_own() -> None:
    policy = Policy()
    assert policy.generic_item(PartKind.ADJUSTMENT, negative=True) == "item_adjustment_negative"
    assert policy.generic_item(PartKind.DIFFERENCE, negative=False) == "item_adjustment_positive"
    assert policy.generic_item(PartKind.SHIPPING, negative=True) == "item_shipping"


@pytest.mark.parametrize(
    ("reason", "days"),
    [
        ("ORDER_NOT_SYNCED", 14),
        ("NOT_BILLED", 30),
        ("MONEY_PENDING", 30),
        ("OUTCOME_PENDING", 30),
        ("RETURN_NOT_RECEIVED", 60),
    ],
)
def test_each_wait_has_its_deadline(reason: str, days: int) -> None:
    assert Policy().deadline(reason) == timedelta(days=days)
