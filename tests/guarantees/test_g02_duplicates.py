"""G2: however often a delivery comes, it has one effect."""

from pathlib import Path

from ledger.database import Database
from ledger.states import State
from tests.guarantees.house import House
from tests.webhooks.test_http import served
from webhooks.app import create_app


def redelivered(house: House, webhook_id: str, **how: object) -> list[int]:
    """Have the shop send a webhook again; return what it was answered."""
    path = f"{house.shop.path}/webhooks/{webhook_id}/redeliver"
    statuses: list[int] = house.shop.control.post(path, dict(how))["statuses"]
    return statuses


def test_g02_duplicates_have_one_effect_one_after_the_other_at_once_and_after_a_restart(
    house: House, tmp_path: Path
) -> None:
    told = house.refund()
    before = house.rows()["deliveries"]
    assert redelivered(house, told["id"], times=2) == [200, 200]
    house.settle()
    (posted,) = house.world.refunds()
    assert posted.state is State.POSTED

    assert redelivered(house, told["id"], times=4, concurrently=True) == [200] * 4
    settings = house.world.runtime.settings
    database = Database(settings.database_url)
    with served(create_app(settings, database=database)) as port:
        house.listen(f"http://127.0.0.1:{port}")
        assert redelivered(house, told["id"], times=2, concurrently=True) == [200, 200]
    database.dispose()
    # Without its event id Shopify's delivery id is the key, and the refund is told of as if anew.
    house.listen()
    assert redelivered(house, told["id"], times=2, drop_event_id=True) == [200, 200]
    house.settle()

    assert house.rows()["deliveries"] == before + 1
    (still,) = house.world.refunds()
    assert (still.target_id, still.lease_token) == (posted.target_id, posted.lease_token)
    assert house.books.writes() == {"creditMemo": 1}
