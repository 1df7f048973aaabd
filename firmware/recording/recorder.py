"""From the ring into segments on the card: when to record, where a segment ends, what to do when the card refuses."""

import asyncio
import os

from bodyunit import FIRMWARE
from bodyunit.bell import Bell
from bodyunit.wire import stamp
from store.errors import ENOSPC

from protocol import matroska, media
from protocol.errors import ProtocolError
from protocol.manifest import LAST, PRE_EVENT
from recording.facts import MOST_MARKS, Facts
from recording.line import line
from recording.room import Room
from recording.segment import Segment, Tail

IDLE_MS = 1000
NEVER_MS = 1 << 62
SYNC_MS = 1000
AGAIN_MS = 5000
AFTER_ALARM_MS = 30_000
PRE_EVENT_MS = 500
LATE_CHANGE_MS = 2000

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Recorder:
    """Owns the segment that is being written.

    Args:
        clock, settings, count, note: as in Alarms.
        ring, capture, shelf: of this package.
        where: returns (Fix or None, its age in ms or None).
        alarm: returns the id of the newest open alarm for which somebody should come, or None.
        watched: whether somebody looks; what is seen is recorded.
        feel: plays a pattern by name.

    Attributes: segment (the one being written, or None), name (its name on the card, or ""); set from outside:
    on_block(offset, length, time_ms, track), on_open(segment), on_closed(name, Segment), on_change().
    """

    def __init__(
        self, clock, settings, ring, capture, shelf, where, alarm, watched, feel, count, note
    ) -> None:
        self._clock = clock
        self._settings = settings
        self._ring = ring
        self._capture = capture
        self._shelf = shelf
        self._where = where
        self._alarm = alarm
        self._watched = watched
        self._room = Room(shelf, settings, lambda: alarm() is not None, feel, count, note)
        self._note = note
        self._tail = Tail()
        self._bell = Bell()
        self.segment: Segment | None = None
        self.name = ""
        self.on_block = lambda offset, length, time_ms, track: None
        self.on_open = lambda segment: None
        self.on_closed = lambda name, segment: None
        self.on_change = lambda: None
        self._commanded = False
        self._after_ms = 0
        self._begun_ms = 0
        self._again_ms = 0
        # What came after it is not recorded any more.
        self._until_ms = NEVER_MS
        self._recording = b""
        self._number = 0
        # Moments that are marked, between two segments or two pages of a block: they are written after that.
        self._marks_ms: list[int] = []
        # A block is begun that is not whole: what else were written now would lie within it.
        self._in_block = False
        self._facts: Any = None
        # A segment whose end is being written: nothing comes into it any more.
        self._ending: Segment | None = None
        self._ends_all = False
        self._synced_ms = 0
        self._looked_at = 0
        self._heart: Any = None
        capture.came = self._came
        shelf.on_lost.append(self._lost)

    @property
    def recording(self) -> bool:
        """Whether pictures and sound go onto the card; between two segments, too."""
        return self._ring.reading

    @property
    def going_on(self) -> bytes:
        """The recording (8 bytes) that is being made, between two of its segments, too; or nothing."""
        return self._recording if self._ring.reading else b""

    def command(self, on: bool) -> None:
        """Starts, or stops what a command has started; an open alarm, `record_always` and who looks hold it on."""
        self._commanded = on
        self._bell.ring()

    def look(self) -> None:
        """An alarm was opened or closed, somebody looks or has gone, or a setting changed."""
        self._bell.ring()

    def mark(self) -> bool:
        """The officer, or the command centre, marks this moment; False when nothing is recorded."""
        if not self.recording or (self._ending is not None and self._ends_all):
            return False
        if len(self._marks_ms) >= MOST_MARKS:
            return False
        self._marks_ms.append(self._clock.mono_ms())
        if self.segment is not None and not self._in_block:
            try:
                self._put_marks()
            except OSError as error:
                self._refused(error)
        self._bell.ring()
        return True

    def _put_marks(self) -> None:
        """The moments that are marked, into facts and position track. Raises OSError from the card."""
        while self._marks_ms:
            mono_ms = self._marks_ms.pop(0)
            self._facts.mark(self.segment.at_ms(mono_ms))
            self.segment.text(mono_ms, b"* " + self._line(mono_ms))

    def _came(self) -> None:
        if self._ring.reading:
            self._bell.ring()

    def _wanted(self, now_ms: int) -> bool:
        if self._settings.record_on_alarm and self._alarm() is not None:
            self._after_ms = now_ms + AFTER_ALARM_MS
        if self._commanded or self._settings.record_always or now_ms < self._after_ms:
            return True
        return self._watched()

    async def run(self, heart) -> None:
        """Task: everything that is written to a segment is written here."""
        if self._in_block or (self.name and self.segment is None):
            # It died within a block, or while a segment was begun or ended.
            self._lost()
        self._heart = heart
        while True:
            heart.beat()
            now_ms = self._clock.mono_ms()
            wanted = self._wanted(now_ms)
            try:
                if wanted and self.segment is None and now_ms >= self._again_ms:
                    await self._start(now_ms)
                if self.segment is not None:
                    self._until_ms = NEVER_MS if wanted else min(self._until_ms, now_ms)
                    if await self._write(now_ms) and self.segment is not None and not wanted:
                        await self._stop()
            except OSError as error:
                self._refused(error)
            except ProtocolError as error:
                self._note("recorder: %s" % error)
                self._refused(OSError(ENOSPC))
            await self._bell.wait(IDLE_MS)

    async def _pause(self) -> None:
        self._heart.beat()
        await asyncio.sleep_ms(0)

    # Beginning and end

    async def _start(self, now_ms: int) -> None:
        self._again_ms = now_ms + AGAIN_MS
        if not self._shelf.look() or not await self._room.make(self._pause):
            return
        self._begun_ms = now_ms
        self._recording = os.urandom(media.RECORDING_BYTES)
        self._number = 0
        self._marks_ms.clear()
        self._ring.begin()
        if self._capture.hears:
            # Sound is told some time after it was: a picture before it would be before the file's beginning.
            while (self._ring.peek() or (matroska.SOUND,))[0] == matroska.PICTURE:
                self._ring.advance()
        self._again_ms = 0
        if self._ring.peek() is not None:
            await self._open()
        else:
            self._ring.end()

    async def _open(self) -> bool:
        """Begins a segment, in steps; False when the card went meanwhile."""
        await asyncio.sleep_ms(0)
        if not self._ring.reading:
            return False
        first_ms = self._ring.peek()[1]
        segment = self._recording + self._number.to_bytes(4, "big")
        name = self._shelf.new_name(segment)
        await asyncio.sleep_ms(0)
        if not self._ring.reading:
            return False
        first = stamp(self._clock, first_ms)
        case_no = self._settings.case_no or None
        head, duration_at = self.head(segment, first, case_no)
        await asyncio.sleep_ms(0)
        if not self._ring.reading:
            return False
        pre_event = PRE_EVENT if not self._number and first_ms < self._begun_ms - PRE_EVENT_MS else 0
        self._capture.take_dropped()
        self._facts = Facts(segment, first, pre_event, case_no)
        self._facts.see_alarm(self._alarm())
        self.name = name
        facts = self._told()
        await asyncio.sleep_ms(0)
        if not self._ring.reading:
            return False
        self._shelf.put_facts(name, self._facts.tellings, facts)
        await asyncio.sleep_ms(0)
        if not self._ring.reading:
            return False
        self.segment = Segment(
            self._shelf.path(name, ".mkv"), segment, head, duration_at, first_ms, self._line, self._tail
        )
        self._shelf.waiting += 1
        self._synced_ms = first_ms
        self._looked_at = 0
        self.on_open(self.segment)
        self.on_change()
        self._put_marks()
        await asyncio.sleep_ms(0)
        return self.segment is not None

    def head(self, segment: bytes, first, case_no: "str | None") -> "tuple[bytes, int]":
        """As matroska.head, for a segment of this unit whose first block is at `first`."""
        settings = self._settings
        tags = [("UNIT", settings.unit_id), ("COURT", settings.court_id)]
        tags.append(("SEGMENT", media.segment_name(segment)))
        if case_no:
            tags.append(("CASE", case_no))
        utc_ms = first.utc_s * 1000 + first.utc_ms if first.utc_s else None
        return matroska.head(self._capture.format(), segment + bytes(4), "tipstaff " + FIRMWARE, utc_ms, tags)

    def _line(self, mono_ms: int) -> bytes:
        fix, age_ms = self._where()
        settings = self._settings
        return line(self._clock.stamp(mono_ms), fix, age_ms, settings.unit_id, settings.case_no)

    def _told(self, *ended) -> bytes:
        """The facts as they are now. ended: size and last stamp, once the file is whole."""
        dropped = self._capture.dropped_pictures, self._capture.dropped_sounds
        return self._facts.told(self._settings.unit_id, dropped, self._where()[0], *ended)

    async def _keep_facts(self) -> bool:
        """Writes them while the segment grows; False when the card went meanwhile."""
        segment = self.segment
        facts = self._told()
        await asyncio.sleep_ms(0)
        if segment is not self.segment:
            return False
        self._shelf.put_facts(self.name, self._facts.tellings, facts)
        return True

    async def _stop(self) -> None:
        if await self._close(LAST):
            self._ring.end()
            self.on_change()

    def _end(self, now_ms: int) -> None:
        """The card is full: a new recording begins when there is room again."""
        self._ring.end()
        self._again_ms = now_ms + AGAIN_MS
        self.on_change()

    async def _close(self, flags: int) -> bool:
        """Ends the segment, in steps; False when the card went meanwhile."""
        segment = self._ending = self.segment
        self._ends_all = flags & LAST != 0
        self.segment = None
        segment.finish()
        await asyncio.sleep_ms(0)
        if self._ending is not segment:
            return False
        self._facts.flags |= flags
        facts = self._told(segment.end, stamp(self._clock, segment.base_ms + segment.last_ms))
        await asyncio.sleep_ms(0)
        if self._ending is not segment:
            return False
        self._shelf.put_facts(self.name, self._facts.tellings, facts)
        await asyncio.sleep_ms(0)
        if self._ending is not segment:
            return False
        segment.close()
        name = self.name
        self._number += 1
        self._ending, self.name = None, ""
        self.on_closed(name, segment)
        return True

    def _refused(self, error) -> None:
        """The card took no more: what is on it is sealed as cut, and a new recording begins when it takes again."""
        self._lost()
        self._shelf.failed(error)

    def _lost(self) -> None:
        """The card has gone, or is full in the middle of a segment."""
        segment, name = self.segment or self._ending, self.name
        self.segment, self._ending, self.name = None, None, ""
        self._in_block = False
        self._ring.end()
        self._again_ms = self._clock.mono_ms() + AGAIN_MS
        if segment is not None:
            segment.abandon()
        if name:
            # Without a segment: it refused while one was begun.
            self.on_closed(name, None)
            self.on_change()

    # Blocks

    async def _write(self, now_ms: int) -> bool:
        """What has come, for a second at most; whether that is all of it. A card may be slower than what comes."""
        done = False
        while self._clock.mono_ms() - now_ms < IDLE_MS:
            entry = self._ring.peek()
            if entry is None or entry[1] > self._until_ms:
                done = True
                break
            track, mono_ms, content = entry
            if self._full(track, mono_ms):
                segment = self.segment
                room = await self._room.make(self._pause)
                if segment is not self.segment:
                    return True
                if not await self._close(0 if room else LAST):
                    return True
                if not room:
                    self._end(now_ms)
                    return True
                if not await self._open():
                    return True
            segment = self.segment
            time_ms = segment.at_ms(mono_ms)
            self._in_block = True
            start = segment.begin(track, mono_ms, len(content))
            at = segment.fill(content, 0)
            while at < len(content):
                await asyncio.sleep_ms(0)
                if segment is not self.segment:
                    return True
                at = segment.fill(content, at)
            self._in_block = False
            self._ring.advance()
            if mono_ms >= self._begun_ms - PRE_EVENT_MS:
                # What was before is not shown as what is.
                self.on_block(start, segment.end - start, time_ms, track)
            self._put_marks()
            if segment.written != self._looked_at:
                self._looked_at = segment.written
                if not self._room.lasts():
                    if await self._close(LAST):
                        self._end(now_ms)
                    return True
            await asyncio.sleep_ms(0)
            if segment is not self.segment:
                return True
        self._facts.see_alarm(self._alarm())
        if self._facts.due and not await self._keep_facts():
            return True
        if now_ms - self._synced_ms >= SYNC_MS:
            self._synced_ms = now_ms
            self.segment.sync()
        if not done:
            self._bell.ring()
        return done

    def _full(self, track: int, mono_ms: int) -> bool:
        """Whether a new segment begins with this block: at a packet of sound, unless none comes."""
        segment, settings = self.segment, self._settings
        lasts_ms = mono_ms - segment.base_ms
        most_bytes = settings.segment_kib * 1024
        if lasts_ms < settings.segment_s * 1000 and segment.end < most_bytes:
            return False
        if track == matroska.SOUND or not self._capture.hears:
            return True
        return lasts_ms >= settings.segment_s * 1000 + LATE_CHANGE_MS or segment.end >= 2 * most_bytes
