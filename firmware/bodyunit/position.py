"""Where the unit is: GNSS sentences in, fixes out at a pace that fits, kept on the flash through a dead zone."""

import asyncio
import os

from drivers.nmea import Parser
from store.journal import KIND_FIX_BATCH

from bodyunit.bell import Bell
from bodyunit.trail import Pace, Trail, batch_head, batch_tail
from bodyunit.wire import stamp
from protocol import messages
from protocol.errors import ProtocolError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

ENDED_MS = 1000
QUIET_MS = 200
IDLE_MS = 2500
SILENT_MS = 30_000
# Of 2024-01-01: a receiver that says less does not know the time (week rollover).
EARLIEST_UTC_S = 1_704_067_200
FUTURE_S = 300
BATCH_FIXES = 16
BATCH_MS = 120_000
AGAIN_MS = 30_000
MOST_STORED = 64
# A batch's id is a random salt and its number in the journal, so that a unit whose flash was wiped does not
# use an id again that the gateway has already stored.
SALT_BYTES = 3
SEQ_BITS = 29
SEQ_MASK = (1 << SEQ_BITS) - 1


class Position:
    """Owns the GNSS stream, the last fix, and the fixes that are still to be sent.

    Args:
        clock: drivers.clock.Clock; is set by good fixes.
        stream: has `async readinto(buffer) -> int`.
        journal: store.journal.Journal for batches; it drops its oldest when full.
        settings: store.settings.Settings.
        alarmed: function, whether an alarm is open.
        count, note: as in Alarms.
    """

    def __init__(self, clock, stream, journal, settings, alarmed, count, note) -> None:
        self.link: Any = None
        self.fix: messages.Fix | None = None
        self.trail = Trail()
        self.pace = Pace(settings)
        self._clock = clock
        self._stream = stream
        self._journal = journal
        self._alarmed = alarmed
        self._count = count
        self._note = note
        self._parser = Parser(self._epoch)
        self._buffer = bytearray(256)
        self._heard_ms = 0
        self._silent = False
        self._refused = 0
        self._zeros = 0
        self._bell = Bell()
        self._stored: list[int] = []
        self._sent_ids: set[int] = set()
        self._again_ms = 0
        self._fetch = False
        self._counted = 0
        self._untold = 0

    def last(self) -> "tuple[messages.Fix | None, int | None]":
        """The last usable fix and its age in ms."""
        fix = self.fix
        return (None, None) if fix is None else (fix, max(0, self._clock.mono_ms() - fix.stamp.mono_ms))

    def locate(self) -> bool:
        """The next fix is sent whatever the pace says; the last one goes at once. False: there is none yet."""
        self._fetch = True
        if self.fix is None:
            return False
        self._add(self.fix)
        return True

    async def listen(self, heart) -> None:
        """Task: reads the receiver, which may be silent for any time."""
        while True:
            heart.rest()
            size = await self._stream.readinto(self._buffer)
            heart.beat()
            if not size:
                # A stream that has ended returns at once for ever.
                await asyncio.sleep_ms(ENDED_MS)
                continue
            self._heard_ms = self._clock.mono_ms()
            self._silent = False
            self._parser.feed(self._buffer, size)
            self._count_refused()

    def _quiet(self) -> None:
        """Closes an epoch that waits for a sentence that does not come; notes a receiver that says nothing."""
        quiet_ms = self._clock.mono_ms() - self._heard_ms
        if quiet_ms >= QUIET_MS:
            self._parser.flush()
        if quiet_ms > SILENT_MS and not self._silent:
            self._silent = True
            self._note("GNSS receiver is silent")

    def _count_refused(self) -> None:
        parser = self._parser
        refused = parser.bad_checksum + parser.oversize + parser.malformed
        while self._refused < refused:
            self._refused += 1
            self._count("nmea_refused")

    def _epoch(self, epoch) -> None:
        now_ms = self._clock.mono_ms()
        if not self._usable(epoch, now_ms):
            return
        try:
            fix = messages.Fix(
                stamp(self._clock, now_ms),
                lat_e7=epoch.lat_e7,
                lon_e7=epoch.lon_e7,
                accuracy_dm=epoch.accuracy_dm,
                speed_cm_s=epoch.speed_cm_s,
                course_cdeg=epoch.course_cdeg,
                altitude_dm=epoch.altitude_dm,
                satellites=epoch.satellites,
                quality=epoch.quality,
            )
        except ProtocolError:
            self._count("nmea_refused")
            return
        self.fix = fix
        if self.pace.wanted(fix, self._alarmed(), now_ms) or self._fetch:
            self._fetch = False
            self._add(fix)

    def _usable(self, epoch, now_ms: int) -> bool:
        """Whether the receiver knows where it is, and when: not 0/0, not in the future, not before its own making.

        What it gives as a position and what is not believed is counted.
        """
        while self._zeros < self._parser.zero_positions:
            self._zeros += 1
            self._count("fixes_null_island")
        if not epoch.valid or not epoch.quality:
            return False
        if not epoch.utc_s:
            return True
        if epoch.utc_s < EARLIEST_UTC_S:
            self._count("fixes_too_old")
            return False
        # The clock believes a receiver that insists, not a single epoch from elsewhere.
        self._clock.set_gnss(epoch.utc_s, epoch.utc_ms, now_ms)
        utc_s, _, quality, _, _ = self._clock.stamp(now_ms)
        if quality >= messages.CLOCK_NETWORK and epoch.utc_s > utc_s + FUTURE_S:
            self._count("fixes_future")
            return False
        return True

    def _add(self, fix: messages.Fix) -> None:
        self.trail.add(fix, self._clock.mono_ms())
        self._count_dropped()
        self._bell.ring()

    def _count_dropped(self) -> None:
        while self._counted < self.trail.dropped:
            self._counted += 1
            self._untold += 1
            self._count("fixes_dropped")

    # Sending

    def stored(self, batch_ids: "list[int]") -> None:
        """The gateway has these batches."""
        for batch_id in batch_ids:
            # The number of a record returns after its journal was lost; the batch's id does not.
            if batch_id in self._sent_ids and len(self._stored) < MOST_STORED:
                self._stored.append(batch_id)
        self._bell.ring()

    def reconnected(self) -> None:
        """The link is back: what was kept goes out."""
        self._again_ms = 0
        self._bell.ring()

    async def run(self, heart) -> None:
        """Task: sends fixes, keeps them when the link is gone, sends what was kept until it is stored."""
        while True:
            heart.beat()
            while self._stored:
                self._journal.mark_done(self._stored.pop() & SEQ_MASK)
                await asyncio.sleep_ms(0)
            if self.link is not None and self.link.connected:
                if len(self.trail):
                    await self._send_trail(heart)
                    continue
                if len(self._journal) and self._clock.mono_ms() >= self._again_ms:
                    self._again_ms = self._clock.mono_ms() + AGAIN_MS
                    await self._send_kept(heart)
            elif self._keep_due():
                self._keep()
            if self._journal.crowded:
                await self._compact(heart)
            self._quiet()
            await self._bell.wait(IDLE_MS)

    def _keep_due(self) -> bool:
        count = len(self.trail)
        return count >= BATCH_FIXES or (count > 0 and self._clock.mono_ms() - self.trail.first_ms >= BATCH_MS)

    def _keep(self) -> None:
        count = len(self.trail)
        dropped_before = self._journal.dropped
        try:
            self._journal.append(
                KIND_FIX_BATCH, os.urandom(SALT_BYTES) + batch_head(count, True) + self.trail.bytes()
            )
        except Exception as error:
            # The trail still holds them and drops its oldest when it is full.
            self._count("journal_refused")
            self._note("fixes not on the flash: %s" % error)
            return
        self.trail.take(count)
        self._count_batches(self._journal.dropped - dropped_before)

    def _count_batches(self, dropped: int) -> None:
        self.trail.dropped += dropped * BATCH_FIXES
        self._count_dropped()

    async def _compact(self, heart) -> None:
        """Makes room a record at a time: done at once, it would hold up the button for seconds on the target."""
        dropped_before = self._journal.dropped
        for _ in self._journal.compacting():
            heart.beat()
            await asyncio.sleep_ms(0)
        self._count_batches(self._journal.dropped - dropped_before)

    async def _send_trail(self, heart) -> None:
        """Sends what waits. Until the broker has it, it stays; a fix that comes meanwhile goes with the next."""
        trail = self.trail
        count, lost_before, untold = len(trail), trail.dropped, self._untold
        parts = (batch_head(count, False), trail.bytes(), batch_tail(untold, None))
        heart.rest()
        if await self.link.publish("fix", parts, 1):
            self._untold -= untold
            trail.take(max(0, count - (trail.dropped - lost_before)))
        else:
            self._count("publishes_failed")
            await asyncio.sleep_ms(200)
        heart.beat()

    async def _send_kept(self, heart) -> None:
        """Sends every kept batch once; they are forgotten when `stored` says so."""
        self._sent_ids.clear()
        for seq, kind, payload in self._journal.records():
            heart.beat()
            if kind != KIND_FIX_BATCH:
                continue
            untold = self._untold
            batch_id = int.from_bytes(payload[:SALT_BYTES], "big") << SEQ_BITS | seq & SEQ_MASK
            parts = (memoryview(payload)[SALT_BYTES:], batch_tail(untold, batch_id))
            self._sent_ids.add(batch_id)
            heart.rest()
            if not await self.link.publish("fix", parts, 1):
                self._count("publishes_failed")
                self._again_ms = 0
                return
            self._untold -= untold
            if len(self.trail):
                await self._send_trail(heart)
