"""Files of an incident: taken in as they come, kept by their hash, given back so that a browser runs none of them."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from fastapi.responses import FileResponse

from gateway.api import problems, views
from gateway.api.actions import name_of
from gateway.api.ask import AttachmentPath, Here, IncidentPath, Who
from gateway.api.media_kind import KINDS, TEXT, KindCheck, NotOfItsKind, name_on_disk
from gateway.api.problems import responses
from gateway.api.requests import Line
from gateway.api.routes_incidents import seen_incident
from gateway.api.schemas import Incident
from gateway.api.scope import must_command
from gateway.dispatch.events import Attach
from gateway.dispatch.step import step
from gateway.errors import Refused
from gateway.logs import logger
from gateway.store import audit

log = logger("api")
router = APIRouter(prefix="/api/v1/incidents", tags=["incidents"])

FILE_MAX_BYTES = 20 << 20
#: Even if a browser shows it after all, it runs nothing and loads nothing.
SANDBOX = "sandbox; default-src 'none'"
_BODY = {"content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in KINDS}}

FileName = Annotated[Line, Query(min_length=1, max_length=200, description="What the file is called.")]


@router.post(
    "/{incident_id}/attachments",
    response_model=Incident,
    responses=responses(401, 403, 404, 408, 409, 413, 415, 422, 503),
    openapi_extra={"requestBody": {"required": True} | _BODY},
)
async def attach_file(
    incident_id: IncidentPath, request: Request, who: Who, here: Here, name: FileName
) -> views.Json:
    """Add a file: its bytes are the body, at most 20 MiB, and must be what `Content-Type` says. The answer is the
    incident. The same bytes twice are one attachment."""
    must_command(who.user)
    view = await seen_incident(incident_id, who, here)
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in KINDS:
        raise problems.unsupported(f"A file is one of: {', '.join(KINDS)}.")
    gateway, by = here.gateway, name_of(who.user)
    if not name.strip():
        raise problems.invalid([{"loc": ("query", "name"), "msg": "must not be blank"}])
    # Would it be refused? Then before 20 MiB were sent for nothing.
    asked = Attach(by, "", name, media_type, 0, "")
    outcome = step(view.incident, asked, gateway.clock.now_ms(), view.incident.policy)
    if outcome.rejected is not None:
        raise Refused(outcome.rejected.message, view)
    if here.files.busy:
        raise problems.unavailable("Too many files are being received just now. Try again in a moment.")
    try:
        received = await here.files.receive(request.stream(), KindCheck(media_type))
    except NotOfItsKind:
        raise problems.unsupported(f"The bytes are not of kind {media_type}, or there are none.") from None
    event = Attach(by, received.sha256[:32], name, media_type, received.size_bytes, received.sha256)
    changed = await gateway.centre.act(incident_id, event, login=who.user.login)
    return views.incident(changed, gateway.centre.courts())


@router.get(
    "/{incident_id}/attachments/{attachment_id}",
    response_class=FileResponse,
    responses=responses(401, 404) | {200: {"content": {kind: {} for kind in KINDS}}},
)
async def get_file(
    incident_id: IncidentPath, attachment_id: AttachmentPath, who: Who, here: Here
) -> FileResponse:
    """The bytes of an attachment, to keep. They are compared with their hash first; that you looked is in the audit."""
    view = await seen_incident(incident_id, who, here)
    found = next((one for one in view.incident.attachments if one.attachment_id == attachment_id), None)
    if found is None:
        raise problems.not_found("attachment")
    gateway = here.gateway
    facts: dict[str, object] = {"attachment_id": attachment_id, "sha256": found.sha256}
    await audit.note(
        gateway.store, gateway.clock.now_ms(), who.user.login, "attachment.view", incident_id, facts
    )
    if not await here.files.is_whole(found.sha256):
        log.error("attachment_damaged", incident=incident_id, sha256=found.sha256)
        raise problems.damaged()
    name = name_on_disk(found.name, found.media_type)
    plain = "".join(char if char.isascii() and char not in "%" else "_" for char in name)
    return FileResponse(
        here.files.path(found.sha256),
        media_type=f"{TEXT}; charset=utf-8" if found.media_type == TEXT else found.media_type,
        headers={
            "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}",
            "Content-Security-Policy": SANDBOX,
        },
    )
