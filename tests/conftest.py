"""Fixtures for every test: a ledger on both databases, a real Valkey, and no way out to the network."""

import gc
import os
import tempfile
import zlib
from collections.abc import Generator, Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from argon2.profiles import CHEAPEST
from cryptography.fernet import Fernet
from hypothesis import HealthCheck, settings
from redis import Redis

from ledger import people
from ledger.database import Database
from ledger.secrets import Vault
from tests.support.addresses import share_addresses
from tests.support.databases import Clone, postgresql_clones, sqlite_clones
from tests.support.kept import Given, Kept, watch_for_processes
from tests.support.ledger import NOW
from tests.support.places import quick_place
from tests.support.remembered import forget_remembered
from tests.support.serving import serving
from tests.support.statements import share_compiled

_SPECS = "SPECS_DIR"
_LONGEST_NAME = 60
_LONGEST = ("tests/functional/", "tests/guarantees/", "tests/cli/test_up", "tests/cli/test_processes")
_LITTER = 10_000  # objects made before the youngest are looked at
_ON_ONE_DATABASE = (
    "tests/cli/",
    "tests/guarantees/test_g03_",
    "tests/guarantees/test_g05_",
    "tests/guarantees/test_g09_",
    "tests/guarantees/test_g10_",
    "tests/guarantees/test_g11_",
    "tests/guarantees/test_g13_",
    "tests/guarantees/test_g14_",
    "tests/guarantees/test_g15_",
    "tests/guarantees/test_g18_",
    "tests/guarantees/test_g19_",
    "tests/webhooks/",
    "tests/workers/posting/",
    "tests/workers/test_alerting",
    "tests/workers/test_answering",
    "tests/workers/test_backfill",
    "tests/workers/test_bits",
    "tests/workers/test_carry_amazon",
    "tests/workers/test_carry_ebay",
    "tests/workers/test_carry_magento",
    "tests/workers/test_carry_failures",
    "tests/workers/test_carry_outcomes",
    "tests/workers/test_carry_to_",
    "tests/workers/test_carry_totals",
    "tests/workers/polling/",
    "tests/workers/test_polling",
    "tests/workers/test_pushed_ebay",
    "tests/workers/test_quotas",
    "tests/workers/test_reconciling",
    "tests/workers/test_strangers",
    "tests/workers/test_touched",
    "tests/workers/understanding/",
)
_GIVEN = pytest.StashKey[Given]()
_FAILED = pytest.StashKey[bool]()

share_compiled()
share_addresses()
watch_for_processes()

# How long an example takes says more about the machine than about the code.
settings.register_profile(
    "untimed", deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow]
)
# For running everything once more, where it is the dependencies that are tried out.
settings.register_profile("brief", parent=settings.get_profile("untimed"), max_examples=10)
# For a change to what has an algebra, while it is made.
settings.register_profile("thorough", parent=settings.get_profile("untimed"), max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "untimed"))


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Let tests connect to this host only (pytest-socket)."""
    config.option.allow_hosts = "127.0.0.1,::1,localhost"
    config.option.allow_unix_socket = True


def pytest_xdist_auto_num_workers() -> int:
    """Run a process more than there are cores: a good part of the time tests wait for what they started."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Leave what is loaded and collected out of the garbage collector's sight: it stays until the end."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(_LITTER)
        gc.enable()


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name what is long by its argument: whole payloads make no names, and signed ones differ by process."""
    return argname if isinstance(val, str | bytes) and len(val) > _LONGEST_NAME else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave each test of pages and platforms to one database, and skip what has no specifications to read.

    What takes longest comes first: at the end everybody would wait for it.

    What depends on the database is in the ledger and in how workers claim and carry: that runs on both,
    unless `ONE_DATABASE` is set.
    """
    spared = [item for item in items if _is_spared(item)]
    if spared:
        config.hook.pytest_deselected(items=spared)
        items[:] = [item for item in items if not _is_spared(item)]
    items.sort(key=lambda item: not item.nodeid.startswith(_LONGEST))
    needs_specs = pytest.mark.skipif(
        not os.environ.get(_SPECS), reason=f"{_SPECS} names no directory of the platforms' specifications"
    )
    for item in items:
        if "specs_dir" in getattr(item, "fixturenames", ()):
            item.add_marker(needs_specs)


def _is_spared(item: pytest.Item) -> bool:
    """Tell whether a test is left to the other database; which one it is depends on its name only."""
    spec = getattr(item, "callspec", None)
    name = spec.params.get("database_url") if spec is not None else None
    if name is None or not (os.environ.get("ONE_DATABASE") or item.nodeid.startswith(_ON_ONE_DATABASE)):
        return False
    bare = item.nodeid.replace("sqlite", "").replace("postgresql", "")
    kept = ("sqlite", "postgresql")[zlib.crc32(bare.encode()) % 2]
    return bool(name != kept)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember of a test that it failed: nobody knows what it left behind."""
    report = yield
    item.stash[_FAILED] = item.stash.get(_FAILED, False) or report.failed
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Fail a run that skipped anything where skips are refused (`REFUSE_SKIPS`)."""
    skipped = terminalreporter.stats.get("skipped", [])
    if os.environ.get("REFUSE_SKIPS") and skipped:
        terminalreporter.write_line(f"{len(skipped)} tests were skipped, and REFUSE_SKIPS is set", red=True)
        raise pytest.exit.Exception("skips are refused", returncode=pytest.ExitCode.TESTS_FAILED)


@pytest.fixture(autouse=True)
def _as_a_new_process() -> None:
    """Let no test know what clients have learnt of another's servers."""
    forget_remembered()


@pytest.fixture(scope="session")
def specs_dir() -> Path:
    """The directory of the platforms' published specifications."""
    return Path(os.environ[_SPECS])


@pytest.fixture
def now() -> datetime:
    """The moment at which tests take place, in UTC."""
    return NOW


@pytest.fixture(scope="session", autouse=True)
def hasher() -> Iterator[PasswordHasher]:
    """What hashes passwords in our processes; in the tests it is as quick as argon2 can be made to be."""
    real: PasswordHasher = vars(people)["_HASHER"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(people, "_HASHER", PasswordHasher.from_parameters(CHEAPEST))
        yield real


@pytest.fixture(scope="session")
def vault() -> Vault:
    """Seals and opens credentials."""
    return Vault((Fernet.generate_key().decode(),))


@pytest.fixture(scope="session")
def sqlite() -> Iterator[Clone]:
    """Makes SQLite databases."""
    with tempfile.TemporaryDirectory(prefix="sqlite-", dir=quick_place()) as directory:
        yield sqlite_clones(Path(directory))


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Clone]:
    """Makes PostgreSQL databases, on the server of `TEST_DATABASE_URL` or on one started for this run."""
    server = os.environ.get("TEST_DATABASE_URL")
    if server:
        with postgresql_clones(server) as clone:
            yield clone
    else:
        with serving("tests.support.keep_postgresql") as address, postgresql_clones(address) as clone:
            yield clone


@pytest.fixture(scope="session")
def _kept_sqlite(sqlite: Clone) -> Iterator[Kept]:
    with closing(Kept(sqlite)) as kept:
        yield kept


@pytest.fixture(scope="session")
def _kept_postgresql(postgresql: Clone) -> Iterator[Kept]:
    with closing(Kept(postgresql)) as kept:
        yield kept


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a migrated, empty database."""
    kept: Kept = request.getfixturevalue(f"_kept_{request.param}")
    with kept.giving() as given:
        request.node.stash[_GIVEN] = given
        yield given.url
        given.is_spoilt = request.node.stash.get(_FAILED, False)


@pytest.fixture
def database(request: pytest.FixtureRequest, database_url: str) -> Database:
    """The same, connected."""
    given: Given = request.node.stash[_GIVEN]
    return given.database


@pytest.fixture(scope="session")
def _valkey() -> Iterator[str]:
    with serving("tests.support.keep_valkey") as address:
        yield address


@pytest.fixture
def valkey_url(_valkey: str) -> str:
    """The URL of a real, empty Valkey."""
    with Redis.from_url(_valkey) as client:
        client.flushall()
    return _valkey
