"""Makes sellers and changes their settings, from the control API's description of them."""

import secrets
import uuid
from typing import Final

from sandbox.amazon.ids import Ids
from sandbox.amazon.seller import MARKETPLACES, UNITED_STATES, Push, Seller
from sandbox.amazon.throttle import Plan
from sandbox.jsonish import ControlError, Fields, Json

VIAS: Final = ("api_destination", "sns", "bare")
DEFAULT_TOPIC: Final = "arn:aws:sns:us-east-1:123456789012:selling-partner"
DEFAULT_HEADER: Final = "x-api-key"


def make_seller(fields: Fields, ids: Ids) -> Seller:
    """Make a seller.

    Args:
        fields: The seller as the control API describes it.
        ids: Where ids come from; no two sellers have the same.

    Raises:
        ControlError: The description makes no sense.
    """
    seller = Seller(
        id=fields.text("seller_id"),
        marketplace=UNITED_STATES,
        client_id=f"amzn1.application-oa2-client.{secrets.token_hex(16)}",
        client_secret=f"amzn1.oa2-cs.v1.{secrets.token_hex(32)}",
        refresh_token=f"Atzr|{secrets.token_urlsafe(48)}",
        ids=ids,
        application_id=f"amzn1.sellerapps.app.{uuid.uuid4()}",
    )
    set_seller(seller, fields)
    return seller


def set_seller(seller: Seller, fields: Fields) -> None:
    """Change what is given; the rest stays.

    Raises:
        ControlError: A value makes no sense.
    """
    seller.marketplace = fields.choice("marketplace", tuple(MARKETPLACES), seller.marketplace)
    seller.client_id = fields.text("client_id", seller.client_id)
    seller.client_secret = fields.text("client_secret", seller.client_secret)
    seller.refresh_token = fields.text("refresh_token", seller.refresh_token)
    seller.page_size = _positive(fields, "page_size", seller.page_size)
    for name in ("empty_pages", "nulls", "v0_gone", "gzip_reports"):
        if fields.has(name):
            setattr(seller, name, fields.flag(name))
    _set_timing(seller, fields)
    _set_plans(seller, fields.maybe_object("usage_plans"))
    if fields.has("push"):
        seller.push = push_from(fields.maybe_object("push") or Fields({}))
    if fields.maybe_text("seller_id") not in {None, seller.id}:
        raise ControlError("The body: a seller's id cannot be changed.")
    fields.finish()


def _positive(fields: Fields, name: str, default: int) -> int:
    number = fields.integer(name, default)
    if number < 1:
        raise ControlError(f"The body: {name} must be 1 or more.")
    return number


def _seconds(fields: Fields, name: str, default: float) -> float:
    seconds = fields.maybe_decimal(name)
    if seconds is not None and seconds < 0:
        raise ControlError(f"The body: {name} must not be negative.")
    return default if seconds is None else float(seconds)


def _set_timing(seller: Seller, fields: Fields) -> None:
    timing = seller.timing
    timing.late = _seconds(fields, "late_seconds", timing.late)
    timing.late_v0 = _seconds(fields, "v0_late_seconds", timing.late_v0)
    feeds = fields.maybe_object("feed_seconds")
    if feeds is not None:
        timing.queue = _seconds(feeds, "queue", timing.queue)
        timing.process = _seconds(feeds, "process", timing.process)
        feeds.finish()


def _set_plans(seller: Seller, fields: Fields | None) -> None:
    if fields is None:
        return
    for operation in seller.plans:
        plan = fields.maybe_object(operation)
        if plan is not None:
            rate, burst = plan.decimal("rate"), plan.decimal("burst")
            plan.finish()
            seller.set_plan(operation, Plan(float(rate), float(burst)))
    fields.finish()


def push_from(fields: Fields) -> Push:
    """Read where notifications go.

    Raises:
        ControlError: The description makes no sense.
    """
    via = fields.choice("via", VIAS)
    push = Push(
        via=via,
        url=fields.text("url"),
        secret_header=fields.text("secret_header", DEFAULT_HEADER),
        secret=fields.text("secret", ""),
        topic_arn=fields.text("topic_arn", DEFAULT_TOPIC),
        signature_version=fields.choice("signature_version", ("1", "2"), "1"),
        confirmed=fields.flag("confirmed"),
    )
    if len(push.topic_arn.split(":")) != len(DEFAULT_TOPIC.split(":")):
        raise ControlError("The body: push: topic_arn must be an ARN of an SNS topic.")
    push.subscription_arn = f"{push.topic_arn}:{uuid.uuid4()}"
    push.token = secrets.token_hex(128)
    fields.finish()
    return push


def seller_json(seller: Seller) -> Json:
    """Show a seller's settings."""
    return {
        "seller_id": seller.id,
        "marketplace": seller.marketplace,
        "marketplace_name": seller.marketplace_name,
        "currency": seller.currency,
        "client_id": seller.client_id,
        "client_secret": seller.client_secret,
        "refresh_token": seller.refresh_token,
        "application_id": seller.application_id,
        "page_size": seller.page_size,
        "empty_pages": seller.empty_pages,
        "nulls": seller.nulls,
        "v0_gone": seller.v0_gone,
        "gzip_reports": seller.gzip_reports,
        "late_seconds": seller.timing.late,
        "v0_late_seconds": seller.timing.late_v0,
        "feed_seconds": {"queue": seller.timing.queue, "process": seller.timing.process},
        "usage_plans": {
            name: {"rate": plan.rate, "burst": plan.burst} for name, plan in seller.plans.items()
        },
        "push": push_json(seller.push),
    }


def push_json(push: Push | None) -> Json | None:
    """Show where notifications go; nothing if nowhere."""
    if push is None:
        return None
    shown: Json = {"via": push.via, "url": push.url}
    if push.via == "sns":
        shown |= {
            "topic_arn": push.topic_arn,
            "signature_version": push.signature_version,
            "subscription_arn": push.subscription_arn,
            "confirmed": push.confirmed,
            "token": push.token,
        }
    else:
        shown |= {"secret_header": push.secret_header, "secret": push.secret}
    return shown
