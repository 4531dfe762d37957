"""Amazon: who sent a notification, and what it tells.

Amazon delivers to SQS and EventBridge only, and signs nothing. What reaches us was relayed, in one of three
ways (https://developer-docs.amazon.com/sp-api/docs/notifications-api-v1-use-case-guide):

- an EventBridge rule with an API destination: the event, and our secret as the API key of its connection
  (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-target-connection-auth.html);
- an SNS topic with an HTTPS subscription: signed by SNS; its messages hold the notification or the event;
- any other relay, such as a Lambda function that reads the queue: the notification, and our secret.

The credentials hold the API key's header as `secret_header`, by default `x-api-key`, and the topics that are
believed as `topic_arns`, a list. Without the list no message of SNS is.
"""

import json
from http import HTTPStatus
from typing import Final

from marshmallow import ValidationError

from ledger import accounts
from ledger.events import SubscriptionOffered
from webhooks.parsing import Json, ParseError, parse
from webhooks.sources import amazon_notifications as notifications
from webhooks.sources import amazon_sns as sns
from webhooks.sources.protocol import (
    Endpoint,
    NotOfSchemaError,
    Reading,
    Request,
    SignatureError,
    UnknownTopicError,
    UnreadableError,
    no_challenge,
    no_glance,
    plain_answer,
)
from webhooks.sources.signing import delivery_key, is_any_of, unread_key
from webhooks.sources.subscription import Subscription

SECRET_HEADER: Final = "x-api-key"  # noqa: S105 - the name of a header
"""The header of the shared secret, where the credentials name no other."""

_LARGEST_MESSAGE: Final = 1024 * 1024
"""Bytes of what is parsed before its sender is known; SNS takes 256 KiB, which JSON's escapes make more."""


class Amazon:
    """The source `amazon`."""

    name = "amazon"
    find_account = staticmethod(accounts.by_slug)
    # Types: https://developer-docs.amazon.com/sp-api/docs/notification-type-values
    subscription = Subscription(
        ("TRANSACTION_UPDATE", "ORDER_CHANGE"),
        "the Notifications API (createDestination, createSubscription), for an EventBridge rule with an API "
        "destination, or for a queue that is relayed by an SNS topic",
        "it is what the relay sends: the API key of EventBridge's API destination",
    )
    kept_headers = frozenset(
        {
            "x-amz-sns-message-type",
            "x-amz-sns-message-id",
            "x-amz-sns-topic-arn",
            "x-amz-sns-subscription-arn",
        }
    )
    unsigned_status = HTTPStatus.UNAUTHORIZED
    uses_credentials = True
    answer = staticmethod(plain_answer)
    challenge = staticmethod(no_challenge)
    glance = staticmethod(no_glance)

    def verify(self, request: Request, endpoint: Endpoint) -> None:
        """Check that SNS or a relay of the account's owner sent it, and that it is about this seller.

        What looks like a message of SNS is judged by its signature, whatever else comes with it. SNS' raw
        delivery has neither signature nor secret, and is refused.

        Raises:
            SignatureError: `missing_signature`, `wrong_signature` or `wrong_shop`, and of SNS also
                `wrong_topic`, `unknown_key`, `bad_timestamp`, `stale` or `from_the_future`.
            webhooks.sources.protocol.KeyUnreachableError: If SNS' certificate cannot be had just now.
        """
        shown = request.header(str(endpoint.credentials.get("secret_header") or SECRET_HEADER))
        if shown and not is_any_of(endpoint.secrets, shown):
            raise SignatureError("wrong_signature")
        if not shown and len(request.body) > _LARGEST_MESSAGE:
            raise SignatureError("missing_signature")
        body = _parsed(request)
        if sns.is_message(body):
            sns.verify(body, endpoint, request.received_at)
        elif not shown:
            raise SignatureError("missing_signature")
        if _is_of_another(body, endpoint):
            raise SignatureError("wrong_shop")

    def read(self, request: Request, endpoint: Endpoint) -> Reading:
        """Return the request in our own words.

        Raises:
            UnreadableError: If the notification is not of its documented shape, or of a type we did not ask
                for, or of another seller, or if a subscription is to be confirmed anywhere but at SNS.
        """
        content: Json = None
        try:
            content = parse(request.body)
            if sns.is_message(content):
                message = sns.load(content)
                if message.type != sns.NOTIFICATION:
                    return _of_subscription(message)
            content = _unwrapped(content)
            return _reading(notifications.understand(content), endpoint)
        except (ParseError, NotOfSchemaError, UnknownTopicError) as error:
            reason, detail = error.reason, str(error)
        except ValidationError as error:
            reason, detail = NotOfSchemaError.reason, json.dumps(error.messages)
        hints = notifications.hints(content)
        rest = request.body if content is None else notifications.canonical(content)
        raise UnreadableError(
            reason,
            detail,
            topic=hints.topic,
            delivery_key=unread_key(hints.topic, hints.id, rest),
            order_ref=hints.order_ref,
        )


def _parsed(request: Request) -> Json:
    """Return a body's JSON value, None if it has none: what comes with our secret is kept all the same."""
    try:
        return parse(request.body)
    except ParseError:
        return None


def _unwrapped(body: Json) -> Json:
    """Return the notification inside of what relays put around it.

    Raises:
        ParseError: If a message of SNS holds no JSON.
        marshmallow.ValidationError: If it is no message.
    """
    if sns.is_message(body):
        body = parse(sns.load(body).text.encode())
    return notifications.detail(body)


def _is_of_another(body: Json, endpoint: Endpoint) -> bool:
    """Tell whether a body is understood, and about another seller."""
    try:
        return _names_another(notifications.understand(_unwrapped(body)), endpoint)
    except (ParseError, *notifications.UNREADABLE):
        return False


def _names_another(understood: notifications.Understood, endpoint: Endpoint) -> bool:
    return understood.seller not in {"", endpoint.platform_id}


def _reading(understood: notifications.Understood, endpoint: Endpoint) -> Reading:
    if _names_another(understood, endpoint):
        raise NotOfSchemaError("the notification is about another seller")
    return Reading(understood.topic, understood.key, understood.events, understood.order_ref)


def _of_subscription(message: sns.Message) -> Reading:
    """Return what is to be done about a subscription: to confirm it, or nothing.

    Its end is written down and no more. Whoever ended it may have meant to; and if not, refunds are still
    found by asking Amazon for them.
    """
    key = delivery_key(message.type, message.id)
    if message.type == sns.UNSUBSCRIBE_CONFIRMATION:
        return Reading(message.type, key, ())
    url = sns.confirming_url(message)
    if not url:
        raise NotOfSchemaError("the subscription is not confirmed at SNS, or it is another topic's")
    return Reading(message.type, key, (SubscriptionOffered(url),))
