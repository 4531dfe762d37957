"""Amazon's other hosts: where feed documents are put and fetched, and SNS with its certificate."""

import uuid
from http import HTTPStatus
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from sandbox.amazon import sns
from sandbox.amazon.feeds import upload
from sandbox.amazon.model import Document
from sandbox.amazon.notifications import end_subscription
from sandbox.amazon.progress import catch_up
from sandbox.amazon.seller import PLATFORM, Seller
from sandbox.gateway import Call
from sandbox.world import World

BUCKET = "tortuga-prod-na"


def xml(body: str, status: int = HTTPStatus.OK) -> Response:
    """Answer with XML."""
    return Response(f'<?xml version="1.0" encoding="UTF-8"?>\n{body}', status=status, content_type="text/xml")


def s3_error(code: str) -> Response:
    """Refuse as Amazon S3 does: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html."""
    messages = {
        "AccessDenied": "Request has expired",
        "NoSuchKey": "The specified key does not exist.",
        "SignatureDoesNotMatch": "The request signature we calculated does not match yours.",
    }
    status = HTTPStatus.NOT_FOUND if code == "NoSuchKey" else HTTPStatus.FORBIDDEN
    return xml(f"<Error><Code>{code}</Code><Message>{messages.get(code, code)}</Message></Error>", status)


class PlainManners:
    """How the hosts beside the API word what the gateway says in their name."""

    request_id_header = "x-amz-request-id"

    def throttled(self) -> Response:
        """Answer that there were too many calls."""
        return self.failed(HTTPStatus.SERVICE_UNAVAILABLE)

    def failed(self, status: int) -> Response:
        """Answer an HTTP error."""
        phrases = {each.value: each.phrase.replace(" ", "") for each in HTTPStatus}
        return xml(f"<Error><Code>{phrases.get(status, 'Error')}</Code><Message></Message></Error>", status)

    def internal_error(self) -> Response:
        """Answer that the host broke down."""
        return self.failed(HTTPStatus.INTERNAL_SERVER_ERROR)


class Hosts:
    """The hosts beside the API.

    Args:
        world: Where the sellers are.
        sellers: The sellers by id.
    """

    def __init__(self, world: World, sellers: dict[str, Seller]) -> None:
        self._world = world
        self._sellers = sellers

    def add_to(self, blueprint: Blueprint) -> None:
        """Add their routes, below each seller."""
        document = f"/<seller_id>/{BUCKET}/<document_id>"
        blueprint.add_url_rule(document, "upload", self.put_document, methods=["PUT"])
        blueprint.add_url_rule(document, "download", self.fetch_document, methods=["GET"])
        pem = "/<seller_id>/SimpleNotificationService-<name>.pem"
        blueprint.add_url_rule(pem, "certificate", self.certificate, methods=["GET"])
        blueprint.add_url_rule("/<seller_id>/", "sns_action", self.sns_action, methods=["GET"])

    def document_url(self, seller: Seller, document: Document, key: str) -> str:
        """Return a pre-signed address of a document."""
        query = urlencode(
            {"X-Amz-Algorithm": "AWS4-HMAC-SHA256", "X-Amz-Expires": "300", "X-Amz-Signature": key}
        )
        return f"{request.url_root}{PLATFORM}/{seller.id}/{BUCKET}/{document.id}?{query}"

    def _call(self, seller_id: str, operation: str) -> Call:
        return Call(PLATFORM, seller_id, operation, PlainManners(), recorded=True)

    def _document(self, seller_id: str, document_id: str) -> Document | None:
        seller = self._sellers.get(seller_id)
        return None if seller is None else seller.documents.get(document_id)

    def put_document(self, seller_id: str, document_id: str) -> Response:
        """Take a feed's content at its pre-signed address."""
        document = self._document(seller_id, document_id)
        if document is None:
            return s3_error("NoSuchKey")

        def put() -> Response:
            key, content_type = (
                request.args.get("X-Amz-Signature", ""),
                request.headers.get("Content-Type", ""),
            )
            with self._world.lock:
                code = upload(document, key, content_type, request.get_data(), self._world.clock.now())
            return s3_error(code) if code else Response(status=HTTPStatus.OK)

        return self._world.gateway.run(self._call(seller_id, "upload"), put)

    def fetch_document(self, seller_id: str, document_id: str) -> Response:
        """Give a document's content at its pre-signed address."""
        document = self._document(seller_id, document_id)
        if document is None or document.content is None:
            return s3_error("NoSuchKey")
        content = document.content

        def fetch() -> Response:
            until = document.downloads.get(request.args.get("X-Amz-Signature", ""))
            if until is None:
                return s3_error("SignatureDoesNotMatch")
            if self._world.clock.now() >= until:
                return s3_error("AccessDenied")
            return Response(content, content_type=document.content_type)

        return self._world.gateway.run(self._call(seller_id, "download"), fetch)

    def certificate(self, seller_id: str, name: str) -> Response:
        """Give the certificate that SNS's messages are signed with."""

        def give() -> Response:
            if name != sns.signer().fingerprint:
                return s3_error("NoSuchKey")
            return Response(sns.signer().pem, content_type="application/x-pem-file")

        return self._world.gateway.run(self._call(seller_id, "sns:certificate"), give)

    def sns_action(self, seller_id: str) -> Response:
        """Answer SNS's actions ``ConfirmSubscription`` and ``Unsubscribe``."""
        seller = self._sellers.get(seller_id)
        action = request.args.get("Action", "")
        if seller is None:
            return xml(sns.error_xml("NotFound", "There is nothing here.", ""), HTTPStatus.NOT_FOUND)
        return self._world.gateway.run(
            self._call(seller_id, f"sns:{action}"), lambda: self._act(seller, action)
        )

    def _act(self, seller: Seller, action: str) -> Response:
        request_id = str(uuid.uuid4())
        args, push = request.args, seller.push
        with self._world.lock:
            catch_up(self._world, seller)
            if push is None or push.via != "sns":
                return xml(
                    sns.error_xml("NotFound", "Topic does not exist", request_id), HTTPStatus.NOT_FOUND
                )
            if action == "ConfirmSubscription":
                if args.get("TopicArn") != push.topic_arn:
                    return xml(
                        sns.error_xml("NotFound", "Topic does not exist", request_id), HTTPStatus.NOT_FOUND
                    )
                if args.get("Token") != push.token:
                    refused = sns.error_xml("InvalidParameter", "Invalid parameter: Token", request_id)
                    return xml(refused, HTTPStatus.BAD_REQUEST)
                push.confirmed = True
                return xml(sns.response_xml(action, push.subscription_arn, request_id))
            if action == "Unsubscribe" and args.get("SubscriptionArn") == push.subscription_arn:
                end_subscription(self._world, seller)
                return xml(sns.response_xml(action, "", request_id))
            refused = sns.error_xml("InvalidAction", f"The action {action} is not valid", request_id)
            return xml(refused, HTTPStatus.BAD_REQUEST)
