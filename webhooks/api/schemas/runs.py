"""Runs over the refunds of a period: backfills, dry runs and reconciliations."""

from marshmallow import Schema, fields

from ledger.models import Finding, RunKind, RunState
from webhooks.api.schemas.common import (
    Moment,
    PageQuery,
    count,
    moment,
    money,
    one_of,
    page_of,
    slug,
    text,
)


class ReconciliationQuery(PageQuery):
    """Which reconciliations."""

    account = slug()


class RunQuery(ReconciliationQuery):
    """Which runs."""

    kind = fields.List(one_of(RunKind))


class ReconciliationBody(Schema):
    """Which refunds are to be compared."""

    account = slug(is_required=True)
    since = Moment(data_key="from", required=True, metadata={"description": "Beginning of the period."})
    until = Moment(
        data_key="to", load_default=None, metadata={"description": "End of the period; now by default."}
    )


class RunBody(ReconciliationBody):
    """What is to be done with which refunds."""

    kind = one_of(RunKind)


class RunSchema(Schema):
    """A run, and how far it has come."""

    id = fields.Integer(required=True)
    kind = one_of(RunKind)
    account = text()
    since = fields.String(data_key="from", attribute="from", required=True, metadata={"format": "date-time"})
    until = fields.String(data_key="to", attribute="to", required=True, metadata={"format": "date-time"})
    state = one_of(RunState)
    done_until = moment()
    found = count()
    taken = count()
    reason = text("Why it failed, or is late; a code.")
    detail = text()
    actor = text()
    created_at = moment()
    ended_at = moment(is_certain=False)


class TotalSchema(Schema):
    """How much a run found of one kind in one currency."""

    finding = one_of(Finding)
    currency = text()
    number = count()
    storefront_amount = money()
    netsuite_amount = money()


class RunDetailSchema(RunSchema):
    """A run with what it found in all."""

    totals = fields.List(fields.Nested(TotalSchema), required=True)


RunPage = page_of(RunSchema, "RunPageSchema")


class ItemQuery(PageQuery):
    """Which of the refunds that a run found."""

    finding = fields.List(one_of(Finding))


class ItemSchema(Schema):
    """One refund that a run found, as both sides have it."""

    id = fields.Integer(required=True)
    finding = one_of(Finding)
    order = text()
    occurred_at = moment(is_certain=False)
    storefront_refund_id = text()
    storefront_amount = money(is_certain=False)
    netsuite_type = text()
    netsuite_id = text()
    netsuite_number = text()
    netsuite_amount = money(is_certain=False)
    refund = fields.Integer(required=True, allow_none=True, metadata={"description": "Its id here."})
    note = text()


ItemPage = page_of(ItemSchema, "RunItemPageSchema")
