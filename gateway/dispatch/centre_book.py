"""Live incidents in memory as they are in the database, and the rows that a change of one makes."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, replace

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.dispatch import log
from gateway.dispatch.centre_facts import facts_of
from gateway.dispatch.centre_live import View
from gateway.dispatch.effects import TellUnit
from gateway.dispatch.events import Event
from gateway.dispatch.incident import Incident, Step, from_json, to_json
from gateway.model import Court, TimelineEntry, Told
from gateway.store import incident_search, incidents
from gateway.store.incident_search import SearchRow

TIMELINE_MAX = 500
TOLD_MAX = 200
NOT_FACTS = frozenset({"event", "by", "ranking", "policy", "expected_version", "facts", "login"})


@dataclass(frozen=True, slots=True)
class Page:
    """An incident with its newest receipts and the end of its log. `seq`: the highest number of a receipt that
    any of its alarms had, here or in an incident that was merged into it. `hash`: of the log's last row."""

    incident: Incident
    told: tuple[Told, ...]
    timeline: tuple[TimelineEntry, ...]
    seq: int
    hash: bytes

    def view(self) -> View:
        """For those who watch."""
        return View(self.incident, self.told, self.timeline, self.incident.near)


@dataclass(frozen=True, slots=True)
class Change:
    """What one event makes of one incident: the page after it, and what is to be stored and told."""

    before: Page | None
    after: Page
    event: Event
    step: Step
    told: tuple[Told, ...]
    row: incidents.EventRow

    async def store(self, connection: AsyncConnection) -> None:
        """Write snapshot, log row and receipts."""
        incident = self.after.incident
        deadlines = [at_ms for _, at_ms in incident.deadlines]
        await incidents.save(
            connection,
            incidents.IncidentRow(
                incident.incident_id,
                incident.unit_id,
                incident.court_id,
                incident.state,
                incident.live,
                incident.version,
                incident.opened_ms,
                min(deadlines, default=None),
                to_json(incident),
            ),
        )
        row, known = _search_row(self.after), self.before
        new = incident.seen_by - (known.incident.seen_by if known is not None else frozenset())
        if new or known is None or row != _search_row(known):
            await incident_search.save(connection, row, new, first=known is None)
        await incidents.add_events(connection, [self.row])
        await incidents.add_receipts(connection, self.told)


def change(
    before: Page | None,
    event: Event,
    step: Step,
    now_ms: int,
    units: dict[str, str],
    courts: Mapping[str, Court],
    seq_floor: int = 0,
) -> Change:
    """The change of a step that changed something. `units`: unit of each alarm id (hex) that is not the
    newest of a member; `courts`: all, for their names; `seq_floor`: receipts are numbered above it."""
    incident = step.incident
    assert incident is not None and step.changed
    seq = max(before.seq if before else 0, seq_floor)
    units = units | {member.alarm_id: member.unit_id for member in incident.members}
    # The unit would know no receipt for an id that we made up, and nothing is told that nobody can hear.
    unreadable = {member.alarm_id for member in incident.members if not member.readable}
    told: tuple[Told, ...] = ()
    for effect in step.effects:
        if isinstance(effect, TellUnit):
            newest = [member.alarm_id for member in incident.members]
            wanted = [effect.alarm_id] if effect.alarm_id is not None else newest
            for alarm_id in [one for one in wanted if one not in unreadable]:
                seq += 1
                told += (_told(effect, incident.incident_id, alarm_id, units[alarm_id], seq, now_ms),)
    previous = before.hash if before else log.GENESIS
    facts = facts_of(before.incident if before else None, step, told, courts)
    written = log.row_for(
        incident.incident_id, incident.version, now_ms, event, incident.policy, previous, facts
    )
    row = incidents.EventRow(*astuple(written))
    timeline = (*(before.timeline if before else ()), entry(row))[-TIMELINE_MAX:]
    after = Page(incident, (*(before.told if before else ()), *told)[-TOLD_MAX:], timeline, seq, row.hash)
    return Change(before, after, event, step, told, row)


async def load(connection: AsyncConnection, snapshot: str) -> Page:
    """A page as it is in the database."""
    incident = from_json(snapshot)
    told = await incidents.told(connection, incident.incident_id)
    rows = await incidents.events(connection, incident.incident_id)
    seq = await incidents.highest_seq(connection, [bytes.fromhex(one) for one in incident.alarm_ids])
    timeline = tuple(entry(row) for row in rows[-TIMELINE_MAX:])
    return Page(incident, tuple(told[-TOLD_MAX:]), timeline, seq, rows[-1].hash if rows else log.GENESIS)


async def views(connection: AsyncConnection, incident_ids: Sequence[str]) -> list[View]:
    """Incidents as they are in the database, in this order; three queries, however many."""
    snapshots = await incidents.snapshots(connection, incident_ids)
    told: dict[str, list[Told]] = {}
    for one in await incidents.told_of(connection, incident_ids):
        told.setdefault(one.incident_id, []).append(one)
    rows: dict[str, list[incidents.EventRow]] = {}
    for row in await incidents.events_of(connection, incident_ids):
        rows.setdefault(row.incident_id, []).append(row)
    found = [(one, from_json(snapshots[one])) for one in incident_ids if one in snapshots]
    return [
        View(
            incident,
            tuple(told.get(one, ())[-TOLD_MAX:]),
            tuple(entry(row) for row in rows.get(one, ())[-TIMELINE_MAX:]),
            incident.near,
        )
        for one, incident in found
    ]


def _search_row(page: Page) -> SearchRow:
    """What the incident is searched by. `people`: all who did anything in it that its timeline still shows."""
    one = page.incident
    people = [one.acknowledged_by, one.handler, one.closed.by if one.closed is not None else None]
    people += [entry.by for entry in page.timeline]
    return SearchRow(
        one.opened_ms,
        one.incident_id,
        one.live,
        one.court_id,
        one.kind,
        one.duress,
        incident_search.lines([one.unit_id, *(member.unit_id for member in one.members)]),
        incident_search.lines([one.officer, *(member.officer for member in one.members)]),
        incident_search.folded(one.case_no or ""),
        incident_search.lines(sorted({name for name in people if name is not None})),
    )


def entry(row: incidents.EventRow) -> TimelineEntry:
    """A row of the log for people: what happened, and what the step was decided on (`centre_facts`); without
    the ranking, which is in the incident."""
    plain = json.loads(row.event)
    facts = {name: value for name, value in plain.items() if name not in NOT_FACTS and value is not None}
    facts |= plain.get("facts", {})
    return TimelineEntry(row.seq, row.at_ms, row.name, row.by, facts)


def felt(page: Page, unit_id: str, alarm_id: bytes, seq: int, at_ms: int) -> Page:
    """The page after a unit's reply; the same object if that says nothing new."""
    for place, one in enumerate(page.told):
        if (one.unit_id, one.alarm_id, one.seq, one.felt_ms) == (unit_id, alarm_id, seq, None):
            marked = replace(one, felt_ms=at_ms)
            return replace(page, told=(*page.told[:place], marked, *page.told[place + 1 :]))
    return page


def _told(effect: TellUnit, incident_id: str, alarm_id: str, unit_id: str, seq: int, now_ms: int) -> Told:
    return Told(
        incident_id,
        bytes.fromhex(alarm_id),
        seq,
        int(effect.status),
        now_ms,
        effect.by,
        effect.court_name,
        effect.eta_s,
        unit_id=unit_id,
    )
