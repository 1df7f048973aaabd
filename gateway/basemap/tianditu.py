"""Tianditu's tiles by way of us: the key stays here, and a desk asks nobody but its own gateway.

Bounded in every direction: tiles fetched at once and waiting, seconds for one, bytes of one, failures in a row
before the service is left alone for a while. Two desks that want the same tile cost one request.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx

from gateway.basemap.pictures import TYPES, type_of
from gateway.basemap.tile_cache import TileCache, TileKey
from gateway.clock import Clock
from gateway.logs import logger
from gateway.metrics import Metrics

log = logger("map")

MIN_ZOOM, MAX_ZOOM = 1, 18
HOSTS = 8
AT_ONCE = 8
WAITING_MAX = 256
WITHIN_S = 8.0
CONNECT_WITHIN_S = 3.0
TILE_MAX_BYTES = 1 << 20
#: Maps change slowly: an older tile is fetched again, and still shown while the service does not answer.
FRESH_MS = 30 * 86_400_000
FAILURES_BEFORE_PAUSE = 4
PAUSE_S = 15.0


class TileError(Exception):
    """Why there is no tile. `outcome` counts in the metrics; the text is for the person and has no address in it."""

    def __init__(self, outcome: str, text: str) -> None:
        super().__init__(text)
        self.outcome = outcome


class NoTile(TileError):
    """The service has none there: its answer, not a failure."""


class Busy(TileError):
    """Too much is asked at once, or the service is left alone for a while: ask again later."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A picture of a piece of map. `old`: older than it should be, because the service does not answer."""

    data: bytes
    media_type: str
    old: bool = False


class Tianditu:
    """The proxy. `async with` opens and closes its connections."""

    def __init__(
        self,
        template: str,
        key: str,
        cache: TileCache,
        clock: Clock,
        metrics: Metrics,
        within_s: float = WITHIN_S,
    ) -> None:
        self._template = template
        self._key = key
        self._cache = cache
        self._clock = clock
        self._metrics = metrics
        self._within_s = within_s
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._going: dict[TileKey, asyncio.Task[Tile]] = {}
        self._failures = 0
        self._until_s = float("-inf")
        self.problem: str | None = None
        """Why the last tile could not be fetched, or None: part of the gateway's health."""

    async def __aenter__(self) -> Tianditu:
        await self._cache.load()
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(self._within_s, connect=min(self._within_s, CONNECT_WITHIN_S)),
            limits=httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE),
            follow_redirects=False,  # an address that it names could be anything, and would be told the key
            # Not packed: a few bytes could unpack to gigabytes.
            headers={"User-Agent": "Mozilla/5.0 (compatible; Tipstaff)", "Accept-Encoding": "identity"},
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        tasks = list(self._going.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._client.aclose()

    async def tile(self, key: TileKey) -> Tile:
        """A tile, of the cache or of the service. Raises TileError; each outcome is counted."""
        try:
            tile, outcome = await self._found(key)
        except TileError as error:
            self._metrics.map_tiles.labels(error.outcome).inc()
            raise
        self._metrics.map_tiles.labels(outcome).inc()
        self._metrics.map_cache_bytes.set(self._cache.used_bytes)
        return tile

    async def _found(self, key: TileKey) -> tuple[Tile, str]:
        kept = await self._cache.get(key)
        age_ms = self._clock.now_ms() - kept.fetched_ms if kept is not None else 0
        if kept is not None and age_ms < FRESH_MS:
            return Tile(kept.data, kept.media_type), "cached"
        try:
            return await self._shared(key), "fetched"
        except TileError as error:
            if kept is None or isinstance(error, NoTile):
                raise
            return Tile(kept.data, kept.media_type, old=True), "old"

    async def _shared(self, key: TileKey) -> Tile:
        """The one fetch of this tile that is under way. Who goes away does not end it for the others."""
        task = self._going.get(key)
        if task is None:
            if len(self._going) >= WAITING_MAX:
                raise Busy("busy", "Too many map tiles are asked for at once.")
            task = self._going[key] = asyncio.create_task(self._fetch(key), name="map-tile")
            task.add_done_callback(lambda done: self._done(key, done))
        return await asyncio.shield(task)

    def _done(self, key: TileKey, task: asyncio.Task[Tile]) -> None:
        self._going.pop(key, None)
        if not task.cancelled():
            task.exception()  # somebody may have gone away before it failed

    async def _fetch(self, key: TileKey) -> Tile:
        async with self._slots:
            if self._clock.monotonic_s() < self._until_s:
                raise Busy("paused", f"The map service is not asked for a while: {self.problem}")
            try:
                async with asyncio.timeout(self._within_s):
                    tile = await self._asked(key)
            except TimeoutError:
                raise self._failed("failed", "it did not answer in time") from None
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                # Not its text: it can hold the address, and the address holds the key.
                raise self._failed("failed", f"it cannot be reached ({type(error).__name__})") from None
            self._failures, self.problem = 0, None
        await self._cache.put(key, tile.data, self._clock.now_ms())
        return tile

    async def _asked(self, key: TileKey) -> Tile:
        async with self._client.stream("GET", self._address(key)) as answer:
            if answer.status_code in (204, 404):
                self._failures, self.problem = 0, None
                raise NoTile("none", "The map service has no tile there.")
            if answer.status_code != 200:
                raise self._failed(
                    "refused", f"it answered {answer.status_code}{_advice(answer.status_code)}"
                )
            said = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
            if said not in TYPES:
                raise self._failed("refused", "it did not send a picture (is the key right?)")
            data = await _at_most(TILE_MAX_BYTES, answer.aiter_raw())
        if data is None:
            raise self._failed("refused", f"a tile has more than {TILE_MAX_BYTES >> 20} MiB")
        if type_of(data) != said:
            raise self._failed("refused", "its tile is not the picture that it says it is")
        return Tile(data, said)

    def _address(self, key: TileKey) -> str:
        host = str((key.x + key.y) % HOSTS)
        filled = self._template
        values = {"s": host, "layer": key.layer, "z": key.z, "x": key.x, "y": key.y, "key": self._key}
        for name, value in values.items():
            filled = filled.replace("{" + name + "}", str(value))
        return filled

    def _failed(self, outcome: str, why: str) -> TileError:
        if self.problem != why:
            log.warning("map_service_failed", why=why)
        self.problem = why
        self._failures += 1
        if self._failures >= FAILURES_BEFORE_PAUSE:
            self._until_s = self._clock.monotonic_s() + PAUSE_S
        return TileError(outcome, f"The map service failed: {why}.")


async def _at_most(limit_bytes: int, chunks: AsyncIterator[bytes]) -> bytes | None:
    """All of a body, or None when it is longer."""
    body = bytearray()
    async for chunk in chunks:
        body += chunk
        if len(body) > limit_bytes:
            return None
    return bytes(body)


def _advice(status: int) -> str:
    refused = status in (401, 403, 418, 429)
    return ": the key is not accepted, or its limit is reached (map.tianditu_key)" if refused else ""
