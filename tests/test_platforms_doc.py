"""`docs/platforms.md`: what it says of each platform is shown by tests that exist."""

from typing import Final

import pytest

from tests.support.documents import defined_in, document, named, names_only_tests, rows

_TEXT: Final = document("platforms.md")
_PLATFORMS: Final = ("Shopify", "Amazon", "eBay", "Magento and Adobe Commerce", "NetSuite")
_ROWS: Final = ("trigger", "read", "write", "idempotency", "signature", "quota")


def _sections() -> dict[str, dict[str, tuple[str, str]]]:
    """Return what is said and the tests that show it, by platform and row."""
    sections: dict[str, dict[str, tuple[str, str]]] = {}
    for section in _TEXT.split("\n## ")[1:]:
        name = section.splitlines()[0]
        sections[name] = {what: (how, shown) for what, how, shown in rows(section)}
    return sections


def test_every_platform_has_every_row_once() -> None:
    assert {name: tuple(found) for name, found in _sections().items()} == dict.fromkeys(_PLATFORMS, _ROWS)


@pytest.mark.parametrize("platform", _PLATFORMS)
@pytest.mark.parametrize("row", _ROWS)
def test_every_row_names_tests_and_nothing_else(platform: str, row: str) -> None:
    said, shown = _sections()[platform][row]
    assert said
    assert names_only_tests(shown)


@pytest.mark.parametrize(("path", "name"), sorted(set(named(_TEXT))))
def test_every_test_that_is_named_exists(path: str, name: str) -> None:
    assert name in defined_in(path)
