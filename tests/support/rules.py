"""What the rules see, made with little: a refund, its account, and an order on either side."""

from decimal import Decimal
from typing import Final

from ledger.events import MoneyState, Part
from ledger.models.accounts import Direction
from ledger.money import Money, total
from ledger.platforms import Platform
from ledger.policy import Policy
from tests.support.ledger import NOW, make_part
from workers.rules.facts import Document, DocumentLine, NetSuiteOrder, StorefrontLine, StorefrontOrder
from workers.rules.views import AccountView, RefundView

KEY: Final = "rs-shop-509562969"
"""The stable key of the refund that `make_view` makes."""

SKU: Final = "TSHIRT-M"
"""The SKU of the item that refunds and orders made here have."""

MAPPED: Final = Policy(
    item_shipping="901",
    item_adjustment_positive="902",
    item_adjustment_negative="903",
    item_tax="904",
    item_gift_card="905",
    item_duty="906",
    item_fee="907",
    item_rounding="908",
    item_gift_wrap="909",
    item_promotion="910",
    item_goodwill="911",
    item_restocking_fee="912",
    item_facilitator_tax="913",
)
"""A policy that names a NetSuite item for everything but unmatched SKUs."""


def usd(amount: str) -> Money:
    """Return an amount of US dollars."""
    return Money.parse(amount, "USD")


def make_view(
    *parts: Part,
    key: str = KEY,
    direction: Direction = Direction.TO_NETSUITE,
    amount: Money | None = None,
    money: MoneyState = MoneyState.MOVED,
    made_by_us: bool = False,
    mark: str = "",
    reviewed: bool = False,
    write_began: bool = False,
    record_type: str = "",
) -> RefundView:
    """Return a refund: by default of one T-shirt, and of the sum of its parts."""
    parts = parts or (make_part(),)
    whole = total([part.gross for part in parts], parts[0].net.currency)
    return RefundView(
        key=key,
        direction=direction,
        amount=whole if amount is None else amount,
        money=money,
        parts=parts,
        occurred_at=NOW,
        made_by_us=made_by_us,
        mark=mark,
        reviewed=reviewed,
        write_began=write_began,
        record_type=record_type,
    )


def make_owner(
    *,
    platform: Platform = Platform.SHOPIFY,
    direction: Direction = Direction.TO_NETSUITE,
    sync_enabled: bool = True,
    policy: Policy = MAPPED,
    paused: str = "",
) -> AccountView:
    """Return the account of a refund."""
    return AccountView("shop", platform, direction, sync_enabled, policy, paused)


def make_line(
    line: int = 1,
    *,
    item_id: str = "55",
    sku: str = SKU,
    item_type: str = "InvtPart",
    quantity: str = "1",
    amount: str = "20.00",
    currency: str = "USD",
) -> DocumentLine:
    """Return an item line of a NetSuite transaction."""
    return DocumentLine(line, item_id, sku, item_type, Decimal(quantity), Money.parse(amount, currency))


def make_document(
    record_type: str,
    record_id: str,
    *lines: DocumentLine,
    total: str = "100.00",
    tax: str = "0.00",
    currency: str = "USD",
    made_from: str = "1201",
    external_id: str = "",
    status: str = "",
    voided: bool = False,
) -> Document:
    """Return a NetSuite transaction, by default made from the sales order 1201."""
    return Document(
        id=record_id,
        record_type=record_type,
        number=f"N{record_id}",
        external_id=external_id,
        status=status,
        total=Money.parse(total, currency),
        tax=Money.parse(tax, currency),
        created_from=frozenset({made_from} if made_from else ()),
        lines=lines,
        voided=voided,
    )


SALES_ORDER: Final = make_document("salesorder", "1201", made_from="", status="G")
"""The sales order that bills, refunds and returns made here go back to."""

CASH_SALE: Final = make_document("cashsale", "1301", make_line(quantity="5", amount="100.00"), status="C")
"""It billed five T-shirts of 20.00 USD, without tax."""

INVOICE: Final = make_document("invoice", "1302", make_line(quantity="5", amount="100.00"), status="B")
"""It billed the same as `CASH_SALE`."""


def make_cash_refund(
    record_id: str = "1401",
    *lines: DocumentLine,
    total: str = "20.00",
    currency: str = "USD",
    made_from: str = CASH_SALE.id,
    external_id: str = "",
    voided: bool = False,
) -> Document:
    """Return a cash refund, by default of one T-shirt of `CASH_SALE`."""
    return make_document(
        "cashrefund",
        record_id,
        *(lines or (make_line(),)),
        total=total,
        currency=currency,
        made_from=made_from,
        external_id=external_id,
        voided=voided,
    )


def make_return(
    record_id: str = "1501",
    *lines: DocumentLine,
    status: str = "F",
    made_from: str = CASH_SALE.id,
    external_id: str = "",
) -> Document:
    """Return a return authorization, by default for one T-shirt of `CASH_SALE`, received."""
    return make_document(
        "returnauthorization",
        record_id,
        *(lines or (make_line(),)),
        total="20.00",
        made_from=made_from,
        external_id=external_id,
        status=status,
    )


def make_order(
    *billed: Document,
    orders: tuple[Document, ...] = (SALES_ORDER,),
    refunds: tuple[Document, ...] = (),
    returns: tuple[Document, ...] = (),
    linked_exists: bool | None = None,
) -> NetSuiteOrder:
    """Return what NetSuite has of an order; nothing has billed it unless a billed record is given."""
    return NetSuiteOrder(orders, billed, refunds, returns, linked_exists)


def make_storefront_line(
    line_id: str = "703073504", *, sku: str = SKU, quantity: int = 5, refundable: int = 5
) -> StorefrontLine:
    """Return a line of a storefront order."""
    return StorefrontLine(line_id, sku, "T-shirt, M", quantity, refundable)


STOREFRONT_ORDER: Final = StorefrontOrder(
    id="450789469",
    name="#1001",
    currency="USD",
    shop_currency="USD",
    shop_rate=Decimal(1),
    cancelled=False,
    paid=usd("100.00"),
    lines=(make_storefront_line(),),
    refunds=(),
    wants_location=True,
)
"""Five T-shirts of 20.00 USD, paid, nothing refunded."""
