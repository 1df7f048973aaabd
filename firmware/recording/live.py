"""What is sent as it is recorded: every packet of sound in its order, and of the pictures only the newest.

Somebody looks as long as the command LIVE is repeated: it ends by itself, so that a gateway that has gone leaves no
unit sending.
"""

from array import array

from protocol import matroska
from protocol.live import LEASE_MS
from protocol.messages import LIVE_FULL, LIVE_OFF, LIVE_STILLS

SOUNDS = 32
STILL_MS = 1000
_NEVER_MS = -(1 << 28)


class Live:
    """Of the segment that is being written. Attributes: skipped (pictures that come later); set from outside: mute()
    says whether sound is kept back.

    Args:
        mono_ms: the unit's monotonic clock, a function.
    """

    def __init__(self, mono_ms) -> None:
        self.skipped = 0
        self.mute = lambda: False
        self._mono_ms = mono_ms
        self._mode = LIVE_OFF
        self._interval_ms = 0
        self._until_ms = 0
        self._sounds = array("I", bytes(4 * 3 * SOUNDS))
        self._first = self._count = 0
        self._picture = [0, 0, 0]
        self._fresh = False
        # When the newest picture that went out was due: by it they come evenly, whatever the camera's pace.
        self._shown_ms = _NEVER_MS

    def ask(self, mode: int, interval_ms: int) -> None:
        """The command: one of LIVE_*, the least time between two pictures. It holds for LEASE_MS."""
        if interval_ms != self._interval_ms or mode != self.mode:
            self._shown_ms = _NEVER_MS
        self._mode, self._interval_ms = mode, interval_ms
        self._until_ms = self._mono_ms() + LEASE_MS

    @property
    def mode(self) -> int:
        """What was asked for, one of LIVE_*; LIVE_OFF when nobody has for LEASE_MS."""
        if self._mode != LIVE_OFF and self._mono_ms() >= self._until_ms:
            self._mode, self._interval_ms = LIVE_OFF, 0
        return self._mode

    def begin(self) -> None:
        """A new segment; what was not sent of the one before is no longer live."""
        self._count = 0
        self._fresh = False
        self._shown_ms = _NEVER_MS

    def block(self, offset: int, length: int, time_ms: int, track: int) -> None:
        """A block has been written."""
        if track == matroska.PICTURE:
            self.skipped += self._fresh and self.mode == LIVE_FULL and self._due(self._interval_ms)
            picture = self._picture
            picture[0], picture[1], picture[2] = offset, length, time_ms
            self._fresh = True
            return
        if track == matroska.SOUND and self.mute():
            return
        if self._count == SOUNDS:
            self._first = (self._first + 1) % SOUNDS
            self._count -= 1
        at = 3 * ((self._first + self._count) % SOUNDS)
        self._sounds[at], self._sounds[at + 1], self._sounds[at + 2] = offset, length, time_ms
        self._count += 1

    def next(self, mode: int, into: "list[int]") -> bool:
        """The block to be sent next, as offset, length and time_ms in `into`; False: none."""
        if mode == LIVE_OFF:
            return False
        if self._count:
            at = 3 * self._first
            into[0], into[1], into[2] = self._sounds[at], self._sounds[at + 1], self._sounds[at + 2]
            self._first = (self._first + 1) % SOUNDS
            self._count -= 1
            return True
        if not self._fresh or mode < LIVE_STILLS:
            return False
        interval_ms = self._interval_ms if mode == LIVE_FULL else max(STILL_MS, self._interval_ms)
        if not self._due(interval_ms):
            return False
        into[0], into[1], into[2] = self._picture
        due_ms = self._shown_ms + interval_ms
        self._shown_ms = due_ms if self._picture[2] < due_ms + interval_ms else self._picture[2]
        self._fresh = False
        return True

    def _due(self, interval_ms: int) -> bool:
        return self._picture[2] >= self._shown_ms + interval_ms

    @property
    def sound_waits(self) -> bool:
        """Whether a packet of sound is to go before the rest of a picture."""
        return self._count > 0
