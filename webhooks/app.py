"""The web process' application: `gunicorn "webhooks.app:create_app()"`."""

import json
import os
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from types import MappingProxyType, TracebackType
from typing import Any, Final

import structlog
from flask import Flask, Response, request
from redis import Redis
from werkzeug import wrappers
from werkzeug.exceptions import HTTPException, UnsupportedMediaType
from werkzeug.middleware.proxy_fix import ProxyFix

from ledger import embedded, log
from ledger.clock import utcnow
from ledger.counters import Counters
from ledger.database import Database
from ledger.intake import Intake
from ledger.models import Role
from ledger.queue import Waker, connect
from ledger.repeats import Repeats
from ledger.secrets import Vault
from ledger.settings import Settings
from webhooks import api, dashboard, door, health, portal
from webhooks.api.tools import Tools
from webhooks.door import MAX_BODY, ROUTE, Door
from webhooks.endpoints import Directory
from webhooks.keys import FetchedKeys
from webhooks.outcome import refusal
from webhooks.portal import Portal, access, errors
from webhooks.portal.connectors import Connectors
from webhooks.receive import Reception
from webhooks.sources.protocol import Answer

_LEDGER_PATIENCE: Final = 3.0  # seconds; the same platform waits no longer than five
_QUEUE_TIMEOUT: Final = 1.0  # seconds for a call to Redis; a platform waits five for its answer

_log = structlog.stdlib.get_logger(__name__)


class WebProcess(Flask):
    """Flask, with an unforeseen failure written to our log, once, with its reason."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function as it is: none of ours is a coroutine, so none has to be looked at."""
        return func

    def log_exception(
        self, exc_info: tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]
    ) -> None:
        """Write an exception that nothing caught to the log."""
        failed(request.method, request.path, exc_info)


def failed(
    method: str,
    path: str,
    exc_info: tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None],
) -> None:
    """Write to the log that a request failed in a way that nobody foresaw."""
    _log.error("failed", reason="INTERNAL", method=method, path=path, exc_info=exc_info)


def create_app(
    settings: Settings | None = None,
    *,
    database: Database | None = None,
    waker: Waker | None = None,
    vault: Vault | None = None,
    directory: Directory | None = None,
    clock: Callable[[], datetime] = utcnow,
    connectors: Connectors = MappingProxyType({}),
) -> Flask:
    """Return the web process' application.

    Args:
        settings: Read from the environment by default, in which case logging is set up, too.
        database: The ledger; the settings' by default.
        waker: Wakes workers; over the settings' Redis by default.
        vault: Opens webhook secrets; the settings' by default.
        directory: Knows whose address is whose; asks the ledger by default.
        clock: Tells the time a delivery came, in UTC.
        connectors: What the portal asks to connect accounts; where there is none, nobody can in the portal.

    Raises:
        ledger.settings.SettingsError: If the environment is not usable.
    """
    if settings is None:
        settings = Settings.from_env(os.environ)
        log.configure(settings.log_format)
    database = database or Database(settings.database_url, patience=_LEDGER_PATIENCE)
    redis = _redis(settings)
    database.on_settled = lambda refunds: Counters(redis).settled(refunds)  # of its own for each thread
    vault, waker = vault or Vault.of(settings), waker or Waker(redis)
    directory = directory or directory_of(settings, vault)
    reception = Reception(database, directory, Intake(database, waker), Repeats(redis), clock)

    app = WebProcess("webhooks", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY + 1
    app.register_blueprint(health.blueprint(database, redis, metrics_token=settings.metrics_token))
    app.register_error_handler(HTTPException, _http_error)
    app.before_request(_refuse_uploads)
    if proxies := settings.trusted_proxies:
        # Not X-Forwarded-Host, which many proxies hand on as whoever asks wrote it.
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies)  # type: ignore[method-assign] # as Flask documents
    api.register(app, Tools(database, waker, redis, clock))
    portal.install(
        app,
        Portal(
            database,
            vault,
            redis,
            waker,
            settings.public_url,
            clock,
            can_mail=bool(settings.smtp_url),
            allow_private_urls=settings.allow_private_urls,
            connectors=connectors,
        ),
    )
    dashboard.mount(
        app,
        redis,
        lambda least: access.guard(Role(least)),
        frame="base.html",
        public_url=settings.public_url,
    )

    @app.post(ROUTE)
    def receive(source: str, account: str) -> Response:
        outcome = door.receive(reception, source, account, request)
        answer = _response(outcome.reply)
        answer.headers.update(outcome.headers)
        return answer

    @app.get(ROUTE)
    def challenge(source: str, account: str) -> Response:
        return _response(reception.challenge(source, account, request.args.to_dict()))

    app.wsgi_app = Door(reception, app.wsgi_app, failed)  # type: ignore[method-assign] # as Flask documents
    return app


def directory_of(settings: Settings, vault: Vault) -> Directory:
    """Return what knows whose address is whose, and fetches platforms' public keys."""
    return Directory(vault, settings.public_url, FetchedKeys(allow_private=settings.allow_private_urls))


def _response(answer: Answer) -> Response:
    return Response(answer.body, answer.status, content_type=answer.content_type)


def _redis(settings: Settings) -> Redis:
    return connect(settings.redis_url or embedded.url(settings.data_dir), timeout=_QUEUE_TIMEOUT)


def _refuse_uploads() -> None:
    """Refuse forms that may hold files: nothing here takes any, so none is read, nor put on a disk.

    A webhook's body is not read as a form, whatever it says that it is.

    Raises:
        werkzeug.exceptions.UnsupportedMediaType: If it is one.
    """
    if not request.path.startswith("/webhooks/") and request.mimetype.startswith("multipart/"):
        raise UnsupportedMediaType


def _http_error(error: HTTPException) -> wrappers.Response:
    """Answer what Flask refuses in the words of our own refusals, or with a page for people."""
    if api.is_ours(request.path):
        return api.http_error(error)
    if errors.is_for_people(request.path):
        return errors.page(error)
    answer = error.get_response()
    status = HTTPStatus(answer.status_code)
    answer.content_type = "application/json"
    answer.set_data(json.dumps(refusal(status, status.phrase.lower().replace(" ", "_"))))
    return answer
