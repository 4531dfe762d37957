import uuid

from hypothesis import given
from hypothesis import strategies as st

from workers.platforms.idempotency import key_for


def test_a_refunds_key_never_changes() -> None:
    # Written down: another value would let a refund under way be made twice after an upgrade.
    assert key_for("rs-myshop-509562969") == "e887e93d-09f5-53a8-934e-7553bda4dbfd"
    assert key_for("rs-myshop-509562969", 1) == "e5a38d94-9a5e-5211-a85a-3ac788309366"


@given(st.text(), st.integers(0, 3), st.text(), st.integers(0, 3))
def test_two_keys_are_equal_only_for_the_same_refund_and_generation(a: str, m: int, b: str, n: int) -> None:
    # A refund's key has no "#": `ledger.refunds.key_of`.
    a, b = a.replace("#", ""), b.replace("#", "")
    assert (key_for(a, m) == key_for(b, n)) == ((a, m) == (b, n))


@given(st.text(), st.integers(0, 3))
def test_a_key_is_a_uuid_of_version_5(refund_key: str, generation: int) -> None:
    assert uuid.UUID(key_for(refund_key, generation)).version == 5
