"""The commands of the README, run as a newcomer runs them."""

from __future__ import annotations

import json
import re
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gateway.cli.main import build

ROOT = Path(__file__).resolve().parents[2]
TIPSTAFF = Path(sysconfig.get_path("scripts")) / "tipstaff"
PAGES = ("README.md", *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md"))))


def run(*words: str, folder: Path, timeout_s: float = 100) -> subprocess.CompletedProcess[str]:
    """`tipstaff` with `words` in `folder`."""
    return subprocess.run(
        [str(TIPSTAFF), *words], cwd=folder, capture_output=True, text=True, timeout=timeout_s, check=False
    )


def test_demo_check_feels_everything(tmp_path: Path) -> None:
    done = run("demo", "--check", "--json", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    assert result["alarms_pressed"] == result["incidents"] == 1
    assert result["felt"] == ["pressed", "received", "acknowledged", "on_the_way"]
    assert result["nearest_court"] and result["distance_m"] > 0
    assert result["press_to_stored_ms"] > 0 and result["press_to_console_ms"] > 0
    assert list(tmp_path.iterdir()) == []


def test_bench_reports_in_its_one_shape(tmp_path: Path) -> None:
    """How fast it is on this machine at this moment is not what a test can judge."""
    done = run("bench", "alarm", "--presses", "10", "--json", folder=tmp_path)
    assert done.returncode in (0, 1), done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    wanted = {"press_to_console_p50_ms", "press_to_console_p99_ms", "press_to_stored_p99_ms", "ratio_to_raw"}
    assert wanted <= report["metrics"].keys()
    assert report["ok"] == all(report["metrics"][name] <= limit for name, limit in report["targets"].items())
    assert report["raw"]["fsync_p99_ms"] > 0 and report["machine"]["cpus"] > 0


def commands_of(page: str) -> list[str]:
    """Every `tipstaff …` line of a page's shell blocks, without its comment."""
    text = (ROOT / page).read_text("utf-8")
    blocks = re.findall(r"```(?:sh|console|bash)\n(.*?)```", text, re.S)
    lines = [line.split("#")[0].strip() for block in blocks for line in block.splitlines()]
    return sorted(
        {line[line.index("tipstaff ") :] for line in lines if re.search(r"(^|/|\s)tipstaff ", line)}
    )


def help_of(*words: str) -> str:
    """What `tipstaff` prints with these words and `--help`; empty when there is no such command."""
    argv = [*words, "--help"]
    said = CliRunner().invoke(build(argv), argv)
    return said.stdout if said.exit_code == 0 else ""


@pytest.mark.parametrize("page", PAGES)
def test_every_command_on_a_page_exists(page: str) -> None:
    """The sub-command and each of its options are in its help."""
    for command in commands_of(page):
        words = command.split()[1:]
        names = [word for word in words if re.fullmatch(r"[a-z]+", word)][:2]
        help_text = help_of(*names) or help_of(*names[:1])
        assert help_text or words[0].startswith("-"), f"{page}: {command}"
        for option in (word.split("=")[0] for word in words if word.startswith("--")):
            assert option in help_text or option in ("--help", "--version"), f"{page}: {command}: {option}"
