from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from ledger.settings import Settings, SettingsError

KEY = Fernet.generate_key().decode()


def problems_of(**env: str) -> list[str]:
    with pytest.raises(SettingsError) as refused:
        Settings.from_env(env)
    assert refused.value.reason == "bad_settings"
    assert str(refused.value) == " ".join(refused.value.problems)
    return refused.value.problems


def test_nothing_needs_to_be_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert Settings.from_env({}) == Settings(
        database_url=f"sqlite:///{tmp_path}/var/ledger.db",
        redis_url="",
        secret_keys=(),
        public_url="",
        data_dir=tmp_path / "var",
        log_format="json",
        allow_private_urls=False,
    )


def test_an_empty_variable_is_one_that_is_not_set() -> None:
    names = ["DATABASE_URL", "REDIS_URL", "REFUND_SYNC_SECRET_KEY", "REFUND_SYNC_PUBLIC_URL"]
    names += ["REFUND_SYNC_DATA_DIR", "REFUND_SYNC_LOG", "REFUND_SYNC_ALLOW_PRIVATE_URLS"]
    names += ["REFUND_SYNC_TRUSTED_PROXIES", "REFUND_SYNC_SMTP_URL", "REFUND_SYNC_MAIL_FROM"]
    names += ["REFUND_SYNC_METRICS_TOKEN"]
    assert Settings.from_env(dict.fromkeys(names, "")) == Settings.from_env({})


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("postgres://u:p@db/ledger", "postgresql+psycopg://u:p@db/ledger"),
        ("postgresql://u:p@db/ledger", "postgresql+psycopg://u:p@db/ledger"),
        ("postgresql+psycopg://u:p@db/ledger", "postgresql+psycopg://u:p@db/ledger"),
        ("sqlite:////data/ledger.db", "sqlite:////data/ledger.db"),
    ],
)
def test_a_database_url_names_the_driver_in_the_end(given: str, used: str) -> None:
    settings = Settings.from_env({"DATABASE_URL": given, "REFUND_SYNC_SECRET_KEY": KEY})
    assert settings.database_url == used


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("redis://queue:6379/0", "redis://queue:6379/0"),
        ("rediss://queue", "rediss://queue"),
        ("unix:///run/valkey.sock", "unix:///run/valkey.sock"),
        ("valkey://valkey:6379/0", "redis://valkey:6379/0"),
        ("valkeys://queue", "rediss://queue"),
    ],
)
def test_a_valkey_url_is_a_redis_url(given: str, used: str) -> None:
    assert Settings.from_env({"REDIS_URL": given}).redis_url == used


def test_everything_that_can_be_set_is_taken_over() -> None:
    other = Fernet.generate_key().decode()
    settings = Settings.from_env(
        {
            "REFUND_SYNC_DATA_DIR": "/data",
            "REFUND_SYNC_SECRET_KEY": f" {KEY} ,, {other}",
            "REFUND_SYNC_PUBLIC_URL": "https://refunds.example.com/",
            "REFUND_SYNC_LOG": "console",
            "REFUND_SYNC_ALLOW_PRIVATE_URLS": "1",
            "REFUND_SYNC_TRUSTED_PROXIES": "2",
            "REFUND_SYNC_SMTP_URL": "smtp://anna:very-secret@mail.example.com",
            "REFUND_SYNC_MAIL_FROM": "refunds@example.com",
        }
    )
    assert settings.data_dir == Path("/data")
    assert settings.secret_keys == (KEY, other)
    assert settings.public_url == "https://refunds.example.com"
    assert settings.log_format == "console"
    assert settings.trusted_proxies == 2
    assert settings.allow_private_urls
    assert settings.smtp_url == "smtp://anna:very-secret@mail.example.com"
    assert settings.mail_from == "refunds@example.com"
    assert "very-secret" not in repr(settings)


def test_secret_keys_are_not_shown() -> None:
    assert KEY not in repr(Settings.from_env({"REFUND_SYNC_SECRET_KEY": KEY}))


@pytest.mark.parametrize("url", ["http://localhost:8080", "http://127.0.0.1:8080", "http://[::1]:8080"])
def test_this_host_needs_no_tls(url: str) -> None:
    assert Settings.from_env({"REFUND_SYNC_PUBLIC_URL": url}).public_url == url


@pytest.mark.parametrize(
    "url",
    [
        "http://refunds.example.com",
        "refunds.example.com",
        "https://",
        "ftp://x",
        "https://[::1",
        "https://x:y",
    ],
)
def test_a_public_url_that_no_platform_would_call_is_named(url: str) -> None:
    assert problems_of(REFUND_SYNC_PUBLIC_URL=url) == [
        "REFUND_SYNC_PUBLIC_URL must be an https:// address, such as https://refunds.example.com."
    ]


def test_a_real_database_needs_a_key_of_its_own() -> None:
    (problem,) = problems_of(DATABASE_URL="postgresql://db/ledger")
    assert problem.startswith("REFUND_SYNC_SECRET_KEY must be set when DATABASE_URL is")


@pytest.mark.parametrize(
    "key", ["short", KEY[:-4], f"{KEY},nonsense", "ключ"], ids=["short", "cut", "one of two", "not ASCII"]
)
def test_what_is_no_fernet_key_is_named(key: str) -> None:
    assert problems_of(REFUND_SYNC_SECRET_KEY=key) == [
        "REFUND_SYNC_SECRET_KEY must hold Fernet keys (URL-safe base64), separated by commas."
    ]


def test_every_problem_is_named_at_once() -> None:
    problems = problems_of(
        DATABASE_URL="mysql://db",
        REDIS_URL="http://queue",
        REFUND_SYNC_PUBLIC_URL="http://refunds.example.com",
        REFUND_SYNC_LOG="xml",
        REFUND_SYNC_ALLOW_PRIVATE_URLS="yes",
    )
    assert [problem.split()[0] for problem in problems] == [
        "DATABASE_URL",
        "REDIS_URL",
        "REFUND_SYNC_SECRET_KEY",
        "REFUND_SYNC_PUBLIC_URL",
        "REFUND_SYNC_LOG",
        "REFUND_SYNC_ALLOW_PRIVATE_URLS",
    ]
    assert problems[4] == "REFUND_SYNC_LOG must be one of json, console, not 'xml'."


@pytest.mark.parametrize("text", ["-1", "11", "one", "1.0", "\u0661"])
def test_proxies_are_counted_up_to_ten(text: str) -> None:
    assert problems_of(REFUND_SYNC_TRUSTED_PROXIES=text) == [
        f"REFUND_SYNC_TRUSTED_PROXIES must be a number from 0 to 10, not {text!r}."
    ]


@pytest.mark.parametrize(
    "env",
    [
        {"REFUND_SYNC_SMTP_URL": "smtp://mail.example.com"},
        {"REFUND_SYNC_MAIL_FROM": "refunds@example.com"},
    ],
)
def test_a_mail_server_and_a_sender_belong_together(env: dict[str, str]) -> None:
    assert problems_of(**env) == [
        "REFUND_SYNC_SMTP_URL and REFUND_SYNC_MAIL_FROM must both be set, or neither."
    ]


def test_what_is_wrong_with_mail_is_named_without_the_password() -> None:
    problems = problems_of(
        REFUND_SYNC_SMTP_URL="smtp://anna:very-secret@mail.example.com/x", REFUND_SYNC_MAIL_FROM="refunds"
    )
    sender, server = problems
    assert sender == "REFUND_SYNC_MAIL_FROM must be an e-mail address, not 'refunds'."
    assert server.startswith("REFUND_SYNC_SMTP_URL must have nothing behind the host and its port, such as")
    assert "very-secret" not in server


def test_a_token_for_metrics_is_kept_as_it_is_and_not_shown() -> None:
    token = "0123456789abcdef!~XY"
    settings = Settings.from_env({"REFUND_SYNC_METRICS_TOKEN": token})
    assert settings.metrics_token == token
    assert token not in repr(settings)


@pytest.mark.parametrize(
    "token", ["0123456789abcdefXYZ", "with a blank 0123456789abcdef", "0123456789abcdefXYZ\xe9"]
)
def test_a_token_for_metrics_that_is_short_or_no_header_could_hold_is_refused(token: str) -> None:
    (problem,) = problems_of(REFUND_SYNC_METRICS_TOKEN=token)
    assert problem.startswith("REFUND_SYNC_METRICS_TOKEN must have at least 20 characters")
    assert token not in problem
