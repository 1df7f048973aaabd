"""Every scenario that is shipped comes true, through the gateway that `tipstaff simulate` starts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from itertools import count
from pathlib import Path

import pytest

from gateway.cli.place import Access, prepared
from simulator.scenario import Report
from simulator.scenario_files import load_scenario, shipped

Play = Callable[[str], Awaitable[Report]]
STARTING_S = 60


@pytest.fixture
def scenario(tmp_path: Path) -> Play:
    """Plays a scenario by its name or file, and returns how it went."""

    sites = count()

    async def play(name: str) -> Report:
        async with prepared(load_scenario(name), Access(keep=tmp_path / f"site{next(sites)}")) as run:
            return await run.run()

    return play


def limited(name: str) -> object:
    """A scenario as a parameter, with the time that it allows itself, twice."""
    limit_s = 2 * (load_scenario(name).timeout_s + STARTING_S)
    return pytest.param(name, marks=pytest.mark.timeout(limit_s))


@pytest.mark.parametrize("name", [limited(name) for name in shipped()])
async def test_shipped_scenario_comes_true(scenario: Play, name: str) -> None:
    """A loaded machine can take the time that an expectation leaves for itself: the best of two counts."""
    report = await scenario(name)
    if not report.ok:
        report = await scenario(name)
    assert report.finished
    assert [result.error for result in report.steps if result.error or not result.done] == []
    missed = [(one.expectation.text, one.detail) for one in report.outcomes if not one.passed]
    assert missed == [] and report.ok


async def test_scenario_that_does_not_come_true_is_told(scenario: Play, tmp_path: Path) -> None:
    """Or all of the above would say nothing."""
    file = tmp_path / "never.toml"
    file.write_text(
        'title = "Nobody presses"\n[[unit]]\nname = "a"\n'
        '[[expect]]\ncheck = "felt"\npattern = "received"\nwithin_s = 0.5\n'
        '[[expect]]\ncheck = "incidents"\ncount = 0\nwithin_s = 0.5\n'
    )
    report = await scenario(str(file))
    assert [one.passed for one in report.outcomes] == [False, True] and not report.ok
