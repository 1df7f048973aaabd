"""The collector of this folder never turns a broken run into a pass."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
GOOD = """
import asyncio, os
def test_plain(): assert os.getcwd() == os.getenv("TIPSTAFF_TMP")
async def test_async(): await asyncio.sleep(0)
"""


def outcomes(folder: Path, source: str, *arguments: str) -> tuple[dict[str, int], str]:
    """Runs pytest over one MicroPython file of this source; its counts (passed, failed, …) and its output."""
    place = folder / "tests" / "firmware_mp"
    place.mkdir(parents=True)
    for name in ("conftest.py", "interpreter.py"):
        shutil.copy(HERE / name, place / name)
    (place / "mp_sample.py").write_text(source)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(folder)]
    ran = subprocess.run(
        [*command, *(arguments or (str(place),))],
        cwd=place,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
    )
    last = ran.stdout.strip().splitlines()[-1]
    return {what: int(count) for count, what in re.findall(r"(\d+) (\w+)", last)}, ran.stdout


@pytest.mark.parametrize(
    "arguments", [(), ("mp_sample.py",), ("mp_sample.py::test_plain", "mp_sample.py::test_async")]
)
def test_passes_are_counted(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    counts, _ = outcomes(tmp_path, GOOD, *arguments)
    assert counts["passed"] == 2 and "failed" not in counts


def test_failure_shows_its_traceback_and_output(tmp_path: Path) -> None:
    counts, output = outcomes(
        tmp_path, GOOD + "async def test_wrong():\n    print('said')\n    assert 1 == 2, 'because'\n"
    )
    assert counts["passed"] == 2 and counts["failed"] == 1
    assert "AssertionError: because" in output and "said" in output


@pytest.mark.parametrize(
    ("source", "word"),
    [
        (
            "def test_a(): pass\ndef test_b():\n    import os\n    os.system('kill -9 $PPID')\n",
            "ended with -9",
        ),
        ("TIMEOUT_S = 0.5\ndef test_a(): pass\ndef test_b():\n    while True: pass\n", "no end within"),
        ("def test_a(): pass\ndef test_b():\n    import os, sys\n    sys.exit(0)\n", "SystemExit"),
        ("import nothing\ndef test_a(): pass\ndef test_b(): pass\n", "ImportError"),
    ],
)
def test_run_that_dies_hangs_or_cannot_start_fails(tmp_path: Path, source: str, word: str) -> None:
    counts, output = outcomes(tmp_path, source)
    assert counts["failed"] >= 1 and counts.get("passed", 0) <= 1 and word in output


def test_file_without_tests_is_an_error(tmp_path: Path) -> None:
    counts, output = outcomes(tmp_path, "x = 1\n")
    assert "passed" not in counts and "has no test functions" in output
