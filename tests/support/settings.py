"""Settings of processes in tests."""

from pathlib import Path

from ledger.settings import Settings


def make_settings(
    data_dir: Path,
    redis_url: str,
    database_url: str = "",
    *,
    secret_keys: tuple[str, ...] = (),
    allow_private_urls: bool = False,
    smtp_url: str = "",
    mail_from: str = "",
) -> Settings:
    """Return settings; without the ledger's address they are for who is handed a ledger."""
    return Settings(
        database_url=database_url,
        redis_url=redis_url,
        secret_keys=secret_keys,
        public_url="",
        data_dir=data_dir,
        log_format="json",
        allow_private_urls=allow_private_urls,
        smtp_url=smtp_url,
        mail_from=mail_from,
    )
