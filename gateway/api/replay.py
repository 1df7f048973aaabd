"""Where everybody was over the time of an incident: positions as they were stored, bounded and thinned evenly."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.api.scope import Scope
from gateway.dispatch.centre_live import View
from gateway.model import Fix, UnitStatus
from gateway.store import fixes

BEFORE_MS = 600_000
#: Positions that came in late, out of a dead zone, still belong to their own time.
LATE_MS = 1_800_000
NEAR_M = 5_000.0
UNITS_MAX = 50
FIXES_MAX = 5_000
#: Of the positions, the officers of the incident have at least so many together.
MEMBERS_SHARE = 3_000
METRES_A_DEGREE = 111_195.0
#: When, as parts of the incident's time, somebody counts as near.
LOOKS = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True, slots=True)
class Track:
    """A unit and its positions by their own time, oldest first. `thinned`: there were more."""

    unit_id: str
    member: bool
    fixes: tuple[Fix, ...]
    thinned: bool


def span_ms(view: View, now_ms: int) -> tuple[int, int]:
    """From 10 minutes before the incident opened to its end, or until now."""
    incident = view.incident
    if incident.closed is not None:
        end_ms = incident.closed.at_ms
    elif not incident.live and view.timeline:
        end_ms = view.timeline[-1].at_ms
    else:
        end_ms = now_ms
    return incident.opened_ms - BEFORE_MS, max(end_ms, incident.opened_ms)


async def tracks(
    connection: AsyncConnection,
    view: View,
    span: tuple[int, int],
    statuses: Mapping[str, UnitStatus],
    scope: Scope,
) -> list[Track]:
    """The officers of the incident, then the units that were near and that `scope` covers, nearest first."""
    members = _members(view)
    others = await _near(connection, view, span, statuses, scope, frozenset(members))
    others = others[: UNITS_MAX - len(members)]
    most = MEMBERS_SHARE // len(members) if others else FIXES_MAX // len(members)
    found = [await _track(connection, unit_id, True, span, most) for unit_id in members]
    left = FIXES_MAX - sum(len(track.fixes) for track in found)
    found += [
        await _track(connection, unit_id, False, span, max(1, left // len(others))) for unit_id in others
    ]
    return found


async def member_tracks(connection: AsyncConnection, view: View, span: tuple[int, int]) -> list[Track]:
    """The officers of the incident alone."""
    members = _members(view)
    return [await _track(connection, unit_id, True, span, FIXES_MAX // len(members)) for unit_id in members]


def _members(view: View) -> list[str]:
    units = dict.fromkeys([view.incident.unit_id, *(one.unit_id for one in view.incident.members)])
    return list(units)[:UNITS_MAX]


async def _track(
    connection: AsyncConnection, unit_id: str, member: bool, span: tuple[int, int], most: int
) -> Track:
    from_ms, to_ms = span
    rows, thinned = await fixes.between(connection, unit_id, from_ms, to_ms + LATE_MS, most)
    kept = [fix for fix in rows if fix.usable and from_ms <= fix.at_ms() <= to_ms]
    return Track(unit_id, member, tuple(sorted(kept, key=Fix.at_ms)), thinned)


async def _near(
    connection: AsyncConnection,
    view: View,
    span: tuple[int, int],
    statuses: Mapping[str, UnitStatus],
    scope: Scope,
    members: frozenset[str],
) -> list[str]:
    incident = view.incident
    hint = incident.hint
    here = incident.fix if incident.fix is not None and incident.fix.usable else hint and hint.fix
    if here is None:
        return []
    nearest: dict[str, float] = {}
    for part in LOOKS:
        at_ms = round(incident.opened_ms + part * (span[1] - incident.opened_ms))
        for unit_id, lat_e7, lon_e7 in await fixes.last_places(connection, at_ms - BEFORE_MS, at_ms):
            status = statuses.get(unit_id)
            if unit_id in members or status is None:
                continue
            metres = _apart_m(here, lat_e7 / 1e7, lon_e7 / 1e7)
            if metres <= NEAR_M and scope.covers(status.unit.court_id):
                nearest[unit_id] = min(metres, nearest.get(unit_id, metres))
    return sorted(nearest, key=lambda unit_id: (nearest[unit_id], unit_id))


def _apart_m(one: Fix, lat: float, lon: float) -> float:
    """Good to a per cent over such distances."""
    east = math.remainder(lon - one.lon, 360.0) * math.cos(math.radians(one.lat))
    return math.hypot(lat - one.lat, east) * METRES_A_DEGREE
