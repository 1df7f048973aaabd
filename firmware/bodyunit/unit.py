"""Puts the unit together: one board in, supervised tasks out. The only place where all parts meet."""

import asyncio
import gc
import hashlib
import time

from drivers.clock import Clock
from store.errors import SettingError
from store.events import Events
from store.journal import KIND_FIX_BATCH, Journal
from store.settings import Settings

from bodyunit import FIRMWARE, link, selftest
from bodyunit.alarm import KIND_FELT, Alarms
from bodyunit.battery_clock import BatteryClock
from bodyunit.boot import next_boot
from bodyunit.commands import Commands, shortened
from bodyunit.feeling import Feeling
from bodyunit.position import Position
from bodyunit.state import Counters, States
from bodyunit.supervisor import Supervisor
from bodyunit.uplink import Uplink
from bodyunit.wire import encoded, stamp
from protocol import messages

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

ALARM_JOURNAL_BYTES = 65_536
FIX_JOURNAL_BYTES = 131_072
STATS_MS = 5000
COLLECT_ROUNDS = 12
IDLE_MS = 2500
LISTEN_AGAIN_MS = 10_000


class Unit:
    """Everything that runs on one board. `ticks_ms`, `ticks_diff` as of `time`; tests pass their own."""

    def __init__(self, board, ticks_ms=time.ticks_ms, ticks_diff=time.ticks_diff, steps=None) -> None:
        self.board = board
        self.steps = steps
        self.boot = next_boot(board.home)
        self.events = Events(board.home, self.boot)
        self.clock = Clock(self.boot, ticks_ms, ticks_diff, self.note)
        self.counters = Counters()
        self.settings = Settings(board.home)
        self._provision()
        self.ring: Any = self._ring()
        self._battery_clock = BatteryClock(self.clock, board)
        self.feeling = Feeling(self.clock, self.settings, board, self._begun)
        self.uplink: Any = None
        # A large block too, before the journals' indexes have scattered over the heap.
        gc.collect()
        self._connect()
        journal = Journal(board.home + "/alarms", ALARM_JOURNAL_BYTES, droppable=(KIND_FELT,))
        fixes = Journal(board.home + "/fixes", FIX_JOURNAL_BYTES, droppable=(KIND_FIX_BATCH,))
        self.counters.set("journal_torn_bytes", journal.torn_bytes + fixes.torn_bytes)
        self.alarms = Alarms(
            self.clock,
            journal,
            self._where,
            self.settings,
            self.feel,
            self._reply,
            self.note,
            self.count,
            self._shown,
        )
        self.position = Position(
            self.clock, board.gnss, fixes, self.settings, lambda: self.alarms.alarmed, self.count, self.note
        )
        self.states = States(
            self.clock,
            self.settings,
            board,
            self.counters,
            self.alarms,
            self.boot,
            self._last_error(),
            self.note,
        )
        self.commands = Commands(
            self.clock, self.settings, self.position.locate, self._test_alarm, self.states.changed
        )
        self.media: Any = self._media()
        self.speech: Any = self._speech()
        self._deaf = False
        self._why_shown = ""
        self.supervisor = Supervisor(self.clock.mono_ms, board.feed, self._died, self._cry)
        if self.uplink is not None:
            self._join()
        self._add_tasks()
        board.on_edge = self.alarms.edge
        board.on_utc = self._battery_clock.network
        board.on_fault = self._fault

    # What the parts need of each other

    def note(self, text: str, mono_ms: "int | None" = None) -> None:
        """Remembers an event for whoever repairs the unit, in this boot and the next."""
        self.events.add(text, self.clock.mono_ms() if mono_ms is None else mono_ms)
        self.board.show("event", text=text[:200])

    def count(self, name: str) -> None:
        """Counts one of messages.COUNTER_NAMES."""
        self.counters.count(name)

    def feel(self, pattern: str) -> None:
        """Vibrates; what the officer is told, and in what order, is decided by the caller."""
        self.feeling.feel(pattern)

    def _begun(self, pattern: str) -> None:
        self.alarms.begun(pattern)

    def _quiet(self) -> bool:
        """Whether only speech that is ALOUD is played."""
        return self.settings.silent or self.alarms.silent

    def _where(self):
        return self.position.last()

    def _reply(self, reply) -> None:
        if self.uplink is not None:
            self.uplink.reply(reply)

    def _shown(self, alarm_id: bytes, mono_ms: int) -> None:
        self.board.show("alarm", id=alarm_id.hex(), mono_ms=mono_ms)
        self.states.changed()
        if self.media is not None:
            self.media.look()

    def _test_alarm(self, command_id: bytes) -> bool:
        # A command that comes again after a restart is the same test.
        alarm_id = hashlib.sha256(b"test" + command_id).digest()[:16]
        return self.alarms.raise_alarm(messages.KIND_TEST, alarm_id=alarm_id)

    def _last_error(self) -> str:
        lines = self.events.previous_traceback.strip().split("\n")
        return shortened(lines[-1]) if lines else ""

    def _provision(self) -> None:
        try:
            if self.settings.import_provisioned():
                self.note("provisioned: generation %d" % self.settings.provisioned)
        except (SettingError, OSError, ValueError) as error:
            self.note("unit.json refused: %s" % error)

    # The link

    def _connect(self) -> None:
        if not self.settings.complete:
            return
        from mqtt.client import Client

        settings = self.settings
        uplink = Uplink(settings.court_id, settings.unit_id, self.count, self.note, lambda: stamp(self.clock))
        try:
            options = link.control(settings, link.tls(self.board.home, settings), lambda: self._will(uplink))
        except (OSError, ValueError) as error:
            self.note("no connection: certificates: %s" % error)
            return
        client = Client(options, uplink.received, open_stream=self.board.open_stream)
        client.on_connect = self._connected
        client.on_disconnect = self._disconnected
        uplink.client = client
        self.uplink = uplink

    def _join(self) -> None:
        uplink = self.uplink
        uplink.on_receipt = self._receipt
        uplink.on_command = self.commands.carry_out
        uplink.on_want = self._want
        uplink.on_talk = self._unheard if self.speech is None else self.speech.take
        for part in (self.alarms, self.position, self.states):
            part.link = uplink
        if self.media is not None:
            self._join_media(uplink)

    def _ring(self):
        """By far the largest block of the program, before anything else has scattered over the heap."""
        if not self.settings.complete or (self.board.camera is None and self.board.microphone is None):
            return None
        from recording import ring

        gc.collect()
        made = ring.make(self.settings.ring_kib, self.note)
        if made is None:
            self.note("no memory for recording")
        return made

    def _media(self):
        """Camera, microphone and what belongs to them; None for a unit without, and for one without the memory."""
        if self.ring is None:
            return None
        from recording.media import Media

        try:
            media = Media(self)
        except MemoryError:
            self.note("no memory for recording")
            return None
        self.commands.media = self.alarms.media = self.states.media = media
        return media

    def _speech(self):
        """What is said to the officer; None for a unit without a loudspeaker."""
        if self.board.speaker is None:
            return None
        from bodyunit.talk import Speech

        speech = Speech(self.clock.mono_ms, self.board.speaker, self._quiet, self.count)
        self.states.quiet = self._quiet
        if self.media is not None:
            self.media.sender.live.mute = lambda: speech.mutes
        return speech

    def _join_media(self, uplink: Uplink) -> None:
        """Media has a connection of its own, so that no picture stands before an alarm."""
        from mqtt.client import Client

        client = Client(
            link.media(uplink.client.options),
            lambda topic, payload, qos: None,
            open_stream=self.board.open_stream,
        )
        client.on_connect = self.media.media_connected
        self.media.uplink = uplink
        self.media.sender.client = client

    def _unheard(self, payload) -> None:
        self.count("talk_dropped")

    def _want(self, want) -> None:
        self.position.stored(want.stored_batches)
        if self.media is not None:
            self.media.want(want)

    def _will(self, uplink: Uplink) -> tuple:
        self.states.session += 1
        return uplink.topic("state"), encoded(self.states.will()), 1, True

    async def _connected(self, session_present: bool) -> None:
        uplink = self.uplink
        await self._listen()
        uplink.connected_again()
        self.alarms.reconnected()
        self.position.reconnected()
        self.states.ask()
        if self.media is not None:
            self.media.connected()
        self.board.show("mqtt", connected=True)

    async def _listen(self) -> None:
        """Asks for what is said to this unit. Without it alarms go out and no receipt comes in."""
        uplink = self.uplink
        self._deaf = not await uplink.client.subscribe(uplink.filter, 1)
        if self._deaf:
            self.note("the broker refused %s" % uplink.filter)

    def _disconnected(self, why: str) -> None:
        self.board.show("mqtt", connected=False)
        if why != self._why_shown:
            self._why_shown = why
            self.note("link: " + why)

    def _receipt(self, receipt) -> None:
        self.alarms.receipt(receipt)
        self.board.show("receipt", id=receipt.alarm_id.hex(), status=receipt.status, seq=receipt.seq)
        self.states.changed()

    # Tasks

    def _add_tasks(self) -> None:
        add = self.supervisor.add
        add("button", self.alarms.watch_button, 5000, vital=True)
        add("alarm", self.alarms.run, 5000, vital=True)
        add("motor", self.feeling.run, 5000, vital=True)
        if self.uplink is not None:
            add("link", self._link, 10_000, vital=True)
            add("replies", self.uplink.send_replies, 10_000)
            add("state", self.states.run, 10_000)
        add("gnss", self.position.listen, 10_000)
        add("fixes", self.position.run, 10_000)
        add("house", self._house, 30_000)
        if self.speech is not None:
            add("speech", self.speech.run, 10_000)
        if self.media is not None:
            for name, make, limit_ms in self.media.tasks():
                add(name, make, limit_ms)
        for name, make, limit_ms in self.board.tasks():
            add(name, make, limit_ms)

    async def _link(self, heart) -> None:
        """The client watches over its own connection; here only its death is noticed."""
        runner = asyncio.create_task(self.uplink.client.run())
        asked_ms = self.clock.mono_ms()
        try:
            while not runner.done():
                heart.beat()
                if not self._deaf:
                    asked_ms = self.clock.mono_ms()
                elif self.uplink.connected and self.clock.mono_ms() - asked_ms >= LISTEN_AGAIN_MS:
                    # A broker may learn of a unit later than the unit of the broker.
                    asked_ms = self.clock.mono_ms()
                    heart.rest()
                    await self._listen()
                    heart.beat()
                await asyncio.sleep_ms(IDLE_MS)
            await runner
        finally:
            runner.cancel()

    async def _house(self, heart) -> None:
        """Keeps house: collects garbage once a minute, writes events and the clock, tells numbers (heap: of then)."""
        rounds = collect_us = heap_free = heap_used = 0
        while True:
            heart.beat()
            await asyncio.sleep_ms(STATS_MS)
            longest_us = self.steps.take_us() if self.steps is not None else 0
            rounds += 1
            if rounds % COLLECT_ROUNDS == 1:
                began_us = time.ticks_us()
                gc.collect()
                collect_us = time.ticks_diff(time.ticks_us(), began_us)
                heap_free, heap_used = gc.mem_free(), gc.mem_alloc()
            self.counters.set("task_restarts", self.supervisor.restarts)
            self.counters.set("events_dropped", self.events.lost)
            self.counters.set("clock_steps", self.clock.steps)
            self.board.show(
                "stats",
                heap_free=heap_free,
                heap_used=heap_used,
                longest_step_us=longest_us,
                collect_us=collect_us,
                counters={messages.COUNTER_NAMES[i]: n for i, n in self.counters.seen().items()},
            )
            now_ms = self.clock.mono_ms()
            if self.events.due(now_ms):
                self._flush()
            self._battery_clock.keep()
            if self.steps is not None:
                self.steps.take_us()

    def _died(self, name: str, error) -> None:
        now_ms = self.clock.mono_ms()
        if error is None or isinstance(error, asyncio.CancelledError):
            self.note("task %s ended" % name)
        else:
            self.events.crash(error, now_ms)
            self.board.show("event", text="task %s died: %r" % (name, error))
        self.counters.set("task_restarts", self.supervisor.restarts)

    def _cry(self, why: str) -> None:
        self.note("watchdog is not fed: " + why)
        self._flush()

    def _flush(self) -> None:
        try:
            self.events.flush(self.clock.mono_ms())
        except MemoryError:
            # Fifty events are one long text; they stay in RAM and are written when there is room.
            self.events.lost += 1

    def _fault(self, kind: str, name: str) -> None:
        if kind == "task":
            self.supervisor.kill(name)
        elif kind == "hang":
            self.supervisor.freeze(name)

    async def run(self) -> None:
        """Runs until it is cancelled or the board resets."""
        self.board.show("hello", boot=self.boot, firmware=FIRMWARE)
        faults = selftest.run(self.board, self.settings)
        for fault in faults:
            self.note("self test: " + fault)
        if faults:
            self.feel("refused")
        try:
            self.alarms.resume()
        except Exception as error:
            # Whatever is in the journal, the next press must find a unit that runs.
            self.events.crash(error, self.clock.mono_ms())
        if self.board.button_down():
            self.alarms.edge(True)
        try:
            await self.supervisor.run()
        finally:
            self._flush()
