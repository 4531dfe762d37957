from collections import Counter

import pytest

from bench.chaos import plan
from bench.chaos.faults import _WAYS
from ledger.queue import QUEUES


@pytest.mark.parametrize("database", ["postgresql", "sqlite"])
def test_every_kind_strikes_where_it_can(database: str) -> None:
    planned = plan.plan(7, 60, database=database, workers=2)
    assert len(planned) == 60
    assert {fault.kind for fault in planned} == set(plan.kinds(database))


def test_a_server_is_not_restarted_where_there_is_none() -> None:
    assert "database restarted" not in plan.kinds("sqlite")
    assert "disk full" not in plan.kinds("postgresql")
    assert set(plan.kinds("sqlite")) | set(plan.kinds("postgresql")) == set(plan.WEIGHTS)


def test_there_is_a_way_for_each_kind() -> None:
    assert set(_WAYS) == set(plan.WEIGHTS)


def test_a_seed_gives_the_same_plan_again_and_another_another() -> None:
    assert plan.plan(1, 40, database="sqlite", workers=1) == plan.plan(1, 40, database="sqlite", workers=1)
    assert plan.plan(1, 40, database="sqlite", workers=1) != plan.plan(2, 40, database="sqlite", workers=1)


def test_whatever_is_struck_is_there_to_be_struck() -> None:
    roles = plan.roles(2)
    assert {f"worker-{queue}-2" for queue in QUEUES} < set(roles)
    for fault in plan.plan(3, 400, database="postgresql", workers=2):
        assert fault.role in {"", *roles}
        assert fault.platform in {"", *QUEUES}
        assert bool(fault.point) is fault.kind.endswith("at a point")
        assert 0 <= fault.size <= 1


def test_kills_at_a_point_are_most_of_all() -> None:
    counted = Counter(fault.kind for fault in plan.plan(5, 1000, database="postgresql", workers=2))
    assert counted.most_common(1)[0][0] == "killed at a point"


def test_faults_strike_evenly_among_the_refunds() -> None:
    assert plan.moments(4, 100) == [20, 40, 60, 80]
    assert plan.moments(0, 100) == []
