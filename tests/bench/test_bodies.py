import base64
import hashlib
import hmac
import json

from bench.bodies import Deliveries

SECRET = "bench-secret-0123456789"


def parsed(pieces: tuple[bytes, bytes, bytes]) -> tuple[dict[str, str], bytes]:
    head, _, rest = b"".join(pieces).partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")[1:]
    return dict(line.split(": ", 1) for line in lines), rest


def test_a_delivery_is_really_signed_and_about_eight_kilobytes() -> None:
    headers, body = parsed(Deliveries(SECRET, 7).next())
    signature = hmac.new(SECRET.encode(), body, hashlib.sha256).digest()
    assert headers["X-Shopify-Hmac-Sha256"] == base64.b64encode(signature).decode()
    assert int(headers["Content-Length"]) == len(body)
    assert 7_500 < len(body) < 8_500
    assert json.loads(body)["refund_line_items"]


def test_no_two_deliveries_are_the_same() -> None:
    deliveries = Deliveries(SECRET, 0)
    several = [parsed(deliveries.next()) for _ in range(20)]
    assert len({headers["X-Shopify-Event-Id"] for headers, _ in several}) == 20
    assert len({json.loads(body)["id"] for _, body in several}) == 20
    assert len({len(body) for _, body in several}) == 1
