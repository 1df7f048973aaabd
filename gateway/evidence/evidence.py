"""Recordings as they come in: chunks to the shelf, manifests believed or not, and what grows into the register.

One thread owns the growing files (`shelf`); this object owns everything else and lives in the event loop. What units
are told, and when, is `answers`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.clock import Clock
from gateway.errors import StoreError
from gateway.evidence import chain
from gateway.evidence.answers import Answers
from gateway.evidence.intake import Intake
from gateway.evidence.live import Live
from gateway.evidence.places import Key
from gateway.evidence.quota import Quota
from gateway.evidence.shelf import GROWING_MAX, Piece, Shelf, Written
from gateway.evidence.threads import Threads
from gateway.evidence.trouble import Trouble
from gateway.evidence_settings import EvidenceSettings
from gateway.logs import Faults, logger
from gateway.metrics import Metrics
from gateway.model import Unit
from gateway.store import Store, recordings, unit_keys
from gateway.store.recordings import DELETED, GROWING, SEALED, WANTED, Grown, Owner, SegmentRow
from gateway.store.unit_keys import UnitKey
from protocol import messages
from protocol.manifest import LAST, Manifest
from protocol.media import LIVE, Chunk
from protocol.records import Stamp

MIB = 1 << 20
WRITTEN_DOWN_MS = 1_000
"""Growing segments are written to the database at most so often."""
KEYS_MAX = 10_000
BELIEVED_BACK_MS = 366 * 86_400_000
"""A card may lie for a while before it is brought; a battery clock that lost its date, or a receiver that lost count of
its weeks, is years back."""
BELIEVED_AHEAD_MS = 86_400_000
APART_MS = 2_000
"""UTC of a segment's beginning and end may differ by so much from what the unit's own clock counted."""
_Looked = tuple[UnitKey | None, SegmentRow | None, dict[int, SegmentRow]]


class Evidence:
    """`async with` opens it; `run` keeps it going. `send(topic, payload)` publishes at QoS 1; `mark(number)` sends a
    marker to ourselves behind the chunks that the broker holds (see `judging`), of whose return `marked` is told."""

    def __init__(
        self,
        settings: EvidenceSettings,
        root: Path,
        clock: Clock,
        store: Store,
        metrics: Metrics,
        unit_of: Callable[[str], Unit | None],
        send: Callable[[str, bytes], object],
        mark: Callable[[int], object],
        repeat_s: int = 10,
    ) -> None:
        self.live = Live()
        self.quota = Quota(settings.unit_quota_mib * MIB, settings.quota_mib * MIB)
        self.shelf = Shelf(root, self.quota, settings.free_mib * MIB)
        self.places = self.shelf.places
        self._clock = clock
        self._store = store
        self._metrics = metrics
        self._unit_of = unit_of
        self._faults = Faults(clock, repeat_s, "evidence")
        self._log = logger("evidence")
        self._trouble = Trouble()
        self._threads = Threads()
        self.answers = Answers(
            self.shelf, self._threads, clock, store, metrics, self._faults, self._trouble, send, mark, self._sealed,
            lambda: self._intake.busy,
        )  # fmt: skip
        self._intake = Intake(self._write, self.answers.returned, settings.queue_mib * MIB)
        self._grown: dict[Key, Grown] = {}
        self._heard: dict[Key, int] = {}
        self._keys: dict[bytes, UnitKey] = {}
        self._removing = asyncio.Lock()
        """Held while a deleted segment is removed, or believed again."""

    async def __aenter__(self) -> Self:
        """Read what a gateway before us has left. Raises StoreError, OSError."""
        async with self._store.read() as connection:
            kept = await recordings.kept_bytes(connection)
            wanted = await recordings.in_state(connection, WANTED)
        for unit_id, size in kept.items():
            self.quota.add(unit_id, size)
        found = await self._threads.in_files(self.shelf.scan)
        now_ms = self._clock.now_ms()
        for key, received in found.items():
            self._grown[key] = Grown(key.unit_id, key.recording, key.number, received, now_ms, now_ms)
        for row in wanted:
            assert row.manifest is not None and row.size is not None
            key = Key(row.unit_id, row.recording, row.number)
            unit = self._unit_of(row.unit_id)
            self.answers.want(key, Manifest.decode(row.manifest), unit.court_id if unit is not None else "")
            standing = await self._threads.in_files(partial(self.shelf.expect, key, row.size))
            if self.places.sealed(key).exists():
                self.quota.add(key.unit_id, row.size)  # killed between its last name and the database
            if not standing.missing:
                self.answers.wait(key, whole=True)
        if found or wanted:
            self._log.info("recordings_resumed", growing=len(found), wanted=len(wanted))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._intake.flush()
        await self._threads.in_files(self.shelf.close_all)
        self._threads.close()

    async def run(self) -> None:
        """Answer manifests, seal, write down what grows, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._intake.run(), name="evidence-intake")
            tasks.create_task(self.answers.run(), name="evidence-answers")
            tasks.create_task(self._write_down_for_ever(), name="evidence-register")

    # Chunks.

    def chunks(self, batch: Sequence[tuple[Key, Chunk, int]]) -> None:
        """Chunks of registered units, each with its time of arrival, in their order: at once to those who watch, and in
        a moment onto the disk."""
        for key, chunk, received_ms in batch:
            if self.live.watched(key.unit_id):
                self.live.feed(key, chunk, received_ms)
        left_out = self._intake.put(
            [
                Piece(key, chunk.offset, memoryview(chunk.data), bool(chunk.flags & LIVE), received_ms)
                for key, chunk, received_ms in batch
            ]
        )
        if left_out:
            self._metrics.media_dropped.inc(left_out)

    async def _write(self, pieces: Sequence[Piece]) -> None:
        try:
            done = await self._threads.in_files(lambda: self.shelf.write(pieces))
        except OSError as error:
            done = Written(problem=f"{self.places.root}: {error.strerror}")
            self._metrics.faults.labels("not_written").inc(len(pieces))
        self._trouble.tell(done.problem)
        self._metrics.media_chunks.inc(len(pieces) - done.refused.total())
        self._metrics.media_bytes.inc(done.new_bytes)
        for (fault, unit_id), times in done.refused.items():
            self._metrics.faults.labels(fault).inc(times)
            if fault != "chunk_late":
                self._faults.warn(fault, unit_id, chunks=times)
        for key, (received, heard_ms) in done.grown.items():
            before = self._grown.get(key)
            first_ms = before.first_heard_ms if before is not None else heard_ms
            self._grown[key] = Grown(key.unit_id, key.recording, key.number, received, first_ms, heard_ms)
        self.answers.moved(done.grown, done.whole)

    def marked(self, number: int) -> None:
        """A marker is back; the chunks that came before it were given to `chunks`."""
        self._intake.mark(number)

    # Manifests.

    async def manifest(self, unit_id: str, court_id: str, manifest: Manifest) -> None:
        """A unit says that a segment has ended; one manifest of a unit after the other, those of several units at once.
        Raises StoreError when it could not be written down: ask again."""
        key = Key.of(unit_id, manifest.segment)

        async def look(connection: AsyncConnection) -> _Looked:
            return (
                self._keys.get(manifest.key_id) or await unit_keys.find(connection, bytes(manifest.key_id)),
                await recordings.segment(connection, unit_id, key.recording, key.number),
                await recordings.around(connection, manifest.key_id, manifest.seq),
            )

        signer, row, around = await self._store.look(look)
        if row is not None and row.state == WANTED and key not in self.answers.wanted:
            signer, row, around = await self._store.look(look)  # it was sealed while we looked
        self._remember(manifest.key_id, signer)
        why = chain.signed(
            manifest, unit_id, signer.public if signer else None, signer.unit_id if signer else None
        ) or chain.contradiction(manifest, _known(row, around, manifest.seq))
        if why is not None:
            self.answers.refuse(
                key, court_id, why.code, why.value, seq=manifest.seq, key_id=manifest.key_id.hex()
            )
            return
        # One that was deleted before it was whole was never here: the unit has all there is of it.
        was_here = row is not None and row.sealed_ms is not None
        if row is not None and was_here and row.state in (SEALED, DELETED):
            self.answers.tell(key, court_id, sealed=manifest.sha256)
            return
        received = row.received_bytes if row is not None else 0
        if key in self._grown:
            received = self._grown[key].received_bytes
        wanted = self.answers.wanted
        full = key not in wanted and self.answers.wanted_of[unit_id] >= GROWING_MAX
        if full or manifest.size - received > self.quota.room(unit_id):
            self.answers.refuse(key, court_id, messages.REFUSED_QUOTA, "recording_quota", size=manifest.size)
            return
        if row is None or row.state == GROWING:
            await self._believe(key, manifest, received)
        elif row.state == DELETED:
            async with self._removing:
                await self._believe(key, manifest, received)
                self.answers.want(key, manifest, court_id)
        was_wanted = key in wanted
        await self._intake.flush()
        if was_wanted and key not in wanted:  # it was sealed meanwhile, or removed
            await self.manifest(unit_id, court_id, manifest)
            return
        self.answers.want(key, manifest, court_id)
        standing = await self._threads.in_files(lambda: self.shelf.expect(key, manifest.size))
        if key in wanted:  # and not sealed meanwhile
            self.answers.wait(key, whole=standing.whole)

    async def _believe(self, key: Key, manifest: Manifest, received: int) -> None:
        now_ms = self._clock.now_ms()
        first_ms, last_ms = _believed_ms(manifest, now_ms)
        grown = self._grown.pop(key, None)
        self._heard.pop(key, None)
        row = SegmentRow(
            key.unit_id, key.recording, key.number, WANTED, received,
            grown.first_heard_ms if grown is not None else now_ms, now_ms,
            first_ms, last_ms, manifest.size, bytes(manifest.sha256), bytes(manifest.key_id), manifest.seq,
            manifest.digest(), manifest.encode(),
        )  # fmt: skip
        alarm_id = bytes(manifest.alarm_id) if manifest.alarm_id is not None else None
        case_no = manifest.case_no.replace("\0", "") if manifest.case_no is not None else None

        async def job(connection: AsyncConnection) -> None:
            await recordings.want(
                connection,
                row,
                self._owner(key.unit_id),
                case_no=case_no,
                alarm_id=alarm_id,
                last=bool(manifest.flags & LAST),
            )

        await self._store.write(job, together=True)

    def _remember(self, key_id: bytes, found: UnitKey | None) -> None:
        if found is not None:
            if len(self._keys) >= KEYS_MAX:
                self._keys.clear()
            self._keys[key_id] = found

    # The register.

    async def _write_down_for_ever(self) -> None:
        while True:
            await self._clock.sleep_until_ms(self._clock.now_ms() + WRITTEN_DOWN_MS)
            await self.write_down()

    async def write_down(self) -> None:
        """Write growing segments to the database."""
        grown = [one for key, one in self._grown.items() if self._heard.get(key) != one.last_heard_ms]
        if not grown:
            return
        known: list[Grown] = []
        new: list[Grown] = []
        for one in grown:
            key = Key(one.unit_id, one.recording, one.number)
            (known if key in self._heard and key not in self.answers.wanted else new).append(one)
        owners = {one.unit_id: self._owner(one.unit_id) for one in new}

        async def job(connection: AsyncConnection) -> None:
            if known:
                await recordings.grew(connection, known)
            if new:
                await recordings.grow(connection, new, owners)

        try:
            await self._store.write(job)
        except StoreError as error:
            self._trouble.tell(f"the register of recordings cannot be written: {error}")
            return
        self._heard |= {Key(one.unit_id, one.recording, one.number): one.last_heard_ms for one in grown}
        # What has not grown for a while is written down for good; its next chunk brings it back.
        old_ms = self._clock.now_ms() - 60_000
        for key in [key for key, one in self._grown.items() if one.last_heard_ms < old_ms]:
            self._grown.pop(key, None)
            self._heard.pop(key, None)
        self._metrics.evidence_bytes.set(self.quota.used_bytes)

    def _owner(self, unit_id: str) -> Owner:
        unit = self._unit_of(unit_id)
        return Owner(unit.court_id, unit.officer) if unit is not None else Owner("", "")

    async def ranges(self, key: Key) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        """(what is there, what of it came live) of a segment that is not sealed."""
        return await self._threads.in_files(lambda: self.shelf.ranges(key))

    async def remove(self, key: Key, kept_bytes: int | None) -> None:
        """Delete the file of a segment that the register says is deleted, unless its unit brings it again. Raises
        StoreError, OSError."""
        async with self._removing:
            async with self._store.read() as connection:
                row = await recordings.segment(connection, *key)
            if row is None or row.state != DELETED or key in self.answers.wanted:
                return
            self.answers.forget(key)
            self._grown.pop(key, None)
            self._heard.pop(key, None)
            await self._threads.in_files(lambda: self.shelf.remove(key, kept_bytes))

    def health(self) -> dict[str, object]:
        """Whether recordings can be kept, and how much of them there is."""
        return {
            "ok": self.problem is None,
            "problem": self.problem,
            "bytes": self.quota.used_bytes,
            "wanted": len(self.answers.wanted),
        }

    @property
    def problem(self) -> str | None:
        """Why recordings cannot be kept, None when they can."""
        return self._trouble.problem

    def _sealed(self, key: Key) -> None:
        self._grown.pop(key, None)
        self._heard.pop(key, None)
        self._metrics.evidence_bytes.set(self.quota.used_bytes)


def _known(row: SegmentRow | None, around: dict[int, SegmentRow], seq: int) -> chain.Known:
    before, place, after = (around.get(number) for number in (seq - 1, seq, seq + 1))
    return chain.Known(
        segment=row.digest if row is not None else None,
        place=place.digest if place is not None else None,
        before=before.digest if before is not None else None,
        after_previous=bytes(Manifest.decode(after.manifest).previous)
        if after is not None and after.manifest is not None
        else None,
    )


def _believed_ms(manifest: Manifest, now_ms: int) -> tuple[int | None, int | None]:
    """UTC milliseconds of beginning and end; None when the unit did not know the time, or its clock cannot have been
    right: what is in the register is found by it, and belongs to the incidents of its time."""
    first, last = manifest.first, manifest.last
    first_ms, last_ms = _utc_ms(first, now_ms), _utc_ms(last, now_ms)
    lasted_ms = last.mono_ms - first.mono_ms
    if first_ms is None or last_ms is None or abs(last_ms - first_ms - lasted_ms) <= APART_MS:
        return first_ms, last_ms
    if first.boot != last.boot or lasted_ms < 0:
        return None, None
    # It was set meanwhile: what was set last, unless that is the worse clock, is the time of both.
    return (
        (first_ms, first_ms + lasted_ms) if first.quality > last.quality else (last_ms - lasted_ms, last_ms)
    )


def _utc_ms(stamp: Stamp, now_ms: int) -> int | None:
    utc_ms = stamp.utc_s * 1000 + stamp.utc_ms
    known = stamp.quality != messages.CLOCK_NONE
    return utc_ms if known and now_ms - BELIEVED_BACK_MS <= utc_ms <= now_ms + BELIEVED_AHEAD_MS else None
