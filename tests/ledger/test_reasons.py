import re

import pytest

from ledger import reasons
from ledger.reasons import DISCREPANCIES, REASONS, Reason, Recovery, UnknownReasonError, reason

IN_THE_RULES = {
    "ECHO",
    "WRONG_DIRECTION",
    "SYNC_OFF",
    "NO_MONEY_MOVED",
    "ORDER_DELETED",
    "ORDER_NOT_SYNCED",
    "BUYER_REQUEST_MISSING",
    "NOT_BILLED",
    "OVER_REFUND",
    "MAPPING_MISSING",
}


@pytest.mark.parametrize("known", REASONS.values(), ids=lambda known: known.code)
def test_a_reason_speaks_in_plain_sentences_and_fits_its_columns(known: Reason) -> None:
    assert re.fullmatch(r"[A-Z]+(_[A-Z]+)*", known.code)
    assert len(known.code) <= 40  # the columns' length
    for sentence in filter(None, (known.what, known.fix)):
        assert sentence[0].isupper()
        assert sentence.endswith(".")


def test_no_code_stands_twice() -> None:
    groups = [value for name, value in vars(reasons).items() if name.startswith("_") and name.isupper()]
    rows = [row for group in groups if isinstance(group, tuple) for row in group]
    assert len(rows) == len(REASONS)


def test_the_rules_reasons_are_in_the_table() -> None:
    assert set(REASONS) >= IN_THE_RULES


def test_what_a_person_must_mend_says_how() -> None:
    needs_person = [known for known in REASONS.values() if known.recovery is Recovery.PAUSE]
    needs_person += [REASONS[code] for code in DISCREPANCIES]
    assert needs_person
    assert all(known.fix for known in needs_person)


def test_discrepancies_never_mend_themselves() -> None:
    assert {REASONS[code].recovery for code in DISCREPANCIES} == {Recovery.NONE}
    assert {"ORDER_DELETED", "BUYER_REQUEST_MISSING", "OVER_REFUND"} <= DISCREPANCIES


def test_a_code_is_looked_up_or_refused() -> None:
    assert reason("ECHO").code == "ECHO"
    with pytest.raises(UnknownReasonError, match="no reason has the code 'NOPE'") as refused:
        reason("NOPE")
    assert refused.value.reason == "unknown_reason"
