"""What a Shopify webhook is about, without reading it: enough to write it down once.

Reading a payload costs more than all else that is done before the answer, and workers have the time for it.
"""

import re
from typing import Final

from webhooks.sources.protocol import Glance
from webhooks.sources.signing import delivery_key

# A quote inside a JSON text has a backslash before it, so no text of a customer's looks like a member.
_ORDER: Final = re.compile(rb'"order_id":\s*([1-9][0-9]{0,18})\b')
# https://shopify.dev/docs/api/usage/gids; of each of these types a payload names the one it is about.
_NAMED: Final = {
    topic: re.compile(rb'"admin_graphql_api_id":\s*"gid://shopify/%b/([1-9][0-9]{0,18})"' % kind)
    for topic, kind in {
        "refunds/create": b"Refund",
        "orders/create": b"Order",
        "orders/updated": b"Order",
        "orders/cancelled": b"Order",
    }.items()
}


def glance(topic: str, event: str, body: bytes) -> Glance | None:
    """Return what is told by a payload's own id and its order's, where each is named in one way only.

    Args:
        topic: In lower case.
        event: The id of the merchant's action.
        body: The raw bytes.
    """
    named = _NAMED.get(topic)
    resource = _only(named, body) if named else ""
    order = resource if topic.startswith("orders/") else _only(_ORDER, body)
    if not resource or not order:
        return None
    return Glance(topic, delivery_key(topic, event, resource), order)


def _only(named: "re.Pattern[bytes]", body: bytes) -> str:
    """Return the one number that a body names, empty if it names none or several."""
    found = set(named.findall(body))
    return found.pop().decode() if len(found) == 1 else ""
