"""The mail server's address."""

import pytest

from ledger.mail import MailServer, MailServerError, is_address, server_of


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example.com", MailServer("mail.example.com", 587, is_tls=False)),
        ("smtps://mail.example.com/", MailServer("mail.example.com", 465, is_tls=True)),
        (
            "smtp://an%40na:p%2Fw@mail.example.com:2525",
            MailServer("mail.example.com", 2525, is_tls=False, user="an@na", password="p/w"),
        ),
    ],
)
def test_a_mail_server_is_read_from_its_address(url: str, server: MailServer) -> None:
    assert server_of(url) == server


@pytest.mark.parametrize(
    "url",
    [
        "",
        "mail.example.com",
        "http://mail.example.com",
        "smtp://",
        "smtp://[::1",
        "smtp://mail.example.com:x",
        "smtp://mail.example.com/inbox",
        "smtp://mail.example.com?tls=no",
        "smtp://mail.example.com#x",
        "smtp://anna@mail.example.com",
        "smtp://:secret@mail.example.com",
    ],
)
def test_what_is_no_mail_server_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(MailServerError) as refused:
        server_of(url)
    assert refused.value.reason == "bad_mail_server"
    assert "secret" not in str(refused.value)


def test_a_password_is_not_shown() -> None:
    assert "secret" not in repr(server_of("smtp://anna:secret@mail.example.com"))


@pytest.mark.parametrize(
    ("host", "is_local"),
    [("localhost", True), ("127.0.0.1", True), ("[::1]", True), ("mail.example.com", False)],
)
def test_mail_on_this_host_never_leaves_it(host: str, *, is_local: bool) -> None:
    assert server_of(f"smtp://{host}").is_local is is_local


@pytest.mark.parametrize("text", ["anna@example.com", "a.b+c@sub.example-shop.co.uk", "o'hara@example.com"])
def test_addresses_are_known(text: str) -> None:
    assert is_address(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", "anna", "anna@", "anna@example", "@example.com", "a b@example.com", "a@b@c.com", "a@-x.com"),
        *("anna@example.com\n", "Anna <anna@example.com>", "a,b@example.com", f"{'a' * 243}@example.com"),
    ],
)
def test_what_is_no_address_is_known(text: str) -> None:
    assert not is_address(text)
