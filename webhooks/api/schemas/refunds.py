"""Refunds, and what is done with them."""

from typing import Final

from marshmallow import Schema, fields, validate

from ledger.actions import ACTIONS
from ledger.models import OrderState
from ledger.models.accounts import Direction
from ledger.queue import QUEUES
from ledger.reasons import REASONS
from ledger.states import State
from webhooks.api import cursors
from webhooks.api.schemas.common import (
    LARGEST_ID,
    AuditSchema,
    Moment,
    PageQuery,
    Whole,
    count,
    line,
    moment,
    money,
    note,
    one_of,
    page_of,
    slug,
    text,
    words,
)
from webhooks.api.schemas.deliveries import DeliverySchema

TYPES: Final = ("cash_refund", "credit_memo")
"""Transaction types."""

MOST: Final = 500
"""How many refunds may be acted on at once."""


_BEGINNING: Final = (
    "Three characters or more also find what begins with them; an order's name is found without its `#`."
)
_NEXT: Final = (
    "Of the next page; null if there is none. A search looks at so many refunds at a time that a page may "
    "have fewer items than `limit`, or none: only null says that there are no more."
)


class RefundQuery(PageQuery):
    """Which refunds."""

    source_channel = one_of(QUEUES, is_required=False)
    transaction_type = one_of(TYPES, is_required=False)
    state = fields.List(one_of(State))
    reason = one_of(tuple(REASONS), is_required=False)
    account = slug()
    cursor = words(
        cursors.PLACE_PATTERN,
        cursors.LONGEST_PLACE,
        about="`next_cursor` of the page before, which was asked for with the same filters.",
    )
    order = line(120, about=f"The order's id in the storefront, or its name. {_BEGINNING}")
    q = line(
        120,
        about="What the refund is called: its number, its id where it came from, our key, its record's id on "
        "the other side, its order's id or name in the storefront or its internal id in NetSuite, or the SKU "
        "of a line. Numbers here, internal ids of orders and SKUs are looked for as a whole. "
        f"{_BEGINNING} Titles, details and notes are not looked at.",
    )
    since = Moment(data_key="from", metadata={"description": "Made then or later."})
    until = Moment(data_key="to", metadata={"description": "Made before."})


class RefundSchema(Schema):
    """A refund."""

    id = fields.Integer(required=True)
    account = text()
    source_channel = one_of(QUEUES)
    source_refund_id = text()
    order = text("The order's name in the storefront, else its id.")
    order_id = text()
    direction = one_of(Direction)
    transaction_type = text("`cash_refund` or `credit_memo`; empty until it is decided.")
    amount = money()
    state = one_of(State)
    reason = text("Why it is in this state; a code.")
    detail = text()
    target_type = text()
    target_id = text("Its id on the other side.")
    occurred_at = moment()
    received_at = moment()
    posted_at = moment(is_certain=False)
    due_at = moment(is_certain=False)


class LinkSchema(Schema):
    """What is known of an order on both sides."""

    storefront_id = text()
    storefront_name = text()
    storefront_state = one_of(OrderState)
    netsuite_id = text()
    netsuite_type = text()
    netsuite_state = one_of(OrderState)
    billed_type = text()
    billed_id = text()


class LineSchema(Schema):
    """One part of a refund."""

    kind = text()
    sku = text()
    title = text()
    quantity = text()
    net = money()
    tax = money()
    restock = fields.Boolean(required=True)
    mapped = text("How it was carried across.")


class AttemptSchema(Schema):
    """One try at carrying a refund across."""

    started_at = moment()
    ended_at = moment(is_certain=False)
    outcome = text()
    reason = text()
    detail = text()
    calls = fields.List(
        fields.Dict(keys=fields.String()),
        required=True,
        metadata={"description": "Requests and answers, with secrets and personal data masked."},
    )


class RefundDetailSchema(RefundSchema):
    """Everything about a refund."""

    key = text("What it is written under, on the other side.")
    money_state = text()
    write_began = fields.Boolean(required=True)
    reviewed = fields.Boolean(required=True)
    tries = count()
    waiting_for = text()
    deadline_at = moment(is_certain=False)
    trace_id = text()
    order_link = fields.Nested(LinkSchema, required=True, allow_none=True)
    lines = fields.List(fields.Nested(LineSchema), required=True)
    attempts = fields.List(fields.Nested(AttemptSchema), required=True)
    audit = fields.List(fields.Nested(AuditSchema), required=True)
    deliveries = fields.List(fields.Nested(DeliverySchema), required=True)


RefundPage = page_of(RefundSchema, "RefundPageSchema", _NEXT)


class ActionBody(Schema):
    """What is said of an action."""

    note = note()


class ResolveBody(Schema):
    """How a refund was settled."""

    note = note(is_required=True)
    target_id = line(120, default="", about="Record made by hand.")


class BulkBody(Schema):
    """What is to be done with which refunds."""

    action = one_of((*ACTIONS, "resolve"))
    ids = fields.List(
        Whole(validate=validate.Range(min=1, max=LARGEST_ID)),
        required=True,
        validate=validate.Length(min=1, max=MOST),
    )
    note = note()


class WhySchema(Schema):
    """Why one refund was not acted on."""

    code = text()
    message = text()


class BulkItemSchema(Schema):
    """What became of one refund: how it is now, or why nothing was done."""

    id = fields.Integer(required=True)
    refund = fields.Nested(RefundSchema, required=True, allow_none=True)
    error = fields.Nested(WhySchema, required=True, allow_none=True)


class BulkSchema(Schema):
    """What became of each refund, in the order asked for."""

    items = fields.List(fields.Nested(BulkItemSchema), required=True)
