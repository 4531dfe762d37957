"""The sandbox as a web application and as a server: all platforms in one process, on one port."""

import logging
import signal
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from sandbox.control import build_control, refuse
from sandbox.jsonish import ControlError
from sandbox.registry import PLATFORMS
from sandbox.world import World

LOOPBACK: Final = "127.0.0.1"
LARGEST_REQUEST_BYTES: Final = 104 * 1024 * 1024
POLL_SECONDS: Final = 0.05  # how long a stop may go unnoticed
EXTENSION: Final = "sandbox-world"


def create_app() -> Flask:
    """Build the application: every platform under its name, the control API under ``/_control``.

    Returns:
        The application; its state lives in memory and as long as it does.
    """
    app = Flask("sandbox", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_REQUEST_BYTES
    world = World()
    app.extensions[EXTENSION] = world
    platforms = [make(world) for make in PLATFORMS]
    for platform in platforms:
        app.register_blueprint(platform.control(), url_prefix=f"/_control/{platform.name}")
        app.register_blueprint(platform.routes(), url_prefix=f"/{platform.name}")
    app.register_blueprint(build_control(world, platforms), url_prefix="/_control")
    app.register_error_handler(ControlError, refuse)
    return app


class QuietHandler(WSGIRequestHandler):
    """Serves requests without a line on stderr for each; the call log has them."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Write nothing."""


class SandboxServer:
    """A sandbox on its own port, run in the background; use it as a context manager.

    Args:
        host: Address to listen on.
        port: Port to listen on, 0 for any free one.
    """

    def __init__(self, host: str = LOOPBACK, port: int = 0) -> None:
        self.app = create_app()
        self._server: BaseWSGIServer = make_server(
            host, port, self.app, threaded=True, request_handler=QuietHandler
        )
        self._host = host
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """The sandbox's address, without a slash at its end."""
        return f"http://{self._host}:{self._server.server_port}"

    def start(self) -> None:
        """Serve in the background."""
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(POLL_SECONDS,), name="sandbox", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop serving, end the background threads and free the port."""
        world: World = self.app.extensions[EXTENSION]
        if self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._thread = None
        world.stop()
        self._server.server_close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def serve(host: str, port: int, ready: Callable[[str], None] | None = None) -> None:
    """Serve the sandbox until SIGINT or SIGTERM; to be called from the main thread.

    Args:
        host: Address to listen on.
        port: Port to listen on, 0 for any free one.
        ready: Told the address once it accepts connections.
    """
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    # Waited for, not handled: a handler that sets an event hangs where it interrupts the wait for that event.
    signals = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    with SandboxServer(host, port) as server:
        if ready is not None:
            ready(server.url)
        signal.sigwait(signals)
