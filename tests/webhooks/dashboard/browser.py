"""A real browser: what it draws, and what it complains about."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from wsgiref.types import WSGIApplication

from playwright.sync_api import ConsoleMessage, Page
from werkzeug.serving import make_server


@contextmanager
def served(app: WSGIApplication) -> Iterator[str]:
    """Serve an application; yield where a browser finds it."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        serving.join()
        server.server_close()


def drawn(page: Page, address: str) -> tuple[str, list[str]]:
    """Return a page's markup once its scripts have run, and what the browser complained about."""
    complaints: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        complaints.append(message.text)

    page.on("console", hear)
    page.goto(address, wait_until="networkidle")
    page.remove_listener("console", hear)
    return page.content(), complaints
