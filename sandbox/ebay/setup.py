"""Makes sellers and changes their settings, from the control API's description of them."""

import re
import secrets
from typing import Final

from sandbox.ebay.legacy import EVENTS
from sandbox.ebay.model import REFUND_STATUSES
from sandbox.ebay.pushes import SigningKeys
from sandbox.ebay.seller import DAILY, TOPICS, Ids, Legacy, Push, Seller
from sandbox.jsonish import ControlError, Fields, Json

VERIFICATION_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{32,80}")
CURRENCIES: Final = {"EBAY_GB": "GBP", "EBAY_DE": "EUR", "EBAY_FR": "EUR", "EBAY_IT": "EUR", "EBAY_ES": "EUR"}


def make_seller(fields: Fields, ids: Ids, keys: SigningKeys) -> Seller:
    """Make a seller whose application is connected.

    Args:
        fields: The seller as the control API describes it.
        ids: Where ids come from; no two sellers have the same.
        keys: The keys that sign notifications.

    Raises:
        ControlError: The description makes no sense.
    """
    seller_id = fields.text("seller_id")
    seller = Seller(
        id=seller_id,
        username=seller_id,
        client_id=f"sandbox-{seller_id}-{secrets.token_hex(4)}",
        client_secret=f"PRD-{secrets.token_hex(12)}",
        refresh_token=f"v^1.1#r^1#{secrets.token_urlsafe(32)}",
        ids=ids,
    )
    set_seller(seller, fields, keys)
    return seller


def set_seller(seller: Seller, fields: Fields, keys: SigningKeys) -> Push | None:
    """Change what is given; the rest stays.

    Returns:
        The destination if it is new and still has to answer its challenge.

    Raises:
        ControlError: A value makes no sense.
    """
    seller.username = fields.text("username", seller.username)
    seller.client_id = fields.text("client_id", seller.client_id)
    seller.client_secret = fields.text("client_secret", seller.client_secret)
    if fields.has("refresh_token"):
        seller.refresh_token = fields.text("refresh_token")
        seller.revoked = False
    seller.scopes = fields.maybe_strings("scopes") or seller.scopes
    seller.marketplace = fields.text("marketplace", seller.marketplace)
    seller.currency = fields.text("currency", CURRENCIES.get(seller.marketplace, seller.currency))
    seller.eu = fields.flag("eu") if fields.has("eu") else seller.eu
    seller.refund_seconds = _seconds(fields, "refund_seconds", seller.refund_seconds)
    seller.refund_outcome = fields.choice("refund_outcome", REFUND_STATUSES, seller.refund_outcome)
    seller.finances_seconds = _seconds(fields, "finances_seconds", seller.finances_seconds)
    _set_quotas(seller, fields.maybe_object("quotas"))
    push = _push(fields.maybe_object("push"), keys)
    if fields.maybe_text("seller_id") not in {None, seller.id}:
        raise ControlError("The body: a seller's id cannot be changed.")
    fields.finish()
    seller.push = push or seller.push
    return push if push is not None and not push.verified else None


def _seconds(fields: Fields, name: str, default: float) -> float:
    value = fields.maybe_decimal(name)
    if value is not None and value < 0:
        raise ControlError(f"The body: {name} must not be negative.")
    return default if value is None else float(value)


def _set_quotas(seller: Seller, fields: Fields | None) -> None:
    """Set the day's limits, and start the day anew."""
    if fields is None:
        return
    given = {name: fields.maybe_integer(name) for name in DAILY}
    fields.finish()
    seller.quotas.limits.update({name: value for name, value in given.items() if value is not None})
    seller.quotas.restart()


def _push(fields: Fields | None, keys: SigningKeys) -> Push | None:
    if fields is None:
        return None
    topics = fields.maybe_strings("topics")
    unknown = sorted(set(topics or ()) - set(TOPICS))
    if unknown:
        raise ControlError(f"The body: push: there is no topic {unknown[0]}.")
    verification_token = fields.text("verification_token", secrets.token_urlsafe(30))
    if not VERIFICATION_TOKEN.fullmatch(verification_token):
        raise ControlError("The body: push: verification_token must be 32 to 80 letters, digits, _ and -.")
    push = Push(
        url=fields.text("url"),
        verification_token=verification_token,
        topics=TOPICS if topics is None else tuple(topics),
        kid=fields.text("kid", keys.default),
        verified=fields.has("challenge") and not fields.flag("challenge"),
        names_orders=fields.flag("names_orders") if fields.has("names_orders") else True,
    )
    push.legacy = _legacy(fields.maybe_object("legacy"), push)
    fields.finish()
    keys.make(push.kid)
    return push


def _legacy(fields: Fields | None, push: Push) -> Legacy | None:
    if fields is None:
        return None
    events = fields.maybe_strings("events")
    unknown = sorted(set(events or ()) - set(EVENTS))
    if unknown:
        raise ControlError(f"The body: push: legacy: there is no event {unknown[0]}.")
    legacy = Legacy(
        url=fields.text("url", push.url),
        dev_id=fields.text("dev_id"),
        app_id=fields.text("app_id"),
        cert_id=fields.text("cert_id"),
        events=EVENTS if events is None else tuple(events),
    )
    fields.finish()
    return legacy


def seller_json(seller: Seller) -> Json:
    """Show a seller's settings."""
    return {
        "seller_id": seller.id,
        "username": seller.username,
        "user_id": seller.user_id,
        "client_id": seller.client_id,
        "client_secret": seller.client_secret,
        "refresh_token": seller.refresh_token,
        "scopes": seller.scopes,
        "marketplace": seller.marketplace,
        "currency": seller.currency,
        "eu": seller.eu,
        "refund_seconds": seller.refund_seconds,
        "refund_outcome": seller.refund_outcome,
        "finances_seconds": seller.finances_seconds,
        "revoked": seller.revoked,
        "quotas": seller.quotas.limits,
        "push": None if seller.push is None else _push_json(seller.push),
    }


def _push_json(push: Push) -> Json:
    return {
        "url": push.url,
        "verification_token": push.verification_token,
        "topics": list(push.topics),
        "kid": push.kid,
        "status": push.status,
        "challenge_status": push.challenge_status,
        "names_orders": push.names_orders,
        "legacy": None if push.legacy is None else {"url": push.legacy.url, "events": push.legacy.events},
    }
