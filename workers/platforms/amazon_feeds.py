"""Feeds: how Amazon takes a refund, and says later what came of it.

A document is made, put at an address signed in advance, and named in a feed; only the last moves money.
Amazon knows no repetition: the same document twice refunds twice.
https://developer-docs.amazon.com/sp-api/docs/feeds-api-v2021-06-30-use-case-guide
"""

import zlib
from datetime import UTC, datetime, timedelta
from typing import Final

from ledger.clock import utcnow
from workers.platforms.amazon_api import AmazonApi, Node, listed, understood
from workers.platforms.amazon_report import CANCELLED, Report, read_report
from workers.platforms.amazon_rows import kept
from workers.platforms.errors import PlatformError

FEED_TYPE: Final = "POST_PAYMENT_ADJUSTMENT_DATA"
"""https://developer-docs.amazon.com/sp-api/docs/order-feed-type-values; for orders the merchant fulfills."""

_CONTENT_TYPE: Final = "text/xml; charset=UTF-8"
_DECLARATION: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'
_KEPT: Final = timedelta(days=89)  # feeds are listed for 90 days
_CLOCKS: Final = timedelta(minutes=1)  # by which Amazon's clock may be behind ours
_MOST_PAGES: Final = 20
_LARGEST: Final = 10 * 1024 * 1024  # bytes of a report, unpacked
_GZIP: Final = 16 + zlib.MAX_WBITS


class Feeds:
    """One seller's feeds of order adjustments."""

    def __init__(self, api: AmazonApi) -> None:
        """Make and read them over an API."""
        self._api = api

    def submit(self, xml: str, marketplace_id: str) -> str:
        """Hand in a feed and return its id.

        Args:
            xml: The envelope, without a declaration.
            marketplace_id: Where the order was placed.

        Raises:
            PlatformError: With `outcome_unknown` if it may have been taken all the same.
        """
        self._api.need("createFeed")  # the rarest call of all is asked for first
        with understood():
            made = self._api.call("createFeedDocument", json={"contentType": _CONTENT_TYPE})
            document_id, url = str(made["feedDocumentId"]), str(made["url"])
        self._api.upload(url, _DECLARATION + xml, _CONTENT_TYPE)
        wanted = {
            "feedType": FEED_TYPE,
            "marketplaceIds": [marketplace_id],
            "inputFeedDocumentId": document_id,
        }
        with understood(write=True):
            return str(self._api.call("createFeed", json=wanted, write=True)["feedId"])

    def find(self, feed_id: str) -> Node | None:
        """Return a feed, or None if Amazon has none of that id, as after 90 days.

        Raises:
            PlatformError: If Amazon does not say.
        """
        return self._api.find("getFeed", id_=feed_id)

    def made_since(self, moment: datetime) -> tuple[str, ...]:
        """Return the ids of feeds handed in since a time, by whoever; cancelled ones had no effect.

        Raises:
            PlatformError: `OUTCOME_UNCLEAR` if that is longer ago than feeds are listed for.
        """
        if moment < utcnow() - _KEPT:
            raise PlatformError(
                "OUTCOME_UNCLEAR", f"Amazon does not list feeds of {moment:%Y-%m-%d} any more"
            )
        since = f"{(moment - _CLOCKS).astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        params = {"feedTypes": FEED_TYPE, "createdSince": since, "pageSize": "100"}
        found: list[str] = []
        with understood():
            for _ in range(_MOST_PAGES):
                answer = self._api.call("getFeeds", params=params)
                found += [
                    str(each["feedId"])
                    for each in listed(answer, "feeds")
                    if each["processingStatus"] != CANCELLED
                ]
                if not answer.get("nextToken"):
                    return tuple(found)
                params = {"nextToken": str(answer["nextToken"])}
        raise PlatformError("REFUSED", f"more than {_MOST_PAGES} pages of feeds since {since}")

    def report(self, feed: Node) -> Report | None:
        """Return a feed's processing report, or None if it has none.

        Raises:
            PlatformError: If it cannot be had, or is none.
        """
        document_id = kept(feed, "resultFeedDocumentId")
        if not document_id:
            return None
        with understood():
            document = self._api.call("getFeedDocument", id_=document_id)
            content = self._api.download(str(document["url"]))
            if document.get("compressionAlgorithm") == "GZIP":
                content = _unpacked(content)
            return read_report(content)


def _unpacked(content: bytes) -> bytes:
    """Return what was compressed by gzip.

    Raises:
        PlatformError: `TRANSIENT` if it was not, or is larger than any report.
    """
    packed = zlib.decompressobj(_GZIP)
    try:
        unpacked = packed.decompress(content, _LARGEST)
    except zlib.error as error:
        raise PlatformError("TRANSIENT", f"a report that is not what it says: {error}") from error
    if not packed.eof:
        raise PlatformError("TRANSIENT", "a report that is cut off, or too large")
    return unpacked
