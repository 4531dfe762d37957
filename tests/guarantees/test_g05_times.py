"""G5: where a platform signs the time, what is stale or from the future is refused."""

from datetime import timedelta

import pytest

from ledger.clock import utcnow
from ledger.platforms import Platform
from tests.guarantees.house import House
from tests.support.ledger import SECRET, make_account
from tests.webhooks.ebay_pushes import LEGACY, SELLER, soap, stamp
from tests.webhooks.platforms import change, encoded, netsuite_headers

MINUTE = timedelta(minutes=1)
SOAP = {"Content-Type": "text/xml", "SOAPACTION": '"FixedPriceTransaction"'}


@pytest.fixture
def ebay(house: House) -> str:
    """Where an eBay seller's notifications of the old kind are received."""
    with house.world.database.write() as session:
        make_account(
            session,
            house.world.runtime.vault,
            platform=Platform.EBAY,
            slug="ebay",
            storefront_id=SELLER,
            credentials={"legacy": dict(LEGACY)},
        )
    return "/webhooks/ebay/ebay"


def test_g05_signed_times_are_good_for_minutes_either_way_and_within_them_once(
    house: House, ebay: str
) -> None:
    books = f"/webhooks/netsuite/{house.books.slug}"
    account = house.books.tenant.upper().replace("-", "_")

    def told(minutes: int) -> tuple[str, str, int]:
        """Return what NetSuite and eBay are answered that say a time so many minutes from now."""
        at = utcnow() + minutes * MINUTE
        body = encoded(change(account=account))
        first = house.post(books, body, netsuite_headers(body, secret=SECRET, at=at)).json()
        second = house.post(ebay, soap("<OrderID>1-2-3</OrderID>", at=stamp(at)), SOAP)
        return first.get("code", ""), second.json()["code"] if second.content else "", len(house.deliveries())

    assert told(-11) == ("stale", "stale", 0)
    assert told(+11) == ("from_the_future", "from_the_future", 0)
    assert told(-6) == ("stale", "", 1)
    assert told(+6) == ("from_the_future", "", 2)
    assert told(-4) == ("", "", 4)
    # Whoever recorded a request may play it again for as long as its time is good: it is a duplicate.
    body = encoded(change(account=account))
    headers = netsuite_headers(body, at=utcnow())
    outcomes = [house.post(books, body, headers).json()["outcome"] for _ in range(3)]
    assert outcomes == ["accepted", "duplicate", "duplicate"]
