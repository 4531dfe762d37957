"""Which pages are measured, and which of them are told to be too slow."""

from bench import figures, pages
from bench.addresses import EXPORTS, MORE


def test_a_page_at_the_limit_is_too_slow_on_the_largest_ledger_only() -> None:
    rows: list[figures.Row] = [
        {"page": "fast", "p50 at 10": 80.0, "p50 at 1,000": 49.9, "p99 at 1,000": 90.0},
        {"page": "slow", "p50 at 10": 1.0, "p50 at 1,000": 50.0, "p99 at 1,000": 50.0},
    ]
    assert pages.too_slow(rows, 1000) == ["slow"]


def test_no_address_stands_for_two_pages() -> None:
    assert set(MORE) | set(EXPORTS) <= set(pages.PAGES)
    assert len(set(pages.PAGES.values())) == len(pages.PAGES)
    assert not EXPORTS.keys() & MORE.keys()
