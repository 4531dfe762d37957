"""The Feeds API 2021-06-30: documents, feeds, and their way from the queue to the report.

https://developer-docs.amazon.com/sp-api/docs/feeds-api-v2021-06-30-use-case-guide
"""

import gzip
import json
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sandbox.amazon.adjust import carry_out
from sandbox.amazon.answers import RefusedError, invalid, moment, moment_of
from sandbox.amazon.feed_xml import FeedError, Result, read_envelope, write_report
from sandbox.amazon.model import (
    ENDED,
    Document,
    Feed,
    FeedStatus,
    Outcome,
    Transaction,
)
from sandbox.amazon.orders_api import Args, listed
from sandbox.amazon.seller import Seller
from sandbox.jsonish import Json

FEED_TYPE: Final = "POST_PAYMENT_ADJUSTMENT_DATA"
URL_LIFE: Final = timedelta(minutes=5)
KEPT: Final = timedelta(days=90)
MOST_MARKETPLACES: Final = 25
MOST: Final = 100


@dataclass
class Progress:
    """What happened when feeds went on: those that ended, and the refunds they made."""

    ended: list[Feed] = field(default_factory=list)
    posted: list[Transaction] = field(default_factory=list)
    adjusted: int = 0


def create_document(seller: Seller, body: Mapping[str, object], now: datetime) -> Document:
    """Answer ``createFeedDocument``.

    Raises:
        RefusedError: The content type is missing.
    """
    content_type = body.get("contentType")
    if not isinstance(content_type, str) or not content_type:
        raise invalid("Invalid input")
    document = Document(
        id=f"amzn1.tortuga.4.na.{uuid.uuid4()}",
        content_type=content_type,
        upload_key=secrets.token_hex(32),
        url_until=now + URL_LIFE,
    )
    seller.documents[document.id] = document
    return document


def create_feed(seller: Seller, body: Mapping[str, object], now: datetime) -> Feed:
    """Answer ``createFeed``.

    Raises:
        RefusedError: A member is missing or makes no sense.
    """
    kind, marketplaces = body.get("feedType"), body.get("marketplaceIds")
    document = seller.documents.get(str(body.get("inputFeedDocumentId")))
    if kind != FEED_TYPE:
        raise invalid(f"Invalid feedType {kind}")
    if not isinstance(marketplaces, list) or not 1 <= len(marketplaces) <= MOST_MARKETPLACES:
        raise invalid("marketplaceIds must have 1 to 25 members")
    if seller.marketplace not in marketplaces:
        raise invalid(f"marketplaceIds must be marketplaces of the seller, such as {seller.marketplace}")
    if document is None:
        raise invalid("Invalid input feed document id")
    starts = now + timedelta(seconds=seller.timing.queue)
    feed = Feed(
        id=seller.ids.number(11),
        kind=kind,
        marketplaces=[str(each) for each in marketplaces],
        input=document,
        created_at=now,
        starts_at=starts,
        ends_at=starts + timedelta(seconds=seller.timing.process),
        outcome=_next_outcome(seller),
    )
    seller.feeds[feed.id] = feed
    return feed


def _next_outcome(seller: Seller) -> Outcome | None:
    """Return how the next feed shall end, and use that up."""
    if seller.outcome is None or seller.outcomes < 1:
        return None
    seller.outcomes -= 1
    return seller.outcome


def cancel_feed(feed: Feed, now: datetime) -> None:
    """Answer ``cancelFeed``; only what waits in the queue can be cancelled.

    Raises:
        RefusedError: It is too late.
    """
    if feed.status is not FeedStatus.IN_QUEUE:
        raise invalid(f"Feed {feed.id} cannot be cancelled, it is {feed.status.value}")
    feed.status = FeedStatus.CANCELLED
    feed.started_at = feed.ended_at = now


def feed_of(seller: Seller, feed_id: str) -> Feed:
    """Return a feed.

    Raises:
        RefusedError: There is none.
    """
    if feed_id not in seller.feeds:
        raise RefusedError(404, f"Feed {feed_id} was not found.")
    return seller.feeds[feed_id]


def feed_json(feed: Feed) -> Json:
    """Show a feed."""
    shown: Json = {
        "feedId": feed.id,
        "feedType": feed.kind,
        "marketplaceIds": feed.marketplaces,
        "createdTime": moment(feed.created_at),
        "processingStatus": feed.status.value,
    }
    if feed.started_at is not None:
        shown["processingStartTime"] = moment(feed.started_at)
    if feed.ended_at is not None:
        shown["processingEndTime"] = moment(feed.ended_at)
    if feed.report is not None:
        shown["resultFeedDocumentId"] = feed.report.id
    return shown


def get_feeds(seller: Seller, args: Args, now: datetime) -> Json:
    """Answer ``getFeeds``, newest first.

    Raises:
        RefusedError: The parameters are not as documented.
    """
    offset = 0
    if "nextToken" in args:
        if len(args) > 1:
            raise invalid("nextToken cannot be specified with other parameters")
        args, offset = _read_token(args["nextToken"])
    kinds = listed(args, "feedTypes")
    if not kinds:
        raise invalid("Either feedTypes or nextToken is required")
    statuses = listed(args, "processingStatuses", tuple(FeedStatus))
    marketplaces = listed(args, "marketplaceIds")
    size = args.get("pageSize", "10")
    if not size.isdecimal() or not 1 <= int(size) <= MOST:
        raise invalid(f"pageSize must be between 1 and {MOST}")
    since = moment_of("createdSince", args.get("createdSince", moment(now - KEPT)))
    until = moment_of("createdUntil", args.get("createdUntil", moment(now + timedelta(seconds=1))))
    found = [
        feed
        for feed in reversed(seller.feeds.values())
        if feed.kind in kinds
        and (not statuses or feed.status in statuses)
        and (not marketplaces or set(marketplaces) & set(feed.marketplaces))
        and since <= feed.created_at <= until
    ]
    page = found[offset : offset + int(size)]
    shown: Json = {"feeds": [feed_json(feed) for feed in page]}
    if offset + len(page) < len(found):
        shown["nextToken"] = json.dumps([list(args.items(multi=True)), offset + len(page)]).encode().hex()
    return shown


def _read_token(token: str) -> tuple[Args, int]:
    try:
        pairs, offset = json.loads(bytes.fromhex(token))
        return Args([(str(name), str(value)) for name, value in pairs]), int(offset)
    except (ValueError, TypeError) as error:
        raise invalid("nextToken is invalid") from error


def go_on(seller: Seller, now: datetime) -> Progress:
    """Let every feed go as far as its time has come, or as the control API says."""
    progress = Progress()
    for feed in seller.feeds.values():
        _go_on(seller, feed, now, progress)
    return progress


def _go_on(seller: Seller, feed: Feed, now: datetime, progress: Progress) -> None:
    if feed.status in ENDED:
        return
    outcome = feed.outcome
    if outcome is not None and outcome.status is FeedStatus.IN_QUEUE:
        return
    if outcome is not None and outcome.status is FeedStatus.CANCELLED:
        feed.status = FeedStatus.CANCELLED
        feed.started_at = feed.ended_at = now
        progress.ended.append(feed)
        return
    if now >= feed.starts_at and feed.status is FeedStatus.IN_QUEUE:
        feed.status = FeedStatus.IN_PROGRESS
        feed.started_at = feed.starts_at
    if outcome is not None and outcome.status is FeedStatus.IN_PROGRESS:
        return
    if now >= feed.ends_at:
        feed.ended_at = feed.ends_at
        _process(seller, feed, outcome or Outcome(FeedStatus.DONE), progress)
        progress.ended.append(feed)


def _process(seller: Seller, feed: Feed, outcome: Outcome, progress: Progress) -> None:
    """Carry out a feed, and report on it."""
    at = feed.ends_at
    aborted = outcome.status is FeedStatus.FATAL
    feed.status = FeedStatus.FATAL if aborted else FeedStatus.DONE
    try:
        messages = read_envelope(feed.input.content or b"", seller.id)
    except FeedError as error:
        feed.status = FeedStatus.FATAL
        result = Result("0", "Error", error.reason, error.description)
        report = write_report(seller.id, feed.id, 0, [result], complete=False)
    else:
        results: list[Result] = []
        if not aborted or outcome.executed:
            results, posted = carry_out(seller, messages, outcome.faults, at)
            progress.posted += posted
            progress.adjusted += len(posted)
        if aborted:
            return  # "some, none, or all of the operations may have completed", and no report says which
        report = write_report(seller.id, feed.id, len(messages), results)
    feed.report = Document(
        id=f"amzn1.tortuga.4.na.{uuid.uuid4()}",
        content_type="text/xml; charset=UTF-8",
        upload_key="",
        url_until=at,
        content=gzip.compress(report) if seller.gzip_reports else report,
        gzipped=seller.gzip_reports,
    )
    seller.documents[feed.report.id] = feed.report


def download_key(document: Document, now: datetime) -> str:
    """Return the secret part of a new address that a document can be downloaded from for 5 minutes."""
    key = secrets.token_hex(32)
    document.downloads[key] = now + URL_LIFE
    return key


def upload(document: Document, key: str, content_type: str, content: bytes, now: datetime) -> str:
    """Take a document's content at its pre-signed address.

    Returns:
        Empty, or the code of S3's refusal: the content type is part of what was signed.
    """
    if key != document.upload_key or content_type != document.content_type:
        return "SignatureDoesNotMatch"
    if now >= document.url_until:
        return "AccessDenied"
    document.content = content
    return ""
