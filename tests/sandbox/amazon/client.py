"""A client of the Selling Partner API that sends what it is told, right or wrong."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from xml.etree import ElementTree as ET

import requests

from tests.support.sandboxed_amazon import Seller

AGENT: Final = "refund-tests/1.0 (Language=Python/3.11)"
TRANSACTIONS: Final = "/finances/2024-06-19/transactions"
ORDERS: Final = "/orders/2026-01-01/orders"
FEEDS: Final = "/feeds/2021-06-30/feeds"
DOCUMENTS: Final = "/feeds/2021-06-30/documents"
FEED_TYPE: Final = "POST_PAYMENT_ADJUSTMENT_DATA"
UNITED_STATES: Final = "ATVPDKIKX0DER"
XML: Final = "text/xml; charset=UTF-8"

Json = dict[str, Any]


@dataclass
class Api:
    """The hosts of Amazon for one seller."""

    seller: Seller
    app: dict[str, str]
    agent: str = AGENT
    access: str = ""
    session: requests.Session = field(default_factory=requests.Session)

    @property
    def base(self) -> str:
        return f"{self.seller.control.url}/amazon/{self.seller.tenant}"

    def token(self, **changes: str | None) -> requests.Response:
        form = {
            "grant_type": "refresh_token",
            "refresh_token": self.app["refresh_token"],
            "client_id": self.app["client_id"],
            "client_secret": self.app["client_secret"],
            **changes,
        }
        kept = {name: value for name, value in form.items() if value is not None}
        return self.session.post(f"{self.base}/auth/o2/token", data=kept, timeout=10)

    def log_in(self) -> None:
        self.access = self.token().json()["access_token"]

    def call(self, method: str, path: str, **more: Any) -> requests.Response:  # noqa: ANN401 - JSON
        if not self.access:
            self.log_in()
        headers = {"User-Agent": self.agent, "x-amz-access-token": self.access, **more.pop("headers", {})}
        return self.session.request(method, f"{self.base}{path}", headers=headers, timeout=10, **more)

    def get(self, path: str, **query: object) -> Any:  # noqa: ANN401 - JSON may be anything
        """Return what a good call is answered."""
        answer = self.call("GET", path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def error(self, path: str, **query: object) -> tuple[int, Json]:
        """Return the status and the error of a call that is refused."""
        return refused(self.call("GET", path, params=query))

    def transactions(self, order: Json | None = None, **query: object) -> list[Json]:
        """Return the first page of transactions, of one order if given."""
        if order is not None:
            query |= {"relatedIdentifierName": "ORDER_ID", "relatedIdentifierValue": order["id"]}
        found: list[Json] = self.get(TRANSACTIONS, **query)["payload"]["transactions"]
        return found

    def refunds(self, order: Json) -> list[Json]:
        """Return an order's refunds."""
        return [each for each in self.transactions(order) if each["transactionType"] == "Refund"]

    def ago(self, seconds: float) -> str:
        """Return a time before the sandbox's present."""
        now = datetime.fromisoformat(self.seller.control.post("settings")["now"])
        return (now - timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")

    def advance(self, seconds: float) -> None:
        """Let time pass in the sandbox."""
        self.seller.control.post("settings", {"advance_seconds": seconds})

    def document(self, content: str | bytes, content_type: str = XML) -> str:
        """Create a feed document and upload it; return its id."""
        made = self.call("POST", DOCUMENTS, json={"contentType": content_type})
        assert made.status_code == 201, made.text
        data = content.encode() if isinstance(content, str) else content
        put = self.session.put(
            made.json()["url"], data=data, headers={"Content-Type": content_type}, timeout=10
        )
        assert put.status_code == 200, put.text
        document_id: str = made.json()["feedDocumentId"]
        return document_id

    def create_feed(self, document_id: str, **changes: object) -> requests.Response:
        body = {
            "feedType": FEED_TYPE,
            "marketplaceIds": [UNITED_STATES],
            "inputFeedDocumentId": document_id,
            **changes,
        }
        return self.call("POST", FEEDS, json=body)

    def feed(self, content: str | bytes) -> str:
        """Submit a feed; return its id."""
        made = self.create_feed(self.document(content))
        assert made.status_code == 202, made.text
        feed_id: str = made.json()["feedId"]
        return feed_id

    def ended(self, content: str | bytes) -> Json:
        """Submit a feed and let it end; return it."""
        feed_id = self.feed(content)
        self.advance(60)
        found: Json = self.get(f"{FEEDS}/{feed_id}")
        return found

    def report(self, feed: Json) -> ET.Element:
        """Download a feed's processing report."""
        shown = self.get(f"{DOCUMENTS}/{feed['resultFeedDocumentId']}")
        answer = self.session.get(shown["url"], timeout=10)
        assert answer.status_code == 200
        root = ET.fromstring(answer.content)  # noqa: S314 - the sandbox's own
        found = root.find("Message/ProcessingReport")
        assert found is not None
        return found


def refused(answer: requests.Response) -> tuple[int, Json]:
    """Return the status and the only error of a refusal."""
    assert answer.status_code >= 400, answer.text
    (error,) = answer.json()["errors"]
    return answer.status_code, error


def component(kind: str, amount: str, currency: str = "USD") -> str:
    """Write one amount of an adjustment."""
    return f'<Component><Type>{kind}</Type><Amount currency="{currency}">{amount}</Amount></Component>'


def message(
    order: Json,
    *components: str,
    number: int = 1,
    item: str = "",
    reason: str = "CustomerReturn",
    more: str = "",
) -> str:
    """Write a message that adjusts an order's first item, or the one named."""
    item = item or order["lines"][0]["order_item_id"]
    return (
        f"<Message><MessageID>{number}</MessageID><OrderAdjustment>"
        f"<AmazonOrderID>{order['id']}</AmazonOrderID><AdjustedItem>"
        f"<AmazonOrderItemCode>{item}</AmazonOrderItemCode><AdjustmentReason>{reason}</AdjustmentReason>"
        f"<ItemPriceAdjustments>{''.join(components)}</ItemPriceAdjustments>{more}"
        "</AdjustedItem></OrderAdjustment></Message>"
    )


def envelope(seller_id: str, *messages: str, kind: str = "OrderAdjustment", version: str = "1.01") -> str:
    """Write a feed."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?><AmazonEnvelope '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        'xsi:noNamespaceSchemaLocation="amzn-envelope.xsd">'
        f"<Header><DocumentVersion>{version}</DocumentVersion>"
        f"<MerchantIdentifier>{seller_id}</MerchantIdentifier></Header>"
        f"<MessageType>{kind}</MessageType>{''.join(messages)}</AmazonEnvelope>"
    )


def leaves(nodes: list[Json]) -> dict[str, float]:
    """Return the amounts of breakdowns by their charges: the second level of an item's tree."""
    return {
        leaf["breakdownType"]: leaf["breakdownAmount"]["currencyAmount"]
        for node in nodes
        for leaf in node["breakdowns"]
    }


def related(transaction: Json) -> dict[str, str]:
    """Return a transaction's related identifiers."""
    return {
        each["relatedIdentifierName"]: each["relatedIdentifierValue"]
        for each in transaction["relatedIdentifiers"]
    }
