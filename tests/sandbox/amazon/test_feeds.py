"""The Feeds API: documents, feeds and their way through the queue."""

import gzip

import pytest
import requests

from tests.sandbox.amazon.client import (
    DOCUMENTS,
    FEED_TYPE,
    FEEDS,
    XML,
    Api,
    Json,
    component,
    envelope,
    message,
    refused,
)
from tests.support.sandboxed_amazon import Seller

PRINCIPAL = component("Principal", "20.00")


def good(seller: Seller) -> str:
    return envelope(seller.tenant, message(seller.order(), PRINCIPAL))


def status_of(api: Api, feed_id: str) -> str:
    status: str = api.get(f"{FEEDS}/{feed_id}")["processingStatus"]
    return status


def test_a_feed_goes_from_the_queue_through_processing_to_its_report(api: Api, seller: Seller) -> None:
    feed_id = api.feed(good(seller))
    queued = api.get(f"{FEEDS}/{feed_id}")
    assert (queued["processingStatus"], queued["feedType"]) == ("IN_QUEUE", FEED_TYPE)
    assert {"processingStartTime", "processingEndTime", "resultFeedDocumentId"}.isdisjoint(queued)
    api.advance(6)
    working = api.get(f"{FEEDS}/{feed_id}")
    assert working["processingStatus"] == "IN_PROGRESS"
    assert "processingEndTime" not in working
    api.advance(10)
    done = api.get(f"{FEEDS}/{feed_id}")
    assert done["processingStatus"] == "DONE"
    assert done["createdTime"] < done["processingStartTime"] < done["processingEndTime"]
    assert api.report(done).findtext("StatusCode") == "Complete"


def test_a_feed_may_be_quick(api: Api, seller: Seller) -> None:
    seller.change(feed_seconds={"queue": 0, "process": 0})
    assert status_of(api, api.feed(good(seller))) == "DONE"


@pytest.mark.parametrize("body", [{}, {"contentType": ""}, {"contentType": 1}])
def test_a_document_needs_a_content_type(api: Api, body: Json) -> None:
    status, error = refused(api.call("POST", DOCUMENTS, json=body))
    assert (status, error["code"]) == (400, "InvalidInput")


@pytest.mark.parametrize("body", ["[]", "{", '"text"'])
def test_a_body_must_be_an_object(api: Api, body: str) -> None:
    headers = {"Content-Type": "application/json"}
    assert refused(api.call("POST", FEEDS, data=body, headers=headers))[0] == 400


def test_a_body_must_be_json(api: Api) -> None:
    assert refused(api.call("POST", FEEDS, data="a=b", headers={"Content-Type": "text/plain"}))[0] == 415


@pytest.mark.parametrize(
    "changes",
    [
        {"inputFeedDocumentId": "nonsense"},
        {"feedType": "POST_NONSENSE"},
        {"marketplaceIds": []},
        {"marketplaceIds": "ATVPDKIKX0DER"},
        {"marketplaceIds": ["A1F83G8C2ARO7P"]},
    ],
)
def test_create_feed_refuses(api: Api, changes: Json) -> None:
    status, error = refused(api.create_feed(api.document("x"), **changes))
    assert (status, error["code"]) == (400, "InvalidInput")
    assert api.seller.feeds() == []


def test_unknown_feeds_and_documents_are_not_found(api: Api) -> None:
    assert api.error(f"{FEEDS}/1")[0] == 404
    assert api.error(f"{DOCUMENTS}/1")[0] == 404
    assert refused(api.call("DELETE", f"{FEEDS}/1"))[0] == 404


def put(url: str, content_type: str = XML) -> requests.Response:
    return requests.put(url, data=b"<a/>", headers={"Content-Type": content_type}, timeout=10)


def test_an_upload_must_have_the_signed_content_type_key_and_time(api: Api) -> None:
    url = api.call("POST", DOCUMENTS, json={"contentType": XML}).json()["url"]
    wrong = put(url, "text/xml")
    assert (wrong.status_code, "SignatureDoesNotMatch" in wrong.text) == (403, True)
    assert "SignatureDoesNotMatch" in put(url[:-4] + "0000").text
    assert put(url).status_code == 200
    assert "SignatureDoesNotMatch" in requests.get(url, timeout=10).text
    api.advance(301)
    late = put(url)
    assert (late.status_code, "Request has expired" in late.text) == (403, True)


def test_a_download_works_for_five_minutes(api: Api) -> None:
    document = api.document("<a/>")
    url = api.get(f"{DOCUMENTS}/{document}")["url"]
    assert requests.get(url, timeout=10).content == b"<a/>"
    assert "SignatureDoesNotMatch" in requests.get(f"{url}0", timeout=10).text
    api.advance(301)
    assert "Request has expired" in requests.get(url, timeout=10).text


def test_what_was_never_uploaded_is_not_there(api: Api) -> None:
    made = api.call("POST", DOCUMENTS, json={"contentType": XML}).json()
    assert api.error(f"{DOCUMENTS}/{made['feedDocumentId']}")[0] == 404
    assert requests.get(made["url"], timeout=10).status_code == 404
    assert put(made["url"].replace("amzn1", "amzn2")).status_code == 404
    feed_id = api.create_feed(made["feedDocumentId"]).json()["feedId"]
    api.advance(60)
    assert status_of(api, feed_id) == "FATAL"


def test_reports_may_be_compressed(api: Api, seller: Seller) -> None:
    seller.change(gzip_reports=True)
    shown = api.get(f"{DOCUMENTS}/{api.ended(good(seller))['resultFeedDocumentId']}")
    assert shown["compressionAlgorithm"] == "GZIP"
    assert b"<MessagesSuccessful>1<" in gzip.decompress(requests.get(shown["url"], timeout=10).content)


def test_only_what_is_in_the_queue_can_be_cancelled(api: Api, seller: Seller) -> None:
    first, second = api.feed(good(seller)), api.feed(good(seller))
    assert api.call("DELETE", f"{FEEDS}/{first}").status_code == 200
    api.advance(6)
    assert [status_of(api, each) for each in (first, second)] == ["CANCELLED", "IN_PROGRESS"]
    assert refused(api.call("DELETE", f"{FEEDS}/{second}"))[0] == 400
    api.advance(60)
    assert [status_of(api, each) for each in (first, second)] == ["CANCELLED", "DONE"]
    assert seller.writes() == {"createFeed": 2, "OrderAdjustment": 1}


def test_feeds_are_listed_newest_first_by_pages(api: Api, seller: Seller) -> None:
    ids = [api.feed(good(seller)) for _ in range(3)]
    api.call("DELETE", f"{FEEDS}/{ids[0]}")
    first = api.get(FEEDS, feedTypes=FEED_TYPE, pageSize=2)
    second = api.get(FEEDS, nextToken=first["nextToken"])
    assert [each["feedId"] for each in first["feeds"] + second["feeds"]] == ids[::-1]
    assert "nextToken" not in second
    found = api.get(FEEDS, feedTypes=FEED_TYPE, processingStatuses="CANCELLED,FATAL")["feeds"]
    assert [each["feedId"] for each in found] == ids[:1]
    assert api.get(FEEDS, feedTypes="POST_PRODUCT_DATA")["feeds"] == []
    assert api.get(FEEDS, feedTypes=FEED_TYPE, marketplaceIds="A1F83G8C2ARO7P")["feeds"] == []
    assert api.get(FEEDS, feedTypes=FEED_TYPE, createdUntil=api.ago(3600))["feeds"] == []
    assert len(api.get(FEEDS, feedTypes=FEED_TYPE, createdSince=api.ago(3600))["feeds"]) == 3


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"feedTypes": FEED_TYPE, "nextToken": "x"},
        {"nextToken": "x"},
        {"feedTypes": FEED_TYPE, "pageSize": 101},
        {"feedTypes": FEED_TYPE, "processingStatuses": "BAD_VALUE"},
        {"feedTypes": FEED_TYPE, "createdSince": "yesterday"},
    ],
)
def test_get_feeds_refuses(api: Api, query: Json) -> None:
    status, error = api.error(FEEDS, **query)
    assert (status, error["code"]) == (400, "InvalidInput")


@pytest.mark.parametrize(
    ("outcome", "refunds", "report"),
    [
        ({"status": "FATAL"}, 0, False),
        ({"status": "FATAL", "executed": True}, 1, False),
        ({"status": "CANCELLED"}, 0, False),
        ({"status": "DONE"}, 1, True),
    ],
)
def test_the_next_feed_s_end_can_be_chosen(
    api: Api, seller: Seller, outcome: Json, refunds: int, *, report: bool
) -> None:
    seller.next_feed(**outcome)
    order = seller.order()
    feed = api.ended(envelope(seller.tenant, message(order, PRINCIPAL)))
    assert feed["processingStatus"] == outcome["status"]
    assert ("resultFeedDocumentId" in feed) == report
    assert len(seller.transactions(order)) == refunds
    assert api.ended(good(seller))["processingStatus"] == "DONE"


@pytest.mark.parametrize("status", ["IN_QUEUE", "IN_PROGRESS"])
def test_a_feed_may_stay_where_it_is_until_told_otherwise(api: Api, seller: Seller, status: str) -> None:
    seller.next_feed(status)
    feed = api.ended(good(seller))
    assert feed["processingStatus"] == status
    seller.end_feed(feed["feedId"], "IN_PROGRESS")
    assert status_of(api, feed["feedId"]) == "IN_PROGRESS"
    seller.end_feed(feed["feedId"])
    assert status_of(api, feed["feedId"]) == "DONE"
    assert seller.writes()["OrderAdjustment"] == 1


def test_the_control_api_shows_what_was_sent_and_reported(api: Api, seller: Seller) -> None:
    content = good(seller)
    feed_id = api.feed(content)
    (shown,) = seller.feeds()
    assert (shown["feedId"], shown["content"], shown["report"]) == (feed_id, content, None)
    api.advance(60)
    (shown,) = seller.feeds()
    assert "<MessagesProcessed>1</MessagesProcessed>" in shown["report"]
    message = {"error": f"The feed {feed_id} is DONE."}
    path = f"{api.seller.control.url}/_control/{seller.path}/feeds"
    assert requests.post(f"{path}/{feed_id}/outcome", json={}, timeout=10).json() == message
    assert requests.post(f"{path}/1/outcome", json={}, timeout=10).json() == {"error": "There is no feed 1."}
