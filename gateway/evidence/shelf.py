"""Growing segments on the disk. All of it runs in one thread, which alone owns the open files and their ranges."""

from __future__ import annotations

import errno
import os
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from gateway.evidence import journal
from gateway.evidence.assembly import HEAD_BYTES, Assembly, BeyondEnd, doubted
from gateway.evidence.places import Key, Places
from gateway.evidence.quota import Quota
from gateway.evidence.sealing import unfinished
from protocol.errors import ProtocolError

OPEN_MAX = 400
"""Files that are open at once; the one that was longest without a chunk is closed first."""
GROWING_MAX = 20_000
"""Segments of one unit that are not sealed: more than fit on its card."""
MERGED_MAX = 64
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Piece(NamedTuple):
    """A chunk that is to be written."""

    key: Key
    offset: int
    data: memoryview
    live: bool
    received_ms: int


@dataclass(slots=True)
class Written:
    """What became of a batch. `grown`: received bytes and time by segment; `whole`: those that lack nothing now;
    refused: chunks by the name of their fault, with the unit; `problem`: why the disk refused."""

    grown: dict[Key, tuple[int, int]] = field(default_factory=dict)
    whole: list[Key] = field(default_factory=list)
    refused: Counter[tuple[str, str]] = field(default_factory=Counter)
    new_bytes: int = 0
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """How a segment stands: `missing` of the size that its manifest names; `whole`: it lacks nothing, and what is
    written last into its beginning has come too."""

    missing: list[tuple[int, int]]
    whole: bool


@dataclass(slots=True)
class _Open:
    descriptor: int
    assembly: Assembly
    journal_bytes: int


@dataclass(slots=True)
class _Expected:
    size: int
    tries: int = 0


class Shelf:
    """See the module. `free_bytes`: what has to stay free on the disk."""

    def __init__(self, root: Path, quota: Quota, free_bytes: int) -> None:
        self.places = Places(root)
        self._quota = quota
        self._free_bytes = free_bytes
        self._open: OrderedDict[Key, _Open] = OrderedDict()
        self._expected: dict[Key, _Expected] = {}
        self._closed: set[Key] = set()
        self._growing: Counter[str] = Counter()

    def scan(self) -> dict[Key, int]:
        """Count what is there of segments that are not sealed: at the start, once. Received bytes by segment."""
        self.places.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        found = {}
        for key in self.places.growing():
            received = self._replayed(key).received_bytes
            found[key] = received
            self._growing[key.unit_id] += 1
            self._quota.add(key.unit_id, received)
        return found

    def write(self, pieces: Sequence[Piece]) -> Written:
        """Put chunks where they belong. What cannot be kept is counted and nothing else: it is asked for again."""
        done = Written()
        if self._room() < sum(len(piece.data) for piece in pieces):
            done.problem = "the disk for evidence is full up to evidence.free_mib"
            for piece in pieces:
                done.refused["no_room", piece.key.unit_id] += 1
            return done
        by_key: dict[Key, list[Piece]] = defaultdict(list)
        for piece in pieces:
            by_key[piece.key].append(piece)
        for key, group in by_key.items():
            try:
                self._write_one(key, group, done)
            except OSError as error:
                self._drop(key)
                fault = "no_room" if error.errno in NO_ROOM else "not_written"
                done.problem = f"{self.places.folder(key)}: {error.strerror}"
                done.refused[fault, key.unit_id] += len(group)
        return done

    def expect(self, key: Key, size: int) -> Standing:
        """A manifest names the segment's size: how it stands."""
        self._expected.setdefault(key, _Expected(size))
        return self.standing(key)

    def standing(self, key: Key) -> Standing:
        """How a segment stands whose size is known."""
        if key in self._closed or self.places.sealed(key).exists():
            return Standing([], True)  # being sealed, or killed between its renaming and the database
        opened = self._opened(key, create=False)
        size = self._expected[key].size
        if opened is None:
            return Standing([(0, size)], False)
        missing = opened.assembly.held.missing(size)
        return Standing(missing, not missing and _finished(opened))

    def ranges(self, key: Key) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        """(what is there, what of it came live) of a segment that grows."""
        opened = self._open.get(key)
        assembly = opened.assembly if opened is not None else self._replayed(key)
        return list(assembly.held), list(assembly.live)

    def close(self, key: Key) -> list[tuple[int, int]]:
        """Write no more to it: it is about to be sealed. Returns what of it came live."""
        live = self.ranges(key)[1]
        self._closed.add(key)
        self._drop(key)
        return live

    def reopen(self, key: Key, *, lost: bool) -> tuple[int, int] | None:
        """It was not sealed. With `lost`, the bytes are not those of the manifest: the range that is asked for
        again, None when that was done often enough."""
        self._closed.discard(key)
        if not lost:
            return None
        expected = self._expected[key]
        expected.tries += 1
        again = doubted(expected.tries, expected.size)
        opened = self._opened(key, create=False)
        if again is None or opened is None:
            return None
        before = opened.assembly.received_bytes
        opened.assembly.lose(*again)
        self._quota.add(key.unit_id, opened.assembly.received_bytes - before)
        self._note(key, opened, [(*again, journal.LOST)])
        return again

    def sealed(self, key: Key) -> None:
        """It is whole and in the database."""
        self._drop(key)
        self._closed.discard(key)
        self._expected.pop(key, None)
        self.places.ranges(key).unlink(missing_ok=True)
        self._growing[key.unit_id] = max(0, self._growing[key.unit_id] - 1)

    def remove(self, key: Key, kept_bytes: int | None) -> None:
        """Delete its file, but not its manifest; kept_bytes: what it counted for, None: what is there of it."""
        self._drop(key)
        self._expected.pop(key, None)
        if self.places.part(key).exists():
            kept_bytes = self._replayed(key).received_bytes
            self._growing[key.unit_id] = max(0, self._growing[key.unit_id] - 1)
        for path in (self.places.part(key), self.places.ranges(key), self.places.sealed(key)):
            path.unlink(missing_ok=True)
        self._quota.add(key.unit_id, -(kept_bytes or 0))

    def close_all(self) -> None:
        """At the end."""
        for key in list(self._open):
            self._drop(key)

    def _write_one(self, key: Key, group: list[Piece], done: Written) -> None:
        opened = None if key in self._closed else self._opened(key, create=True)
        if opened is None:
            full = key not in self._closed and not self._over(key)
            done.refused["segments_too_many" if full else "chunk_late", key.unit_id] += len(group)
            return
        expected = self._expected.get(key)
        size = expected.size if expected is not None else None
        entries: list[tuple[int, int, int]] = []
        run: list[memoryview] = []
        run_at = run_end = 0
        try:
            for piece in group:
                end = piece.offset + len(piece.data)
                new = self._taken(opened.assembly, piece, end, size, done)
                if new is None:
                    continue
                if run and (piece.offset != run_end or len(run) == MERGED_MAX):
                    _write_all(opened.descriptor, run, run_at)
                    run = []
                if not run:
                    run_at = piece.offset
                run.append(piece.data)
                run_end = end
                if new:
                    done.new_bytes += new
                    self._quota.add(key.unit_id, new)
                    entries.append((piece.offset, end, journal.LIVE if piece.live else journal.HELD))
            if run:
                _write_all(opened.descriptor, run, run_at)
            self._note(key, opened, _merged(entries))
        except OSError:
            # What of it was written is not known: the journal tells what was there before.
            self._quota.add(key.unit_id, self._replayed(key).received_bytes - opened.assembly.received_bytes)
            raise
        assembly = opened.assembly
        assembly.last_heard_ms = group[-1].received_ms
        done.grown[key] = (assembly.received_bytes, assembly.last_heard_ms)
        if size is not None and assembly.received_bytes == size and _finished(opened):
            done.whole.append(key)

    def _taken(
        self, assembly: Assembly, piece: Piece, end: int, size: int | None, done: Written
    ) -> int | None:
        unit_id = piece.key.unit_id
        if self._quota.room(unit_id) < len(piece.data) and not assembly.held.holds(piece.offset, end):
            done.refused["recording_quota", unit_id] += 1
            return None
        try:
            return assembly.take(piece.offset, end, piece.live, size)
        except BeyondEnd:
            done.refused["chunk_beyond_end", unit_id] += 1
        except ProtocolError:
            done.refused["chunk_scattered", unit_id] += 1
        return None

    def _opened(self, key: Key, *, create: bool) -> _Open | None:
        assert key not in self._closed, "what is being sealed is not written any more"
        opened = self._open.get(key)
        if opened is not None:
            self._open.move_to_end(key)
            return opened
        path = self.places.part(key)
        if not path.exists():
            if not create or self._over(key) or self._growing[key.unit_id] >= GROWING_MAX:
                return None
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._growing[key.unit_id] += 1
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        assembly = self._replayed(key)
        ranges = self.places.ranges(key)
        opened = _Open(descriptor, assembly, ranges.stat().st_size if ranges.exists() else 0)
        self._open[key] = opened
        if len(self._open) > OPEN_MAX:
            self._drop(next(iter(self._open)))
        return opened

    def _over(self, key: Key) -> bool:
        return self.places.manifest(key).exists() or self.places.sealed(key).exists()

    def _drop(self, key: Key) -> None:
        opened = self._open.pop(key, None)
        if opened is not None:
            os.close(opened.descriptor)

    def _replayed(self, key: Key) -> Assembly:
        try:
            return journal.replay(self.places.ranges(key).read_bytes())
        except FileNotFoundError:
            return Assembly()

    def _note(self, key: Key, opened: _Open, entries: list[tuple[int, int, int]]) -> None:
        if not entries:
            return
        path = self.places.ranges(key)
        if opened.journal_bytes > journal.COMPACT_BYTES:
            new = path.with_name(path.name + ".new")
            new.write_bytes(data := journal.whole(opened.assembly))
            os.replace(new, path)
            opened.journal_bytes = len(data)
            return
        data = journal.encode(entries)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            # After a torn record nothing would be read: begin where the whole ones end.
            if opened.journal_bytes % journal.RECORD_BYTES:
                opened.journal_bytes -= opened.journal_bytes % journal.RECORD_BYTES
                os.ftruncate(descriptor, opened.journal_bytes)
            if os.write(descriptor, data) != len(data):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        finally:
            os.close(descriptor)
        opened.journal_bytes += len(data)

    def _room(self) -> int:
        found = os.statvfs(self.places.root)
        return found.f_bavail * found.f_frsize - self._free_bytes


def _finished(opened: _Open) -> bool:
    return not unfinished(os.pread(opened.descriptor, HEAD_BYTES, 0))


def _write_all(descriptor: int, run: list[memoryview], at: int) -> None:
    expected = sum(len(data) for data in run)
    if os.pwritev(descriptor, run, at) != expected:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _merged(entries: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """The same with consecutive ranges made one."""
    out: list[tuple[int, int, int]] = []
    for start, end, kind in entries:
        if out and out[-1][1] == start and out[-1][2] == kind:
            out[-1] = (out[-1][0], end, kind)
        else:
            out.append((start, end, kind))
    return out
