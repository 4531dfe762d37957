import pytest

from ledger.events import MoneyState
from workers.platforms.amazon_report import Report, ReportError, Verdict, read_report, verdict

ENVELOPE = """<?xml version="1.0" encoding="UTF-8"?>
<AmazonEnvelope xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
 xsi:noNamespaceSchemaLocation="amzn-envelope.xsd">
  <Header><DocumentVersion>1.02</DocumentVersion><MerchantIdentifier>A1</MerchantIdentifier></Header>
  <MessageType>ProcessingReport</MessageType>
  <Message><MessageID>1</MessageID><ProcessingReport>
    <DocumentTransactionID>50011</DocumentTransactionID><StatusCode>Complete</StatusCode>
    <ProcessingSummary>
      <MessagesProcessed>2</MessagesProcessed><MessagesSuccessful>1</MessagesSuccessful>
      <MessagesWithError>1</MessagesWithError><MessagesWithWarning>1</MessagesWithWarning>
    </ProcessingSummary>
    <Result><MessageID>70</MessageID><ResultCode>Error</ResultCode>
      <ResultMessageCode>18028</ResultMessageCode>
      <ResultDescription>The amount exceeds what is left.</ResultDescription>
      <AdditionalInfo><AmazonOrderID>112-0000001-0000001</AmazonOrderID>
        <AmazonOrderItemCode>1001</AmazonOrderItemCode></AdditionalInfo></Result>
    <Result><MessageID>71</MessageID><ResultCode> Warning </ResultCode>
      <ResultDescription>Look at it.</ResultDescription></Result>
  </ProcessingReport></Message>
</AmazonEnvelope>"""

GOOD = Report(1, (), ())
BAD = Report(0, ("18028 Too much.",), ())


def test_a_report_tells_what_was_done_and_what_was_not() -> None:
    assert read_report(ENVELOPE.encode()) == Report(
        1,
        ("item 1001: 18028 The amount exceeds what is left.",),
        ("Look at it.",),
        (("1001", "18028 The amount exceeds what is left."),),
    )


def test_a_report_without_a_summary_tells_of_nothing_done() -> None:
    bare = b"<AmazonEnvelope><Message><ProcessingReport/></Message></AmazonEnvelope>"
    assert read_report(bare) == Report(0, (), ())


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"order-id\tresult",
        b"<AmazonEnvelope/>",
        b"<!DOCTYPE x [<!ENTITY a 'b'>]><AmazonEnvelope/>",
        ENVELOPE.replace("<MessagesSuccessful>1<", "<MessagesSuccessful>one<").encode(),
    ],
)
def test_whatever_else_is_no_report(content: bytes) -> None:
    with pytest.raises(ReportError) as caught:
        read_report(content)
    assert caught.value.reason == "not_a_report"


@pytest.mark.parametrize("status", ["IN_QUEUE", "IN_PROGRESS"])
def test_a_feed_that_is_not_processed_yet_is_pending(status: str) -> None:
    assert verdict(status, None) == Verdict(MoneyState.PENDING, detail=f"the feed is {status}")


@pytest.mark.parametrize(
    ("status", "report", "money", "problem"),
    [
        ("DONE", GOOD, MoneyState.MOVED, ""),
        ("DONE", BAD, MoneyState.FAILED, "REFUSED"),
        ("DONE", Report(0, (), ()), MoneyState.FAILED, "REFUSED"),
        ("DONE", Report(1, ("18028 Too much.",), ()), MoneyState.MOVED, "PARTLY_DONE"),
        ("DONE", None, MoneyState.NONE, "OUTCOME_UNCLEAR"),
        ("CANCELLED", None, MoneyState.FAILED, "REFUSED"),
        # "Some, none, or all of the operations within the feed may have completed successfully."
        ("FATAL", None, MoneyState.NONE, "OUTCOME_UNCLEAR"),
        ("FATAL", GOOD, MoneyState.NONE, "OUTCOME_UNCLEAR"),
        ("FATAL", BAD, MoneyState.FAILED, "REFUSED"),
        ("FATAL", Report(1, ("18028 Too much.",), ()), MoneyState.MOVED, "PARTLY_DONE"),
        ("SOMETHING_NEW", None, MoneyState.NONE, "OUTCOME_UNCLEAR"),
    ],
)
def test_a_feeds_status_and_report_say_what_became_of_the_refund(
    status: str, report: Report | None, money: MoneyState, problem: str
) -> None:
    said = verdict(status, report)
    assert (said.money, said.problem) == (money, problem)
    assert bool(said.detail) == bool(problem)


def test_amazons_words_are_handed_on() -> None:
    assert verdict("DONE", Report(0, ("a", "b"), ())).detail == "a; b"
    assert verdict("DONE", Report(1, (), ("c",))).detail == "c"


@pytest.mark.parametrize(("successful", "problem"), [(0, "REFUSED"), (1, "PARTLY_DONE")])
def test_the_items_that_were_refused_are_told_one_by_one(successful: int, problem: str) -> None:
    refused = (("1001", "18028 Too much."), ("1002", "18028 Not yours."))
    said = verdict("DONE", Report(successful, ("a", "b"), (), refused))
    assert (said.problem, said.refused) == (problem, refused)
