"""Every foreseeable failure, and the one sentence it becomes; anything else is our mistake, with a trace."""

from typing import Final

from redis import RedisError
from sqlalchemy.exc import DBAPIError

from cli.embedded import EmbeddedError
from cli.inputs import InputError
from cli.listener import ListenError
from cli.runs import RunFailedError
from cli.suitescript.project import ProjectRefusedError
from cli.trial import TrialFailedError
from ledger.accounts import AccountError
from ledger.actions import ActionError
from ledger.alert_channels import ChannelError
from ledger.embedded import SocketPathError
from ledger.installation import InstallationError
from ledger.people import PeopleError
from ledger.policy import PolicyError
from ledger.queries import DeliveryNotFoundError, NoOrderError
from ledger.refunds import RefundNotFoundError
from ledger.restoring import RestoredError
from ledger.runs import RunError
from ledger.schema import SchemaError
from ledger.secrets import SecretsError
from ledger.settings import SettingsError
from ledger.states import IllegalTransitionError
from webhooks.endpoints import NoSuchEndpointError
from webhooks.replay import ErasedError
from webhooks.sources.protocol import UnreadableError
from workers.platforms.errors import CredentialsError, PlatformError, in_words
from workers.retrieve import RetrieveError

_SPEAKING: Final = (
    AccountError,
    ActionError,
    ChannelError,
    CredentialsError,
    DeliveryNotFoundError,
    EmbeddedError,
    ErasedError,
    IllegalTransitionError,
    InputError,
    InstallationError,
    ListenError,
    NoOrderError,
    NoSuchEndpointError,
    PeopleError,
    PolicyError,
    ProjectRefusedError,
    RefundNotFoundError,
    RestoredError,
    RetrieveError,
    RunError,
    RunFailedError,
    SchemaError,
    SecretsError,
    SettingsError,
    SocketPathError,
    TrialFailedError,
    UnreadableError,
)

FORESEEN: Final = (*_SPEAKING, PlatformError, DBAPIError, RedisError, OSError)
"""What a command may fail with."""


def sentence(error: Exception) -> str:
    """Return what happened and how to mend it, for the person at the terminal.

    Args:
        error: One of `FORESEEN`.
    """
    if isinstance(error, PlatformError):
        return in_words(error)
    if isinstance(error, DBAPIError):
        return f"the database does not work: {_first_line(error.orig)}; check DATABASE_URL and the server"
    if isinstance(error, RedisError):
        return f"Redis does not work: {_first_line(error)}; check REDIS_URL and the server"
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error)


def _first_line(error: BaseException | None) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__
