"""A NetSuite account in the sandbox, and a client of it."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from redis import Redis

from tests.workers.platforms.world import Control, KeyPair
from workers.platforms.http import Http
from workers.platforms.netsuite import NetSuiteClient
from workers.platforms.slots import Slots

ACCOUNT: Final = "1234567_SB1"
TENANT: Final = "1234567-sb1"
KEY: Final = "rs-myshop-509562969"
TBA: Final = {
    "consumer_key": "consumer-key-0123456789",
    "consumer_secret": "consumer-secret-0123456789",
    "token_id": "token-id-0123456789",
    "token_secret": "token-secret-0123456789",
}
SIGNED: Final = {"auth": "tba", **TBA}
"""Credentials for which no token has to be fetched first."""

NUMBERS: Final = iter(range(1, 1_000_000))


@dataclass(frozen=True)
class Books:
    """An account with one order's worth of items.

    Attributes:
        oauth2: Credentials that are good.
    """

    control: Control
    redis: Redis
    oauth2: dict[str, str]

    def client(
        self, http: Http, credentials: dict[str, Any] | None = None, *, limit: int = 5, timeout: float = 10
    ) -> NetSuiteClient:
        """Return a client of the account."""
        return NetSuiteClient(
            account_id=ACCOUNT,
            api_url=f"{self.control.url}/netsuite/{TENANT}",
            credentials=credentials or self.oauth2,
            http=http,
            slots=Slots(self.redis, f"netsuite:{ACCOUNT}", limit),
            slot_timeout=timeout,
        )

    def order(self, number: str = "#1001", **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON may be anything
        """Enter a sales order of two T-shirts and a mug with shipping and tax, billed by cash sale."""
        body = {
            "otherRefNum": number,
            "currency": "USD",
            "lines": [
                {"sku": "TSHIRT-M", "quantity": 2, "rate": "20.00", "taxRate": "0.08"},
                {"sku": "MUG", "quantity": 1, "rate": "9.50"},
            ],
            "shippingCost": "5.00",
            "billed": "cashSale",
        }
        made: dict[str, Any] = self.control.post(f"netsuite/{TENANT}/orders", {**body, **more})
        return made

    def refund(self, source: dict[str, Any], **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON may be anything
        """Refund a record in NetSuite's own pages."""
        made: dict[str, Any] = self.control.post(f"netsuite/{TENANT}/refunds", {"from": source, **more})
        return made

    def authorize_return(self, source: dict[str, Any], **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON may be anything
        """Enter a return authorization."""
        made: dict[str, Any] = self.control.post(
            f"netsuite/{TENANT}/returnauthorizations", {"from": source, **more}
        )
        return made

    def fault(self, operation: str, kind: str, **more: Any) -> None:  # noqa: ANN401 - JSON may be anything
        """Let the next call of an operation go wrong."""
        self.control.fault("netsuite", operation, kind, **more)

    def item(self, name: str) -> str:
        """Return the internal id of an item."""
        items = self.control.get(f"netsuite/{TENANT}")["items"]
        return next(str(each["id"]) for each in items if each["itemid"] == name)


def open_books(control: Control, redis: Redis, pair: KeyPair) -> Books:
    """Make an account that knows a key and token-based credentials; no two have the same client id."""
    client_id, certificate_id = f"client-{next(NUMBERS)}", "certificate-1"
    control.post(
        "netsuite/accounts",
        {
            "account_id": ACCOUNT,
            "client_id": client_id,
            "certificate_id": certificate_id,
            "certificate_pem": pair.public,
            "tba": TBA,
            "custom_fields": ["custbody_shop_order"],
            "items": [
                {"itemid": "TSHIRT-M", "itemtype": "InvtPart", "cost": "7.25"},
                {"itemid": "MUG", "itemtype": "InvtPart"},
                {"itemid": "Adjustment", "itemtype": "OthCharge"},
            ],
        },
    )
    oauth2 = {
        "auth": "oauth2",
        "client_id": client_id,
        "certificate_id": certificate_id,
        "private_key": pair.private,
    }
    return Books(control, redis, oauth2)


def refund_body(books: Books, *, quantity: int = 1, amount: str = "20.00") -> dict[str, Any]:
    """Return overrides that refund T-shirts and add an adjustment."""
    price = {"id": "-1"}
    return {
        "externalId": KEY,
        "memo": "myshop refund",
        "shippingCost": 0,
        "item": {
            "items": [
                {
                    "orderLine": 1,
                    "item": {"id": books.item("TSHIRT-M")},
                    "quantity": quantity,
                    "price": price,
                    "amount": Decimal(amount),
                },
                {
                    "item": {"id": books.item("Adjustment")},
                    "quantity": 1,
                    "price": price,
                    "rate": Decimal("-1.25"),
                    "amount": Decimal("-1.25"),
                },
            ]
        },
    }
