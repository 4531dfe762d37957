"""Credit memos that the merchant makes in the admin."""

from decimal import Decimal

from sandbox.jsonish import ControlError, Fields
from sandbox.magento.errors import MagentoError
from sandbox.magento.model import CreditMemo, Invoice, Order
from sandbox.magento.money import ZERO
from sandbox.magento.refunds import Asked, GatewayDeclinedError, refused_by
from sandbox.magento.service import refund
from sandbox.magento.store import Store
from sandbox.magento.totals import Arguments
from sandbox.magento.webhook import BlockedError
from sandbox.world import World


def memo_by_hand(world: World, store: Store, order: Order, fields: Fields) -> CreditMemo | str:
    """Make a credit memo.

    The admin's form lists every line, so that lines not named here are refunded with none of their units.

    Args:
        world: Where the store is.
        store: The store.
        order: The order.
        fields: The credit memo as the control API describes it; amounts are in the base currency.

    Returns:
        The credit memo, or what the admin reads where a webhook blocked it.

    Raises:
        ControlError: Magento or the gateway refuses it, or the description makes no sense.
    """
    online = fields.flag("online")
    silent = fields.flag("silent")
    invoice = _invoice(store, order, fields.maybe_integer("invoice_id"), online=online)
    lines = fields.maybe_objects("lines")
    qtys, stocked = _lines(order, lines) if lines is not None else ({}, set())
    asked = Asked(
        qtys=qtys,
        arguments=Arguments(
            shipping=fields.maybe_decimal("shipping"),
            adjustment_positive=fields.decimal("adjustment_positive", ZERO),
            adjustment_negative=fields.decimal("adjustment_negative", ZERO),
        ),
        comment=fields.maybe_text("comment"),
        online=online,
        stocked=frozenset(stocked),
    )
    fields.finish()
    try:
        return refund(world, store, order, invoice, asked, silent=silent)
    except MagentoError as error:
        raise ControlError(refused_by(error)) from error
    except GatewayDeclinedError as error:
        raise ControlError(str(error)) from error
    except BlockedError as error:
        return str(error)


def _invoice(store: Store, order: Order, invoice_id: int | None, *, online: bool) -> Invoice | None:
    """Return the invoice to refund: the one named, else the first if the refund is online."""
    if invoice_id is not None:
        found = store.invoice(invoice_id)
        if found is None or found[0] is not order:
            raise ControlError(f"The order has no invoice {invoice_id}.")
        return found[1]
    if not online:
        return None
    if not order.invoices:
        raise ControlError("An online refund needs an invoice.")
    return order.invoices[0]


def _lines(order: Order, lines: list[Fields]) -> tuple[dict[int, Decimal], set[int]]:
    """Return units by order item id, and the items that go back to stock."""
    qtys = {item.id: ZERO for item in order.items if not item.dummy}
    stocked = set()
    for line in lines:
        sku = line.text("sku")
        item = next(
            (each for each in order.items if not each.dummy and sku in {each.sku, each.product_sku}), None
        )
        if item is None:
            raise ControlError(f"The order has no line {sku}.")
        qtys[item.id] += line.decimal("qty")
        if line.flag("return_to_stock"):
            stocked.add(item.id)
        line.finish()
    return qtys, stocked
