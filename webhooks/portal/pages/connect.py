"""Settings: connecting an account: the same that `refund-sync account add` and `netsuite add` do."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound

from ledger import accounts, changing, queries, requests
from ledger.accounts import AccountError, NewAccount, NewNetSuiteAccount
from ledger.models import Account, NetSuiteAccount, Request, Role
from ledger.models.accounts import Direction
from ledger.platforms import Platform
from ledger.platforms.credentials import CredentialsRefusedError, Form
from webhooks.endpoints import path_of
from webhooks.portal import connect_fields, context
from webhooks.portal.connect_fields import CREDENTIALS
from webhooks.portal.connectors import NETSUITE, Connector, blank
from webhooks.portal.credential_forms import form_of, read_json
from webhooks.portal.forms import one_of, secret, sent
from webhooks.portal.pages.accounts import may_make, netsuite_pages, pages, sentence
from webhooks.portal.visitors import tell, visitor
from webhooks.subscriptions import SUBSCRIPTIONS

__all__ = ["netsuite_pages", "pages"]

_HERE: Final = "/settings/connect"
_CONCURRENCY: Final = "5"  # the command line's, too
_SHOWN: Final = ("slug", "storefront", "netsuite", "direction", "account_id", "concurrency", "api_url")
"""What is shown again where something was wrong; never a credential or a secret."""


class _RefusedError(ValueError):
    """Raised when an account cannot be connected as asked; says what is wrong beside which field."""

    reason = "refused"

    def __init__(self, wrong: Mapping[str, str]) -> None:
        super().__init__("; ".join(wrong.values()))
        self.wrong = wrong


@dataclass(frozen=True, slots=True)
class _Connected:
    """An account that was just added; `made` is its webhook secret where we made it, else empty."""

    account: Account | NetSuiteAccount
    check: Request
    made: str = field(repr=False)


@pages.page(f"{_HERE}/<source>", Role.ADMIN)
def ask_connect(source: str) -> ResponseReturnValue:
    """Show the form that connects a storefront account."""
    _connector(source)
    return _form(source, {})


@pages.form(f"{_HERE}/<source>", Role.ADMIN)
def connect(source: str) -> ResponseReturnValue:
    """Connect a storefront account."""
    return _connect(source)


@netsuite_pages.page(f"{_HERE}/{NETSUITE}", Role.ADMIN)
def ask_connect_netsuite() -> ResponseReturnValue:
    """Show the form that connects a NetSuite account."""
    _connector(NETSUITE)
    return _form(NETSUITE, {})


@netsuite_pages.form(f"{_HERE}/{NETSUITE}", Role.ADMIN)
def connect_netsuite() -> ResponseReturnValue:
    """Connect a NetSuite account."""
    return _connect(NETSUITE)


def _connector(source: str) -> Connector:
    found = context.current().connectors.get(source)
    if found is None:
        raise NotFound
    return found


def _connect(source: str) -> ResponseReturnValue:
    connector = _connector(source)
    portal = context.current()
    try:
        credentials = _credentials(connector, form_of(blank(source)))
        with portal.database.write() as session:  # kept whole or not at all
            added = (
                _add_netsuite(session, credentials)
                if source == NETSUITE
                else _add_storefront(session, source, connector, credentials)
            )
    except _RefusedError as error:
        return _form(source, error.wrong)
    except AccountError as error:
        return _form(source, {connect_fields.beside(error.reason): sentence(error)})
    portal.waker.requests(added.check.source, [added.check.id])
    account = added.account
    here = f"/settings/{'netsuite-accounts' if source == NETSUITE else 'accounts'}/{account.slug}"
    back = f"{here}?check={added.check.id}"
    if not added.made:
        tell(f"{account.slug} is connected. Next, let the platform send its webhooks, as told below.")
        return redirect(back, HTTPStatus.SEE_OTHER)
    path = path_of(source, account.slug)
    return render_template(
        "connected.html",
        account=account,
        secret=added.made,
        webhook_path=path,
        webhook_url=portal.public_url and portal.public_url + path,
        subscription=None if source == NETSUITE else SUBSCRIPTIONS[Platform(source)],
        back=back,
    )


def _credentials(connector: Connector, form: Form) -> dict[str, Any]:
    """Return the credentials that were given, of a shape that the platform takes.

    Raises:
        _RefusedError: If they are not, or are none.
    """
    given = {each.name: secret(each.name).strip() for each in form.fields}
    given = {name: text for name, text in given.items() if text}
    try:
        more = read_json(secret("more"))
    except CredentialsRefusedError as error:
        raise _RefusedError({"more": str(error)}) from None
    try:
        whole = form.merged({}, {**given, **more})
    except CredentialsRefusedError as error:
        absent = connect_fields.missing(form, given) if not more else {}
        raise _RefusedError(absent or {CREDENTIALS: str(error)}) from None
    try:
        connector.check(whole)
    except ValueError as error:
        raise _RefusedError({connect_fields.about(form, str(error)): str(error)}) from None
    return whole


def _add_netsuite(session: Session, credentials: dict[str, Any]) -> _Connected:
    portal, now, actor = context.current(), context.current().clock(), visitor().actor
    given = secret("secret").strip()
    made = "" if given else changing.new_secret()
    new = NewNetSuiteAccount(
        slug=sent("slug"),
        account_id=sent("account_id"),
        credentials=credentials,
        webhook_secret=given or made,
        api_url=_api_url(),
    )
    added = accounts.add_netsuite(session, portal.vault, new, now=now, actor=actor)
    if (wanted := sent("concurrency")) != str(added.concurrency):
        changing.set_concurrency(session, added, wanted, now=now, actor=actor)
    return _Connected(added, _check(session, added), made)


def _add_storefront(
    session: Session, source: str, connector: Connector, credentials: dict[str, Any]
) -> _Connected:
    portal = context.current()
    storefront = sent("storefront")
    if not 0 < len(storefront) <= connect_fields.LONGEST_ID:
        raise _RefusedError({"storefront": f"Give 1 to {connect_fields.LONGEST_ID} characters."})
    direction = one_of(Direction, sent("direction"))
    if direction is None and sent("direction"):
        raise _RefusedError({"direction": "There is no such direction."})
    known = secret("secret").strip() or connector.secret(credentials)
    if not known and not may_make(blank(source)):
        hint = SUBSCRIPTIONS[Platform(source)].secret
        raise _RefusedError({"secret": f"The platform makes this secret, so give it here: {hint}."})
    made = "" if known else changing.new_secret()
    new = NewAccount(
        slug=sent("slug"),
        platform=Platform(source),
        storefront_id=storefront,
        netsuite_slug=sent("netsuite"),
        credentials=credentials,
        webhook_secret=known or made,
        direction=direction,
        api_url=_api_url(),
    )
    added = accounts.add(session, portal.vault, new, now=portal.clock(), actor=visitor().actor)
    return _Connected(added, _check(session, added), made)


def _api_url() -> str:
    """Return another API address than the platform's own; only development may have one.

    Raises:
        ledger.accounts.AccountError: `bad_url`.
    """
    url = sent("api_url")
    accounts.check_api_url(url, allow_private=context.current().allow_private_urls)
    return url


def _check(session: Session, account: Account | NetSuiteAccount) -> Request:
    """Have a worker try out the credentials."""
    now = context.current().clock()
    return requests.check(session, account, now=now, actor=visitor().actor, trace_id=uuid.uuid4().hex)


def _form(source: str, wrong: Mapping[str, str]) -> ResponseReturnValue:
    portal = context.current()
    with portal.database.read() as session:
        books = [each.slug for each in queries.netsuite_accounts(session)]
    account = blank(source)
    form = form_of(account)
    is_netsuite = source == NETSUITE
    usual = None if is_netsuite else accounts.DEFAULT_DIRECTION[Platform(source)]
    hidden = {
        name
        for name, is_there in (("api_url", portal.allow_private_urls), ("more", form.more))
        if not is_there
    }
    values = {name: sent(name) for name in _SHOWN}
    values["direction"] = values["direction"] or (usual.value if usual else "")
    if request.method == "GET":
        values["concurrency"] = _CONCURRENCY
    page = render_template(
        "connect.html",
        source=source,
        is_netsuite=is_netsuite,
        here=f"{_HERE}/{source}",
        back="/settings/netsuite-accounts" if is_netsuite else "/settings/accounts",
        books=books,
        declared=None if is_netsuite else Platform(source).declaration,
        directions=[each.value for each in Direction],
        usual=usual.value if usual else "",
        form=form,
        ways=connect_fields.ways(form),
        needed=connect_fields.needed(form),
        may_make=may_make(account),
        subscription=None if is_netsuite else SUBSCRIPTIONS[Platform(source)],
        may_have_url=portal.allow_private_urls,
        most=changing.MOST_CONCURRENCY,
        values=values,
        wrong={"" if name in hidden else name: said for name, said in wrong.items()},
    )
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK
