"""Orders behind NetSuite's refunds that nobody has heard of, such as those from before the connection.

A reconciliation looks them up by their number, so that it leaves nothing out without a word.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy.orm import Session

from ledger import accounts, runs
from ledger.clock import utcnow
from ledger.events import MoneyState
from ledger.models import Account, Run, RunItem
from ledger.money import Money
from ledger.policy import Policy
from ledger.reasons import Recovery, reason
from workers import sides
from workers.asking import find_order
from workers.bits import PATIENCE, check
from workers.platforms.errors import PlatformError
from workers.platforms.storefronts import STOREFRONTS
from workers.rules.facts import StorefrontOrder
from workers.runtime import Runtime

BY_NUMBER: Final = "the ledger did not know the order; the storefront has it by this number"
UNKNOWN: Final = "order unknown here: neither the ledger nor the storefront has one of this number"

_Looked = Mapping[str, Any]
"""What is kept of a look: whether the storefront lacks the refund, the order's id and name, and a note."""


def look_up(runtime: Runtime, run: Run) -> bool:
    """Look for the orders that nobody knows, for a while; return whether all were looked for.

    Raises:
        ledger.refunds.LeaseLostError: If the run was stopped or taken over.
        workers.platforms.errors.PlatformError: If the storefront does not say.
    """
    ends = time.monotonic() + PATIENCE
    with runtime.database.read() as session:
        wanted = sides.strangers(session, run, tuple(sides.there(session, run)))
        joined = accounts.joined_to(session, run.account.netsuite_account_id)
    left = len(wanted)
    for number, records in wanted.items():
        looked = _look(runtime, run, joined, number, [amount for _, amount in records])
        with runtime.database.write() as session:
            check(run, held=runs.renew(session, run, now=utcnow()))
            _keep(session, {item_id: each for (item_id, _), each in zip(records, looked, strict=True)})
        left -= 1
        if time.monotonic() > ends:
            break
    return not left


def _keep(session: Session, looked: Mapping[int, _Looked]) -> None:
    for item_id, each in looked.items():
        item = session.get_one(RunItem, item_id)
        item.facts = {**item.facts, "looked": each}


def _look(
    runtime: Runtime, run: Run, joined: Sequence[Account], number: str, amounts: Sequence[Money]
) -> list[_Looked]:
    """Return what is to be said of each of the refunds that NetSuite has of an order."""
    try:
        order = find_order(runtime, run.account, number)
    except PlatformError as error:
        if reason(error.reason).recovery is not Recovery.NONE:
            raise
        return [_missing("", number, f"the order cannot be looked up: {error.detail}") for _ in amounts]
    if order is not None:
        return _of_order(order, amounts)
    others = [each for each in joined if each.id != run.account_id and _is_alike(each, run.account, number)]
    silent: list[str] = []
    for other in others:
        try:
            if find_order(runtime, other, number) is not None:
                return [{"is_missing": False, "account": other.slug} for _ in amounts]
        except PlatformError:
            silent.append(other.slug)
    note = f"{UNKNOWN}; {', '.join(silent)} may have it and cannot be asked" if silent else UNKNOWN
    return [_missing("", number, note) for _ in amounts]


def _of_order(order: StorefrontOrder, amounts: Sequence[Money]) -> list[_Looked]:
    """Tell the refunds that the order lacks from those that it has, which were made outside the period."""
    made = [each.amount for each in order.refunds if each.money is MoneyState.MOVED]
    looked: list[_Looked] = []
    for amount in amounts:
        if amount in made:
            made.remove(amount)
            looked.append({"is_missing": False})
        else:
            looked.append(_missing(order.id, order.name, BY_NUMBER))
    return looked


def _missing(order_id: str, order_name: str, note: str) -> _Looked:
    return {"is_missing": True, "order_id": order_id, "order_name": order_name, "note": note}


def _is_alike(other: Account, account: Account, number: str) -> bool:
    """Tell whether another account may have an order of this number, kept in the same field of NetSuite."""
    same_field = Policy.of(other.settings).order_match == Policy.of(account.settings).order_match
    return same_field and STOREFRONTS[other.platform].may_name(number)
