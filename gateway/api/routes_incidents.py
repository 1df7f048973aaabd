"""Incidents: the lists, one incident, and what people do with it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query, Response

from gateway import accounts
from gateway.api import problems, views
from gateway.api.actions import ACTIONS, Action, name_of
from gateway.api.ask import Here, IncidentCursor, IncidentPath, Parts, Who
from gateway.api.gate import Visitor
from gateway.api.incident_filter import Filter
from gateway.api.json_text import answer
from gateway.api.problems import responses
from gateway.api.requests import Act
from gateway.api.schemas import Incident, IncidentPage
from gateway.api.scope import COMMANDERS, scope_of
from gateway.dispatch.centre_live import View
from gateway.dispatch.events import HandOver, Merge
from gateway.dispatch.incident import Incident as Decided
from gateway.errors import NotFound
from gateway.store import audit

router = APIRouter(prefix="/api/v1/incidents", tags=["incidents"])


@router.get("", response_model=IncidentPage, responses=responses(401, 422))
async def list_incidents(
    who: Who,
    here: Here,
    asked: Filter,
    cursor: IncidentCursor = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> Response:
    """The incidents that you see and that fit, newest first; `next` null is the end."""
    centre = here.gateway.centre
    courts = centre.courts()
    before = None
    if cursor is not None:
        opened, _, incident_id = cursor.partition(".")
        before = int(opened), incident_id
    found, last = await centre.find_incidents(asked.wanted(who.scope, courts.values()), before, limit)
    items = [views.incident(view, courts) for view in found]
    return answer({"items": items, "next": None if last is None else f"{last[0]}.{last[1]}"})


@router.get("/{incident_id}", response_model=Incident, responses=responses(401, 404))
async def get_incident(incident_id: IncidentPath, who: Who, here: Here) -> views.Json:
    """One incident with its log. That you looked is in the audit."""
    view = await seen_incident(incident_id, who, here)
    gateway = here.gateway
    await audit.note(gateway.store, gateway.clock.now_ms(), who.user.login, "incident.view", incident_id)
    return views.incident(view, gateway.centre.courts())


async def seen_incident(incident_id: str, who: Visitor, here: Parts) -> View:
    """An incident that this person sees. Raises a 404 problem."""
    try:
        view = await here.gateway.centre.incident(incident_id)
    except NotFound:
        raise problems.not_found("incident") from None
    if not who.scope.sees(view.incident):
        raise problems.not_found("incident")
    return view


async def _successor(login: str, incident: Decided, here: Parts) -> str:
    """The name of the person to whom an incident may be handed over. Raises a 422 problem."""
    person = await accounts.find_user(here.gateway.store, login)
    if person is None or person.disabled or person.role not in COMMANDERS:
        raise problems.missing("to", "There is no dispatcher of this login.")
    if not scope_of(person, here.gateway.centre.courts().values()).sees(incident):
        raise problems.missing("to", "This dispatcher does not see the incident: it is of other courts.")
    return name_of(person)


def _route(action: Action) -> Callable[..., Awaitable[views.Json]]:
    async def act_on_incident(
        incident_id: IncidentPath, who: Who, here: Here, body: Act | None = None
    ) -> views.Json:
        view = await seen_incident(incident_id, who, here)
        centre = here.gateway.centre
        event = action(who.user, body or Act(), view.incident, centre.courts())
        if isinstance(event, Merge):
            await seen_incident(event.into, who, here)
        if isinstance(event, HandOver):
            event = replace(event, to_name=await _successor(event.to_login, view.incident, here))
        return views.incident(await centre.act(incident_id, event, login=who.user.login), centre.courts())

    return act_on_incident


for _name, _action in ACTIONS.items():
    router.add_api_route(
        f"/{{incident_id}}/{_name}",
        _route(_action),
        methods=["POST"],
        response_model=Incident,
        operation_id=f"incident_{_name}",
        summary=_name.replace("_", " ").capitalize(),
        description=_action.__doc__,
        responses=responses(401, 403, 404, 409, 413, 422, 503),
    )
