import ipaddress
import os
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import transport


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104 - an address to be refused, not one to listen on
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1%eth0",
        "fc00::1",
        "ff02::1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::",
    ],
)
def test_an_address_that_is_not_public_is_known(address: str) -> None:
    assert not transport.is_public(address)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_a_public_address_is_known(address: str) -> None:
    assert transport.is_public(address)


@given(st.ip_addresses(v=4))
def test_an_address_inside_another_is_judged_by_itself(address: ipaddress.IPv4Address) -> None:
    public = transport.is_public(str(address))
    assert transport.is_public(f"::ffff:{address}") == public
    assert transport.is_public(str(ipaddress.IPv6Address((0x64FF9B << 96) | int(address)))) == public


def test_an_exchange_whose_time_is_over_waits_for_nothing() -> None:
    over = transport.Exchange(deadline=time.monotonic() - 1, read_timeout=5, allow_private=True)
    with pytest.raises(TimeoutError):
        over.patience()


def test_an_exchange_waits_no_longer_than_either_limit() -> None:
    now = time.monotonic()
    assert transport.Exchange(now + 1000, 5, allow_private=True).patience() == 5
    assert transport.Exchange(now + 1000, 5000, allow_private=True).patience() <= 1000


def test_a_forked_process_gets_a_session_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = transport.session(allow_private=True)
    assert transport.session(allow_private=True) is mine
    assert transport.session(allow_private=False) is not mine
    monkeypatch.setattr(os, "getpid", lambda: -1)
    assert transport.session(allow_private=True) is not mine
