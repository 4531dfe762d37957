"""Looks at a page as people see it, light and dark, wide and narrow: what axe finds, what does not fit."""

from collections.abc import Iterator, Mapping
from importlib import resources
from typing import Any, Final, Literal

from playwright.sync_api import Page

_AXE: Final = resources.files("axe_playwright_python").joinpath("axe.min.js").read_text()
_RULES: Final = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
_QUICK: Final = {"resultTypes": ["violations"], "preload": False, "iframes": False}
_ALL: Final = {**_QUICK, "runOnly": {"type": "tag", "values": list(_RULES)}}
# What colours and width may change; all else is the same wherever it is looked at.
_CHANGED: Final = {
    **_QUICK,
    "runOnly": {"type": "rule", "values": ["color-contrast", "target-size", "scrollable-region-focusable"]},
}
_WIDE: Final = 1280
_NARROW: Final = 390
_LOOKS: Final[tuple[tuple[Literal["light", "dark"], int, Mapping[str, Any]], ...]] = (
    ("light", _WIDE, _ALL),
    ("dark", _NARROW, _CHANGED),
)
_RUN: Final = """(rules) => axe.run(document, rules).then((result) => result.violations.flatMap((each) =>
  each.nodes.map((node) => [each.id, node.html.slice(0, 200), node.failureSummary ?? ""])))"""
# Where a page is wider than its window: what sticks out, and is not within something that scrolls by itself.
_OVERFLOWS: Final = """() => document.documentElement.scrollWidth <= innerWidth ? [] :
  [...document.body.querySelectorAll("*")]
    .filter((each) => each.getBoundingClientRect().right > innerWidth && !each.closest(".scroll, pre"))
    .map((each) => each.outerHTML.slice(0, 120)).concat("the page")"""


def faults(page: Page) -> list[str]:
    """Return what is wrong with how a page looks, in words; nothing where all is well."""
    before = page.viewport_size
    page.evaluate(_AXE)
    found = [fault for colours, width, rules in _LOOKS for fault in _faults(page, colours, width, rules)]
    page.emulate_media(color_scheme="light")
    if before is not None:
        page.set_viewport_size(before)
    return found


def faults_as_it_is(page: Page, colours: Literal["light", "dark"]) -> list[str]:
    """Return what is wrong with a page as wide as its window is."""
    size = page.viewport_size
    page.evaluate(_AXE)
    return list(_faults(page, colours, size["width"] if size else _WIDE, _ALL))


def _faults(
    page: Page, colours: Literal["light", "dark"], width: int, rules: Mapping[str, Any]
) -> Iterator[str]:
    page.emulate_media(color_scheme=colours, reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 844})
    where = f"{page.url} {colours} {width}"
    for rule, markup, said in page.evaluate(_RUN, rules):
        yield f"{where}: {rule}: {markup}: {' '.join(said.split())}"
    yield from (f"{where}: wider than the page: {each}" for each in page.evaluate(_OVERFLOWS))
