"""A segment while it is written: blocks into pages, pages onto the card; and its newest bytes read back from RAM."""

from store import files
from store.errors import ENOSPC

from protocol import ebml, matroska

PAGE_BYTES = 16_384
TAIL_PAGES = 3
CLUSTER_MS = 1000
_SCRATCH_BYTES = 512
MOST_LINE_BYTES = 400


class Tail:
    """The newest pages of the segment that is written. Made once, for all segments."""

    def __init__(self):
        self.size = TAIL_PAGES * PAGE_BYTES
        self.view = memoryview(bytearray(self.size))
        self.scratch = memoryview(bytearray(_SCRATCH_BYTES))


class Segment:
    """One file, from its head to `close`. Raises OSError from the card at any call but `at_ms`.

    Args:
        path: of the file; name: 12 bytes, the segment's.
        head, duration_at: of matroska.head; base_ms: monotonic time that is 0 in it.
        line: returns the text (bytes) of the position track for a monotonic time.

    Attributes: end (bytes so far), written (of them, on the card), last_ms (of the newest block).
    """

    def __init__(self, path, name, head, duration_at, base_ms, line, tail) -> None:
        self.name = name
        self.path = path
        self.duration_at = duration_at
        self.base_ms = base_ms
        self.head_bytes = len(head)
        self.end = self.written = 0
        self.last_ms = 0
        self._line = line
        self._tail = tail
        self._cluster_ms = -CLUSTER_MS
        self._place = 0
        self._stream = open(path, "w+b")
        try:
            self.fill(head, 0)
            # At once: a power cut in its first second leaves a segment that ends the recording, not an empty file.
            self._write(0, self.end)
            self.sync()
        except OSError:
            # Left open, FAT would write its entry of the folder once more, into a place that is another file's by then.
            self.abandon()
            raise

    def at_ms(self, mono_ms: int) -> int:
        """A monotonic time as the file tells it."""
        return max(0, mono_ms - self.base_ms)

    def begin(self, track: int, mono_ms: int, size: int) -> int:
        """Writes all that goes before the content of a block; returns where that begins in the file."""
        time_ms = self.at_ms(mono_ms)
        start = self.end
        scratch = self._tail.scratch
        at = 0
        if time_ms - self._cluster_ms >= CLUSTER_MS:
            at = matroska.put_cluster(scratch, 0, time_ms)
            self._cluster_ms = time_ms
            line = self._line(mono_ms)[:MOST_LINE_BYTES]
            at = matroska.put_text_block(scratch, at, 0, CLUSTER_MS, line)
        at = matroska.put_block(scratch, at, track, time_ms - self._cluster_ms, size)
        self.fill(scratch[:at], 0)
        self.last_ms = max(self.last_ms, time_ms)
        return start

    def text(self, mono_ms: int, line: bytes) -> None:
        """A line of the position track that does not wait for the next second."""
        scratch = self._tail.scratch
        time_ms = self.at_ms(mono_ms)
        if self._cluster_ms >= 0 and -0x8000 <= time_ms - self._cluster_ms <= 0x7FFF:
            at = matroska.put_text_block(
                scratch, 0, time_ms - self._cluster_ms, CLUSTER_MS, line[:MOST_LINE_BYTES]
            )
            self.fill(scratch[:at], 0)

    def fill(self, content, at: int) -> int:
        """Appends `content` from `at` on; all of it when it is short, else up to the end of a page. Returns where."""
        length = len(content)
        while at < length:
            place = self.end % self._tail.size
            count = min(length - at, PAGE_BYTES - place % PAGE_BYTES)
            self._tail.view[place : place + count] = content[at : at + count]
            self.end += count
            at += count
            if self.end % PAGE_BYTES == 0:
                self._write(self.end - PAGE_BYTES, self.end)
                if length > _SCRATCH_BYTES:
                    break
        return at

    def _write(self, start: int, end: int) -> None:
        """Bytes of one page onto the card."""
        if self._place != self.written:
            self._stream.seek(self.written)
        start = max(start, self.written)
        place = start % self._tail.size
        self._place = -1
        if self._stream.write(self._tail.view[place : place + end - start]) != end - start:
            raise OSError(ENOSPC)
        self.written = self._place = end

    def sync(self) -> None:
        """What is on the card survives a power cut; the page that is being filled is not there yet."""
        files.sync(self._stream)

    def read(self, offset: int, into) -> int:
        """Bytes of the file from `offset` on into a buffer; returns how many, which may be fewer than fit."""
        count = min(len(into), self.end - offset)
        if count <= 0:
            return 0
        oldest = self.end - self.end % PAGE_BYTES - (TAIL_PAGES - 1) * PAGE_BYTES
        if offset >= oldest:
            place = offset % self._tail.size
            first = min(count, self._tail.size - place)
            into[:first] = self._tail.view[place : place + first]
            if first < count:
                # A block that is cut here could not be shown as it comes.
                into[first:count] = self._tail.view[: count - first]
            return count
        count = min(count, max(oldest, 0) - offset)
        self._place = -1
        self._stream.seek(offset)
        return self._stream.readinto(into[:count]) or 0

    def finish(self) -> None:
        """Writes what is left, and how long it lasts: the file is whole then, and can still be read."""
        if self.end > self.written:
            self._write(self.end - self.end % PAGE_BYTES, self.end)
        self._place = -1
        self._stream.seek(self.duration_at)
        if self._stream.write(ebml.double(self.last_ms)) != 8:
            raise OSError(ENOSPC)
        files.sync(self._stream)

    def close(self) -> None:
        """After `finish`; nobody reads it by this any more."""
        self._stream.close()

    def abandon(self) -> None:
        """The card refused: what is on it stays, to be sealed as cut."""
        try:
            self._stream.close()
        except OSError:
            # It is gone with its card.
            pass
