"""An incident as a page. Pure: what is read from the database is passed in."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from gateway.api.csv_text import Language
from gateway.api.replay import Track
from gateway.api.report import map_svg
from gateway.api.report.steps import Row, folded, row
from gateway.api.report.words import ReportWords
from gateway.clock import BEIJING, beijing
from gateway.dispatch import centre_book, log
from gateway.dispatch.centre_live import View
from gateway.dispatch.incident import Answer, Incident
from gateway.model import Court
from gateway.store.incidents import EventRow
from gateway.store.talks import TalkRow

HERE = Path(__file__).parent
ROWS_MAX = 1_000
TALKS_MAX = 200
NAME_CHARS = 200
TURNING = dict.fromkeys((0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)))


@dataclass(frozen=True, slots=True)
class Report:
    """What a report is made from. `rows`: the whole log; `tracks`: of its officers; `talks`: of the register,
    newest first, also those that outlast the incident; `made_by`: a person's name."""

    view: View
    rows: Sequence[EventRow]
    tracks: Sequence[Track]
    talks: Sequence[TalkRow]
    courts: Mapping[str, Court]
    outlines: Path
    site: str
    made_by: str
    made_ms: int


def policy() -> str:
    """The content security policy of the page: its own style sheet and nothing else."""
    digest = base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def render(report: Report, language: Language) -> str:
    """The page."""
    w = ReportWords(language)
    incident: Incident = report.view.incident
    entries = [centre_book.entry(one) for one in report.rows]
    shown = folded(entries)
    hashes = {one.seq: one.hash.hex() for one in report.rows}
    steps = [row(entry, hashes[entry.seq], report.courts, w) for entry in shown[:ROWS_MAX]]
    page: str = _template().render(
        w=w,
        one=incident,
        own=report.courts.get(incident.court_id or ""),
        told=report.view.told,
        steps=steps,
        left_out=len(entries) - len(shown),
        cut=max(0, len(shown) - ROWS_MAX),
        rows_max=ROWS_MAX,
        broken=_broken(report.rows, incident),
        head=report.rows[-1].hash.hex() if report.rows else "",
        length=len(report.rows),
        milestones=_milestones(incident, steps),
        ranking=_ranking(incident),
        talks=list(reversed(report.talks[:TALKS_MAX])),
        talks_cut=len(report.talks) > TALKS_MAX,
        talks_max=TALKS_MAX,
        map=_map(report, w),
        site=report.site,
        made_by=report.made_by,
        made_ms=report.made_ms,
        style=Markup(_style()),
        policy=policy(),
    )
    return page


def _broken(rows: Sequence[EventRow], incident: Incident) -> int | None:
    """The first row that does not hold, or None."""
    plain = [log.LogRow(r.incident_id, r.seq, r.at_ms, r.name, r.by, r.event, r.hash) for r in rows]
    try:
        log.verify(plain, length=incident.version)
    except log.BrokenLog as broken:
        return broken.seq
    return None


def _milestones(incident: Incident, steps: Sequence[Row]) -> list[tuple[str, int | None, str]]:
    """(name of the milestone, when, who) in their order; None: not yet."""
    taken = next((offer for offer in reversed(incident.offers) if offer.answer is Answer.ACCEPTED), None)
    arrived = next((step for step in reversed(steps) if step.event == "arrived"), None)
    closed = incident.closed
    return [
        ("acknowledged", incident.acknowledged_ms, incident.acknowledged_by or ""),
        (
            "accepted",
            taken.answered_ms if taken is not None else None,
            " · ".join(filter(None, (taken.name, taken.answered_by))) if taken is not None else "",
        ),
        ("arrived", arrived.at_ms if arrived is not None else None, (arrived.who or "") if arrived else ""),
        ("closed", closed.at_ms if closed is not None else None, closed.by if closed is not None else ""),
    ]


def _ranking(incident: Incident) -> list[dict[str, Any]]:
    """The frozen ranking with the answers, then courts that were asked from outside it."""
    offers = {offer.court_id: offer for offer in incident.offers}
    listed = [
        {"rank": rank, "court": court, "offer": offers.pop(court.court_id, None)}
        for rank, court in enumerate(incident.ranking.candidates, 1)
    ]
    for offer in incident.offers:
        if offer.court_id in offers:
            listed.append({"rank": len(listed) + 1, "court": None, "offer": offer})
    return listed


def _map(report: Report, w: ReportWords) -> Markup | None:
    incident: Incident = report.view.incident
    fix = incident.fix if incident.fix is not None and incident.fix.usable else None
    if fix is None:
        return None
    offers = {offer.court_id: offer.answer for offer in incident.offers}
    marks = [
        map_svg.Mark(
            rank,
            court.name,
            court.lat,
            court.lon,
            str(offers[court.court_id]) if court.court_id in offers else None,
            offers.get(court.court_id) is Answer.ACCEPTED,
        )
        for rank, court in enumerate(incident.ranking.candidates, 1)
    ]
    circle_m = fix.accuracy_dm / 10 if fix.accuracy_dm is not None else None
    tracks = [[(one.lat, one.lon) for one in track.fixes] for track in report.tracks]
    scene = map_svg.Scene((fix.lat, fix.lon), circle_m, tracks, marks)
    return map_svg.draw(scene, report.outlines, w["map"], w["north"])


@cache
def _style() -> str:
    return (HERE / "style.css").read_text("utf-8")


@cache
def _template() -> Any:
    environment = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.filters |= {"day": _day, "clock": _clock, "exact": _exact, "short": _short}
    return environment.get_template("page.html.j2")


def _time(at_ms: int) -> datetime:
    return beijing(at_ms) or datetime.fromtimestamp(0, BEIJING)


def _day(at_ms: int) -> str:
    return _time(at_ms).strftime("%Y-%m-%d")


def _clock(at_ms: int) -> str:
    return _time(at_ms).strftime("%H:%M:%S")


def _exact(at_ms: int) -> str:
    return _time(at_ms).strftime("%H:%M:%S.") + f"{at_ms % 1000:03d}"


def _short(text: object, most: int = NAME_CHARS) -> str:
    """A text from outside, cut to a length. Without the characters that turn text round: one that is not closed would
    reach beyond its `<bdi>`, and what surrounds it would be printed backwards."""
    said = str(text).translate(TURNING)
    return said if len(said) <= most else said[: most - 1] + "…"
