"""What was said to an officer: the list, and each talk as a file."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.responses import FileResponse

from gateway.api import problems, views
from gateway.api.ask import Here, IncidentPath, UnitPath, Who
from gateway.api.problems import responses
from gateway.api.routes_incidents import seen_incident
from gateway.api.routes_units import seen_unit
from gateway.api.talk_schemas import IncidentTalks, TalkPage
from gateway.logs import logger
from gateway.relay import talk_file
from gateway.store import audit, talks
from gateway.store.talks import TalkRow

log = logger("api")
router = APIRouter(prefix="/api/v1/units", tags=["talks"])
of_incidents = APIRouter(prefix="/api/v1/incidents", tags=["talks"])

IN_INCIDENT_MAX = 200

MEDIA_TYPE = "audio/x-matroska"
TalkPath = Annotated[str, Path(pattern=r"^[0-9a-f]{16}$", examples=["7a1b000000000001"])]
TalkCursor = Annotated[
    str | None, Query(pattern=r"^[0-9]{1,15}\.[0-9a-f]{16}$", description="`next` of the page before.")
]


@router.get("/{unit_id}/talks", response_model=TalkPage, responses=responses(401, 404, 422))
async def list_talks(
    unit_id: UnitPath,
    who: Who,
    here: Here,
    cursor: TalkCursor = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> views.Json:
    """Who has spoken to this officer, newest first; of the courts that you see."""
    seen_unit(unit_id, who, here)
    before = None
    if cursor is not None:
        at_ms, talk = cursor.split(".")
        before = (int(at_ms), talk)
    async with here.gateway.store.read() as connection:
        found = await talks.of_unit(connection, unit_id, who.scope.court_ids, before, limit + 1)
    last = found[limit - 1] if len(found) > limit else None
    return {
        "items": [_view(row) for row in found[:limit]],
        "next": f"{last.began_ms}.{last.talk}" if last is not None else None,
    }


@router.get(
    "/{unit_id}/talks/{talk}",
    response_class=FileResponse,
    responses=responses(401, 404) | {200: {"content": {MEDIA_TYPE: {}}}},
)
async def get_talk(unit_id: UnitPath, talk: TalkPath, who: Who, here: Here) -> FileResponse:
    """What was said, as a Matroska file (A-law, 16 kHz; what was dropped is a gap). It is compared with its hash first;
    that you listened is in the audit."""
    gateway = here.gateway
    async with gateway.store.read() as connection:
        row = await talks.find(connection, unit_id, talk)
    if row is None or row.sha256 is None or row.deleted_ms is not None or not who.scope.covers(row.court_id):
        raise problems.not_found("talk")
    now_ms, login = gateway.clock.now_ms(), who.user.login
    facts: dict[str, object] = {"talk": talk, "sha256": row.sha256.hex()}
    await audit.note(gateway.store, now_ms, login, "talk.play", unit_id, facts)
    path = gateway.talks.book.path(row)
    if not await asyncio.to_thread(talk_file.is_whole, path, row.sha256):
        log.error("talk_damaged", unit=unit_id, talk=talk)
        raise problems.damaged()
    return FileResponse(
        path,
        media_type=MEDIA_TYPE,
        headers={
            "Content-Disposition": f'attachment; filename="talk-{talk}.mkv"',
            "ETag": f'"{row.sha256.hex()}"',
        },
    )


@of_incidents.get("/{incident_id}/talks", response_model=IncidentTalks, responses=responses(401, 404))
async def list_incident_talks(incident_id: IncidentPath, who: Who, here: Here) -> views.Json:
    """Who has spoken to the officer in this incident, newest first. Also who spoke on when it was closed: the log of a
    closed incident takes nothing more."""
    await seen_incident(incident_id, who, here)
    async with here.gateway.store.read() as connection:
        found = await talks.said_in(connection, incident_id, who.scope.court_ids, IN_INCIDENT_MAX)
    return {"items": [_view(row) for row in found]}


def _view(row: TalkRow) -> views.Json:
    kept = row.sha256 is not None and row.deleted_ms is None
    return {
        "talk": row.talk,
        "unit_id": row.unit_id,
        "officer": row.officer,
        "incident_id": row.incident_id,
        "login": row.login,
        "name": row.name,
        "aloud": row.aloud,
        "call": row.call,
        "began_ms": row.began_ms,
        "ended_ms": row.ended_ms,
        "ended": row.why,
        "packets": row.packets,
        "dropped": row.dropped,
        "size": row.size,
        "sha256": row.sha256.hex() if row.sha256 is not None else None,
        "kept": kept,
    }
