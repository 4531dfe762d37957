"""What the NetSuite script sends is what our receiver takes."""

import json
from datetime import UTC, datetime

from ledger import accounts
from ledger.clock import utcnow
from ledger.database import Database
from ledger.models.deliveries import DeliveryState
from ledger.secrets import Vault
from ledger.settings import Settings
from tests.support import suitescript
from tests.webhooks.conftest import Web
from webhooks.app import create_app


def test_every_request_of_the_script_is_accepted_and_understood(
    web: Web, settings: Settings, database: Database, vault: Vault
) -> None:
    with database.write() as session:
        books = accounts.netsuite_by_slug(session, "books")
        accounts.rotate_secret(session, vault, books, suitescript.SECRET, now=utcnow(), actor="test")
    sent = suitescript.captured_requests()
    signed_at: list[datetime] = []
    client = create_app(settings, database=database, vault=vault, clock=lambda: signed_at[-1]).test_client()

    for request in sent:
        signed_at.append(datetime.fromtimestamp(int(request.headers["X-NS-Timestamp"]), UTC))
        answer = client.post("/webhooks/netsuite/books", data=request.body, headers=dict(request.headers))
        assert answer.status_code == 200, answer.text

    ids = {json.loads(request.body)["id"] for request in sent}
    kept = web.deliveries()
    assert {delivery.delivery_key for delivery in kept} == ids
    assert {delivery.state for delivery in kept} == {DeliveryState.RECEIVED}
    told = {(event["record_type"], event["change"]) for delivery in kept for event in delivery.events}
    assert told >= {
        (record, change)
        for record in ("cashrefund", "creditmemo", "customerrefund", "returnauthorization", "salesorder")
        for change in ("create", "edit", "xedit", "delete")
    }
