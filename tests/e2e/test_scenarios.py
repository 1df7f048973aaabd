"""Every scenario that is shipped comes true, through the gateway that `tipstaff simulate` starts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from itertools import count
from pathlib import Path

import pytest

from gateway.cli.place import Access, prepared
from simulator.scenario import Report
from simulator.scenario_files import load_scenario, shipped

Play = Callable[[Sequence[str]], Awaitable[list[Report]]]
STARTING_S = 60
AT_ONCE = 4
"""A scenario waits nearly all of its time."""
GROUPS = [shipped()[first : first + AT_ONCE] for first in range(0, len(shipped()), AT_ONCE)]


@pytest.fixture
def scenarios(tmp_path: Path) -> Play:
    """Plays scenarios by their names or files, each with a site of its own, and returns how they went. They begin
    when the last site has started: it would take the time of the others."""

    sites = count()

    async def play(names: Sequence[str]) -> list[Report]:
        async with AsyncExitStack() as stack:
            runs = [
                await stack.enter_async_context(
                    prepared(load_scenario(name), Access(keep=tmp_path / f"site{next(sites)}"))
                )
                for name in names
            ]
            return await asyncio.gather(*(run.run() for run in runs))

    return play


def limited(names: Sequence[str]) -> object:
    """Scenarios as a parameter, with the time that they allow themselves, together and then each alone."""
    limits_s = [load_scenario(name).timeout_s for name in names]
    limit_s = max(limits_s) + sum(limits_s) + 2 * STARTING_S * len(names)
    return pytest.param(names, marks=pytest.mark.timeout(limit_s), id="-".join(names))


@pytest.mark.parametrize("names", [limited(names) for names in GROUPS])
async def test_shipped_scenarios_come_true(scenarios: Play, names: Sequence[str]) -> None:
    """A loaded machine can take the time that an expectation leaves for itself: the best of two counts."""
    for name, report in zip(names, await scenarios(names), strict=True):
        if not report.ok:
            (report,) = await scenarios([name])
        assert report.finished
        assert [result.error for result in report.steps if result.error or not result.done] == [], name
        missed = [(one.expectation.text, one.detail) for one in report.outcomes if not one.passed]
        assert missed == [] and report.ok, name


async def test_scenario_that_does_not_come_true_is_told(scenarios: Play, tmp_path: Path) -> None:
    """Or all of the above would say nothing."""
    file = tmp_path / "never.toml"
    file.write_text(
        'title = "Nobody presses"\n[[unit]]\nname = "a"\n'
        '[[expect]]\ncheck = "felt"\npattern = "received"\nwithin_s = 0.5\n'
        '[[expect]]\ncheck = "incidents"\ncount = 0\nwithin_s = 0.5\n'
    )
    (report,) = await scenarios([str(file)])
    assert [one.passed for one in report.outcomes] == [False, True] and not report.ok
