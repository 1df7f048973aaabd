"""Ingest: what the links bring is checked, committed, and acknowledged after that; alarms on a link and in a
task of their own, so that they never wait behind positions.

What cannot be committed is neither acknowledged nor forgotten: it is tried again until it can.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from gateway.broker import Client
from gateway.clock import Clock
from gateway.dispatch.centre import Centre
from gateway.dispatch.centre_units import after_state, heard, moved
from gateway.errors import NotCommitted, Refused, StoreError, StoreRefused
from gateway.ingest.gathered import Gathered
from gateway.ingest.left import Left
from gateway.ingest.link import Delivery, Link
from gateway.ingest.reading import Fault, Heard, clock_offset_ms, fix_of, read, record_of
from gateway.logs import Faults, logger
from gateway.metrics import Metrics
from gateway.model import Fix, UnitStatus
from gateway.settings import Settings
from gateway.store import Store, units
from protocol import topics
from protocol.checks import MAX_LIST
from protocol.fields import VERSION
from protocol.messages import DONE, Alarm, FixBatch, Reply, State, Want
from protocol.records import Fix as WireFix

ALARM_LINK = "tipstaff-gateway-alarm"
FIX_LINK = "tipstaff-gateway-fix"
FIRST_PAUSE_MS = 200
LONGEST_PAUSE_MS = 5_000
LEFT_MAX = 100
STUMBLED_MAX = 100
#: Messages worked on before others have their turn: some 2 ms, so that an alarm or a page waits for no whole batch.
AT_ONCE = 50
#: Positions are committed together no more often: a commit waits for the disk, and an alarm's for one under way.
COMMIT_EVERY_MS = 100
ALARM_REF_BYTES = 16
UNREADABLE = "unreadable_alarm"
T = TypeVar("T")


class Ingest:
    """Both links and the tasks that empty them. `run` until cancelled; `send` publishes to units."""

    def __init__(
        self,
        settings: Settings,
        client: Client,
        clock: Clock,
        store: Store,
        metrics: Metrics,
        centre: Centre,
    ) -> None:
        bound = settings.ingest.queue
        self.alarm_link = Link(ALARM_LINK, client, ("tip/1/+/+/up/alarm", "tip/1/+/+/up/reply"), clock, bound)
        self.fix_link = Link(FIX_LINK, client, ("tip/1/+/+/up/fix", "tip/1/+/+/up/state"), clock, bound)
        self._settings = settings.ingest
        self._clock = clock
        self._store = store
        self._metrics = metrics
        self._centre = centre
        self._faults = Faults(clock, settings.log.repeat_s)
        self._log = logger("ingest")
        self._not_found: dict[str, float] = {}
        self._failing: str | None = None
        self._stumbled = 0
        self._left = Left(LEFT_MAX)
        centre.add_health("ingest", self.health)

    async def run(self) -> None:
        """Take, commit, acknowledge, until cancelled."""
        self.alarm_link.start()
        self.fix_link.start()
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._take_alarms(), name="ingest-alarms")
                tasks.create_task(self._take_fixes(), name="ingest-fixes")
        finally:
            await self.alarm_link.stop()
            await self.fix_link.stop()

    async def wait_connected(self) -> None:
        """Return when both links hear."""
        await self.alarm_link.wait_connected()
        await self.fix_link.wait_connected()

    def send(self, topic: str, payload: bytes) -> bool:
        """Publish at QoS 1, kept while the broker is away; False if too much is kept already."""
        sent = self.alarm_link.publish(topic, payload)
        if not sent:
            self._metrics.faults.labels("not_sent").inc()
        return sent

    def health(self) -> Mapping[str, object]:
        """Whether we hear everything and can commit it."""
        problem = self.alarm_link.problem or self.fix_link.problem or self._failing
        waiting = self.alarm_link.waiting + self.fix_link.waiting
        return {"ok": problem is None, "problem": problem, "waiting": waiting}

    # Alarms and replies.

    async def _take_alarms(self) -> None:
        while True:
            for delivery in await self.alarm_link.take(100):
                try:
                    with self._centre.turns.urgent():
                        done = await self._urgent(delivery)
                except Exception:  # one alarm that we stumble over must not hold up those after it
                    self._metrics.faults.labels("stumbled").inc()
                    self._log.exception(
                        "alarm_not_handled", topic=delivery.topic, payload=delivery.payload.hex()
                    )
                    # Not acknowledged: the unit repeats it, and the broker when we connect again. But each
                    # keeps a place in the broker's window, which must not fill.
                    self._stumbled += 1
                    done = self._stumbled > STUMBLED_MAX
                if done:
                    self.alarm_link.ack(delivery)

    async def _urgent(self, delivery: Delivery) -> bool:
        said = self._read(delivery)
        if isinstance(said, Fault):
            return not said.later_alarm or await self._unreadable(said, delivery)
        if isinstance(said.message, Alarm):
            return await self._alarm(said, said.message)
        if isinstance(said.message, Reply):
            return await self._reply(said, said.message)
        return True

    async def _alarm(self, said: Heard, message: Alarm) -> bool:
        status = await self._status(said, alarm=True)
        assert status is not None
        fix = self._checked_fix(said, message.fix, said.delivery.received_ms) if message.fix else None
        record = record_of(said, message, status.unit.court_id or said.court_id, fix)
        alarm_id = record.alarm_id.hex()
        try:
            new = await self._until_committed(lambda: self._centre.alarm(record), said.unit_id, alarm_id)
        except StoreRefused as error:
            return self._refused(said.unit_id, alarm_id, said.delivery, error)
        self._left.forget((said.unit_id, alarm_id))
        status = self._centre.units()[said.unit_id]
        self._centre.unit_heard(heard(status, said.court_id, said.delivery.received_ms))
        if new:
            took_s = (self._clock.now_ms() - said.delivery.received_ms) / 1000
            self._metrics.alarm_seconds.observe(max(0.0, took_s))
            self._log.info(
                "alarm_stored", unit=said.unit_id, alarm=record.alarm_id.hex(), repeat=message.repeat
            )
        else:
            self._metrics.alarm_repeats.inc()
            self._faults.note(
                "alarm_repeated", said.unit_id, alarm=record.alarm_id.hex(), repeat=message.repeat
            )
        return True

    async def _unreadable(self, fault: Fault, delivery: Delivery) -> bool:
        """An alarm in a later version of the wire. Only from whom it comes can be read, and that is enough to
        look after the officer. It has no receipt: its id is among what we cannot read."""
        status, unit_id, version = await self._status(fault, alarm=True), fault.unit_id, fault.version
        assert status is not None and version is not None
        try:
            opened = await self._until_committed(
                lambda: self._centre.unreadable(unit_id, version, delivery.received_ms), unit_id, None
            )
        except StoreRefused as error:
            return self._refused(unit_id, None, delivery, error)
        status = self._centre.units()[unit_id]
        self._centre.unit_heard(heard(status, fault.court_id, delivery.received_ms))
        self._fault(UNREADABLE, unit_id, leaf=fault.leaf, version=version, spoken=VERSION, opened=opened)
        return True

    async def _until_committed(
        self, job: Callable[[], Awaitable[T]], unit_id: str, alarm_id: str | None
    ) -> T:
        """The result of `job`, tried until it is committed. Raises StoreRefused: trying again does not help."""
        pause_ms, refused = FIRST_PAUSE_MS, False
        while True:
            try:
                result = await job()
            except NotCommitted as error:
                if isinstance(error.__cause__, StoreRefused):
                    if refused:
                        raise error.__cause__ from None
                    refused = True  # once more: the centre first settles what it may have collided with
                    continue
                self._not_committed(str(error), unit=unit_id, alarm=alarm_id)
                await self._clock.sleep_until_ms(self._clock.now_ms() + pause_ms)
                pause_ms = min(pause_ms * 2, LONGEST_PAUSE_MS)
            else:
                self._committed()
                return result

    def _refused(self, unit_id: str, alarm_id: str | None, delivery: Delivery, error: StoreRefused) -> bool:
        payload = delivery.payload.hex()
        self._fault("alarm_refused", unit_id, alarm=alarm_id, why=str(error), payload=payload)
        return not self._left.leave((unit_id, alarm_id), delivery.connection)

    async def _reply(self, said: Heard, message: Reply) -> bool:
        if await self._status(said) is None:
            return True
        if len(message.ref) == ALARM_REF_BYTES and message.seq is not None:
            try:
                await self._centre.felt(said.unit_id, bytes(message.ref), message.seq)
            except NotCommitted as error:
                self._not_committed(str(error), unit=said.unit_id)
                return True  # the receipt is repeated until its reply could be stored
        elif not self._centre.ordered(bytes(message.ref), message.outcome) or message.outcome != DONE:
            self._centre.asked.answered(message.ref.hex(), said.unit_id, message.outcome, message.detail)
            self._log.info(
                "command_answered",
                unit=said.unit_id,
                command=message.ref.hex(),
                outcome=message.outcome,
                detail=message.detail,
            )
        return True

    # Positions and states.

    async def _take_fixes(self) -> None:
        while True:
            batch = await self.fix_link.take(self._settings.fix_batch)
            began_ms = self._clock.now_ms()
            try:
                await self._commit_until_done(batch)
            except Exception:  # one of them: the others must not suffer for it
                for delivery in batch:
                    await self._commit_alone(delivery)
            for delivery in batch:
                self.fix_link.ack(delivery)
            if self.fix_link.waiting < self._settings.fix_batch:
                await self._clock.sleep_until_ms(began_ms + COMMIT_EVERY_MS)

    async def _commit_alone(self, delivery: Delivery) -> None:
        try:
            await self._commit_until_done([delivery])
        except Exception:
            self._metrics.faults.labels("stumbled").inc()
            self._log.exception("message_not_handled", topic=delivery.topic, payload=delivery.payload.hex())

    async def _commit_until_done(self, batch: list[Delivery]) -> None:
        pause_ms = FIRST_PAUSE_MS
        while not await self._commit_batch(batch):
            await self._clock.sleep_until_ms(self._clock.now_ms() + pause_ms)
            pause_ms = min(pause_ms * 2, LONGEST_PAUSE_MS)

    async def _commit_batch(self, batch: list[Delivery]) -> bool:
        """Store a batch in one transaction; False if it could not be. Raises StoreRefused."""
        made, turns = Gathered(), self._centre.turns
        for number, delivery in enumerate(batch):
            if number % AT_ONCE == 0:
                await turns.give_way()
            await self._gather(made, delivery)
        if made.found or made.states:
            try:
                await self._store.write(made.store)
            except StoreRefused:
                raise
            except StoreError as error:
                self._not_committed(str(error), messages=len(batch))
                return False
        self._committed()
        for leaf, count in made.messages.items():
            self._metrics.messages.labels(leaf).inc(count)
        self._metrics.fixes.inc(len(made.found))
        self._metrics.fixes_dropped_by_units.inc(made.dropped)
        for number, (unit_id, status) in enumerate(made.statuses.items()):
            if number % AT_ONCE == 0:
                await turns.give_way()
            self._centre.unit_heard(status, came_online=unit_id in made.online)
        if made.states:
            self._metrics.units_online.set(sum(status.online for status in self._centre.units().values()))
        for unit_id, batch_ids in made.wants.items():
            topic = topics.down(made.statuses[unit_id].wire_court or "", unit_id, "want")
            for first in range(0, len(batch_ids), MAX_LIST):
                self.fix_link.publish(
                    topic, Want(stored_batches=batch_ids[first : first + MAX_LIST]).encode()
                )
        for unit_id in {unit_id for unit_id, _ in made.found}:
            if made.statuses[unit_id].incident_id is not None:
                try:
                    await self._centre.moved(unit_id)
                except (NotCommitted, Refused) as error:
                    self._not_committed(str(error), unit=unit_id)
        return True

    async def _gather(self, made: Gathered, delivery: Delivery) -> None:
        said = self._read(delivery, made)
        if isinstance(said, Fault):
            return
        status = await self._status(said)
        if status is None:
            return
        status = made.statuses.get(said.unit_id, status)
        heard_ms = None if delivery.retained else delivery.received_ms
        if isinstance(said.message, Fix):
            made.found.append((said.unit_id, said.message))
            status = moved(status, said.court_id, heard_ms, (said.message,))
        elif isinstance(said.message, FixBatch):
            received = [self._checked_fix(said, wire, delivery.received_ms) for wire in said.message.fixes]
            made.found += [(said.unit_id, fix) for fix in received]
            status = moved(status, said.court_id, heard_ms, received)
            made.dropped += said.message.dropped
            if said.message.batch_id is not None:
                made.wants.setdefault(said.unit_id, []).append(said.message.batch_id)
        elif isinstance(said.message, State):
            offset_ms = clock_offset_ms(said, said.message, status.clock_offset_ms)
            after = after_state(moved(status, said.court_id, heard_ms), said.message, offset_ms)
            if after is None:
                self._faults.note(
                    "old_will", said.unit_id, boot=said.message.boot, session=said.message.session
                )
                return
            fresh = (after.boot, after.session) != (status.boot, status.session)
            if after.online and (fresh or not status.online):
                made.online.add(said.unit_id)
            status = after
            made.states.add(said.unit_id)
        made.statuses[said.unit_id] = status

    def _checked_fix(self, said: Heard, wire: WireFix, received_ms: int) -> Fix:
        fix = fix_of(wire, received_ms, self._settings.future_s * 1000)
        if fix.fault == "future":
            self._fault("fix_from_future", said.unit_id, taken_ms=fix.taken_ms, received_ms=received_ms)
        elif fix.fault == "null_island":
            self._fault("fix_at_null_island", said.unit_id, quality=fix.quality)
        return fix

    # What is wrong.

    def _read(self, delivery: Delivery, made: Gathered | None = None) -> Heard | Fault:
        """What it says; counted, in `made` if that is given."""
        try:
            said = read(delivery, self._settings.future_s * 1000)
        except Fault as fault:
            size = len(delivery.payload)
            if not fault.later_alarm:
                self._fault(fault.name, fault.unit_id, leaf=fault.leaf, detail=fault.detail, bytes=size)
            return fault
        if made is None:
            self._metrics.messages.labels(said.leaf).inc()
        else:
            made.messages[said.leaf] += 1
        return said

    async def _status(self, said: Heard | Fault, *, alarm: bool = False) -> UnitStatus | None:
        """The status of who spoke; None when it is not to be believed. An alarm is always believed: it is
        better to look after a unit that nobody knows than to leave an officer alone."""
        status = self._centre.units().get(said.unit_id)
        if status is None or not status.unit.known:
            status = await self._look_up(said.unit_id) or status
        if status is None or not status.unit.known:
            self._fault("unknown_unit", said.unit_id, court=said.court_id, alarm=alarm)
            return self._centre.stranger(said.unit_id, said.court_id) if alarm else None
        if status.unit.revoked:
            self._fault("revoked_unit", said.unit_id, court=said.court_id, alarm=alarm)
            return status if alarm else None
        if status.unit.court_id != said.court_id:
            self._fault("court_mismatch", said.unit_id, topic=said.court_id, register=status.unit.court_id)
        return status

    async def _look_up(self, unit_id: str) -> UnitStatus | None:
        """Whether the unit was registered since we read the register; asked at most once in a while."""
        now_s = self._clock.monotonic_s()
        if now_s - self._not_found.get(unit_id, float("-inf")) < 2.0:
            return None
        try:
            async with self._store.read() as connection:
                unit = await units.find_unit(connection, unit_id)
        except StoreError as error:
            self._not_committed(str(error), unit=unit_id)
            return None
        if unit is not None:
            await self._centre.reload()
            return self._centre.units()[unit_id]
        if len(self._not_found) >= 10_000:
            self._not_found.clear()
        self._not_found[unit_id] = now_s
        return None

    def _fault(self, name: str, unit_id: str, **facts: object) -> None:
        self._metrics.faults.labels(name).inc()
        self._faults.warn(name, unit_id, **facts)

    def _not_committed(self, error: str, **facts: object) -> None:
        self._metrics.commit_failures.inc()
        if self._failing is None:
            self._log.error("cannot_commit", error=error, done="not acknowledged, tried again", **facts)
        self._failing = error

    def _committed(self) -> None:
        if self._failing is not None:
            self._log.info("can_commit_again", was=self._failing)
        self._failing = None
