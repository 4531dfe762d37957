"""Where one of the Finances APIs is not to be had, the operator is told the switch, which is a person's."""

import pytest

from ledger.policy import Policy
from tests.workers.platforms.amazon import Amazon, open_seller
from tests.workers.platforms.world import Control
from workers.platforms.amazon_auth import validate_credentials
from workers.platforms.amazon_storefront import AmazonStorefront
from workers.platforms.errors import PlatformError
from workers.platforms.http import Http

NEW, OLD = "listTransactions", "listFinancialEventsByOrderId"


@pytest.fixture
def seller(control: Control) -> Amazon:
    """A seller who authorised the app."""
    return open_seller(control, v0_late_seconds=0)


def refused(client: AmazonStorefront, order_id: str) -> PlatformError:
    with pytest.raises(PlatformError) as caught:
        client.refunds(order_id, policy=Policy(), mark_prefix="")
    return caught.value


@pytest.mark.parametrize(("status", "reason"), [(404, "REFUSED"), (410, "REFUSED"), (403, "NO_PERMISSION")])
@pytest.mark.parametrize(
    ("operation", "this", "other"), [(NEW, "2024-06-19", "v0"), (OLD, "v0", "2024-06-19")]
)
def test_an_api_that_is_not_to_be_had_names_the_switch_and_what_comes_before_it(
    seller: Amazon, http: Http, operation: str, this: str, other: str, status: int, reason: str
) -> None:
    order = seller.order()
    body = {"errors": [{"code": "Unauthorized", "message": "Access to requested resource is denied."}]}
    for _ in range(2):  # a refusal may be of the token, which is then renewed and used once more
        seller.fault(operation, "status", status=status, body=body)
    error = refused(seller.client(http, finances=this), order["id"])
    assert (error.reason, error.call is not None and error.call.status) == (reason, status)
    assert error.detail == (
        f"{operation} of the Finances API {this} is not to be had "
        f"({status}: Unauthorized Access to requested resource is denied.). "
        "It needs the role Finance and Accounting. To read the other API instead, first hold every refund "
        "for a person (refund-sync account set ACCOUNT review=yes), then set "
        f'"finances": "{other}" in the credentials '
        "(refund-sync account set ACCOUNT --credentials-file FILE). The two know a refund by different ids: "
        "what was posted before comes again, held, and must be cancelled."
    )
    assert set(seller.operations()) == {"token", operation}
    validate_credentials({**seller.credentials, "finances": other})


@pytest.mark.parametrize(
    ("status", "message", "reason"),
    [
        (403, "The access token you provided has expired.", "BAD_CREDENTIALS"),
        (400, "Bad order ID provided.", "REFUSED"),
        (500, "We encountered an internal error.", "TRANSIENT"),
    ],
)
def test_what_says_nothing_of_the_api_names_no_switch(
    seller: Amazon, http: Http, status: int, message: str, reason: str
) -> None:
    order = seller.order()
    for _ in range(2):
        body = {"errors": [{"code": "Unauthorized", "message": message}]}
        seller.fault(NEW, "status", status=status, body=body)
    error = refused(seller.client(http), order["id"])
    assert error.reason == reason
    assert "finances" not in error.detail


def test_the_check_of_an_account_names_the_switch_too(seller: Amazon, http: Http) -> None:
    seller.fault(NEW, "status", status=404)
    with pytest.raises(PlatformError, match='"finances": "v0"'):
        seller.client(http).check()


@pytest.mark.parametrize("deferred_seconds", [None, 3600])
def test_both_apis_know_the_same_refund_by_ids_that_never_meet(
    seller: Amazon, http: Http, deferred_seconds: int | None
) -> None:
    order = seller.order(
        lines=[
            {"sku": "TSHIRT-M", "quantity": 5, "price": "20.00"},
            {"sku": "MUG", "quantity": 1, "price": "9.50"},
        ]
    )
    lines = [{"sku": "TSHIRT-M", "quantity": 1}, {"sku": "MUG", "quantity": 1}]
    seller.refund(order, lines=lines, split_rows=True, deferred_seconds=deferred_seconds)
    seller.release(order)
    new, old = (
        seller.client(http, finances=name).refunds(order["id"], policy=Policy(), mark_prefix="")
        for name in ("2024-06-19", "v0")
    )
    # Not even their number is the same: v0 tells no refund id that would join the rows of one refund.
    assert (len(new), len(old)) == (1, 2)
    assert not {each.refund_id for each in new} & {each.refund_id for each in old}
