"""The Prometheus rules: the metrics and labels that they speak of are ours, with values they can have."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families
from redis import Redis

from ledger import counters
from ledger.database import Database
from ledger.models.deliveries import DeliveryState
from ledger.states import State
from tests.support.databases import Clone
from tests.support.documents import ROOT, document
from webhooks import metrics

RULES: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((ROOT / "deploy" / "prometheus.rules.yml").read_text())["groups"]
    for rule in group["rules"]
]
NAMES = [rule["alert"] for rule in RULES]
STATES = {
    "refund_sync_oldest_seconds": {each.value for each in State},
    "refund_sync_refunds": {each.value for each in State},
    "refund_sync_deliveries_unsettled": {each.value for each in DeliveryState},
}
LABELS = {
    "refund_sync_deliveries_total": {"source", "outcome", "reason"},
    "refund_sync_refunds": {"state", "reason"},
    "refund_sync_oldest_seconds": {"state"},
    "refund_sync_deliveries_unsettled": {"state"},
    **{each.name: set(each.labels) for each in counters.METRICS},
}
SUFFIXES = ("", "_total", "_bucket", "_sum", "_count")


@pytest.fixture
def page(sqlite: Clone, valkey_url: str) -> Iterator[str]:
    """What Prometheus reads of an installation in which something of everything was counted."""
    with sqlite() as url, Redis.from_url(valkey_url) as redis:
        counted = counters.Counters(redis)
        for metric in counters.METRICS:
            labels = ["x" for _ in metric.labels]
            if metric.buckets:
                counted.observe(metric, *labels, seconds=1)
            else:
                (counted.set if metric.is_gauge else counted.add)(metric, *labels, value=1)
        counted.flush()
        metrics.DELIVERIES.labels("shopify", "refused", "bad_signature").inc(0)
        database = Database(url)
        yield metrics.exposition(metrics.Shared(database, redis)).decode()
        database.dispose()


def told(page: str) -> set[str]:
    """Return the names of a page's metrics: of their samples, and of those that have none yet."""
    families = list(text_string_to_metric_families(page))
    samples = {sample.name for family in families for sample in family.samples}
    return samples | {family.name for family in families if not family.samples}


def spoken_of(rule: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the metrics of a rule, each with what stands between its braces."""
    return re.findall(r"\b(refund_sync_\w+)(?:\{([^}]*)\})?", rule["expr"])


def test_every_metric_of_a_rule_is_told(page: str) -> None:
    wanted = {name for rule in RULES for name, _ in spoken_of(rule)}
    assert wanted <= told(page)
    assert wanted


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_the_labels_of_a_rule_are_labels_with_values_that_they_can_have(rule: dict[str, Any]) -> None:
    for name, braces in spoken_of(rule):
        family = next(name[: len(name) - len(end)] for end in SUFFIXES if _known(name, end))
        labels = LABELS.get(family, LABELS.get(name, set()))
        for label, operator, values in re.findall(r'(\w+)(=~|=)"([^"]*)"', braces):
            assert label in labels, rule["alert"]
            if label == "waited":
                assert values in {"yes", "no"}
            if label == "state":
                assert set(values.split("|") if operator == "=~" else [values]) <= STATES[family]
    by = {
        each.strip() for words in re.findall(r"\bby \(([^)]*)\)", rule["expr"]) for each in words.split(",")
    }
    assert by <= {"le", "kind"} | set().union(*LABELS.values())


def _known(name: str, end: str) -> bool:
    known = name in LABELS if not end else name.endswith(end) and name[: -len(end)] in LABELS
    return known or (not end and name.endswith("_up"))


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_a_rule_says_how_urgent_it_is_what_is_wrong_and_how_to_mend_it(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert all(rule["annotations"][each].endswith(".") for each in ("summary", "mend"))


def test_the_document_has_every_rule_and_no_other() -> None:
    assert sorted(set(re.findall(r"RefundSync\w+", document("deploy.md")))) == sorted(NAMES)
