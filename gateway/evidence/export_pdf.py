"""The report of an export as PDF: what `report.html` says, for files of a court that take nothing else.

Made by fpdf2, an extra (`pip install 'tipstaff[pdf]'`), with the Chinese font of this machine; what is used of it goes
into the file, which looks the same everywhere.
"""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gateway.clock import beijing
from gateway.errors import ExportRefused
from gateway.evidence.export_page import (
    SEGMENT_HEADS,
    TIMELINE_HEADS,
    facts,
    judged,
    lacks,
    ours,
    theirs,
    told,
    words,
)
from gateway.evidence.overlay import font_here

LIBRARY = "fpdf"
FONT = "report"
ROWS_MAX = 1_000
"""A thousand take some ten seconds."""
SMALL_PT, TEXT_PT, HEAD_PT, TITLE_PT = 7.5, 9.5, 12.0, 15.0
SIMPLIFIED = 2
"""Of the four fonts in a file of Noto Sans CJK."""
GREY = 190


def font_or_refused() -> Path:
    """The font. Raises ExportRefused when a PDF cannot be made here, with what to do."""
    if importlib.util.find_spec(LIBRARY) is None:
        raise ExportRefused("a PDF needs fpdf2: pip install 'tipstaff[pdf]'")
    found = font_here()
    if found is None:
        raise ExportRefused("a PDF needs a font with Chinese characters: apt-get install fonts-noto-cjk")
    return found


def pdf_page(index: Mapping[str, Any], language: str) -> bytes:
    """What `export.json` says, as PDF. language: zh or en. Raises ExportRefused."""
    font = font_or_refused()
    from fpdf import FPDF

    logging.getLogger("fontTools").setLevel(logging.ERROR)
    w = words(language)
    paper = FPDF(format="A4")
    paper.set_creation_date(beijing(index["made_ms"]))
    paper.set_title(_plain(index["title"]))
    paper.add_font(FONT, "", font, collection_font_number=SIMPLIFIED if "NotoSansCJK" in font.name else 0)
    paper.set_auto_page_break(True, 18)
    paper.add_page()
    _text(paper, index["title"], TITLE_PT)
    _table(paper, facts(index, w), (1, 4))
    if index["segments"] and not index["disclosure"]:
        _text(paper, w["segments"], HEAD_PT)
        _table(paper, _segments(index, w), (33, 33, 40, 17, 29, 38), size_pt=SMALL_PT, headed=True)
        _cut(paper, len(index["segments"]), w)
    for kind, names in (
        ("copies", [one["file"] + lacks(one, w) for one in index["copies"]]),
        ("files", index["files"]),
    ):
        if names:
            _text(paper, w[kind], HEAD_PT)
            for name in names:
                _text(paper, name, TEXT_PT)
    if index["copies"]:
        _text(paper, w["looked"] if index["disclosure"] else w["note"], TEXT_PT)
    if index["timeline"]:
        _text(paper, w["timeline"], HEAD_PT)
        _table(paper, _timeline(index, w), (34, 34, 92, 30), size_pt=SMALL_PT, headed=True)
        _cut(paper, len(index["timeline"]), w)
    if not index["disclosure"]:
        _text(paper, f"{w['check']}: verify.html", TEXT_PT)
    _number(paper, index["title"])
    return bytes(paper.output())


def _segments(index: Mapping[str, Any], w: Mapping[str, Any]) -> list[Sequence[str]]:
    rows: list[Sequence[str]] = [[w[key] for key in SEGMENT_HEADS]]
    for one, _, said in judged(index, w, ROWS_MAX):
        rows.append(
            (
                one["segment"],
                "\n".join(theirs(one, w)),
                "\n".join(ours(one, w)),
                f"{one['size']:,}",
                "\n".join(one["sha256"][at : at + 16] for at in range(0, 64, 16)),
                "\n".join(said),
            )
        )
    return rows


def _timeline(index: Mapping[str, Any], w: Mapping[str, Any]) -> list[Sequence[str]]:
    return [[w[key] for key in TIMELINE_HEADS], *told(index, w, ROWS_MAX)]


def _text(paper: Any, text: object, size_pt: float) -> None:
    if size_pt > TEXT_PT:
        paper.ln(3)
    paper.set_font(FONT, size=size_pt)
    paper.multi_cell(0, size_pt * 0.55, _plain(text), new_x="LMARGIN", new_y="NEXT")


def _table(
    paper: Any,
    rows: Sequence[Sequence[object]],
    widths: Sequence[int],
    *,
    size_pt: float = TEXT_PT,
    headed: bool = False,
) -> None:
    from fpdf.fonts import FontFace

    paper.ln(1)
    paper.set_font(FONT, size=size_pt)
    paper.set_draw_color(GREY)
    paper.set_line_width(0.1)
    with paper.table(
        col_widths=widths,
        text_align="LEFT",
        v_align="TOP",
        padding=(0.8, 1),
        line_height=size_pt * 0.5,
        borders_layout="HORIZONTAL_LINES",
        first_row_as_headings=headed,
        headings_style=FontFace(emphasis="", color=(70, 82, 94)),
    ) as table:
        for cells in rows:
            row = table.row()
            for cell in cells:
                row.cell(_plain(cell))


def _cut(paper: Any, count: int, w: Mapping[str, Any]) -> None:
    if count > ROWS_MAX:
        _text(paper, w["cut"].format(ROWS_MAX), SMALL_PT)


def _number(paper: Any, title: str) -> None:
    """The title and its number at the foot of each page."""
    paper.set_auto_page_break(False)
    paper.set_font(FONT, size=SMALL_PT)
    for page in range(1, paper.pages_count + 1):
        paper.page = page
        paper.set_xy(paper.l_margin, -12)
        paper.cell(0, 5, f"{_plain(title)[:60]}   {page} / {paper.pages_count}", align="C")


def _plain(text: object) -> str:
    """Without what turns or hides other text."""
    return "".join(char if char.isprintable() or char == "\n" else " " for char in str(text))
