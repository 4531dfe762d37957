"""Carry a storefront's refund to NetSuite: two calls, one that reads everything and one that writes."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from ledger import orders
from ledger.models import Refund
from ledger.money import Money
from ledger.orders import NetSuiteOrder as LinkedOrder
from ledger.records import record_name
from workers.platforms.errors import PlatformError
from workers.platforms.netsuite import NetSuiteClient
from workers.platforms.storefront import Storefront, Written
from workers.posting.netsuite_body import transform_body
from workers.posting.work import Work
from workers.rules import to_netsuite as rules
from workers.rules.facts import NetSuiteOrder
from workers.rules.views import Decision, LinkView, NetSuitePlan


class ToNetSuite:
    """One refund on its way to NetSuite.

    Attributes:
        order: What was read of the order; None before.
    """

    def __init__(self, work: Work, client: NetSuiteClient, storefront: Storefront) -> None:
        """Carry the work over clients of its NetSuite account and of its storefront."""
        self._work = work
        self._client = client
        self._storefront = storefront
        self._number = work.number
        self._link = work.link or LinkView(work.row.storefront_order_id)
        self.asks_storefront = False
        self.order: NetSuiteOrder | None = None

    def decide(self) -> Decision[NetSuitePlan]:
        """Return what to do, from what is known so far."""
        work = self._work
        return rules.decide(work.refund, work.account, self._link, self.order)

    def read(self) -> None:
        """Read everything NetSuite has of the order, in one query.

        Raises:
            workers.platforms.errors.PlatformError: If NetSuite does not give it.
        """
        if not self._number:
            self._ask_storefront()
        linked = self._work.link.netsuite_order_id if self._work.link else ""
        self.order = self._client.order(
            self._number,
            match=self._work.account.policy.order_match,
            key=self._work.refund.key,
            linked_id=linked,
        )

    def _ask_storefront(self) -> None:
        """Learn the order's name where no webhook has told it yet, and NetSuite knows the order by it."""
        self.asks_storefront = True
        found = self._storefront.order(self._work.row.storefront_order_id)
        self.asks_storefront = False
        self._number = found.name if found is not None else self._work.row.storefront_order_id

    def learn(self, session: Session, refund: Refund, *, now: datetime) -> None:
        """Link the order to what NetSuite has of it; if it has nothing, tell deleted from never imported."""
        link, order = refund.order_link, self.order
        if link is None or order is None:
            return
        if not self._work.number and not link.storefront_order_name:
            link.storefront_order_name = refund.storefront_order_name = self._number
        if not order.orders and not order.billed:
            books_id = refund.account.netsuite_account_id
            if orders.claim_tombstone(session, books_id, link, now=now):
                self._link = replace(
                    self._link,
                    netsuite_state=link.netsuite_state,
                    netsuite_order_id=link.netsuite_order_id,
                )
        elif order.linked_exists is not False and len(order.orders) <= 1:
            orders.link_netsuite(link, linked_order(order), now=now)
        session.flush()

    def write(self, plan: NetSuitePlan) -> Written:
        """Write the record; return its internal id, and how it differs from what was meant, if it does.

        Raises:
            workers.platforms.errors.PlatformError: If NetSuite refused, or nobody knows whether it wrote.
        """
        body = transform_body(plan)
        new_id = self._client.transform(plan.source_type, plan.source_id, plan.target_type, body)
        if plan.total is None:
            return Written(new_id)
        detail = rules.written_wrong(
            plan.target_type, new_id, self._total_of(plan, new_id), plan.total, self._work.account
        )
        return Written(new_id, problem="AMOUNT_DIFFERS" if detail else "", detail=detail)

    def _total_of(self, plan: NetSuitePlan, record_id: str) -> Money:
        """Return what the new record came to.

        Raises:
            PlatformError: `UNKNOWN_OUTCOME` if NetSuite does not say: the next look finds the record with it.
        """
        try:
            return self._client.total(plan.target_type, record_id, currency=self._work.refund.amount.currency)
        except PlatformError as error:
            made = f"{record_name(plan.target_type)} {record_id} was made"
            detail = f"{made}, what it comes to is not known: {error.detail}"
            raise PlatformError(
                "UNKNOWN_OUTCOME",
                detail,
                retry_after=error.retry_after,
                outcome_unknown=True,
                call=error.call,
            ) from error

    def mapped(self, plan: NetSuitePlan) -> dict[int, str]:
        """Return, for each part of the refund, the line that carries it."""
        words: dict[int, list[str]] = {}
        for line in plan.lines:
            if line.order_line is None:
                text = f"item {line.item_id}: {line.amount}"
            else:
                text = f"line {line.order_line}, item {line.item_id} x {line.quantity}: {line.amount}"
            for position in line.positions:
                words.setdefault(position, []).append(text)
        return {position: "; ".join(texts) for position, texts in words.items()}


def linked_order(order: NetSuiteOrder) -> LinkedOrder:
    """Return what an order link keeps of an order that NetSuite has."""
    root = (order.orders or order.billed)[0]
    billed = next((document for document in order.billed if not document.voided), None)
    return LinkedOrder(
        record_id=root.id,
        record_type=root.record_type,
        billed_type=billed.record_type if billed else "",
        billed_id=billed.id if billed else "",
    )
