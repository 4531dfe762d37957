"""Reads ``OrderAdjustment`` messages of a feed, and writes processing reports.

The shapes are those of Amazon's ``amzn-envelope.xsd``, ``OrderAdjustment.xsd`` and ``ProcessingReport.xsd``,
as public integrations use them. The feed: https://developer-docs.amazon.com/sp-api/docs/order-feed-type-values
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final
from xml.etree import ElementTree as ET

from sandbox.amazon.model import Part

REASONS: Final = frozenset(
    {
        "NoInventory",
        "CustomerReturn",
        "GeneralAdjustment",
        "CouldNotShip",
        "DifferentItem",
        "Abandoned",
        "CustomerCancel",
        "PriceError",
        "ProductOutofStock",
        "CustomerAddressIncorrect",
        "Exchange",
        "Other",
        "CarrierCreditDecision",
        "RiskAssessmentInformationNotValid",
        "CarrierCoverageFailure",
        "TransactionRecord",
        "Undeliverable",
        "RefusedDelivery",
    }
)
COMPONENTS: Final = {
    "Principal": Part.PRINCIPAL,
    "Tax": Part.TAX,
    "Shipping": Part.SHIPPING,
    "ShippingTax": Part.SHIPPING_TAX,
    "GiftWrap": Part.GIFT_WRAP,
    "GiftWrapTax": Part.GIFT_WRAP_TAX,
    "Goodwill": Part.GOODWILL,
    "RestockingFee": Part.RESTOCKING_FEE,
}
"""Types of ``Component`` that the sandbox knows; the schema has some more."""

NOT_XML: Final = "5000"
NOT_OF_SCHEMA: Final = "5001"
REFUSED: Final = "18028"
"""Message codes: assumed, Amazon publishes no list."""

_ADJUSTMENT: Final = frozenset({"AmazonOrderID", "AdjustedItem"})
_ITEM: Final = frozenset(
    {
        "AmazonOrderItemCode",
        "MerchantAdjustmentItemID",
        "AdjustmentReason",
        "ItemPriceAdjustments",
        "PromotionAdjustments",
        "QuantityCancelled",
    }
)


class FeedError(Exception):
    """A feed, or one of its messages, that cannot be carried out.

    Attributes:
        reason: The report's message code.
    """

    def __init__(self, reason: str, description: str, item: str = "") -> None:
        self.reason = reason
        self.description = description
        self.item = item
        super().__init__(description)


@dataclass(frozen=True)
class AdjustedItem:
    """One item of an adjustment; its amounts are positive."""

    item_id: str
    reason: str
    currency: str
    amounts: dict[Part, Decimal]
    cancelled: int


@dataclass(frozen=True)
class Adjustment:
    """What a message asks for."""

    order_id: str
    items: list[AdjustedItem]


@dataclass(frozen=True)
class Message:
    """One message of a feed: what it asks for, or why it does not fit the schema."""

    id: str
    adjustment: Adjustment | None
    error: FeedError | None = None


@dataclass(frozen=True)
class Result:
    """One line of a processing report.

    Attributes:
        partly: The message was carried out but for the item that this tells of.
    """

    message_id: str
    result: str
    code: str
    description: str
    order_id: str = ""
    item_id: str = ""
    partly: bool = False


def read_envelope(content: bytes, seller_id: str) -> list[Message]:
    """Read a feed.

    Raises:
        FeedError: The document as a whole is not one.
    """
    if b"<!DOCTYPE" in content:
        raise FeedError(NOT_XML, "XML Parsing Fatal Error: a document type is not allowed.")
    try:
        root = ET.fromstring(content)  # noqa: S314  # without a document type there are no entities to expand
    except ET.ParseError as error:
        raise FeedError(NOT_XML, f"XML Parsing Fatal Error: {error}") from error
    kind = root.findtext("MessageType", "").strip()
    merchant = root.findtext("Header/MerchantIdentifier", "").strip()
    version = root.findtext("Header/DocumentVersion", "").strip()
    if root.tag != "AmazonEnvelope" or kind != "OrderAdjustment" or version not in {"1.01", "1.02"}:
        raise FeedError(
            NOT_XML, "XML Parsing Fatal Error: not an AmazonEnvelope of OrderAdjustment messages."
        )
    if merchant != seller_id:
        raise FeedError(NOT_OF_SCHEMA, f"The MerchantIdentifier {merchant} is not that of the account.")
    messages = [_message(each) for each in root.findall("Message")]
    if not messages or len({each.id for each in messages}) < len(messages):
        raise FeedError(NOT_OF_SCHEMA, "A feed needs messages, each with a MessageID of its own.")
    return messages


def _message(element: ET.Element) -> Message:
    number = element.findtext("MessageID", "").strip()
    try:
        return Message(number, _adjustment(element))
    except FeedError as error:
        return Message(number, None, error)


def _adjustment(element: ET.Element) -> Adjustment:
    asked = element.find("OrderAdjustment")
    if asked is None or not element.findtext("MessageID", "").strip().isdecimal():
        raise FeedError(NOT_OF_SCHEMA, "A Message needs a numeric MessageID and an OrderAdjustment.")
    _only(asked, _ADJUSTMENT)
    items = [_item(each) for each in asked.findall("AdjustedItem")]
    if not items:
        raise FeedError(NOT_OF_SCHEMA, "An OrderAdjustment needs an AdjustedItem.")
    return Adjustment(_text(asked, "AmazonOrderID"), items)


def _only(element: ET.Element, known: frozenset[str]) -> None:
    unknown = [each.tag for each in element if each.tag not in known]
    if unknown:
        raise FeedError(NOT_OF_SCHEMA, f"The element {unknown[0]} is not expected in {element.tag}.")


def _text(element: ET.Element, name: str) -> str:
    text = element.findtext(name, "").strip()
    if not text:
        raise FeedError(NOT_OF_SCHEMA, f"The element {name} is missing in {element.tag}.")
    return text


def _item(element: ET.Element) -> AdjustedItem:
    _only(element, _ITEM)
    item_id = _text(element, "AmazonOrderItemCode")
    reason = _text(element, "AdjustmentReason")
    if reason not in REASONS:
        raise FeedError(NOT_OF_SCHEMA, f"The AdjustmentReason {reason} is not known.", item_id)
    amounts: dict[Part, Decimal] = {}
    currencies: set[str] = set()
    for component in element.findall("ItemPriceAdjustments/Component"):
        kind = _text(component, "Type")
        if kind not in COMPONENTS:
            raise FeedError(NOT_OF_SCHEMA, f"The Component Type {kind} is not known.", item_id)
        part = COMPONENTS[kind]
        amounts[part] = amounts.get(part, Decimal(0)) + _amount(component, currencies, item_id)
    for component in element.findall("PromotionAdjustments/Component"):
        amount = abs(_amount(component, currencies, item_id, signed=True))
        amounts[Part.PROMOTION] = amounts.get(Part.PROMOTION, Decimal(0)) + amount
    cancelled = element.findtext("QuantityCancelled", "0").strip()
    if not amounts or not cancelled.isdecimal() or len(currencies) != 1:
        raise FeedError(NOT_OF_SCHEMA, "An AdjustedItem needs amounts in one currency.", item_id)
    return AdjustedItem(item_id, reason, currencies.pop(), amounts, int(cancelled))


def _amount(component: ET.Element, currencies: set[str], item_id: str, *, signed: bool = False) -> Decimal:
    element = component.find("Amount")
    try:
        amount = Decimal((element.text or "").strip()) if element is not None else Decimal("NaN")
    except InvalidOperation:
        amount = Decimal("NaN")
    if element is None or not amount.is_finite() or (amount <= 0 and not signed):
        raise FeedError(NOT_OF_SCHEMA, "An Amount must be a positive number.", item_id)
    currencies.add(element.get("currency", ""))
    return amount


def write_report(
    seller_id: str, feed_id: str, processed: int, results: Sequence[Result], *, complete: bool = True
) -> bytes:
    """Write a processing report.

    Assumed: a message of which one item was refused counts among those that went well, too.

    Args:
        seller_id: Whose feed it was.
        feed_id: Its id.
        processed: How many messages it had.
        results: What there is to say of them; nothing of those that went well.
        complete: Whether the feed was processed to its end.
    """
    root = ET.Element("AmazonEnvelope")
    root.set("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance")
    root.set("xsi:noNamespaceSchemaLocation", "amzn-envelope.xsd")
    header = ET.SubElement(root, "Header")
    _add(header, DocumentVersion="1.02", MerchantIdentifier=seller_id)
    _add(root, MessageType="ProcessingReport")
    message = ET.SubElement(root, "Message")
    _add(message, MessageID="1")
    report = ET.SubElement(message, "ProcessingReport")
    _add(report, DocumentTransactionID=feed_id, StatusCode="Complete" if complete else "Rejected")
    failed = {each.message_id for each in results if each.result == "Error"}
    undone = failed - {each.message_id for each in results if each.partly}
    warned = {each.message_id for each in results if each.result == "Warning"} - failed
    summary = ET.SubElement(report, "ProcessingSummary")
    _add(
        summary,
        MessagesProcessed=str(processed),
        MessagesSuccessful=str(max(0, processed - len(undone))),
        MessagesWithError=str(len(failed)),
        MessagesWithWarning=str(len(warned)),
    )
    for each in results:
        result = ET.SubElement(report, "Result")
        _add(result, MessageID=each.message_id, ResultCode=each.result, ResultMessageCode=each.code)
        _add(result, ResultDescription=each.description)
        if each.order_id:
            info = ET.SubElement(result, "AdditionalInfo")
            _add(info, AmazonOrderID=each.order_id)
            if each.item_id:
                _add(info, AmazonOrderItemCode=each.item_id)
    ET.indent(root)
    written: bytes = ET.tostring(root, encoding="UTF-8", xml_declaration=True)
    return written


def _add(parent: ET.Element, **texts: str) -> None:
    for name, text in texts.items():
        ET.SubElement(parent, name).text = text
