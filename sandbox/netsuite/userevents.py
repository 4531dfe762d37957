"""User events: what the account's script posts when a record is created, changed or deleted.

The wire format is the project's own; NetSuite has no signed webhooks. The script is told of creations, edits
and deletions by NetSuite, see https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_4407992281.html
"""

import hashlib
import hmac
import uuid
from datetime import datetime
from typing import Final

from sandbox.clock import iso_millis
from sandbox.jsonish import dumps
from sandbox.netsuite.account import Account
from sandbox.netsuite.model import Transaction
from sandbox.webhooks import Delivery, Headers
from sandbox.world import World

PLATFORM: Final = "netsuite"
MOST_RETRIES: Final = 96


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Sign an attempt: hex of HMAC-SHA256 over the timestamp, a dot and the raw body."""
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def event_body(event_id: str, account: Account, kind: str, transaction: Transaction, now: datetime) -> bytes:
    """Write what the script tells of an event; every attempt to post it sends these bytes."""
    return dumps(
        {
            "id": event_id,
            "type": kind,
            "recordType": transaction.type.script,
            "internalId": transaction.id,
            "occurredAt": iso_millis(now),
            "account": account.account_id,
            "externalId": transaction.external_id,
            "otherRefNum": transaction.other_ref_num,
            "createdFrom": transaction.created_from,
            "tranId": transaction.tran_id,
        }
    )


def announce(world: World, account: Account, kind: str, transaction: Transaction) -> None:
    """Post one user event, and keep it for later if the post fails.

    Args:
        world: Where it is sent from.
        account: Whose script it is.
        kind: ``create``, ``edit``, ``xedit`` or ``delete``.
        transaction: The record; for a deletion as it was.
    """
    webhook = account.webhook
    if webhook is None:
        return
    event_id = str(uuid.uuid4())
    body = event_body(event_id, account, kind, transaction, world.clock.now())

    def sign(now: datetime) -> Headers:
        timestamp = str(int(now.timestamp()))
        return {
            "Content-Type": "application/json",
            "User-Agent": "NetSuite/2026.2 SuiteScript",
            "X-NS-Timestamp": timestamp,
            "X-NS-Signature": signature(webhook.secret, timestamp, body),
        }

    delivery = Delivery(
        id=event_id,
        platform=PLATFORM,
        tenant=account.slug,
        topic=f"{transaction.type.script}/{kind}",
        url=webhook.url,
        body=body,
        sign=sign,
        delays=(webhook.retry_seconds,) * MOST_RETRIES,
        event_id=event_id,
    )
    world.courier.send([delivery])
