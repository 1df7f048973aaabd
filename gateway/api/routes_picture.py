"""The newest live picture of a unit, for what can show a picture at an address and nothing more."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from gateway.api import problems
from gateway.api.ask import Here, UnitPath, Who
from gateway.api.problems import responses
from gateway.api.routes_units import seen_unit
from gateway.store import audit

router = APIRouter(prefix="/api/v1")

ACTION = "live.picture"


@router.get(
    "/units/{unit_id}/picture.jpg",
    response_class=Response,
    responses={200: {"content": {"image/jpeg": {}}}, **responses(401, 404, 409, 422, 503)},
    tags=["units"],
)
async def get_picture(
    unit_id: UnitPath,
    who: Who,
    here: Here,
    max_age_s: Annotated[float, Query(ge=0.5, le=60, description="An older picture is none.")] = 10,
) -> Response:
    """The newest live picture, as the camera made it. The unit is asked to send stills for 15 s, and one is waited for
    when there is none; 409 when none comes. Who looked is in the audit, once in ten minutes."""
    seen_unit(unit_id, who, here)
    gateway, login = here.gateway, who.user.login
    newest = await gateway.relay.picture(unit_id, round(max_age_s * 1000))
    now_ms = gateway.clock.now_ms()
    if newest is None:
        raise problems.refused("The unit sends no picture now: it is offline, or its camera gives none.")
    if here.looks.new(login, ACTION, unit_id, now_ms):
        await audit.note(gateway.store, now_ms, login, ACTION, unit_id)
        here.looks.noted(login, ACTION, unit_id, now_ms)
    return Response(
        newest.content,
        media_type="image/jpeg",
        headers={
            "Cache-Control": "no-store",
            "Age": str(max(0, now_ms - newest.taken_ms) // 1000),
            "X-Tipstaff-Taken-Ms": str(newest.taken_ms),
            "X-Tipstaff-Age-Ms": str(max(0, now_ms - newest.taken_ms)),
        },
    )
