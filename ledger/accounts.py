"""Accounts: add, find, change, pause. Every change is in the audit trail."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ledger import audit, urls
from ledger.models import Account, NetSuiteAccount, Refund
from ledger.models.accounts import Direction
from ledger.platforms import Platform
from ledger.platforms.declaration import Kind
from ledger.policy import Policy
from ledger.secrets import Vault
from ledger.states import UNDER_WAY

_SLUG: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
_NETSUITE_ID: Final = re.compile(r"[A-Za-z0-9]{1,20}(_[A-Za-z0-9]{1,10})?")
_SECRET_BYTES: Final = 16

MOST_SECRETS: Final = 4
"""How many webhook secrets of an account may be live at once."""

_USUAL: Final = {
    # Marketplaces refund in the storefront, carts in NetSuite.
    Kind.MARKETPLACE: Direction.TO_NETSUITE,
    Kind.CART: Direction.FROM_NETSUITE,
}
DEFAULT_DIRECTION: Final = {platform: _USUAL[platform.declaration.kind] for platform in Platform}


class AccountError(Exception):
    """Raised when an account cannot be added, found or changed as asked; the message names the mend.

    Attributes:
        reason: `bad_slug`, `bad_storefront_id`, `bad_netsuite_id`, `bad_url`, `weak_secret`, `exists`,
            `not_found`, `under_way` or `bad_number`.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class NewNetSuiteAccount:
    """What is needed to add a NetSuite account; `api_url` only where it is not NetSuite's own."""

    slug: str
    account_id: str
    credentials: dict[str, Any] = field(repr=False)
    webhook_secret: str = field(repr=False)
    concurrency: int = 5
    api_url: str = ""


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What is needed to add a storefront account; without a direction it takes its platform's usual one."""

    slug: str
    platform: Platform
    storefront_id: str
    netsuite_slug: str
    credentials: dict[str, Any] = field(repr=False)
    webhook_secret: str = field(repr=False)
    direction: Direction | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    api_url: str = ""


def check_api_url(url: str, *, allow_private: bool) -> None:
    """Refuse an API address that would send credentials in clear or to a private network.

    Raises:
        AccountError: `bad_url`.
    """
    if not url:
        return
    parts = urls.split(url)
    if not parts.hostname or parts.scheme not in {"http", "https"} or parts.username or parts.query:
        raise AccountError("bad_url", f"{url!r} is not a web address such as https://shop.example.com")
    if not allow_private:
        raise AccountError(
            "bad_url",
            "another API address than the platform's own is for development only: "
            "set REFUND_SYNC_ALLOW_PRIVATE_URLS=1 to use one",
        )


def add_netsuite(
    session: Session, vault: Vault, new: NewNetSuiteAccount, *, now: datetime, actor: str
) -> NetSuiteAccount:
    """Add a NetSuite account.

    Raises:
        AccountError: If a name or secret is not acceptable, or the account exists.
    """
    _check_slug(new.slug)
    _check_secret(new.webhook_secret)
    if not _NETSUITE_ID.fullmatch(new.account_id):
        raise AccountError(
            "bad_netsuite_id", f"{new.account_id!r} is not a NetSuite account id such as 1234567_SB1"
        )
    account_id = new.account_id.upper()
    taken = (NetSuiteAccount.slug == new.slug) | (NetSuiteAccount.account_id == account_id)
    if session.scalar(select(NetSuiteAccount.id).where(taken)):
        raise AccountError("exists", f"NetSuite account {new.slug} ({account_id}) exists already")
    account = NetSuiteAccount(
        slug=new.slug,
        account_id=account_id,
        api_url=new.api_url.rstrip("/"),
        credentials=vault.seal(new.credentials),
        webhook_secrets=vault.seal([new.webhook_secret]),
        concurrency=new.concurrency,
        settings={},
        created_at=now,
    )
    session.add(account)
    session.flush()
    audit.write(session, "netsuite_account", account.id, "add", at=now, actor=actor)
    return account


def add(session: Session, vault: Vault, new: NewAccount, *, now: datetime, actor: str) -> Account:
    """Add a storefront account and join it to its NetSuite account.

    Raises:
        AccountError: If a name or secret is not acceptable, or the account exists.
        ledger.policy.PolicyError: If a setting is refused.
    """
    _check_slug(new.slug)
    _check_secret(new.webhook_secret)
    declared = new.platform.declaration
    if declared.storefront_ids is not None and not declared.storefront_ids.fullmatch(new.storefront_id):
        raise AccountError("bad_storefront_id", f"{new.storefront_id!r} is not {declared.storefront_id_is}")
    netsuite = netsuite_by_slug(session, new.netsuite_slug)
    same = (Account.platform == new.platform) & (Account.storefront_id == new.storefront_id)
    if session.scalar(select(Account.id).where((Account.slug == new.slug) | same)):
        raise AccountError(
            "exists", f"account {new.slug} ({new.platform} {new.storefront_id}) exists already"
        )
    Policy.of(new.settings)
    account = Account(
        slug=new.slug,
        platform=new.platform,
        storefront_id=new.storefront_id,
        netsuite_account_id=netsuite.id,
        direction=new.direction or DEFAULT_DIRECTION[new.platform],
        api_url=new.api_url.rstrip("/"),
        credentials=vault.seal(new.credentials),
        webhook_secrets=vault.seal([new.webhook_secret]),
        settings=new.settings,
        created_at=now,
    )
    session.add(account)
    session.flush()
    audit.write(
        session, "account", account.id, "add", at=now, actor=actor, note=f"direction {account.direction}"
    )
    return account


def by_slug(session: Session, slug: str) -> Account:
    """Return the storefront account of that name.

    Raises:
        AccountError: `not_found`.
    """
    is_name = _SLUG.fullmatch(slug)  # PostgreSQL cannot even be asked for some of what is none
    account = session.scalar(select(Account).where(Account.slug == slug)) if is_name else None
    if account is None:
        raise AccountError(
            "not_found", f"there is no account {slug!r}; `refund-sync account list` shows them"
        )
    return account


def netsuite_by_slug(session: Session, slug: str) -> NetSuiteAccount:
    """Return the NetSuite account of that name.

    Raises:
        AccountError: `not_found`.
    """
    account = session.scalar(select(NetSuiteAccount).where(NetSuiteAccount.slug == slug))
    if account is None:
        raise AccountError(
            "not_found", f"there is no NetSuite account {slug!r}; `refund-sync netsuite list` shows them"
        )
    return account


def joined_to(session: Session, netsuite_account_id: int) -> Sequence[Account]:
    """Return the storefront accounts joined to a NetSuite account, oldest first."""
    query = select(Account).where(Account.netsuite_account_id == netsuite_account_id).order_by(Account.id)
    return session.scalars(query).all()


def set_direction(
    session: Session, account: Account, direction: Direction, *, now: datetime, actor: str
) -> None:
    """Turn an account round, unless refunds are under way.

    Raises:
        AccountError: `under_way`, naming some of them.
    """
    if direction is account.direction:
        return
    waiting = under_way(session, account.id, limit=5)
    if waiting:
        named = ", ".join(str(refund.id) for refund in waiting)
        raise AccountError(
            "under_way",
            f"the direction of {account.slug} cannot change while refunds are under way ({named}): "
            "wait for them, or cancel them",
        )
    note = f"{account.direction} -> {direction}"
    account.direction = direction
    audit.write(session, "account", account.id, "set_direction", at=now, actor=actor, note=note)


def rotate_secret(
    session: Session,
    vault: Vault,
    account: Account | NetSuiteAccount,
    secret: str,
    *,
    now: datetime,
    actor: str,
    live: int = 2,
) -> None:
    """Make `secret` the newest webhook secret; those before it stay live, until there are more than `live`.

    Two are enough where a platform signs with one secret. A shop's app and its administration sign with one
    each, so that there are three while one of them changes.

    Raises:
        AccountError: `weak_secret`, or `bad_number` unless `live` is from 1 to `MOST_SECRETS`.
    """
    if not 1 <= live <= MOST_SECRETS:
        raise AccountError(
            "bad_number", f"an account has 1 to {MOST_SECRETS} live webhook secrets, not {live}"
        )
    _check_secret(secret)
    before: list[str] = vault.open(account.webhook_secrets)
    account.webhook_secrets = vault.seal([secret, *[old for old in before if old != secret][: live - 1]])
    audit.write(session, subject_of(account), account.id, "rotate_secret", at=now, actor=actor)


def under_way(session: Session, account_id: int, *, limit: int) -> Sequence[Refund]:
    """Return some of an account's refunds that are under way, which keep it from turning round."""
    query = select(Refund).where(Refund.account_id == account_id, Refund.state.in_(UNDER_WAY))
    # In the order of the index that knows the few that are under way.
    return session.scalars(query.order_by(Refund.state, Refund.id).limit(limit)).all()


def counts(session: Session) -> dict[int, int]:
    """Return how many refunds of each account are under way."""
    query = (
        select(Refund.account_id, func.count()).where(Refund.state.in_(UNDER_WAY)).group_by(Refund.account_id)
    )
    return dict(session.execute(query).all())


def subject_of(account: Account | NetSuiteAccount) -> str:
    """Return the audit trail's word for what kind of account it is."""
    return "netsuite_account" if isinstance(account, NetSuiteAccount) else "account"


def _check_slug(slug: str) -> None:
    if not _SLUG.fullmatch(slug):
        raise AccountError(
            "bad_slug", f"{slug!r} is not a name of lower-case letters, digits and hyphens (40 at most)"
        )


def _check_secret(secret: str) -> None:
    if len(secret.encode()) < _SECRET_BYTES:
        raise AccountError("weak_secret", f"a webhook secret needs at least {_SECRET_BYTES} bytes")
