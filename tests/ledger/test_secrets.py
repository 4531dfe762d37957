import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from ledger.secrets import SecretsError, Vault
from ledger.settings import Settings
from tests.support.racing import race

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
    max_leaves=5,
)


def settings_of(data_dir: Path, **env: str) -> Settings:
    return Settings.from_env({"REFUND_SYNC_DATA_DIR": str(data_dir), **env})


@given(json_values)
def test_what_is_sealed_comes_back_as_it_was(value: object) -> None:
    vault = Vault((NEW,))
    assert vault.open(vault.seal(value)) == value


def test_what_is_sealed_shows_nothing_of_itself() -> None:
    vault = Vault((NEW,))
    sealed = vault.seal({"access_token": "shpat_0123456789"})
    assert b"shpat" not in sealed
    assert sealed != vault.seal({"access_token": "shpat_0123456789"})


def test_a_new_key_in_front_opens_old_secrets_and_seals_new_ones() -> None:
    sealed = Vault((OLD,)).seal("x")
    both = Vault((NEW, OLD))
    assert both.open(sealed) == "x"
    with pytest.raises(SecretsError):
        Vault((OLD,)).open(both.seal("y"))


def test_a_rotated_secret_no_longer_needs_the_old_key() -> None:
    rotated = Vault((NEW, OLD)).rotated(Vault((OLD,)).seal("x"))
    assert Vault((NEW,)).open(rotated) == "x"


@pytest.mark.parametrize("change", [lambda s: s[:-1], lambda s: b"x" + s, lambda _: b"", lambda _: b"\xff"])
def test_a_tampered_secret_is_not_opened(change: Callable[[bytes], bytes]) -> None:
    vault = Vault((NEW,))
    with pytest.raises(SecretsError, match="REFUND_SYNC_SECRET_KEY") as refused:
        vault.open(change(vault.seal("x")))
    assert refused.value.reason == "secret_unreadable"


def test_the_keys_of_the_settings_are_used_where_there_are_some(tmp_path: Path) -> None:
    vault = Vault.of(settings_of(tmp_path, REFUND_SYNC_SECRET_KEY=f"{NEW}, {OLD}"))
    assert vault.open(Vault((OLD,)).seal("x")) == "x"
    assert not (tmp_path / "secret.key").exists()


def test_without_a_key_one_is_made_and_kept_for_its_owner_alone(tmp_path: Path) -> None:
    data_dir = tmp_path / "var"
    sealed = Vault.of(settings_of(data_dir)).seal("x")
    assert Vault.of(settings_of(data_dir)).open(sealed) == "x"
    assert stat.S_IMODE((data_dir / "secret.key").stat().st_mode) == stat.S_IRUSR | stat.S_IWUSR
    assert [file.name for file in data_dir.iterdir()] == ["secret.key"]


def test_processes_that_start_at_once_end_up_with_one_key(tmp_path: Path) -> None:
    vaults = race(*[lambda: Vault.of(settings_of(tmp_path))] * 8)
    sealed = vaults[0].seal("x")
    assert [vault.open(sealed) for vault in vaults] == ["x"] * 8
    assert [file.name for file in tmp_path.iterdir()] == ["secret.key"]
