"""The alarms of this unit that somebody still has to answer: a pure state machine, time is passed in.

A call is sent again until a Receipt says that it is stored. Receipts are felt in rising `seq` only. When nobody
answers, the officer is told so. Everything is bounded: CAPACITY calls, and KNOWN ids whose receipts are understood.
"""

from protocol import messages

CAPACITY = 8
KNOWN = 32
FIRST_MS = 10_000
SLOWER_MS = 1000

PATTERNS = ("", "received", "acknowledged", "on_the_way", "nobody_yet", "arrived", "closed")

# Nobody is asked to come for these: once stored, they are done.
_CLAIMS = (messages.KIND_TEST, messages.KIND_CANCEL)
# These go beside an alarm that is already open; the officer did not make them and is not told that nobody answers.
_COMPANIONS = (messages.KIND_LOW_BATTERY,)
_ANSWERS = (messages.ACKNOWLEDGED, messages.ON_THE_WAY, messages.ARRIVED)


class Call:
    """One alarm: the message as it goes out, where it is kept, and how far it has come.

    journal_seq is None while the flash has refused it; `tell_ms` is when the officer is next told
    that nobody has answered; `in_flight`: a sending is not confirmed by the broker yet.
    """

    def __init__(self, alarm: messages.Alarm, now_ms: int, journal_seq: "int | None") -> None:
        self.alarm = alarm
        self.journal_seq = journal_seq
        self.raised_ms = now_ms
        self.next_ms = now_ms
        self.pause_ms = 0
        self.tell_ms: int | None = None
        self.in_flight = False
        self.stored = False

    @property
    def alarm_id(self) -> bytes:
        """The alarm's id, 16 bytes."""
        return self.alarm.alarm_id

    @property
    def calls_people(self) -> bool:
        """Whether somebody is expected to come for it."""
        return self.alarm.kind not in _CLAIMS and self.alarm.kind not in _COMPANIONS

    @property
    def ends_stored(self) -> bool:
        """Whether nothing more is to come once the gateway has it: a test, a cancellation."""
        return self.alarm.kind in _CLAIMS


class _Felt:
    """The newest receipt of one alarm; kept after the call itself is over."""

    def __init__(self, alarm_id: bytes) -> None:
        self.alarm_id = alarm_id
        self.kind = 0
        self.seq = -1
        self.incident: str | None = None
        self.former: str | None = None
        self.answered = False
        self.closed = False


class Verdict:
    """What a receipt means: `pattern` to be felt or None, `outcome` and `seq` of the reply, calls now `done`."""

    def __init__(self, outcome: int, seq: "int | None", pattern: "str | None", done: "list[Call]") -> None:
        self.outcome = outcome
        self.seq = seq
        self.pattern = pattern
        self.done = done


class Calls:
    """The open calls, oldest first.

    settings: has resend_first_ms (pause in the first 10 s), resend_then_ms, resend_most_ms (it grows by a second
    from one to the other), stored_within_ms, acknowledged_within_ms, nobody_again_ms.
    """

    def __init__(self, settings) -> None:
        self._settings = settings
        self.open: list[Call] = []
        self._felt: list[_Felt] = []

    def __len__(self) -> int:
        return len(self.open)

    @property
    def alarmed(self) -> bool:
        """Whether an alarm is open for which somebody should come."""
        for call in self.open:
            if call.calls_people:
                return True
        return False

    def newest(self) -> "Call | None":
        """The last open call for which somebody should come."""
        for call in reversed(self.open):
            if call.calls_people:
                return call
        return None

    def has_room(self) -> bool:
        """Whether `room` would find a place."""
        return len(self.open) < CAPACITY or self.unstored() < len(self.open)

    def room(self) -> "list[Call] | None":
        """Makes room for one call.

        Returns the calls that had to leave, at most one and always one that the gateway has stored (its receipts
        are still understood), or None when all places are held by calls that the gateway has not stored.
        """
        if len(self.open) < CAPACITY:
            return []
        for wanted in (False, True):
            for call in self.open:
                if call.stored and call.calls_people == wanted:
                    self.open.remove(call)
                    return [call]
        return None

    def add(self, call: Call) -> None:
        """Opens a call; `room` was asked before."""
        if call.alarm.kind not in _COMPANIONS:
            call.tell_ms = call.raised_ms + self._settings.stored_within_ms
        self.open.append(call)
        self._known(call.alarm_id).kind = call.alarm.kind

    def resume(self, alarm_id: bytes, seq: int, answered: bool, incident: "str | None") -> None:
        """Remembers what was felt before the restart."""
        felt = self._known(alarm_id)
        felt.seq = seq
        felt.answered = answered
        felt.incident = incident
        for call in self.open:
            if answered and call.alarm_id == alarm_id:
                # Somebody has answered; that it is sent once more does not undo it.
                call.tell_ms = None

    def answered(self, alarm_id: bytes) -> bool:
        """Whether a person is known to have answered this alarm, or another of its incident."""
        return self._known(alarm_id).answered

    def _known(self, alarm_id: bytes) -> _Felt:
        for felt in self._felt:
            if felt.alarm_id == alarm_id:
                return felt
        felt = _Felt(alarm_id)
        self._felt.append(felt)
        if len(self._felt) > KNOWN:
            self._forget()
        return felt

    def _forget(self) -> None:
        open_ids = [call.alarm_id for call in self.open]
        for felt in self._felt:
            if felt.alarm_id not in open_ids:
                self._felt.remove(felt)
                return

    def due(self, now_ms: int) -> "list[Call]":
        """Calls to be sent now: not stored, none of theirs in flight, their pause over."""
        return [c for c in self.open if not c.stored and not c.in_flight and c.next_ms <= now_ms]

    def sending(self, call: Call, now_ms: int) -> None:
        """A sending of `call` begins."""
        settings = self._settings
        if now_ms - call.raised_ms < FIRST_MS:
            call.pause_ms = settings.resend_first_ms
        elif call.pause_ms < settings.resend_then_ms:
            call.pause_ms = settings.resend_then_ms
        else:
            call.pause_ms = min(call.pause_ms + SLOWER_MS, settings.resend_most_ms)
        call.in_flight = True
        call.next_ms = now_ms + call.pause_ms

    def sent(self, call: Call) -> None:
        """A sending has ended, well or not. The next is after the pause, or at once when the link comes back."""
        call.in_flight = False
        call.alarm.repeat += 1

    def reconnected(self, now_ms: int) -> None:
        """The link is back: everything that is not stored goes out at once."""
        for call in self.open:
            if not call.stored:
                call.next_ms = now_ms

    def unstored(self) -> int:
        """How many open calls the gateway has not confirmed."""
        return sum([1 for call in self.open if not call.stored])

    def nobody(self, now_ms: int) -> bool:
        """Whether the officer is to be told now that nobody has answered yet; true once for all calls together."""
        late = False
        for call in self.open:
            if call.tell_ms is not None and call.tell_ms <= now_ms:
                late = True
        if late:
            for call in self.open:
                self._tell_later(call, now_ms)
        return late

    def _tell_later(self, call: Call, now_ms: int) -> None:
        """The officer knows now that nobody has answered: not told again before the pause is over."""
        if call.tell_ms is not None:
            call.tell_ms = max(call.tell_ms, now_ms + self._settings.nobody_again_ms)

    def next_ms(self) -> "int | None":
        """When `due` or `nobody` has something to say next, monotonic ms; None when no call waits."""
        soonest = None
        for call in self.open:
            if not call.stored and not call.in_flight and (soonest is None or call.next_ms < soonest):
                soonest = call.next_ms
            if call.tell_ms is not None and (soonest is None or call.tell_ms < soonest):
                soonest = call.tell_ms
        return soonest

    def receipt(self, receipt: messages.Receipt, now_ms: int) -> Verdict:
        """Takes a receipt in whatever order it comes."""
        felt = None
        for known in self._felt:
            if known.alarm_id == receipt.alarm_id:
                felt = known
        if felt is None:
            return Verdict(messages.UNKNOWN, None, None, [])
        incident = receipt.incident
        if incident is not None and incident == felt.former:
            # A straggler of the incident that this alarm was merged out of.
            return Verdict(messages.DONE, receipt.seq, None, self._stored(felt, receipt, now_ms))
        if incident is not None and felt.incident is not None and incident != felt.incident:
            self._merged(felt.incident, incident)
        if incident is not None:
            felt.incident = incident
        if receipt.seq <= felt.seq or felt.closed:
            return Verdict(
                messages.DONE, max(receipt.seq, felt.seq), None, self._stored(felt, receipt, now_ms)
            )
        felt.seq = receipt.seq
        done = self._stored(felt, receipt, now_ms)
        if receipt.status in _ANSWERS:
            self._answered(felt)
        elif receipt.status == messages.NOBODY_YET:
            for call in self.open:
                self._tell_later(call, now_ms)
        elif receipt.status == messages.CLOSED:
            done += self._closed(felt)
        pattern = PATTERNS[receipt.status]
        if felt.kind == messages.KIND_TEST and receipt.status == messages.STORED:
            pattern = "test"
        return Verdict(messages.DONE, receipt.seq, pattern, done)

    def _merged(self, former: str, incident: str) -> None:
        """An incident went over into another one as a whole: receipts may name its newest alarm alone."""
        for felt in self._felt:
            if felt.incident == former:
                # `seq` rises within an incident, so the new one counts anew.
                felt.former, felt.incident, felt.seq, felt.closed = former, incident, -1, False

    def _stored(self, felt: _Felt, receipt: messages.Receipt, now_ms: int) -> "list[Call]":
        """Any receipt shows that the gateway has the alarm. Returns the call when it needs nothing more."""
        for call in self.open:
            if call.alarm_id != felt.alarm_id or call.stored:
                continue
            call.stored = True
            call.tell_ms = None
            if call.ends_stored:
                self.open.remove(call)
                return [call]
            if call.calls_people:
                if self._owned(felt):
                    felt.answered = True
                else:
                    call.tell_ms = now_ms + self._settings.acknowledged_within_ms
        return []

    def _owned(self, felt: _Felt) -> bool:
        """Whether somebody has already answered an alarm of the same incident."""
        for other in self._same(felt):
            if other.answered:
                return True
        return False

    def _same(self, felt: _Felt) -> "list[_Felt]":
        """What is known of the alarms of the same incident, `felt` among them."""
        if felt.incident is None:
            return [felt]
        return [other for other in self._felt if other is felt or other.incident == felt.incident]

    def _answered(self, felt: _Felt) -> None:
        ids = []
        for other in self._same(felt):
            other.answered = True
            ids.append(other.alarm_id)
        for call in self.open:
            if call.alarm_id in ids:
                call.tell_ms = None

    def _closed(self, felt: _Felt) -> "list[Call]":
        ids = []
        for other in self._same(felt):
            other.closed = True
            ids.append(other.alarm_id)
        done = [call for call in self.open if call.alarm_id in ids]
        self.open = [call for call in self.open if call.alarm_id not in ids]
        return done
