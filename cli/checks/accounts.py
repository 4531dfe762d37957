"""The accounts: whether their secrets can be opened, their credentials hold, and nothing pauses them."""

from collections.abc import Callable, Iterator
from functools import partial

from sqlalchemy.orm import Session

from cli.checks.clock import DatedHttp
from cli.checks.finding import Finding
from cli.errors import sentence
from ledger import queries
from ledger.models import Account, NetSuiteAccount
from ledger.policy import PolicyError
from ledger.secrets import SecretsError, Vault
from workers.platforms.errors import CredentialsError, PlatformError
from workers.runtime import Runtime
from workers.understanding.netsuite import order_fields


def group_of(account: Account | NetSuiteAccount) -> str:
    """Return the group of commands that is about such accounts."""
    return "netsuite" if isinstance(account, NetSuiteAccount) else "account"


def name_of(account: Account | NetSuiteAccount) -> str:
    """Return what findings call an account: `netsuite books`, `account my-shop`."""
    return f"{group_of(account)} {account.slug}"


def look(runtime: Runtime, http: DatedHttp) -> Iterator[Finding]:
    """Look at every account.

    Args:
        runtime: The tools to look with; its calls go over `http`.
        http: Knows what the platforms say of the time.
    """
    with runtime.database.read() as session:
        for books in queries.netsuite_accounts(session):
            yield from _look_at(runtime.vault, http, books, partial(_ask_netsuite, runtime, session, books))
        for shop in queries.storefront_accounts(session):
            yield from _look_at(runtime.vault, http, shop, partial(_ask_storefront, runtime, shop))


def _ask_netsuite(runtime: Runtime, session: Session, account: NetSuiteAccount) -> None:
    client = runtime.netsuite(account)
    for field in order_fields(session, account) or ["other_ref_num"]:
        client.check(match=field)


def _ask_storefront(runtime: Runtime, account: Account) -> None:
    runtime.storefront(account).check()


def _look_at(
    vault: Vault, http: DatedHttp, account: Account | NetSuiteAccount, ask: Callable[[], None]
) -> Iterator[Finding]:
    name, group = name_of(account), group_of(account)
    try:
        vault.open(account.webhook_secrets)
        vault.open(account.credentials)
    except SecretsError as error:
        yield Finding.fail(
            name, str(error), "Put the key it was sealed with back into REFUND_SYNC_SECRET_KEY."
        )
        return
    try:
        ask()
    except (PlatformError, CredentialsError, PolicyError) as error:
        mend = f"Try again with `refund-sync {group} test {account.slug}` once it is mended."
        yield Finding.fail(name, sentence(error), mend)
    else:
        yield Finding.ok(name, "the credentials hold")
        yield from http.look(f"the platform of {account.slug}")
    if account.paused_reason:
        detail = f" ({account.paused_detail})" if account.paused_detail else ""
        yield Finding.warn(
            name,
            f"paused: {account.paused_reason}{detail}",
            f"Mend what paused it, then run `refund-sync {group} resume {account.slug}`.",
        )
