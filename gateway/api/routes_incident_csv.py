"""The list of incidents as a file for a spreadsheet."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Query, Response

from gateway.api.ask import Here, Who
from gateway.api.csv_text import ROWS_MAX, Cell, Language, csv_answer, time_of
from gateway.api.incident_filter import Filter
from gateway.api.problems import responses
from gateway.api.words import WORDS, Words
from gateway.dispatch.incident import Answer, Incident, from_json
from gateway.model import Court
from gateway.store import audit, incident_search, incidents

router = APIRouter(prefix="/api/v1", tags=["incidents"])

ROWS_AT_ONCE = 250


@router.get(
    "/incidents.csv",
    response_class=Response,
    responses=responses(401, 422) | {200: {"content": {"text/csv": {}}}},
)
async def export_incidents(
    who: Who, here: Here, asked: Filter, lang: Annotated[Language, Query()] = "zh"
) -> Response:
    """The incidents that you see and that fit, newest first, as CSV: at most 10,000; the last line says when there are
    more. That you exported them is in the audit."""
    gateway = here.gateway
    words, courts = WORDS[lang], gateway.centre.courts()
    wanted = asked.wanted(who.scope, courts.values())
    rows: list[list[Cell]] = []
    async with gateway.store.read() as connection:
        keys = await incident_search.find(connection, wanted, None, ROWS_MAX)
        found = len(keys) if len(keys) < ROWS_MAX else await incident_search.count(connection, wanted)
        for first in range(0, len(keys), ROWS_AT_ONCE):
            ids = [incident_id for _, incident_id in keys[first : first + ROWS_AT_ONCE]]
            snapshots = await incidents.snapshots(connection, ids)
            rows += await asyncio.to_thread(_rows, [snapshots[one] for one in ids], words, courts)
    now_ms = gateway.clock.now_ms()
    facts: dict[str, object] = {"filter": asked.given(), "rows": len(rows), "found": found}
    await audit.note(gateway.store, now_ms, who.user.login, "incident.export", "incidents", facts)
    return await asyncio.to_thread(csv_answer, "tipstaff-incidents", words.columns, rows, found, lang, now_ms)


def _rows(snapshots: list[str], words: Words, courts: Mapping[str, Court]) -> list[list[Cell]]:
    return [_row(from_json(snapshot), words, courts) for snapshot in snapshots]


def _row(one: Incident, words: Words, courts: Mapping[str, Court]) -> list[Cell]:
    """A line; its cells are `words.columns`."""
    own = courts.get(one.court_id or "")
    fix = one.fix if one.fix is not None and one.fix.usable else None
    nearest = one.ranking.candidates[0] if one.ranking.candidates else None
    taken = next((offer for offer in reversed(one.offers) if offer.answer is Answer.ACCEPTED), None)
    closed = one.closed
    return [
        one.incident_id,
        words.state[one.state],
        words.kind[one.kind],
        one.duress,
        one.officer,
        one.unit_id,
        own.name if own is not None else one.court_id,
        one.case_no,
        time_of(one.opened_ms),
        time_of(one.pressed_ms),
        one.alarm_count,
        fix.lat if fix is not None else None,
        fix.lon if fix is not None else None,
        words.worth[one.ranking.confidence],
        nearest.name if nearest is not None else None,
        round(nearest.distance_m) if nearest is not None else None,
        one.acknowledged_by,
        time_of(one.acknowledged_ms),
        one.handler,
        taken.name if taken is not None else None,
        time_of(taken.answered_ms if taken is not None else None),
        closed.by if closed is not None else None,
        time_of(closed.at_ms if closed is not None else None),
        closed.reason if closed is not None else None,
        one.merged_into,
        len(one.attachments),
    ]
