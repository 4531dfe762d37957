"""`refund-sync alert`, and the scheduler that sends them."""

import json
import re
import threading
from collections.abc import Callable

import pytest
from sqlalchemy import select, update

from cli.trial import TrialFailedError
from ledger.clock import utcnow
from ledger.models import AlertChannel, AlertMessage, ChannelKind
from tests.cli.installation import Installation
from tests.cli.processes import ended, eventually, family
from tests.support.alerts import make_channel
from tests.support.ledger import make_account
from tests.support.waiting import until
from tests.workers.platforms.wire import answer, saying, wire

HOOK = "https://hooks.example.com/services/T0/B0/very-secret"


def add_webhook(installation: Installation, *words: str, url: str = HOOK) -> str:
    file = installation.file("hook.txt", f"{url}\n")
    return installation.run("alert", "add", "slack", "--webhook-file", file, *words).stdout


def stored(installation: Installation) -> list[AlertChannel]:
    with installation.database.read() as session:
        return list(session.scalars(select(AlertChannel)))


def test_a_webhook_is_added_with_a_secret_that_is_shown_once(installation: Installation) -> None:
    said = add_webhook(installation)
    (channel,) = stored(installation)
    secret = re.match(r"Secret: (whsec_\S+)\n", said)
    assert secret is not None
    assert installation.vault.open(channel.target) == {"url": HOOK, "secret": secret[1]}
    assert "refund-sync alert test slack" in said
    listed = installation.run("alert", "list").stdout
    assert "hooks.example.com" in listed
    assert "very-secret" not in said + listed
    assert secret[1] not in listed


def test_people_are_told_by_mail_where_there_is_a_mail_server(installation: Installation) -> None:
    words = ("alert", "add", "finance", "--email", "anna@example.com", "--email", "otto@example.com")
    assert "REFUND_SYNC_SMTP_URL" in installation.refused(*words)
    installation.env |= {
        "REFUND_SYNC_SMTP_URL": "smtp://mail.example.com",
        "REFUND_SYNC_MAIL_FROM": "refunds@example.com",
    }
    said = installation.run(*words).stdout
    assert "Secret" not in said
    (channel,) = stored(installation)
    assert channel.kind is ChannelKind.EMAIL
    assert installation.vault.open(channel.target) == {"to": ["anna@example.com", "otto@example.com"]}


def test_what_is_told_can_be_narrowed_down(installation: Installation) -> None:
    with installation.database.write() as session:
        for slug in ("shop", "other"):
            make_account(session, installation.vault, slug=slug, storefront_id=f"{slug}.myshopify.com")
    file = installation.file("hook.txt", HOOK)
    words = ("--news", "paused", "--news", "error", "--account", "shop", "--account", "other", "--no-cleared")
    made = installation.json(
        "alert", "add", "slack", "--webhook-file", file, *words, "--digest", "30", "--hourly", "3"
    )
    assert made.pop("secret").startswith("whsec_")
    assert made == {
        "id": 1,
        "name": "slack",
        "kind": "webhook",
        "target": "hooks.example.com",
        "is_on": True,
        "news": ["error", "paused"],
        "accounts": ["other", "shop"],
        "tells_cleared": False,
        "digest_minutes": 30,
        "hourly_cap": 3,
        "told_at": None,
        "failures": 0,
        "reason": "",
        "detail": "",
    }
    assert installation.json("alert", "list") == [made]


@pytest.mark.parametrize("words", [(), ("--email", "anna@example.com", "--webhook-file", "-")])
def test_a_channel_tells_by_one_way(installation: Installation, words: tuple[str, ...]) -> None:
    said = installation.run("alert", "add", "slack", *words, code=2, typed=HOOK)
    assert "either --email or --webhook-file" in said.stderr


def test_nobody_is_told_where_nobody_was_added(installation: Installation) -> None:
    assert installation.run("alert", "list").stdout.startswith("Nobody is told of alerts yet")
    assert installation.refused("alert", "remove", "slack").startswith("there is no channel 'slack'")


def test_a_channel_is_removed(installation: Installation) -> None:
    add_webhook(installation)
    assert installation.run("alert", "remove", "slack").stdout == "slack is told no more.\n"
    assert stored(installation) == []
    assert [action for action, _ in installation.audit("alert_channel")] == ["add", "remove"]


def test_without_a_scheduler_a_test_says_so(installation: Installation) -> None:
    add_webhook(installation)
    assert "is it running?" in installation.refused("alert", "test", "slack", "--wait", "0")
    assert TrialFailedError.reason == "trial_failed"


def settled(installation: Installation, **values: object) -> Callable[[], None]:
    """Return what lets a test have become something, once it is asked for."""

    def settle() -> None:
        def asked() -> bool:
            with installation.database.read() as session:
                return session.scalar(select(AlertMessage.id)) is not None

        until(asked)
        with installation.database.write() as session:
            session.execute(update(AlertMessage).values(tries=1, **values))

    return settle


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"sent_at": utcnow()}, "The test was sent.\n"),
        ({"sent_at": utcnow(), "detail": "otto was refused"}, "The test was sent. But otto was refused.\n"),
        ({"reason": "refused", "detail": "404"}, "the test could not be sent: refused: 404"),
    ],
)
def test_what_became_of_a_test_is_said(
    installation: Installation, values: dict[str, object], said: str
) -> None:
    add_webhook(installation)
    scheduler = threading.Thread(target=settled(installation, **values))
    scheduler.start()
    words = ("alert", "test", "slack")
    if "sent_at" in values:
        assert installation.run(*words).stdout == said
    else:
        assert installation.refused(*words) == said
    scheduler.join(10)


def test_a_scheduler_sends_alerts_beside_its_sweeps(installation: Installation) -> None:
    with wire(saying(answer(b"ok"))) as served:
        with installation.database.write() as session:
            make_channel(session, installation.vault, target=served.url)
        settings = {name: value for name, value in installation.env.items() if value is not None}
        with family(**settings) as processes:
            scheduler = processes.start("scheduler")
            said = installation.run("alert", "test", "slack").stdout
            eventually(lambda: served.requests)
            scheduler.terminate()
            assert ended(scheduler) == 0
    assert said == "The test was sent.\n"
    (request,) = served.requests
    assert json.loads(request.partition(b"\r\n\r\n")[2])["type"] == "test"
