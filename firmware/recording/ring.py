"""What the camera and the microphone gave, newest last, in one buffer that is made once.

Before anybody presses, the oldest goes, and a quarter stays free: what happens while the time before the event is
written has room at once. While the recorder reads, what it has not read yet stays, and what has no room is refused: so
the same memory is the time before the event and the patience for a slow card.

An entry is a head of 16 bytes, (size u32, track u8, 3 bytes zero, mono_ms u64), and its content in one piece; entries
begin at multiples of 8. One that does not fit before the end of the buffer goes to its beginning.
"""

import gc
import struct

_HEAD = "<IBBBBQ"
HEAD_BYTES = 16
BEFORE_PCT = 75
_TURN = 0xFFFFFFFF
LEAST_KIB = 128
# In front of the ring, for everything else.
FRONT_KIB = 512
_FRONT_STEP_KIB = 32


def make(ring_kib, note):
    """A ring of so many KiB, or the smallest when there is no such room; None when there is not even that.

    At the end of the heap: an allocation looks for room from its beginning, block by block, and would look through
    the whole ring each time.
    """
    for front_kib in range(FRONT_KIB, -1, -_FRONT_STEP_KIB):
        made = _behind(front_kib * 1024, ring_kib * 1024)
        if made is not None:
            gc.collect()
            return made
    note("no room for a ring of %d KiB: nothing is kept before the event" % ring_kib)
    return _behind(0, LEAST_KIB * 1024)


def _behind(front_bytes, ring_bytes):
    """A ring with so much free before it, or None."""
    try:
        front = bytearray(front_bytes)
        made = Ring(ring_bytes)
        del front
        return made
    except MemoryError:
        return None


class Ring:
    """size_bytes: of the buffer, a multiple of 8. MemoryError when there is no such room.

    Attributes: count (entries), unread (of them, by the recorder), reading (whether one reads).
    """

    def __init__(self, size_bytes):
        self._size = size_bytes & ~7
        self._view = memoryview(bytearray(self._size))
        self._head = self._tail = self._at = 0
        self._unread_bytes = 0
        self.count = self.unread = 0
        self.reading = False

    @property
    def size_bytes(self):
        """Of the whole buffer."""
        return self._size

    def put(self, track, mono_ms, content, most_pct=100):
        """Keeps a copy; False when what is not read yet leaves no room, or would fill more than `most_pct`."""
        size = len(content)
        whole = HEAD_BYTES + size + 7 & ~7
        if not size or whole > self._size:
            return False
        if self.reading and (self._unread_bytes + whole) * 100 > self._size * most_pct:
            return False
        while not self.reading and self.count and (self._used() + whole) * 100 > self._size * BEFORE_PCT:
            self._drop()
        at = self._place(whole)
        while at < 0:
            if self.reading and self.unread == self.count:
                return False
            self._drop()
            at = self._place(whole)
        struct.pack_into(_HEAD, self._view, at, size, track, 0, 0, 0, mono_ms)
        self._view[at + HEAD_BYTES : at + HEAD_BYTES + size] = content
        self._head = at + whole
        self.count += 1
        if self.reading:
            if not self.unread:
                self._at = at
            self.unread += 1
            self._unread_bytes += whole
        return True

    def _place(self, whole):
        """Where an entry of that length may stand, or -1."""
        if not self.count:
            self._head = self._tail = self._at = 0
            return 0
        if self._head > self._tail:
            if self._head + whole <= self._size:
                return self._head
            if whole <= self._tail:
                if self._head < self._size:
                    struct.pack_into("<I", self._view, self._head, _TURN)
                return 0
            return -1
        return self._head if self._head + whole <= self._tail else -1

    def _turned(self, at):
        """The place of an entry that follows at `at`."""
        if at >= self._size or struct.unpack_from("<I", self._view, at)[0] == _TURN:
            return 0
        return at

    def _whole(self, at):
        return HEAD_BYTES + struct.unpack_from("<I", self._view, at)[0] + 7 & ~7

    def _drop(self):
        """Forgets the oldest entry, which has been read or is of no reader's concern."""
        self._tail = self._turned(self._tail)
        self._tail += self._whole(self._tail)
        self.count -= 1
        if self.count:
            self._tail = self._turned(self._tail)

    def trim(self, before_ms):
        """Forgets what is older, unless it is still to be read."""
        while self.count > self.unread:
            if struct.unpack_from(_HEAD, self._view, self._turned(self._tail))[5] >= before_ms:
                return
            self._drop()

    def begin(self):
        """A recorder reads from the oldest entry on; returns how many there are."""
        self.reading = True
        self.unread = self.count
        self._at = self._tail
        self._unread_bytes = self._used()
        return self.unread

    def _used(self):
        if not self.count:
            return 0
        return self._head - self._tail if self._head > self._tail else self._size - self._tail + self._head

    def end(self):
        """Nobody reads any more."""
        self.reading = False
        self.unread = self._unread_bytes = 0

    def peek(self):
        """(track, mono_ms, content) of the next entry, a view that is good until `advance`; None: all is read."""
        if not self.unread:
            return None
        size, track, _, _, _, mono_ms = struct.unpack_from(_HEAD, self._view, self._at)
        start = self._at + HEAD_BYTES
        return track, mono_ms, self._view[start : start + size]

    def advance(self):
        """The entry of `peek` has been read."""
        whole = self._whole(self._at)
        self._at += whole
        self.unread -= 1
        self._unread_bytes -= whole
        if self.unread:
            # Now: later an entry may stand where the way turns here.
            self._at = self._turned(self._at)
