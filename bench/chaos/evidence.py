"""What the ledger and the simulated platforms say, as the comparison takes it."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from bench.chaos.compare import Kept, Made, Name, Step
from cli.demo.control import Storefront
from cli.demo.platforms.netsuite import Books
from ledger.models import Account, Attempt, AuditEntry, Delivery, NetSuiteAccount, Refund
from ledger.models.accounts import Direction
from ledger.models.deliveries import DeliveryState

_RECORDS: Final = {"cash_refund": "cashRefund", "credit_memo": "creditMemo"}
_WRITES: Final = {"cashrefund": "cashRefund", "creditmemo": "creditMemo"}


def rows(session: Session) -> Sequence[Refund]:
    """Return every refund of the ledger, with its account."""
    return session.scalars(select(Refund).options(joinedload(Refund.account)).order_by(Refund.id)).all()


def name_of(row: Refund) -> Name:
    """Return what a refund is known by."""
    return row.account.slug, row.origin, row.source_refund_id


def kept(session: Session, refunds: Iterable[Refund]) -> list[Kept]:
    """Return refunds with their trail."""
    trails: dict[int, list[Step]] = defaultdict(list)
    query = select(
        AuditEntry.subject_id, AuditEntry.action, AuditEntry.from_state, AuditEntry.to_state
    ).where(AuditEntry.subject == "refund")
    for number, *step in session.execute(query.order_by(AuditEntry.id)):
        trails[number].append(Step(*step))
    unended = select(Attempt.refund_id, func.count()).where(Attempt.ended_at.is_(None))
    still_open = Counter[int]()
    for number, count in session.execute(unended.group_by(Attempt.refund_id)):
        still_open[number] = count
    return [
        Kept(
            name_of(row),
            row.state,
            row.reason,
            row.transaction_type,
            tuple(trails[row.id]),
            row.lease_until is not None,
            still_open[row.id],
        )
        for row in refunds
    ]


def made(
    refunds: Iterable[Refund], books: Iterable[Books], storefronts: Iterable[Storefront]
) -> dict[Name, list[Made]]:
    """Return what is on the other side for each of some refunds."""
    of_keys = {each.slug: _by_key(each) for each in books}
    shops = {each.slug: each for each in storefronts}
    found: dict[Name, list[Made]] = {}
    for row in refunds:
        shop = shops[row.account.slug]
        if row.direction is Direction.TO_NETSUITE:
            found[name_of(row)] = of_keys[shop.books].get(row.key, [])
        elif row.storefront_order_id:
            totals = shop.given_back(row.storefront_order_id, row.key, row.target_id)
            found[name_of(row)] = [Made("", total) for total in totals]
    return found


def _by_key(books: Books) -> dict[str, list[Made]]:
    found: dict[str, list[Made]] = defaultdict(list)
    for kind, name in _RECORDS.items():
        for record in books.records(name):
            if key := record.get("externalId"):
                found[key].append(Made(kind, abs(Decimal(str(record["total"])))))
    return found


def writes(
    refunds: Iterable[Refund], books: Iterable[Books], storefronts: Iterable[Storefront]
) -> tuple[Mapping[tuple[str, str], int], Mapping[tuple[str, str], int]]:
    """Return how many writes each other side counted, and how many the ledger knows of."""
    shops = {each.slug: each for each in storefronts}
    counted = {(each.slug, each.refund_write): each.writes() for each in shops.values()}
    for each in books:
        there = each.writes()
        counted |= {(each.slug, name): there.get(name, 0) for name in _WRITES.values()}
    wanted: Counter[tuple[str, str]] = Counter()
    for row in refunds:
        shop = shops[row.account.slug]
        if row.target_id and row.direction is Direction.FROM_NETSUITE:
            wanted[shop.slug, shop.refund_write] += 1
        elif row.target_type in _WRITES:
            wanted[shop.books, _WRITES[row.target_type]] += 1
    return counted, wanted


def fingerprints(session: Session, fingerprint: Callable[[str, bytes], str]) -> Iterator[str]:
    """Yield what each delivery that came as a webhook is known by.

    Args:
        session: To read the ledger.
        fingerprint: Of the path that a webhook came to and its body.
    """
    accounts = {each.id: each.slug for each in session.scalars(select(Account))}
    books = {each.id: each.slug for each in session.scalars(select(NetSuiteAccount))}
    query = select(Delivery.source, Delivery.account_id, Delivery.netsuite_account_id, Delivery.body).where(
        Delivery.body != b""
    )
    for source, account_id, books_id, body in session.execute(query):
        slug = accounts[account_id] if account_id is not None else books[books_id]
        yield fingerprint(f"/webhooks/{source}/{slug}", body)


def takeovers(session: Session) -> list[float]:
    """Return the seconds from its start until posted of each refund whose worker was killed."""
    query = (
        select(Attempt.started_at, Refund.posted_at)
        .join(Refund, Refund.id == Attempt.refund_id)
        .where(Attempt.outcome == "abandoned", Refund.posted_at.is_not(None))
    )
    return [
        (posted_at - started_at).total_seconds()
        for started_at, posted_at in session.execute(query)
        if posted_at is not None
    ]


def unsettled(session: Session) -> list[str]:
    """Return the deliveries that were not worked off, in words."""
    query = select(Delivery).where(Delivery.state.in_((DeliveryState.RECEIVED, DeliveryState.FAILED)))
    return [
        f"delivery {each.id} of {each.source} is {each.state} {each.reason} {each.detail}".rstrip()
        for each in session.scalars(query.order_by(Delivery.id))
    ]
