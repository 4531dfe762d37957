"""A web process' application for one test after the other: to make one takes longer than most tests."""

from typing import cast

from flask import Flask

from cli.web_app import connectors
from ledger.database import Database
from ledger.secrets import Vault
from ledger.settings import Settings
from ledger.settling import Listener
from webhooks.app import create_app, directory_of
from webhooks.endpoints import Directory


class _StandIn:
    """Does what another does, who may change."""

    stands_for: object = None
    on_settled: object = None

    def __getattr__(self, name: str) -> object:
        """Return what the other has."""
        return getattr(self.stands_for, name)


class SharedApplication:
    """An application that is given to one test after the other, as if it were new.

    It keeps nothing but what its ledger holds, and what its directory remembers of accounts and platforms'
    keys; each test has its own of both.
    """

    def __init__(self, settings: Settings, vault: Vault) -> None:
        """Make it.

        Args:
            settings: Any but the ledger's address, which is not looked at.
            vault: Opens what is sealed in every test's ledger.
        """
        self._settings, self._vault = settings, vault
        self._ledger, self._directory = _StandIn(), _StandIn()
        self._app = create_app(
            settings,
            database=cast("Database", self._ledger),
            vault=vault,
            directory=cast("Directory", self._directory),
            connectors=connectors(),
        )
        self._config = {name: self._app.config[name] for name in ("PROPAGATE_EXCEPTIONS", "TESTING")}

    def on(self, database: Database) -> Flask:
        """Return it on a test's ledger; whoever had it before has it no more."""
        self._ledger.stands_for = database
        database.on_settled = cast("Listener", self._ledger.on_settled)
        self._directory.stands_for = directory_of(self._settings, self._vault)
        self._app.config.update(self._config)
        return self._app
