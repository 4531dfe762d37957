"""Whose platform a failure came from, where both sides are asked in one piece of work."""

from collections.abc import Iterator
from contextlib import contextmanager

from ledger.models import Account, NetSuiteAccount
from ledger.policy import Policy
from ledger.secrets import SecretsError
from workers.platforms.errors import CredentialsError, PlatformError, TooMuchError
from workers.rules.facts import StorefrontOrder
from workers.runtime import Runtime


class AskedError(PlatformError):
    """Raised when one of two platforms did not do what it was asked.

    Attributes:
        owner: The account that was asked, and is paused where its credentials are refused.
    """

    def __init__(self, owner: Account | NetSuiteAccount, error: PlatformError) -> None:
        super().__init__(error.reason, error.detail, retry_after=error.retry_after, call=error.call)
        self.owner = owner


@contextmanager
def asking(owner: Account | NetSuiteAccount) -> Iterator[None]:
    """Say of what fails in the block that it was this account's platform.

    Raises:
        AskedError: If it did not do what it was asked, or the credentials cannot be used.
        TooMuchError: As it is; nothing is wrong with the platform then.
    """
    try:
        yield
    except (AskedError, TooMuchError):
        raise
    except PlatformError as error:
        raise AskedError(owner, error) from error
    except (CredentialsError, SecretsError) as error:
        raise AskedError(owner, PlatformError("BAD_CREDENTIALS", str(error))) from error


def find_order(runtime: Runtime, account: Account, number: str) -> StorefrontOrder | None:
    """Ask a storefront for the order that NetSuite knows by a number; None if it has none.

    Raises:
        AskedError: If it does not say.
        PlatformError: `ACCOUNT_PAUSED` if it is not to be asked.
    """
    if account.paused_reason:
        raise PlatformError("ACCOUNT_PAUSED", f"{account.slug} is paused")

    def find() -> StorefrontOrder | None:
        by = Policy.of(account.settings).order_match_value
        return runtime.storefront(account).find_order(number, by=by)

    with asking(account):
        return runtime.breaker.call(account.id, find)
