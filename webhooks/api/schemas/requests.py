"""What a worker is asked for, and its answers."""

from marshmallow import Schema, fields, validate

from ledger.models import RequestKind, RequestState
from ledger.requests import SIDES
from webhooks.api.schemas.common import line, moment, one_of, text


class RetrieveBody(Schema):
    """Whose refunds are to be read and taken over."""

    order = line(120, is_required=True, about="The order's id in the storefront, or its name.")
    side = fields.String(
        data_key="from",
        load_default=None,
        validate=validate.OneOf(SIDES),
        metadata={"description": "By default the side that the account carries refunds from."},
    )


class RequestSchema(Schema):
    """What a worker was asked for, and its answer."""

    id = fields.Integer(required=True)
    kind = one_of(RequestKind)
    account = text()
    params = fields.Dict(keys=fields.String(), required=True)
    state = one_of(RequestState)
    reason = text("Why nothing came of it; a code.")
    detail = text("The same in plain words.")
    result = fields.Dict(
        keys=fields.String(),
        required=True,
        allow_none=True,
        metadata={
            "description": "Of `retrieve`: `refund_ids`, and `new_ids` among them. Of `dry_run`: `action`, "
            "`reason`, `detail`, `target_type`, `target_id`, and the `plan` of what would be written."
        },
    )
    actor = text()
    created_at = moment()
    ended_at = moment(is_certain=False)
