"""Settings from the environment: read once, checked all at once, each mistake named with its mend."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

from cryptography.fernet import Fernet

from ledger import mail, urls
from ledger.mail import MailServerError

_DATABASES: Final = ("sqlite:///", "postgresql://", "postgres://", "postgresql+psycopg://")
_QUEUES: Final = ("redis://", "rediss://", "unix://", "valkey://", "valkeys://")
_LOCAL_HOSTS: Final = ("localhost", "127.0.0.1", "::1")
_MOST_PROXIES: Final = 10
_SHORTEST_TOKEN: Final = 20  # characters


class SettingsError(ValueError):
    """Raised when settings are wrong; the message is one sentence a problem.

    Attributes:
        reason: Always `bad_settings`.
        problems: Every problem found, each naming its setting and the mend.
    """

    reason = "bad_settings"

    def __init__(self, problems: list[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Settings:
    """What the processes need to know before they can start.

    Attributes:
        database_url: SQLAlchemy URL; SQLite under `data_dir` by default.
        redis_url: Empty means the embedded Valkey under `data_dir`.
        secret_keys: Fernet keys, newest first; empty means one made and kept under `data_dir`.
        public_url: Where the platforms reach the web process; without a trailing slash.
        log_format: `json` or `console`.
        allow_private_urls: Whether accounts may have an API address that is local or without TLS.
        trusted_proxies: How many reverse proxies stand before the web process; each adds to X-Forwarded-For
            and X-Forwarded-Proto.
        smtp_url: The mail server that alerts are sent by; empty where there is none.
        mail_from: The address they are sent from.
        metrics_token: What Prometheus has to say to read `/metrics`; empty where anybody may who gets there.
    """

    database_url: str
    redis_url: str
    secret_keys: tuple[str, ...] = field(repr=False)
    public_url: str
    data_dir: Path
    log_format: str
    allow_private_urls: bool
    trusted_proxies: int = 0
    smtp_url: str = field(default="", repr=False)
    mail_from: str = ""
    metrics_token: str = field(default="", repr=False)

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Self:
        """Return the settings of an environment.

        Raises:
            SettingsError: With every problem at once.
        """
        problems: list[str] = []
        data_dir = Path(env.get("REFUND_SYNC_DATA_DIR") or "var").absolute()
        keys = tuple(key.strip() for key in env.get("REFUND_SYNC_SECRET_KEY", "").split(",") if key.strip())
        return cls._checked(
            cls(
                database_url=_database_url(env.get("DATABASE_URL", ""), data_dir, problems),
                redis_url=_redis_url(env.get("REDIS_URL", ""), problems),
                secret_keys=_secret_keys(keys, env.get("DATABASE_URL", ""), problems),
                public_url=_public_url(env.get("REFUND_SYNC_PUBLIC_URL", ""), problems),
                data_dir=data_dir,
                log_format=_one_of(env, "REFUND_SYNC_LOG", ("json", "console"), problems),
                allow_private_urls=_one_of(env, "REFUND_SYNC_ALLOW_PRIVATE_URLS", ("0", "1"), problems)
                == "1",
                trusted_proxies=_count(env, "REFUND_SYNC_TRUSTED_PROXIES", problems),
                smtp_url=_smtp_url(env, problems),
                mail_from=env.get("REFUND_SYNC_MAIL_FROM", ""),
                metrics_token=_metrics_token(env.get("REFUND_SYNC_METRICS_TOKEN", ""), problems),
            ),
            problems,
        )

    @classmethod
    def _checked(cls, settings: Self, problems: list[str]) -> Self:
        if problems:
            raise SettingsError(problems)
        return settings


def _database_url(text: str, data_dir: Path, problems: list[str]) -> str:
    if not text:
        return f"sqlite:///{data_dir / 'ledger.db'}"
    if not text.startswith(_DATABASES):
        problems.append(f"DATABASE_URL must start with one of {', '.join(_DATABASES)}.")
    scheme, _, rest = text.partition("://")
    return f"postgresql+psycopg://{rest}" if scheme in {"postgres", "postgresql"} else text


def _redis_url(text: str, problems: list[str]) -> str:
    if text and not text.startswith(_QUEUES):
        problems.append(f"REDIS_URL must start with one of {', '.join(_QUEUES)}.")
    return text.replace("valkey", "redis", 1) if text.startswith("valkey") else text


def _secret_keys(keys: tuple[str, ...], database_url: str, problems: list[str]) -> tuple[str, ...]:
    if database_url and not keys:
        problems.append(
            "REFUND_SYNC_SECRET_KEY must be set when DATABASE_URL is: make one with "
            '`python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"`.'
        )
    for key in keys:
        try:
            Fernet(key)
        except ValueError:
            problems.append(
                "REFUND_SYNC_SECRET_KEY must hold Fernet keys (URL-safe base64), separated by commas."
            )
    return keys


def _public_url(text: str, problems: list[str]) -> str:
    if not text:
        return ""
    parts = urls.split(text)
    local = parts.scheme == "http" and parts.hostname in _LOCAL_HOSTS
    if not parts.hostname or not (parts.scheme == "https" or local):
        problems.append(
            "REFUND_SYNC_PUBLIC_URL must be an https:// address, such as https://refunds.example.com."
        )
    return text.rstrip("/")


def _smtp_url(env: Mapping[str, str], problems: list[str]) -> str:
    url, sender = env.get("REFUND_SYNC_SMTP_URL", ""), env.get("REFUND_SYNC_MAIL_FROM", "")
    if bool(url) is not bool(sender):
        problems.append("REFUND_SYNC_SMTP_URL and REFUND_SYNC_MAIL_FROM must both be set, or neither.")
    if sender and not mail.is_address(sender):
        problems.append(f"REFUND_SYNC_MAIL_FROM must be an e-mail address, not {sender!r}.")
    if url:
        try:
            mail.server_of(url)
        except MailServerError as error:  # its message does not quote the password
            problems.append(
                f"REFUND_SYNC_SMTP_URL {error}, such as smtp://user:password@mail.example.com:587."
            )
    return url


def _metrics_token(text: str, problems: list[str]) -> str:
    if text and not (len(text) >= _SHORTEST_TOKEN and all("!" <= each <= "~" for each in text)):
        problems.append(
            f"REFUND_SYNC_METRICS_TOKEN must have at least {_SHORTEST_TOKEN} characters, "
            "ASCII without blanks: make one with `openssl rand -hex 32`."
        )
    return text


def _count(env: Mapping[str, str], name: str, problems: list[str]) -> int:
    text = env.get(name) or "0"
    if not (text.isascii() and text.isdigit() and int(text) <= _MOST_PROXIES):
        problems.append(f"{name} must be a number from 0 to {_MOST_PROXIES}, not {text!r}.")
        return 0
    return int(text)


def _one_of(env: Mapping[str, str], name: str, choices: tuple[str, ...], problems: list[str]) -> str:
    value = env.get(name) or choices[0]
    if value not in choices:
        problems.append(f"{name} must be one of {', '.join(choices)}, not {value!r}.")
    return value
