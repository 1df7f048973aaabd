"""Speech from dispatchers to officers: `Talks` is the one owner of every floor.

    talk_floor.py   who speaks, and which packets go on; pure
    talk_seat.py    one open talk panel, and what it is told
    talk_link.py    the connection to the broker that speech has to itself
    talk_file.py    what was said, as a file
    talk_book.py    register, audit, the incident's log; what a kill left

A unit whose alarm is silent gives no sound, unless somebody has chosen ALOUD: that a hand slips must not betray an
officer. The unit decides the same by itself (docs/wire.md, "Speech"); here it is said before the first word.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from gateway.clock import Clock
from gateway.dispatch.centre import Centre
from gateway.errors import NotCommitted, StoreError, TooMuchAtOnce
from gateway.logs import logger
from gateway.metrics import Metrics
from gateway.model import UnitStatus
from gateway.relay.talk_book import Book, Speech
from gateway.relay.talk_floor import Busy, Ended, Floor, Talker, Talking, Verdict
from gateway.relay.talk_seat import Said, Seat, person
from gateway.talk_settings import TalkSettings
from protocol import topics
from protocol.messages import SPEAKER_NONE, SPEAKER_PLAYS, SPEAKER_SILENT
from protocol.talk import ALOUD, LAST, TALK_BYTES, Talk

TICK_MS = 250
TOLD_EVERY = 4
"""Ticks: everybody is told the state once a second, changed or not."""
RETRY_TICKS = 20
ENDING_MAX = 1_000
ENDED_BY = {"silent": Ended.SILENT, "no_link": Ended.NO_LINK}
"""An obstacle that comes in between; all others are of a unit that has gone."""
SPEAKERS = {SPEAKER_NONE: "none", SPEAKER_PLAYS: "plays", SPEAKER_SILENT: "silent"}

Send = Callable[[str, bytes], bool]


@dataclass(slots=True)
class Ending:
    """A talk that is over and still has to be entered."""

    speech: Speech
    why: Ended
    ended_ms: int


class Talks:
    """Keep `run` in a task; `send(topic, payload)` is at QoS 0 and says whether it went on its way, `reachable()`
    whether the broker is there to take it."""

    def __init__(
        self,
        settings: TalkSettings,
        clock: Clock,
        centre: Centre,
        book: Book,
        send: Send,
        reachable: Callable[[], bool],
        metrics: Metrics,
    ) -> None:
        self.book = book
        self._settings = settings
        self._clock = clock
        self._centre = centre
        self._send = send
        self._reachable = reachable
        self._metrics = metrics
        self._seats: dict[str, set[Seat]] = {}
        self._floors: dict[str, Floor] = {}
        self._speeches: dict[Talking, Speech] = {}
        self._ending: deque[Ending] = deque()
        self._ended = asyncio.Event()
        self._log = logger("talk")

    # One panel.

    def join(self, unit_id: str, by: Talker) -> Seat:
        """Open a panel. Raises TooMuchAtOnce."""
        if sum(map(len, self._seats.values())) >= self._settings.max_open:
            raise TooMuchAtOnce("Too many talk panels are open.")
        seat = Seat(unit_id, by)
        self._seats.setdefault(unit_id, set()).add(seat)
        self._floors.setdefault(unit_id, Floor(self._settings.call_minutes * 60))
        self._tell(unit_id)
        return seat

    def leave(self, seat: Seat, why: Ended = Ended.LEFT) -> None:
        """Close a panel; its talk ends. Twice does no harm."""
        self.end(seat, why)
        seats = self._seats.get(seat.unit_id, set())
        seats.discard(seat)
        floor = self._floors.get(seat.unit_id)
        if floor is not None and not any(one.by.login == seat.by.login for one in seats):
            floor.left(seat.by.login)
        if not seats:
            self._seats.pop(seat.unit_id, None)
            self._floors.pop(seat.unit_id, None)
        self._tell(seat.unit_id)

    async def begin(self, seat: Seat, *, aloud: bool, call: bool, asked: int | None = None) -> None:
        """Give this panel the floor, or tell it why not. It is entered before anybody is heard. `asked`: the panel's
        own number for it, which is told with all that comes of it."""
        unit_id, floor = seat.unit_id, self._floors[seat.unit_id]
        if floor.talking is not None and floor.talking.seat is seat:
            return
        if (why := self._obstacle(unit_id, aloud=aloud)) is not None:
            seat.refuse(why, n=asked)
            return
        silent = self._silent(unit_id)
        try:
            talking = floor.begin(
                secrets.token_bytes(TALK_BYTES),
                seat.by,
                seat,
                self._clock.now_ms(),
                self._clock.monotonic_s(),
                aloud=aloud and silent,
                call=call,
                asked=asked,
            )
        except Busy as busy:
            seat.refuse("busy", n=asked, by=person(busy.by))
            return
        entering = asyncio.create_task(self.book.begin(unit_id, talking), name="talk-begin")
        try:
            speech = await asyncio.shield(entering)
        except asyncio.CancelledError:
            # The panel has gone, but what is being written is written: it must have an end, too.
            floor.end(talking)
            entering.add_done_callback(self._entered_for_nobody)
            raise
        except (StoreError, NotCommitted) as error:
            self._log.error("talk_not_begun", unit=unit_id, login=seat.by.login, error=str(error))
            floor.end(talking)
            seat.refuse("not_stored", n=asked)
            self._tell(unit_id)
            return
        if floor.talking is not talking:  # it ended while it was entered
            self._end_later(Ending(speech, Ended.RELEASED, self._clock.now_ms()))
            return
        # The time that entering took is not the speaker's.
        talking.began_s = talking.fed_s = self._clock.monotonic_s()
        self._speeches[talking] = speech
        self._log.info("talk_begun", unit=unit_id, talk=speech.row.talk, login=seat.by.login)
        self._tell(unit_id)

    def end(self, seat: Seat, why: Ended = Ended.RELEASED) -> None:
        """Take the floor back from this panel, if it has it."""
        floor = self._floors.get(seat.unit_id)
        if floor is not None and floor.talking is not None and floor.talking.seat is seat:
            self._over(seat.unit_id, floor.talking, why)

    def hand_over(self, seat: Seat, login: str) -> None:
        """End the talk of this panel and keep the floor for somebody else who has one open."""
        floor = self._floors[seat.unit_id]
        to = next((one.by for one in self._seats[seat.unit_id] if one.by.login == login), None)
        if floor.talking is None or floor.talking.seat is not seat:
            seat.refuse("not_talking")
        elif to is None or to.login == seat.by.login:
            seat.refuse("absent", to=login[:64])
        else:
            talking = floor.hand_over(to, self._clock.monotonic_s())
            assert talking is not None
            self._over(seat.unit_id, talking, Ended.HANDED_OVER)

    def speak(self, seat: Seat, number: int, sound: bytes) -> None:
        """A packet from this panel. One that comes when it has not the floor is dropped. Raises OutOfOrder."""
        talking = self._floors[seat.unit_id].talking
        speech = self._speeches.get(talking) if talking is not None else None
        if talking is None or speech is None or talking.seat is not seat:
            self._metrics.talk_packets.labels("unasked").inc()
            return
        verdict = talking.take(number, self._clock.monotonic_s())
        if verdict is Verdict.TOO_FAST:
            seat.refuse_fast(talking)
        elif verdict is Verdict.SENT and not self._publish(seat.unit_id, talking, number, sound):
            talking.unsent()
            self._metrics.talk_packets.labels("unsent").inc()
            return
        elif verdict is Verdict.SENT:
            speech.file.add(number, sound)
        self._metrics.talk_packets.labels(str(verdict)).inc()

    def state(self, seat: Seat) -> Said:
        """What a panel shows."""
        now_ms, now_s = self._clock.now_ms(), self._clock.monotonic_s()
        floor = self._floors.get(seat.unit_id)
        talking = floor.talking if floor is not None else None
        offer = floor.offer if floor is not None else None
        # Not before it is entered: what is said until then would go nowhere.
        mine = talking is not None and talking.seat is seat and talking in self._speeches
        status = self._centre.units().get(seat.unit_id)
        present = {one.by.login: one.by for one in self._seats.get(seat.unit_id, ())}
        present.pop(seat.by.login, None)
        return {
            "t": "state",
            "by": person(talking.by) if talking is not None else None,
            "since_ms": talking.began_ms if talking is not None else None,
            "you": mine,
            "n": talking.asked if talking is not None and mine else None,
            "call": talking is not None and talking.call,
            "aloud": talking is not None and talking.aloud,
            "dropped": talking.dropped if talking is not None else 0,
            "offer": {
                "to": person(offer.to),
                "by": person(offer.by),
                "you": offer.to.login == seat.by.login,
                "until_ms": now_ms + round((offer.until_s - now_s) * 1000),
            }
            if offer is not None
            else None,
            "silent": self._silent(seat.unit_id),
            "online": status is not None and status.online,
            "speaker": SPEAKERS[self._speaker(status)],
            "present": [person(one) for _, one in sorted(present.items())],
            "now_ms": now_ms,
        }

    # All of them.

    async def run(self) -> None:
        """End what has to end, and enter what has ended, until cancelled. A talk that goes on then is ended at the next
        start."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._tick_for_ever(), name="talk-floors")
            tasks.create_task(self._enter_for_ever(), name="talk-book")
            tasks.create_task(self._write_for_ever(), name="talk-files")

    def tick(self) -> None:
        """Look at every floor, as four times a second."""
        now_s = self._clock.monotonic_s()
        for unit_id, floor in tuple(self._floors.items()):
            if floor.lapse(now_s):
                self._tell(unit_id)
            talking = floor.talking
            if talking is None or talking not in self._speeches:
                continue
            why = floor.due(now_s)
            obstacle = self._obstacle(unit_id, aloud=talking.aloud)
            if obstacle is not None:
                why = ENDED_BY.get(obstacle, Ended.OFFLINE)
            if why is not None:
                assert isinstance(talking.seat, Seat)
                talking.seat.refuse(obstacle or str(why), n=talking.asked)
                self._over(unit_id, talking, why)

    async def _tick_for_ever(self) -> None:
        ticks = 0
        while True:
            await self._clock.sleep_until_ms(self._clock.now_ms() + TICK_MS)
            ticks += 1
            self.tick()
            if ticks % TOLD_EVERY == 0:
                for unit_id in self._seats:
                    self._tell(unit_id)
            if ticks % RETRY_TICKS == 0:
                self._ended.set()

    async def _enter_for_ever(self) -> None:
        recovered = False
        while True:
            self._ended.clear()
            try:
                if not recovered:
                    count, recovered = await self.book.recover(), True
                    if count:
                        self._log.warning("talks_cut_off", talks=count)
                while self._ending:
                    ending = self._ending[0]
                    await self.book.end(ending.speech, ending.why, ending.ended_ms)
                    self._ending.popleft()
            except (StoreError, NotCommitted) as error:
                self._log.warning("talks_not_entered", talks=len(self._ending), error=str(error))
            await self._ended.wait()

    async def _write_for_ever(self) -> None:
        while True:
            await self._clock.sleep_until_ms(self._clock.now_ms() + TICK_MS)
            for speech in tuple(self._speeches.values()):
                try:
                    await asyncio.to_thread(speech.file.write)
                except OSError as error:
                    self._log.error("speech_not_kept", talk=speech.row.talk, error=error.strerror)

    def _over(self, unit_id: str, talking: Talking, why: Ended) -> None:
        floor = self._floors.get(unit_id)
        if floor is not None:
            floor.end(talking)
        speech = self._speeches.pop(talking, None)
        if speech is not None:
            if talking.packets:
                self._publish(unit_id, talking, talking.last_number + 1, b"", LAST)
            self._end_later(Ending(speech, why, self._clock.now_ms()))
        self._tell(unit_id)

    def _entered_for_nobody(self, entering: asyncio.Task[Speech]) -> None:
        if not entering.cancelled() and entering.exception() is None:
            self._end_later(Ending(entering.result(), Ended.LEFT, self._clock.now_ms()))

    def _end_later(self, ending: Ending) -> None:
        """One that finds no room is ended at the next start, as after a kill."""
        if len(self._ending) < ENDING_MAX:
            self._ending.append(ending)
        self._ended.set()

    def _publish(self, unit_id: str, talking: Talking, number: int, sound: bytes, flags: int = 0) -> bool:
        status = self._centre.units().get(unit_id)
        if status is None:
            return False
        if talking.aloud:
            flags |= ALOUD
        packet = Talk(talk=talking.talk, number=number, flags=flags, sound=sound)
        where = status.wire_court or status.unit.court_id
        return self._send(topics.down(where, unit_id, "talk"), packet.encode())

    def _obstacle(self, unit_id: str, *, aloud: bool) -> str | None:
        """Why nobody can be heard there; None: somebody can."""
        status = self._centre.units().get(unit_id)
        if status is None or status.unit.revoked or not status.online:
            return "offline"
        if self._speaker(status) == SPEAKER_NONE:
            return "no_speaker"
        if not self._reachable():
            return "no_link"
        return "silent" if self._silent(unit_id) and not aloud else None

    def _silent(self, unit_id: str) -> bool:
        """Whether its loudspeaker must keep silent: the unit says so, or its alarm is one of duress, which the unit's
        own word may not have told yet."""
        status = self._centre.units().get(unit_id)
        if status is None:
            return False
        duress = any(
            view.incident.duress and any(member.unit_id == unit_id for member in view.incident.members)
            for view in self._centre.live_incidents()
        )
        return duress or self._speaker(status) == SPEAKER_SILENT

    @staticmethod
    def _speaker(status: UnitStatus | None) -> int:
        return SPEAKER_NONE if status is None or status.speaker is None else status.speaker

    def _tell(self, unit_id: str) -> None:
        for seat in self._seats.get(unit_id, ()):
            seat.changed.set()
