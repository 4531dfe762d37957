"""The settings of `ledger.installation.Installation` as fields of a form, with their help."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Field:
    """One setting.

    Attributes:
        unit: What it is counted in.
    """

    name: str
    label: str
    unit: str
    hint: str


@dataclass(frozen=True, slots=True)
class Group:
    """Settings that belong together."""

    title: str
    about: str
    fields: Sequence[Field]


GROUPS: Final = (
    Group(
        "What is kept",
        "Refunds, amounts and the audit trail stay for good.",
        (
            Field(
                "keep_personal_days",
                "Personal data",
                "days",
                "Bodies of deliveries, calls of attempts and details of alerts are emptied at this age. "
                "Amazon allows 30 days.",
            ),
            Field(
                "keep_deliveries_days",
                "Deliveries and alerts",
                "days",
                "Settled deliveries, requests and alerts are deleted at this age. What a platform sends "
                "again later than that is new.",
            ),
        ),
    ),
    Group(
        "What no webhook tells",
        "Platforms are asked for refunds that no webhook told of.",
        (
            Field(
                "poll_minutes",
                "Time between two looks",
                "minutes",
                "Each account is asked so often, unless its rules say otherwise.",
            ),
        ),
    ),
    Group(
        "Trying again",
        "Each delay doubles up to a bound, and is a random part of that.",
        (
            Field("retry_seconds", "First delay after a passing failure", "seconds", "At most."),
            Field("throttle_seconds", "First delay after a platform's limit", "seconds", "At most."),
            Field(
                "wait_seconds", "First look at what is waited for", "seconds", "Such as an order's billing."
            ),
            Field("wait_longest_seconds", "Longest time between two such looks", "seconds", ""),
        ),
    ),
    Group(
        "Limits",
        "",
        (
            Field(
                "read_timeout_seconds",
                "Answer of a platform",
                "seconds",
                "How long a call waits for it. Processes take a change over when they start.",
            ),
            Field(
                "lease_seconds",
                "A worker's claim",
                "seconds",
                "So long the work of a killed worker lies idle before another takes it over.",
            ),
            Field(
                "api_requests_per_minute",
                "Requests of an API token",
                "a minute",
                "What is above is answered 429.",
            ),
        ),
    ),
)
"""Every setting."""

FIELDS: Final = tuple(field for group in GROUPS for field in group.fields)
"""The settings one after the other."""
