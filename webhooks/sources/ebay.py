"""eBay: who signed a push, and which of its two kinds it is.

Notifications of today are signed JSON (`webhooks.sources.ebay_signature`, `webhooks.sources.ebay_events`).
Platform Notifications of old are SOAP (`webhooks.sources.ebay_soap`); an address takes them only where the
account's credentials have `legacy`. Credentials used here: the application's `client_id` and `client_secret`;
the seller's `username` and `user_id`, where pushes may use another name than the storefront id; and `legacy`.

The webhook secret is the verification token of the destination: 32 to 80 letters, digits, `_` and `-`.
"""

import hashlib
from collections.abc import Iterable, Mapping
from http import HTTPStatus

from ledger import accounts
from webhooks.sources import ebay_events, ebay_signature, ebay_soap
from webhooks.sources.ebay_xml import is_soap
from webhooks.sources.protocol import Answer, Endpoint, Reading, Request, SignatureError, no_glance
from webhooks.sources.subscription import Subscription


class Ebay:
    """The source `ebay`."""

    name = "ebay"
    find_account = staticmethod(accounts.by_slug)
    # https://developer.ebay.com/api-docs/commerce/notification/overview.html
    subscription = Subscription(
        tuple(sorted(ebay_events.TOPICS)),
        "the application's Alerts & Notifications page, or the Notification API's createSubscription",
        "it is the endpoint's verification token: 32 to 80 letters, digits, _ and -",
    )
    kept_headers = frozenset({"x-ebay-signature"})
    # What eBay's own library answers: https://github.com/eBay/event-notification-nodejs-sdk
    unsigned_status = HTTPStatus.PRECONDITION_FAILED
    uses_credentials = True
    glance = staticmethod(no_glance)

    def verify(self, request: Request, endpoint: Endpoint) -> None:
        """Check eBay's signature, and that the push is for this account's seller.

        eBay signs alike for every application, so the signature alone does not tell whose push it is. A push
        of today that names no subscriber may be anybody's: what it says of an order is read from eBay with
        this account's own authorization.

        Raises:
            SignatureError: `missing_signature`, `wrong_signature`, `unknown_key` or `wrong_shop`, for SOAP
                also `bad_timestamp`, `stale` or `from_the_future`.
            KeyUnreachableError: If eBay's key cannot be had just now.
        """
        if is_soap(request.body):
            named = ebay_soap.verify(request, endpoint)
            is_for_us = _is_ours(named, endpoint)
        else:
            ebay_signature.verify(request, endpoint)
            named = ebay_events.subscriber(request.body)
            is_for_us = not named or _is_ours(named, endpoint)
        if not is_for_us:
            raise SignatureError("wrong_shop")

    def read(self, request: Request, _endpoint: Endpoint) -> Reading:
        """Return the request in our own words.

        Raises:
            UnreadableError: If the topic is not one we asked for, or the body is not of its shape.
        """
        read = ebay_soap.read if is_soap(request.body) else ebay_events.read
        return read(request.body)

    def answer(self, request: Request, _outcome: str) -> Answer:
        """Answer 204 without a body; to SOAP 200, the only status that counts as success there."""
        return Answer(HTTPStatus.OK if is_soap(request.body) else HTTPStatus.NO_CONTENT)

    def challenge(self, query: Mapping[str, str], endpoint: Endpoint) -> Answer | None:
        """Answer the challenge that eBay sends when a destination is set up.

        The digest is over code, verification token and address, in this order
        (https://developer.ebay.com/marketplace-account-deletion). One answer can prove one token only: it is
        the newest.
        """
        code = query.get("challenge_code", "")
        if not code or not endpoint.secrets:
            return None
        digest = hashlib.sha256((code + endpoint.secrets[0] + endpoint.url).encode(errors="replace"))
        return Answer.of({"challengeResponse": digest.hexdigest()})


def _is_ours(named: Iterable[str], endpoint: Endpoint) -> bool:
    """Tell whether one of the names a push has for a user is the seller's; eBay's names have no case."""
    credentials = endpoint.credentials
    ours = (endpoint.platform_id, credentials.get("username"), credentials.get("user_id"))
    return not {name.casefold() for name in named}.isdisjoint(
        name.casefold() for name in ours if isinstance(name, str) and name
    )
