"""The channels of alerts: whether there is one, and whether what was sent last arrived."""

from collections.abc import Iterator

from cli.checks.finding import Finding
from ledger import alert_channels, alert_outbox
from ledger.models import AlertChannel, ChannelKind
from ledger.secrets import SecretsError
from ledger.settings import Settings
from workers.runtime import Runtime


def look(settings: Settings, runtime: Runtime) -> Iterator[Finding]:
    """Look at every channel."""
    with runtime.database.read() as session:
        channels = alert_channels.channels(session)
        waiting = alert_outbox.waiting(session)
    if not any(channel.is_on for channel in channels):
        yield Finding.warn(
            "alerts",
            "nobody is told when a refund needs a person",
            "Add somebody: `refund-sync alert add --help`.",
        )
    for channel in channels:
        if channel.is_on:
            yield _look_at(settings, runtime, channel, waiting.get(channel.id, 0))


def _look_at(settings: Settings, runtime: Runtime, channel: AlertChannel, waiting: int) -> Finding:
    name = f"alerts to {channel.name}"
    try:
        target = alert_channels.shown_target(runtime.vault, channel)
    except SecretsError as error:
        return Finding.fail(
            name, f"{error}", "Set REFUND_SYNC_SECRET_KEY to the key it was sealed with, or add it anew."
        )
    if channel.kind is ChannelKind.EMAIL and not settings.smtp_url:
        return Finding.fail(
            name, "there is no mail server", "Set REFUND_SYNC_SMTP_URL and REFUND_SYNC_MAIL_FROM."
        )
    if channel.failures:
        return Finding.fail(
            name,
            f"{channel.failures} times in a row nothing could be sent to {target}, {waiting} notices wait: "
            f"{channel.reason}, {channel.detail}",
            f"Mend what it says, then `refund-sync alert test {channel.name}`.",
        )
    if channel.detail:  # of several, somebody did not get the last message
        return Finding.warn(name, channel.detail, "Correct the addresses in Settings > Alerts.")
    return Finding.ok(name, f"{target} is told" if channel.told_at else f"{target} will be told")
