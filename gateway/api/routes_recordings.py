"""Recordings: finding them, looking at them, proving them, and keeping them from being deleted."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from gateway.api import problems, recording_views, scope, views
from gateway.api.ask import (
    EPOCH_END_MS,
    Here,
    NumberPath,
    Parts,
    RecordingPath,
    UnitPath,
    Who,
)
from gateway.api.gate import Visitor
from gateway.api.json_text import answer
from gateway.api.problems import responses
from gateway.api.recording_schemas import Proof, RecordingDetail, RecordingPage
from gateway.api.requests import CourtId, IncidentId, Line, Reason, UnitId
from gateway.errors import EvidenceUnreadable, TooMuchAtOnce
from gateway.store import audit, recording_register, recordings, unit_keys
from gateway.store.recording_register import Filter, RecordingRow
from gateway.store.recordings import DELETED, SEALED, SegmentRow

router = APIRouter(prefix="/api/v1/recordings", tags=["recordings"])

HELD_ONLY = (
    "It lies outside the file, or a part of it has not arrived: `ranges` of its segment says what has."
)
MANIFEST_TYPE = "application/cbor"
_RANGE = re.compile(r"bytes=(\d{1,12})-(\d{0,12})")

RecordingCursor = Annotated[
    str | None,
    Query(
        pattern=r"^[0-9]{1,15}\.[A-Za-z0-9_-]{1,32}\.[0-9a-f]{16}$", description="`next` of the page before."
    ),
]
Text = Annotated[Line | None, Query(min_length=1, max_length=96, description="Any part of it.")]
TileCount = Annotated[int, Query(ge=1, le=24, description="Pictures on the sheet, at most.")]
_JPEG: dict[int | str, dict[str, Any]] = {200: {"content": {"image/jpeg": {}}}}
Moment = Annotated[int | None, Query(ge=0, le=EPOCH_END_MS)]


@router.get("", response_model=RecordingPage, responses=responses(401, 422))
async def list_recordings(
    who: Who,
    here: Here,
    unit_id: UnitId | None = None,
    officer: Text = None,
    court: Annotated[CourtId | None, Query(description="This court and those below it.")] = None,
    court_id: Annotated[CourtId | None, Query(description="This court alone.")] = None,
    case_no: Text = None,
    incident_id: IncidentId | None = None,
    from_ms: Moment = None,
    to_ms: Moment = None,
    held: bool | None = None,
    cursor: RecordingCursor = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:
    """The recordings of your courts' units, newest first; `from_ms` and `to_ms`: those that lie partly between."""
    court_ids = who.scope.court_ids
    if court is not None:
        below = scope.courts_below(court, here.gateway.centre.courts().values())
        court_ids = below if court_ids is None else court_ids & below
    if court_id is not None:
        court_ids = frozenset({court_id}) if court_ids is None else court_ids & {court_id}
    before = None
    if cursor is not None:
        at_ms, unit, recording = cursor.split(".")
        before = (int(at_ms), unit, recording)
    wanted = Filter(court_ids, unit_id, officer, case_no, incident_id, from_ms, to_ms, held, before)
    async with here.gateway.store.read() as connection:
        found = await recording_register.search(connection, wanted, limit + 1)
    more = len(found) > limit
    last = found[limit - 1] if more else None
    return answer(
        {
            "items": [recording_views.recording(row) for row in found[:limit]],
            "next": f"{last.from_ms}.{last.unit_id}.{last.recording}" if last is not None else None,
        }
    )


@router.get("/{unit_id}/{recording}", response_model=RecordingDetail, responses=responses(401, 404))
async def get_recording(unit_id: UnitPath, recording: RecordingPath, who: Who, here: Here) -> views.Json:
    """One recording with its segments and what of them came live, came later, or is missing. In the audit."""
    gateway = here.gateway
    row = await seen_recording(unit_id, recording, who, here)
    async with gateway.store.read() as connection:
        rows = await recordings.segments_of(connection, unit_id, recording)
        holds = await recording_register.holds_of(connection, unit_id, recording)
    ranges = [await gateway.archive.ranges(one) for one in rows]
    await _note_look("recording.view", row, who, here)
    return recording_views.detail(row, rows, ranges, holds)


@router.get(
    "/{unit_id}/{recording}/segments/{number}",
    response_class=Response,
    responses={
        **responses(401, 404, 416, 503),
        200: {"content": {"video/x-matroska": {}}},
        206: {"content": {"video/x-matroska": {}}},
    },
)
async def get_segment(
    unit_id: UnitPath, recording: RecordingPath, number: NumberPath, request: Request, who: Who, here: Here
) -> Response:
    """The file of a segment as the unit wrote it, or a `Range` of it. Of one that grows, bytes that have arrived. In
    the audit, once in ten minutes."""
    row, segment = await _segment(unit_id, recording, number, who, here)
    held, _ = await here.gateway.archive.ranges(segment)
    size = segment.size if segment.size is not None else max((end for _, end in held), default=0)
    start, end, partial = _asked(request.headers.get("range"), size)
    if not any(low <= start and end <= high for low, high in held):
        raise problems.not_satisfiable(size, HELD_ONLY)
    await _note_look("recording.play", row, who, here)
    headers = {
        "Accept-Ranges": "bytes",
        "Content-Length": str(end - start),
        "Content-Disposition": f'attachment; filename="{recording}-{number}.mkv"',
    }
    if partial:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    if segment.sha256 is not None:
        headers["ETag"] = f'"{segment.sha256.hex()}"'
    body = here.gateway.archive.read(segment, start, end)
    try:
        first = await anext(body)
    except (EvidenceUnreadable, StopAsyncIteration):
        raise problems.unavailable("The file cannot be read just now. Try again.") from None

    async def rest() -> AsyncIterator[bytes]:
        yield first
        async for piece in body:
            yield piece

    return StreamingResponse(rest(), 206 if partial else 200, headers, "video/x-matroska")


@router.get(
    "/{unit_id}/{recording}/segments/{number}/manifest",
    response_class=Response,
    responses={**responses(401, 404), 200: {"content": {MANIFEST_TYPE: {}}}},
)
async def get_manifest(
    unit_id: UnitPath, recording: RecordingPath, number: NumberPath, who: Who, here: Here
) -> Response:
    """The manifest of a segment, byte for byte as the unit signed it; those of deleted segments too. In the audit."""
    row, segment = await _segment(unit_id, recording, number, who, here, deleted=True)
    if segment.manifest is None:
        raise problems.not_found("manifest")
    await _note_look("recording.view", row, who, here)
    return Response(segment.manifest, media_type=MANIFEST_TYPE)


@router.get(
    "/{unit_id}/{recording}/segments/{number}/still",
    response_class=Response,
    responses=responses(401, 404, 409, 422, 503) | _JPEG,
)
async def get_still(
    unit_id: UnitPath,
    recording: RecordingPath,
    number: NumberPath,
    who: Who,
    here: Here,
    at_ms: Annotated[int, Query(ge=0, le=0x7FFFFFFF, description="Since the segment's first block.")] = 0,
) -> Response:
    """The picture that is last at `at_ms` of a sealed segment, or the first after it, with time, unit, case and
    position burned in. A derived copy, no evidence. In the audit as playing is."""
    row, segment = await _sealed_segment(unit_id, recording, number, who, here)
    return await _pictured(row, here.gateway.stills.still(segment, at_ms), who, here)


@router.get(
    "/{unit_id}/{recording}/segments/{number}/contact-sheet",
    response_class=Response,
    responses=responses(401, 404, 409, 422, 503) | _JPEG,
)
async def get_segment_sheet(
    unit_id: UnitPath,
    recording: RecordingPath,
    number: NumberPath,
    who: Who,
    here: Here,
    count: TileCount = 12,
) -> Response:
    """Pictures evenly over a sealed segment, with their times, as one. In the audit as playing is."""
    row, segment = await _sealed_segment(unit_id, recording, number, who, here)
    return await _pictured(row, here.gateway.stills.sheet([segment], count), who, here)


@router.get(
    "/{unit_id}/{recording}/contact-sheet",
    response_class=Response,
    responses=responses(401, 404, 409, 422, 503) | _JPEG,
)
async def get_sheet(
    unit_id: UnitPath, recording: RecordingPath, who: Who, here: Here, count: TileCount = 12
) -> Response:
    """Pictures evenly over the sealed segments of a recording, of at most 12 of them, as one. In the audit as playing
    is."""
    row = await seen_recording(unit_id, recording, who, here)
    async with here.gateway.store.read() as connection:
        rows = await recordings.segments_of(connection, unit_id, recording)
    sealed = [one for one in rows if one.state == SEALED]
    if not sealed:
        raise problems.refused("No segment is sealed yet: pictures are made of what was proven.")
    return await _pictured(row, here.gateway.stills.sheet(sealed, count), who, here)


@router.post("/{unit_id}/{recording}/verify", response_model=Proof, responses=responses(401, 403, 404, 503))
async def verify(unit_id: UnitPath, recording: RecordingPath, who: Who, here: Here) -> views.Json:
    """Prove the recording from its bytes as they are now, as `tipstaff verify` does. In the audit, with the result."""
    gateway = here.gateway
    await seen_recording(unit_id, recording, who, here)
    async with gateway.store.read() as connection:
        rows = await recordings.segments_of(connection, unit_id, recording)
        keys = await unit_keys.of_unit(connection, unit_id)
    verdicts = await gateway.archive.prove(rows, keys)
    judged = [
        {
            "number": int(verdict.name.rpartition("-")[2]),
            "ok": not verdict.faults,
            "faults": [{"code": one.code, "message": one.message} for one in verdict.faults],
        }
        for verdict in verdicts
    ]
    ok, now_ms = bool(judged) and all(one["ok"] for one in judged), gateway.clock.now_ms()
    facts: dict[str, object] = {"ok": ok, "segments": len(judged)}
    await audit.note(
        gateway.store, now_ms, who.user.login, "recording.verify", f"{unit_id}/{recording}", facts
    )
    unproven = [row.number for row in rows if row.manifest is None and row.state != DELETED]
    return {"ok": ok, "checked_ms": now_ms, "segments": judged, "unproven": unproven}


@router.post(
    "/{unit_id}/{recording}/hold",
    response_model=RecordingDetail,
    responses=responses(401, 403, 404, 409, 413, 422, 503),
)
async def hold(unit_id: UnitPath, recording: RecordingPath, body: Reason, who: Who, here: Here) -> views.Json:
    """Keep the recording whatever its age. Several may; it stays until all are released."""
    await seen_recording(unit_id, recording, who, here)
    scope.must_command(who.user)
    gateway = here.gateway
    job = (unit_id, recording, body.reason, who.user.login, gateway.clock.now_ms())
    if not await gateway.store.write(lambda connection: recording_register.hold(connection, *job)):
        raise problems.refused("The recording was deleted already.")
    return await get_recording(unit_id, recording, who, here)


@router.post(
    "/{unit_id}/{recording}/release",
    response_model=RecordingDetail,
    responses=responses(401, 403, 404, 409, 413, 422, 503),
)
async def release(
    unit_id: UnitPath, recording: RecordingPath, body: Reason, who: Who, here: Here
) -> views.Json:
    """End all holds of the recording: from then on only its age and its incidents count."""
    await seen_recording(unit_id, recording, who, here)
    scope.must_release(who.user)
    gateway = here.gateway
    job = (unit_id, recording, body.reason, who.user.login, gateway.clock.now_ms())
    if not await gateway.store.write(lambda connection: recording_register.release(connection, *job)):
        raise problems.refused("Nobody holds this recording.")
    return await get_recording(unit_id, recording, who, here)


async def seen_recording(unit_id: str, recording: str, who: Visitor, here: Parts) -> RecordingRow:
    """A recording that this person sees. Raises a 404 problem."""
    async with here.gateway.store.read() as connection:
        row = await recording_register.find(connection, unit_id, recording)
    if row is None or not who.scope.covers(row.court_id):
        raise problems.not_found("recording")
    return row


async def _segment(
    unit_id: str, recording: str, number: int, who: Visitor, here: Parts, *, deleted: bool = False
) -> tuple[RecordingRow, SegmentRow]:
    row = await seen_recording(unit_id, recording, who, here)
    async with here.gateway.store.read() as connection:
        segment = await recordings.segment(connection, unit_id, recording, number)
    if segment is None or (segment.state == DELETED and not deleted):
        raise problems.not_found("segment")
    return row, segment


async def _sealed_segment(
    unit_id: str, recording: str, number: int, who: Visitor, here: Parts
) -> tuple[RecordingRow, SegmentRow]:
    """One of which pictures can be made."""
    row, segment = await _segment(unit_id, recording, number, who, here)
    if segment.state != SEALED:
        raise problems.refused("The segment is not sealed yet: pictures are made of what was proven.")
    return row, segment


async def _pictured(row: RecordingRow, made: Awaitable[bytes | None], who: Visitor, here: Parts) -> Response:
    """The JPEG, once it is in the audit that somebody looks."""
    try:
        jpeg = await made
    except TooMuchAtOnce as error:
        raise problems.unavailable(str(error)) from None
    except EvidenceUnreadable:
        raise problems.unavailable("The file cannot be read just now. Try again.") from None
    if jpeg is None:
        raise problems.not_found("picture")
    await _note_look("recording.play", row, who, here)
    return Response(jpeg, media_type="image/jpeg")


async def _note_look(action: str, row: RecordingRow, who: Visitor, here: Parts) -> None:
    """In the audit, but not for each of the many requests of one player."""
    gateway, subject, login = here.gateway, f"{row.unit_id}/{row.recording}", who.user.login
    now_ms = gateway.clock.now_ms()
    if here.looks.new(login, action, subject, now_ms):
        await audit.note(gateway.store, now_ms, login, action, subject)
        here.looks.noted(login, action, subject, now_ms)


def _asked(header: str | None, size: int) -> tuple[int, int, bool]:
    """(start, end, whether it is a part) of a Range header; one that is not understood counts as none."""
    found = _RANGE.fullmatch(header or "")
    if found is None:
        return 0, size, False
    start = int(found[1])
    end = min(size, int(found[2]) + 1) if found[2] else size
    if start >= end:
        raise problems.not_satisfiable(size, HELD_ONLY)
    return start, end, True
