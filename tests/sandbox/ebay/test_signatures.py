"""Digital signatures: keys from Key Management, and what sellers of the EU and the UK must sign."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.sandbox.ebay.client import SIGNING_KEY, TRANSACTION, Api, Signer, error_of, whole
from tests.support.sandboxed_ebay import EbaySeller


@pytest.fixture
def order(seller: EbaySeller) -> dict[str, Any]:
    """An order of a seller who must sign."""
    seller.change(eu=True)
    return seller.order()


@pytest.mark.parametrize("cipher", ["ED25519", "RSA"])
def test_what_is_signed_is_let_in(order: dict[str, Any], api: Api, cipher: str) -> None:
    signer = api.make_key(cipher)
    assert api.refund(order, whole("1.00"), signer=signer).status_code == 200
    assert (
        api.call("GET", f"{TRANSACTION}?filter=transactionType:{{REFUND}}", signer=signer).status_code == 200
    )


def test_reading_orders_needs_no_signature(order: dict[str, Any], api: Api) -> None:
    assert api.order(order)["orderId"] == order["orderId"]


def test_ebay_s_own_address_may_be_signed_for_the_sandbox_s(order: dict[str, Any], api: Api) -> None:
    path = f"/sell/fulfillment/v1/order/{order['orderId']}/issue_refund"
    signer = replace(api.make_key(), authority="api.ebay.com", path=path)
    assert api.refund(order, whole("1.00"), signer=signer).status_code == 200
    money = replace(signer, authority="apiz.ebay.com", path=TRANSACTION)
    assert api.call("GET", TRANSACTION, signer=money).status_code == 200


@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        (lambda signer: replace(signer, changes={"x-ebay-signature-key": ""}), 215001),
        (lambda signer: replace(signer, changes={"signature-input": ""}), 215002),
        (lambda signer: replace(signer, changes={"signature": ""}), 215003),
        (lambda signer: replace(signer, changes={"content-digest": ""}), 215004),
        (lambda signer: replace(signer, changes={"content-digest": "sha-256=:AAAA:"}), 215118),
        (lambda signer: replace(signer, changes={"content-digest": "md5=:AAAA:"}), 215118),
        (lambda signer: replace(signer, jwe="e30.a.b.c.d"), 215122),
        (lambda signer: replace(signer, path="/elsewhere"), 215120),
        (lambda signer: replace(signer, authority="evil.example"), 215120),
        (lambda signer: replace(signer, changes={"signature": "sig1=:AAAA:"}), 215120),
        (lambda signer: replace(signer, changes={"signature": "sig1=:A=AA:"}), 215120),
        (lambda signer: replace(signer, changes={"signature": "other=:AAAA:"}), 215120),
        (lambda signer: replace(signer, changes={"signature-input": "nonsense"}), 215120),
        (lambda signer: replace(signer, changes={"signature-input": 'sig1=("@method")'}), 215120),
        (lambda signer: replace(signer, changes={"signature-input": 'sig1=("@method");created=1'}), 215120),
    ],
)
def test_what_is_not_rightly_signed_is_refused(
    seller: EbaySeller, order: dict[str, Any], api: Api, spoil: Callable[[Signer], Signer], error: int
) -> None:
    answer = api.refund(order, whole("1.00"), signer=spoil(api.make_key()))
    assert error_of(answer) == (403, error)
    assert "issueRefund" not in seller.writes()


def test_a_component_that_is_not_there_cannot_be_signed(order: dict[str, Any], api: Api) -> None:
    names = '"content-digest" "x-ebay-signature-key" "@method" "@path" "@authority"'
    for more in ('"@status"', '"x-absent"'):
        changes = {"signature-input": f"sig1=({names} {more});created=1"}
        signer = replace(api.make_key(), changes=changes)
        assert error_of(api.refund(order, whole("1.00"), signer=signer)) == (403, 215120)


def test_without_a_signature_the_finances_api_is_closed(order: dict[str, Any], api: Api) -> None:
    assert error_of(api.call("GET", TRANSACTION)) == (403, 215001)


def test_a_key_expires_after_three_years(seller: EbaySeller, order: dict[str, Any], api: Api) -> None:
    signer = api.make_key()
    seller.control.post("settings", {"advance_seconds": 3 * 365 * 86400})
    assert error_of(api.call("GET", TRANSACTION, signer=signer)) == (403, 215122)


def test_the_private_key_is_shown_once(api: Api) -> None:
    token = api.app_token()
    made = api.call("POST", SIGNING_KEY, {"signingKeyCipher": "ED25519"}, token=token).json()
    shown = {name: value for name, value in made.items() if name != "privateKey"}
    assert made["privateKey"]
    assert made["expirationTime"] - made["creationTime"] == 3 * 365 * 86400
    assert made["jwe"].count(".") == 4
    assert api.get(f"{SIGNING_KEY}/{made['signingKeyId']}", token=token) == shown
    assert api.get(SIGNING_KEY, token=token) == {"signingKeys": [shown]}


@pytest.mark.parametrize(
    ("body", "error"), [({"signingKeyCipher": "DSA"}, 210001), ({}, 210006), ({"x": 1}, 210001)]
)
def test_only_two_ciphers_are_known(api: Api, body: dict[str, Any], error: int) -> None:
    assert error_of(api.call("POST", SIGNING_KEY, body, token=api.app_token())) == (400, error)


def test_an_unknown_key_is_not_found(api: Api) -> None:
    assert error_of(api.call("GET", f"{SIGNING_KEY}/none", token=api.app_token())) == (404, 210002)
