"""Windows of one browser on one installation, and what they complained about."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect

from ledger.models import Role
from tests.browser.installation import COOKIE, Installation, installed
from tests.support.chromium import CHROMIUM, chromium
from tests.support.databases import Clone
from tests.support.serving import serving

_PATIENCE = 20_000  # milliseconds; two busy cores carry a refund


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """A real browser."""
    if CHROMIUM is None:
        pytest.skip("there is no Chromium on this host")
    expect.set_options(timeout=_PATIENCE)
    with chromium() as started:
        yield started


@pytest.fixture(scope="package")
def installation(
    browser: Browser, postgresql: Clone, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """Our processes with the platforms in a sandbox; for tests that run where there is a browser.

    Where tests are spread over processes, each of these has an installation of its own: to keep the tests
    together would take `--dist loadgroup`, and longer.
    """
    home = tmp_path_factory.mktemp("installation")
    with (
        postgresql() as database_url,
        serving("tests.support.keep_valkey") as redis_url,
        installed(database_url, redis_url, home) as made,
    ):
        yield made


@dataclass
class Windows:
    """Opens windows of the browser, and keeps them: to open one takes longer than most pages.

    Attributes:
        complaints: What the pages wrote to their consoles: errors of scripts, and what their policy kept from
            being done.
    """

    browser: Browser
    installation: Installation
    complaints: list[str] = field(default_factory=list)
    _kept: dict[object, Page] = field(default_factory=dict)
    _passing: list[BrowserContext] = field(default_factory=list)

    def open(self, role: Role, *, has_scripts: bool = True, width: int = 1280) -> Page:
        """Return a window in which somebody of a role is signed in."""
        key = (role, has_scripts, width)
        if key not in self._kept:
            self._kept[key] = self._context(role, has_scripts=has_scripts, width=width).new_page()
        return self._kept[key]

    def open_anew(self, role: Role | None, *, has_scripts: bool = True) -> Page:
        """Return a window that no other test has; nobody is signed in for no role."""
        self._passing.append(self._context(role, has_scripts=has_scripts, width=1280))
        return self._passing[-1].new_page()

    def end_test(self) -> list[str]:
        """Close what is not kept; return the complaints of the test."""
        while self._passing:
            self._passing.pop().close()
        complaints, self.complaints = self.complaints, []
        return complaints

    def _context(self, role: Role | None, *, has_scripts: bool, width: int) -> BrowserContext:
        context = self.browser.new_context(
            base_url=self.installation.url,
            java_script_enabled=has_scripts,
            viewport={"width": width, "height": 844},
        )
        context.set_default_timeout(_PATIENCE)
        context.on("console", self._hear)
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        if role is not None:
            cookie = self.installation.session(role)
            context.add_cookies([{"name": COOKIE, "value": cookie, "url": self.installation.url}])
        return context

    def _hear(self, message: ConsoleMessage) -> None:
        # That a page answers 422 to a form is meant so, and Chromium says so as an error.
        if message.type in {"error", "warning"} and "Failed to load resource" not in message.text:
            self.complaints.append(f"{message.page.url if message.page else ''}: {message.text}")


@pytest.fixture(scope="package")
def opener(browser: Browser, installation: Installation) -> Windows:
    """Opens windows for all tests."""
    return Windows(browser, installation)


@pytest.fixture
def windows(opener: Windows) -> Iterator[Windows]:
    """Windows of a test; nothing in them may complain."""
    yield opener
    assert opener.end_test() == []
