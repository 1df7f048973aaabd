"""The way of an alarm on the unit: finger, flash, vibration, broker, receipt, vibration.

Nothing here waits for another part of the unit: a press is journalled and felt within the call that notices it, and
each sending is a task of its own. What has to happen when is decided in `calls` and `drivers.button`.
"""

import asyncio
import os

from drivers import button as gestures
from store.journal import KIND_ALARM

from bodyunit.bell import Bell
from bodyunit.calls import KNOWN, Call, Calls
from bodyunit.wire import encoded, stamp
from protocol import messages
from protocol.errors import ProtocolError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Record: alarm id, answered (1 byte), seq of the receipt that was felt (4 bytes), the incident's number as text.
KIND_FELT = 4

POLL_MS = 10
IDLE_MS = 2500
MOST_LATE_MS = 5000  # an edge told later than that is a button that was down before the unit was
OFFLINE_MS = 200
KEEP_AGAIN_MS = 5000
TEST_PRESSES = 5
MARK_PRESSES = 2


def kept_pattern(kind: int) -> str:
    """What is felt when an alarm is on the flash: nobody may take a test for a call for help."""
    return "test" if kind == messages.KIND_TEST else "pressed"


class Alarms:
    """Open alarms of this unit and their sending.

    Args:
        clock: drivers.clock.Clock.
        journal: store.journal.Journal for alarms alone.
        where: returns (Fix or None, its age in ms or None).
        settings: store.settings.Settings.
        feel: plays a pattern by name.
        reply: takes a messages.Reply to be sent.
        note: remembers an event's text.
        count: counts a name of messages.COUNTER_NAMES.
        shown: told (alarm id, monotonic ms) of each new alarm.
    """

    def __init__(self, clock, journal, where, settings, feel, reply, note, count, shown) -> None:
        self.calls = Calls(settings)
        self.link: Any = None
        self.media: Any = None
        self._clock = clock
        self._journal = journal
        self._where = where
        self._settings = settings
        self._feel = feel
        self._reply = reply
        self._note = note
        self._count = count
        self._shown = shown
        self._bell = Bell()
        self._button_bell = Bell()
        self._button = gestures.Button(hold_ms=settings.hold_ms)
        self._hold_ms = settings.hold_ms
        self._down = False
        self._looked_ms = 0
        self._raised_by_run = False
        # Alarm id and when it was held, until that alarm is raised.
        self._due: "tuple[bytes, int] | None" = None
        self._waiting = 0
        self._keep_ms = 0
        self._low_battery_told = False
        self._felt_seqs: "dict[bytes, int]" = {}
        self._to_feel: "list[tuple[messages.Receipt, str]]" = []

    @property
    def alarmed(self) -> bool:
        """Whether an alarm is open for which somebody should come."""
        return self.calls.alarmed

    @property
    def silent(self) -> bool:
        """Whether an alarm is open that nobody around may see or hear: under `silent` every one, duress always."""
        for call in self.calls.open:
            if call.alarm.kind == messages.KIND_DURESS:
                return True
        return self.calls.alarmed and self._settings.silent

    def resume(self) -> int:
        """Opens again what the last boot left undone; returns how many alarms."""
        now_ms = self._clock.mono_ms()
        felt, found = [], 0
        for seq, kind, payload in self._journal.records():
            if kind == KIND_FELT:
                felt.append((seq, payload))
            elif kind == KIND_ALARM:
                found += 1
                self._reopen(seq, payload, now_ms)
        for seq, payload in felt:
            alarm_id = bytes(payload[:16])
            if self._is_open(alarm_id):
                felt_seq = int.from_bytes(payload[17:21], "big")
                self.calls.resume(alarm_id, felt_seq, bool(payload[16]), str(payload[21:], "utf-8") or None)
                self._felt_seqs[alarm_id] = seq
            elif self._waiting == 0:
                self._journal.mark_done(seq)
        if found:
            self._note("resumed %d alarms" % found)
        return found

    def _is_open(self, alarm_id: bytes) -> bool:
        for call in self.calls.open:
            if call.alarm_id == alarm_id:
                return True
        return False

    def _reopen(self, seq: int, payload: bytes, now_ms: int) -> bool:
        try:
            alarm = messages.Alarm.decode(payload)
        except ProtocolError as error:
            self._note("alarm %d in the journal is not readable: %s" % (seq, error))
            return False
        left = self.calls.room()
        if left is None:
            self._waiting += 1
            return False
        for call in left:
            self._done(call)
        # How often a former boot sent it is not known; that it may have is.
        alarm.repeat = 1
        self.calls.add(Call(alarm, now_ms, seq))
        return True

    # The finger

    def edge(self, down: bool, late_ms: int = 0) -> None:
        """The button's level has changed, late_ms ago; called by the board as soon as it can."""
        self._down = down
        self._look(late_ms if 0 < late_ms <= MOST_LATE_MS else 0)
        self._button_bell.ring()

    def _look(self, late_ms: int = 0) -> None:
        hold_ms = self._settings.hold_ms
        if hold_ms != self._hold_ms and not self._button.busy and not self._down:
            self._hold_ms = hold_ms
            self._button = gestures.Button(hold_ms=hold_ms)
        now_ms = self._clock.mono_ms() - late_ms
        if self._button.busy:
            now_ms = max(now_ms, self._looked_ms)
        self._looked_ms = now_ms
        event = self._button.sample(self._down, now_ms)
        if event is not None and event[0] == gestures.HELD:
            # Without a hold each run of presses begins so. One that raised the alarm is a hand in need, not a code.
            self._raised_by_run = self._hold_ms == 0 and self.calls.newest() is None
            self._due = (os.urandom(16), event[2])
        if self._due is not None:
            # Whatever fails here, the task dies of it, is started again and comes back: the press is not forgotten.
            self.raise_alarm(messages.KIND_BUTTON, self._due[1], alarm_id=self._due[0])
            self._due = None
        if event is None:
            return
        what, count, at_ms = event
        if what == gestures.SHORTS:
            self._shorts(count, at_ms)
        elif what == gestures.STUCK:
            self._note("button is stuck")
        elif what == gestures.FREED:
            self._note("button is free again")

    def _shorts(self, count: int, at_ms: int) -> None:
        meant = self.calls.newest()
        if meant is not None:
            if count >= 2 and not self._raised_by_run:
                self.raise_alarm(messages.KIND_CANCEL, at_ms, ref=meant.alarm_id, code=min(count, 99))
        elif count == TEST_PRESSES:
            self.raise_alarm(messages.KIND_TEST, at_ms)
        elif count == MARK_PRESSES and self.media is not None:
            self.media.command(messages.MARK, None)

    async def watch_button(self, heart) -> None:
        """Task: looks at the button while a decision is pending; edges come by `edge`."""
        while True:
            heart.beat()
            self._look()
            await self._button_bell.wait(POLL_MS if self._button.busy else IDLE_MS)

    # The flash

    def raise_alarm(
        self, kind: int, at_ms: "int | None" = None, ref=None, code=None, quiet: bool = False, alarm_id=None
    ) -> bool:
        """Opens an alarm: on the flash first, then felt, then on its way.

        at_ms: when it was pressed, monotonic; quiet: the officer did not do it and feels nothing; alarm_id: 16 bytes,
        at random without one; an open alarm is not opened again.
        Returns False when it could be held nowhere; then "refused" has been felt, unless quiet.
        """
        if alarm_id is not None and self._is_open(alarm_id):
            return True
        now_ms = self._clock.mono_ms()
        alarm = self._alarm(alarm_id or os.urandom(16), kind, now_ms if at_ms is None else at_ms, ref, code)
        left = self.calls.room()
        seq = self._keep(alarm)
        if left is None:
            if seq is None:
                self._note("alarm refused: no place in RAM or flash")
                if not quiet:
                    self._feel("refused")
                return False
            # Every place is held by an older alarm that is still to be stored: this one waits on the flash.
            self._waiting += 1
        else:
            for call in left:
                self._done(call)
            self.calls.add(Call(alarm, now_ms, seq))
        self._bell.ring()
        if not quiet:
            self._feel("refused" if seq is None else kept_pattern(kind))
        self._shown(alarm.alarm_id, now_ms)
        return True

    def _alarm(self, alarm_id: bytes, kind: int, at_ms: int, ref, code) -> messages.Alarm:
        pressed = stamp(self._clock, at_ms)
        values = {
            "alarm_id": alarm_id,
            "kind": kind,
            "pressed": pressed,
            "repeat": 0,
            "ref": ref,
            "code": code,
        }
        try:
            fix, age_ms = self._where()
            return messages.Alarm(
                fix=fix, fix_age_ms=age_ms, case_no=self._settings.case_no or None, **values
            )
        except Exception as error:
            # Nothing beside the alarm is worth losing the alarm.
            self._note("alarm without place and case: %s" % error)
            return messages.Alarm(**values)

    def _keep(self, alarm: messages.Alarm) -> "int | None":
        try:
            return self._journal.append(KIND_ALARM, encoded(alarm))
        except Exception as error:
            # Whatever is wrong with the flash, the alarm goes out from RAM.
            self._count("journal_refused")
            self._note("alarm not on the flash: %s" % error)
            return None

    def _keep_again(self, now_ms: int) -> None:
        """The flash may be back: an alarm that it refused is offered again."""
        if now_ms < self._keep_ms:
            return
        self._keep_ms = now_ms + KEEP_AGAIN_MS
        for call in self.calls.open:
            if call.journal_seq is None and not call.stored:
                call.journal_seq = self._keep(call.alarm)
                if call.journal_seq is None:
                    return
                if call.alarm.kind != messages.KIND_LOW_BATTERY:
                    self._feel(kept_pattern(call.alarm.kind))

    def _load_waiting(self, now_ms: int) -> None:
        """Takes up alarms that had to wait on the flash, as places become free."""
        if not self._waiting or not self.calls.has_room():
            return
        open_seqs = [call.journal_seq for call in self.calls.open]
        self._waiting = 0
        for seq, kind, payload in self._journal.records():
            if kind == KIND_ALARM and seq not in open_seqs:
                self._reopen(seq, payload, now_ms)

    def _done(self, call: Call) -> None:
        """The gateway has it and nothing more is owed: the flash may forget it."""
        felt_seq = self._felt_seqs.pop(call.alarm_id, None)
        for seq in (call.journal_seq, felt_seq):
            if seq is not None:
                try:
                    self._journal.mark_done(seq)
                except Exception as error:
                    self._note("journal: %s" % error)

    # The link

    def receipt(self, receipt: messages.Receipt) -> None:
        """Takes a receipt: felt if it is news, confirmed in any case."""
        verdict = self.calls.receipt(receipt, self._clock.mono_ms())
        for call in verdict.done:
            self._done(call)
        if verdict.pattern is not None:
            self._queue_feeling(receipt, verdict.pattern)
        elif receipt.alarm_id not in [waiting.alarm_id for waiting, _ in self._to_feel]:
            self._confirm(receipt.alarm_id, verdict.outcome, verdict.seq)
        if not self.calls.alarmed:
            self._low_battery_told = False
        self._bell.ring()

    def _queue_feeling(self, receipt: messages.Receipt, pattern: str) -> None:
        """One receipt after the other; a newer one of the same alarm takes the place of one not yet begun."""
        self._to_feel = [entry for entry in self._to_feel if entry[0].alarm_id != receipt.alarm_id]
        self._to_feel.append((receipt, pattern))
        if len(self._to_feel) > KNOWN:
            self._to_feel.pop(0)
        self._feel(self._to_feel[0][1])

    def begun(self, pattern: str) -> None:
        """The motor begins a pattern: only now is a receipt felt, and confirmed as felt."""
        if not self._to_feel or self._to_feel[0][1] != pattern:
            return
        receipt, _ = self._to_feel.pop(0)
        self._confirm(receipt.alarm_id, messages.DONE, receipt.seq)
        if self._is_open(receipt.alarm_id):
            self._keep_felt(receipt)
        if self._to_feel:
            self._feel(self._to_feel[0][1])

    def _confirm(self, alarm_id: bytes, outcome: int, seq: "int | None") -> None:
        detail = "no such alarm here" if outcome == messages.UNKNOWN else None
        self._reply(
            messages.Reply(ref=alarm_id, outcome=outcome, seq=seq, detail=detail, stamp=stamp(self._clock))
        )

    def _keep_felt(self, receipt: messages.Receipt) -> None:
        alarm_id = receipt.alarm_id
        record = alarm_id + bytes([self.calls.answered(alarm_id)]) + receipt.seq.to_bytes(4, "big")
        try:
            seq = self._journal.append(KIND_FELT, record + (receipt.incident or "").encode())
            if alarm_id in self._felt_seqs:
                self._journal.mark_done(self._felt_seqs[alarm_id])
            self._felt_seqs[alarm_id] = seq
        except Exception as error:
            # After a restart the newest receipt would be felt a second time; nothing worse.
            self._note("receipt not kept: %s" % error)

    def reconnected(self) -> None:
        """The link is back: all that is not stored goes out at once."""
        self.calls.reconnected(self._clock.mono_ms())
        self._bell.ring()

    def low_battery(self) -> None:
        """The battery is low: told once for each time that an alarm is open."""
        if self.calls.alarmed and not self._low_battery_told:
            self._low_battery_told = True
            self.raise_alarm(messages.KIND_LOW_BATTERY, quiet=True)

    async def run(self, heart) -> None:
        """Task: sends what is due, again and again, and tells the officer when nobody answers."""
        while True:
            heart.beat()
            await self._bell.wait(self.step())

    def step(self) -> int:
        """Does what is due now; returns the ms until it wants to be called again."""
        now_ms = self._clock.mono_ms()
        if not self._to_feel and self.calls.nobody(now_ms):
            self._feel("nobody_yet")
        self._load_waiting(now_ms)
        self._keep_again(now_ms)
        link = self.link
        connected = link is not None and link.connected
        if connected:
            for call in self.calls.due(now_ms):
                self.calls.sending(call, now_ms)
                asyncio.create_task(self._send(call))
        if link is not None:
            link.hurry(self.calls.unstored() > 0 or self._waiting > 0)
        next_ms = self.calls.next_ms()
        wait_ms = IDLE_MS if next_ms is None else min(IDLE_MS, max(0, next_ms - now_ms))
        if self._to_feel:
            # "Nobody" waits for what is still to be felt; asking again at once would not shorten that.
            wait_ms = max(wait_ms, POLL_MS)
        return wait_ms if connected else max(wait_ms, OFFLINE_MS)

    async def _send(self, call: Call) -> None:
        try:
            if not await self.link.publish("alarm", (encoded(call.alarm),), 1):
                self._count("publishes_failed")
        except Exception as error:
            self._note("alarm not sent: %s" % error)
        finally:
            self.calls.sent(call)
            self._bell.ring()
