"""Settings: Mappings and Rules: what stands for what in NetSuite, and how refunds are carried."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from flask import redirect, render_template
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from ledger import accounts, changing, queries
from ledger.accounts import AccountError
from ledger.models import Account, Role
from ledger.policy import Policy, PolicyError
from webhooks.portal import context, rule_fields
from webhooks.portal.access import Section
from webhooks.portal.forms import sent
from webhooks.portal.rule_fields import MAPPINGS, RULES, Group
from webhooks.portal.visitors import tell, visitor


@dataclass(frozen=True, slots=True)
class Pages:
    """The pages about some of the settings of an account.

    Attributes:
        here: Where they are.
        title: Of the list.
        about: What the settings are about.
    """

    section: Section
    here: str
    title: str
    about: str
    groups: Sequence[Group]

    def declare(self) -> Section:
        """Return the section with all of them."""
        self.section.page(self.here, Role.ADMIN)(self.index)
        self.section.page(f"{self.here}/<slug>", Role.ADMIN)(self.show)
        self.section.form(f"{self.here}/<slug>", Role.ADMIN)(self.change)
        return self.section

    def index(self) -> ResponseReturnValue:
        """List the accounts with what each has set otherwise than usual."""
        with context.current().database.read() as session:
            known = queries.storefront_accounts(session)
        rows = [(each, rule_fields.differing(_policy(each), self.groups)) for each in known]
        return render_template("rules.html", title=self.title, about=self.about, here=self.here, rows=rows)

    def show(self, slug: str) -> ResponseReturnValue:
        """Show an account's settings."""
        account = _account(slug)
        return self._form(account, self._stored(account), {})

    def change(self, slug: str) -> ResponseReturnValue:
        """Change an account's settings, all that were sent or none."""
        portal, found = context.current(), _account(slug)
        values = {name: sent(name) for name in self._stored(found)}
        try:
            with portal.database.write() as session:
                account = session.get_one(Account, found.id, with_for_update=True)
                changed, wrong = rule_fields.read(_policy(account), values)
                if not wrong:
                    changing.set_rules(session, account, changed, now=portal.clock(), actor=visitor().actor)
        except PolicyError as error:
            wrong = {"": f"{error}."}
        if wrong:
            return self._form(found, values, wrong)
        tell(f"The settings of {slug} were changed." if changed else "Nothing was changed.")
        return redirect(f"{self.here}/{slug}", HTTPStatus.SEE_OTHER)

    def _stored(self, account: Account) -> dict[str, str]:
        policy = _policy(account)
        shown = rule_fields.shown(self.groups, account.platform)
        return {each.name: rule_fields.text_of(policy, each.name) for group in shown for each in group.fields}

    def _form(
        self, account: Account, values: Mapping[str, str], wrong: Mapping[str, str]
    ) -> ResponseReturnValue:
        page = render_template(
            "rule_form.html",
            account=account,
            title=self.title,
            here=f"{self.here}/{account.slug}",
            groups=rule_fields.shown(self.groups, account.platform),
            values=values,
            wrong=wrong,
        )
        return page, HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK


def _policy(account: Account) -> Policy:
    """Return an account's rules; the defaults where what is stored is of another version."""
    try:
        return Policy.of(account.settings)
    except PolicyError as error:
        tell(f"The settings of {account.slug} cannot be read: {error}. Defaults are shown.", "bad")
        return Policy()


def _account(slug: str) -> Account:
    try:
        with context.current().database.read() as session:
            return accounts.by_slug(session, slug)
    except AccountError:
        raise NotFound from None


pages: Final = Pages(
    Section("rules"),
    "/settings/rules",
    "Rules",
    "How each account's refunds are carried: review, returns, restock, waiting.",
    RULES,
).declare()
mapping_pages: Final = Pages(
    Section("mappings"),
    "/settings/mappings",
    "Mappings",
    "Which record in NetSuite stands for what: orders, generic items, locations and accounts.",
    MAPPINGS,
).declare()
