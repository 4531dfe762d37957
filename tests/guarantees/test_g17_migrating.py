"""G17: a new version's migration runs while processes of the version before it serve."""

import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
import requests
from sqlalchemy import select, text

import ledger
from ledger import schema
from ledger.models import Delivery
from ledger.states import State
from tests.guarantees.house import LONGEST, ON_POSTGRESQL, ON_SQLITE, House
from tests.support.waiting import until
from tests.webhooks.platforms import encoded, refund, shopify_headers

REVISION: Final = "9001"
_NEXT: Final = f'''
"""What a next version may add."""

import sqlalchemy as sa
from alembic import op

revision = "{REVISION}"
down_revision = "{schema.newest()}"


def upgrade() -> None:
    op.add_column("refunds", sa.Column("next_remark", sa.Text(), nullable=True))
    op.add_column("deliveries", sa.Column("next_weight", sa.Integer(), nullable=False, server_default="1"))
    op.create_index("ix_deliveries_next_weight", "deliveries", ["next_weight", "id"])
'''
_MIGRATE: Final = """
import sys
from ledger import schema
from ledger.database import Database
database = Database(sys.argv[1])
schema.migrate(database)
print(schema.current(database), schema.newest())
"""


@pytest.fixture
def next_version(tmp_path: Path) -> Path:
    """Where the next version of the code is: this one, with a revision more."""
    home = tmp_path / "next"
    shutil.copytree(
        Path(ledger.__file__).parent, home / "ledger", ignore=shutil.ignore_patterns("__pycache__")
    )
    (home / "ledger" / "migrations" / "versions" / f"{REVISION}_next.py").write_text(_NEXT)
    return home


@contextmanager
def migrating(next_version: Path, house: House) -> Iterator["subprocess.Popen[str]"]:
    """Run the next version's migration; it has come to its end when the block has."""
    url = house.world.runtime.settings.database_url
    with subprocess.Popen(  # noqa: S603 - a program of this file
        [sys.executable, "-c", _MIGRATE, url], cwd=next_version, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        said, _ = process.communicate(timeout=2 * LONGEST)
    assert (process.returncode, said.split()) == (0, [REVISION, REVISION])


@contextmanager
def delivering(house: House) -> Iterator[list[int]]:
    """Deliver without a pause, from two connections; yield what was answered so far."""
    answered: list[int] = []
    over = threading.Event()

    def deliver() -> None:
        body = encoded(refund())
        with requests.Session() as session:
            while not over.is_set():
                headers = shopify_headers("refunds/create", body, {"shop_domain": house.shop.tenant})
                address = f"{house.url}/webhooks/shopify/shop"
                answered.append(session.post(address, body, headers=headers, timeout=LONGEST).status_code)

    with ThreadPoolExecutor(2) as pool:
        shops = [pool.submit(deliver) for _ in range(2)]
        until(lambda: answered, LONGEST)
        try:
            yield answered
        finally:
            over.set()
            for shop in shops:
                shop.result(LONGEST)


def serves_on(house: House, answered: list[int]) -> None:
    """Check that this version's processes do all that they did before."""
    before = len(answered)
    until(lambda: len(answered) > before + 4, LONGEST)
    ready = requests.get(f"{house.url}/readyz", timeout=LONGEST)
    assert (ready.status_code, ready.json()["checks"]["schema"]) == (200, "ok")
    schema.migrate(house.world.database)  # of this version, as it does when it is started again
    assert schema.current(house.world.database) == REVISION


def carries_on(house: House) -> None:
    """Check that this version's workers carry what comes after the migration."""
    house.world.runtime.redis.flushall()  # what came meanwhile is of no order that there is
    house.refund()
    house.work()
    with house.world.database.read() as session:
        weights = text("SELECT DISTINCT next_weight FROM deliveries")
        assert session.scalars(weights).all() == [1]
    assert State.POSTED in {refund.state for refund in house.world.refunds()}
    assert house.books.writes() == {"creditMemo": 1}


@ON_SQLITE
def test_g17_while_a_migration_runs_every_delivery_is_accepted_and_then_carried(
    house: House, next_version: Path
) -> None:
    with delivering(house) as answered:
        with migrating(next_version, house):
            pass
        serves_on(house, answered)
    assert set(answered) == {200}
    assert house.rows()["deliveries"] == len(answered)


@ON_POSTGRESQL
def test_g17_a_migration_in_whose_way_somebody_is_holds_up_no_delivery(
    house: House, next_version: Path
) -> None:
    with delivering(house) as answered:
        with house.world.database.read() as reader:
            reader.scalars(select(Delivery.id)).all()  # somebody's long report
            with migrating(next_version, house):
                until(house.waits_for_a_lock, LONGEST)
                before = len(answered)
                until(lambda: len(answered) > before + 4, LONGEST)  # though they stand behind it
                reader.rollback()
        serves_on(house, answered)
    assert set(answered) == {200}
    assert house.rows()["deliveries"] == len(answered)
    carries_on(house)
