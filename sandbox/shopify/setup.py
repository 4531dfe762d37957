"""Makes shops and changes their settings, from the control API's description of them."""

import secrets
from datetime import datetime

from sandbox.jsonish import ControlError, Fields, Json
from sandbox.shopify.ids import Ids
from sandbox.shopify.shop import API_VERSIONS, Location, Shop
from sandbox.shopify.throttle import DEFAULT_MAXIMUM, DEFAULT_RESTORE_RATE, Bucket

DEFAULT_LOCATION = "Main warehouse"


def make_shop(fields: Fields, ids: Ids, now: datetime) -> Shop:
    """Make a shop.

    Args:
        fields: The shop as the control API describes it.
        ids: Where ids come from; no two shops have the same.
        now: The present time.

    Raises:
        ControlError: The description makes no sense.
    """
    shop = Shop(
        id=ids.next(),
        domain=fields.text("domain"),
        currency="USD",
        created_at=now,
        bucket=Bucket(now),
        access_token=f"shpat_{secrets.token_hex(16)}",
        client_id=secrets.token_hex(16),
        client_secret=f"shpss_{secrets.token_hex(16)}",
        ids=ids,
    )
    shop.locations = [Location(ids.next(), DEFAULT_LOCATION)]
    set_shop(shop, fields, now)
    return shop


def set_shop(shop: Shop, fields: Fields, now: datetime) -> None:
    """Change what is given; the rest stays.

    Raises:
        ControlError: A value makes no sense.
    """
    shop.currency = fields.text("currency", shop.currency)
    shop.access_token = fields.text("access_token", shop.access_token)
    shop.client_id = fields.text("client_id", shop.client_id)
    shop.client_secret = fields.text("client_secret", shop.client_secret)
    shop.refund_status = fields.choice("refund_status", ("success", "pending"), shop.refund_status)
    shop.scopes = fields.maybe_strings("scopes") or shop.scopes
    _set_bucket(shop, fields.maybe_object("bucket"), now)
    _set_locations(shop, fields)
    _set_webhook(shop, fields.maybe_object("webhook"), now)
    if fields.maybe_text("domain") not in {None, shop.domain}:
        raise ControlError("The body: a shop's domain cannot be changed.")
    fields.finish()


def _set_bucket(shop: Shop, fields: Fields | None, now: datetime) -> None:
    if fields is None:
        return
    maximum = fields.maybe_decimal("maximum")
    restore_rate = fields.maybe_decimal("restore_rate")
    fields.finish()
    shop.bucket = Bucket(
        now,
        DEFAULT_MAXIMUM if maximum is None else float(maximum),
        DEFAULT_RESTORE_RATE if restore_rate is None else float(restore_rate),
    )


def _set_locations(shop: Shop, fields: Fields) -> None:
    """Read locations: names, or objects with an id and a name."""
    given = fields.raw("locations")
    if given is None:
        return
    if not isinstance(given, list):
        raise ControlError("The body: locations must be a list.")
    shop.locations = []
    for item in given:
        if isinstance(item, str):
            shop.locations.append(Location(shop.ids.next(), item))
            continue
        each = Fields(item, "The body: locations")
        number = each.maybe_integer("id")
        shop.locations.append(
            Location(shop.ids.next() if number is None else number, each.text("name", DEFAULT_LOCATION))
        )
        each.finish()


def _set_webhook(shop: Shop, fields: Fields | None, now: datetime) -> None:
    if fields is None:
        return
    shop.webhook_secret = fields.text("secret", shop.client_secret)
    shop.webhook_version = fields.choice("api_version", API_VERSIONS, shop.webhook_version)
    shop.subscribe(fields.text("url"), now)
    fields.finish()


def shop_json(shop: Shop) -> Json:
    """Show a shop's settings."""
    return {
        "id": shop.id,
        "domain": shop.domain,
        "currency": shop.currency,
        "access_token": shop.access_token,
        "client_id": shop.client_id,
        "client_secret": shop.client_secret,
        "scopes": shop.scopes,
        "installed": shop.installed,
        "refund_status": shop.refund_status,
        "locations": [{"id": each.id, "name": each.name} for each in shop.locations],
        "webhook": {"url": shop.webhook_url, "api_version": shop.webhook_version},
        "subscriptions": sorted(shop.subscriptions),
        "bucket": {"maximum": shop.bucket.maximum, "restore_rate": shop.bucket.restore_rate},
    }
