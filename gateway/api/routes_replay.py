"""An incident looked back at: the map over its time, and its report."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.responses import HTMLResponse

from gateway.api import console, replay, report, views
from gateway.api.actions import name_of
from gateway.api.ask import Here, IncidentPath, Who
from gateway.api.csv_text import Language
from gateway.api.json_text import answer
from gateway.api.problems import responses
from gateway.api.routes_incidents import seen_incident
from gateway.api.schemas import Replay
from gateway.dispatch import centre_book as book
from gateway.store import audit, incidents, talks

router = APIRouter(prefix="/api/v1/incidents", tags=["incidents"])


@router.get("/{incident_id}/replay", response_model=Replay, responses=responses(401, 404))
async def replay_incident(incident_id: IncidentPath, who: Who, here: Here) -> Response:
    """The map over the time of an incident: its officers, the units near it, and its log. That you looked is in the
    audit."""
    view = await seen_incident(incident_id, who, here)
    gateway = here.gateway
    now_ms, statuses = gateway.clock.now_ms(), gateway.centre.units()
    await audit.note(gateway.store, now_ms, who.user.login, "incident.replay", incident_id)
    span = replay.span_ms(view, now_ms)
    async with gateway.store.read() as connection:
        tracks = await replay.tracks(connection, view, span, statuses, who.scope)
    officers = {member.unit_id: member.officer for member in view.incident.members}
    units = [
        {
            "unit_id": track.unit_id,
            "officer": officers.get(track.unit_id)
            or (statuses[track.unit_id].unit.officer if track.unit_id in statuses else ""),
            "court_id": statuses[track.unit_id].unit.court_id
            if track.unit_id in statuses
            else view.incident.court_id or "",
            "member": track.member,
            "fixes": [views.track_point(fix) for fix in track.fixes],
        }
        for track in tracks
    ]
    thinned = any(track.thinned for track in tracks)
    events = [views.timeline_entry(entry) for entry in view.timeline]
    return answer(
        {"from_ms": span[0], "to_ms": span[1], "thinned": thinned, "units": units, "events": events}
    )


@router.get(
    "/{incident_id}/report",
    response_class=HTMLResponse,
    responses=responses(401, 404) | {200: {"content": {"text/html": {}}}},
)
async def report_incident(
    incident_id: IncidentPath, who: Who, here: Here, lang: Annotated[Language, Query()] = "zh"
) -> HTMLResponse:
    """The incident as one page to print and to file, without scripts: map, ranking, talks (also those that outlast it),
    timeline with both clocks, files with their hashes, and whether its log's chain holds. That you made it is in the
    audit."""
    await seen_incident(incident_id, who, here)
    gateway = here.gateway
    now_ms = gateway.clock.now_ms()
    await audit.note(gateway.store, now_ms, who.user.login, "incident.report", incident_id, {"lang": lang})
    async with gateway.store.read() as connection:  # one view: the snapshot and its log belong together
        (view,) = await book.views(connection, [incident_id])
        rows = await incidents.events(connection, incident_id)
        tracks = await replay.member_tracks(connection, view, replay.span_ms(view, now_ms))
        said = await talks.said_in(connection, incident_id, who.scope.court_ids, report.TALKS_MAX + 1)
    made = report.Report(
        view,
        rows,
        tracks,
        said,
        gateway.centre.courts(),
        gateway.settings.site.outlines or console.OUTLINES,
        gateway.settings.site.name,
        name_of(who.user),
        now_ms,
    )
    page = await asyncio.to_thread(report.render, made, lang)
    headers = {
        "Content-Security-Policy": f"{report.policy()}; frame-ancestors 'none'",
        "Content-Disposition": f'inline; filename="{incident_id}.html"',
    }
    return HTMLResponse(page, headers=headers)
