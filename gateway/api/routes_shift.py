"""A shift: the check at its start, the notes that one leaves to the next, and who else is there."""

from __future__ import annotations

import hashlib
from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway import accounts
from gateway.api import problems, scope, views
from gateway.api.actions import name_of
from gateway.api.ask import Here, Parts, Who
from gateway.api.gate import Visitor
from gateway.api.problems import responses
from gateway.api.requests import IncidentId, NewShiftCheck, NewShiftNote
from gateway.api.schemas import Colleagues, Shift, ShiftNote
from gateway.errors import NotFound
from gateway.model import Role, ShiftCheck, User
from gateway.model import ShiftNote as Note
from gateway.store import audit, shift

router = APIRouter(prefix="/api/v1")

NOTES_SHOWN = 20
PEOPLE_MAX = 500


@router.get("/people", response_model=Colleagues, responses=responses(401, 403, 404, 422), tags=["people"])
async def list_people(
    who: Who,
    here: Here,
    incident: Annotated[IncidentId | None, Query(description="Only those who see this incident.")] = None,
) -> views.Json:
    """The dispatchers and admins to whom you can hand over, those with an open console first. At most 500."""
    scope.must_command(who.user)
    centre = here.gateway.centre
    courts = centre.courts()
    present = here.present()
    view = None
    if incident is not None:
        try:
            view = await centre.incident(incident)
        except NotFound:
            raise problems.not_found("incident") from None
        if not who.scope.sees(view.incident):
            raise problems.not_found("incident")

    def can_take(user: User) -> bool:
        if user.disabled or user.role not in scope.COMMANDERS or user.login == who.user.login:
            return False
        if view is not None:
            return scope.scope_of(user, courts.values()).sees(view.incident)
        return scope.related(who.user.court_id, user.court_id, courts)

    people = [user for user in await accounts.list_users(here.gateway.store) if can_take(user)]
    people.sort(key=lambda user: (user.login not in present, user.login))
    return {"items": [views.colleague(user, user.login in present) for user in people[:PEOPLE_MAX]]}


@router.get("/shift", response_model=Shift, responses=responses(401), tags=["shift"])
async def get_shift(who: Who, here: Here) -> views.Json:
    """Your last check, the newest notes of your court and of those above and below it, and what is open."""
    async with here.gateway.store.read() as connection:
        check = await shift.last_check(connection, who.user.login)
        notes = await _notes(connection, who, here)
    live = here.gateway.centre.live_incidents()
    return {
        "last_check": None if check is None else views.shift_check(check),
        "notes": [views.shift_note(note, who.user.login) for note in notes],
        "open_incidents": sum(who.scope.sees(view.incident) for view in live),
    }


@router.post(
    "/shift/check", response_model=Shift, responses=responses(401, 403, 413, 422, 503), tags=["shift"]
)
async def check_shift(body: NewShiftCheck, who: Who, here: Here) -> views.Json:
    """Say what you heard and saw at the start of your shift, and up to which note you have read."""
    _must_serve(who)
    gateway = here.gateway
    now_ms, user = gateway.clock.now_ms(), who.user
    async with gateway.store.read() as connection:
        notes = await _notes(connection, who, here)
    if body.note_seen is not None and body.note_seen not in [note.note_id for note in notes]:
        raise problems.missing("note_seen", "There is no such note among the newest that you see.")
    read = [
        note.note_id for note in notes if note.note_id <= (body.note_seen or 0) and note.login != user.login
    ]
    check = ShiftCheck(now_ms, body.sound, body.light, body.device, body.note_seen)

    async def job(connection: AsyncConnection) -> None:
        await shift.add_check(connection, user.login, check)
        await shift.mark_seen(connection, read, user.login, name_of(user), now_ms)
        await audit.record(connection, now_ms, user.login, "shift.check", user.login, body.model_dump())

    await gateway.store.write(job)
    return await get_shift(who, here)


@router.post(
    "/shift/notes",
    status_code=201,
    response_model=ShiftNote,
    responses=responses(401, 403, 413, 422, 503),
    tags=["shift"],
)
async def leave_note(body: NewShiftNote, who: Who, here: Here) -> views.Json:
    """Leave a note to those who come after you. It cannot be changed."""
    _must_serve(who)
    now_ms, user = here.gateway.clock.now_ms(), who.user

    async def job(connection: AsyncConnection) -> Note:
        note = await shift.add_note(connection, now_ms, user, name_of(user), body.text)
        # The text itself is in the note; its hash proves that it is still the one that was left.
        facts: dict[str, object] = {"sha256": hashlib.sha256(body.text.encode()).hexdigest()}
        await audit.record(connection, now_ms, user.login, "shift.note", str(note.note_id), facts)
        return note

    return views.shift_note(await here.gateway.store.write(job), user.login)


def _must_serve(who: Visitor) -> None:
    if who.user.role is Role.VIEWER:
        raise problems.forbidden("A viewer has no shift.")


async def _notes(connection: AsyncConnection, who: Visitor, here: Parts) -> list[Note]:
    courts = here.gateway.centre.courts()
    own = who.user.court_id
    return await shift.newest_notes(
        connection, lambda court_id: scope.related(own, court_id, courts), NOTES_SHOWN
    )
