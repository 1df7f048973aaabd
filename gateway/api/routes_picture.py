"""The newest live picture of a unit, for what can show a picture at an address and nothing more."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from gateway.api import problems
from gateway.api.ask import Here, UnitPath, parts_of, visitor_of
from gateway.api.gate import COOKIE, address_of
from gateway.api.problems import responses
from gateway.api.routes_units import seen_unit
from gateway.relay import Who
from gateway.relay.rtsp_door import NotAdmitted
from gateway.store import audit

router = APIRouter(prefix="/api/v1")

ACTION = "live.picture"


async def looker(unit_id: UnitPath, request: Request) -> Who:
    """Who asks, if they see the unit: by their session, or by a stream key. Raises a 401, 403 or 404 problem."""
    here, authorization = parts_of(request), request.headers.get("authorization")
    if authorization is None and COOKIE not in request.cookies:
        raise problems.unauthenticated("Sign in, or send a login and a stream key.", "Basic")
    if authorization is None:
        visitor = await visitor_of(request)
        seen_unit(unit_id, visitor, here)
        return Who(visitor.user.login, visitor.user.name)
    try:
        guest = await here.guests.admit(authorization, address_of(request))
    except NotAdmitted as refused:
        raise problems.unauthenticated(str(refused), "Basic") from None
    if not here.guests.sees(guest, unit_id):
        raise problems.not_found("unit")
    return guest.who


@router.get(
    "/units/{unit_id}/picture.jpg",
    response_class=Response,
    responses={200: {"content": {"image/jpeg": {}}}, **responses(401, 404, 409, 422, 503)},
    tags=["units"],
)
async def get_picture(
    unit_id: UnitPath,
    who: Annotated[Who, Depends(looker)],
    here: Here,
    max_age_s: Annotated[float, Query(ge=0.5, le=60, description="An older picture is none.")] = 10,
) -> Response:
    """The newest live picture, as the camera made it. The unit is asked to send stills for 15 s, and one is waited for
    when there is none; 409 when none comes. Who looked is in the audit, once in ten minutes. Without a session: a login
    and a stream key, as `Authorization: Basic`."""
    gateway, seen_by = here.gateway, f"{who.login} {who.how}"
    newest = await gateway.relay.picture(unit_id, round(max_age_s * 1000))
    now_ms = gateway.clock.now_ms()
    if newest is None:
        raise problems.refused("The unit sends no picture now: it is offline, or its camera gives none.")
    if here.looks.new(seen_by, ACTION, unit_id, now_ms):
        await audit.note(gateway.store, now_ms, who.login, ACTION, unit_id, {"how": who.how})
        here.looks.noted(seen_by, ACTION, unit_id, now_ms)
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
