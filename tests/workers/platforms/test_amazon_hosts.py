import pytest

from workers.platforms.amazon_hosts import document_url, subscription_url
from workers.platforms.errors import PlatformError

SANDBOX = "http://127.0.0.1:8001/amazon/A1"
CONFIRM = "?Action=ConfirmSubscription&TopicArn=arn:aws:sns:us-east-1:123456789012:topic&Token=abc"


@pytest.mark.parametrize(
    "url",
    [
        "https://tortuga-prod-na.s3-external-1.amazonaws.com/doc?X-Amz-Signature=abc",
        "https://tortuga-prod-eu.s3-eu-west-1.amazonaws.com/doc",
        "https://bucket.s3.cn-north-1.amazonaws.com.cn/doc",
        "https://d34o8swod1owfl.cloudfront.net/SampleResult",
    ],
)
def test_a_document_is_fetched_from_where_amazon_keeps_them(url: str) -> None:
    assert document_url(url, "") == url


@pytest.mark.parametrize(
    "url",
    [
        "http://tortuga-prod-na.s3-external-1.amazonaws.com/doc",
        "https://amazonaws.com.example.com/doc",
        "https://example.com/amazonaws.com",
        "https://evilamazonaws.com/doc",
        "https://amazonaws.com/doc",
        "https://s3.amazonaws.com:8443/doc",
        "https://user@s3.amazonaws.com/doc",
        "https://s3.amazonaws.com\\@example.com/doc",
        "https://[s3.amazonaws.com/doc",
        "file:///etc/passwd",
        f"{SANDBOX}/doc",
        "",
    ],
)
def test_a_document_is_fetched_from_nowhere_else(url: str) -> None:
    with pytest.raises(PlatformError) as caught:
        document_url(url, "")
    assert caught.value.reason == "REFUSED"


def test_in_development_documents_are_where_everything_else_is() -> None:
    url = "http://127.0.0.1:8001/amazon/A1/documents/1"
    assert document_url(url, SANDBOX) == url
    for other in ("http://127.0.0.1:8002/doc", "https://127.0.0.1:8001/doc", "https://s3.amazonaws.com/doc"):
        with pytest.raises(PlatformError):
            document_url(other, SANDBOX)


@pytest.mark.parametrize("host", ["sns.us-east-1.amazonaws.com", "sns.cn-north-1.amazonaws.com.cn"])
@pytest.mark.parametrize("path", ["", "/"])
def test_a_subscription_is_confirmed_at_sns(host: str, path: str) -> None:
    url = f"https://{host}{path}{CONFIRM}"
    assert subscription_url(url, "") == url


def test_in_development_a_subscription_is_confirmed_where_everything_else_is() -> None:
    url = f"https://sns.us-east-1.amazonaws.com/{CONFIRM}"
    assert subscription_url(url, SANDBOX + "/") == f"{SANDBOX}/{CONFIRM}"


@pytest.mark.parametrize("api_url", ["", SANDBOX])
@pytest.mark.parametrize(
    "url",
    [
        f"http://sns.us-east-1.amazonaws.com/{CONFIRM}",
        f"https://sns.s3-us-west-2.amazonaws.com/{CONFIRM}",
        f"https://sns.us-east-1.amazonaws.com.example.com/{CONFIRM}",
        f"https://sns.us-east-1.amazonaws.com:444/{CONFIRM}",
        f"https://me@sns.us-east-1.amazonaws.com/{CONFIRM}",
        f"https://sqs.us-east-1.amazonaws.com/{CONFIRM}",
        f"https://sns.us-east-1.amazonaws.com/other{CONFIRM}",
        "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe",
        "https://sns.us-east-1.amazonaws.com/?XAction=ConfirmSubscription",
        "http://[::1",
        f"{SANDBOX}/{CONFIRM}",
    ],
)
def test_a_subscription_is_confirmed_nowhere_else(url: str, api_url: str) -> None:
    with pytest.raises(PlatformError) as caught:
        subscription_url(url, api_url)
    assert caught.value.reason == "REFUSED"
