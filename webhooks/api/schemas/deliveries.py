"""Deliveries."""

from marshmallow import Schema, fields

from ledger.models import DeliveryState
from ledger.queue import QUEUES
from webhooks.api.schemas.common import (
    AuditSchema,
    PageQuery,
    count,
    line,
    moment,
    one_of,
    page_of,
    slug,
    text,
)


class DeliveryQuery(PageQuery):
    """Which deliveries."""

    source = one_of(QUEUES, is_required=False)
    account = slug(about="Of a storefront or of NetSuite.")
    state = fields.List(one_of(DeliveryState))
    topic = line(120)


class DeliverySchema(Schema):
    """A webhook request that was accepted."""

    id = fields.Integer(required=True)
    source = one_of(QUEUES)
    account = text()
    topic = text()
    delivery_key = text("What two sendings of one event have in common.")
    state = one_of(DeliveryState)
    reason = text("Why it was not understood or not worked off.")
    detail = text()
    order_ref = text()
    received_at = moment()
    processed_at = moment(is_certain=False)
    attempts = count()
    bytes = count()
    trace_id = text()


class DeliveryDetailSchema(DeliverySchema):
    """A delivery with what came, and what was understood."""

    headers = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    events = fields.List(fields.Dict(keys=fields.String()), required=True)
    audit = fields.List(fields.Nested(AuditSchema), required=True)
    body = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "As it came; null for viewers, since it may hold personal data."},
    )


DeliveryPage = page_of(DeliverySchema, "DeliveryPageSchema")
