"""What units are told of their manifests: ranges that are missing, "sealed", or that it is refused.

Nothing is told as sealed before file, manifest and database are on the disk.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable

from gateway.clock import Clock
from gateway.errors import StoreError
from gateway.evidence import sealing
from gateway.evidence.judging import NEVER_S, Judging, Pending
from gateway.evidence.places import Key
from gateway.evidence.shelf import Shelf, Standing
from gateway.evidence.threads import Threads
from gateway.evidence.trouble import Trouble
from gateway.logs import Faults
from gateway.metrics import Metrics
from gateway.store import Store, recordings
from protocol import messages, topics
from protocol.checks import MAX_LIST
from protocol.manifest import Manifest
from protocol.messages import Want


class Answers:
    """`send(topic, payload)` publishes at QoS 1; `mark(number)` sends a marker the way of the media, of whose return
    `judging.returned` is told. `on_sealed(key)` is called before the unit is told so. `busy()`: bytes
    are not written yet, and what comes after them waits."""

    def __init__(
        self,
        shelf: Shelf,
        threads: Threads,
        clock: Clock,
        store: Store,
        metrics: Metrics,
        faults: Faults,
        trouble: Trouble,
        send: Callable[[str, bytes], object],
        mark: Callable[[int], object],
        on_sealed: Callable[[Key], None],
        busy: Callable[[], bool],
    ) -> None:
        self.wanted: dict[Key, tuple[Manifest, str]] = {}
        """Segments that are not sealed and whose manifest is believed, with the court that its topic names."""
        self.wanted_of: Counter[str] = Counter()
        self.judging = Judging()
        self._shelf = shelf
        self._threads = threads
        self._clock = clock
        self._store = store
        self._metrics = metrics
        self._faults = faults
        self._trouble = trouble
        self._send = send
        self._mark = mark
        self._on_sealed = on_sealed
        self._busy = busy
        self._sealing: set[Key] = set()
        self._due = asyncio.Event()

    def want(self, key: Key, manifest: Manifest, court_id: str) -> None:
        """A manifest is believed; `wait` when it is to be answered."""
        if key not in self.wanted:
            self.wanted_of[key.unit_id] += 1
        self.wanted[key] = (manifest, court_id)

    def wait(self, key: Key, *, whole: bool) -> None:
        """Answer the manifest of a segment once it is known what of it is here; whole: all of it."""
        if key in self._sealing:
            return
        self.judging.wait(key, *self.wanted[key], self._clock.monotonic_s())
        if whole:
            self.judging.whole(key)
        self._due.set()

    def moved(self, grown: Iterable[Key], whole: Iterable[Key]) -> None:
        """Bytes of these segments came; some lack nothing now, whether they were waiting or not."""
        now_s = self._clock.monotonic_s()
        self.judging.fed(now_s)
        for key in grown:
            self.judging.moved(key, now_s)
        for key in whole:
            if key in self.wanted:
                self.wait(key, whole=True)

    def returned(self, number: int) -> None:
        """A marker is back, and what came before it is written."""
        self.judging.fed(self._clock.monotonic_s())
        self.judging.returned(number)
        self._due.set()

    def forget(self, key: Key) -> None:
        """There is nothing to be answered any more."""
        if self.wanted.pop(key, None) is not None:
            self.wanted_of[key.unit_id] -= 1
        self.judging.forget(key)

    def refuse(self, key: Key, court_id: str, code: int, fault: str, **facts: object) -> None:
        """Tell the unit that this manifest is not believed."""
        self._metrics.faults.labels(fault).inc()
        self._faults.warn(fault, key.unit_id, segment=key.name, **facts)
        self.tell(key, court_id, refused=code)

    def tell(self, key: Key, court_id: str, **said: object) -> None:
        """Answer a manifest: with `ranges`, `sealed` or `refused`."""
        (what,) = said
        self._metrics.wants.labels(what).inc()
        if court_id:
            want = Want(stored_batches=[], segment=key.segment, **said)
            self._send(topics.down(court_id, key.unit_id, "want"), want.encode())

    async def run(self) -> None:
        """Answer, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                self._due.clear()
                now_s = self._clock.monotonic_s()
                if self._busy():
                    self.judging.fed(now_s)
                number = self.judging.marker(now_s)
                if number is not None:
                    self._mark(number)
                await self._answer(self.judging.due(now_s), tasks)
                await self._look_again_at(self.judging.next_s())

    async def _look_again_at(self, at_s: float) -> None:
        if at_s == NEVER_S:
            await self._due.wait()
            return
        left_s = at_s - self._clock.monotonic_s()
        if left_s < 0 or self._due.is_set():
            return  # what is due at once, because it became whole meanwhile, is due at minus infinity
        left_ms = int(left_s * 1000) + 1
        waits = [
            asyncio.ensure_future(self._clock.sleep_until_ms(self._clock.now_ms() + left_ms)),
            asyncio.ensure_future(self._due.wait()),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waits:
                one.cancel()

    async def _answer(self, due: list[Key], tasks: asyncio.TaskGroup) -> None:
        doubtful = [key for key in due if not self.judging.pending[key].whole]
        standings = await self._threads.in_files(lambda: self._standings(doubtful)) if doubtful else {}
        for key in due:
            standing = standings.get(key)
            pending = self.judging.pending.get(key)
            if pending is None:
                continue  # removed meanwhile
            if isinstance(standing, OSError):
                self._trouble.tell(f"{self._shelf.places.folder(key)}: {standing.strerror}")
                self.judging.later(key, self._clock.monotonic_s())
                continue
            self.judging.forget(key)
            if standing is not None and standing.missing:
                ranges = [edge for gap in standing.missing[: MAX_LIST // 2] for edge in gap]
                self.tell(key, pending.court_id, ranges=ranges)
            else:
                self._sealing.add(key)
                tasks.create_task(self._seal(key, pending), name="evidence-seal")

    def _standings(self, keys: list[Key]) -> dict[Key, Standing | OSError]:
        found: dict[Key, Standing | OSError] = {}
        for key in keys:
            try:
                found[key] = self._shelf.standing(key)
            except OSError as error:
                found[key] = error
        return found

    async def _seal(self, key: Key, pending: Pending) -> None:
        manifest, began_s = pending.manifest, self._clock.monotonic_s()
        try:
            live = await self._threads.in_files(lambda: self._shelf.close(key))
            done = await self._threads.in_sealer(lambda: sealing.seal(self._shelf.places, key, manifest))
            if done is None:
                await self._not_the_bytes(key, pending.court_id)
                return
            now_ms = self._clock.now_ms()
            job = (key.unit_id, key.recording, key.number, now_ms, live, done.foreign)
            await self._store.write(lambda connection: recordings.seal(connection, *job), together=True)
        except (OSError, StoreError) as error:
            # Nothing is told: the unit sends its manifest again, and then it is done again.
            self._trouble.tell(f"{key.name} of {key.unit_id} cannot be sealed: {error}")
            await self._threads.in_files(lambda: self._shelf.reopen(key, lost=False))
            return
        finally:
            self._sealing.discard(key)
        await self._threads.in_files(lambda: self._shelf.sealed(key))
        self.forget(key)
        self._on_sealed(key)
        self._metrics.segments_sealed.inc()
        self._metrics.seal_seconds.observe(self._clock.monotonic_s() - began_s)
        if done.foreign:
            self._metrics.faults.labels("segment_foreign").inc()
            self._faults.warn("segment_foreign", key.unit_id, segment=key.name)
        self._trouble.tell(None)
        self.tell(key, pending.court_id, sealed=manifest.sha256)

    async def _not_the_bytes(self, key: Key, court_id: str) -> None:
        again = await self._threads.in_files(lambda: self._shelf.reopen(key, lost=True))
        self._metrics.faults.labels("segment_hash").inc()
        if again is None:
            self.refuse(key, court_id, messages.REFUSED_CONTRADICTION, "segment_never_whole")
            return
        self._faults.note("segment_asked_again", key.unit_id, segment=key.name, start=again[0], end=again[1])
        self.tell(key, court_id, ranges=list(again))
