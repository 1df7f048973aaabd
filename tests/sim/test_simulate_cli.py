"""`tipstaff simulate` as a person calls it; whole scenarios against a gateway are in tests/e2e."""

import json
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from gateway.cli.main import build
from gateway.errors import TipstaffError


def simulate(*words: str) -> Result:
    return CliRunner().invoke(build(["simulate"]), ["simulate", *words])


def test_list_names_what_is_shipped() -> None:
    answer = simulate("--list", "--json")
    assert answer.exit_code == 0, answer.output
    shown = json.loads(answer.stdout)
    assert "press" in shown["scenarios"] and "fuzhou_walk.gpx" in shown["tracks"]
    assert "The link is cut while the button is held" in simulate("--list").stdout


@pytest.mark.parametrize(
    ("words", "part"),
    [
        ((), "--list"),
        (("pres",), "dead_zone"),
        (("--interactive",), "needs a terminal"),
        (("press", "--url", "http://127.0.0.1:9"), "--home"),
        (("press", "--keep", "/etc"), "--keep needs a new or an empty folder"),
    ],
)
def test_mistake_is_one_clear_line(words: tuple[str, ...], part: str) -> None:
    """The command line prints a TipstaffError as one line and ends with status 2."""
    answer = simulate(*words)
    assert isinstance(answer.exception, TipstaffError)
    assert part in str(answer.exception) and "\n" not in str(answer.exception)


def test_mistake_in_a_scenario_names_the_key(tmp_path: Path) -> None:
    file = tmp_path / "x.toml"
    file.write_text('title = "x"\n[[unit]]\nname = "a"\nspeeed = 1\n')
    error = str(simulate(str(file)).exception)
    assert "unit[0].speeed" in error and "'speed'" in error
