from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
from sqlalchemy import select

from ledger import people, second_factor
from ledger.database import Database
from ledger.models import AuditEntry, Role, User
from ledger.second_factor import SecondFactorError
from ledger.secrets import Vault

STEP = timedelta(seconds=30)


@pytest.fixture
def anna(database: Database, now: datetime) -> User:
    with database.write() as session:
        return people.add_user(
            session, "anna@example.com", Role.VIEWER, "correct horse battery", now=now, actor="test"
        )


class Phone:
    """Anna's app, and what she does with it."""

    def __init__(self, database: Database, vault: Vault, user_id: int) -> None:
        self.database, self.vault, self.user_id = database, vault, user_id

    def prepare(self) -> str:
        with self.database.write() as session:
            second_factor.prepare(session, self.vault, self.user_id)
        return second_factor.secret_of(self.vault, self.user())

    def user(self) -> User:
        with self.database.read() as session:
            return session.get_one(User, self.user_id)

    def confirm(self, code: str, now: datetime) -> list[str]:
        with self.database.write() as session:
            return second_factor.confirm(session, self.vault, self.user_id, code, now=now, actor="test")

    def check(self, code: str, now: datetime) -> None:
        with self.database.write() as session:
            second_factor.check(session, self.vault, self.user_id, code, now=now, actor="test")

    def switch_off(self, now: datetime) -> None:
        with self.database.write() as session:
            second_factor.switch_off(session, self.user_id, now=now, actor="test")

    def actions(self) -> list[str]:
        with self.database.read() as session:
            query = select(AuditEntry.action).where(AuditEntry.action != "add")
            return list(session.scalars(query.order_by(AuditEntry.id)))


@pytest.fixture
def phone(database: Database, vault: Vault, anna: User) -> Phone:
    return Phone(database, vault, anna.id)


def test_a_secret_counts_once_the_app_showed_a_right_code(phone: Phone, now: datetime) -> None:
    assert second_factor.secret_of(phone.vault, phone.user()) == ""
    secret = phone.prepare()
    assert not second_factor.is_on(phone.user())
    with pytest.raises(SecondFactorError) as refused:
        phone.confirm("000000" if pyotp.TOTP(secret).at(now) != "000000" else "000001", now)
    assert refused.value.reason == "wrong_code"
    codes = phone.confirm(pyotp.TOTP(secret).at(now), now)
    assert second_factor.is_on(phone.user())
    assert len(set(codes)) == 10
    assert second_factor.secret_of(phone.vault, phone.user()) == ""
    assert phone.actions() == ["second_factor_on"]


def test_the_ledger_has_neither_secret_nor_recovery_codes_in_plain(phone: Phone, now: datetime) -> None:
    secret = phone.prepare()
    codes = phone.confirm(pyotp.TOTP(secret).at(now), now)
    kept = str(vars(phone.user()))
    assert not any(word in kept for word in (secret, *codes))


def test_a_secret_in_use_is_not_replaced_nor_confirmed_again(phone: Phone, now: datetime) -> None:
    app = pyotp.TOTP(phone.prepare())
    phone.confirm(app.at(now), now)
    assert phone.prepare() == ""
    with pytest.raises(SecondFactorError) as refused:
        phone.confirm(app.at(now + STEP), now + STEP)
    assert refused.value.reason == "not_prepared"
    phone.check(app.at(now + STEP), now + STEP)


def test_nothing_is_confirmed_that_was_not_prepared(phone: Phone, now: datetime) -> None:
    with pytest.raises(SecondFactorError, match="nothing to confirm"):
        phone.confirm("123456", now)


@pytest.mark.parametrize(("steps", "is_right"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_clocks_may_differ_by_half_a_minute(
    phone: Phone, now: datetime, steps: int, *, is_right: bool
) -> None:
    app = pyotp.TOTP(phone.prepare())
    phone.confirm(app.at(now), now)
    later = now + 10 * STEP
    code = app.at(later + steps * STEP)
    if is_right:
        phone.check(f"{code[:3]} {code[3:]}", later)
    else:
        with pytest.raises(SecondFactorError):
            phone.check(code, later)


def test_no_code_is_taken_twice_nor_one_before_the_last(phone: Phone, now: datetime) -> None:
    app = pyotp.TOTP(phone.prepare())
    phone.confirm(app.at(now), now)
    for code in (app.at(now), app.at(now - STEP)):
        with pytest.raises(SecondFactorError, match="used already"):
            phone.check(code, now)
    phone.check(app.at(now + STEP), now + STEP)


@pytest.mark.parametrize("code", ["", "1234567", "abcdef", "\N{FULLWIDTH DIGIT ONE}23456"])
def test_what_is_no_code_is_not_taken(phone: Phone, now: datetime, code: str) -> None:
    app = pyotp.TOTP(phone.prepare())
    phone.confirm(app.at(now), now)
    with pytest.raises(SecondFactorError):
        phone.check(code, now + STEP)


def test_a_recovery_code_is_taken_once_however_it_is_typed(phone: Phone, now: datetime) -> None:
    app = pyotp.TOTP(phone.prepare())
    codes = phone.confirm(app.at(now), now)
    phone.check(codes[0].upper().replace("-", " "), now)
    assert len(phone.user().recovery_codes) == 9
    with pytest.raises(SecondFactorError):
        phone.check(codes[0], now)
    phone.check(codes[9], now)
    assert phone.actions() == ["second_factor_on", "recovery_code_used", "recovery_code_used"]


def test_switched_off_the_secret_is_gone(phone: Phone, now: datetime) -> None:
    phone.switch_off(now)
    phone.confirm(pyotp.TOTP(phone.prepare()).at(now), now)
    phone.switch_off(now)
    user = phone.user()
    assert (user.totp_secret, user.totp_since, user.recovery_codes) == (b"", None, [])
    assert phone.actions() == ["second_factor_on", "second_factor_off"]


def test_apps_read_the_secret_from_its_address() -> None:
    parts = urlsplit(second_factor.address_of("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", "anna@example.com"))
    assert (parts.scheme, parts.netloc, parts.path) == (
        "otpauth",
        "totp",
        "/Refund%20Sync:anna%40example.com",
    )
    assert parse_qs(parts.query) == {
        "secret": ["JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"],
        "issuer": ["Refund Sync"],
    }


def test_codes_are_those_of_the_standard(phone: Phone, now: datetime) -> None:
    # RFC 6238 appendix B: the key "12345678901234567890", the time 1111111109, SHA-1, the last six digits
    with phone.database.write() as session:
        user = session.get_one(User, phone.user_id)
        user.totp_secret = phone.vault.seal("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")
        user.totp_since = now
    phone.check("081804", datetime.fromisoformat("2005-03-18T01:58:29+00:00"))
