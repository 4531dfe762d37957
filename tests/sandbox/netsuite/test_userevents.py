"""User events: the account's script posts what was created, edited and deleted, and keeps what fails."""

import hashlib
import hmac
import uuid

import pytest

from tests.sandbox.conftest import SECRET
from tests.sandbox.helpers import Books, Receiver
from tests.support.waiting import until


@pytest.fixture
def account(books: Books, receiver: Receiver) -> Books:
    webhook = {"url": receiver.url, "secret": SECRET, "retry_seconds": 0.01}
    books.control.patch(books.path, {"webhook": webhook})
    return books


def test_an_event_has_the_agreed_body_and_signature(account: Books, receiver: Receiver) -> None:
    billed = account.order(billed="invoice", externalId="so-1")["billed"]
    path = account.make(f"invoice/{billed['id']}/!transform/creditMemo", {"externalId": "rs-1"})
    (got,) = receiver.wait(1)
    body = got.json
    assert list(body) == [
        "id",
        "type",
        "recordType",
        "internalId",
        "occurredAt",
        "account",
        "externalId",
        "otherRefNum",
        "createdFrom",
        "tranId",
    ]
    assert uuid.UUID(body.pop("id")).version == 4
    occurred = body.pop("occurredAt")
    assert (occurred[-1], len(occurred)) == ("Z", 24)
    internal_id = path.partition("/")[2]
    assert body == {
        "type": "create",
        "recordType": "creditmemo",
        "internalId": internal_id,
        "account": "1234567_SB1",
        "externalId": "rs-1",
        "otherRefNum": "#1001",
        "createdFrom": billed["id"],
        "tranId": f"CM{internal_id}",
    }
    signed = got.headers["X-NS-Timestamp"].encode() + b"." + got.body
    assert got.headers["X-NS-Signature"] == hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    assert got.headers["Content-Type"] == "application/json"


def test_people_and_the_api_cause_the_same_events(account: Books, receiver: Receiver) -> None:
    control = account.control
    order = account.order(silent=False, billed="cashSale")
    sale = order["billed"]
    control.post(f"{account.path}/refunds", {"from": sale, "lines": [{"sku": "PEN", "quantity": 1}]})
    control.post(f"{account.path}/returnauthorizations", {"from": sale})
    memo = control.post(f"{account.path}/standalonecreditmemo", {"amount": "5.00"})
    account.make(f"creditMemo/{memo['id']}/!transform/customerRefund", {})
    edit = f"{account.path}/records/salesOrder/{order['salesOrder']['id']}/edit"
    control.post(edit, {"fields": {"memo": "x"}})
    control.post(edit, {"fields": {"memo": "y"}, "xedit": True})
    account.call("PATCH", f"cashSale/{sale['id']}", {"memo": "z"})
    control.delete(f"{account.path}/records/salesOrder/{order['salesOrder']['id']}?cascade=true")
    found = [(each.json["recordType"], each.json["type"]) for each in receiver.wait(13)]
    assert sorted(found) == sorted(
        [
            ("salesorder", "create"),
            ("cashsale", "create"),
            ("cashrefund", "create"),
            ("returnauthorization", "create"),
            ("creditmemo", "create"),
            ("customerrefund", "create"),
            ("salesorder", "edit"),
            ("salesorder", "xedit"),
            ("cashsale", "edit"),
            ("cashrefund", "delete"),
            ("returnauthorization", "delete"),
            ("cashsale", "delete"),
            ("salesorder", "delete"),
        ]
    )
    assert [each["id"] for each in control.get(f"{account.path}/webhooks")] == [
        each["event_id"] for each in control.get(f"{account.path}/webhooks")
    ]


def test_a_failed_post_is_sent_again_with_the_same_id_and_a_new_signature(
    account: Books, receiver: Receiver
) -> None:
    receiver.statuses = [500, 401]
    account.order(silent=False)
    first, _, third = receiver.wait(3)
    assert first.body == third.body
    for each in (first, third):
        signed = each.headers["X-NS-Timestamp"].encode() + b"." + each.body
        assert each.headers["X-NS-Signature"] == hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    until(lambda: account.control.get("webhooks/pending") == {"pending": 0})


def test_a_later_post_is_signed_with_its_own_time(account: Books, receiver: Receiver) -> None:
    webhook = {"url": receiver.url, "secret": SECRET, "retry_seconds": 1000}
    account.control.patch(account.path, {"webhook": webhook})
    receiver.statuses = [500]
    account.order(silent=False)
    until(lambda: account.control.get(f"{account.path}/webhooks")[0]["attempts"])
    account.control.post("settings", {"advance_seconds": 100})
    account.control.post("settings", {"retry_scale": 0})
    first, second = receiver.wait(2)
    assert int(second.headers["X-NS-Timestamp"]) - int(first.headers["X-NS-Timestamp"]) >= 100
    assert first.json["id"] == second.json["id"]


def test_silent_people_and_accounts_without_a_script_send_nothing(account: Books, receiver: Receiver) -> None:
    account.order()
    account.control.post("netsuite/accounts", {"account_id": "42"})
    account.control.post("netsuite/42/orders", {"currency": "USD", "lines": []})
    assert account.control.get("webhooks/pending") == {"pending": 0}
    assert receiver.requests == []


def test_what_is_refused_causes_no_event(account: Books, receiver: Receiver) -> None:
    account.detail("POST", "creditMemo", {})
    account.order(silent=False)
    assert [each.json["recordType"] for each in receiver.wait(1)] == ["salesorder"]
