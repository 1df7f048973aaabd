"""Puts recording and its way to the gateway together; what the rest of the unit sees of it."""

import asyncio

from bodyunit.bell import Bell
from bodyunit.watched import Watched

from protocol import messages, topics
from protocol.errors import ProtocolError
from protocol.live import live_of
from recording.capture import Capture
from recording.chain import Chain
from recording.recorder import Recorder
from recording.sealer import Sealer
from recording.sender import Sender
from recording.shelf import Shelf
from recording.waiting import Waiting

LOOK_MS = 5000
LEAST_MS = 200
LINK_MS = 2500
HOLD_MOST_MS = 1000
SIZES = {"qvga": (320, 240), "vga": (640, 480), "svga": (800, 600), "hd": (1280, 720)}


class Media:
    """Everything that a unit with a camera or a microphone has more.

    Args:
        unit: has board, clock, settings, count, note, feel, feeling, alarms, position.where, uplink, ring.

    MemoryError when there is no room for its buffers.
    """

    def __init__(self, unit) -> None:
        settings, board = unit.settings, unit.board
        self._clock = unit.clock
        self._settings = settings
        self._alarms = unit.alarms
        self._note = unit.note
        self._count = unit.count
        self._set = unit.counters.set
        self._changed = unit.states.changed
        self._bell = Bell()
        self._held_ms: int | None = None
        self._alarmed = False
        self.uplink = None
        camera = board.camera if settings.picture != "off" else None
        if camera is not None:
            width, height = SIZES[settings.picture]
            camera.configure(width, height, settings.picture_fps, settings.picture_kib * 1024)
        before_ms = settings.pre_event_s * 1000 if unit.ring.size_bytes >= settings.ring_kib * 1024 else 0
        self.capture = Capture(
            self._clock, camera, board.microphone, unit.ring, settings.sound, before_ms, unit.count
        )
        self.shelf = Shelf(board, unit.boot, unit.count, unit.note)
        self.recorder = Recorder(
            self._clock, settings, unit.ring, self.capture, self.shelf, unit.position.last, self._alarm,
            lambda: self.sender.live.mode != messages.LIVE_OFF, unit.feel, unit.count, unit.note,
        )  # fmt: skip
        self.waiting = Waiting()
        self.chain = Chain(board.home, unit.note)
        self.sealer = Sealer(
            self.shelf, self.chain, self.waiting, self._clock, settings, lambda: self.recorder.name, unit.count,
            unit.note,
        )  # fmt: skip
        court_id, unit_id = settings.court_id, settings.unit_id
        self.sender = Sender(
            self._clock, self.shelf, self.waiting, lambda: self._alarms.alarmed, self._held,
            lambda name: topics.media(court_id, unit_id, name), unit.count,
        )  # fmt: skip
        self.watched = Watched(
            self._clock, settings, lambda: self.sender.live.mode, self._alarms, unit.feeling
        )
        self._join()

    def _join(self) -> None:
        self.recorder.on_open = self.sender.opened
        self.recorder.on_block = self.sender.block
        self.recorder.on_closed = lambda name, segment: self.sealer.closed(name, self.sender.closed(segment))
        self.recorder.on_change = self._changed
        self.sealer.ready, self.sealer.head = self._ready, self.recorder.head
        self.sealer.going_on = lambda: self.recorder.going_on
        self.sender.on_due = self._bell.ring

    def _ready(self) -> None:
        self._bell.ring()
        self.sender.wake()

    def _alarm(self) -> "bytes | None":
        call = self._alarms.calls.newest() if self._alarms.alarmed else None
        return None if call is None else call.alarm_id

    def _held(self) -> bool:
        """An alarm has a moment in which nothing else is on its way."""
        if not self._alarms.calls.unstored() or not self.uplink.connected:
            self._held_ms = None
            return False
        now_ms = self._clock.mono_ms()
        if self._held_ms is None:
            self._held_ms = now_ms
        return now_ms - self._held_ms < HOLD_MOST_MS

    # What the rest of the unit says

    @property
    def recording(self) -> bool:
        """Whether pictures and sound go onto the card."""
        return self.recorder.recording

    def command(self, kind: int, value) -> "tuple[int, str | None]":
        """RECORD, LIVE or MARK; (outcome, detail) for the reply."""
        if kind == messages.MARK:
            if self.recorder.mark():
                return messages.DONE, None
            return messages.REFUSED, "nothing is being recorded"
        if kind == messages.RECORD and value in (0, 1):
            self.recorder.command(value == 1)
            return messages.DONE, None
        if kind == messages.LIVE:
            return self._show(value)
        return messages.REFUSED, "value %s is not allowed" % value

    def _show(self, value) -> "tuple[int, str | None]":
        """LIVE; it comes again every few seconds as long as somebody looks, and then changes nothing."""
        try:
            mode, interval_ms = live_of(value)
        except ProtocolError as error:
            return messages.REFUSED, str(error)
        before = self.sender.live.mode
        self.sender.live.ask(mode, interval_ms)
        if mode != before:
            self.recorder.look()
            self.watched.look()
        self.sender.wake()
        if mode and not self.recording and not self.shelf.there:
            return messages.DONE, "no card: nothing is recorded, and nothing can be shown"
        return messages.DONE, None

    def look(self) -> None:
        """An alarm was opened or has changed."""
        self.recorder.look()
        self.sender.wake()

    def connected(self) -> None:
        """The control connection is back."""
        self.waiting.hurry(self._clock.mono_ms())
        self._bell.ring()

    async def media_connected(self, session_present: bool) -> None:
        """The media connection is there."""
        self.sender.wake()

    def want(self, want: messages.Want) -> None:
        """What the gateway has of a segment, and what it lacks."""
        segment = want.segment
        if segment is None:
            return
        if want.sealed is not None:
            self.sealer.confirmed(segment, want.sealed)
            return
        entry = self.waiting.find(segment)
        if entry is None:
            return
        if want.refused is not None:
            self.waiting.refuse(entry, want.refused == messages.REFUSED_QUOTA)
            self._count("segments_refused")
            self._note("%s is refused: %d" % (entry.name, want.refused))
            return
        entry.ranges = _ranges(want.ranges or [], entry.size)
        self._ready()

    # Tasks

    def tasks(self):
        """[(name, coroutine function of a heart, its limit in ms)]."""
        found = self.capture.tasks() + [
            ("recorder", self.recorder.run, 30_000),
            ("sealer", self.sealer.run, 30_000),
            ("watched", self.watched.run, 10_000),
        ]
        if self.uplink is not None:
            found += [("manifests", self._manifests, 10_000), ("media", self.sender.run, 30_000)]
            found.append(("medialink", self._link, 10_000))
        return found

    async def _manifests(self, heart) -> None:
        """Task: sends the manifests that are due, one after the other, until the gateway has sealed their segments."""
        while True:
            heart.beat()
            self._set("segments_waiting", self.shelf.waiting)
            self._set("card_taken_pct", self.shelf.pressing_pct())
            self._set("sound_missing_ms", self.capture.sound_clock.gap_ms)
            now_ms = self._clock.mono_ms()
            entry = self.waiting.due(now_ms) if self.uplink.connected and self.shelf.there else None
            if entry is None:
                wait_ms = self.waiting.next_ms(now_ms) if self.uplink.connected else LOOK_MS
                await self._bell.wait(min(LOOK_MS, max(LEAST_MS, wait_ms)))
                continue
            self.waiting.told(entry, now_ms)
            try:
                data = self.shelf.read(entry.name, ".tip")
            except OSError as error:
                self.shelf.unreadable(entry.name, error)
                data = None
            if data is None:
                self.waiting.forget(entry)
                continue
            await asyncio.sleep_ms(0)
            heart.rest()
            if not await self.uplink.publish("manifest", (data,), 1):
                self._count("publishes_failed")

    async def _link(self, heart) -> None:
        """The client watches over its own connection; here only its death is noticed."""
        runner = asyncio.create_task(self.sender.client.run())
        try:
            while not runner.done():
                heart.beat()
                await asyncio.sleep_ms(LINK_MS)
            await runner
        finally:
            runner.cancel()


def _ranges(numbers: "list[int]", size: int) -> "list[int]":
    """Start, end, start, end, ... without what is no range of a file of `size` bytes."""
    found = []
    for at in range(0, len(numbers) - 1, 2):
        start, end = numbers[at], min(numbers[at + 1], size)
        if start < end:
            found += [start, end]
    return found
