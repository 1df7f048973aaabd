"""docs/simulator.md names everything that a scenario may say."""

from pathlib import Path

import pytest

from simulator import scenario_keys
from simulator.gnss import MODES
from simulator.scenario_files import parse_scenario, shipped

TEXT = (Path(__file__).parents[2] / "docs" / "simulator.md").read_text("utf-8")
WORDS = {
    *scenario_keys.STEPS,
    *scenario_keys.EXPECTATIONS,
    *scenario_keys.UNIT,
    *scenario_keys.ACTIONS,
    *MODES,
    *shipped(),
    *(key for keys in scenario_keys.STEPS.values() for key in keys),
    *(key for keys in scenario_keys.EXPECTATIONS.values() for key in keys),
}


@pytest.mark.parametrize("word", sorted(WORDS))
def test_word_is_described(word: str) -> None:
    assert f"`{word}`" in TEXT or f"\n{word} = " in TEXT


def test_example_is_a_scenario() -> None:
    example = TEXT.partition("```toml\n")[2].partition("```")[0]
    assert parse_scenario(example.encode(), "docs/simulator.md").steps[0].do == "press"
