"""Courts from a CSV file: read strictly, or not at all.

Columns: court_id, name, level (high, intermediate, basic), parent_id (empty for the highest), lat, lon (decimal
degrees); optional: court_code, adcode, source, datum (wgs84, cgcs2000, gcj02, bd09; wgs84 when empty). Every bad
row is named with its line, all of them at once, and then nothing is taken.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from gateway.dispatch.datum import TO_WGS84
from gateway.errors import TipstaffError
from gateway.model import Court, Level

FILE_MAX_BYTES = 16 << 20
ROWS_MAX = 50_000
NAME_MAX = 100
SOURCE_MAX = 500
PROBLEMS_SHOWN = 20
PLACEHOLDER = "PLACEHOLDER"
REQUIRED = ("court_id", "name", "level", "parent_id", "lat", "lon")
OPTIONAL = ("court_code", "adcode", "source", "datum")
SAMPLE = Path(__file__).parent.parent / "data" / "fujian_courts.csv"

_ID = re.compile(r"[A-Za-z0-9_-]{1,16}")
_DEGREES = re.compile(r"[+-]?[0-9]{1,3}(\.[0-9]{1,15})?")
_HEIGHT = {Level.BASIC: 0, Level.INTERMEDIATE: 1, Level.HIGH: 2}


class CourtsFileError(TipstaffError):
    """A file of courts that cannot be taken. `problems`: one line each, as "line 7: ..."."""

    def __init__(self, source: str, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        shown = list(self.problems[:PROBLEMS_SHOWN])
        if len(self.problems) > PROBLEMS_SHOWN:
            shown.append(f"and {len(self.problems) - PROBLEMS_SHOWN} more")
        super().__init__(f"{source}: " + f"\n{source}: ".join(shown))


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    court: Court


def read_file(path: Path) -> list[Court]:
    """The courts of a CSV file, in its order. Raises CourtsFileError."""
    try:
        with path.open("rb") as file:
            data = file.read(FILE_MAX_BYTES + 1)
    except OSError as error:
        raise CourtsFileError(str(path), [error.strerror or "cannot be read"]) from None
    return read(data, str(path))


def read(data: bytes, source: str = "courts") -> list[Court]:
    """The courts of CSV text in UTF-8 (a byte order mark is allowed), in its order. Raises CourtsFileError."""
    if len(data) > FILE_MAX_BYTES:
        raise CourtsFileError(source, [f"is larger than {FILE_MAX_BYTES >> 20} MiB"])
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise CourtsFileError(source, [f"line {line}: is not UTF-8; save the file as UTF-8"]) from None
    problems: list[str] = []
    rows: list[_Row] = []
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = next(reader, [])
        _check_header(header, source)
        line = reader.line_num + 1
        for cells in reader:
            if cells:
                _take(cells, header, line, rows, problems)
            if len(rows) > ROWS_MAX:
                raise CourtsFileError(source, [f"line {line}: more than {ROWS_MAX} courts"])
            line = reader.line_num + 1
    except csv.Error as error:
        problems.append(f"line {reader.line_num}: is not CSV: {error}")
    problems += _misplaced(rows)
    if not rows and not problems:
        problems.append("has no courts")
    if problems:
        raise CourtsFileError(source, sorted(problems, key=_line_of))
    return [row.court for row in rows]


def _check_header(header: list[str], source: str) -> None:
    problems = [f"line 1: column {name!r} is missing" for name in REQUIRED if name not in header]
    problems += [
        f"line 1: unknown column {name[:NAME_MAX]!r}; known are {', '.join(REQUIRED + OPTIONAL)}"
        for name in header
        if name not in REQUIRED + OPTIONAL
    ]
    problems += [f"line 1: column {name!r} twice" for name in sorted(set(header)) if header.count(name) > 1]
    if problems:
        raise CourtsFileError(source, problems)


def _take(cells: list[str], header: list[str], line: int, rows: list[_Row], problems: list[str]) -> None:
    if len(cells) != len(header):
        problems.append(f"line {line}: {len(cells)} cells, but {len(header)} columns")
        return
    try:
        rows.append(_Row(line, _court(dict(zip(header, cells, strict=True)))))
    except ValueError as error:
        problems.append(f"line {line}: {error}")


def _court(row: dict[str, str]) -> Court:
    court_id = row["court_id"]
    if not _ID.fullmatch(court_id):
        raise ValueError(f"court_id {court_id[:NAME_MAX]!r}: use 1 to 16 of the characters A-Z a-z 0-9 - _")
    name = _text("name", row["name"], NAME_MAX)
    if not name:
        raise ValueError("name is empty")
    source = _text("source", row.get("source", ""), SOURCE_MAX)
    for column in ("court_code", "adcode"):
        _text(column, row.get(column, ""), NAME_MAX)
    levels = ", ".join(level.value for level in Level)
    if row["level"] not in list(Level):
        raise ValueError(f"level {row['level'][:NAME_MAX]!r} is none of {levels}")
    datum = row.get("datum", "").lower().replace("-", "") or "wgs84"
    if datum not in TO_WGS84:
        raise ValueError(f"datum {datum[:NAME_MAX]!r} is none of {', '.join(TO_WGS84)}")
    lat, lon = _degrees("lat", row["lat"], 90), _degrees("lon", row["lon"], 180)
    if lat == 0 and lon == 0:
        raise ValueError("lat and lon are both 0: no court is there")
    lat, lon = TO_WGS84[datum](lat, lon)
    return Court(
        court_id,
        name,
        Level(row["level"]),
        row["parent_id"] or None,
        round(lat * 1e7),
        round(lon * 1e7),
        placeholder=PLACEHOLDER in source,
        source=source,
    )


def _text(column: str, text: str, limit: int) -> str:
    if len(text) > limit:
        raise ValueError(f"{column} has {len(text)} characters, at most {limit} are allowed")
    for character in text:
        # Cc control, Cf format (turns the direction of text), Cs, Co, Cn; Zl and Zp break lines.
        if unicodedata.category(character)[0] == "C" or unicodedata.category(character) in ("Zl", "Zp"):
            raise ValueError(f"{column} has the invisible character U+{ord(character):04X}")
    if text != text.strip():
        raise ValueError(f"{column} begins or ends with a space")
    return text


def _degrees(column: str, text: str, limit: int) -> float:
    if not _DEGREES.fullmatch(text):
        raise ValueError(f"{column} {text[:NAME_MAX]!r} is not a number of decimal degrees")
    value = float(text)
    if abs(value) > limit:
        raise ValueError(f"{column} {text} is not between -{limit} and {limit}")
    return value


def _misplaced(rows: list[_Row]) -> list[str]:
    """What is wrong between rows: the same id twice, and parents."""
    problems = []
    by_id: dict[str, _Row] = {}
    for row in rows:
        first = by_id.setdefault(row.court.court_id, row)
        if first is not row:
            problems.append(f"line {row.line}: court_id {row.court.court_id} is already on line {first.line}")
    for row in by_id.values():
        court = row.court
        if court.parent_id is None:
            continue
        parent = by_id.get(court.parent_id)
        if parent is None:
            problems.append(
                f"line {row.line}: parent_id {court.parent_id[:NAME_MAX]!r} is no court of this file"
            )
        elif _in_circle(court, by_id):
            problems.append(f"line {row.line}: the courts above {court.court_id} lead back to itself")
        elif _HEIGHT[parent.court.level] <= _HEIGHT[court.level]:
            problems.append(
                f"line {row.line}: {court.parent_id} ({parent.court.level}) cannot be above a {court.level} court"
            )
    return problems


def _in_circle(court: Court, by_id: dict[str, _Row]) -> bool:
    passed: set[str] = set()
    above = court.parent_id
    while above is not None and above not in passed and above in by_id:
        if above == court.court_id:
            return True
        passed.add(above)
        above = by_id[above].court.parent_id
    return False


def _line_of(problem: str) -> int:
    number = problem.removeprefix("line ").partition(":")[0]
    return int(number) if number.isdigit() else 0
