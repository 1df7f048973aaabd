from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.errors import NotFound, ScenarioError
from simulator.scenario_files import load_scenario, parse_scenario, shipped

GOOD = """
title = "One press"
[[unit]]
name = "officer"
motion = "walking"
[[step]]
id = "press"
at_s = 1
do = "press"
[[expect]]
check = "felt"
pattern = "received"
after = "press"
within_s = 3.5
"""


def parse(text: str) -> None:
    parse_scenario(text.encode(), "x.toml")


def test_good_scenario_is_read() -> None:
    scenario = parse_scenario(GOOD.encode(), "dir/press.toml")
    assert scenario.name == "press" and scenario.timeout_s == 120
    assert scenario.steps[0].unit == "officer" and scenario.steps[0].at_s == 1.0
    assert scenario.expectations[0].text == "officer: felt pattern=received within 3.5 s after press"


@pytest.mark.parametrize(
    ("old", "new", "key", "allowed"),
    [
        ('title = "One press"', 'titel = "x"', "titel", "title"),
        ('title = "One press"', "", "title", "text"),
        ('name = "officer"', "name = 5", "unit[0].name", "text"),
        ('motion = "walking"', 'motion = "flying"', "unit[0].motion", "standing, walking, driving"),
        ('motion = "walking"', 'motion = "walking"\ntrack = "x.gpx"', "unit[0].track", "one of the two"),
        ('motion = "walking"', "lat = 91.0", "unit[0].lat", "from -90 to 90"),
        ('motion = "walking"', "lat = nan", "unit[0].lat", "from -90 to 90"),
        ("at_s = 1", "at_s = 120", "timeout_s", "more than 120"),
        ("at_s = 1", "at_s = -1", "step[0].at_s", "from 0 to 3600"),
        ("at_s = 1", 'at_s = "1"', "step[0].at_s", "a number"),
        ("at_s = 1", "at_s = true", "step[0].at_s", "a number"),
        ("at_s = 1", "", "step[0].at_s", "a number"),
        ('do = "press"', 'do = "pres"', "step[0].do", "short_presses"),
        ('do = "press"', 'do = "press"\nhold = 5', "step[0].hold", "hold_ms"),
        ('do = "press"', 'do = "press"\nunit = "x"', "step[0].unit", "officer"),
        ('do = "press"', 'do = "short_presses"\ntimes = 2.5', "step[0].times", "whole number"),
        ('pattern = "received"', 'pattern = "recieved"', "expect[0].pattern", "received"),
        ('pattern = "received"', "", "expect[0].pattern", "received"),
        ('after = "press"', 'after = "cut"', "expect[0].after", "press"),
        ("within_s = 3.5", "within_s = 0", "expect[0].within_s", "0.001"),
        ("within_s = 3.5", "within_s = inf", "expect[0].within_s", "3600"),
        ('check = "felt"', 'check = "smelt"', "expect[0].check", "not_felt"),
        ('check = "felt"', 'check = "not_felt"', "expect[0].within_s", "for_s"),
        ("[[unit]]", "[unit]", "unit", "[[unit]]"),
    ],
)
def test_mistake_names_the_file_the_key_and_what_is_allowed(
    old: str, new: str, key: str, allowed: str
) -> None:
    assert old in GOOD
    with pytest.raises(ScenarioError) as caught:
        parse(GOOD.replace(old, new))
    assert (caught.value.file, caught.value.key) == ("x.toml", key)
    assert allowed in caught.value.allowed
    assert "\n" not in str(caught.value)


def test_misspelt_key_is_guessed() -> None:
    with pytest.raises(ScenarioError, match="did you mean 'title'"):
        parse(GOOD.replace("title", "titel"))


def test_not_felt_needs_one_end() -> None:
    text = GOOD.replace('"felt"', '"not_felt"').replace("within_s = 3.5", "")
    with pytest.raises(ScenarioError, match="either until or for_s"):
        parse(text)
    with pytest.raises(ScenarioError, match="either until or for_s"):
        parse(text + 'for_s = 2\nuntil = "press"')
    parse(text + "for_s = 2")


def test_step_id_twice_and_nothing_expected_are_refused() -> None:
    step = '[[step]]\nid = "press"\nat_s = 2\ndo = "press"\n'
    with pytest.raises(ScenarioError, match="'press' twice"):
        parse(GOOD + step)
    with pytest.raises(ScenarioError, match="nothing is expected"):
        parse(GOOD.partition("[[expect]]")[0])


@given(st.binary(max_size=200))
def test_random_bytes_are_one_clear_error(data: bytes) -> None:
    with pytest.raises(ScenarioError):
        parse_scenario(data, "x.toml")


@given(st.integers(0, len(GOOD) - 1), st.characters(max_codepoint=127))
def test_changed_character_is_a_scenario_or_a_clear_error(position: int, character: str) -> None:
    try:
        parse(GOOD[:position] + character + GOOD[position + 1 :])
    except ScenarioError as error:
        assert str(error).startswith("x.toml: ")


def test_unknown_scenario_names_the_shipped_ones(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="dead_zone"):
        load_scenario("presss")
    with pytest.raises(NotFound, match="dead_zone"):
        load_scenario(str(tmp_path / "absent.toml"))


@pytest.mark.parametrize("name", shipped())
def test_shipped_scenario_is_valid_and_says_what_it_is_for(name: str) -> None:
    scenario = load_scenario(name)
    assert scenario.about and scenario.expectations


def test_five_scenarios_are_shipped() -> None:
    names = {"press", "dead_zone", "link_cut_at_press", "unit_power_cut", "low_battery"}
    assert names <= set(shipped())
