"""Make the accounts of the demo on both sides: in the sandbox, and in the ledger."""

from datetime import timedelta
from typing import Final

from cli.demo.api import Api
from cli.demo.platforms.amazon import open_amazon
from cli.demo.platforms.ebay import open_ebay
from cli.demo.platforms.magento import open_magento
from cli.demo.platforms.netsuite import make_login, open_books
from cli.demo.platforms.shopify import open_shop
from cli.demo.site import Site
from cli.demo.stage import Stage
from ledger import installation, people, polls
from ledger.clock import utcnow
from ledger.models import Role
from ledger.models.accounts import Direction

_IN: Final = Direction.TO_NETSUITE
_OUT: Final = Direction.FROM_NETSUITE
_LIFE: Final = timedelta(days=1)  # of the token of who operates the service
_QUICK: Final = {
    # The demo does not have the minutes that a merchant's installation has.
    "retry_seconds": "1",
    "throttle_seconds": "0.5",
    "wait_seconds": "1",
    "read_timeout_seconds": "2",
}


def furnish(site: Site) -> Stage:
    """Open every account; nothing is sent by any platform before `site.once_up` is done."""
    with site.database.write() as session:
        for name, value in _QUICK.items():
            installation.store(session, name, value)
        now = utcnow()
        _, token = people.add_token(session, "demo", Role.OPERATOR, _LIFE, now=now, actor="demo")
    login = make_login()
    books = open_books(site, "books", "1234567_SB1", login)
    market = open_books(site, "market-books", "7654321_SB1", login)
    stage = Stage(
        control=site.control,
        database=site.database,
        api=Api(site.web_url, token),
        books=books,
        market_books=market,
        shop_in=open_shop(site, books, "shop-in", _IN),
        shop_out=open_shop(site, books, "shop-out", _OUT),
        shop_yen=open_shop(site, books, "shop-yen", _IN, "JPY"),
        shop_audit=open_shop(site, books, "shop-audit", _IN),
        amazon_sns=open_amazon(site, market, "amazon-sns", "A1DEMOSNS", _IN, "sns"),
        amazon_in=open_amazon(site, market, "amazon-in", "A2DEMOIN", _IN, "api_destination"),
        amazon_out=open_amazon(site, market, "amazon-out", "A3DEMOOUT", _OUT, "api_destination"),
        ebay_in=open_ebay(site, market, "ebay-in", _IN, "REFUNDED"),
        ebay_out=open_ebay(site, market, "ebay-out", _OUT, "PENDING"),
        magento_in=open_magento(site, market, "magento-in", _IN, "mageplaza"),
        magento_out=open_magento(site, market, "magento-out", _OUT, "io_events"),
        magento_quiet=open_magento(site, market, "magento-quiet", _OUT, "io_events", gateway="silent"),
    )
    with site.database.write() as session:
        polls.ensure(session, now=utcnow())
    return stage
