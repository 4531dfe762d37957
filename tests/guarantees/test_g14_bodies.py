"""G14: no body is too much: neither by its size nor depth, nor by its numbers, nor by what it unpacks to."""

import gzip
import tracemalloc
import zlib
from collections.abc import Iterator

import pytest

from ledger.models import DeliveryState
from ledger.platforms import Platform
from tests.guarantees.house import ON_SQLITE, House
from tests.support.ledger import make_account
from tests.webhooks.ebay_pushes import LEGACY, SELLER
from tests.webhooks.platforms import encoded, refund, shopify_headers
from webhooks.door import MAX_BODY

SHOP = "/webhooks/shopify/shop"
MEGABYTE = 1024 * 1024


def in_pieces(body: bytes) -> Iterator[bytes]:
    """Yield a body in pieces: it is sent in chunks, and no length is stated."""
    yield from (body[at : at + 65536] for at in range(0, len(body), 65536))


def told(house: House, body: bytes, *, chunked: bool = False, encoding: str = "") -> tuple[int, str]:
    """Return what a signed body is answered: the status, and the outcome or what is wrong."""
    headers = shopify_headers("refunds/create", body, {"shop_domain": house.shop.tenant})
    headers |= {"Content-Encoding": encoding} if encoding else {}
    answer = house.post(SHOP, in_pieces(body) if chunked else body, headers)
    said = answer.json()
    return answer.status_code, said.get("outcome") or said["code"]


@ON_SQLITE
@pytest.mark.parametrize("chunked", [False, True])
def test_g14_a_body_above_the_largest_is_refused_however_it_is_sent(house: House, *, chunked: bool) -> None:
    body = encoded(refund())
    assert told(house, body.ljust(MAX_BODY + 1), chunked=chunked) == (413, "too_large")
    assert house.deliveries() == []
    assert told(house, body.ljust(MAX_BODY), chunked=chunked) == (200, "accepted")


@ON_SQLITE
@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"[" * MEGABYTE, "NOT_OF_SCHEMA"),
        (b'{"a":' * 65 + b"1" + b"}" * 65, "NOT_OF_SCHEMA"),
        (b'{"id": ' + b"9" * MEGABYTE + b"}", "NOT_OF_SCHEMA"),
        (b'{"id": 1' + b"0" * 40 + b"}", "NOT_OF_SCHEMA"),
        (b'{"id": 1e999999999}', "NOT_OF_SCHEMA"),
        (b'{"id": 1.' + b"0" * 41 + b"}", "NOT_OF_SCHEMA"),
        (b'{"id": NaN}', "NOT_JSON"),
    ],
    ids=["abyss", "too deep", "a megabyte of digits", "41 digits", "exponent", "decimals", "no number"],
)
def test_g14_what_no_platform_sends_is_kept_for_a_person_and_read_by_nobody(
    house: House, body: bytes, reason: str
) -> None:
    assert told(house, body) == (200, "quarantined")
    (kept,) = house.deliveries()
    assert (kept.state, kept.reason, kept.events) == (DeliveryState.QUARANTINED, reason, [])
    assert kept.body == body


@ON_SQLITE
@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "gzip, gzip"])
def test_g14_nothing_is_unpacked_on_the_way_in(house: House, encoding: str) -> None:
    plain = encoded(refund())
    packed = {"deflate": zlib.compress(plain), "gzip, gzip": gzip.compress(gzip.compress(plain))}
    body = packed.get(encoding, gzip.compress(plain))
    # Signed over what it unpacks to, it is not signed at all; signed as it came, it is no JSON.
    headers = shopify_headers("refunds/create", plain, {"shop_domain": house.shop.tenant})
    assert house.post(SHOP, body, headers | {"Content-Encoding": encoding}).status_code == 401
    assert told(house, body, encoding=encoding) == (200, "quarantined")
    assert [(each.reason, each.body) for each in house.deliveries()] == [("NOT_JSON", body)]


@ON_SQLITE
def test_g14_a_bomb_stays_as_small_as_it_came(house: House) -> None:
    bomb = gzip.compress(b"[" + b"0" * 200 * MEGABYTE + b"]")
    tracemalloc.start()
    try:
        assert told(house, bomb, encoding="gzip") == (200, "quarantined")
        assert told(house, bomb, chunked=True, encoding="gzip") == (200, "quarantined")
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 20 * MEGABYTE
    assert {len(each.body) for each in house.deliveries()} == {len(bomb)}


@ON_SQLITE
def test_g14_entities_of_xml_are_not_expanded(house: House) -> None:
    with house.world.database.write() as session:
        make_account(
            session,
            house.world.runtime.vault,
            platform=Platform.EBAY,
            slug="ebay",
            storefront_id=SELLER,
            credentials={"legacy": dict(LEGACY)},
        )
    laughs = "".join(
        f'<!ENTITY l{level} "{f"&l{level - 1};" * 10}">' if level else '<!ENTITY l0 "lol">'
        for level in range(10)
    )
    body = f'<?xml version="1.0"?><!DOCTYPE x [{laughs}]><x>&l9;</x>'.encode()
    answer = house.post(
        "/webhooks/ebay/ebay", body, {"Content-Type": "text/xml", "SOAPACTION": '"FixedPriceTransaction"'}
    )
    assert answer.status_code == 412
    assert house.deliveries() == []
