"""Alarms, cancels, replies and positions of units, on their way into incidents. Runs in the owner's task."""

from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.dispatch import centre_book as book
from gateway.dispatch.centre_book import Change, Page
from gateway.dispatch.centre_ledger import Ledger
from gateway.dispatch.centre_live import IncidentChange
from gateway.dispatch.centre_units import newer
from gateway.dispatch.effects import Status
from gateway.dispatch.events import (
    KINDS,
    AlarmKind,
    AlarmRaised,
    Cancel,
    Event,
    PositionChanged,
    PressAgain,
)
from gateway.dispatch.incident import Incident, Step
from gateway.dispatch.ranking import nearby
from gateway.dispatch.step import step
from gateway.errors import NotCommitted, StoreError
from gateway.model import AlarmRecord, Fix, Told, UnitStatus
from gateway.store import incidents, recordings
from gateway.store.incidents import AlreadyStored
from protocol.messages import KIND_CANCEL

LAT_E7_A_METRE = 91  # 1e7 degrees / 110,574 m, the least that a degree of latitude has, rounded up


class Alarms:
    """See the module."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def take(self, alarm: AlarmRecord) -> bool:
        """Store an alarm; False for a repeat, which is answered at once with what was told last."""
        known = any(
            alarm.alarm_id.hex() in page.incident.alarm_ids for page in self._ledger.of(alarm.unit_id)
        )
        if not known:
            try:
                if alarm.kind == KIND_CANCEL:
                    await self._cancelled(alarm)
                else:
                    await self._pressed(alarm, KINDS[alarm.kind])
            except AlreadyStored:
                known = True
        if known:
            told = self._ledger.receipts.newest(alarm.unit_id, alarm.alarm_id)
            if told is None:
                try:
                    async with self._ledger.store.read() as connection:
                        told = await incidents.newest_told(connection, alarm.unit_id, alarm.alarm_id)
                except StoreError as error:
                    raise NotCommitted(str(error)) from error
            if told is not None:
                self._ledger.receipts.again(told)
        return not known

    async def unreadable(self, alarm: AlarmRecord, version: int) -> str | None:
        """An alarm of which no more is known than its unit; `alarm` has an id of ours. The id of the incident
        that it opens; None when the unit has one already that a real press joins: nothing is changed then."""
        if any(page.incident.joins("button") for page in self._ledger.of(alarm.unit_id)):
            return None
        await self._pressed(alarm, "button", f"version {version}")
        return self._ledger.incident_of(alarm.unit_id)

    async def felt(self, unit_id: str, alarm_id: bytes, seq: int) -> None:
        """A unit says that a receipt was felt."""
        now_ms = self._ledger.clock.now_ms()

        async def job(connection: AsyncConnection) -> None:
            await incidents.mark_felt(connection, unit_id, alarm_id, seq, now_ms)

        committed_ms = await self._ledger.write(job)
        self._ledger.receipts.felt(unit_id, alarm_id, seq)
        for page in self._ledger.of(unit_id):
            after = book.felt(page, unit_id, alarm_id, seq, now_ms)
            if after is not page:
                self._ledger.enter(after)
                self._ledger.hub.publish(IncidentChange(after.view(), committed_ms))

    async def moved(self, incident_id: str, unit_id: str) -> None:
        """The officer of a live incident has a newer position."""
        page, status = self._ledger.pages.get(incident_id), self._ledger.units.statuses.get(unit_id)
        if page is None or status is None or status.fix is None:
            return
        now_ms = self._ledger.clock.now_ms()
        ranking = self._ledger.rank(status.fix, None, status.unit.court_id, now_ms, unit_id)
        await self._ledger.apply(page, PositionChanged(unit_id, status.fix, ranking))

    async def _pressed(self, alarm: AlarmRecord, kind: AlarmKind, unreadable: str | None = None) -> None:
        alarm_id, now_ms = alarm.alarm_id.hex(), self._ledger.clock.now_ms()
        for page in self._ledger.of(alarm.unit_id):
            if page.incident.joins(kind):
                again = PressAgain(alarm_id, alarm.unit_id, kind)
                outcome = step(page.incident, again, now_ms, self._ledger.policy)
                if outcome.changed:
                    made = self._change(page, again, outcome, now_ms, alarm)
                    await self._commit_alarm(alarm, made)
                    return
        status = self._ledger.units.statuses[alarm.unit_id]
        fix, age_ms = _best_position(alarm, status, now_ms)
        others = [
            (page.incident.incident_id, page.incident.unit_id, page.incident.fix, page.incident.opened_ms)
            for page in self._ledger.pages.values()
            if self._perhaps_near(fix, page.incident, now_ms)
        ]
        raised = AlarmRaised(
            incident_id=await self._ledger.next_id(now_ms),
            alarm_id=alarm_id,
            unit_id=alarm.unit_id,
            officer=status.unit.officer,
            court_id=status.unit.court_id or alarm.court_id,
            kind=kind,
            ranking=self._ledger.rank(fix, age_ms, status.unit.court_id, now_ms, alarm.unit_id),
            case_no=alarm.case_no or status.case_no,
            pressed_ms=alarm.pressed_ms,
            pressed_quality=alarm.pressed_quality,
            fix=fix,
            fix_age_ms=age_ms,
            near=nearby(fix, alarm.unit_id, others, now_ms, self._ledger.policy),
            unreadable=unreadable,
        )
        outcome = step(None, raised, now_ms, self._ledger.policy)
        await self._commit_alarm(alarm, self._change(None, raised, outcome, now_ms, alarm))

    async def _cancelled(self, alarm: AlarmRecord) -> None:
        """A claim that a person judges; without a live incident it is stored and answered, and no more."""
        alarm_id, now_ms = alarm.alarm_id.hex(), self._ledger.clock.now_ms()
        meant = alarm.ref.hex() if alarm.ref is not None else ""
        own = self._ledger.of(alarm.unit_id)
        page = next((one for one in own if meant in one.incident.alarm_ids), own[0] if own else None)
        if page is not None:
            unit = self._ledger.units.statuses[alarm.unit_id].unit
            claim = Cancel(alarm_id, alarm.unit_id, unit.known and alarm.code == unit.cancel_code)
            outcome = step(page.incident, claim, now_ms, self._ledger.policy)
            if outcome.changed:
                made = self._change(page, claim, outcome, now_ms, alarm)
                await self._commit_alarm(alarm, made)
                return
        told = Told("", alarm.alarm_id, 1, int(Status.STORED), now_ms, unit_id=alarm.unit_id)

        async def job(connection: AsyncConnection) -> None:
            await incidents.add_alarm(connection, alarm)
            await incidents.add_receipts(connection, [told])

        await self._ledger.write(job)
        self._ledger.receipts.tell(told, now_ms)
        self._ledger.log.warning("cancel_of_nothing", unit=alarm.unit_id, alarm=alarm_id, meant=meant)

    def _change(
        self, page: Page | None, event: Event, outcome: Step, now_ms: int, alarm: AlarmRecord
    ) -> Change:
        units = {alarm.alarm_id.hex(): alarm.unit_id}
        return book.change(page, event, outcome, now_ms, units, self._ledger.courts)

    async def _commit_alarm(self, alarm: AlarmRecord, change: Change) -> None:
        incident_id = change.after.incident.incident_id
        stored = replace(alarm, incident_id=incident_id)

        async def also(connection: AsyncConnection) -> None:
            await incidents.add_alarm(connection, stored)
            await recordings.link_those_of(connection, alarm.unit_id, alarm.alarm_id, incident_id)

        await self._ledger.commit([change], also)
        self._ledger.metrics.alarms.inc()

    def _perhaps_near(self, fix: Fix | None, other: Incident, now_ms: int) -> bool:
        """Spares the exact distance of those that are far by their latitude alone."""
        if fix is None or other.fix is None or now_ms - other.opened_ms > self._ledger.policy.near_s * 1000:
            return False
        return abs(fix.lat_e7 - other.fix.lat_e7) <= self._ledger.policy.near_m * LAT_E7_A_METRE


def _best_position(alarm: AlarmRecord, status: UnitStatus, now_ms: int) -> tuple[Fix | None, int | None]:
    """The alarm's own position, or the last one that came by itself if that is newer; and its age in ms,
    with the time that the alarm was under way."""
    fix, last = alarm.fix, status.fix
    if fix is None or not fix.usable or (last is not None and newer(last, fix)):
        return last, max(0, now_ms - last.at_ms()) if last is not None else None
    late_ms = max(0, alarm.received_ms - alarm.pressed_ms) if alarm.pressed_ms is not None else 0
    return fix, alarm.fix_age_ms + late_ms if alarm.fix_age_ms is not None else None
