"""The index finds exactly what a look through all transactions would find."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from sandbox.netsuite.index import Index
from sandbox.netsuite.kinds import CREDIT_MEMO, INVOICE
from sandbox.netsuite.model import ONE, Application, Currency, Customer, Transaction

NOW = datetime(2026, 11, 1, tzinfo=UTC)
ids = st.sampled_from(["1", "2", "3", "4"])
steps = st.tuples(st.booleans(), ids, st.none() | ids, st.none() | ids, st.lists(ids, max_size=2))


def transaction(internal_id: str) -> Transaction:
    return Transaction(
        id=internal_id,
        type=CREDIT_MEMO,
        tran_id=internal_id,
        entity=Customer("1", "c"),
        currency=Currency("1", "USD", "US Dollar", 2),
        exchange_rate=ONE,
        tran_date=NOW.date(),
        created_at=NOW,
        modified_at=NOW,
    )


@given(st.lists(steps, max_size=20))
def test_what_is_filed_is_found_and_nothing_else(
    changes: list[tuple[bool, str, str | None, str | None, list[str]]],
) -> None:
    index = Index()
    saved: dict[str, Transaction] = {}
    for keep, internal_id, source, external_id, documents in changes:
        each = saved.get(internal_id) or transaction(internal_id)
        if keep:
            each.created_from = source
            # External ids are unique: the records' own rule, kept here by writing the owner into them.
            each.external_id = external_id and f"{external_id}-of-{internal_id}"
            each.applications = [Application(doc, ONE) for doc in documents]
            saved[internal_id] = each
            index.put(each)
        else:
            saved.pop(internal_id, None)
            index.drop(each)
        for wanted in ("1", "2", "3", "4"):
            children = {one.id for one in saved.values() if one.created_from == wanted}
            appliers = {one.id for one in saved.values() if wanted in {part.doc for part in one.applications}}
            assert {one.id for one in index.children(wanted)} == children
            assert {one.id for one in index.appliers(wanted)} == appliers
        for one in saved.values():
            if one.external_id is not None:
                assert index.by_external_id(CREDIT_MEMO.code, one.external_id) is one
                assert index.by_external_id(INVOICE.code, one.external_id) is None
