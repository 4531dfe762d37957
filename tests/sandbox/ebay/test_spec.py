"""Every answer fits eBay's contracts, and the judge of calls finds what does not."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.ebay.errors import KINDS
from tests.sandbox.ebay.client import ORDER, PUBLIC_KEY, SIGNING_KEY, TRANSACTION, Api, by_line, whole
from tests.sandbox.ebay.conftest import Endpoint
from tests.support.sandboxed_ebay import EbaySeller
from tests.support.specs_ebay import CONTRACTS, check_calls, contract_of

LINES = [
    {"sku": "PEN", "quantity": 3, "price": "10.00", "delivery": "4.50", "tax": "2.40"},
    {"sku": "INK", "price": "4.99", "collect_and_remit_tax": "0.41"},
]
IDS = {"return": "return", "cancellation": "cancellation", "inquiry": "inquiry", "case": "casemanagement"}


def test_orders_refunds_and_transactions_fit(specs_dir: Path, seller: EbaySeller, api: Api) -> None:
    orders = [seller.order(lines=LINES) for _ in range(3)]
    line = orders[0]["lineItems"][0]["lineItemId"]
    api.refund(orders[0], whole("1.00", comment="key"))
    api.refund(orders[0], by_line(line, "2.00"))
    api.refund(orders[0], by_line(line, "999.00"))
    seller.refund(orders[1], amount="3.00", status="PENDING")
    seller.cancel(orders[2])
    for order in orders:
        api.order(order)
        api.order(order, "?fieldGroups=TAX_BREAKDOWN")
    api.get(f"{ORDER}?limit=2&offset=1")
    api.get(f"{ORDER}?orderIds={orders[0]['orderId']}")
    api.get(f"{TRANSACTION}?limit=2&offset=1")
    api.call("GET", f"{TRANSACTION}?filter=transactionType:{{CREDIT}}")
    api.call("GET", f"{ORDER}/nonsense")
    api.call("GET", ORDER, token="nonsense")
    calls = seller.calls()
    assert len(calls) > 20
    check_calls(specs_dir, calls)


def test_keys_and_signed_calls_fit(specs_dir: Path, hooked: EbaySeller, api: Api, endpoint: Endpoint) -> None:
    hooked.change(eu=True)
    token = api.app_token()
    signer = api.make_key()
    api.call("GET", TRANSACTION, signer=signer)
    api.call("GET", TRANSACTION)
    api.get(SIGNING_KEY, token=token)
    api.call("GET", f"{SIGNING_KEY}/none", token=token)
    api.get(f"{PUBLIC_KEY}/{hooked.control.get(hooked.path)['push']['kid']}", token=token)
    api.call("GET", f"{PUBLIC_KEY}/none", token=token)
    check_calls(specs_dir, hooked.calls())


def test_requests_fit(specs_dir: Path, seller: EbaySeller, api: Api) -> None:
    for kind, resource in IDS.items():
        order = seller.order(lines=LINES)
        number = seller.ask(order, kind)
        api.post_order(f"{resource}/{number}")
        seller.refund(order, amount="1.00", **{"for": number})
        api.post_order(f"{resource}/{number}")
        api.post_order(f"{resource}/search?limit=5")
    number = seller.ask(seller.order(), "return")
    api.post_order(f"return/{number}?fieldgroups=SUMMARY")
    api.post_order(f"casemanagement/{seller.escalate(number)}")
    headers = {"X-EBAY-C-MARKETPLACE-ID": "EBAY_US"}
    api.call("GET", "/post-order/v2/return/1", scheme="IAF", headers=headers)
    api.token_response({"grant_type": "password"})
    check_calls(specs_dir, seller.calls())


def documented(specs_dir: Path) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Return status, error id and error of every refusal that the contracts list for what is simulated."""
    for name in CONTRACTS:
        for path, operations in contract_of(specs_dir, name)["paths"].items():
            for method in operations.keys() & {"get", "post"}:
                for status, response in operations[method]["responses"].items():
                    listed = response.get("x-response-codes", {}).get("errors", {})
                    if not path.startswith(("/payout", "/payment_dispute", "/transfer")):
                        yield from ((status, number, error) for number, error in listed.items())


def test_refusals_say_what_the_contracts_say(specs_dir: Path) -> None:
    known = [each for each in documented(specs_dir) if int(each[1]) in KINDS]
    assert len(known) > 50
    for status, number, error in known:
        ours = KINDS[int(number)]
        assert (str(ours.status), ours.domain) == (status, error["domain"]), number
        assert ours.category == error["category"], number
        assert same(ours.message, error["description"]), number


def same(ours: str, theirs: str) -> bool:
    return ours.strip(".").lower() == theirs.strip(".").lower()


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (f"{ORDER}?colour=red", None),
        ("/post-order/v2/return/search?colour=red", None),
        (f"{SIGNING_KEY}", {"signingKeyCipher": "ED25519", "colour": "red"}),
        (f"{SIGNING_KEY}", {"signingKeyCipher": "DSA"}),
    ],
)
def test_what_is_not_of_acontract_of_is_found(
    specs_dir: Path, seller: EbaySeller, api: Api, path: str, body: object
) -> None:
    post_order = path.startswith("/post-order")
    token = api.app_token() if body else api.user_token()
    headers = {"X-EBAY-C-MARKETPLACE-ID": "EBAY_US"} if post_order else None
    seller.control.delete("calls")
    scheme = "IAF" if post_order else "Bearer"
    api.call("POST" if body else "GET", path, body, token=token, scheme=scheme, headers=headers)
    (call,) = seller.calls()
    with pytest.raises(AssertionError):
        check_calls(specs_dir, [call])


def test_an_answer_with_an_unknown_field_is_found(specs_dir: Path, seller: EbaySeller, api: Api) -> None:
    order = seller.order()
    seller.fault("getOrder", "status", status=200, body={"orderId": order["orderId"], "colour": "red"})
    api.order(order)
    calls = seller.calls()
    seller.control.delete("calls")  # every test's answers are checked after it
    with pytest.raises(AssertionError, match="colour"):
        check_calls(specs_dir, calls)
