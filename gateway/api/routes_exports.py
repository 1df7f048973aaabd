"""Exports: a recording, or an incident with its recordings, as a zip that proves itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from gateway.api import export_order, problems
from gateway.api.actions import name_of
from gateway.api.ask import Here, IncidentPath, Parts, RecordingPath, UnitPath, Who
from gateway.api.csv_text import Language
from gateway.api.export_order import Asked
from gateway.api.gate import Visitor
from gateway.api.problems import responses
from gateway.api.requests import Line
from gateway.api.routes_incidents import seen_incident
from gateway.api.routes_recordings import seen_recording
from gateway.errors import ExportRefused
from gateway.evidence.export import Order
from gateway.evidence.exporting import Busy, Export
from gateway.logs import logger
from gateway.store import audit

log = logger("api")
router = APIRouter(prefix="/api/v1", tags=["exports"])

ZIP_TYPE = "application/zip"
RETRY_AFTER_S = 30
ZIPPED = responses(401, 404, 409, 503) | {200: {"content": {ZIP_TYPE: {}}}}

Why = Annotated[Line, Query(max_length=500, description="Why; it stands in the audit and in the export.")]
Lang = Annotated[Language, Query(description="Of its pages.")]
Copies = Annotated[bool, Query(description="With playable copies (MP4).")]


@router.get("/recordings/{unit_id}/{recording}/export", response_class=Response, responses=ZIPPED)
async def export_recording(
    unit_id: UnitPath,
    recording: RecordingPath,
    who: Who,
    here: Here,
    reason: Why = "",
    lang: Lang = "zh",
    copies: Copies = True,
) -> Response:
    """The recording with its manifests, keys, positions, a playable copy, and pages that say how to check it without
    us. Sent as it is made; one that breaks off is no whole zip. In the audit, at its beginning and at its end."""
    row = await seen_recording(unit_id, recording, who, here)
    gateway = here.gateway
    asked = Asked(name_of(who.user), gateway.clock.now_ms(), reason, lang, copies)
    export = _place(here)
    try:
        async with gateway.store.read() as connection:
            order = await export_order.of_recording(connection, gateway.settings, row, asked)
        return await _sent(export, order, f"tipstaff-{unit_id}-{recording}", who, here)
    except BaseException as error:
        await export.end()
        raise _refusal(error) from error


@router.get("/incidents/{incident_id}/export", response_class=Response, responses=ZIPPED)
async def export_incident(
    incident_id: IncidentPath,
    who: Who,
    here: Here,
    reason: Why = "",
    lang: Lang = "zh",
    copies: Copies = True,
) -> Response:
    """The incident's log with its hash chain, report, positions and files, and those of its recordings that you see,
    each as in an export of its own. In the audit, at its beginning and at its end."""
    await seen_incident(incident_id, who, here)
    gateway = here.gateway
    asked = Asked(name_of(who.user), gateway.clock.now_ms(), reason, lang, copies)
    export = _place(here)
    try:
        async with gateway.store.read() as connection:
            order = await export_order.of_incident(
                connection, gateway.settings, incident_id, asked, lambda row: who.scope.covers(row.court_id)
            )
        return await _sent(export, order, f"tipstaff-{incident_id}", who, here)
    except BaseException as error:
        await export.end()
        raise _refusal(error) from error


def _place(here: Parts) -> Export:
    try:
        return here.exports.take()
    except Busy:
        raise problems.unavailable(
            "As many exports as may be are being made just now. Try again in a while.", RETRY_AFTER_S
        ) from None


def _refusal(error: BaseException) -> BaseException:
    return problems.refused(f"{error}.") if isinstance(error, ExportRefused) else error


async def _sent(export: Export, order: Order, name: str, who: Visitor, here: Parts) -> Response:
    gateway, facts = here.gateway, export_order.facts_of(order)
    subject = order.title.replace(" ", "/")

    async def note(action: str, more: dict[str, object]) -> None:
        now_ms = gateway.clock.now_ms()
        await audit.note(gateway.store, now_ms, who.user.login, action, subject, facts | more)

    await note(export_order.BEGUN, {})
    try:
        await export.begin(order)
    except OSError as error:
        log.error("export_not_begun", subject=subject, error=str(error))
        raise problems.unavailable("The export cannot be made just now. Try again.", RETRY_AFTER_S) from None

    async def pieces() -> AsyncIterator[bytes]:
        async for piece in export.pieces():
            yield piece
        assert export.sent is not None
        await note(export_order.MADE, {"sums": export.sent.sums, "faulty": export.sent.faulty})

    return _Zip(export, pieces(), f"{name}.zip")


class _Zip(StreamingResponse):
    """Ends the export when it is sent, when it breaks, and when who asked for it leaves."""

    def __init__(self, export: Export, pieces: AsyncIterator[bytes], name: str) -> None:
        disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
        super().__init__(pieces, 200, disposition, ZIP_TYPE)
        self._export = export

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._export.end()
