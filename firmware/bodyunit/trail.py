"""Fixes that are still to be sent, kept as the bytes that go onto the wire.

Each fix is encoded once, when it comes, into one preallocated buffer; a batch is a head, these bytes and a tail. So a
batch of 32 costs no long step of the event loop and no objects. The layout is that of FixBatch in docs/wire.md:
a map of keys 0 (version), 1 (fixes), 2 (dropped) and, in a batch that is kept until it is stored, 3 (batch_id).
"""

from protocol import messages
from protocol.cbor import Encoder

MOST_FIXES = messages.MAX_FIXES
MOST_FIX_BYTES = 72
_VERSION = 1


def _uint(*values: int) -> bytes:
    buffer = bytearray(9 * len(values))
    encoder = Encoder(buffer)
    for value in values:
        encoder.integer(value)
    return encoder.getvalue()


def batch_head(count: int, kept: bool) -> bytes:
    """What comes before `count` encoded fixes; `kept` when a batch id follows them."""
    buffer = bytearray(8)
    encoder = Encoder(buffer)
    encoder.map(4 if kept else 3)
    encoder.integer(0)
    encoder.integer(_VERSION)
    encoder.integer(1)
    encoder.array(count)
    return encoder.getvalue()


def batch_tail(dropped: int, batch_id: "int | None") -> bytes:
    """What comes after the encoded fixes."""
    return _uint(2, dropped) if batch_id is None else _uint(2, dropped, 3, batch_id)


class Trail:
    """Up to MOST_FIXES fixes, oldest first; when full the oldest goes and is counted in `dropped`."""

    def __init__(self) -> None:
        self._buffer = bytearray(MOST_FIXES * MOST_FIX_BYTES)
        self._encoder = Encoder(self._buffer)
        self._ends: list[int] = []
        self.dropped = 0
        self.first_ms = 0

    def __len__(self) -> int:
        return len(self._ends)

    def add(self, fix: messages.Fix, now_ms: int) -> None:
        """Appends one fix. A fix that is not encodable is counted as dropped."""
        if len(self._ends) >= MOST_FIXES:
            self.take(1)
            self.dropped += 1
        if not self._ends:
            self.first_ms = now_ms
        at = self._encoder.length
        try:
            fix.write(self._encoder)
        except ValueError:
            self._encoder.length = at
            self.dropped += 1
            return
        self._ends.append(self._encoder.length)

    def bytes(self) -> bytes:
        """A copy of the encoded fixes, one after the other."""
        return bytes(memoryview(self._buffer)[: self._encoder.length])

    def take(self, count: int) -> None:
        """Forgets the `count` oldest: they are on their way, or on the flash."""
        count = min(count, len(self._ends))
        if count == 0:
            return
        start = self._ends[count - 1]
        left = self._encoder.length - start
        view = memoryview(self._buffer)
        view[:left] = bytes(view[start : start + left])
        self._encoder.length = left
        self._ends = [end - start for end in self._ends[count:]]


class Pace:
    """When the next fix is wanted: seldom when still, often when moving, most often in an alarm.

    settings: has fix_moving_s, fix_still_s, fix_alarmed_s, moving_cm_s. A unit that begins to move, or an alarm
    that begins, is not waited for.
    """

    MOVED_M = 25

    def __init__(self, settings) -> None:
        self._settings = settings
        self._last_ms: int | None = None
        self._lat_e7 = 0
        self._lon_e7 = 0

    def wanted(self, fix: messages.Fix, alarmed: bool, now_ms: int) -> bool:
        """Whether this fix is to be sent; if so the next interval begins."""
        settings = self._settings
        if alarmed:
            pause_s = settings.fix_alarmed_s
        elif (fix.speed_cm_s or 0) >= settings.moving_cm_s or self._moved(fix):
            pause_s = settings.fix_moving_s
        else:
            pause_s = settings.fix_still_s
        # Epochs come once a second, a little early or late: half an epoch early is on time.
        if self._last_ms is not None and now_ms - self._last_ms < pause_s * 1000 - 500:
            return False
        self._last_ms, self._lat_e7, self._lon_e7 = now_ms, fix.lat_e7, fix.lon_e7
        return True

    def _moved(self, fix: messages.Fix) -> bool:
        # 1e-7 degree is 1.11 cm of latitude; of longitude it is less, so this errs to the side of sending.
        most_e7 = self.MOVED_M * 90
        return abs(fix.lat_e7 - self._lat_e7) > most_e7 or abs(fix.lon_e7 - self._lon_e7) > most_e7
