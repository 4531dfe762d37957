"""The look for secrets finds them, however they are written."""

import base64
import json
from urllib.parse import quote

import pytest

from tests.support.sweeping import found

SECRET = 'pa"ss+word/0123456789'
LINES = "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEF\n-----END KEY-----\n"


@pytest.mark.parametrize(
    "shown",
    [
        f"token={SECRET} was refused",
        f"/callback?token={quote(SECRET, safe='')}",
        json.dumps({"said": SECRET}),
        f"Basic {base64.b64encode(SECRET.encode()).decode()}",
    ],
)
def test_a_secret_is_found_in_each_way_that_it_may_be_written(shown: str) -> None:
    assert found([SECRET], {"log": shown, "page": "nothing"}) == {SECRET[:6]: {"log"}}


def test_a_key_is_found_by_any_of_its_lines() -> None:
    assert found([LINES], {"log": "MIIEvQIBADANBgkqhkiG9w0BAQEF"}) == {LINES[:6]: {"log"}}
    assert found([LINES], {"log": "-----BEGIN KEY-----"}) == {}
