"""Lists as CSV for spreadsheets: RFC 4180 in UTF-8 with a byte order mark, bounded, and never a formula."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal

from starlette.responses import Response

from gateway.clock import BEIJING, beijing

ROWS_MAX = 10_000

Language = Literal["zh", "en"]
Cell = str | int | float | bool | None

_CUT = {
    "zh": "（已截断：仅导出前 {shown} 行，共 {found} 行；请缩小筛选范围）",
    "en": "(cut: the first {shown} of {found} rows; narrow the filter)",
}
_YES_NO = {"zh": ("否", "是"), "en": ("no", "yes")}


def csv_answer(
    name: str,
    heads: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    found: int,
    language: Language,
    now_ms: int,
) -> Response:
    """A CSV file to keep, as `name-20261126-1105.csv`. rows: at most 10,000 of the `found` ones; a last line says
    when there were more, and the header `X-Tipstaff-Cut` says it to programs."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(heads)
    shown = 0
    for row in rows:
        writer.writerow([_cell(value, language) for value in row])
        shown += 1
    if found > shown:
        writer.writerow([_CUT[language].format(shown=shown, found=found)])
    stamp = datetime.fromtimestamp(now_ms / 1000, BEIJING).strftime("%Y%m%d-%H%M")
    headers = {
        "Content-Disposition": f'attachment; filename="{name}-{stamp}.csv"',
        "X-Tipstaff-Cut": "1" if found > shown else "0",
    }
    return Response("\ufeff" + text.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


def time_of(at_ms: int | None) -> str | None:
    """A time as `2026-11-26 11:05:09` in Beijing; None stays None, and so does one that no calendar has."""
    at = beijing(at_ms) if at_ms is not None else None
    return at.strftime("%Y-%m-%d %H:%M:%S") if at is not None else None


def _cell(value: Cell, language: Language) -> Cell:
    if isinstance(value, bool):
        return _YES_NO[language][value]
    return _harmless(value) if isinstance(value, str) else value


def _harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula (OWASP, CSV injection): with an apostrophe before it when it
    begins like one, spaces and invisible characters set aside."""
    for char in text:
        if char.isspace() or unicodedata.category(char)[0] == "C":
            if char in "\t\r\n":
                return "'" + text
            continue
        return "'" + text if unicodedata.normalize("NFKC", char) in ("=", "+", "-", "@", "|", "%") else text
    return text
