"""The media connection: chunks of segments, the newest first, and never faster than leaves room for an alarm.

In this order: what is recorded now, if somebody looks or an alarm is open; what the gateway wants of sealed segments;
what is missing of the segment that is being written.
"""

import asyncio

from bodyunit.bell import Bell

from protocol import media
from protocol.errors import ProtocolError
from protocol.messages import LIVE_FULL, LIVE_OFF
from protocol.ranges import Ranges
from recording.live import Live
from recording.pace import Pace

IDLE_MS = 2000
HOLD_MS = 50
MOST_SENT_RANGES = 128
MOST_MISSING = 16


class Sender:
    """Args:
        clock, count: as in Alarms.
        shelf: recording.shelf.Shelf; waiting: recording.waiting.Waiting.
        alarmed: whether an alarm is open; held: whether one waits for its receipt, so that media stands back.
        topic: of a segment's name.

    Set from outside: client (a mqtt.client.Client), on_due(): a manifest has become due.
    """

    def __init__(self, clock, shelf, waiting, alarmed, held, topic, count) -> None:
        self.client = None
        self.on_due = lambda: None
        self.live = Live(clock.mono_ms)
        self.pace = Pace()
        self._clock = clock
        self._shelf = shelf
        self._waiting = waiting
        self._alarmed = alarmed
        self._held = held
        self._topic = topic
        self._count = count
        self._bell = Bell()
        self._segment = None
        self._segment_topic = ""
        self._sent = Ranges(MOST_SENT_RANGES)
        self._head = memoryview(bytearray(media.MAX_HEAD_BYTES))
        self._data = memoryview(bytearray(media.MAX_DATA_BYTES))
        self._block = [0, 0, 0]
        # Where the rest of a long picture begins, and how long it is.
        self._rest = [0, 0]
        self._file = None
        self._file_name = ""
        shelf.on_lost.append(self._forget_file)

    # From the recorder

    def opened(self, segment) -> None:
        """A segment begins."""
        self._segment = segment
        self._segment_topic = self._topic(media.segment_name(segment.name))
        self._sent = Ranges(MOST_SENT_RANGES)
        self._rest[1] = 0
        self.live.begin()

    def block(self, offset: int, length: int, time_ms: int, track: int) -> None:
        """A block has been written."""
        before = self.live.skipped
        self.live.block(offset, length, time_ms, track)
        if self.live.skipped != before:
            self._count("chunks_skipped")
        self._bell.ring()

    def closed(self, segment) -> "list[int]":
        """The segment has ended; returns ranges that have not gone out, for its entry. None: it was abandoned."""
        self._segment = None
        self._rest[1] = 0
        if segment is None:
            return []
        found = []
        at = segment.duration_at
        if self._sent.holds(at, at + 8):
            # The head went out before it told how long the segment lasts.
            found += [at, at + 8]
        for start, end in self._sent.missing(segment.end, MOST_MISSING - 1):
            found += [start, end]
        return found

    def wake(self) -> None:
        """Something is wanted, or somebody looks."""
        self._bell.ring()

    # The task

    async def run(self, heart) -> None:
        """Task: sends as long as there is something and the link carries it."""
        while True:
            heart.beat()
            if self.client is None or not self.client.connected:
                await self._bell.wait(IDLE_MS)
            elif self._held():
                await asyncio.sleep_ms(HOLD_MS)
            else:
                heart.rest()
                if not await self._one():
                    heart.beat()
                    await self._bell.wait(IDLE_MS)

    def _mode(self) -> int:
        return LIVE_FULL if self._alarmed() else self.live.mode

    async def _one(self) -> bool:
        """One chunk; False when there is none."""
        segment = self._segment
        if segment is None:
            return await self._send_wanted()
        mode = self._mode()
        if mode != LIVE_OFF:
            if not self._sent.holds(0, segment.head_bytes):
                return await self._send(segment, 0, segment.head_bytes, media.LIVE, None)
            block = self._block
            if self._rest[1] and not self.live.sound_waits:
                return await self._send_rest(segment, media.LIVE, None)
            if self.live.next(mode, block):
                return await self._send_block(segment, block)
        if await self._send_wanted():
            return True
        # Meanwhile it may have ended, and its file is closed.
        return segment is not self._segment or await self._send_missing(segment)

    async def _send_block(self, segment, block) -> bool:
        """The first chunk of a block; what is left of a picture follows, after the sound that comes meanwhile."""
        offset, length, time_ms = block
        if length > media.MAX_DATA_BYTES:
            self._rest[0], self._rest[1] = offset, length
            return await self._send_rest(segment, media.LIVE | media.STARTS, time_ms)
        return await self._send(segment, offset, length, media.LIVE | media.STARTS, time_ms)

    async def _send_rest(self, segment, flags: int, time_ms: "int | None") -> bool:
        offset, length = self._rest
        count = min(length, media.MAX_DATA_BYTES)
        self._rest[0], self._rest[1] = offset + count, length - count
        return await self._send(segment, offset, count, flags, time_ms)

    async def _send(self, segment, offset: int, length: int, flags: int, time_ms: "int | None") -> bool:
        """Bytes of the segment that is being written."""
        try:
            length = segment.read(offset, self._data[:length])
        except OSError:
            # The recorder meets the same card, and says so.
            return False
        if length and await self._publish(self._segment_topic, offset, length, flags, time_ms):
            if segment is self._segment:
                self._note_sent(offset, offset + length)
            return True
        return False

    def _note_sent(self, start: int, end: int) -> None:
        try:
            self._sent.add(start, end)
        except ProtocolError:
            # Too many pieces to remember: this one is sent again, later.
            pass

    async def _send_missing(self, segment) -> bool:
        """The oldest gap; the open end only by whole pages, as what is live fills it anyway."""
        gaps = self._sent.missing(segment.end, 1)
        if not gaps:
            return False
        start, end = gaps[0]
        if end == segment.end and end - start < media.MAX_DATA_BYTES:
            return False
        return await self._send(segment, start, min(end - start, media.MAX_DATA_BYTES), 0, None)

    async def _send_wanted(self) -> bool:
        """The next bytes of a sealed segment."""
        entry = self._waiting.wanted()
        if entry is None:
            return False
        start, end = entry.ranges[0], entry.ranges[1]
        try:
            length = self._read(entry.name, start, min(end - start, media.MAX_DATA_BYTES))
        except OSError as error:
            # What the card does not give back now is asked for at the next start, or when the card is back.
            self._forget_file()
            self._shelf.unreadable(entry.name, error)
            self._waiting.forget(entry)
            return True
        if not length:
            # Beyond the end, or of a file that is gone: nothing of it can be sent.
            self._waiting.sent(entry, start, end, self._clock.mono_ms())
            self.on_due()
            return True
        if not await self._publish(self._topic(media.segment_name(entry.segment)), start, length, 0, None):
            return False
        self._waiting.sent(entry, start, start + length, self._clock.mono_ms())
        if not entry.ranges:
            self.on_due()
        return True

    def _read(self, name: str, offset: int, length: int) -> int:
        """Bytes of a file on the card into `_data`."""
        if name != self._file_name:
            self._forget_file()
            self._file = open(self._shelf.path(name, ".mkv"), "rb")
            self._file_name = name
        self._file.seek(offset)
        return self._file.readinto(self._data[:length]) or 0

    def _forget_file(self) -> None:
        stream, self._file, self._file_name = self._file, None, ""
        if stream is not None:
            try:
                stream.close()
            except OSError:
                # It is gone with its card.
                pass

    async def _publish(self, topic: str, offset: int, length: int, flags: int, time_ms: "int | None") -> bool:
        """Hands one chunk to the link, and then waits as long as its pace asks for."""
        head = self._head[: media.put_head(self._head, offset, flags, time_ms)]
        began_ms = self._clock.mono_ms()
        if not await self.client.publish(topic, (head, self._data[:length]), 0, False, 0):
            return False
        wait_ms = self.pace.sent(length, self._clock.mono_ms() - began_ms)
        if wait_ms:
            await asyncio.sleep_ms(wait_ms)
        return True
