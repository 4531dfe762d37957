"""A client of a store's REST API, signing as an integration does."""

from dataclasses import dataclass
from typing import Any

import requests
from requests_oauthlib import OAuth1

from tests.support.sandboxed_magento import OAUTH, Store

TIMEOUT = 10


def signer(**changes: Any) -> OAuth1:  # noqa: ANN401  # of OAuth1
    """Sign with the integration's credentials, or with others."""
    fields = {
        "client_key": OAUTH["consumer_key"],
        "client_secret": OAUTH["consumer_secret"],
        "resource_owner_key": OAUTH["access_token"],
        "resource_owner_secret": OAUTH["access_token_secret"],
        "signature_method": "HMAC-SHA256",
    }
    return OAuth1(**(fields | changes))


@dataclass(frozen=True)
class Client:
    """Calls the REST API of a store."""

    store: Store
    auth: OAuth1

    def call(self, method: str, path: str, **more: Any) -> requests.Response:  # noqa: ANN401  # of requests
        """Call a path below `/V1/`."""
        auth = more.pop("auth", self.auth)
        url = f"{self.store.url}/rest/default/V1/{path}"
        return requests.request(method, url, auth=auth, timeout=TIMEOUT, **more)

    def get(self, path: str) -> Any:  # noqa: ANN401  # JSON may be anything
        """Return what a path shows."""
        answer = self.call("GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: object) -> Any:  # noqa: ANN401  # JSON may be anything
        """Do something; return what came of it."""
        answer = self.call("POST", path, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def refusal(self, path: str, body: object, status: int = 400) -> Any:  # noqa: ANN401  # JSON may be anything
        """Return the body of a refusal."""
        answer = self.call("POST", path, json=body)
        assert answer.status_code == status, answer.text
        return answer.json()

    def refund(self, order: Any, *qtys: int, **more: Any) -> Any:  # noqa: ANN401  # JSON may be anything
        """Refund an order offline, so many of each line; return the credit memo."""
        number = self.post(f"order/{order['entity_id']}/refund", refund_body(order, *qtys, **more))
        return self.get(f"creditmemo/{number}")

    def find(self, what: str, *conditions: tuple[str, str, object]) -> Any:  # noqa: ANN401  # JSON may be anything
        """Search, all conditions to hold."""
        return self.get(f"{what}?" + "&".join(criteria(*conditions)))


def criteria(*conditions: tuple[str, str, object]) -> list[str]:
    """Write conditions as query parameters."""
    place = "searchCriteria[filter_groups][{}][filters][0]"
    return [
        f"{place.format(number)}[{name}]={value}"
        for number, (field, condition, wanted) in enumerate(conditions)
        for name, value in (("field", field), ("condition_type", condition), ("value", wanted))
    ]


def refund_body(order: Any, *qtys: int, **more: Any) -> dict[str, Any]:  # noqa: ANN401  # JSON may be anything
    """Write the body of a refund of so many of each line that carries money."""
    lines = [item for item in order["items"] if "parent_item_id" not in item]
    items = [{"order_item_id": item["item_id"], "qty": qty} for item, qty in zip(lines, qtys, strict=False)]
    return {"items": items, **more}
