"""What a feed's status and processing report say of the refund in it. Pure.

Statuses: https://developer-docs.amazon.com/sp-api/reference/feeds-v2021-06-30. The report is an envelope with
a `ProcessingReport`, of Amazon's `ProcessingReport.xsd`: a summary, and a result for each message that was
not simply done.
"""

from dataclasses import dataclass
from typing import Final
from xml.etree import ElementTree as ET

from ledger.events import MoneyState

PENDING: Final = frozenset({"IN_QUEUE", "IN_PROGRESS"})
"""Statuses of a feed that is not processed yet."""

CANCELLED: Final = "CANCELLED"
"""Status of a feed that was cancelled before it was processed."""

DONE: Final = "DONE"
"""Status of a feed that was processed; its report says what came of it."""


class ReportError(ValueError):
    """Raised when a document is no processing report.

    Attributes:
        reason: Always `not_a_report`.
    """

    reason = "not_a_report"


@dataclass(frozen=True, slots=True)
class Report:
    """A processing report.

    Attributes:
        successful: Messages that were carried out.
        errors: Amazon's words for each that was not.
        warnings: Amazon's remarks.
        refused: The order's items that errors were told of, each with Amazon's words.
    """

    successful: int
    errors: tuple[str, ...]
    warnings: tuple[str, ...]
    refused: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a refund.

    Attributes:
        problem: A code of `ledger.reasons` where it needs a person; else empty.
        detail: Amazon's words.
        refused: The order's items that were not taken, each with Amazon's words.
    """

    money: MoneyState
    problem: str = ""
    detail: str = ""
    refused: tuple[tuple[str, str], ...] = ()


def read_report(content: bytes) -> Report:
    """Return a processing report.

    Raises:
        ReportError: If it is none.
    """
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise ReportError("a report has no document type")
    try:
        root = ET.fromstring(content)  # noqa: S314 - without a document type there are no entities to expand
        report = root.find("Message/ProcessingReport")
        if report is None:
            raise ReportError(f"the document is {root.tag}")
        return Report(
            successful=int(report.findtext("ProcessingSummary/MessagesSuccessful", "0")),
            errors=_results(report, "Error"),
            warnings=_results(report, "Warning"),
            refused=tuple((item, _said(each)) for each in _told(report, "Error") if (item := _item_of(each))),
        )
    except (ET.ParseError, ValueError) as error:
        raise ReportError(str(error)) from error


def verdict(status: str, report: Report | None) -> Verdict:
    """Return what became of a refund.

    Args:
        status: The feed's.
        report: Its report, where it has one.
    """
    if status in PENDING:
        return Verdict(MoneyState.PENDING, detail=f"the feed is {status}")
    if status == CANCELLED:
        return Verdict(MoneyState.FAILED, "REFUSED", "the feed was cancelled before it was processed")
    if report is None:
        # Of a feed that ended as FATAL "some, none, or all" may have been carried out.
        return Verdict(MoneyState.NONE, "OUTCOME_UNCLEAR", f"the feed is {status} and has no report")
    return _reported(status, report)


def _reported(status: str, report: Report) -> Verdict:
    if not report.successful:
        text = "; ".join(report.errors) or "no message of the feed was carried out"
        return Verdict(MoneyState.FAILED, "REFUSED", text, report.refused)
    if report.errors:
        return Verdict(MoneyState.MOVED, "PARTLY_DONE", "; ".join(report.errors), report.refused)
    if status != DONE:
        return Verdict(MoneyState.NONE, "OUTCOME_UNCLEAR", f"the feed is {status}, its report has no error")
    return Verdict(MoneyState.MOVED, detail="; ".join(report.warnings))


def _told(report: ET.Element, code: str) -> list[ET.Element]:
    return [each for each in report.findall("Result") if each.findtext("ResultCode", "").strip() == code]


def _results(report: ET.Element, code: str) -> tuple[str, ...]:
    return tuple(
        f"item {item}: {_said(each)}" if (item := _item_of(each)) else _said(each)
        for each in _told(report, code)
    )


def _item_of(result: ET.Element) -> str:
    return result.findtext("AdditionalInfo/AmazonOrderItemCode", "").strip()


def _said(result: ET.Element) -> str:
    words = (
        result.findtext("ResultMessageCode", "").strip(),
        result.findtext("ResultDescription", "").strip(),
    )
    return " ".join(each for each in words if each)
