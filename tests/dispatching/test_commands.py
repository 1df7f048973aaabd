"""`tipstaff nearest` and `tipstaff courts` as a person or a program runs them."""

import contextlib
import io
import json
import sqlite3
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import pytest

from gateway.cli.main import app
from gateway.dispatch.courts import SAMPLE

HEADER = "court_id,name,level,parent_id,lat,lon\n"


@dataclass
class Ran:
    """What a command printed and how it ended."""

    stdout: str
    stderr: str
    returncode: int


Tipstaff = Callable[..., Ran]


@pytest.fixture
def tipstaff(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tipstaff:
    """Runs the command in this process, with its data in a folder of its own."""
    monkeypatch.setenv("TIPSTAFF_SITE__DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("COLUMNS", "200")

    def run(*words: object) -> Ran:
        out, err, code = io.StringIO(), io.StringIO(), 0
        arguments = patch.object(sys, "argv", ["tipstaff", *map(str, words)])
        with arguments, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                app()
            except SystemExit as ended:
                code = int(ended.code or 0)
        return Ran(out.getvalue(), err.getvalue(), code)

    return run


def test_nearest_prints_one_object_in_geodesic_order(tipstaff: Tipstaff) -> None:
    ran = tipstaff("nearest", "26.0745", "119.2965", "--limit", "4", "--json")
    assert ran.returncode == 0, ran.stderr
    (found,) = json.loads(ran.stdout).values()
    assert [court["court"] for court in found] == ["3501", "350102", "350103", "350111"]
    assert set(found[0]) == {"court", "name", "lat", "lon", "distance_m", "eta_s", "why"}
    assert [court["distance_m"] for court in found] == sorted(court["distance_m"] for court in found)


def test_nearest_of_a_file_takes_negative_degrees(tmp_path: Path, tipstaff: Tipstaff) -> None:
    (tmp_path / "c.csv").write_text(HEADER + "S,South,high,,-26.1,-119.2\nN,North,basic,S,26.1,119.2\n")
    courts = ("--courts", tmp_path / "c.csv", "--json")
    plain = tipstaff("nearest", "-26.1", "-119.2", *courts)
    dashed = tipstaff("nearest", *courts, "--", "-26.1", "-119.2")
    assert plain.stdout == dashed.stdout
    first, second = json.loads(plain.stdout)["candidates"]
    assert (first["court"], first["distance_m"], second["court"]) == ("S", 0, "N")


def test_nearest_without_json_is_a_table_that_says_it_is_a_sample(tipstaff: Tipstaff) -> None:
    ran = tipstaff("nearest", "26.0745", "119.2965")
    assert "350102" in ran.stdout and "estimate" in ran.stdout and "sample" in ran.stdout


@pytest.mark.parametrize(
    "position",
    [("91", "0"), ("0", "-180.1"), ("nan", "0"), ("north", "0"), ("1e400", "0"), ("--", "-26.1x", "0")],
)
def test_nearest_of_a_bad_position_is_one_clear_error(tipstaff: Tipstaff, position: tuple[str, ...]) -> None:
    ran = tipstaff("nearest", *position)
    assert ran.returncode == 2 and ran.stdout == ""
    assert ran.stderr.count("\n") == 1 and "is not decimal degrees between" in ran.stderr


def test_courts_are_replaced_by_an_import_and_kept_by_a_bad_one(tmp_path: Path, tipstaff: Tipstaff) -> None:
    assert tipstaff("courts", "import", SAMPLE).stdout.startswith(
        "95 courts imported (12 with a placeholder position), 0 removed"
    )
    (tmp_path / "mine.csv").write_text(HEADER + "N1,North,high,,41.8,123.4\n")
    ran = tipstaff("courts", "import", tmp_path / "mine.csv")
    assert ran.stdout.startswith("1 courts imported (0 with a placeholder position), 95 removed")
    (tmp_path / "bad.csv").write_text(HEADER + "N2,Bad,high,,41.8,523.4\n")
    ran = tipstaff("courts", "import", tmp_path / "bad.csv")
    assert ran.returncode == 2 and "line 2: lon 523.4" in ran.stderr and "Traceback" not in ran.stderr
    listed = json.loads(tipstaff("courts", "list", "--json").stdout)
    assert [court["court_id"] for court in listed["courts"]] == ["N1"]
    near = json.loads(tipstaff("nearest", "26", "119", "--json").stdout)
    assert [court["court"] for court in near["candidates"]] == ["N1"]
    tipstaff("courts", "import", SAMPLE, "--keep")
    listed = json.loads(tipstaff("courts", "list", "--json").stdout)
    assert len(listed["courts"]) == 96


def test_court_that_a_unit_belongs_to_is_not_removed(tmp_path: Path, tipstaff: Tipstaff) -> None:
    tipstaff("courts", "import", SAMPLE)
    with sqlite3.connect(tmp_path / "data" / "tipstaff.db") as database:
        database.execute(
            "INSERT INTO units (unit_id, court_id, officer, cancel_code, registered_ms, generation, serial_hex) "
            "VALUES ('U1', '350102', 'x', 3, 0, 0, '')"
        )
    (tmp_path / "mine.csv").write_text(HEADER + "N1,North,high,,41.8,123.4\n")
    ran = tipstaff("courts", "import", tmp_path / "mine.csv")
    assert ran.returncode == 2 and "350102" in ran.stderr and "--keep" in ran.stderr
    assert len(json.loads(tipstaff("courts", "list", "--json").stdout)["courts"]) == 95
