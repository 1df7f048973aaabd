"""What the centre holds: live incidents, units, courts and receipts, each as it was committed last.

Only the owner's task changes incidents (`commit`); reading is free for all.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.clock import Clock
from gateway.dispatch import centre_book as book
from gateway.dispatch.centre_book import Change, Page
from gateway.dispatch.centre_live import Hub, IncidentChange
from gateway.dispatch.centre_receipts import Receipts, Send
from gateway.dispatch.centre_units import Units
from gateway.dispatch.events import Event, Merge
from gateway.dispatch.incident import Rejection, absorb_of
from gateway.dispatch.policy import Policy
from gateway.dispatch.ranking import CourtIndex, Ranking, rank
from gateway.dispatch.step import step
from gateway.dispatch_settings import DispatchSettings
from gateway.errors import Conflict, NotCommitted, NotFound, Refused, StoreError
from gateway.logs import logger
from gateway.metrics import Metrics
from gateway.model import Court, Fix, Told
from gateway.store import Store, incidents

Job = Callable[[AsyncConnection], Awaitable[None]]


class Ledger:
    """See the module. `timers_changed` is set whenever a deadline or a receipt may have; `doubtful` are the
    incidents of which `settle` has to look."""

    def __init__(
        self, store: Store, clock: Clock, settings: DispatchSettings, metrics: Metrics, send: Send
    ) -> None:
        self.store = store
        self.clock = clock
        self.metrics = metrics
        self.policy = Policy.of(settings)
        self.log = logger("centre")
        self.hub = Hub()
        self.pages: dict[str, Page] = {}
        self.courts: dict[str, Court] = {}
        self.units = Units()
        self.receipts = Receipts(
            send,
            self.units.where,
            self.units.online,
            settings.receipt_repeat_s * 1000,
            lambda sending: metrics.receipts.labels(sending).inc(),
        )
        self.timers_changed = asyncio.Event()
        self._index = CourtIndex(())
        self._of_unit: dict[str, tuple[str, ...]] = {}
        self._numbered_day, self._number = "", 0
        self.doubtful: set[str] = set()

    def put_courts(self, courts: list[Court]) -> None:
        """Replace all courts."""
        self.courts = {court.court_id: court for court in courts}
        self._index = CourtIndex(courts)

    def of(self, unit_id: str) -> list[Page]:
        """The live incidents of a unit, real ones before tests, newest first."""
        pages = [self.pages[incident_id] for incident_id in self._of_unit.get(unit_id, ())]
        return sorted(pages, key=lambda page: (page.incident.test, -page.incident.opened_ms))

    def incident_of(self, unit_id: str) -> str | None:
        """The id of the first of these."""
        own = self.of(unit_id)
        return own[0].incident.incident_id if own else None

    async def past(self, incident_id: str) -> Page:
        """An incident from the database. Raises NotFound."""
        async with self.store.read() as connection:
            snapshot = await incidents.snapshot(connection, incident_id)
            if snapshot is None:
                raise NotFound(f"there is no incident {incident_id}")
            return await book.load(connection, snapshot)

    def rank(self, fix: Fix | None, age_ms: int | None, court_id: str, now_ms: int, unit_id: str) -> Ranking:
        """The courts for an officer; an empty ranking, and a line in the log, if that fails."""
        try:
            return rank(self._index, fix, age_ms, court_id, now_ms, self.policy)
        except Exception:  # an alarm is never lost for want of a ranking: without one everybody is paged
            self.log.exception("ranking_failed", unit=unit_id)
            return Ranking(why="the ranking failed")

    async def next_id(self, now_ms: int) -> str:
        """I-YYYYMMDD-NNNN, by the day in UTC. The number is taken when the incident is committed. Raises
        NotCommitted."""
        day = datetime.fromtimestamp(now_ms / 1000, UTC).strftime("%Y%m%d")
        if self._numbered_day != day:
            try:
                async with self.store.read() as connection:
                    self._number = await incidents.last_number(connection, day)
            except StoreError as error:
                raise NotCommitted(str(error)) from error
            self._numbered_day = day
        return f"I-{day}-{self._number + 1:04d}"

    def changes(self, page: Page, event: Event, now_ms: int | None = None) -> list[Change]:
        """What `event` changes: two incidents for a merge, none for a duplicate. `now_ms`: as if it were then.
        Raises Refused, Conflict."""
        now_ms = self.clock.now_ms() if now_ms is None else now_ms
        into = self.pages.get(event.into) if isinstance(event, Merge) else None
        if isinstance(event, Merge) and page.incident.live and into is None:
            raise Refused(f"there is no open incident {event.into}", page.view())
        outcome = step(page.incident, event, now_ms, self.policy)
        if outcome.rejected is not None:
            raise _refused(outcome.rejected, page)
        if not outcome.changed:
            return []
        changes = [book.change(page, event, outcome, now_ms, {}, self.courts)]
        if into is not None and isinstance(event, Merge):
            absorb = absorb_of(page.incident, event.by)
            absorbed = step(into.incident, absorb, now_ms, self.policy)
            if absorbed.rejected is not None:
                raise _refused(absorbed.rejected, into)
            if absorbed.changed:
                changes.append(
                    book.change(into, absorb, absorbed, now_ms, {}, self.courts, changes[0].after.seq)
                )
        return changes

    async def commit(self, changes: list[Change], also: Job | None = None) -> None:
        """Store changes, and `also`, in one transaction; then memory follows and everybody is told.

        Raises NotCommitted: then nothing has changed.
        """

        async def job(connection: AsyncConnection) -> None:
            if also is not None:
                await also(connection)
            for change in changes:
                await change.store(connection)

        try:
            committed_ms = await self.write(job)
        except NotCommitted:
            # Or was it? A connection that breaks at the very end of a commit does not say.
            self.doubtful.update(change.after.incident.incident_id for change in changes)
            self.timers_changed.set()
            raise
        for change in changes:
            self._install(change, committed_ms)

    async def settle(self) -> None:
        """Have memory follow the database in incidents whose last commit was perhaps made after all: they
        would have no timer, and every later change of them would be refused. Raises NotCommitted."""
        for incident_id in tuple(self.doubtful):
            held = self.pages.get(incident_id)
            try:
                stored = await self.past(incident_id)
            except NotFound:
                stored = None
            except StoreError as error:
                raise NotCommitted(str(error)) from error
            self.doubtful.discard(incident_id)
            self._numbered_day = ""
            if stored is not None and (held is None or held.incident.version < stored.incident.version):
                self.log.warning("commit_was_made", incident=incident_id, version=stored.incident.version)
                known = held.told if held is not None else ()
                self._show(stored, tuple(told for told in stored.told if told not in known))

    async def apply(self, page: Page, event: Event, now_ms: int | None = None) -> None:
        """Commit what an event changes, if anything. Raises Refused, NotCommitted."""
        changes = self.changes(page, event, now_ms)
        if changes:
            await self.commit(changes)

    async def write(self, job: Job) -> int:
        """A transaction of its own that changes no incident; when it was committed, UTC ms. Raises NotCommitted."""
        try:
            return await self.store.commit(job)
        except StoreError as error:
            raise NotCommitted(str(error)) from error

    def enter(self, page: Page) -> None:
        """Keep a live page, or forget one that is over; `_of_unit` follows."""
        incident = page.incident
        if incident.live:
            self.pages[incident.incident_id] = page
        else:
            self.pages.pop(incident.incident_id, None)
        for member in incident.members:
            others = [one for one in self._of_unit.get(member.unit_id, ()) if one != incident.incident_id]
            ids = (*others, incident.incident_id) if incident.live else tuple(others)
            if ids:
                self._of_unit[member.unit_id] = ids
            else:
                self._of_unit.pop(member.unit_id, None)

    def _install(self, change: Change, committed_ms: int) -> None:
        """After the commit: memory, receipts, watchers, log line. Nothing here waits."""
        incident = change.after.incident
        if change.before is None:
            self._number += 1
        self._show(change.after, change.told, committed_ms)
        before = change.before.incident.state if change.before is not None else "-"
        self.log.info(
            "incident",
            unit=incident.unit_id,
            incident=incident.incident_id,
            version=incident.version,
            cause=change.event.event,
            state=f"{before} -> {incident.state}" if before != incident.state else str(incident.state),
            effects=[type(effect).__name__ for effect in change.step.effects],
        )

    def _show(self, page: Page, news: tuple[Told, ...], committed_ms: int | None = None) -> None:
        """Keep a page as it is in the database; `news` goes to the units, the page to the watchers."""
        incident, now_ms = page.incident, self.clock.now_ms()
        self.enter(page)
        self.metrics.incidents_live.set(len(self.pages))
        for told in news:
            self.receipts.tell(told, now_ms)
        self.hub.publish(IncidentChange(page.view(), committed_ms))
        for member in incident.members:
            status = self.units.stranger(member.unit_id, incident.court_id or "")
            incident_id = self.incident_of(member.unit_id)
            if status.incident_id != incident_id:
                self.units.put(replace(status, incident_id=incident_id))
                self.hub.publish_unit(self.units.statuses[member.unit_id])
        self.timers_changed.set()


def _refused(rejected: Rejection, page: Page) -> Refused:
    kind = Conflict if rejected.code == "stale_version" else Refused
    return kind(rejected.message, page.view())
