"""Settings: mappings and rules as typed forms."""

from dataclasses import fields

import pytest
from sqlalchemy import select

from ledger.models import Account, AuditEntry
from ledger.platforms import Platform
from ledger.policy import CHOICES, Policy
from tests.support.ledger import make_account
from tests.webhooks.portal.conftest import Browser, text_of
from webhooks.portal import rule_fields
from webhooks.portal.rule_fields import MAPPINGS, RULES

ALL = [field for group in (*MAPPINGS, *RULES) for field in group.fields]


def settings(browser: Browser) -> dict[str, object]:
    with browser.database.read() as session:
        return dict(session.scalars(select(Account).where(Account.slug == "shop")).one().settings)


def form(groups: tuple[rule_fields.Group, ...], **changes: str) -> dict[str, str]:
    """Return what the form of a shop on Shopify sends while nothing but `changes` is typed."""
    shown = rule_fields.shown(groups, Platform.SHOPIFY)
    return {
        field.name: rule_fields.text_of(Policy(), field.name) for group in shown for field in group.fields
    } | changes


def test_every_setting_has_one_field() -> None:
    assert sorted(field.name for field in ALL) == sorted(each.name for each in fields(Policy))


@pytest.mark.parametrize("field", [each for each in ALL if each.kind == "choice"], ids=lambda each: each.name)
def test_every_value_of_a_choice_is_named_and_is_one(field: rule_fields.RuleField) -> None:
    for value, text in field.options:
        assert text
        Policy().changed(field.name, value)
    assert set(field.says or ()) <= set(CHOICES.get(field.name, ()))


def test_a_form_shows_what_is_set_with_help(admin: Browser, shop_id: int) -> None:
    assert shop_id
    page = admin.get("/settings/mappings/shop").text
    assert 'name="order_match" type="text" value="other_ref_num"' in page
    assert '<option value="name" selected>' in page
    assert "Internal id of an Other Charge for Sale item." in page
    assert 'name="rounding_tolerance_minor" type="number" value="5"' in page


def test_what_matters_elsewhere_only_is_not_asked(admin: Browser, shop_id: int) -> None:
    assert shop_id
    with admin.database.write() as session:
        make_account(session, admin.vault, platform=Platform.EBAY, slug="seller")
    assert 'name="unrequested"' not in admin.get("/settings/rules/shop").text
    assert 'name="unrequested"' in admin.get("/settings/rules/seller").text


def test_only_what_was_changed_is_stored_and_written_down(admin: Browser, shop_id: int) -> None:
    assert shop_id
    answer = admin.post("/settings/rules/shop", form(RULES, review="yes", order_deadline_days="7"))
    assert "The settings of shop were changed." in text_of(admin.follow(answer))
    assert settings(admin) == {"review": True, "order_deadline_days": 7}
    with admin.database.read() as session:
        notes = session.scalars(select(AuditEntry.note).where(AuditEntry.action == "set")).all()
    assert sorted(notes) == ["order_deadline_days 14 -> 7", "review False -> True"]
    page = text_of(admin.get("/settings/rules"))
    assert "Review each refund before it is posted: Yes" in page
    assert "For the order to be in NetSuite: 7" in page


def test_nothing_changes_if_one_field_is_wrong(admin: Browser, shop_id: int) -> None:
    assert shop_id
    answer = admin.post("/settings/mappings/shop", form(MAPPINGS, item_shipping="1201", item_tax="VAT"))
    assert (answer.status_code, settings(admin)) == (422, {})
    assert "Must be a NetSuite internal id (digits), not 'VAT'." in text_of(answer)
    assert 'value="1201"' in answer.text
    assert 'id="e-item_tax"' in answer.text


def test_what_stays_as_it_is_is_said(admin: Browser, shop_id: int) -> None:
    assert shop_id
    answer = admin.post("/settings/mappings/shop", form(MAPPINGS))
    assert "Nothing was changed." in text_of(admin.follow(answer))
    assert settings(admin) == {}


def test_a_setting_goes_back_to_nothing(admin: Browser, shop_id: int) -> None:
    assert shop_id
    admin.post("/settings/mappings/shop", form(MAPPINGS, item_shipping="1201"))
    admin.post("/settings/mappings/shop", form(MAPPINGS))
    assert settings(admin) == {"item_shipping": ""}
    assert "Everything as usual" in text_of(admin.get("/settings/mappings"))


def test_settings_of_another_version_can_be_looked_at(admin: Browser, shop_id: int) -> None:
    with admin.database.write() as session:
        session.get_one(Account, shop_id).settings = {"gone": True}
    page = admin.get("/settings/rules/shop")
    assert page.status_code == 200
    assert "cannot be read" in text_of(page)
    answer = admin.post("/settings/rules/shop", form(RULES, review="yes"))
    assert (answer.status_code, settings(admin)) == (422, {"gone": True})


@pytest.mark.parametrize("path", ["/settings/rules/nowhere", "/settings/mappings/nowhere"])
def test_an_account_that_is_not_there_is_not_found(admin: Browser, path: str) -> None:
    assert admin.get(path).status_code == 404
    assert admin.post(path).status_code == 404
