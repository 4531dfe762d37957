"""What messages say."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from ledger.alert_outbox import Contents, Entry
from ledger.models import Alert, AlertChannel, AlertMessage, ChannelKind, News, Phase
from ledger.states import State
from tests.support.ledger import NOW, TRACE
from workers.telling.words import MOST_ENTRIES, Words, words_of

URL = "https://refunds.example.com"
CHANNEL = AlertChannel(name="slack", kind=ChannelKind.WEBHOOK, hourly_cap=5)


def entry(
    kind: News = News.ERROR,
    phase: Phase = Phase.RAISED,
    account: str = "my-shop",
    **columns: Any,  # noqa: ANN401 - columns of `Alert`
) -> Entry:
    usual: dict[str, Any] = {
        "id": 3,
        "subject": "refund",
        "subject_id": 17,
        "what": "refund 17 of order #1001, 20.00 USD",
        "reason": "MAPPING_MISSING",
        "detail": "item_shipping",
        "trace_id": TRACE,
        "raised_at": NOW,
        "cleared_at": None,
        "cleared_by": "",
    }
    return Entry(Alert(kind=kind, **{**usual, **columns}), phase, account)


def told(*entries: Entry, held: int = 0, url: str = URL, more: int = 0) -> Words:
    message = AlertMessage(key="k", is_test=False, number=len(entries) + more, held=held)
    numbers = Counter((each.phase, each.alert.kind) for each in entries)
    numbers[Phase.RAISED, News.ERROR] += more
    return words_of(message, Contents(entries, +numbers), CHANNEL, public_url=url)


def test_one_alert_says_what_why_and_what_to_do() -> None:
    said = told(entry())
    what = "Refund 17 of order #1001, 20.00 USD needs a person: it became an error (MAPPING_MISSING)"
    assert said.subject == f"[refund-sync] {what}"
    assert said.text.splitlines() == [
        f"{what}.",
        "Why: A generic item, location or account that this refund needs is not configured.",
        "Detail: item_shipping",
        "Mend: Set it on the account, then retry.",
        "Account: my-shop",
        "When: 2026-03-14 15:09:26 UTC",
        "Look: https://refunds.example.com/refunds/17",
    ]
    assert said.events == [
        {
            "id": 3,
            "phase": "raised",
            "kind": "error",
            "subject": "refund",
            "subject_id": 17,
            "what": "refund 17 of order #1001, 20.00 USD",
            "account": "my-shop",
            "reason": "MAPPING_MISSING",
            "why": "A generic item, location or account that this refund needs is not configured.",
            "fix": "Set it on the account, then retry.",
            "detail": "item_shipping",
            "at": "2026-03-14T15:09:26Z",
            "cleared_at": None,
            "cleared_by": "",
            "trace_id": TRACE,
            "url": "https://refunds.example.com/refunds/17",
        }
    ]
    assert said.numbers == {"raised:error": 1}


def test_what_is_not_known_is_left_out() -> None:
    said = told(entry(detail="", reason="POSTED", account=""), url="")
    assert said.text.splitlines()[1:] == [
        "Why: The refund was written to the other side.",
        "When: 2026-03-14 15:09:26 UTC",
    ]
    assert said.events[0]["url"] == ""


def test_a_reason_of_another_version_is_named_by_its_code() -> None:
    said = told(entry(reason="OF_TOMORROW"))
    assert "(OF_TOMORROW)" in said.subject
    assert "Why:" not in said.text
    assert (said.events[0]["why"], said.events[0]["fix"]) == ("", "")


@pytest.mark.parametrize("kind", News)
@pytest.mark.parametrize("phase", Phase)
def test_every_kind_of_news_has_words(kind: News, phase: Phase) -> None:
    one = entry(kind, phase, cleared_at=NOW, cleared_by="posted")
    assert told(one).subject
    many = told(one, one)
    assert many.subject.startswith("[refund-sync] 2 alerts: 2 ")


@pytest.mark.parametrize(
    "by",
    [State.POSTED, State.RESOLVED, State.CANCELLED, State.IGNORED, "resume", "processed"],
)
def test_every_way_to_be_cleared_has_words(by: str) -> None:
    said = told(entry(phase=Phase.CLEARED, cleared_at=NOW + timedelta(hours=1), cleared_by=by))
    assert said.subject.startswith("[refund-sync] Refund 17 of order #1001, 20.00 USD is ")
    assert "When: 2026-03-14 16:09:26 UTC" in said.text
    assert "Why:" not in said.text
    assert said.events[0]["at"] == said.events[0]["cleared_at"] == "2026-03-14T16:09:26Z"


def test_what_was_cleared_before_it_was_told_says_so() -> None:
    said = told(entry(cleared_at=NOW, cleared_by="posted"))
    assert "Since then: it is posted." in said.text


@pytest.mark.parametrize(
    ("subject", "path"),
    [
        ("delivery", "/deliveries/17"),
        ("account", "/settings/accounts/my-shop"),
        ("netsuite_account", "/settings/netsuite-accounts/my-shop"),
    ],
)
def test_each_links_to_its_page(subject: str, path: str) -> None:
    assert told(entry(subject=subject)).text.endswith(f"Look: {URL}{path}")


def test_many_are_counted_by_kind_and_told_one_after_the_other() -> None:
    cleared = entry(phase=Phase.CLEARED, cleared_at=NOW, cleared_by="posted")
    said = told(entry(), entry(), entry(News.DISCREPANCY), cleared, held=2)
    assert said.subject == "[refund-sync] 4 alerts: 2 errors, 1 discrepancy, 1 cleared"
    head, *others = said.text.split("\n\n")
    assert head.splitlines() == [
        "4 alerts: 2 errors, 1 discrepancy, 1 cleared.",
        "2 of them had to wait: this channel takes 5 messages an hour.",
    ]
    assert len(others) == len(said.events) == 4
    assert said.numbers == {"raised:error": 2, "raised:discrepancy": 1, "cleared:error": 1}


@pytest.mark.parametrize("url", [URL, ""])
def test_what_does_not_fit_is_counted(url: str) -> None:
    said = told(*[entry()] * MOST_ENTRIES, more=450, url=url)
    assert said.subject == "[refund-sync] 500 alerts: 500 errors"
    assert said.text.endswith(f"And 450 more. Look: {URL}/" if url else "And 450 more.")


def test_nothing_that_a_storefront_wrote_begins_a_line_or_is_endless() -> None:
    said = told(entry(what="refund 17 of order #1\r\nBcc: eve", detail="x\n\x1b[2J" + "y" * 1000))
    assert "\r" not in said.subject
    assert "\n" not in said.subject
    assert len(said.subject) <= 150
    assert "\x1b" not in said.text
    assert not any(line.startswith("Bcc") for line in said.text.splitlines())
    assert len(said.events[0]["detail"]) == 300


@pytest.mark.parametrize("url", [URL, ""])
def test_a_test_says_that_it_is_one(url: str) -> None:
    message = AlertMessage(key="k", is_test=True, number=0, held=0)
    said = words_of(message, Contents([], {}), CHANNEL, public_url=url)
    assert "test of the channel slack" in said.text
    assert said.text.endswith(f"{URL}/settings/alerts" if url else "this way.")
    assert (said.events, said.numbers) == ([], {})


def test_of_alerts_that_were_forgotten_meanwhile_the_number_is_told() -> None:
    message = AlertMessage(key="k", is_test=False, number=1, held=0)
    said = words_of(message, Contents([], {}), CHANNEL, public_url="")
    assert said.text.endswith("And 1 more.")
