"""The relay: live blocks of all units to all viewers, and LIVE commands to the units as long as somebody watches.

Everything happens in the event loop and nothing waits for a viewer. Nothing here knows HTTP.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from gateway.clock import Clock
from gateway.dispatch.centre import Centre
from gateway.errors import StoreError, TooMuchAtOnce
from gateway.evidence.live import Live, LiveBlock
from gateway.evidence.places import Key
from gateway.live_settings import LiveSettings
from gateway.logs import Faults, logger
from gateway.metrics import Metrics
from gateway.relay.ledger import Ledger
from gateway.relay.owner import Owner
from gateway.relay.telling import Block, Who
from gateway.relay.transcode import Transcodes
from gateway.relay.viewer import Viewer, Why
from gateway.store import Store
from protocol.live import LEASE_MS
from protocol.messages import LIVE

TICK_MS = 250
FORGOTTEN_S = 30.0
OWNERS_MAX = 4_000
PICTURES_MAX_BYTES = 64 << 20
"""Newest pictures that are held for who will watch, of all units; the oldest go."""
HEADS_AT_ONCE = 8
PICTURE_WITHIN_S = 4.0


async def _no_head(key: Key) -> bytes | None:
    return None


class Relay:
    """See the module; keep `run()` in a task. `head_of` reads the first bytes of a growing segment from the disk."""

    def __init__(
        self,
        settings: LiveSettings,
        clock: Clock,
        store: Store,
        metrics: Metrics,
        centre: Centre,
        live: Live,
        head_of: Callable[[Key], Awaitable[bytes | None]] = _no_head,
        repeat_s: int = 10,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._metrics = metrics
        self._centre = centre
        self._live = live
        self._head_of = head_of
        self._ledger = Ledger(store, clock)
        self._log = logger("relay")
        self._faults = Faults(clock, repeat_s, "relay")
        self._owners: dict[str, Owner] = {}
        self._held: OrderedDict[str, int] = OrderedDict()
        self._held_bytes = 0
        self._watching = 0
        self._stopping = False
        self._transcodes = Transcodes(settings.transcodes, metrics.live_transcodes.set)
        self._learning: dict[str, asyncio.Task[None]] = {}
        live.follow(self._block)

    async def run(self) -> None:
        """Ask, judge, tell and forget, until cancelled; then every view is ended and written down."""
        try:
            ended = await self._ledger.end_earlier()
            if ended:
                self._log.info("earlier_views_ended", views=ended)
        except StoreError as error:
            self._log.error("earlier_views_not_ended", error=str(error))
        try:
            while True:
                self._tick()
                await self._clock.sleep_until_ms(self._clock.now_ms() + TICK_MS)
        finally:
            self._stopping = True
            for task in self._learning.values():
                task.cancel()
            for owner in self._owners.values():
                for viewer in owner.viewers:
                    viewer.end(Why.GATEWAY)
            self._transcodes.close()
            await self._ledger.close()

    @asynccontextmanager
    async def watch(self, unit_id: str, who: Who) -> AsyncIterator[Viewer]:
        """What a unit sends from now on, for somebody who may see it; it is asked to send as long as this lasts.

        Begin and end are in the audit. Raises TooMuchAtOnce, StoreError.
        """
        owner = self._admit(unit_id)
        viewer = Viewer(who, self._settings.viewer_kib << 10, self._clock.monotonic_s(), self._dropped)
        viewer.on_wish = lambda: self._wished(owner, viewer)
        owner.coming += 1
        self._watching += 1
        try:
            # The unit is asked while the begin goes to the disk; nothing is shown before it is there.
            self._look_at(owner)
            view, from_ms = await self._ledger.begin(unit_id, viewer)
        except BaseException:
            self._watching -= 1
            raise
        finally:
            owner.coming -= 1
        owner.join(viewer, self._clock.now_ms())
        self._counted(owner)
        try:
            self._look_at(owner)
            yield viewer
        except Exception:
            viewer.end(Why.FAILED)
            raise
        finally:
            viewer.end(Why.GATEWAY if self._stopping else Why.LEFT)
            owner.leave(viewer)
            self._watching -= 1
            self._metrics.live_bytes.inc(viewer.news_bytes())
            self._counted(owner)
            await asyncio.shield(self._ledger.end(unit_id, view, from_ms, viewer))

    def online(self, unit_id: str) -> bool:
        """Whether anything can come of a unit now."""
        status = self._centre.units().get(unit_id)
        return status is not None and status.online

    async def picture(self, unit_id: str, max_age_ms: int) -> Block | None:
        """The newest live picture of a unit if it is no older; the unit is asked for stills, and one waited for. None
        when none comes."""
        owner = self._owner(unit_id)
        if owner is None:
            return None
        owner.glance(self._clock.monotonic_s())
        self._look_at(owner)
        try:
            async with asyncio.timeout(PICTURE_WITHIN_S):
                while True:
                    newest, now_ms = owner.newest, self._clock.now_ms()
                    if newest is not None and now_ms - newest.taken_ms <= max_age_ms:
                        return newest
                    if not self.online(unit_id):
                        return None
                    await owner.pictured.wait()
        except TimeoutError:
            return None

    def _wished(self, owner: Owner, viewer: Viewer) -> None:
        if not owner.choose(viewer):
            self._metrics.live_refused.labels("transcode").inc()
            viewer.say({"t": "refused", "what": "transcode", "why": "too_many"})
        self._look_at(owner)

    # Every moment.

    def _tick(self) -> None:
        now_s = self._clock.monotonic_s()
        for owner in list(self._owners.values()):
            owner.look(now_s)
            self._look_at(owner)
            if owner.quiet_s(now_s) > FORGOTTEN_S:
                self._forget(owner)

    def _look_at(self, owner: Owner) -> None:
        """Ask the unit for what its viewers want, and tell them how it stands."""
        now_ms, now_s = self._clock.now_ms(), self._clock.monotonic_s()
        status = self._centre.units().get(owner.unit_id)
        if status is not None:
            owner.offset.state(status.clock_offset_ms)
            if status.online:
                value = owner.asking.due(owner.wanted(now_s), (status.boot, status.session), now_s)
                if value is not None and not self._centre.order(
                    owner.unit_id, LIVE, value, LEASE_MS, owner.asking.answered
                ):
                    owner.asking.failed()
        if owner.viewers:
            self._metrics.live_bytes.inc(owner.tell(status, now_ms, now_s))
            self._learn(owner)

    def _learn(self, owner: Owner) -> None:
        """Have the head of its segment read from the disk, when it did not come by: before we were there, or lost."""
        key = owner.headless
        if key is None or owner.unit_id in self._learning or len(self._learning) >= HEADS_AT_ONCE:
            return

        async def learn() -> None:
            try:
                head = await self._head_of(key)
                if head is not None:
                    owner.learn(key, head)
            finally:
                del self._learning[owner.unit_id]

        self._learning[owner.unit_id] = asyncio.create_task(learn(), name="relay-head")

    # Blocks.

    def _block(self, said: LiveBlock) -> None:
        owner = self._owner(said.key.unit_id)
        if owner is None:
            return
        before = owner.newest
        owner.block(said, self._clock.monotonic_s())
        if owner.newest is not before and owner.newest is not None:
            self._hold(owner, len(owner.newest.content))

    def _hold(self, owner: Owner, size: int) -> None:
        self._held_bytes += size - self._held.pop(owner.unit_id, 0)
        self._held[owner.unit_id] = size
        while self._held_bytes > PICTURES_MAX_BYTES:
            unit_id, freed = self._held.popitem(last=False)
            self._held_bytes -= freed
            self._owners[unit_id].newest = None

    # Owners.

    def _admit(self, unit_id: str) -> Owner:
        owner = self._owner(unit_id)
        if owner is None or self._stopping or self._watching >= self._settings.viewers:
            self._metrics.live_refused.labels("all").inc()
            raise TooMuchAtOnce("As many people watch units as may at once (live.viewers). Try again later.")
        if len(owner.viewers) + owner.coming >= self._settings.viewers_per_unit:
            self._metrics.live_refused.labels("unit").inc()
            raise TooMuchAtOnce(
                "This unit is watched by as many as may at once (live.viewers_per_unit). Try again later."
            )
        return owner

    def _owner(self, unit_id: str) -> Owner | None:
        owner = self._owners.get(unit_id)
        if owner is None and len(self._owners) < OWNERS_MAX:
            owner = self._owners[unit_id] = Owner(
                unit_id, self._clock.monotonic_s(), self._transcodes, self._unreadable
            )
            status = self._centre.units().get(unit_id)
            owner.offset.state(status.clock_offset_ms if status is not None else None)
        return owner

    def _forget(self, owner: Owner) -> None:
        del self._owners[owner.unit_id]
        self._held_bytes -= self._held.pop(owner.unit_id, 0)
        self._live.forget(owner.unit_id)

    def _counted(self, owner: Owner) -> None:
        self._metrics.live_viewers.set(self._watching)
        self._centre.watched(owner.unit_id, len(owner.viewers))

    def _unreadable(self, unit_id: str, what: str, size: int) -> None:
        self._metrics.live_unreadable.labels(what).inc()
        self._faults.warn("live_unreadable", unit_id, what=what, bytes=size)

    def _dropped(self, what: str) -> None:
        self._metrics.live_dropped.labels(what).inc()
