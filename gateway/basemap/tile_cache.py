"""Tiles on the disk: bounded in bytes, the ones unused for longest go first. Losing it loses nothing.

The index is in memory and read from the folder at the start. Files are written beside their place and renamed, so
that one is whole or not there; what a power cut leaves is not a picture any more and is fetched again.
"""

from __future__ import annotations

import asyncio
import os
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

from gateway.basemap.pictures import type_of
from gateway.logs import logger

log = logger("map")

BLOCK_BYTES = 4096
WRITING = ".writing"


@dataclass(frozen=True, slots=True)
class TileKey:
    """Which tile."""

    layer: str
    z: int
    x: int
    y: int

    @property
    def path(self) -> str:
        """Below the cache's folder; of our own layers and of numbers only."""
        return f"{self.layer}/{self.z}/{self.x}/{self.y}"


@dataclass(frozen=True, slots=True)
class Kept:
    """A tile of the cache. `fetched_ms` is the time at which it was written."""

    data: bytes
    media_type: str
    fetched_ms: int


class TileCache:
    """A folder of at most `max_bytes`, each file counted in whole blocks. 0 keeps nothing."""

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._sizes: OrderedDict[str, int] = OrderedDict()
        self.used_bytes = 0

    async def load(self) -> None:
        """Read what is there. A folder that cannot be read counts as empty."""
        found = await asyncio.to_thread(self._scan)
        for path, size in found:
            self._enter(path, size)
        await self._evict()

    async def get(self, key: TileKey) -> Kept | None:
        """A tile, which counts as used now; None if it is not there or is no picture any more."""
        if key.path not in self._sizes:
            return None
        self._sizes.move_to_end(key.path)
        kept = await asyncio.to_thread(_read, self._folder / key.path)
        if kept is None:
            self._drop(key.path)
        return kept

    async def put(self, key: TileKey, data: bytes, at_ms: int) -> None:
        """Keep a tile. A disk that refuses is told of in the log and changes nothing."""
        if len(data) + BLOCK_BYTES > self._max_bytes:
            return
        try:
            await asyncio.to_thread(_write, self._folder / key.path, data, at_ms)
        except OSError as error:
            log.warning("map_tile_not_kept", why=error.strerror)
            return
        self._drop(key.path)
        self._enter(key.path, len(data))
        await self._evict()

    def _enter(self, path: str, size: int) -> None:
        blocks = max(1, -(-size // BLOCK_BYTES)) * BLOCK_BYTES
        self._sizes[path] = blocks
        self.used_bytes += blocks

    def _drop(self, path: str) -> None:
        self.used_bytes -= self._sizes.pop(path, 0)

    async def _evict(self) -> None:
        going: list[str] = []
        while self.used_bytes > self._max_bytes:
            path = next(iter(self._sizes))
            self._drop(path)
            going.append(path)
        if going:
            await asyncio.to_thread(_remove, [self._folder / path for path in going])

    def _scan(self) -> list[tuple[str, int]]:
        """(path, bytes) of every tile, those written first first."""
        found: list[tuple[float, str, int]] = []
        for root, _, names in os.walk(self._folder):
            for name in names:
                file = Path(root, name)
                try:
                    if file.suffix == WRITING:
                        file.unlink()
                        continue
                    told = file.stat()
                except OSError:
                    continue
                found.append((told.st_mtime, file.relative_to(self._folder).as_posix(), told.st_size))
        return [(path, size) for _, path, size in sorted(found)]


def _read(file: Path) -> Kept | None:
    try:
        data, told = file.read_bytes(), file.stat()
    except OSError:
        return None
    media_type = type_of(data)
    if media_type is None:
        file.unlink(missing_ok=True)
        return None
    return Kept(data, media_type, told.st_mtime_ns // 1_000_000)


def _write(file: Path, data: bytes, at_ms: int) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_name(file.name + WRITING)
    beside.write_bytes(data)
    os.utime(beside, ns=(at_ms * 1_000_000, at_ms * 1_000_000))
    beside.replace(file)


def _remove(files: list[Path]) -> None:
    for file in files:
        file.unlink(missing_ok=True)
