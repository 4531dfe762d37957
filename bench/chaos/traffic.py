"""The people behind the platforms: they order, and are given back, on every platform and in NetSuite."""

import itertools
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

import requests

from bench.chaos.compare import Name, Sent
from bench.chaos.ground import Ground
from cli.demo.control import ControlError, Json, Storefront
from cli.demo.platforms.netsuite import Books
from cli.demo.platforms.shopify import Shop

_WEIGHTS: Final = {
    "shop_in": 40,
    "shop_out": 20,
    "magento_in": 9,
    "magento_out": 8,
    "ebay_in": 7,
    "ebay_out": 4,
    "amazon_in": 5,
    "amazon_sns": 5,
    "amazon_out": 2,
}
_MOST_FEEDS: Final = 12  # Amazon takes 15 feeds at once, and then one in two minutes
_MADE_OF: Final = 3  # pieces that each order is of
_AGAIN: Final = 0.5  # share of the refunds that are of an order that had one already
_LOUD: Final = 0.1  # share of the orders that NetSuite tells of
_PAUSE: Final = 0.05  # seconds
_RATE: Final = Decimal("0.08")


@dataclass
class _Order:
    """An order of which something is left to give back."""

    there: Json
    imported: Json
    billed: str
    left: int = _MADE_OF


@dataclass
class Traffic:
    """Makes refunds; safe to use from several threads.

    Attributes:
        sent: Every refund that was made.
        made_at: When each was, in epoch seconds.
    """

    ground: Ground
    chance: random.Random
    sent: list[Sent] = field(default_factory=list)
    made_at: dict[Name, float] = field(default_factory=dict)
    _open: dict[str, list[_Order]] = field(default_factory=dict)
    _feeds: int = 0
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1001))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def make(self) -> None:
        """Make one refund somewhere."""
        with self._lock:
            who = self.chance.choices(list(_WEIGHTS), list(_WEIGHTS.values()))[0]
            if who == "amazon_out":
                self._feeds += 1
                who = who if self._feeds <= _MOST_FEEDS else "shop_out"
        at = time.time()
        refund = _MAKERS[who](self, who)
        with self._lock:
            self.sent.append(refund)
            self.made_at[refund.name] = at

    def _billed(self) -> str:
        return "cashSale" if self.chance.random() < 1 / 3 else "invoice"

    def _take(self, who: str) -> _Order | None:
        """Return an order that was given something back for already, with something left."""
        with self._lock:
            known = self._open.get(who, [])
            if known and self.chance.random() < _AGAIN:
                return known.pop(self.chance.randrange(len(known)))
        return None

    def _put_back(self, who: str, order: _Order) -> None:
        order.left -= 1
        if order.left:
            with self._lock:
                self._open.setdefault(who, []).append(order)

    def _imported(self, books: Books, number: str, sku: str, rate: str, billed: str, tax: str = "0") -> Json:
        line = {"sku": sku, "quantity": _MADE_OF, "rate": rate, "taxRate": tax}
        return books.order(number, [line], billed=billed, silent=self.chance.random() > _LOUD)

    def _shop_order(self, shop: Shop) -> _Order:
        billed, name = self._billed(), f"#{shop.slug[-2:].upper()}{next(self._numbers)}"
        line = {"sku": "MUG", "quantity": _MADE_OF, "price": "25.00", "tax_rate": str(_RATE)}
        order = shop.order(name=name, lines=[line], silent=self.chance.random() > _LOUD)
        imported = self._imported(self.ground.books, name, "MUG", "25.00", billed, str(_RATE))
        return _Order(order, imported, billed)

    def _in_shop(self, who: str) -> Sent:
        shop = self.ground.shop_in
        order = self._take(who) or self._shop_order(shop)
        refund = shop.refund(order.there, lines=[{"sku": "MUG", "quantity": 1}])
        self._put_back(who, order)
        return _sent(shop, shop.platform, refund, order.billed, "27.00")

    def _of_shop(self, who: str) -> Sent:
        shop = self.ground.shop_out
        order = self._take(who) or self._shop_order(shop)
        memo = self.ground.books.refund(order.imported, "MUG")
        self._put_back(who, order)
        return _sent(shop, "netsuite", memo, order.billed, "27.00")

    def _store_order(self, who: str) -> _Order:
        store = self.ground.magento_in if who == "magento_in" else self.ground.magento_out
        billed, number = self._billed(), f"{next(self._numbers):09}"
        line = {"sku": "BAG", "qty": str(_MADE_OF), "price": "35.00"}
        order = store.order(line, increment_id=number)
        return _Order(order, self._imported(self.ground.market_books, number, "BAG", "35.00", billed), billed)

    def _in_store(self, who: str) -> Sent:
        store = self.ground.magento_in
        order = self._take(who) or self._store_order(who)
        memo = store.refund(order.there, {"sku": "BAG", "qty": "1"}, shipping="0")
        self._put_back(who, order)
        return _sent(store, store.platform, memo, order.billed, "35.00")

    def _of_store(self, who: str) -> Sent:
        order = self._take(who) or self._store_order(who)
        memo = self.ground.market_books.refund(order.imported, "BAG")
        self._put_back(who, order)
        return _sent(self.ground.magento_out, "netsuite", memo, order.billed, "35.00")

    def _ebay_order(self, who: str) -> _Order:
        seller = self.ground.ebay_in if who == "ebay_in" else self.ground.ebay_out
        billed = self._billed()
        line = {"sku": "VASE", "title": "Vase", "quantity": _MADE_OF, "price": "30.00"}
        order = seller.order(line)
        books = self.ground.market_books
        return _Order(order, self._imported(books, order["orderId"], "VASE", "30.00", billed), billed)

    def _in_ebay(self, who: str) -> Sent:
        seller, order = self.ground.ebay_in, self._ebay_order(who)
        request = seller.ask(order.there, "return", quantity=1)
        refund = seller.refund(order.there, **{"for": request})
        return _sent(seller, seller.platform, refund, order.billed, "30.00")

    def _of_ebay(self, who: str) -> Sent:
        order = self._ebay_order(who)
        memo = self.ground.market_books.refund(order.imported, "VASE")
        return _sent(self.ground.ebay_out, "netsuite", memo, order.billed, "30.00")

    def _amazon_order(self, who: str) -> _Order:
        billed = self._billed()
        seller = {
            "amazon_in": self.ground.amazon_in,
            "amazon_sns": self.ground.amazon_sns,
            "amazon_out": self.ground.amazon_out,
        }[who]
        order = seller.order({"sku": "GRILL", "quantity": _MADE_OF, "price": "20.00"})
        books = self.ground.market_books
        return _Order(order, self._imported(books, order["id"], "GRILL", "20.00", billed), billed)

    def _in_amazon(self, who: str) -> Sent:
        seller = self.ground.amazon_in if who == "amazon_in" else self.ground.amazon_sns
        order = self._amazon_order(who)
        refund = seller.refund(order.there, {"sku": "GRILL", "quantity": 1})
        return _sent(seller, seller.platform, refund, order.billed, "20.00")

    def _of_amazon(self, who: str) -> Sent:
        order = self._amazon_order(who)
        memo = self.ground.market_books.refund(order.imported, "GRILL")
        return _sent(self.ground.amazon_out, "netsuite", memo, order.billed, "20.00")


_MAKERS: Final[Mapping[str, Callable[[Traffic, str], Sent]]] = {
    "shop_in": Traffic._in_shop,  # noqa: SLF001 - the table of this class
    "shop_out": Traffic._of_shop,  # noqa: SLF001 - the table of this class
    "magento_in": Traffic._in_store,  # noqa: SLF001 - the table of this class
    "magento_out": Traffic._of_store,  # noqa: SLF001 - the table of this class
    "ebay_in": Traffic._in_ebay,  # noqa: SLF001 - the table of this class
    "ebay_out": Traffic._of_ebay,  # noqa: SLF001 - the table of this class
    "amazon_in": Traffic._in_amazon,  # noqa: SLF001 - the table of this class
    "amazon_sns": Traffic._in_amazon,  # noqa: SLF001 - the table of this class
    "amazon_out": Traffic._of_amazon,  # noqa: SLF001 - the table of this class
}


def _sent(storefront: Storefront, origin: str, refund: str, billed: str, total: str) -> Sent:
    kind = "cash_refund" if billed == "cashSale" else "credit_memo"
    return Sent((storefront.slug, origin, refund), kind, Decimal(total))


@dataclass
class Stream:
    """Threads that make refunds until there are enough, but no more at once than the service keeps up with.

    Attributes:
        refunds: How many are made in the end.
        backlog: Tells how much the service has before it; no refund is made while that is above `most`.
        allowed: How many may be made so far.
        problems: What went wrong while refunds were made, which nothing should.
    """

    traffic: Traffic
    refunds: int
    backlog: Callable[[], int]
    most: int
    allowed: int = 0
    problems: list[str] = field(default_factory=list)
    _begun: Iterator[int] = field(default_factory=itertools.count)
    _is_over: threading.Event = field(default_factory=threading.Event)
    _is_full: bool = False

    def run(self) -> None:
        """Make refunds; to be called from each thread."""
        while (number := next(self._begun)) < self.refunds and not self._is_over.is_set():
            while (self._is_full or number >= self.allowed) and not self._is_over.wait(_PAUSE):
                pass
            try:
                self.traffic.make()
            except (ControlError, requests.RequestException) as error:
                self.problems.append(str(error))

    @property
    def made(self) -> int:
        """How many refunds were made, or tried to."""
        return len(self.traffic.sent) + len(self.problems)

    def watch(self) -> None:
        """Look how far the service is behind, until it is over."""
        while not self._is_over.wait(4 * _PAUSE):
            self._is_full = self.backlog() > self.most

    def end(self) -> None:
        """Make no more."""
        self._is_over.set()
