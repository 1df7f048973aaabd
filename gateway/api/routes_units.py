"""Courts and units: what is where, and commands to a unit."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from gateway.api import problems, scope, unit_table, views
from gateway.api.ask import EPOCH_END_MS, CourtPath, Cursor, Here, Parts, UnitPath, Who
from gateway.api.command_schemas import CommandAccepted, CommandOutcome
from gateway.api.csv_text import ROWS_MAX, Language, csv_answer
from gateway.api.gate import Visitor
from gateway.api.json_text import answer
from gateway.api.problems import responses
from gateway.api.requests import Command, Duty
from gateway.api.schemas import Court, CourtPage, Track, Unit, UnitPage
from gateway.api.unit_filter import Asked, UnitFilter
from gateway.model import UnitStatus
from gateway.store import audit
from protocol import messages

router = APIRouter(prefix="/api/v1")

HOUR_MS = 3_600_000
OUTCOMES = {messages.DONE: "done", messages.REFUSED: "refused", messages.EXPIRED: "expired"}
KINDS = {
    "locate": messages.LOCATE,
    "setting": messages.SETTING,
    "case": messages.CASE,
    "test_alarm": messages.TEST_ALARM,
    "record": messages.RECORD,
    "live": messages.LIVE,
    "mark": messages.MARK,
}


@router.get("/courts", response_model=CourtPage, responses=responses(401, 422), tags=["courts"])
async def list_courts(
    who: Who, here: Here, cursor: Cursor = None, limit: Annotated[int, Query(ge=1, le=2000)] = 1000
) -> Response:
    """The courts that you see, by id."""
    courts = here.gateway.centre.courts()
    ids = [
        court_id for court_id in sorted(courts) if court_id > (cursor or "") and who.scope.covers(court_id)
    ]
    return answer(
        {
            "items": [views.court(courts[court_id]) for court_id in ids[:limit]],
            "next": ids[limit - 1] if len(ids) > limit else None,
        }
    )


@router.put(
    "/courts/{court_id}/duty",
    response_model=Court,
    responses=responses(401, 403, 404, 413, 422, 503),
    tags=["courts"],
)
async def set_duty(court_id: CourtPath, body: Duty, who: Who, here: Here) -> views.Json:
    """Say whether a court can be sent now."""
    if not who.scope.covers(court_id) or court_id not in here.gateway.centre.courts():
        raise problems.not_found("court")
    scope.answering_court(who.user, court_id)
    return views.court(await here.gateway.centre.set_duty(court_id, body.on_duty, login=who.user.login))


@router.get("/units", response_model=UnitPage, responses=responses(401, 422), tags=["units"])
async def list_units(
    who: Who,
    here: Here,
    asked: Asked,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=2000)] = 500,
) -> Response:
    """The units that you see and ask for, by id."""
    units = [status for status in _asked_units(asked, who, here) if status.unit.unit_id > (cursor or "")]
    return answer(
        {
            "items": [views.unit(status) for status in units[:limit]],
            "next": units[limit - 1].unit.unit_id if len(units) > limit else None,
        }
    )


@router.get("/units.csv", response_class=Response, responses=responses(401, 422, 503), tags=["units"])
async def export_units(
    who: Who, here: Here, asked: Asked, request: Request, lang: Language = "zh"
) -> Response:
    """The same list as a CSV file, at most 10,000 lines. That you took it is in the audit."""
    gateway = here.gateway
    now_ms, courts = gateway.clock.now_ms(), gateway.centre.courts()
    units = _asked_units(asked, who, here)
    shown = units[:ROWS_MAX]
    await audit.note(
        gateway.store,
        now_ms,
        who.user.login,
        "units.export",
        "units",
        {"filter": request.url.query, "found": len(units), "rows": len(shown)},
    )
    rows = (unit_table.row(status, courts, lang, now_ms) for status in shown)
    # In a thread: 10,000 lines take longer than an alarm may wait.
    return await asyncio.to_thread(
        csv_answer, "units", unit_table.heads(lang), rows, len(units), lang, now_ms
    )


@router.get("/units/{unit_id}", response_model=Unit, responses=responses(401, 404), tags=["units"])
async def get_unit(unit_id: UnitPath, who: Who, here: Here) -> views.Json:
    """One unit as it is known now."""
    return views.unit(seen_unit(unit_id, who, here))


@router.get(
    "/units/{unit_id}/track", response_model=Track, responses=responses(401, 404, 422), tags=["units"]
)
async def get_track(
    unit_id: UnitPath,
    who: Who,
    here: Here,
    since_ms: Annotated[int | None, Query(ge=0, le=EPOCH_END_MS, description="Default: an hour ago.")] = None,
    until_ms: Annotated[int | None, Query(ge=0, le=EPOCH_END_MS, description="Default: now.")] = None,
    limit: Annotated[int, Query(ge=1, le=4999)] = 2000,
) -> Response:
    """The newest stored positions of a unit between two times (of arrival), oldest first."""
    seen_unit(unit_id, who, here)
    from_ms = here.gateway.clock.now_ms() - HOUR_MS if since_ms is None else since_ms
    fixes = await here.gateway.centre.track(unit_id, from_ms, limit + 1, until_ms)
    return answer(
        {
            "items": [views.fix(fix) for fix in fixes[-limit:]],
            "truncated": len(fixes) > limit,
            "next": None,
        }
    )


@router.post(
    "/units/{unit_id}/commands",
    status_code=202,
    response_model=CommandAccepted,
    responses=responses(401, 403, 404, 409, 413, 422, 503),
    tags=["units"],
)
async def send_command(unit_id: UnitPath, body: Command, who: Who, here: Here) -> views.Json:
    """Send a command to a unit. 202: handed over; what became of it shows in the unit's state."""
    seen_unit(unit_id, who, here)
    scope.must_command(who.user)
    value = "" if body.kind == "case" and body.value is None else body.value
    command_id = await here.gateway.centre.command(
        unit_id, KINDS[body.kind], body.name, value, login=who.user.login
    )
    return {"command_id": command_id}


@router.get(
    "/units/{unit_id}/commands/{command_id}",
    response_model=CommandOutcome,
    responses=responses(401, 403, 404, 422),
    tags=["units"],
)
async def get_command(
    unit_id: UnitPath,
    command_id: Annotated[str, Path(pattern="^[0-9a-f]{16}$")],
    who: Who,
    here: Here,
) -> views.Json:
    """What the unit answered to a command."""
    seen_unit(unit_id, who, here)
    scope.must_command(who.user)
    asked = here.gateway.centre.asked.of(command_id, unit_id)
    if asked is None:
        raise problems.not_found("command")
    outcome = None if asked.outcome is None else OUTCOMES.get(asked.outcome, "unknown")
    return {"command_id": command_id, "outcome": outcome, "detail": asked.detail}


def _asked_units(asked: UnitFilter, who: Visitor, here: Parts) -> list[UnitStatus]:
    """The units that somebody sees and asks for, by id."""
    centre, now_ms = here.gateway.centre, here.gateway.clock.now_ms()
    guests, courts, units = (
        scope.guest_units(who.scope, centre.live_incidents()),
        centre.courts(),
        centre.units(),
    )
    return [
        units[unit_id]
        for unit_id in sorted(units)
        if who.scope.sees_unit(units[unit_id], guests) and asked.fits(units[unit_id], courts, now_ms)
    ]


def seen_unit(unit_id: str, who: Visitor, here: Parts) -> UnitStatus:
    """The unit, if the person sees it. Raises a 404 problem."""
    centre = here.gateway.centre
    status = centre.units().get(unit_id)
    if status is None or not who.scope.sees_unit(
        status, scope.guest_units(who.scope, centre.live_incidents())
    ):
        raise problems.not_found("unit")
    return status
