"""What the officer's unit does: press again, move, cancel. None of it changes owner, state or offers."""

import math
from dataclasses import replace

from gateway.dispatch.effects import Effect, PageSupervisor
from gateway.dispatch.events import Cancel, PositionChanged, PressAgain
from gateway.dispatch.incident import CancelClaim, Hint, Incident, Rejection
from gateway.dispatch.offering import Change, believed, better
from gateway.dispatch.telling import welcome
from gateway.model import Fix

# Ids kept to recognise a repeat; the store knows every id for ever.
ALARM_IDS_MAX = 256
METRES_A_DEGREE = 111_195.0


def press_again(incident: Incident, event: PressAgain, now_ms: int) -> Change | Rejection:
    """The press joins. After a cancel it means that the officer must be called again."""
    if not _has(incident, event.unit_id):
        return _stranger(incident, event.unit_id)
    if not incident.joins(event.kind):
        return Rejection("open_new", "a real alarm does not join a test: open a new incident")
    members = tuple(
        replace(member, alarm_id=event.alarm_id, readable=True) if member.unit_id == event.unit_id else member
        for member in incident.members
    )
    after = replace(
        _with_id(incident, event.alarm_id),
        members=members,
        alarm_count=incident.alarm_count + 1,
        callback=None,
    )
    after, effects = _duress(after, event.kind == "duress")
    return after, [*welcome(after, event.alarm_id), *effects]


def cancel(incident: Incident, event: Cancel, now_ms: int) -> Change | Rejection:
    """A claim. The unit is answered the same whether the code was right or not."""
    if not _has(incident, event.unit_id):
        return _stranger(incident, event.unit_id)
    claim = CancelClaim(now_ms, event.unit_id, event.genuine)
    after = replace(_with_id(incident, event.alarm_id), cancel=claim, callback=None)
    after, effects = _duress(after, not event.genuine)
    return after, [*welcome(after, event.alarm_id), *effects]


def position_changed(incident: Incident, event: PositionChanged, now_ms: int) -> Change | Rejection:
    """Kept beside the frozen ranking if it says something new: farther, or better known, than the last."""
    if not _has(incident, event.unit_id):
        return _stranger(incident, event.unit_id)
    if event.unit_id != incident.unit_id or not _is_news(incident, event, now_ms):
        return incident, []
    return replace(incident, hint=Hint(now_ms, event.unit_id, event.fix, event.ranking)), []


def _is_news(incident: Incident, event: PositionChanged, now_ms: int) -> bool:
    hint = incident.hint
    last = incident.fix if hint is None else hint.fix
    if last is None:
        return True
    if event.fix == last or event.fix.at_ms() < last.at_ms():
        return False
    if better(event.ranking, believed(incident)):
        return True
    since_ms = now_ms - (incident.opened_ms if hint is None else hint.at_ms)
    return since_ms >= incident.policy.move_s * 1000 and _apart_m(last, event.fix) >= incident.policy.move_m


def _apart_m(one: Fix, other: Fix) -> float:
    """Good to a per cent over short distances: it only decides whether to write a line."""
    north = other.lat - one.lat
    east = math.remainder(other.lon - one.lon, 360.0) * math.cos(math.radians(one.lat))
    return math.hypot(north, east) * METRES_A_DEGREE


def _duress(incident: Incident, forced: bool) -> tuple[Incident, list[Effect]]:
    if not forced or incident.duress:
        return incident, []
    return replace(incident, duress=True), [PageSupervisor("duress")]


def _with_id(incident: Incident, alarm_id: str) -> Incident:
    return replace(incident, alarm_ids=(*incident.alarm_ids, alarm_id)[-ALARM_IDS_MAX:])


def _has(incident: Incident, unit_id: str) -> bool:
    return any(member.unit_id == unit_id for member in incident.members)


def _stranger(incident: Incident, unit_id: str) -> Rejection:
    return Rejection("unknown_unit", f"unit {unit_id} has no alarm in {incident.incident_id}")
