"""Amazon's hosts: which region is where, and which addresses that Amazon hands out are its own. Pure.

Endpoints: https://developer-docs.amazon.com/sp-api/docs/sp-api-endpoints. In development one address stands
in for all of them.
"""

import re
from typing import Final
from urllib.parse import SplitResult, urlsplit

from workers.platforms.errors import PlatformError

REGIONS: Final = {
    "na": "https://sellingpartnerapi-na.amazon.com",
    "eu": "https://sellingpartnerapi-eu.amazon.com",
    "fe": "https://sellingpartnerapi-fe.amazon.com",
}
"""The Selling Partner API by region: the Americas; Europe, the Middle East and India; the Far East."""

LOGIN: Final = "https://api.amazon.com"
"""Login with Amazon, which gives the tokens."""

# Documents of feeds are kept in S3, and were given out by CloudFront.
_DOCUMENTS: Final = re.compile(r"([a-z0-9-]+\.)+(amazonaws\.com(\.cn)?|cloudfront\.net)")
# https://docs.aws.amazon.com/general/latest/gr/sns.html. A region begins with two letters: the host
# `sns.s3-us-west-2.amazonaws.com` would be anybody's bucket.
_SNS: Final = re.compile(r"sns\.[a-z]{2}(-[a-z]+)+-[0-9]{1,2}\.amazonaws\.com(\.cn)?")


def document_url(url: str, api_url: str) -> str:
    """Return an address signed in advance if it is Amazon's own.

    Args:
        url: Where a document is to be put, or fetched from.
        api_url: What stands in for Amazon in development; empty otherwise.

    Raises:
        PlatformError: `REFUSED` if it is anywhere else.
    """
    parts = _split(url)
    if api_url:
        base = urlsplit(api_url)
        is_own = (parts.scheme, parts.netloc) == (base.scheme, base.netloc)
    else:
        is_own = _is_secure(parts) and _DOCUMENTS.fullmatch(parts.hostname or "") is not None
    if not is_own:
        raise PlatformError("REFUSED", f"a document at {parts.netloc}, which is not Amazon's")
    return url


def subscription_url(url: str, api_url: str) -> str:
    """Return the address at which a subscription to SNS is confirmed, if it is SNS' own.

    Args:
        url: As SNS gave it.
        api_url: What stands in for Amazon in development; empty otherwise.

    Raises:
        PlatformError: `REFUSED` if it is not SNS', or does not confirm a subscription.
    """
    parts = _split(url)
    is_own = _is_secure(parts) and _SNS.fullmatch(parts.hostname or "") is not None
    if (
        not is_own
        or parts.path not in {"", "/"}
        or "Action=ConfirmSubscription" not in parts.query.split("&")
    ):
        raise PlatformError("REFUSED", f"no subscription of SNS is confirmed at {parts.netloc}{parts.path}")
    return f"{api_url.rstrip('/')}/?{parts.query}" if api_url else url


def _is_secure(parts: SplitResult) -> bool:
    """Return whether an address is one of TLS on its usual port, without a user name."""
    return parts.scheme == "https" and parts.netloc == parts.hostname


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError as error:
        raise PlatformError("REFUSED", "Amazon gave an address that is none") from error
