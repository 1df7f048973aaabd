"""The gateway's nouns as the API's JSON (the shapes of `schemas`): plain dicts, made anew from frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.api.unit_faults import dropped
from gateway.dispatch.centre_live import View
from gateway.dispatch.incident import Attachment, Incident
from gateway.dispatch.offering import believed
from gateway.dispatch.ranking import Candidate
from gateway.model import Court, Fix, ShiftCheck, ShiftNote, TimelineEntry, UnitStatus, User, WebSession
from gateway.relay.talk import SPEAKERS
from gateway.settings import Settings
from protocol.messages import COUNTER_NAMES

Json = dict[str, Any]
KIB = 1024
SEEN_BY_MAX = 50


def about(
    settings: Settings, version: str, started_ms: int, console_build: str | None, layers: list[Json]
) -> Json:
    """A gateway in a snapshot: what it is, and the numbers by which it judges and estimates."""
    dispatch = settings.dispatch
    return {
        "version": version,
        "started_ms": started_ms,
        "console_build": console_build,
        "name": settings.site.name,
        "map": {"layers": layers},
        "road_factor": dispatch.road_factor,
        "speed_km_h": dispatch.speed_km_h,
        "stale_fix_s": dispatch.stale_fix_s,
        "coarse_fix_m": dispatch.coarse_fix_m,
    }


def person(user: User) -> Json:
    """A Person."""
    return {"login": user.login, "name": user.name, "role": str(user.role), "court_id": user.court_id}


def colleague(user: User, live: bool) -> Json:
    """A Colleague."""
    return {**person(user), "live": live}


def shift_check(one: ShiftCheck) -> Json:
    """A ShiftCheck."""
    return {
        "at_ms": one.at_ms,
        "sound": one.sound,
        "light": one.light,
        "device": one.device,
        "note_seen": one.note_seen,
    }


def shift_note(one: ShiftNote, login: str) -> Json:
    """A ShiftNote, as the person of `login` sees it."""
    return {
        "note_id": one.note_id,
        "at_ms": one.at_ms,
        "login": one.login,
        "name": one.name,
        "court_id": one.court_id,
        "text": one.text,
        "seen_by": list(one.readers.values())[:SEEN_BY_MAX],
        "seen": login == one.login or login in one.readers,
    }


def session(one: WebSession) -> Json:
    """A Session."""
    return {"user": person(one.user), "csrf": one.csrf, "expires_ms": one.expires_ms}


def court(one: Court) -> Json:
    """A Court."""
    return {
        "court_id": one.court_id,
        "name": one.name,
        "level": str(one.level),
        "parent_id": one.parent_id,
        "lat": one.lat,
        "lon": one.lon,
        "on_duty": one.on_duty,
        "placeholder": one.placeholder,
        "source": one.source,
    }


def fix(one: Fix) -> Json:
    """A Fix."""
    return {
        "lat": one.lat,
        "lon": one.lon,
        "accuracy_m": None if one.accuracy_dm is None else one.accuracy_dm / 10,
        "speed_m_s": None if one.speed_cm_s is None else one.speed_cm_s / 100,
        "course_deg": None if one.course_cdeg is None else one.course_cdeg / 100,
        "quality": one.quality,
        "taken_ms": one.taken_ms,
        "received_ms": one.received_ms,
        "at_ms": one.at_ms(),
        "fault": one.fault,
    }


def unit(status: UnitStatus) -> Json:
    """A Unit. A fix that must not be used (no position, null island) is none."""
    registered = status.unit
    return {
        "unit_id": registered.unit_id,
        "court_id": registered.court_id,
        "officer": registered.officer,
        "case_no": status.case_no,
        "online": status.online,
        **moving(status),
        "battery_pct": status.battery_pct,
        "charging": status.charging,
        "signal_dbm": status.signal_dbm,
        "network": status.network,
        "storage_free_bytes": _bytes(status.storage_free_kib),
        "storage_total_bytes": _bytes(status.storage_total_kib),
        "recording": status.recording,
        "picture": status.picture,
        "watched_by": status.watched_by,
        "speaker": SPEAKERS[status.speaker or 0],
        "firmware": status.firmware,
        "clock_quality": status.clock_quality,
        "clock_offset_ms": status.clock_offset_ms,
        "uptime_s": status.uptime_s,
        "boot": status.boot or None,
        "last_error": status.last_error,
        "dropped": dropped(status),
        "revoked": registered.revoked,
        "certificate_ends_ms": registered.certificate_ends_ms,
        "incident_id": status.incident_id,
        "counters": {_counter(number): count for number, count in status.counters.items()},
    }


def moving(status: UnitStatus) -> Json:
    """Of a Unit, what changes every second."""
    return {"seen_ms": status.seen_ms, "fix": _usable(status.fix)}


def incident(view: View, courts: Mapping[str, Court]) -> Json:
    """An Incident with its log."""
    one: Incident = view.incident
    own = courts.get(one.court_id) if one.court_id is not None else None
    closed = one.closed
    return {
        "incident_id": one.incident_id,
        "version": one.version,
        "state": str(one.state),
        "centre": _centre(one),
        "kind": one.kind,
        "test": one.test,
        "duress": one.duress,
        "unit_id": one.unit_id,
        "officer": one.officer,
        "court_id": one.court_id,
        "court_name": own.name if own is not None else None,
        "case_no": one.case_no,
        "opened_ms": one.opened_ms,
        "pressed_ms": one.pressed_ms,
        "pressed_quality": one.pressed_quality,
        "alarm_count": one.alarm_count,
        "fix": _usable(one.fix),
        "fix_age_s": None if one.fix_age_ms is None else one.fix_age_ms / 1000,
        "fix_confidence": str(one.ranking.confidence),
        "candidates": _candidates(one, courts),
        "hint": _hint(one),
        "owner_court_id": one.owner_court_id,
        "owner_name": one.owner_name,
        "owner_by": one.owner_by,
        "eta_s": one.eta_s,
        "deadline_ms": one.deadline_ms,
        "timer": None if one.timer is None else str(one.timer),
        "told": [
            {"status": told.status, "seq": told.seq, "at_ms": told.at_ms, "felt_ms": told.felt_ms}
            for told in view.told
        ],
        "closed": None
        if closed is None
        else {"by": closed.by, "reason": closed.reason, "at_ms": closed.at_ms},
        "merged_into": one.merged_into,
        "near": list(view.near),
        "attachments": [attachment(added) for added in one.attachments],
        "timeline": [timeline_entry(entry) for entry in view.timeline],
    }


def timeline_entry(entry: TimelineEntry) -> Json:
    """A TimelineEntry."""
    return {
        "seq": entry.seq,
        "at_ms": entry.at_ms,
        "event": entry.event,
        "by": entry.by,
        "facts": entry.facts,
    }


def track_point(one: Fix) -> list[int | float | None]:
    """A position of a replay: [at_ms, lat, lon, accuracy_m, speed_m_s, course_deg]."""
    return [
        one.at_ms(),
        one.lat,
        one.lon,
        None if one.accuracy_dm is None else one.accuracy_dm / 10,
        None if one.speed_cm_s is None else one.speed_cm_s / 100,
        None if one.course_cdeg is None else one.course_cdeg / 100,
    ]


def attachment(added: Attachment) -> Json:
    """An Attachment."""
    return {
        "attachment_id": added.attachment_id,
        "name": added.name,
        "media_type": added.media_type,
        "size_bytes": added.size_bytes,
        "sha256": added.sha256,
        "by": added.by,
        "at_ms": added.at_ms,
    }


def _centre(one: Incident) -> Json:
    """Who at the centre took notice, who has it in hand, and who should."""
    proposed = one.handover
    return {
        "acknowledged_by": one.acknowledged_by,
        "acknowledged_ms": one.acknowledged_ms,
        "handler": one.handler,
        "handler_login": one.handler_login,
        "handler_ms": one.handler_ms,
        "handover": None
        if proposed is None
        else {
            "to_login": proposed.to_login,
            "to_name": proposed.to_name,
            "by": proposed.by,
            "at_ms": proposed.at_ms,
            "note": proposed.note,
        },
    }


def _candidates(one: Incident, courts: Mapping[str, Court]) -> list[Json]:
    """The frozen ranking, then courts that were asked although they are not in it."""
    answers = {offer.court_id: str(offer.answer) for offer in one.offers}
    listed = [
        _candidate(rank, court, answers.pop(court.court_id, None))
        for rank, court in enumerate(one.ranking.candidates, 1)
    ]
    for offer in one.offers:
        outside = courts.get(offer.court_id)
        if offer.court_id in answers and outside is not None:
            ranked = one.candidate(offer.court_id)
            listed.append(
                {
                    "rank": len(listed) + 1,
                    "court_id": outside.court_id,
                    "name": outside.name,
                    "level": str(outside.level),
                    "lat": outside.lat,
                    "lon": outside.lon,
                    "distance_m": None if ranked is None else ranked.distance_m,
                    "eta_s": offer.eta_s,
                    "on_duty": outside.on_duty,
                    "why": "asked from outside the ranking",
                    "offer": str(offer.answer),
                }
            )
    return listed


def _candidate(rank: int, court: Candidate, offer: str | None) -> Json:
    return {
        "rank": rank,
        "court_id": court.court_id,
        "name": court.name,
        "level": str(court.level),
        "lat": court.lat,
        "lon": court.lon,
        "distance_m": court.distance_m,
        "eta_s": court.eta_s,
        "on_duty": court.on_duty,
        "why": court.why,
        "offer": offer,
    }


def _hint(one: Incident) -> Json | None:
    """What the newest position would give."""
    if one.hint is None:
        return None
    ranking = one.hint.ranking
    return {
        "at_ms": one.hint.at_ms,
        "unit_id": one.hint.unit_id,
        "fix": _usable(one.hint.fix),
        "fix_confidence": str(ranking.confidence),
        "why": ranking.why,
        "followed": believed(one) is ranking,
        "candidates": [_candidate(rank, court, None) for rank, court in enumerate(ranking.candidates, 1)],
    }


def _usable(one: Fix | None) -> Json | None:
    return fix(one) if one is not None and one.usable else None


def _bytes(kib: int | None) -> int | None:
    return None if kib is None else kib * KIB


def _counter(number: int) -> str:
    return COUNTER_NAMES[number] if 0 <= number < len(COUNTER_NAMES) else f"counter_{number}"
