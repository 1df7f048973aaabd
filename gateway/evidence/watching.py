"""What the cameras of live units show: now and then one picture of each is looked at, off the event loop.

A state for those who watch, never an alarm, and never in the way of evidence: what is too much, too large or no picture
is counted and passed over. Nothing of a picture is kept but its small grey copy, until the next.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import cv2

from gateway.clock import Clock
from gateway.evidence.frames import jpeg_size, picture
from gateway.evidence.live import BlockStream
from gateway.evidence.places import Key
from gateway.evidence.quality import Quality, Watch
from gateway.evidence_settings import EvidenceSettings
from gateway.logs import Faults, logger
from gateway.metrics import Metrics
from protocol import matroska
from protocol.media import LIVE, Chunk

FORGOTTEN_MS = 30_000
"""A state that no newer look has borne out for so long is none."""
WAITING_MAX = 8
"""Pictures that wait to be looked at, at most PICTURE_MAX_BYTES each."""
PICTURE_MAX_BYTES = 1 << 20
PIXELS_MAX = 5_200_000
"""Of the largest camera module for such units (2592 x 1944): decoded in 60 ms."""


@dataclass(slots=True)
class _Camera:
    """Of one unit. Times are ours, monotonic."""

    heard_ms: int
    due_ms: int
    looked_ms: int = 0
    waits: bool = False
    stream: BlockStream | None = None
    watch: Watch = field(default_factory=Watch)
    said: Quality | None = None


class PictureWatch:
    """`feed` it every chunk, and keep it going with `run`. `tell(unit_id, state)` hears of every change."""

    def __init__(
        self,
        settings: EvidenceSettings,
        clock: Clock,
        metrics: Metrics,
        tell: Callable[[str, Quality | None], None],
        repeat_s: int = 10,
    ) -> None:
        self._every_ms = settings.look_every_s * 1000
        self._per_s = settings.looks_per_s
        self._clock = clock
        self._metrics = metrics
        self._tell = tell
        self._faults = Faults(clock, repeat_s, "evidence")
        self._log = logger("evidence")
        self._cameras: dict[str, _Camera] = {}
        self._waiting: asyncio.Queue[tuple[str, _Camera, bytes]] = asyncio.Queue(WAITING_MAX)
        self._tokens = float(settings.looks_per_s)
        self._filled_ms = self._now_ms()

    def feed(self, batch: Sequence[tuple[Key, Chunk, int]]) -> None:
        """Chunks of registered units as they came. Of a unit that is not due, nothing is read."""
        now_ms = self._now_ms()
        for key, chunk, received_ms in batch:
            if not chunk.flags & LIVE:
                continue
            camera = self._cameras.get(key.unit_id)
            if camera is None:
                camera = self._cameras[key.unit_id] = _Camera(now_ms, now_ms)
            camera.heard_ms = now_ms
            if camera.waits or now_ms < camera.due_ms:
                continue
            if camera.stream is None or camera.stream.key != key:
                camera.stream = BlockStream(key)
            for block in camera.stream.feed(chunk, received_ms):
                if block.track == matroska.PICTURE:
                    self._offer(key.unit_id, camera, block.content, now_ms)
                    break

    async def run(self) -> None:
        """Look at what waits and forget what is over, until cancelled."""
        with ThreadPoolExecutor(1, "evidence-look") as thread:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._look_for_ever(thread), name="pictures-look")
                tasks.create_task(self._forget_for_ever(), name="pictures-forget")

    def _offer(self, unit_id: str, camera: _Camera, jpeg: bytes, now_ms: int) -> None:
        camera.stream = None
        camera.due_ms = now_ms + max(self._every_ms, len(self._cameras) * 1000 // self._per_s)
        size = jpeg_size(jpeg)
        if size is None or size[0] * size[1] == 0:
            self._pass_over("unreadable", unit_id, bytes=len(jpeg))
        elif len(jpeg) > PICTURE_MAX_BYTES or size[0] * size[1] > PIXELS_MAX:
            self._pass_over("too_large", unit_id, bytes=len(jpeg), width=size[0], height=size[1])
        elif self._waiting.full() or not self._allowed(now_ms):
            self._metrics.pictures_passed_over.labels("too_many").inc()
        else:
            camera.waits = True
            self._waiting.put_nowait((unit_id, camera, jpeg))

    def _allowed(self, now_ms: int) -> bool:
        """Whether another picture may be looked at in this second."""
        self._tokens = min(self._per_s, self._tokens + (now_ms - self._filled_ms) * self._per_s / 1000)
        self._filled_ms = now_ms
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    async def _look_for_ever(self, thread: ThreadPoolExecutor) -> None:
        loop = asyncio.get_running_loop()
        while True:
            unit_id, camera, jpeg = await self._waiting.get()
            now_ms = self._now_ms()
            looked = await loop.run_in_executor(thread, _look, camera.watch, jpeg, now_ms)
            camera.waits = False
            if not looked:
                self._pass_over("unreadable", unit_id, bytes=len(jpeg))
                continue
            camera.looked_ms = now_ms
            self._metrics.pictures_judged.labels(camera.watch.seen).inc()
            self._say(unit_id, camera, camera.watch.state)

    async def _forget_for_ever(self) -> None:
        while True:
            await self._clock.sleep_until_ms(self._clock.now_ms() + 1000)
            old_ms = self._now_ms() - FORGOTTEN_MS
            for unit_id, camera in list(self._cameras.items()):
                if camera.waits:
                    continue
                if camera.looked_ms < old_ms:
                    camera.watch = Watch()
                    self._say(unit_id, camera, None)
                if camera.heard_ms < old_ms:
                    del self._cameras[unit_id]

    def _say(self, unit_id: str, camera: _Camera, state: Quality | None) -> None:
        if state is camera.said:
            return
        self._log.info("picture_changed", unit=unit_id, picture=state, was=camera.said)
        camera.said = state
        self._tell(unit_id, state)

    def _pass_over(self, why: str, unit_id: str, **facts: object) -> None:
        self._metrics.pictures_passed_over.labels(why).inc()
        self._faults.note(f"picture_{why}", unit_id, **facts)

    def _now_ms(self) -> int:
        return int(self._clock.monotonic_s() * 1000)


def _look(watch: Watch, jpeg: bytes, now_ms: int) -> bool:
    """Whether it could be decoded; what was seen is in `watch`."""
    decoded = picture(jpeg)
    if decoded is None:
        return False
    try:
        watch.look(decoded, now_ms)
    except cv2.error:
        return False
    return True
