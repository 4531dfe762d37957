"""The demo's verdict: what is not as expected is told, whatever it is; otherwise nothing is."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import pytest
from sqlalchemy import delete

from cli.demo.control import Control as DemoControl
from cli.demo.furnish import furnish
from cli.demo.site import Site
from cli.demo.stage import Stage
from cli.demo.verdict import judge
from cli.demo.watch import Expected
from ledger import accounts
from ledger.events import OrderTouched, RecordChanged
from ledger.models import Refund
from ledger.settings import Settings
from ledger.states import State
from tests.cli.installation import Installation
from tests.support.sandboxed import Books, Shop
from tests.support.world import World
from tests.workers.platforms.world import Control
from workers.runtime import Runtime

_NOBODY: Final = "http://127.0.0.1:9"  # where no webhook arrives
_CUP: Final = {"sku": "CUP", "quantity": 3, "price": "10.00"}


@dataclass(frozen=True)
class Played:
    """A stage on which one refund was carried to NetSuite, and came back as its echo."""

    stage: Stage
    world: World
    shop: Shop
    books: Books
    refund: Refund

    def wrong(self) -> list[str]:
        """Return what the verdict says is wrong."""
        verdict = judge(self.stage)
        assert len(verdict.rows) >= verdict.expected
        return verdict.wrong

    def expect(self, refund_id: str = "", **more: str) -> None:
        """Say how the refund must end, or another one."""
        expected = {"transaction_type": "credit_memo", "total": "10.00", **more}
        self.stage.expected[:] = [
            Expected(
                "a cup",
                self.shop.slug,
                "shopify",
                refund_id or self.refund.source_refund_id,
                State.POSTED,
                "POSTED",
                **expected,
            )
        ]

    def echo(self) -> None:
        """Let NetSuite tell of the record that was made."""
        record = RecordChanged(
            self.refund.target_type, self.refund.target_id, "create", external_id=self.refund.key
        )
        self.world.tell(self.books, record)


@pytest.fixture
def played(control: Control, installation: Installation) -> Iterator[Played]:
    """One refund of a shop that is posted in NetSuite, as it should be."""
    installation.run("migrate")
    site = Site(DemoControl(control.url), installation.database, installation.vault, _NOBODY)
    stage = furnish(site)
    env = {name: value for name, value in installation.env.items() if value}
    runtime = Runtime(Settings.from_env(env))
    runtime.database = installation.database
    world = World(runtime, control, [])
    with installation.database.read() as session:
        shop_id = accounts.by_slug(session, stage.shop_in.slug).id
        books_id = accounts.netsuite_by_slug(session, stage.books.slug).id
    shop = Shop(control, stage.shop_in.name, shop_id, stage.shop_in.slug)
    books = Books(control, stage.books.tenant, books_id, stage.books.slug)
    order, _ = stage.synced_order(stage.shop_in, [_CUP])
    stage.shop_in.refund(order, lines=[{"sku": "CUP", "quantity": 1}])
    world.tell(shop, OrderTouched(str(order["id"])))
    made = Played(stage, world, shop, books, world.only_refund())
    made.echo()
    made.expect()
    yield made
    world.close()


def test_what_is_as_expected_is_not_told(played: Played) -> None:
    verdict = judge(played.stage)
    assert verdict.wrong == []
    assert (len(verdict.rows), verdict.expected) == (2, 2)


@pytest.mark.parametrize(
    ("expected", "said"),
    [
        ({"total": "11.00"}, "a cup made ['10.00'], not 11.00"),
        ({"total": ""}, "a cup made ['10.00'], not None"),
        ({"transaction_type": "cash_refund"}, "a cup is a credit_memo, not a cash_refund"),
    ],
)
def test_another_record_than_expected_is_told(played: Played, expected: dict[str, str], said: str) -> None:
    played.expect(**expected)
    (sentence,) = played.wrong()
    assert said in sentence


def test_a_refund_that_ends_otherwise_is_told(played: Played) -> None:
    played.world.change(played.refund.id, reason="ALREADY_POSTED")
    (sentence,) = played.wrong()
    assert "a cup is posted ALREADY_POSTED, not posted POSTED" in sentence


def test_a_refund_that_nobody_expected_is_told(played: Played) -> None:
    played.stage.expected.clear()
    assert any("it was not expected" in sentence for sentence in played.wrong())


def test_a_refund_that_never_came_is_told(played: Played) -> None:
    played.expect("404")
    assert "a cup: it is not in the ledger" in played.wrong()


def test_a_record_that_is_gone_is_told(played: Played) -> None:
    played.books.delete("creditMemo", played.refund.target_id)
    (sentence,) = played.wrong()
    assert "a cup made [], not 10.00" in sentence


def test_a_write_too_many_is_told(played: Played) -> None:
    order = played.books.order("#EXTRA")
    account = played.world.account(played.books)
    assert not hasattr(account, "direction")
    client = played.world.runtime.netsuite(account)
    client.transform(order.billed_type, order.billed_id, "creditmemo", {})
    assert played.wrong() == ["books counted 2 creditMemo made, the ledger 1"]


def test_an_echo_that_never_came_is_told(played: Played) -> None:
    with played.world.database.write() as session:
        echo = next(each for each in played.world.refunds() if each.origin == "netsuite")
        session.execute(delete(Refund).where(Refund.id == echo.id))
    (sentence,) = played.wrong()
    assert sentence == f"the echo of shop-in netsuite {played.refund.target_id} never arrived"
