"""Storefront accounts."""

from typing import Final

from marshmallow import Schema, fields

from ledger.models.accounts import Direction
from ledger.platforms import Platform
from webhooks.api.schemas.common import count, moment, one_of, text

_SWITCH: Final = ("on", "off")


class AccountSchema(Schema):
    """A storefront account; its secrets are never shown."""

    slug = text()
    platform = one_of(Platform)
    storefront = text("The platform's own name of it.")
    netsuite = text("The NetSuite account it is joined to.")
    direction = one_of(Direction)
    sync = one_of(_SWITCH)
    paused = text("Why it is paused; empty while it is not.")
    paused_detail = text()
    under_way = count()
    settings = fields.Dict(keys=fields.String(), required=True)
    api_url = text()
    created_at = moment()


class AccountsSchema(Schema):
    """Every storefront account, by name."""

    items = fields.List(fields.Nested(AccountSchema), required=True)
