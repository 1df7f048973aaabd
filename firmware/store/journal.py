"""Append-only journal: what must not be lost until somebody else has it.

A journal is one file, "<path>.<generation>", of frames (see `frame`). Records are added at
its end; a DONE frame forgets one. Compaction writes the undone records to the next
generation, flushes, adds a COMMIT frame, flushes, and only then deletes the old file. No
rename is needed, so it is as safe on FAT, where rename is not atomic, as on LittleFS: when
two generations are found, the newest with a COMMIT frame counts. When none has one (a
damaged card), the records of all are taken.
"""

import os

from store import files, frame
from store.errors import EIO, ENOSPC, JournalFull
from store.index import Index

KIND_ALARM = 1
KIND_FIX_BATCH = 2
KIND_MANIFEST = 3

_GENERATIONS = 1000  # three digits, so that FAT needs no long name; compared as serial numbers


class Journal:
    """Records of a kind (1..239) and bytes; durable when `append` returns.

    path: without extension, at most 8 characters in its last part (FAT short names), e.g. "alarms".
    max_bytes: bound of one generation's file (two exist while compacting). max_records: bound of the index.
    droppable: kinds that go first, oldest first, when full; every other kind is kept.
    reserve_bytes: space held in "<path>.rsv" and given up when the disk is full; the undone
    kept records should fit in it. 0 holds none.
    Use one journal for alarms and another for fixes, so that an alarm never waits for a compaction.

    Opening never fails for lack of space or for garbage. len(journal) is the number of undone records.
    Counters: recovered (undone records found at opening), torn_bytes (bytes at opening that were no
    frame), duplicated (frames with a seq that was there already), dropped (droppable records given up),
    damaged (records that were good at opening and unreadable later), unmarked (DONE frames that did not
    fit on the disk: these records come back after a restart).
    """

    def __init__(
        self, path, max_bytes=65536, droppable=(KIND_FIX_BATCH,), reserve_bytes=8192, max_records=1024
    ):
        self._path = path
        self._max_bytes = max_bytes
        self._max_records = max_records
        self.max_payload_bytes = min(max_bytes // 4, frame.MAX_PAYLOAD_BYTES)
        self._droppable = droppable
        self._reserve = files.Reserve(path + ".rsv", reserve_bytes) if reserve_bytes else None
        self._index = Index()
        self._file = None
        self._generation = 0
        self._file_bytes = 0
        self._compaction = 0  # number of the newest one; an older one that is still under way gives up
        self._out = None  # what it writes
        self._stale = (
            ""  # a generation that was given up but may be complete: found at opening, it would count
        )
        self.dropped = self.damaged = self.unmarked = 0
        self._recover()
        if self._reserve:
            self._reserve.hold()

    def __len__(self):
        return len(self._index)

    def append(self, kind, payload):
        """Store payload (bytes-like, at most max_payload_bytes); returns its seq (rising, never reused).

        Raises JournalFull (also for a full or failing disk: the caller still holds the record; it may
        nevertheless be found at the next opening), ValueError for a bad kind or size.
        """
        if not 0 < kind <= frame.MAX_KIND or len(payload) > self.max_payload_bytes:
            raise ValueError(
                "kind %d, %d bytes: kinds are 1..%d, payloads at most %d bytes"
                % (kind, len(payload), frame.MAX_KIND, self.max_payload_bytes)
            )
        needed_bytes = frame.OVERHEAD_BYTES + len(payload)
        self._make_room(needed_bytes)
        seq = self._index.next_seq
        self._index.next_seq += 1
        offset = self._write_or_relieve(kind, seq, payload)
        self._index.add((seq, kind, self._generation, offset, len(payload)))
        return seq

    def records(self):
        """Iterate (seq, kind, payload bytes) of undone records in order, one in RAM at a time.
        append, mark_done and compact are allowed while iterating."""
        seq = 0
        while True:
            at = self._index.position(seq + 1)
            if at == len(self._index):
                return
            seq, kind = self._index.entries[at][:2]
            payload = self.read(seq)
            if payload is not None:
                yield seq, kind, payload

    def read(self, seq):
        """Payload of an undone record, or None (also while the disk cannot be read)."""
        at = self._index.find(seq)
        if at < 0:
            return None
        try:
            payload = self._payload(self._index.entries[at])
        except OSError:
            return None
        if payload is None:
            self.damaged += 1
            self._index.forget(at)
        return payload

    def mark_done(self, seq):
        """Durably forget; True if it was there. A full disk is no error (see `unmarked`)."""
        at = self._index.find(seq)
        if at < 0:
            return False
        self._index.forget(at)
        empty = not len(self._index)
        if empty and self._reserve and not self._reserve.held:
            self._reserve.hold()
        over = self._file_bytes + frame.OVERHEAD_BYTES > self._max_bytes
        if (over or (empty and self._file_bytes > self._max_bytes // 2)) and self.compact():
            return True
        try:
            if over:
                raise OSError(ENOSPC)
            self._write(frame.DONE, seq, b"")
        except OSError:
            self.unmarked += 1
        return True

    @property
    def crowded(self):
        """The file is three quarters full: time for `compacting`, before an append has to do it."""
        return self._file_bytes > self._max_bytes * 3 // 4

    def compact(self):
        """Write undone records to a new generation, drop the old file. False when the disk refused:
        then the old generation stays in use."""
        generation = self._generation
        for _ in self._compacting():
            pass
        return self._generation != generation

    def compacting(self):
        """Compact in steps of one record: `for _ in journal.compacting(): await asyncio.sleep(0)`.

        append, mark_done and records are allowed between the steps. When more than half of the file would
        be undone records, droppable ones are given up first, oldest first, so that this is not needed again soon.
        """
        self._drop_until(self._max_bytes // 2, self._max_records * 3 // 4)
        return self._compacting()

    def stats(self):
        """Counters and sizes by name, all integers."""
        return {
            "live": len(self._index),
            "live_bytes": self._index.live_bytes,
            "file_bytes": self._file_bytes,
            "recovered": self.recovered,
            "torn_bytes": self.torn_bytes,
            "duplicated": self.duplicated,
            "dropped": self.dropped,
            "damaged": self.damaged,
            "unmarked": self.unmarked,
        }

    def close(self):
        """Close the file and give up a compaction under way; may be called twice. Using the journal opens it again."""
        self._compaction += 1
        if self._out:
            self._give_up((self._generation + 1) % _GENERATIONS)
        self._close_file()

    # -- the file ------------------------------------------------------------------------------

    def _name(self, generation):
        return "%s.%03d" % (self._path, generation)

    def _generations(self):
        """Generations on the disk, oldest first."""
        folder, _, base = self._path.rpartition("/")
        found = []
        try:
            for entry in os.ilistdir(folder or "."):
                name = entry[0]
                if name.startswith(base + ".") and len(name) == len(base) + 4 and name[-3:].isdigit():
                    found.append(int(name[-3:]))
        except OSError:
            return found
        if found:
            first = found[0]
            found.sort(key=lambda g: (g - first + _GENERATIONS // 2) % _GENERATIONS)
        return found

    def _write(self, kind, seq, payload):
        """Add a frame and flush; returns its offset."""
        if self._stale:
            if not files.remove(self._stale):
                raise OSError(EIO)
            self._stale = ""
        if self._file is None:
            self._file_bytes = max(0, files.size_bytes(self._name(self._generation)))
            self._file = open(self._name(self._generation), "ab")
        offset = self._file_bytes
        try:
            self._file_bytes += frame.write(self._file, offset, kind, seq, payload)
            files.sync(self._file)
        except Exception:  # MemoryError too: half a frame may be there
            self._close_file()  # the next write looks at the size that is really there
            raise
        return offset

    def _close_file(self):
        stream, self._file = self._file, None
        if stream:
            try:
                stream.close()
            except OSError:
                pass

    def _write_or_relieve(self, kind, seq, payload):
        """_write; when the disk is full, first give up the reserve, then the droppable records. One try more."""
        for relief in (self._release_reserve, self._give_up_half, self._give_up_all):
            try:
                return self._write(kind, seq, payload)
            except OSError as error:
                if error.errno != ENOSPC:
                    break
                relief()
        try:
            return self._write(kind, seq, payload)
        except OSError as error:
            raise JournalFull(
                "disk error %s" % error.errno, frame.OVERHEAD_BYTES + len(payload), self._max_bytes
            )

    def _release_reserve(self):
        return bool(self._reserve and self._reserve.release())

    def _give_up_half(self):
        self._drop_until(self._index.live_bytes // 2, self._max_records)
        self.compact()

    def _give_up_all(self):
        self._drop_until(0, 0)
        self.compact()

    def _make_room(self, needed_bytes):
        if self._file_bytes + needed_bytes <= self._max_bytes and len(self._index) < self._max_records:
            return
        limit_bytes = self._max_bytes - 2 * frame.OVERHEAD_BYTES - needed_bytes
        if self._index.live_bytes > limit_bytes or len(self._index) >= self._max_records:
            kept = [entry for entry in self._index.entries if entry[1] not in self._droppable]
            kept_bytes = sum(frame.OVERHEAD_BYTES + entry[4] for entry in kept)
            if kept_bytes > limit_bytes or len(kept) >= self._max_records:
                raise JournalFull("%d records are kept" % len(kept), needed_bytes, self._max_bytes)
            # to three quarters, so that the next append need not compact again
            self._drop_until(limit_bytes * 3 // 4, self._max_records * 3 // 4)
        if not self.compact() and not (self._release_reserve() and self.compact()):
            raise JournalFull("the disk has no room to compact", needed_bytes, self._max_bytes)

    def _drop_until(self, live_bytes, count):
        """Forget droppable records, oldest first, until at most live_bytes and count are left."""
        at = 0
        while at < len(self._index) and (self._index.live_bytes > live_bytes or len(self._index) > count):
            if self._index.entries[at][1] in self._droppable:
                self._index.forget(at)
                self.dropped += 1
            else:
                at += 1

    # -- compaction ----------------------------------------------------------------------------

    def _compacting(self):
        self._compaction += 1
        mine = self._compaction
        if self._out:
            self._out.close()  # of an older one, which gives up
        generation = (self._generation + 1) % _GENERATIONS
        moved = Index()
        file_bytes = 0
        sealing = False
        try:
            out = self._out = open(self._name(generation), "wb")
            self._stale = ""  # it was of this name, and is empty now
            while True:
                copied = file_bytes
                file_bytes += self._copy_next(out, moved, generation, file_bytes)
                if copied == file_bytes:
                    break
                yield
                if mine != self._compaction:
                    return
            files.sync(out)
            yield
            if mine != self._compaction:
                return
            copied = file_bytes
            file_bytes = self._catch_up(out, moved, generation, file_bytes)
            if copied != file_bytes:
                files.sync(out)  # COMMIT must not reach the medium before what it vouches for
            sealing = True
            file_bytes += frame.write(out, file_bytes, frame.COMMIT, self._index.next_seq)
            files.sync(out)
            out.close()
            self._out = None
        except OSError:
            self._give_up(generation)
            if sealing and files.size_bytes(self._name(generation)) >= 0:
                self._stale = self._name(generation)
            return
        self._close_file()
        moved.next_seq = self._index.next_seq
        self._index = moved
        self._generation = generation
        self._file_bytes = file_bytes
        self._remove_others()

    def _copy_next(self, out, moved, generation, file_bytes):
        """Copy the first undone record that `moved` has not; returns the bytes written, 0 when there is none."""
        at = self._index.position(moved.next_seq)
        while at < len(self._index):
            entry = self._index.entries[at]
            payload = self._payload(entry)
            if payload is None:
                self.damaged += 1
                self._index.forget(at)
                continue
            written_bytes = frame.write(out, file_bytes, entry[1], entry[0], payload)
            moved.add((entry[0], entry[1], generation, file_bytes, entry[4]))
            moved.next_seq = entry[0] + 1
            return written_bytes
        return 0

    def _catch_up(self, out, moved, generation, file_bytes):
        """Copy what was appended, and forget what was done, since its turn came; returns the file's new length."""
        copied = -1
        while copied != file_bytes:
            copied = file_bytes
            file_bytes += self._copy_next(out, moved, generation, file_bytes)
        for at in range(len(moved) - 1, -1, -1):
            seq = moved.entries[at][0]
            if self._index.find(seq) < 0:
                file_bytes += frame.write(out, file_bytes, frame.DONE, seq)
                moved.forget(at)
        return file_bytes

    def _give_up(self, generation):
        out, self._out = self._out, None
        if out:
            try:
                out.close()
            except OSError:
                pass
        files.remove(self._name(generation))

    def _remove_others(self):
        for generation in self._generations():
            if generation != self._generation:
                files.remove(self._name(generation))

    def _payload(self, entry):
        """Payload of a record, or None when its frame is wrong, twice. Raises OSError, which may pass."""
        with open(self._name(entry[2]), "rb") as stream:
            payload = frame.read(stream, entry[3], entry[4])
            return frame.read(stream, entry[3], entry[4]) if payload is None else payload

    # -- opening -------------------------------------------------------------------------------

    def _recover(self):
        generations = self._generations()
        committed = False
        for generation in reversed(generations):
            committed = self._load((generation,))
            if committed:
                self._generation = generation
                break
        if generations and not committed:
            self._load(generations)
            self._generation = generations[-1]
        self.recovered = len(self._index)
        self.torn_bytes, self.duplicated = self._index.torn_bytes, self._index.duplicated
        self._file_bytes = max(0, files.size_bytes(self._name(self._generation)))
        if not committed or self.torn_bytes or self.duplicated:
            self.compact()
        else:
            self._remove_others()

    def _load(self, generations):
        self._index = Index()
        return self._index.load([(generation, self._name(generation)) for generation in generations])
