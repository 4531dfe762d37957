"""A whole run with every platform, on PostgreSQL and a Redis of its own: right, and no secret of it is told.

None is in a log, on a page, in an answer of the API or in the metrics.
"""

import secrets
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select

from cli.demo.play import SCENARIOS, play
from cli.demo.world import world
from ledger import people
from ledger.alert_channels import Ground, Wishes, add
from ledger.clock import utcnow
from ledger.models import ChannelKind, Request, Role, Run
from ledger.secrets import Vault
from tests.support.databases import Clone
from tests.support.sweeping import Crawler, found, secrets_of

_FEWEST_SECRETS = 30  # twelve accounts with a webhook secret and credentials each
_KINDS = ("/", "/refunds/", "/deliveries/", "/settings/accounts/", "/settings/alerts/", "/rq/")


@pytest.mark.xdist_group("processes")
def test_every_scenario_holds_on_real_servers_and_no_secret_of_it_is_told(
    postgresql: Clone, valkey_url: str, tmp_path: Path
) -> None:
    key, metrics, mail = Fernet.generate_key().decode(), secrets.token_hex(20), secrets.token_hex(12)
    vault, password = Vault((key,)), people.new_password()
    hook = f"http://127.0.0.1:9/services/{secrets.token_hex(12)}"  # the port at which everything is discarded
    with postgresql() as database_url:
        infrastructure = {
            "DATABASE_URL": database_url,
            "REDIS_URL": valkey_url,
            "REFUND_SYNC_SECRET_KEY": key,
            "REFUND_SYNC_METRICS_TOKEN": metrics,
            "REFUND_SYNC_SMTP_URL": f"smtp://alerts:{mail}@127.0.0.1:9",
            "REFUND_SYNC_MAIL_FROM": "alerts@example.com",
        }
        with world(tmp_path, None, workers=2, infrastructure=infrastructure) as running:
            database, now = running.stage.database, utcnow()
            with database.write() as session:
                people.add_user(session, "ada@example.com", Role.ADMIN, password, now=now, actor="test")
                life = timedelta(days=1)
                _, token = people.add_token(session, "api", Role.ADMIN, life, now=now, actor="test")
                ground = Ground(can_mail=True, allow_private=True)
                for kind, target in ((ChannelKind.WEBHOOK, hook), (ChannelKind.EMAIL, "ada@example.com")):
                    wishes = Wishes(name=kind.value, target=target)
                    channel = add(session, vault, kind, wishes, ground=ground, now=now, actor="test")
                    if kind is ChannelKind.WEBHOOK:
                        signing = vault.open(channel.target)["secret"]
            verdict = play(running.stage)
            with database.read() as session:
                actors = [*session.scalars(select(Run.actor)), *session.scalars(select(Request.actor))]
            crawler = Crawler(running.web_url)
            cookie = crawler.sign_in("ada@example.com", password)
            crawler.walk()
            for path in ("refunds", "refunds/1", "deliveries", "deliveries/1", "accounts", "runs"):
                crawler.look(f"/api/v1/{path}", Authorization=f"Bearer {token}")
            crawler.look("/metrics", Authorization=f"Bearer {metrics}")
            of_accounts = set(secrets_of(database, vault))
        texts = crawler.texts | {"log": (tmp_path / "demo.log").read_text()}
        of_postgresql = urlsplit(database_url).password or ""
    assert verdict.wrong == []
    assert verdict.expected == len(verdict.rows) >= len(SCENARIOS)
    # The reconciliation and the retrieve were asked for over HTTP, as by anybody with a token.
    assert actors == ["api:demo", "api:demo"]
    used = {*of_accounts, key, metrics, mail, hook, signing, password, token, cookie, of_postgresql}
    assert len(used) >= _FEWEST_SECRETS
    assert all(any(path.startswith(kind) for path in texts) for kind in _KINDS)
    assert '"event": "attempt"' in texts["log"]
    assert found(used, texts) == {}
