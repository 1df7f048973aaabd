"""The centre: the one owner of incidents, units' statuses and courts' duty.

Reads are of what is in memory; changes are coroutines that return after the commit. Changes are made one
after another by one task, alarms before everything else: log row, snapshot, alarm and receipts in one
transaction, and only then is anybody told.
"""

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.clock import Clock
from gateway.dispatch import centre_book as book
from gateway.dispatch.asked import AskedCommands
from gateway.dispatch.centre_alarms import Alarms
from gateway.dispatch.centre_ledger import Ledger
from gateway.dispatch.centre_live import CourtChange, Subscription, View
from gateway.dispatch.centre_queue import Owner
from gateway.dispatch.centre_receipts import FORGET_MS, Send
from gateway.dispatch.centre_timers import Timers
from gateway.dispatch.centre_units import registered, restored
from gateway.dispatch.events import Event
from gateway.dispatch_settings import DispatchSettings
from gateway.errors import NotFound, Refused
from gateway.metrics import Metrics
from gateway.model import AlarmRecord, Court, Fix, UnitStatus
from gateway.store import Store, audit, fixes, incident_search, incidents, units
from gateway.store.incident_search import Key, Wanted
from gateway.turns import Turns
from protocol import topics
from protocol.messages import CLOCK_NONE, DONE, KIND_BUTTON, Command

COMMAND_LIFE_MS = 300_000
ORDERS_MAX = 4_096


class Centre:
    """See the module. `await load()`, then keep `run()` in a task; `send(topic, payload)` is at QoS 1."""

    def __init__(
        self, store: Store, clock: Clock, settings: DispatchSettings, metrics: Metrics, send: Send
    ) -> None:
        self._ledger = Ledger(store, clock, settings, metrics, send)
        self.turns = Turns()
        """Who lets whom go first on the event loop."""
        self._send = send
        self._owner = Owner(self._ledger.settle)
        self._alarms = Alarms(self._ledger)
        self._timers = Timers(self._ledger, self._owner)
        self._hinted_ms: dict[str, int] = {}
        self.asked = AskedCommands()
        """Commands of persons, and what the units answered."""
        self._orders: OrderedDict[bytes, Callable[[bool], None]] = OrderedDict()
        self._health: dict[str, Callable[[], Mapping[str, object]]] = {}

    # Reading.

    def courts(self) -> Mapping[str, Court]:
        """All courts by id, with their duty as it is now."""
        return self._ledger.courts

    def units(self) -> Mapping[str, UnitStatus]:
        """All units by id, the unknown ones that raised an alarm included."""
        return self._ledger.units.statuses

    def live_incidents(self) -> list[View]:
        """Incidents that are not closed or merged, oldest first."""
        return [page.view() for page in self._ledger.pages.values()]

    async def incident(self, incident_id: str) -> View:
        """One incident, live or past. Raises NotFound."""
        page = self._ledger.pages.get(incident_id)
        return (page if page is not None else await self._ledger.past(incident_id)).view()

    async def find_incidents(
        self, wanted: Wanted, before: Key | None, limit: int
    ) -> tuple[list[View], Key | None]:
        """Incidents that fit, newest first; `before` and the second result are the cursor."""
        async with self._ledger.store.read() as connection:
            keys = await incident_search.find(connection, wanted, before, limit + 1)
            ids = [incident_id for _, incident_id in keys[:limit]]
            found = await book.views(connection, ids)
        live = self._ledger.pages
        views = [
            live[view.incident.incident_id].view() if view.incident.incident_id in live else view
            for view in found
        ]
        return views, keys[limit - 1] if len(keys) > limit else None

    async def track(
        self, unit_id: str, since_ms: int, limit: int = 5000, until_ms: int | None = None
    ) -> list[Fix]:
        """The newest `limit` positions that arrived between two times, oldest first. Raises NotFound."""
        if unit_id not in self._ledger.units.statuses:
            raise NotFound(f"there is no unit {unit_id}")
        async with self._ledger.store.read() as connection:
            return await fixes.track(connection, unit_id, since_ms, limit, until_ms)

    def subscribe(self) -> Subscription:
        """Live changes; use as `async with`. Raises Overflowed when there are too many watchers."""
        return self._ledger.hub.subscribe()

    def health(self) -> dict[str, object]:
        """{"ok": bool, "store": {...}, "queues": {...}} and what others added: small and JSON-able."""
        parts: dict[str, Mapping[str, object]] = {
            "store": {"ok": self._ledger.store.failing is None, "problem": self._ledger.store.failing},
            "queues": {
                "ok": True,
                "requests": self._owner.waiting,
                "receipts": len(self._ledger.receipts),
            },
        }
        parts |= {name: tell() for name, tell in self._health.items()}
        return {"ok": all(bool(part.get("ok", True)) for part in parts.values()), **parts}

    def add_health(self, name: str, tell: Callable[[], Mapping[str, object]]) -> None:
        """Add a part to `health`; its "ok" counts."""
        self._health[name] = tell

    # People.

    async def act(self, incident_id: str, event: Event, *, login: str, version: int | None = None) -> View:
        """Apply a person's event; `login` goes into the audit.

        Raises NotFound, Conflict (made on a version older than the last decision), Refused, NotCommitted;
        Refused and Conflict carry the View as it is now in `.incident`.
        """
        if version is not None and hasattr(event, "expected_version"):
            event = replace(event, expected_version=version)  # type: ignore[arg-type]
        try:
            return await self._owner.ask(lambda: self._act(incident_id, event, login))
        except Refused as refused:
            self._ledger.metrics.acts_refused.labels(event.event).inc()
            view = refused.incident
            self._ledger.log.info(
                "act_refused",
                unit=view.incident.unit_id if view is not None else None,
                incident=incident_id,
                action=event.event,
                login=login,
                version=version,
                why=str(refused),
            )
            raise

    async def set_duty(self, court_id: str, on_duty: bool, *, login: str) -> Court:
        """Raises NotFound, NotCommitted."""
        return await self._owner.ask(lambda: self._set_duty(court_id, on_duty, login))

    async def command(
        self, unit_id: str, kind: int, name: str | None, value: int | str | None, *, login: str
    ) -> str:
        """Send a command (kinds: protocol.messages) that expires after 5 minutes; returns its id as hex.

        Raises NotFound, Refused (unit revoked or never heard), NotCommitted, ProtocolError.
        """
        status = self._ledger.units.statuses.get(unit_id)
        if status is None:
            raise NotFound(f"there is no unit {unit_id}")
        if status.unit.revoked or status.seen_ms is None:
            raise Refused(
                f"unit {unit_id} is revoked" if status.unit.revoked else f"unit {unit_id} was never heard"
            )
        now_ms = self._ledger.clock.now_ms()
        made = Command(
            command_id=secrets.token_bytes(8),
            kind=kind,
            expires_s=self._expires_s(status, COMMAND_LIFE_MS),
            name=name,
            value=value,
        )
        payload, command_id = made.encode(), made.command_id.hex()
        facts: dict[str, object] = {"command_id": command_id, "kind": kind, "name": name, "value": value}
        await self._ledger.write(lambda c: audit.record(c, now_ms, login, "command", unit_id, facts))
        self.asked.sent(command_id, unit_id)
        self._send(topics.down(self._ledger.units.where(unit_id), unit_id, "command"), payload)
        self._ledger.log.info("command_sent", unit=unit_id, command=command_id, kind=kind, login=login)
        return command_id

    def order(
        self, unit_id: str, kind: int, value: int, life_ms: int, answered: Callable[[bool], None]
    ) -> bool:
        """Ask something of a unit that is online for the gateway itself, again and again: not audited, not kept, and
        its answer is not in the log unless it refuses. Whoever causes it is in the audit for that. `answered` is told
        whether the unit did it. False: not sent."""
        status = self._ledger.units.statuses.get(unit_id)
        if status is None or status.unit.revoked or not status.online:
            return False
        expires_s = self._expires_s(status, life_ms)
        made = Command(command_id=secrets.token_bytes(8), kind=kind, expires_s=expires_s, value=value)
        self._orders[made.command_id] = answered
        if len(self._orders) > ORDERS_MAX:
            self._orders.popitem(last=False)
        return self._send(topics.down(self._ledger.units.where(unit_id), unit_id, "command"), made.encode())

    def ordered(self, command_id: bytes, outcome: int) -> bool:
        """Whether this command is one of `order` that was not answered yet; then it is now, with `outcome`."""
        answered = self._orders.pop(command_id, None)
        if answered is not None:
            answered(outcome == DONE)
        return answered is not None

    def _expires_s(self, status: UnitStatus, life_ms: int) -> int:
        """UTC by the unit's own clock, since the unit judges by it: where that is ahead of ours, so much later."""
        ahead_ms = max(0, status.clock_offset_ms or 0)
        return -(-(self._ledger.clock.now_ms() + ahead_ms + life_ms) // 1000)

    # Units, by way of ingest.

    async def alarm(self, alarm: AlarmRecord) -> bool:
        """An alarm of a unit that `unit_heard` or `stranger` made known. True if it is new; a repeat is
        answered at once with what was told last. Raises NotCommitted: nothing is stored, try again."""
        return await self._owner.ask(lambda: self._alarms.take(alarm), urgent=True)

    async def unreadable(self, unit_id: str, version: int, received_ms: int) -> str | None:
        """An alarm in a version of the wire that is not spoken here, of a unit as in `alarm`. The id of the
        incident that it opens, None if the unit has one already. Raises NotCommitted.

        No receipt is sent: the alarm's id is among what we cannot read. The unit goes on repeating it.
        """
        court_id = self._ledger.units.statuses[unit_id].unit.court_id
        made_up = AlarmRecord(
            secrets.token_bytes(16), unit_id, court_id, KIND_BUTTON, None, CLOCK_NONE, 0, 0, received_ms
        )
        return await self._owner.ask(lambda: self._alarms.unreadable(made_up, version), urgent=True)

    async def felt(self, unit_id: str, alarm_id: bytes, seq: int) -> None:
        """A unit says that a receipt was felt. Raises NotCommitted."""
        await self._owner.ask(lambda: self._alarms.felt(unit_id, alarm_id, seq))

    def unit_heard(self, status: UnitStatus, *, came_online: bool = False) -> None:
        """What a unit said of itself, after it was stored. `came_online`: a new connection of the unit, so
        what it has not felt is sent again."""
        unit_id = status.unit.unit_id
        # The register may have been read again while this was being stored: its word on the unit stays.
        before = self._ledger.units.statuses[unit_id]
        status = registered(status, before.unit)
        incident_id = self._ledger.incident_of(unit_id)
        ours = (incident_id, before.picture, before.watched_by)
        if (status.incident_id, status.picture, status.watched_by) != ours:
            status = replace(status, incident_id=ours[0], picture=ours[1], watched_by=ours[2])
        self._ledger.units.put(status)
        if status.online != before.online:
            self._ledger.log.info(
                "unit_online" if status.online else "unit_offline",
                unit=unit_id,
                boot=status.boot,
                session=status.session,
            )
        self._ledger.hub.publish_unit(status)
        if came_online:
            self._ledger.receipts.reconnected(unit_id, self._ledger.clock.now_ms())
            self._ledger.timers_changed.set()

    def pictured(self, unit_id: str, picture: str | None) -> None:
        """What a unit's camera shows now, for those who watch; it is not stored."""
        status = self._ledger.units.statuses.get(unit_id)
        if status is not None and status.picture != picture:
            status = replace(status, picture=picture)
            self._ledger.units.put(status)
            self._ledger.hub.publish_unit(status)

    def watched(self, unit_id: str, viewers: int) -> None:
        """How many watch a unit now; it is not stored."""
        status = self._ledger.units.statuses.get(unit_id)
        if status is not None and status.watched_by != viewers:
            status = replace(status, watched_by=viewers)
            self._ledger.units.put(status)
            self._ledger.hub.publish_unit(status)

    def stranger(self, unit_id: str, court_id: str) -> UnitStatus:
        """A unit that is in no register and raised an alarm all the same."""
        return self._ledger.units.stranger(unit_id, court_id)

    async def moved(self, unit_id: str) -> None:
        """A unit with a live incident has a newer position: what it would mean is kept beside the ranking."""
        now_ms = self._ledger.clock.now_ms()
        incident_id = self._ledger.incident_of(unit_id)
        hinted_ms = self._hinted_ms.get(incident_id or "", 0)
        if incident_id is None or 0 <= now_ms - hinted_ms < self._ledger.policy.move_s * 1000:
            return
        if len(self._hinted_ms) > 2 * len(self._ledger.pages):
            self._hinted_ms = {one: at for one, at in self._hinted_ms.items() if one in self._ledger.pages}
        self._hinted_ms[incident_id] = now_ms
        await self._owner.ask(lambda: self._alarms.moved(incident_id, unit_id))

    # Starting and running.

    async def load(self) -> None:
        """Read courts, units and live incidents with their deadlines from the database."""
        now_ms = self._ledger.clock.now_ms()
        await self.reload()
        async with self._ledger.store.read() as connection:
            register = {unit_id: status.unit for unit_id, status in self._ledger.units.statuses.items()}
            for status in await units.all_states(connection, register):
                self._ledger.units.put(status)
            last = await self._last_fixes(tuple(self._ledger.units.statuses))
            for unit_id, status in tuple(self._ledger.units.statuses.items()):
                self._ledger.units.put(restored(replace(status, fix=last[unit_id])))
            for snapshot in await incidents.live_snapshots(connection):
                page = await book.load(connection, snapshot)
                self._ledger.enter(page)
                for member in page.incident.members:
                    self._ledger.units.stranger(member.unit_id, page.incident.court_id or "")
            for told in await incidents.not_felt(connection, now_ms - FORGET_MS):
                if told.unit_id in self._ledger.units.statuses:
                    self._ledger.receipts.restore(told, now_ms)
        for unit_id, status in tuple(self._ledger.units.statuses.items()):
            self._ledger.units.put(replace(status, incident_id=self._ledger.incident_of(unit_id)))
        pages = self._ledger.pages.values()
        self._ledger.metrics.incidents_live.set(len(pages))
        self._ledger.log.info(
            "resumed",
            incidents=len(pages),
            timers=sum(len(page.incident.deadlines) for page in pages),
            receipts=len(self._ledger.receipts),
        )

    async def _last_fixes(self, unit_ids: tuple[str, ...]) -> dict[str, Fix | None]:
        async def job(connection: AsyncConnection) -> dict[str, Fix | None]:
            return {unit_id: await fixes.newest(connection, unit_id) for unit_id in unit_ids}

        return await self._ledger.store.look(job)

    async def reload(self) -> None:
        """Read the registers of courts and units again, after they were changed by another process."""
        while True:
            before = self._ledger.courts
            async with self._ledger.store.read() as connection:
                found = await units.all_courts(connection)
                registered = await units.all_units(connection)
            if self._ledger.courts is before:  # else a court's duty changed while we read: read that too
                break
        self._ledger.put_courts(found)
        for court in found:
            if before.get(court.court_id) != court:
                self._ledger.hub.publish(CourtChange(court))
        for unit in registered:
            known = self._ledger.units.statuses.get(unit.unit_id)
            if known is None or known.unit != unit:
                self._ledger.hub.publish_unit(self._ledger.units.register(unit))

    async def run(self) -> None:
        """Serve requests and timers until cancelled; those who then wait are answered."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._owner.serve(), name="centre-owner")
                tasks.create_task(self._timers.run(), name="centre-timers")
        finally:
            self._owner.close()
            self._ledger.hub.close()

    # In the owner's task.

    async def _act(self, incident_id: str, event: Event, login: str) -> View:
        page = self._ledger.pages.get(incident_id) or await self._ledger.past(incident_id)
        changes = self._ledger.changes(page, event)
        if changes:
            facts: dict[str, object] = {"event": event.event, "version": changes[0].after.incident.version}

            async def also(connection: AsyncConnection) -> None:
                await audit.record(
                    connection, self._ledger.clock.now_ms(), login, "incident", incident_id, facts
                )

            await self._ledger.commit(changes, also)
        return (self._ledger.pages.get(incident_id) or (changes[0].after if changes else page)).view()

    async def _set_duty(self, court_id: str, on_duty: bool, login: str) -> Court:
        court = self._ledger.courts.get(court_id)
        if court is None:
            raise NotFound(f"there is no court {court_id}")
        now_ms = self._ledger.clock.now_ms()

        async def job(connection: AsyncConnection) -> None:
            await units.set_duty(connection, court_id, on_duty, login, now_ms)
            await audit.record(connection, now_ms, login, "duty", court_id, {"on_duty": on_duty})

        await self._ledger.write(job)
        court = replace(court, on_duty=on_duty)
        self._ledger.put_courts([*(self._ledger.courts | {court_id: court}).values()])
        self._ledger.hub.publish(CourtChange(court))
        return court
