"""Play every scenario: those that share nothing at the same time, those of trouble one after another."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from cli.demo import amazon, ebay, from_netsuite, magento, recovery, to_netsuite, trouble
from cli.demo.control import ControlError
from cli.demo.stage import Stage
from cli.demo.verdict import Verdict, judge
from cli.demo.watch import DemoError

_AT_ONCE: Final = 8

TOGETHER: Final[tuple[Callable[[Stage], None], ...]] = (
    *recovery.SCENARIOS,  # the longest first
    *amazon.SCENARIOS,
    *ebay.SCENARIOS,
    *magento.SCENARIOS,
    *from_netsuite.SCENARIOS,
    *to_netsuite.SCENARIOS,
)
"""Scenarios that may play at the same time."""

SCENARIOS: Final = (*TOGETHER, *trouble.SCENARIOS)
"""Every scenario."""


def play(stage: Stage) -> Verdict:
    """Play every scenario, and judge what came out."""
    failures: list[str] = []

    def act(scenario: Callable[[Stage], None]) -> None:
        try:
            scenario(stage)
        except (DemoError, ControlError) as error:
            failures.append(f"{scenario.__module__.rpartition('.')[2]}.{scenario.__name__}: {error}")

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        list(pool.map(act, TOGETHER))
    for scenario in trouble.SCENARIOS:
        act(scenario)
    try:
        stage.settle()
    except DemoError as error:
        failures.append(str(error))
    verdict = judge(stage)
    verdict.wrong.extend(failures)
    return verdict
