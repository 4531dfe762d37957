"""What a command works with: settings, ledger, keys, wake-up calls, and who acts."""

import getpass
import logging
import os
from collections.abc import Mapping
from functools import cached_property

import click
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from ledger import log, schema
from ledger.database import Database
from ledger.queue import Waker
from ledger.secrets import Vault
from ledger.settings import Settings, SettingsError
from workers.runtime import Runtime


class App:
    """One run of the command; everything is made when it is first needed.

    Args:
        env: The environment the settings are read from.
    """

    def __init__(self, env: Mapping[str, str]) -> None:
        self.env = env

    @cached_property
    def settings(self) -> Settings:
        """The settings of the environment.

        Raises:
            ledger.settings.SettingsError: If any is wrong.
        """
        return Settings.from_env(self.env)

    @cached_property
    def runtime(self) -> Runtime:
        """The tools of a worker process, for commands that speak to a platform."""
        return Runtime(self.settings)

    @property
    def any_database(self) -> Database:
        """The ledger, whatever its schema is.

        Raises:
            ledger.settings.SettingsError: If its address cannot be read.
        """
        try:
            return self.runtime.database
        except (ValueError, ArgumentError, NoSuchModuleError) as error:
            raise SettingsError([f"DATABASE_URL is not an address of a database: {error}."]) from error

    @cached_property
    def database(self) -> Database:
        """The ledger, its schema up to date.

        Raises:
            ledger.schema.SchemaError: If it is not.
            ledger.settings.SettingsError: If its address cannot be read.
        """
        schema.require(self.any_database)
        return self.any_database

    @property
    def vault(self) -> Vault:
        """The keys to the credentials."""
        return self.runtime.vault

    @property
    def waker(self) -> Waker:
        """Wakes workers."""
        return self.runtime.waker

    @property
    def actor(self) -> str:
        """Who acts, for the audit trail: `cli:` and the login name."""
        try:
            return f"cli:{getpass.getuser()}"
        except (KeyError, OSError):  # a container's user often has no name; KeyError before Python 3.13
            return f"cli:{os.getuid()}"

    def configure_log(self) -> None:
        """Log as a process that runs for long does; a command for people says only what goes wrong."""
        log.configure(self.settings.log_format)
        logging.getLogger("alembic").setLevel(logging.WARNING)  # it tells of every look at the schema

    def close(self) -> None:
        """Close what was opened."""
        if "runtime" not in self.__dict__:
            return
        opened = self.runtime.__dict__
        if "database" in opened:
            self.runtime.database.dispose()
        if "redis" in opened:
            self.runtime.redis.close()


pass_app = click.make_pass_decorator(App)
"""Hands the `App` to a command as its first argument."""
