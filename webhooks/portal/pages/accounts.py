"""Settings: Accounts and NetSuite accounts: how each is connected; rules and mappings have own pages."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from flask import redirect, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound

from ledger import accounts, changing, queries, requests
from ledger.accounts import AccountError
from ledger.models import Account, NetSuiteAccount, Request, RequestKind, RequestState, Role
from ledger.platforms.credentials import CredentialsRefusedError
from ledger.requests import RequestNotFoundError
from ledger.secrets import SecretsError
from webhooks.endpoints import path_of
from webhooks.portal import context
from webhooks.portal.access import Section
from webhooks.portal.connectors import NETSUITE, storefronts
from webhooks.portal.credential_forms import form_of, read_json
from webhooks.portal.forms import asked, secret, sent
from webhooks.portal.paging import number
from webhooks.portal.visitors import tell, visitor
from webhooks.subscriptions import SUBSCRIPTIONS

AnyAccount = Account | NetSuiteAccount


@dataclass(frozen=True, slots=True)
class Pages:
    """The pages about one kind of account.

    Attributes:
        here: Where they are.
        title: Of the list.
        everything: Finds all accounts of the kind.
        find: Finds one by its name; raises `AccountError`.
    """

    section: Section
    here: str
    title: str
    everything: Callable[[Session], Sequence[AnyAccount]]
    find: Callable[[Session, str], AnyAccount]

    def declare(self) -> Section:
        """Return the section with all of them."""
        page, form, one = self.section.page, self.section.form, f"{self.here}/<slug>"
        page(self.here, Role.ADMIN)(self.index)
        page(one, Role.ADMIN)(self.show)
        form(f"{one}/credentials", Role.ADMIN)(self.set_credentials)
        form(f"{one}/test", Role.ADMIN)(self.test)
        form(f"{one}/secret", Role.ADMIN)(self.rotate)
        page(f"{one}/secret/drop", Role.ADMIN)(self.ask_drop)
        form(f"{one}/secret/drop", Role.ADMIN)(self.drop)
        form(f"{one}/concurrency", Role.ADMIN)(self.set_concurrency)
        return self.section

    def index(self) -> ResponseReturnValue:
        """List the accounts of the kind."""
        with context.current().database.read() as session:
            found = self.everything(session)
        known = context.current().connectors
        of_kind = storefronts(known) if self.section.name == "accounts" else sorted({NETSUITE} & set(known))
        return render_template(
            "accounts.html", accounts=found, title=self.title, here=self.here, sources=of_kind
        )

    def show(self, slug: str) -> ResponseReturnValue:
        """Show how an account is connected."""
        return self._page(slug, {})

    def set_credentials(self, slug: str) -> ResponseReturnValue:
        """Replace the parts of an account's credentials that were given, and have a worker try them out."""
        portal = context.current()
        try:
            more = read_json(secret("more"))
        except CredentialsRefusedError as error:
            return self._page(slug, {"more": str(error)})
        with portal.database.write() as session:
            account = self._account(session, slug)
            form = form_of(account)
            given = {field.name: secret(field.name).strip() for field in form.fields}
            given = {name: text for name, text in given.items() if text}
            if not given and not more:
                return self._page(slug, {"credentials": "Nothing was given, so nothing was changed."})
            try:
                merged = form.merged(_stored(account), {**given, **more})
            except CredentialsRefusedError as error:
                return self._page(slug, {"credentials": str(error)})
            changing.set_credentials(
                session, portal.vault, account, merged, now=portal.clock(), actor=visitor().actor
            )
            made = self._check(session, account)
        tell("The credentials were saved. A worker tries them out now.", "info")
        return self._asked(slug, made)

    def test(self, slug: str) -> ResponseReturnValue:
        """Have a worker try out an account's credentials."""
        with context.current().database.write() as session:
            made = self._check(session, self._account(session, slug))
        return self._asked(slug, made)

    def rotate(self, slug: str) -> ResponseReturnValue:
        """Give an account a new webhook secret, shown once if it is made here; the one before stays good."""
        portal, given = context.current(), secret("secret").strip()
        with portal.database.write() as session:
            account = self._account(session, slug)
            if not given and not may_make(account):
                return self._page(slug, {"secret": "Give the secret that the platform made."})
            made = given or changing.new_secret()
            try:
                accounts.rotate_secret(
                    session, portal.vault, account, made, now=portal.clock(), actor=visitor().actor
                )
            except AccountError as error:
                return self._page(slug, {"secret": sentence(error)})
        if given:
            tell(f"{slug} has a new webhook secret. It and the one before are both good.")
            return self._to(slug)
        return render_template(
            "webhook_secret.html", account=account, secret=made, back=f"{self.here}/{slug}"
        )

    def ask_drop(self, slug: str) -> ResponseReturnValue:
        """Ask before all webhook secrets but the newest stop being good."""
        with context.current().database.read() as session:
            account = self._account(session, slug)
        return render_template(
            "confirm.html",
            title=f"Drop the older webhook secrets of {account.slug}?",
            effects=("Webhooks signed with an older secret are refused from now on; the newest stays good.",),
            action=f"{self.here}/{slug}/secret/drop",
            button="Drop them",
            back=f"{self.here}/{slug}",
            is_danger=True,
        )

    def drop(self, slug: str) -> ResponseReturnValue:
        """Let only the newest webhook secret of an account be good."""
        portal = context.current()
        with portal.database.write() as session:
            account = self._account(session, slug)
            newest = _live(account)[:1]
            if newest:
                accounts.rotate_secret(
                    session,
                    portal.vault,
                    account,
                    newest[0],
                    now=portal.clock(),
                    actor=visitor().actor,
                    live=1,
                )
        tell(f"Only the newest webhook secret of {slug} is good now.")
        return self._to(slug)

    def set_concurrency(self, slug: str) -> ResponseReturnValue:
        """Change how many requests to a NetSuite account may be in flight at once."""
        portal = context.current()
        with portal.database.write() as session:
            account = self._account(session, slug)
            if not isinstance(account, NetSuiteAccount):
                raise NotFound
            try:
                changing.set_concurrency(
                    session, account, sent("concurrency"), now=portal.clock(), actor=visitor().actor
                )
            except AccountError as error:
                return self._page(slug, {"concurrency": sentence(error)})
        tell(f"The concurrency of {slug} was changed.")
        return self._to(slug)

    def _page(self, slug: str, wrong: Mapping[str, str]) -> ResponseReturnValue:
        portal = context.current()
        with portal.database.read() as session:
            account = self._account(session, slug)
            check = _check_of(session, account, number(asked("check")))
            joined = accounts.joined_to(session, account.id) if isinstance(account, NetSuiteAccount) else ()
        source = "netsuite" if isinstance(account, NetSuiteAccount) else account.platform.value
        page = render_template(
            "account.html",
            account=account,
            is_netsuite=isinstance(account, NetSuiteAccount),
            joined=joined,
            here=f"{self.here}/{slug}",
            source=source,
            webhook_path=path_of(source, slug),
            webhook_url=portal.public_url and portal.public_url + path_of(source, slug),
            subscription=None if isinstance(account, NetSuiteAccount) else SUBSCRIPTIONS[account.platform],
            form=form_of(account),
            stored=sorted(_stored(account, is_needed=False)),
            live=len(_live(account)),
            may_make=may_make(account),
            check=check,
            is_checking=check is not None and check.state is RequestState.QUEUED,
            wrong=wrong,
        )
        return page, HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK

    def _account(self, session: Session, slug: str) -> AnyAccount:
        try:
            return self.find(session, slug)
        except AccountError:
            raise NotFound from None

    def _check(self, session: Session, account: AnyAccount) -> Request:
        now = context.current().clock()
        return requests.check(session, account, now=now, actor=visitor().actor, trace_id=uuid.uuid4().hex)

    def _asked(self, slug: str, made: Request) -> ResponseReturnValue:
        context.current().waker.requests(made.source, [made.id])
        return redirect(f"{self.here}/{slug}?check={made.id}", HTTPStatus.SEE_OTHER)

    def _to(self, slug: str) -> ResponseReturnValue:
        return redirect(f"{self.here}/{slug}", HTTPStatus.SEE_OTHER)


def _stored(account: AnyAccount, *, is_needed: bool = True) -> Mapping[str, Any]:
    """Return an account's credentials; those that no key opens only matter where they are to be changed."""
    try:
        found: Mapping[str, Any] = context.current().vault.open(account.credentials)
    except SecretsError:
        if is_needed:
            tell("The stored credentials could not be opened, so they are replaced as a whole.", "warn")
        return {}
    return found


def _live(account: AnyAccount) -> Sequence[str]:
    try:
        found: Sequence[str] = context.current().vault.open(account.webhook_secrets)
    except SecretsError:
        return []
    return found


def may_make(account: AnyAccount) -> bool:
    """Tell whether a secret can be made here; some platforms sign with one of their own."""
    return isinstance(account, NetSuiteAccount) or not account.platform.declaration.makes_webhook_secret


def _check_of(session: Session, account: AnyAccount, request_id: int) -> Request | None:
    """Return a try of this account's credentials; None if there is none of that id."""
    try:
        found = requests.get(session, request_id)
    except RequestNotFoundError:
        return None
    if found.kind is not RequestKind.CHECK:
        return None
    if isinstance(account, NetSuiteAccount):
        is_its = found.account_id is None and found.netsuite_account_id == account.id
    else:
        is_its = found.account_id == account.id
    return found if is_its else None


def sentence(error: AccountError) -> str:
    """Return what the ledger refuses as a sentence of a page."""
    text = f"{error}."
    return text[:1].upper() + text[1:]


pages: Final = Pages(
    Section("accounts"), "/settings/accounts", "Accounts", queries.storefront_accounts, accounts.by_slug
).declare()
netsuite_pages: Final = Pages(
    Section("netsuite_accounts"),
    "/settings/netsuite-accounts",
    "NetSuite accounts",
    queries.netsuite_accounts,
    accounts.netsuite_by_slug,
).declare()
