"""G15: whoever sends a request cannot steer where the key that it is signed with is fetched."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from ledger.platforms import Platform
from tests.guarantees.house import ON_SQLITE, House
from tests.support.ledger import make_account
from tests.webhooks.amazon_pushes import (
    CERTIFICATE,
    TOPIC,
    confirmation,
    signed,
    sns,
    sns_headers,
    transaction,
)
from tests.webhooks.ebay_pushes import (
    CLIENT,
    KID,
    SELLER,
    EbayServer,
    compact,
    ebay_server,
    header,
    notification,
)
from tests.webhooks.keyserver import KeyServer, key_server
from tests.webhooks.magento_pushes import CLIENT_ID, CREDIT_MEMO, cloud_event, credit_memo, event_headers
from tests.webhooks.platforms import encoded
from tests.workers.platforms.wire import Wire, answer, saying, wire

SNS = "https://sns.us-east-1.amazonaws.com"


@dataclass
class Lures:
    """What stands in for the platforms' hosts, and a host of somebody else's."""

    amazon: KeyServer
    adobe: KeyServer
    ebay: EbayServer
    evil: Wire

    @property
    def asked(self) -> int:
        """How often any of them was asked for anything."""
        return len(self.amazon.asked) + len(self.adobe.asked) + len(self.ebay.calls) + self.evil.connections


@pytest.fixture
def lures(house: House) -> Iterator[Lures]:
    """An account of every platform that signs with keys that are fetched."""
    with (
        key_server() as amazon,
        key_server() as adobe,
        ebay_server() as ebay,
        wire(saying(answer(b"-----BEGIN PUBLIC KEY-----"))) as evil,
    ):
        accounts: dict[Platform, tuple[dict[str, Any], str, str]] = {
            Platform.AMAZON: (
                {"topic_arns": [TOPIC], "refresh_token": "Atzr|0"},
                amazon.url,
                "A3TESTSELLER01",
            ),
            Platform.MAGENTO: ({"adobe_client_id": CLIENT_ID}, adobe.url, "https://magento.example.com"),
            Platform.EBAY: (dict(CLIENT), ebay.url, SELLER),
        }
        with house.world.database.write() as session:
            for platform, (credentials, url, name) in accounts.items():
                make_account(
                    session,
                    house.world.runtime.vault,
                    platform=platform,
                    slug=platform.value,
                    storefront_id=name,
                    credentials=credentials,
                    api_url=url,
                )
        yield Lures(amazon, adobe, ebay, evil)


def steered(host: str, path: str) -> list[str]:
    """Return addresses that look like `host`'s and lead elsewhere."""
    name = host.removeprefix("https://")
    return [
        f"http://{name}{path}",
        f"{host}:444{path}",
        f"{host}.evil.example{path}",
        f"https://user@{name}{path}",
        f"https://evil.example#@{name}{path}",
        f"https://evil.example\\@{name}{path}",
        f"{host}/..{path}",
        f"{host}/%2e%2e{path}",
        f"{host}{path}?x=y",
        f"{host}{path}\r\nHost: evil.example",
        "file:///etc/passwd",
        "https://169.254.169.254/latest/meta-data/x.pem",
        "https://sns.s3-us-west-2.amazonaws.com/x.pem",  # anybody's bucket
    ]


@ON_SQLITE
def test_g15_sns_names_a_certificate_of_its_own_or_none_is_fetched(house: House, lures: Lures) -> None:
    for url in [*steered(SNS, CERTIFICATE), f"{lures.evil.url}/x.pem", f"{SNS}@{lures.evil.url[7:]}/x.pem"]:
        for message in (sns(transaction(), SigningCertURL=url), confirmation(SigningCertURL=url)):
            whole = signed(message)
            assert house.post("/webhooks/amazon/amazon", whole, sns_headers(whole)).status_code == 401, url
    other = signed(sns(transaction(), TopicArn=TOPIC.replace("123", "999"), SigningCertURL=SNS + CERTIFICATE))
    assert house.post("/webhooks/amazon/amazon", other, sns_headers(other)).status_code == 401
    assert (lures.asked, house.deliveries()) == (0, [])


@ON_SQLITE
def test_g15_ebay_names_the_id_of_a_key_or_none_is_fetched(house: House, lures: Lures) -> None:
    body = compact(notification("ORDER_CONFIRMATION"))
    for kid in (
        *("..", f"../{KID}", "../../../sell/fulfillment/v1/order", f"{KID}/x", f"{KID}?x=1", f"{KID}#x"),
        *(f"{KID}%2f..", f"{KID}\r\nX: y", "@evil.example", f"//{lures.evil.url[7:]}/x", lures.evil.url),
        *("", "x" * 101, "\u00e9", "\x00"),
    ):
        assert house.post("/webhooks/ebay/ebay", body, header(b"x", kid=kid)).status_code == 412, kid
    assert (lures.asked, house.deliveries()) == (0, [])
    # What may be an id is asked for at eBay, and only so often: nobody's quota is used up.
    for _ in range(40):
        house.post("/webhooks/ebay/ebay", body, header(b"x", kid=str(uuid.uuid4())))
    assert lures.evil.connections == 0
    assert 0 < len(lures.ebay.calls) <= 30


@ON_SQLITE
def test_g15_adobe_names_a_path_of_its_own_host_or_none_is_fetched(house: House, lures: Lures) -> None:
    event = encoded(cloud_event(CREDIT_MEMO, credit_memo()))
    for path in (
        *(lures.evil.url + "/k.pem", f"//{lures.evil.url[7:]}/k.pem", f"@{lures.evil.url[7:]}/k.pem"),
        *(
            "/../k.pem",
            "/keys/%2e%2e/k.pem",
            "/k.pem?x=.pem",
            "/k.pem#.pem",
            "k.pem",
            "/\\evil.example/k.pem",
        ),
    ):
        headers = event_headers(event, path_1=path, path_2=path)
        assert house.post("/webhooks/magento/magento", event, headers).status_code == 401, path
    assert (lures.asked, house.deliveries()) == (0, [])
