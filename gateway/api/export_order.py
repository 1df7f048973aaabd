"""What goes into an export: a recording, or an incident with its recordings, as they are in the database.

The API and `tipstaff export` have their orders from here; nothing in it needs a running gateway.
"""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.api import console, replay, report
from gateway.api.csv_text import Language
from gateway.api.export_words import WORDS, ExportWords
from gateway.api.media_kind import EXTENSIONS
from gateway.api.report import steps
from gateway.api.report.words import ReportWords
from gateway.dispatch import centre_book as book
from gateway.dispatch import log
from gateway.dispatch.centre_live import View
from gateway.errors import ExportRefused
from gateway.evidence.derive import Covered, Master, utc_ms
from gateway.evidence.export import Order
from gateway.evidence.places import Key, Places
from gateway.evidence.playable import Find
from gateway.model import Court, Fix
from gateway.relay import talk_file
from gateway.settings import Settings
from gateway.store import fixes, incidents, recording_register, recordings, talks, unit_keys, units
from gateway.store.incidents import EventRow
from gateway.store.recording_register import Filter, RecordingRow
from gateway.store.recordings import SEALED, SegmentRow
from gateway.store.talks import TalkRow
from protocol.manifest import CUT, LAST, Manifest

BEGUN, MADE = "evidence.export", "evidence.exported"
"""In the audit: before the first byte, and once all of it is written."""
TALKS_MAX = 1_000
RECORDINGS_MAX = 200
SEGMENTS_MAX = 50_000
FIXES_STEP_MS = 1_800_000
FIXES_STEP_MAX = 5_000
FIXES_MAX = 200_000
"""Positions of a recording are read half an hour at a time; no more than one a second comes in."""
FIX_COLUMNS = (
    "taken_ms", "clock_quality", "received_ms", "lat", "lon", "accuracy_m", "speed_m_s", "course_deg", "altitude_m",
    "satellites", "quality", "fault", "boot", "mono_ms",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """By whom, when, why, in what form; pdf: the report as PDF, too. covered, find: what a disclosure copy hides."""

    made_by: str
    made_ms: int
    reason: str = ""
    language: Language = "zh"
    copies: bool = True
    disclosure: bool = False
    covered: Sequence[Covered] = ()
    find: Find | None = None
    pdf: bool = False


@dataclass(slots=True)
class _Gathered:
    """What was found of some recordings."""

    masters: list[Master] = field(default_factory=list)
    absent: list[Manifest] = field(default_factory=list)
    keys: dict[bytes, bytes] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    timeline: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, bytes | Path] = field(default_factory=dict)


async def of_recording(
    connection: AsyncConnection, settings: Settings, row: RecordingRow, asked: Asked
) -> Order:
    """One recording. Raises ExportRefused when nothing of it is here."""
    w, found = WORDS[asked.language], _Gathered()
    await _gather(connection, settings, row, found, w)
    facts = await _facts(connection, row, w)
    return _order(f"{row.unit_id} {row.recording}", found, facts, settings, asked)


async def of_incident(
    connection: AsyncConnection,
    settings: Settings,
    incident_id: str,
    asked: Asked,
    seen: Callable[[RecordingRow | TalkRow], bool] = lambda row: True,
) -> Order:
    """An incident: its log, report, files and positions, and those of its recordings and talks that are `seen`. Raises
    ExportRefused when there is no such incident."""
    w, found = WORDS[asked.language], _Gathered()
    views = await book.views(connection, [incident_id])
    if not views:
        raise ExportRefused(f"there is no incident {incident_id!r}")
    (view,) = views
    rows = await recording_register.search(connection, Filter(incident_id=incident_id), RECORDINGS_MAX + 1)
    if len(rows) > RECORDINGS_MAX:
        raise ExportRefused(
            f"{incident_id} has more than {RECORDINGS_MAX} recordings: export them one by one"
        )
    shown = [row for row in reversed(rows) if seen(row)]
    if len(shown) < len(rows):
        found.left_out.append(w.other_courts.format(len(rows) - len(shown)))
    for row in shown:
        await _gather(connection, settings, row, found, w)
    events = await incidents.events(connection, incident_id)
    courts = {court.court_id: court for court in await units.all_courts(connection)}
    found.timeline += await asyncio.to_thread(_said, events, courts, asked.language)
    await _incident_files(connection, settings, view, events, courts, found, asked, seen)
    await _talks(connection, settings, incident_id, found, w, seen)
    incident = view.incident
    facts = {
        w.incident: incident_id,
        w.officer: f"{incident.officer} ({incident.unit_id})",
        w.case_no: incident.case_no or "",
        w.recordings: ", ".join(f"{row.unit_id} {row.recording}" for row in shown),
    }
    return _order(incident_id, found, facts, settings, asked)


def facts_of(order: Order) -> dict[str, object]:
    """Of an export, for the audit."""
    return {
        "by": order.made_by,
        "reason": order.reason,
        "segments": len(order.masters),
        "disclosure": order.discloses,
    }


def _order(title: str, found: _Gathered, facts: dict[str, str], settings: Settings, asked: Asked) -> Order:
    if len(found.masters) > SEGMENTS_MAX:
        raise ExportRefused(f"{title}: more than {SEGMENTS_MAX:,} segments: export recordings one by one")
    if not found.masters and not found.absent and not found.files:
        raise ExportRefused(f"{title}: nothing of it is sealed yet, so there is nothing to export")
    return Order(
        title,
        found.masters,
        found.keys,
        asked.made_by,
        asked.made_ms,
        asked.reason,
        {name: value for name, value in facts.items() if value},
        sorted(found.timeline, key=lambda one: one.get("at_ms") or one.get("device_ms") or 0),
        asked.copies,
        asked.covered,
        asked.language,
        asked.disclosure,
        asked.find,
        found.absent,
        found.left_out,
        found.files,
        settings.evidence if settings.evidence.store == "s3" else None,
        asked.pdf,
    )


async def _gather(
    connection: AsyncConnection, settings: Settings, row: RecordingRow, found: _Gathered, w: ExportWords
) -> None:
    places = Places(settings.data_dir / "evidence")
    rows = await recordings.segments_of(connection, row.unit_id, row.recording)
    for one, manifest in await asyncio.to_thread(_decoded, rows):
        name = f"{row.recording}-{one.number}"
        if manifest is None or one.state != SEALED:
            found.left_out.append(f"{name}: {w.states[one.state]}")
            if manifest is None:
                continue
        if one.state == SEALED:
            path = places.sealed(Key(row.unit_id, row.recording, one.number))
            found.masters.append(Master(path, manifest, one.first_heard_ms, one.sealed_ms))
        else:
            found.absent.append(manifest)
        if manifest.key_id not in found.keys:
            key = await unit_keys.find(connection, manifest.key_id)
            if key is not None:
                found.keys[key.key_id] = key.public
        found.timeline += _moments(one, manifest, w)
    track, thinned = await _track(connection, row)
    if track:
        found.files[f"positions/{row.unit_id}-{row.recording}.csv"] = await asyncio.to_thread(_csv, track)
    if thinned:
        found.left_out.append(w.thinned.format(row.recording))


def _decoded(rows: Sequence[SegmentRow]) -> list[tuple[SegmentRow, Manifest | None]]:
    return [(row, Manifest.decode(row.manifest) if row.manifest is not None else None) for row in rows]


async def _track(connection: AsyncConnection, row: RecordingRow) -> tuple[list[Fix], bool]:
    """The unit's positions while it recorded, by their own time, and whether that is not all."""
    found: list[Fix] = []
    thinned = False
    looked = 0
    end_ms = row.to_ms + replay.LATE_MS
    at_ms = await fixes.next_ms(connection, row.unit_id, row.from_ms)
    while at_ms is not None and at_ms <= end_ms:
        if looked >= FIXES_MAX:
            thinned = True
            break
        to_ms = min(at_ms + FIXES_STEP_MS - 1, end_ms)
        part, cut = await fixes.between(connection, row.unit_id, at_ms, to_ms, FIXES_STEP_MAX)
        found += [fix for fix in part if row.from_ms <= fix.at_ms() <= row.to_ms]
        looked, thinned = looked + len(part), thinned or cut
        at_ms = await fixes.next_ms(connection, row.unit_id, to_ms + 1)
    return sorted(found, key=Fix.at_ms), thinned


def _moments(row: SegmentRow, manifest: Manifest, w: ExportWords) -> list[dict[str, Any]]:
    """What the unit says of a segment, by its clock."""
    first_ms, last_ms = utc_ms(manifest.first), utc_ms(manifest.last)
    name = f"{row.recording}-{row.number}"
    said: list[dict[str, Any]] = []
    if row.number == 0:
        said.append({"device_ms": first_ms, "event": f"{w.begins} {name}", "by": manifest.unit})
    for mark_ms in manifest.marks or ():
        at_ms = first_ms + mark_ms if first_ms is not None else None
        said.append({"device_ms": at_ms, "event": f"{w.mark} {name}", "by": manifest.unit})
    if manifest.flags & (LAST | CUT):
        word = w.cut if manifest.flags & CUT else w.ends
        said.append({"device_ms": last_ms, "event": f"{word} {name}", "by": manifest.unit})
    return said


async def _facts(connection: AsyncConnection, row: RecordingRow, w: ExportWords) -> dict[str, str]:
    court = next((one for one in await units.all_courts(connection) if one.court_id == row.court_id), None)
    return {
        w.unit: row.unit_id,
        w.recording: row.recording,
        w.officer: row.officer,
        w.court: court.name if court is not None else row.court_id,
        w.case_no: row.case_no or "",
        w.incident: ", ".join(row.incident_ids),
    }


def _said(
    events: Sequence[EventRow], courts: Mapping[str, Court], language: Language
) -> list[dict[str, Any]]:
    """The log in words; a run of positions as one."""
    w, hashes = ReportWords(language), {one.seq: one.hash.hex() for one in events}
    entries = steps.folded([book.entry(one) for one in events])
    rows = [steps.row(entry, hashes[entry.seq], courts, w) for entry in entries]
    return [
        {"at_ms": one.at_ms, "event": one.what, "by": one.who, "name": one.event}
        | ({"device_ms": one.device_ms} if one.device_ms is not None else {})
        for one in rows
    ]


async def _incident_files(
    connection: AsyncConnection,
    settings: Settings,
    view: View,
    events: Sequence[EventRow],
    courts: Mapping[str, Court],
    found: _Gathered,
    asked: Asked,
    seen: Callable[[RecordingRow | TalkRow], bool],
) -> None:
    """The log in the form in which its hashes are made, the report, the positions, and what was attached."""
    incident_id, w = view.incident.incident_id, WORDS[asked.language]
    folder = f"incidents/{incident_id}"
    lines = (
        f"{one.hash.hex()} {log.hashed(one.incident_id, one.seq, one.at_ms, one.name, one.by, one.event)}\n"
        for one in events
    )
    found.files[f"{folder}/log.txt"] = "".join(lines).encode()
    tracks = await replay.member_tracks(connection, view, replay.span_ms(view, asked.made_ms))
    for track in tracks:
        found.files[f"{folder}/positions-{track.unit_id}.csv"] = _csv(track.fixes)
        if track.thinned:
            found.left_out.append(w.thinned.format(track.unit_id))
    said = await talks.said_in(connection, incident_id, None, report.TALKS_MAX + 1)
    made = report.Report(
        view,
        events,
        tracks,
        [row for row in said if seen(row)],
        courts,
        settings.site.outlines or console.OUTLINES,
        settings.site.name,
        asked.made_by,
        asked.made_ms,
    )
    page = await asyncio.to_thread(report.render, made, asked.language)
    found.files[f"{folder}/report.html"] = page.encode()
    for one in view.incident.attachments:
        path = settings.data_dir / "attachments" / one.sha256[:2] / one.sha256
        if path.is_file():
            found.files[f"{folder}/files/{one.attachment_id}{EXTENSIONS[one.media_type][0]}"] = path
        else:
            found.left_out.append(f"{one.attachment_id}: {w.missing}")


async def _talks(
    connection: AsyncConnection,
    settings: Settings,
    incident_id: str,
    found: _Gathered,
    w: ExportWords,
    seen: Callable[[RecordingRow | TalkRow], bool],
) -> None:
    """What was said to its officers; the log has the hashes."""
    for row in await talks.of_incident(connection, incident_id, TALKS_MAX):
        if not seen(row):
            continue
        path = talk_file.path_of(settings.data_dir, row.unit_id, row.talk)
        if path.is_file():
            found.files[f"incidents/{incident_id}/talks/{row.unit_id}-{row.talk}.mkv"] = path
        else:
            found.left_out.append(f"{row.unit_id} {row.talk}: {w.missing}")


def _csv(track: Sequence[Fix]) -> bytes:
    """Positions as they were sent; empty is not known."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(FIX_COLUMNS)

    def scaled(value: int | None, by: int) -> float | None:
        return None if value is None else value / by

    for fix in track:
        writer.writerow(
            (fix.taken_ms, fix.clock_quality, fix.received_ms, fix.lat, fix.lon, scaled(fix.accuracy_dm, 10),
             scaled(fix.speed_cm_s, 100), scaled(fix.course_cdeg, 100), scaled(fix.altitude_dm, 10), fix.satellites,
             fix.quality, fix.fault, fix.boot, fix.mono_ms)
        )  # fmt: skip
    return out.getvalue().encode()
