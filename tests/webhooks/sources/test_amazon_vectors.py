"""Known answers: messages that the OpenSSL command signed, over the text that the documentation describes.

https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message-verify-message-signature.html
"""

import pytest

from ledger.events import SubscriptionOffered
from ledger.policy import Policy
from tests.support.ledger import NOW
from tests.webhooks.amazon_pushes import SELLER
from tests.webhooks.keyserver import key_server
from tests.webhooks.platforms import Payload, encoded
from webhooks.keys import FetchedKeys
from webhooks.sources.amazon import Amazon
from webhooks.sources.protocol import Endpoint, Request, SignatureError

# Made by `openssl req -x509 -newkey rsa:1024`; the private key is gone.
PEM = b"""-----BEGIN CERTIFICATE-----
MIICFjCCAX+gAwIBAgIUfWBNnA+dcFfeY3fjplnCVDtiT24wDQYJKoZIhvcNAQEL
BQAwHDEaMBgGA1UEAwwRc25zLmFtYXpvbmF3cy5jb20wIBcNMjYxMTIzMDYxOTE0
WhgPMjEyNjEwMzAwNjE5MTRaMBwxGjAYBgNVBAMMEXNucy5hbWF6b25hd3MuY29t
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDpudFnFg36Wz0K59ODrtTiq8TR
pzx1li5TW2lPdakPfdJdgazu5uioOYx8/GHK/1UOn5uzi+kymnlbjqkLDHL4X6WH
RfoAMd+SCP+7pQ5wz/G/Nx4VHOJBASd90mDcyOrYS/r4X3RP7INQafAhg0454FdB
upvayzCCtZaNCfc95QIDAQABo1MwUTAdBgNVHQ4EFgQUYe4gGkWEW4zAuResujsw
nSmpWfowHwYDVR0jBBgwFoAUYe4gGkWEW4zAuResujswnSmpWfowDwYDVR0TAQH/
BAUwAwEB/zANBgkqhkiG9w0BAQsFAAOBgQCV/ekivl1HQqEoPPXJOgqRjoceD1vg
fMTV+flYgVQsj0NhT2N3Aw5N6wbUzzxO63D2i02e8WBALpM1DVW/ch0WCoNRobPN
DGhZcGKxIUxB1MBIN3D38E1xB9n+93daXOMGY/dumME4ryk2xSrlWCTOIWdj9rO3
89EwCZ1ihDSbPA==
-----END CERTIFICATE-----
"""
TOPIC = "arn:aws:sns:us-west-2:123456789012:MyTopic"
PATH = "/SimpleNotificationService-vector.pem"
SUBSCRIBE_URL = (
    f"https://sns.us-west-2.amazonaws.com/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=2336412f37"
)
COMMON = {
    "TopicArn": TOPIC,
    "Timestamp": "2026-03-14T15:09:20.000Z",
    "SigningCertURL": f"https://sns.us-west-2.amazonaws.com{PATH}",
}
NOTIFICATION = COMMON | {
    "Type": "Notification",
    "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
    "Subject": "My First Message",
    "Message": '{"NotificationType":"ORDER_CHANGE"}',
}
CONFIRMATION = COMMON | {
    "Type": "SubscriptionConfirmation",
    "MessageId": "165545c9-2a5c-472c-8df2-7ff2be2b3b1b",
    "Token": "2336412f37",
    "Message": "You have chosen to subscribe.",
    "SubscribeURL": SUBSCRIBE_URL,
}
SIGNATURES = {
    ("Notification", "1"): (
        "kbd7g/QuORCsvrHaJrJY415lLb/DzpGdf56UhDYiyVXLSedoZzs2v8yhDB+roDeYD0fCl7aNADl0ol3xjsS3sbLN"
        "GQktO4PAaiUM2eRCxCvlcmKjl/WAd8qkRu7KU7FtjDiwZvDkh3BW2Smmj3CZakN3ZbuGGZYNEF7e6h+v/Dg="
    ),
    ("Notification", "2"): (
        "t0MBUodKyDImBBMDoPv6sWfT8ozI1iO9yDWXC7GD4nbJftpk1X3uF7XBmc2XPxthFFc+LZ+YpJXWNupuzFfni735"
        "Xcpr8TqhJfN0CWZoFRvo8mPutogMt7a63g1BuZPNAb1FrXtXNHHReJAGUL9BloZAkuY8ugUbu2lILahX39o="
    ),
    ("SubscriptionConfirmation", "1"): (
        "nB5TtpzbSpHb5uNBcQwAa80krbEmMt8fgF4WTLJD8H52WmL6Kabx2RqtP8uIu3qQqEVrzw4WXq0UFl8klZC7/jt/"
        "+5vWOR73rj62zhq4mmOZR9hYhZN113kgyMEYYDWrgX06wDj82pE+uFM7T/acmjeE3CGhy3/wHYrvPrPaPTg="
    ),
    ("SubscriptionConfirmation", "2"): (
        "WC4sxf+ghWZZYL9qhoxA2ARSM7jhRbuyx2aYWo2Ou7Bn8gYrv7KpKInbYP1MxMcwh9PkLtTw/DVIkpCBCkZowpcT"
        "282MkdmxbGrCSjRZAWsBc5R5r9jPoip5D13kk7V/j0TTNeBr+e1olghKx6iSSt+MWMZkeGt3Az4RvGp8Ew0="
    ),
}


def verify(message: Payload) -> None:
    with key_server() as keys:
        keys.keep(PATH, PEM)
        endpoint = Endpoint(
            "amazon",
            "amazon-shop",
            SELLER,
            1,
            1,
            Policy(),
            api_url=keys.url,
            credentials={"topic_arns": [TOPIC]},
            keys=FetchedKeys(allow_private=True),
        )
        Amazon().verify(Request({}, encoded(message), NOW), endpoint)


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("message", [NOTIFICATION, CONFIRMATION])
def test_what_openssl_signed_is_believed(message: Payload, version: str) -> None:
    signature = SIGNATURES[message["Type"], version]
    verify(message | {"SignatureVersion": version, "Signature": signature})


@pytest.mark.parametrize("version", ["1", "2"])
def test_what_openssl_signed_is_believed_of_nothing_else(version: str) -> None:
    signature = SIGNATURES["Notification", version]
    with pytest.raises(SignatureError, match="wrong_signature"):
        verify(CONFIRMATION | {"SignatureVersion": version, "Signature": signature})


def test_what_openssl_signed_is_confirmed_where_sns_says() -> None:
    endpoint = Endpoint("amazon", "amazon-shop", SELLER, 1, 1, Policy())
    message = CONFIRMATION | {"SignatureVersion": "1", "Signature": "", "SigningCertURL": ""}
    reading = Amazon().read(Request({}, encoded(message), NOW), endpoint)
    assert reading.events == (SubscriptionOffered(SUBSCRIBE_URL),)
