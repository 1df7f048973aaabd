"""Reading a segment while it grows: what is whole is told, what is cut off waited for, what is foreign refused."""

from protocol import matroska
from protocol.ebml import UNKNOWN_SIZE, read_id, read_size
from protocol.errors import ProtocolError

MAX_HEAD_BYTES = 16_384
# Of a block inside its element, at most: id and size of a Block in a group, track, time, flags.
BLOCK_HEAD_BYTES = 16
_CONTAINERS = (matroska.SEGMENT, matroska.CLUSTER)
_AT_TOP = (matroska.EBML, matroska.SEGMENT, matroska.INFO, matroska.TRACKS, matroska.TAGS)


class Block:
    """One picture, one packet of sound, or one line of the position track.

    track; time_ms since the segment's first block; start: offset of the element in the file; at, size: of its content;
    end: offset of what follows.
    """

    def __init__(self, track: int, time_ms: int, start: int, at: int, size: int, end: int) -> None:
        self.track = track
        self.time_ms = time_ms
        self.start = start
        self.at = at
        self.size = size
        self.end = end


class Reader:
    """Follows a file from its first byte. `feed` takes what came next; `whole_end`: where the last whole element ends.

    Contents are passed over, not kept: it needs room for one `feed`, whatever the size of a picture. A truncated
    element is no error. Raises ProtocolError for what no writer of ours makes: a foreign element, a block without a
    cluster, an element larger than its bound. After that the reader is not to be fed any more.
    """

    def __init__(self) -> None:
        self._pending = bytearray()
        self._base = 0
        # Of an element whose head was read: bytes of it that are still to come, and what it is when they have.
        self._left = 0
        self._held: "Block | None" = None
        self._cluster_ms = -1
        self._seen_head = False
        self.whole_end = 0
        self.first_cluster_at = -1
        self.last_ms = -1

    def feed(self, data: "bytes | bytearray | memoryview") -> "list[Block]":
        """The blocks that are whole with `data`, in the order of the file."""
        found: list[Block] = []
        if self._left:
            count = min(self._left, len(data))
            self._left -= count
            self._base += count
            if self._left:
                return found
            self._whole(self._base, found)
            data = memoryview(data)[count:]
        self._pending += data
        at = 0
        while True:
            after = self._element(at)
            if after is None:
                break
            at = after
            if at > len(self._pending):
                self._left = at - len(self._pending)
                at = len(self._pending)
                break
            self._whole(self._base + at, found)
        if at:
            self._pending = self._pending[at:]
            self._base += at
        return found

    def _whole(self, end: int, found: "list[Block]") -> None:
        """An element ends there."""
        self.whole_end = end
        block, self._held = self._held, None
        if block is not None:
            self.last_ms = max(self.last_ms, block.time_ms)
            found.append(block)

    def _element(self, at: int) -> "int | None":
        """Where the element at `at` ends, which may be beyond what is here; None: its head is not all here."""
        view = self._pending
        opened = read_id(view, at)
        sized = read_size(view, opened[1]) if opened else None
        if opened is None or sized is None:
            return None
        number, (size, inside) = opened[0], sized
        if not self._seen_head:
            if number != matroska.EBML:
                raise ProtocolError("not a Matroska file: it begins with element %x" % number)
            self._seen_head = True
        if number in _CONTAINERS:
            if number == matroska.CLUSTER:
                return self._cluster(at, inside)
            return inside
        if size == UNKNOWN_SIZE:
            raise ProtocolError("byte %d: element %x without a size" % (self._base + at, number))
        end = inside + size
        if number == matroska.SIMPLE_BLOCK or number == matroska.BLOCK_GROUP:
            if size > matroska.MAX_BLOCK_BYTES + 32:
                raise ProtocolError("byte %d: a block of %d bytes" % (self._base + at, size))
            if len(view) < min(end, inside + BLOCK_HEAD_BYTES):
                return None
            self._held = self._block(number, at, inside, end)
            return end
        if number not in _AT_TOP and number != matroska.VOID:
            raise ProtocolError("byte %d: element %x is not written by us" % (self._base + at, number))
        if size > MAX_HEAD_BYTES:
            raise ProtocolError("byte %d: element %x of %d bytes" % (self._base + at, number, size))
        return end

    def _cluster(self, at: int, inside: int) -> "int | None":
        """A cluster begins with its time: read together, so that a cut between them is no whole element."""
        view = self._pending
        opened = read_id(view, inside)
        sized = read_size(view, opened[1]) if opened else None
        if opened is None or sized is None:
            return None
        size, content = sized
        if opened[0] != matroska.CLUSTER_TIME or not 0 < size <= 8:
            raise ProtocolError("byte %d: a cluster without its time" % (self._base + at))
        if content + size > len(view):
            return None
        self._cluster_ms = int.from_bytes(bytes(view[content : content + size]), "big")
        if self.first_cluster_at < 0:
            self.first_cluster_at = self._base + at
        return content + size

    def _block(self, number: int, at: int, inside: int, end: int) -> Block:
        view = self._pending
        if self._cluster_ms < 0:
            raise ProtocolError("byte %d: a block before the first cluster" % (self._base + at))
        if number == matroska.BLOCK_GROUP:
            opened = read_id(view, inside)
            sized = read_size(view, opened[1]) if opened else None
            if opened is None or sized is None or opened[0] != matroska.BLOCK or sized[1] + sized[0] > end:
                raise ProtocolError("byte %d: a group without its block" % (self._base + at))
            inside, content_end = sized[1], sized[1] + sized[0]
        else:
            content_end = end
        if content_end - inside < 4 or not view[inside] & 0x80:
            raise ProtocolError("byte %d: a block without a track" % (self._base + at))
        relative_ms = view[inside + 1] << 8 | view[inside + 2]
        if relative_ms >= 0x8000:
            relative_ms -= 0x10000
        time_ms = self._cluster_ms + relative_ms
        return Block(
            view[inside] & 0x7F, time_ms, self._base + at, self._base + inside + 4, content_end - inside - 4,
            self._base + end,
        )  # fmt: skip
