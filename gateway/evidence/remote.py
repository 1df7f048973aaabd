"""Sealed segments in a store that speaks S3. A file is removed here only after its copy there was read back whole."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.clock import Clock
from gateway.errors import StoreError
from gateway.evidence.places import Key, Places
from gateway.evidence_settings import EvidenceSettings
from gateway.logs import logger
from gateway.store import Store, recordings
from gateway.store.recordings import SEALED, SegmentRow

AT_ONCE = 20
FAILED_MAX = 5
"""Then the store is thought to be away for a while."""
PAUSE_MS = 5_000
LONGEST_PAUSE_MS = 300_000
READ_BYTES = 1 << 20
FAILURES = (BaseError, OSError)


class NotThere(Exception):
    """The copy in the object store is not what was sealed, or there is none."""


def object_name(key: Key) -> str:
    """What a segment is called in the object store."""
    return f"{key.unit_id}/{key.recording}/{key.name}.mkv"


class Remote:
    """The object store of the settings. Raises nothing at the start: it may come later than we do."""

    def __init__(self, settings: EvidenceSettings) -> None:
        endpoint = settings.s3_endpoint
        self.store = S3Store(
            settings.s3_bucket,
            prefix=settings.s3_prefix or None,
            endpoint=endpoint,
            region=settings.s3_region,
            access_key_id=settings.s3_access_key or None,
            secret_access_key=settings.s3_secret_key.get_secret_value() or None,
            virtual_hosted_style_request=False,
            client_options={"allow_http": bool(endpoint and endpoint.startswith("http://"))},
        )

    async def put(self, key: Key, places: Places, sha256: bytes) -> str:
        """Copy file and manifest, and read the file back. Returns its name. Raises NotThere and FAILURES."""
        name = object_name(key)
        await obstore.put_async(self.store, name.removesuffix(".mkv") + ".manifest", places.manifest(key))
        await obstore.put_async(self.store, name, places.sealed(key))
        digest = hashlib.sha256()
        async for data in self.read_all(name):
            digest.update(data)
        if digest.digest() != sha256:
            raise NotThere(f"{name}: the copy is not what was sealed")
        return name

    async def read_all(self, name: str) -> AsyncIterator[bytes]:
        """The bytes of an object. Raises FAILURES."""
        found = await obstore.get_async(self.store, name)
        async for data in found.stream(min_chunk_size=READ_BYTES):
            yield bytes(data)

    async def read(self, name: str, start: int, end: int) -> bytes:
        """Some bytes of an object. Raises FAILURES."""
        return bytes(await obstore.get_range_async(self.store, name, start=start, end=end))

    def fetch(self, name: str, out: Path) -> None:
        """Copy an object to a file, in the calling thread. Raises NotThere and FAILURES."""
        try:
            found = obstore.get(self.store, name)
        except FileNotFoundError:  # as obstore calls it
            raise NotThere(f"{name}: is not there") from None
        with out.open("wb") as file:
            for data in found.stream(min_chunk_size=READ_BYTES):
                file.write(data)

    async def size(self, name: str) -> int | None:
        """How many bytes an object has, None when it is not there. Raises FAILURES."""
        try:
            return int((await obstore.head_async(self.store, name))["size"])
        except FileNotFoundError:  # as obstore calls it
            return None

    async def delete(self, name: str) -> None:
        """Delete a segment; its manifest stays. Raises FAILURES."""
        await obstore.delete_async(self.store, name)


class Mover:
    """Moves sealed segments to the object store, oldest first. `problem` says why it cannot."""

    def __init__(self, remote: Remote, places: Places, store: Store, clock: Clock) -> None:
        self.problem: str | None = None
        self._remote = remote
        self._places = places
        self._store = store
        self._clock = clock
        self._log = logger("evidence")
        self._swept = False
        self._behind = 0
        """So many of the oldest failed: one that is spoiled stops no other."""

    async def run(self) -> None:
        """For ever; after a failure it waits longer each time."""
        pause_ms = PAUSE_MS
        while True:
            moved = await self.move()
            if moved == AT_ONCE:
                continue
            pause_ms = PAUSE_MS if self.problem is None else min(pause_ms * 2, LONGEST_PAUSE_MS)
            await self._clock.sleep_until_ms(self._clock.now_ms() + pause_ms)

    async def move(self) -> int:
        """Move some; returns how many. What fails stays here and is tried again."""
        moved, failed = 0, list[Exception]()
        try:
            await self._sweep()
            for row in await self._next():
                try:
                    await self._move_one(row)
                    moved += 1
                except (*FAILURES, NotThere) as error:
                    failed.append(error)
                    if len(failed) == FAILED_MAX:
                        break
        except (*FAILURES, NotThere, StoreError) as error:
            failed.append(error)
        else:
            self._behind += len(failed)
        if failed:
            if self.problem is None:
                self._log.error(
                    "segments_not_moved", error=str(failed[0])[:500], done="kept here, tried again"
                )
            self.problem = f"segments cannot be moved to the object store: {str(failed[0])[:200]}"
        elif not self._behind:
            if self.problem is not None:
                self._log.info("segments_moved_again")
            self.problem = None
        return moved

    async def _next(self) -> list[SegmentRow]:
        """Those behind what failed; when there are none, all from the oldest on once more."""
        async with self._store.read() as connection:
            rows = await recordings.to_move(connection, AT_ONCE, self._behind)
            if not rows and self._behind:
                self._behind = 0
                rows = await recordings.to_move(connection, AT_ONCE, 0)
        return rows

    async def _sweep(self) -> None:
        """Once: a gateway that was killed in between has left files of which the register says that they are there. One
        that is not is moved again."""
        if self._swept:
            return
        for key in await asyncio.to_thread(lambda: list(self._places.sealed_here())):
            async with self._store.read() as connection:
                row = await recordings.segment(connection, *_id(key))
            if row is not None and row.state == SEALED and row.remote is not None:
                if await self._remote.size(row.remote) == row.size:
                    await asyncio.to_thread(_unlink, self._places.sealed(key))
                else:
                    await self._store.write(partial(_moved, key, None))
        self._swept = True

    async def _move_one(self, row: SegmentRow) -> None:
        key = Key(row.unit_id, row.recording, row.number)
        assert row.sha256 is not None
        name = await self._remote.put(key, self._places, row.sha256)
        await self._store.write(partial(_moved, key, name))
        await asyncio.to_thread(_unlink, self._places.sealed(key))


def _id(key: Key) -> tuple[str, str, int]:
    return key.unit_id, key.recording, key.number


async def _moved(key: Key, name: str | None, connection: AsyncConnection) -> None:
    await recordings.moved(connection, *_id(key), name)


def _unlink(path: Path) -> None:
    path.unlink(missing_ok=True)
