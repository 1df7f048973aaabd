"""Blocks as they arrive, for those who watch. Nothing of it is kept, and nobody who is slow holds anything up."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from gateway.evidence.places import Key, Places
from protocol import matroska
from protocol.ebml import UNKNOWN_SIZE, read_id, read_size
from protocol.errors import ProtocolError
from protocol.media import LIVE, STARTS, Chunk

WAITING_MAX = 256
"""Blocks that wait for one watcher; then the oldest goes."""
HEAD_MAX_BYTES = 64 << 10
"""A file that has not come to its first cluster by then is none of our units'."""
PENDING_MAX_BYTES = matroska.MAX_BLOCK_BYTES + 64
RUNS_MAX = 4
"""Blocks of one segment that are on their way at the same time: sound goes between the pieces of a long picture."""
_CONTAINERS = (matroska.SEGMENT,)
_BLOCKS = (matroska.SIMPLE_BLOCK, matroska.BLOCK_GROUP)


_TRACKS = matroska.TRACKS.to_bytes(4, "big")


def front_on_disk(places: Places, key: Key) -> bytes | None:
    """The first bytes of a segment that grows, its head among them if it has come: what has not is zeros."""
    try:
        with places.part(key).open("rb") as file:
            return file.read(HEAD_MAX_BYTES)
    except OSError:
        return None


class LiveBlock(NamedTuple):
    """A whole picture, packet of sound or line of the position track. `time_ms`: since its segment's first block;
    `received_ms`: ours, of the chunk that completed it. `head`: everything of the file before its first cluster, or as
    much of it as has its tracks, with the first block after it came by; else None."""

    key: Key
    track: int
    time_ms: int
    content: bytes
    received_ms: int
    head: bytes | None = None


class Watcher:
    """What `subscribe` gives: blocks in the order in which they came. `dropped`: how many were not waited for."""

    def __init__(self) -> None:
        self.dropped = 0
        self._waiting: deque[LiveBlock] = deque()
        self._arrived = asyncio.Event()

    def put(self, block: LiveBlock) -> None:
        """One more block."""
        if len(self._waiting) == WAITING_MAX:
            self._waiting.popleft()
            self.dropped += 1
        self._waiting.append(block)
        self._arrived.set()

    def __aiter__(self) -> Watcher:
        return self

    async def __anext__(self) -> LiveBlock:
        while not self._waiting:
            self._arrived.clear()
            await self._arrived.wait()
        return self._waiting.popleft()


class Live:
    """`subscribe(unit_id)` or `follow` all units, and `feed` with every chunk as it came."""

    def __init__(self) -> None:
        self._watchers: dict[str, list[Watcher]] = {}
        self._streams: dict[str, BlockStream] = {}
        self._follower: Callable[[LiveBlock], None] | None = None

    @contextmanager
    def subscribe(self, unit_id: str) -> Iterator[Watcher]:
        """The blocks of a unit from now on, as it sends them live."""
        watcher = Watcher()
        self._watchers.setdefault(unit_id, []).append(watcher)
        try:
            yield watcher
        finally:
            self._watchers[unit_id].remove(watcher)
            if not self._watchers[unit_id]:
                del self._watchers[unit_id]
                if self._follower is None:
                    self.forget(unit_id)

    def follow(self, tell: Callable[[LiveBlock], None]) -> None:
        """Have `tell` called with every block of every unit from now on. It must `forget` units that have ended."""
        self._follower = tell

    def forget(self, unit_id: str) -> None:
        """What was not whole yet of this unit is given up."""
        self._streams.pop(unit_id, None)

    def watched(self, unit_id: str) -> bool:
        """Whether anybody watches this unit."""
        return self._follower is not None or unit_id in self._watchers

    def feed(self, key: Key, chunk: Chunk, received_ms: int) -> None:
        """A chunk of a unit that is watched."""
        if not chunk.flags & LIVE:
            return
        stream = self._streams.get(key.unit_id)
        if stream is None or stream.key != key:
            stream = self._streams[key.unit_id] = BlockStream(key)
        for block in stream.feed(chunk, received_ms):
            for watcher in self._watchers.get(key.unit_id, ()):
                watcher.put(block)
            if self._follower is not None:
                self._follower(block)


class _Run:
    """Chunks that follow one another. `pending`: what is not whole yet, from the beginning of an element on."""

    __slots__ = ("cluster_ms", "first_ms", "next", "pending")

    def __init__(self, offset: int) -> None:
        self.next = offset
        self.pending = bytearray()
        self.cluster_ms: int | None = None
        self.first_ms: int | None = None


class BlockStream:
    """The whole blocks of one segment's live chunks. Each chunk that starts a block begins a run, which the chunks that
    follow it go on with, whatever comes between; what is no Matroska of ours is passed over."""

    def __init__(self, key: Key) -> None:
        self.key = key
        self._runs: list[_Run] = []
        self._front: bytearray | None = None
        self._front_run: _Run | None = None
        self._head: bytes | None = None

    @property
    def pending_bytes(self) -> int:
        """Held of blocks that are not whole."""
        return sum(len(run.pending) for run in self._runs)

    def feed(self, chunk: Chunk, received_ms: int) -> list[LiveBlock]:
        """The blocks that are whole with this chunk."""
        run = self._run(chunk)
        if run is None:
            return []
        if chunk.flags & STARTS and not run.pending:
            run.first_ms = chunk.time_ms
        run.pending += chunk.data
        run.next = chunk.offset + len(chunk.data)
        found: list[LiveBlock] = []
        at = 0
        try:
            while at < len(run.pending):
                after = self._element(run, at, found, received_ms)
                if after is None:
                    break
                at = after
        except (ProtocolError, IndexError):
            self._runs.remove(run)
            return found
        if run is self._front_run and self._front is not None:
            self._front += run.pending[:at]
            if len(self._front) > HEAD_MAX_BYTES:
                self._front = None
        del run.pending[:at]
        self._bound(run)
        return found

    def _run(self, chunk: Chunk) -> _Run | None:
        """That which this chunk goes on with or begins, which is then the newest."""
        if chunk.offset and self._runs and self._runs[-1].next == chunk.offset:
            return self._runs[-1]
        for run in reversed(self._runs):
            if run.next == chunk.offset and chunk.offset:
                self._runs.remove(run)
                self._runs.append(run)
                return run
        if not chunk.flags & STARTS and chunk.offset:
            return None
        run = _Run(chunk.offset)
        if chunk.offset == 0:
            self._front, self._front_run = bytearray(), run
        self._runs.append(run)
        return run

    def _bound(self, newest: _Run) -> None:
        if len(self._runs) == 1 and not newest.pending:
            return
        # Two that have come to the same place hold the same.
        self._runs = [run for run in self._runs if run is newest or run.next != newest.next]
        whole = [run for run in self._runs if not run.pending and run is not newest]
        while len(self._runs) > RUNS_MAX:
            self._runs.remove(whole.pop(0) if whole else self._runs[0])
        while self.pending_bytes > PENDING_MAX_BYTES:
            del self._runs[0]

    def _element(self, run: _Run, at: int, found: list[LiveBlock], received_ms: int) -> int | None:
        data = run.pending
        opened = read_id(data, at)
        sized = read_size(data, opened[1]) if opened else None
        if opened is None or sized is None:
            return None
        number, (size, inside) = opened[0], sized
        if number in _CONTAINERS:
            return inside
        if number == matroska.CLUSTER:
            if len(data) < inside + 6:
                return None
            if run is self._front_run and self._front is not None:
                self._head, self._front = bytes(self._front + data[:at]), None
            if data[inside] != matroska.CLUSTER_TIME or data[inside + 1] != 0x84:
                raise ProtocolError("a cluster without its time")
            run.cluster_ms = int.from_bytes(data[inside + 2 : inside + 6], "big")
            return inside + 6
        if size == UNKNOWN_SIZE or size > matroska.MAX_BLOCK_BYTES + 32:
            raise ProtocolError("an element that our units do not write")
        end = inside + size
        if end > len(data):
            return None
        if number in _BLOCKS:
            found.append(self._block(run, number, inside, end, received_ms))
        return end

    def _block(self, run: _Run, number: int, inside: int, end: int, received_ms: int) -> LiveBlock:
        data = run.pending
        if number == matroska.BLOCK_GROUP:
            opened = read_id(data, inside)
            sized = read_size(data, opened[1]) if opened else None
            if opened is None or sized is None or opened[0] != matroska.BLOCK or sized[1] + sized[0] > end:
                raise ProtocolError("a group without its block")
            inside, end = sized[1], sized[1] + sized[0]
        if end - inside < 4 or not data[inside] & 0x80:
            raise ProtocolError("a block without a track")
        relative_ms = int.from_bytes(data[inside + 1 : inside + 3], "big", signed=True)
        if run.cluster_ms is None:
            # Its cluster's head did not come by: the chunk says when its first block is.
            run.cluster_ms = (run.first_ms or 0) - relative_ms
        if self._head is None and self._front is not None and _TRACKS in self._front:
            # The first block, in which the first cluster begins, is not among those that are sent live.
            self._head, self._front = bytes(self._front), None
        head, self._head = self._head, None
        content = bytes(data[inside + 4 : end])
        return LiveBlock(
            self.key, data[inside] & 0x7F, run.cluster_ms + relative_ms, content, received_ms, head
        )
