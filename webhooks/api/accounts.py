"""Storefront accounts."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from ledger import accounts, queries
from ledger.models import Account, Role
from ledger.views import View, account_view
from webhooks.api.operations import Operations
from webhooks.api.schemas import accounts as shapes
from webhooks.api.tools import Tools


def operations(tools: Tools) -> Operations:
    """Return the operations on accounts."""
    found = Accounts(tools)
    made = Operations("accounts", "Storefront accounts, each joined to a NetSuite account.")
    made.get("/accounts", found.all, role=Role.VIEWER, answers=shapes.AccountsSchema)
    made.get("/accounts/<slug>", found.one, role=Role.VIEWER, answers=shapes.AccountSchema)
    return made


class Accounts:
    """What can be looked at."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    def all(self) -> View:
        """List storefront accounts, by name."""
        with self._tools.database.read() as session:
            return {"items": _views(session, queries.storefront_accounts(session))}

    def one(self, slug: str) -> View:
        """Show a storefront account."""
        with self._tools.database.read() as session:
            (view,) = _views(session, [accounts.by_slug(session, slug)])
        return view


def _views(session: Session, found: Sequence[Account]) -> list[View]:
    under_way = accounts.counts(session)
    return [account_view(each, under_way=under_way) for each in found]
