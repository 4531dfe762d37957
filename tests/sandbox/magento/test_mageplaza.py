"""The Mageplaza extension: the admin's own body and headers, sent once."""

import base64

import pytest

from sandbox.magento.events import filled_in
from tests.sandbox.magento.receiver import PushReceiver
from tests.support.sandboxed_magento import Store
from tests.support.waiting import until


@pytest.fixture
def hooked(store: Store, pushed: PushReceiver) -> Store:
    """A store with a hook on new credit memos."""
    store.change(push={"via": "mageplaza", "url": pushed.url, "headers": {"X-Secret": "hush"}})
    return store


def test_the_body_is_the_admin_s_template(hooked: Store, pushed: PushReceiver) -> None:
    order = hooked.order()
    memo = hooked.refund(order)
    (got,) = pushed.wait()
    assert got.json == {"order_id": order["entity_id"], "creditmemo_id": memo["entity_id"]}
    assert got.headers["X-Secret"] == "hush"
    until(lambda: hooked.deliveries()[0]["delivered"])


@pytest.mark.parametrize(
    ("status", "state"), [(200, "delivered"), (201, "delivered"), (202, "given_up"), (204, "given_up")]
)
def test_only_200_and_201_are_success_and_nothing_is_tried_again(
    hooked: Store, pushed: PushReceiver, status: int, state: str
) -> None:
    pushed.answers = [(status, "")]
    hooked.refund(hooked.order())
    until(lambda: hooked.deliveries()[0]["state"] == state)
    assert len(pushed.got) == 1


def test_hooks_are_chosen_and_logins_given(store: Store, pushed: PushReceiver) -> None:
    store.change(
        push={
            "via": "mageplaza",
            "url": pushed.url + "/{{item.entity_id}}",
            "events": ["new_order", "order"],
            "template": '{"number":"{{ item.increment_id }}","city":"{{item.billing_address.city}}"}',
            "basic": {"username": "shop", "password": "hush"},
        }
    )
    order = store.order(invoiced=False)
    store.cancel(order)
    store.refund(store.order(silent=True))
    first, second = pushed.wait(2)
    assert first.path == second.path == f"/push/{order['entity_id']}"
    assert first.json == {"number": order["increment_id"], "city": "Springfield"}
    assert base64.b64decode(first.headers["Authorization"].removeprefix("Basic ")) == b"shop:hush"
    assert [each["topic"] for each in store.deliveries()] == ["new_order", "order"]


def test_a_saved_memo_that_is_not_new_calls_no_hook(hooked: Store, pushed: PushReceiver) -> None:
    memo = hooked.refund(hooked.order())
    hooked.save_memo(memo, "open")
    assert len(hooked.deliveries()) == 1
    assert len(pushed.wait()) == 1


def test_templates_are_filled_in_without_escaping() -> None:
    assert (
        filled_in("{{item.a}}|{{ item.b.c }}|{{item.no}}|{{item.a.x}}", {"a": 'q"', "b": {"c": 1}})
        == 'q"|1||'
    )
