"""Data flows: Manage data syncs: the switch and the direction of each account, and pausing."""

from http import HTTPStatus
from typing import Final

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound

from ledger import accounts, changing, pausing, queries
from ledger.accounts import DEFAULT_DIRECTION, AccountError
from ledger.models import Account, NetSuiteAccount, Role
from ledger.models.accounts import Direction
from ledger.platforms import Platform
from ledger.platforms.declaration import Kind
from webhooks.portal import context
from webhooks.portal.access import Section
from webhooks.portal.formats import name
from webhooks.portal.forms import asked, sent
from webhooks.portal.visitors import tell, visitor

pages = Section("syncs")

_HERE: Final = "/syncs"
_NAMED: Final = 20  # refunds under way that are shown
_LONGEST_NOTE: Final = 500  # characters
_ON_OFF: Final = {"on": True, "off": False}


@pages.page(_HERE, Role.VIEWER)
def index() -> ResponseReturnValue:
    """Show the switch and the direction of each account."""
    with context.current().database.read() as session:
        return render_template(
            "syncs.html",
            accounts=queries.storefront_accounts(session),
            books=queries.netsuite_accounts(session),
            under_way=accounts.counts(session),
            usual=DEFAULT_DIRECTION,
            marketplaces=_labels(Kind.MARKETPLACE),
            carts=_labels(Kind.CART),
        )


@pages.page(f"{_HERE}/<slug>/direction", Role.ADMIN)
def ask_direction(slug: str) -> ResponseReturnValue:
    """Ask before an account is turned round, or say what keeps it from that."""
    return _direction_page(slug)[0]


@pages.form(f"{_HERE}/<slug>/direction", Role.ADMIN)
def turn(slug: str) -> ResponseReturnValue:
    """Turn an account round, unless refunds are under way."""
    portal = context.current()
    try:
        with portal.database.write() as session:
            account = _account(slug)
            account = session.get_one(Account, account.id, with_for_update=True)
            wanted = sent("to")
            if wanted not in set(Direction):
                raise NotFound
            accounts.set_direction(
                session, account, Direction(wanted), now=portal.clock(), actor=visitor().actor
            )
    except AccountError:
        return _direction_page(slug)
    tell(f"{slug} carries refunds {name(wanted)} from now on.")
    return _back()


@pages.page(f"{_HERE}/<slug>/switch", Role.ADMIN)
def ask_switch(slug: str) -> ResponseReturnValue:
    """Ask before an account's refund sync is switched on or off."""
    account, to = _account(slug), asked("to")
    if to not in _ON_OFF:
        raise NotFound
    effects = {
        "on": (
            "Refunds that come from now on are carried across by the account's rules.",
            "Those that were ignored while it was off stay so, until somebody retries or retrieves them.",
        ),
        "off": (
            "Webhooks are still received, but new refunds are ignored, with the reason “sync off”.",
            "What is under way already is not written either.",
            "To keep refunds waiting instead, pause the account.",
        ),
    }[to]
    return render_template(
        "switch.html",
        title=f"Switch the refund sync of {account.slug} {to}?",
        effects=effects,
        action=url_for("syncs.switch", slug=slug),
        button=f"Switch {to}",
        back=_HERE,
        is_danger=to == "off",
        to=to,
    )


@pages.form(f"{_HERE}/<slug>/switch", Role.ADMIN)
def switch(slug: str) -> ResponseReturnValue:
    """Switch an account's refund sync on or off."""
    portal, found, to = context.current(), _account(slug), sent("to")
    if to not in _ON_OFF:
        raise NotFound
    with portal.database.write() as session:
        account = session.get_one(Account, found.id)
        if account.sync_enabled is not _ON_OFF[to]:
            changing.switch(session, account, is_on=_ON_OFF[to], now=portal.clock(), actor=visitor().actor)
    tell(f"The refund sync of {slug} is {to}.")
    return _back()


@pages.page(f"{_HERE}/<kind>/<slug>/pause", Role.OPERATOR)
def ask_pause(kind: str, slug: str) -> ResponseReturnValue:
    """Ask before an account is paused, and why."""
    account = _either(kind, slug)
    return render_template(
        "pause.html",
        title=f"Pause {account.slug}?",
        effects=(
            "Its refunds wait, and nothing is written for it, until somebody resumes it.",
            "Webhooks are still received, and nothing is lost.",
        ),
        action=url_for("syncs.pause", kind=kind, slug=slug),
        button="Pause",
        back=_HERE,
        is_danger=True,
    )


@pages.form(f"{_HERE}/<kind>/<slug>/pause", Role.OPERATOR)
def pause(kind: str, slug: str) -> ResponseReturnValue:
    """Stop carrying an account's refunds."""
    portal, found = context.current(), _either(kind, slug)
    with portal.database.write() as session:
        account = _again(session, found)
        note = sent("note")[:_LONGEST_NOTE]
        is_new = pausing.pause(
            session, account, "ACCOUNT_PAUSED", note, now=portal.clock(), actor=visitor().actor
        )
    tell(f"{slug} is paused." if is_new else f"{slug} was paused already.", "good" if is_new else "info")
    return _back()


@pages.page(f"{_HERE}/<kind>/<slug>/resume", Role.OPERATOR)
def ask_resume(kind: str, slug: str) -> ResponseReturnValue:
    """Ask before an account carries on."""
    account = _either(kind, slug)
    return render_template(
        "confirm.html",
        title=f"Resume {account.slug}?",
        effects=(
            "What waited for it is looked at at once, and written by the account's rules.",
            "If its credentials are still refused, it pauses itself again.",
        ),
        action=url_for("syncs.resume", kind=kind, slug=slug),
        button="Resume",
        back=_HERE,
    )


@pages.form(f"{_HERE}/<kind>/<slug>/resume", Role.OPERATOR)
def resume(kind: str, slug: str) -> ResponseReturnValue:
    """Let an account carry on."""
    portal, found = context.current(), _either(kind, slug)
    if not found.paused_reason:
        tell(f"{slug} is not paused.", "info")
        return _back()
    with portal.database.write() as session:
        account = _again(session, found)
        woken = pausing.resume(session, account, now=portal.clock(), actor=visitor().actor)
    tell(f"{slug} carries on; {woken} refund{'' if woken == 1 else 's'} and deliveries waited for it.")
    return _back()


def _labels(kind: Kind) -> str:
    declared = [platform.declaration for platform in Platform]
    return ", ".join(each.label for each in declared if each.kind is kind)


def _direction_page(slug: str) -> tuple[str, HTTPStatus]:
    """Return the page that asks, or where refunds are under way the one that refuses."""
    account = _account(slug)
    to = next(each for each in Direction if each is not account.direction)
    with context.current().database.read() as session:
        waiting = accounts.under_way(session, account.id, limit=_NAMED)
        total = accounts.counts(session).get(account.id, 0)
    if waiting:
        page = render_template("direction_refused.html", account=account, waiting=waiting, total=total, to=to)
        return page, HTTPStatus.CONFLICT
    effects = [
        f"{account.slug} carries refunds {name(to)} from now on, and no longer {name(account.direction)}.",
        "Refunds made on the other side from now on are ignored.",
    ]
    if to is not DEFAULT_DIRECTION[account.platform]:
        effects.append(
            f"For {name(account.platform)} the other direction is the usual one: see “Manage data syncs”."
        )
    page = render_template(
        "switch.html",
        title=f"Turn {account.slug} round?",
        effects=effects,
        action=url_for("syncs.turn", slug=slug),
        button=f"Carry {name(to)}",
        back=_HERE,
        is_danger=True,
        to=to.value,
    )
    return page, HTTPStatus.OK


def _account(slug: str) -> Account:
    try:
        with context.current().database.read() as session:
            return accounts.by_slug(session, slug)
    except AccountError:
        raise NotFound from None


def _either(kind: str, slug: str) -> Account | NetSuiteAccount:
    if kind == "storefront":
        return _account(slug)
    try:
        with context.current().database.read() as session:
            return accounts.netsuite_by_slug(session, slug if kind == "netsuite" else "")
    except AccountError:
        raise NotFound from None


def _again(session: Session, found: Account | NetSuiteAccount) -> Account | NetSuiteAccount:
    """Return an account as it is now, to be changed."""
    if isinstance(found, Account):
        return session.get_one(Account, found.id)
    return session.get_one(NetSuiteAccount, found.id)


def _back() -> ResponseReturnValue:
    return redirect(_HERE, HTTPStatus.SEE_OTHER)
