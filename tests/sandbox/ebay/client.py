"""A client of eBay's APIs for the sandbox's tests: plain requests, and signatures by plain cryptography."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa

TIMEOUT: Final = 10
SCOPE: Final = "https://api.ebay.com/oauth/api_scope"
ORDER: Final = "/sell/fulfillment/v1/order"
TRANSACTION: Final = "/sell/finances/v1/transaction"
SIGNING_KEY: Final = "/developer/key_management/v1/signing_key"
PUBLIC_KEY: Final = "/commerce/notification/v1/public_key"


@dataclass(frozen=True)
class Signer:
    """A key from Key Management, and how requests are signed with it."""

    jwe: str
    private: str
    authority: str = ""
    path: str = ""
    changes: Mapping[str, str] = field(default_factory=dict)

    def headers(self, method: str, url: str, body: bytes) -> dict[str, str]:
        """Return the signature's headers (RFC 9421)."""
        given = {"x-ebay-signature-key": self.jwe}
        names = ["x-ebay-signature-key", "@method", "@path", "@authority"]
        if body:
            digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
            given["content-digest"] = f"sha-256=:{digest}:"
            names.insert(0, "content-digest")
        address = urlsplit(url)
        values = {
            **given,
            "@method": method,
            "@path": self.path or address.path,
            "@authority": self.authority or address.netloc,
        }
        listed = " ".join(f'"{name}"' for name in names)
        params = f"({listed});created=1663459378"
        base = "\n".join([*(f'"{name}": {values[name]}' for name in names), f'"@signature-params": {params}'])
        signed = base64.b64encode(self._sign(base.encode())).decode()
        whole = {
            **given,
            "signature-input": f"sig1={params}",
            "signature": f"sig1=:{signed}:",
            **self.changes,
        }
        return {name: value for name, value in whole.items() if value}

    def _sign(self, base: bytes) -> bytes:
        key = serialization.load_der_private_key(base64.b64decode(self.private), None)
        if isinstance(key, ed25519.Ed25519PrivateKey):
            return key.sign(base)
        assert isinstance(key, rsa.RSAPrivateKey)
        return key.sign(base, padding.PKCS1v15(), hashes.SHA256())


@dataclass(frozen=True)
class Api:
    """The APIs of one seller, for one application."""

    base: str
    client: tuple[str, str]
    refresh_token: str

    def token_response(
        self, form: Mapping[str, str] | None = None, auth: tuple[str, str] | None = None
    ) -> requests.Response:
        """Ask for a token."""
        url = f"{self.base}/identity/v1/oauth2/token"
        return requests.post(url, data=form, auth=auth or self.client, timeout=TIMEOUT)

    def user_token(self, scope: str = "") -> str:
        """Return a token for which the seller stands."""
        scopes = {"scope": scope} if scope else {}
        form = {"grant_type": "refresh_token", "refresh_token": self.refresh_token, **scopes}
        return str(self.token_response(form).json()["access_token"])

    def app_token(self) -> str:
        """Return the application's own token."""
        return str(
            self.token_response({"grant_type": "client_credentials", "scope": SCOPE}).json()["access_token"]
        )

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        token: str | None = None,
        scheme: str = "Bearer",
        headers: Mapping[str, str] | None = None,
        signer: Signer | None = None,
    ) -> requests.Response:
        """Call any API."""
        given = {"Authorization": f"{scheme} {self.user_token() if token is None else token}"}
        request = requests.Request(method, self.base + path, json=body, headers={**given, **(headers or {})})
        prepared = request.prepare()
        if signer is not None:
            data = prepared.body if isinstance(prepared.body, bytes) else b""
            prepared.headers.update(signer.headers(method, str(prepared.url), data))
        with requests.Session() as session:
            return session.send(prepared, timeout=TIMEOUT)

    def get(self, path: str, **more: Any) -> Any:  # noqa: ANN401  # JSON may be anything
        """Return what is answered with 200."""
        answer = self.call("GET", path, **more)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def order(self, order: Mapping[str, Any], query: str = "") -> Any:  # noqa: ANN401  # JSON may be anything
        """Return an order as it is now."""
        return self.get(f"{ORDER}/{order['orderId']}{query}")

    def post_order(self, path: str) -> Any:  # noqa: ANN401  # JSON may be anything
        """Return what Post-Order answers."""
        return self.get(
            f"/post-order/v2/{path}", scheme="IAF", headers={"X-EBAY-C-MARKETPLACE-ID": "EBAY_US"}
        )

    def refund(self, order: Mapping[str, Any], body: object, **more: Any) -> requests.Response:  # noqa: ANN401  # JSON
        """Issue a refund."""
        return self.call("POST", f"{ORDER}/{order['orderId']}/issue_refund", body, **more)

    def make_key(self, cipher: str = "ED25519") -> Signer:
        """Make a signing key."""
        answer = self.call("POST", SIGNING_KEY, {"signingKeyCipher": cipher}, token=self.app_token())
        assert answer.status_code == 200, answer.text
        return Signer(answer.json()["jwe"], answer.json()["privateKey"])


def whole(value: str, currency: str = "USD", **more: Any) -> dict[str, Any]:  # noqa: ANN401  # JSON may be anything
    """Return the body of a refund of an order."""
    amount = {"value": value, "currency": currency}
    return {"reasonForRefund": "BUYER_RETURN", "orderLevelRefundAmount": amount, **more}


def by_line(line_id: str, value: str, currency: str = "USD") -> dict[str, Any]:
    """Return the body of a refund of a line."""
    amount = {"value": value, "currency": currency}
    return {
        "reasonForRefund": "BUYER_RETURN",
        "refundItems": [{"lineItemId": line_id, "refundAmount": amount}],
    }


def error_of(answer: requests.Response) -> tuple[int, int]:
    """Return the status and the error id of a refusal."""
    (error,) = answer.json()["errors"]
    return answer.status_code, int(error["errorId"])
