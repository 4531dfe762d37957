"""A Magento installation: its settings, its credentials, and everything it holds."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from sandbox.magento.model import CreditMemo, Invoice, Order

KEY_LENGTH: Final = 32
r"""Length of consumer keys and tokens, ``Magento\Framework\Oauth\Helper\Oauth``; others are refused."""

ORDERS: Final = "Magento_Sales::actions_view"
INVOICES: Final = "Magento_Sales::sales_invoice"
MEMOS: Final = "Magento_Sales::sales_creditmemo"
REFUND: Final = "Magento_Sales::creditmemo"
TRANSACTIONS: Final = "Magento_Sales::transactions_fetch"
STORES: Final = "Magento_Backend::store"
RESOURCES: Final = (ORDERS, INVOICES, MEMOS, REFUND, TRANSACTIONS, STORES)

IMS_TOKEN_LIFE: Final = timedelta(seconds=86399)

GATEWAY: Final = ("accept", "decline", "silent", "outlive", "outlive_noted")
DECLINED: Final = "The gateway declined the refund."

CREDITMEMO_SAVED: Final = "observer.sales_order_creditmemo_save_after"
ORDER_SAVED: Final = "observer.sales_order_save_after"
VIAS: Final = ("io_events", "commerce_webhook", "mageplaza")


@dataclass
class OAuth:
    """The four credentials of an integration."""

    consumer_key: str
    consumer_secret: str
    access_token: str
    access_token_secret: str


@dataclass
class Ims:
    """Adobe's OAuth server-to-server credentials, for Commerce as a Cloud Service."""

    client_id: str
    client_secret: str
    tokens: dict[str, datetime] = field(default_factory=dict)

    def knows(self, token: str, now: datetime) -> bool:
        """Tell whether a token is good now."""
        return token in self.tokens and now < self.tokens[token]


@dataclass
class Push:
    """How the store tells others what happens.

    Attributes:
        via: ``io_events``, ``commerce_webhook`` or ``mageplaza``.
        url: Where it tells it.
        events: Subscribed events, or Mageplaza's hook types.
        fields: Top-level fields chosen at subscription, all if ``None``.
        client_id: The recipient's client id (I/O Events).
        provider_id: The event provider's id (I/O Events).
        method: The method the webhook hangs on (Commerce Webhooks).
        signed: Whether bodies are signed (Commerce Webhooks).
        headers: Headers the admin wrote.
        template: The body the admin wrote (Mageplaza).
    """

    via: str
    url: str
    events: tuple[str, ...] = ()
    fields: frozenset[str] | None = None
    client_id: str = ""
    provider_id: str = ""
    method: str = ""
    signed: bool = True
    headers: Mapping[str, str] = field(default_factory=dict)
    template: str = ""


@dataclass
class Gateway:
    """The simulated payment gateway.

    Attributes:
        behaviour: ``accept``, ``decline``, or ``silent``: it reports success without moving money. With
            ``outlive`` and ``outlive_noted`` it moves the money, and PHP dies before the memo is saved: the
            store then has nothing of it, or the transaction alone.
        message: What it says when it declines.
        log: What it was asked for, as ``{"transaction_id", "amount", "currency", "result"}``.
    """

    behaviour: str = "accept"
    message: str = DECLINED
    log: list[dict[str, str | None]] = field(default_factory=list)


@dataclass
class Store:
    """One installation with one website.

    Attributes:
        tenant: The sandbox's name for it.
        oauth: The integration's credentials.
        base_currency: ISO code.
        codes: Store codes; ``all`` is known besides.
        bearer: Whether the access token alone is taken as a bearer token, off since 2.4.4.
        acl: Resources the integration may use.
        forbidden_status: Status of a refusal by the ACL.
        text_ids: Whether new ids are answered as strings.
        listed_comments: Whether searches show the comments of credit memos.
        whole_tax: Whether lines not listed in a refund are left out of its sums (issue 14713).
        most_per_page: Largest page of a search, no limit if ``None``.
        nonces: Nonces used; Magento keeps them without regard to their time.
    """

    tenant: str
    oauth: OAuth
    base_currency: str = "USD"
    codes: list[str] = field(default_factory=lambda: ["default"])
    bearer: bool = False
    ims: Ims | None = None
    acl: frozenset[str] = frozenset(RESOURCES)
    forbidden_status: int = 401
    text_ids: bool = False
    listed_comments: bool = True
    whole_tax: bool = True
    most_per_page: int | None = None
    gateway: Gateway = field(default_factory=Gateway)
    push: Push | None = None
    orders: dict[int, Order] = field(default_factory=dict)
    nonces: set[str] = field(default_factory=set)
    counters: Counter[str] = field(default_factory=Counter)

    def next(self, kind: str) -> int:
        """Return the next id of a kind of entity."""
        self.counters[kind] += 1
        return self.counters[kind]

    def next_increment(self, kind: str) -> str:
        """Return the next number people see, such as ``000000012``."""
        return f"{self.next(f'increment of {kind}'):09}"

    @property
    def memos(self) -> list[tuple[Order, CreditMemo]]:
        """Every credit memo with its order, by id."""
        found = [(order, memo) for order in self.orders.values() for memo in order.memos]
        return sorted(found, key=lambda pair: pair[1].id)

    @property
    def invoices(self) -> list[tuple[Order, Invoice]]:
        """Every invoice with its order, by id."""
        found = [(order, invoice) for order in self.orders.values() for invoice in order.invoices]
        return sorted(found, key=lambda pair: pair[1].id)

    def memo(self, memo_id: int) -> tuple[Order, CreditMemo] | None:
        """Find a credit memo and its order."""
        return next((pair for pair in self.memos if pair[1].id == memo_id), None)

    def invoice(self, invoice_id: int) -> tuple[Order, Invoice] | None:
        """Find an invoice and its order."""
        return next((pair for pair in self.invoices if pair[1].id == invoice_id), None)


def plain(number: Decimal) -> str:
    """Write a number as PHP turns a float into text: without zeros at its end."""
    text = f"{number.normalize():f}"
    return "0" if text == "-0" else text
