"""NetSuite in the demo: the simulated account that keeps the books, and its bookkeeper."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from cli.demo.control import Control, Json, record_id
from cli.demo.site import ITEMS, Site
from ledger.clock import utcnow

_CLIENT_ID: Final = "demo-integration"
_CERTIFICATE_ID: Final = "demo-certificate"


@dataclass(frozen=True)
class Books:
    """One NetSuite account.

    Attributes:
        tenant: The sandbox's name of it.
        slug: The ledger's.
    """

    control: Control = field(repr=False)
    tenant: str
    slug: str

    @property
    def path(self) -> str:
        """Where the control API has it."""
        return f"/netsuite/{self.tenant}"

    def order(
        self,
        number: str,
        lines: Sequence[Json],
        *,
        billed: str = "invoice",
        **more: Any,  # noqa: ANN401 - JSON values
    ) -> Json:
        """Import an order as an order sync would, billed unless `billed` is empty.

        Args:
            number: What the storefront knows it by.
            lines: Each with `sku`, `quantity`, `rate` and perhaps `taxRate`.
            billed: `invoice` or `cashSale`.
            more: Such as `currency` and `shippingCost`.
        """
        fields = {"otherRefNum": number, "currency": "USD", "lines": lines, **more}
        return self.control.post(f"{self.path}/orders", **fields, **({"billed": billed} if billed else {}))

    def bill(self, order: Json, how: str) -> Json:
        """Bill a sales order as `invoice` or `cashSale`."""
        return self.control.post(f"{self.path}/orders/{record_id(order['salesOrder'])}/bill", **{"as": how})

    def refund(self, order: Json, sku: str = "", quantity: int = 1, **more: Any) -> str:  # noqa: ANN401 - JSON
        """Refund a billed order as a person in NetSuite, so many of an item; return the new record's id."""
        lines = {"lines": [{"sku": sku, "quantity": quantity}]} if sku else {}
        return record_id(
            self.control.post(f"{self.path}/refunds", **{"from": order["billed"], **lines, **more})
        )

    def authorize_return(self, source: Json, **fields: Any) -> str:  # noqa: ANN401 - JSON values
        """Enter a return authorization of an order, or of what billed it; return its id."""
        made = self.control.post(f"{self.path}/returnauthorizations", **{"from": source, **fields})
        return record_id(made)

    def credit_return(self, authorized: str) -> str:
        """Enter a credit memo for a return authorization, whatever its order was billed by; return its id."""
        source = {"type": "returnAuthorization", "id": authorized}
        return record_id(self.control.post(f"{self.path}/refunds", **{"from": source, "as": "creditMemo"}))

    def delete(self, order: Json) -> None:
        """Delete a sales order that is not billed."""
        self.control.delete(f"{self.path}/records/salesOrder/{record_id(order['salesOrder'])}")

    def records(self, record_type: str) -> list[Json]:
        """Return every record of a type."""
        found: list[Json] = self.control.get(f"{self.path}/records?type={record_type}")
        return found

    def writes(self) -> dict[str, int]:
        """Return how many records of each type were written through the API."""
        counted: dict[str, int] = self.control.get("/writes").get("netsuite", {}).get(self.tenant, {})
        return counted


def open_books(site: Site, slug: str, account_id: str, login: tuple[str, str]) -> Books:
    """Open an account in the sandbox and connect it.

    Args:
        site: Where.
        slug: The ledger's name of it.
        account_id: NetSuite's own, such as `1234567_SB1`.
        login: A private key and its certificate, both PEM; see `make_login`.
    """
    private_key, certificate = login
    secret = secrets.token_hex(32)
    books = Books(site.control, account_id.lower().replace("_", "-"), slug)
    site.control.post(
        "/netsuite/accounts",
        account_id=account_id,
        client_id=_CLIENT_ID,
        certificate_id=_CERTIFICATE_ID,
        certificate_pem=certificate,
        webhook={"url": site.webhook_url("netsuite", slug), "secret": secret},
        items=[{"id": number, "itemid": name, "itemtype": "OthCharge"} for name, number in ITEMS.items()],
    )
    credentials = {
        "auth": "oauth2",
        "client_id": _CLIENT_ID,
        "certificate_id": _CERTIFICATE_ID,
        "private_key": private_key,
    }
    site.keep_books(slug, account_id, books.path, credentials, secret)
    return books


def make_login() -> tuple[str, str]:
    """Return a private key and its certificate, PEM, as an administrator makes them for NetSuite."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=3072)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "refund-sync demo")])
    now = utcnow()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=700))
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return pem.decode(), certificate.public_bytes(serialization.Encoding.PEM).decode()
