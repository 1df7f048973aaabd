"""What is kept of recordings, for those who look: bytes, ranges, and the proof of a whole recording."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from gateway.errors import EvidenceUnreadable
from gateway.evidence.evidence import Evidence
from gateway.evidence.places import Key
from gateway.evidence.proof import Verdict, judge
from gateway.evidence.proof_files import Evidence as Found
from gateway.evidence.proof_files import ManifestFile, SegmentFile
from gateway.evidence.remote import FAILURES, Remote
from gateway.store.recordings import DELETED, SEALED, SegmentRow
from gateway.store.unit_keys import UnitKey
from protocol.manifest import Manifest

PIECE_BYTES = 1 << 18
Range = tuple[int, int]


class Archive:
    """Reads what `evidence` and the object store keep."""

    def __init__(self, evidence: Evidence, remote: Remote | None) -> None:
        self._evidence = evidence
        self._remote = remote
        self._proving = asyncio.Semaphore(1)

    async def ranges(self, row: SegmentRow) -> tuple[list[Range], list[Range]]:
        """(what is there, what of it came live)."""
        if row.state == SEALED:
            return [(0, row.size or 0)], row.live_ranges
        if row.state == DELETED:
            return [], []
        return await self._evidence.ranges(_key(row))

    async def read(self, row: SegmentRow, start: int, end: int) -> AsyncIterator[bytes]:
        """Bytes of a segment; holes of one that grows are zeros: see `ranges`. Raises EvidenceUnreadable."""
        try:
            descriptor = await asyncio.to_thread(self._open, row)
            if descriptor is None:
                if row.remote is None or self._remote is None:
                    raise EvidenceUnreadable(
                        f"{_key(row).name}: its file is not here and not in the object store"
                    )
                for at in range(start, end, PIECE_BYTES):
                    yield await self._remote.read(row.remote, at, min(end, at + PIECE_BYTES))
                return
            try:
                for at in range(start, end, PIECE_BYTES):
                    yield await asyncio.to_thread(os.pread, descriptor, min(PIECE_BYTES, end - at), at)
            finally:
                os.close(descriptor)
        except FAILURES as error:
            raise EvidenceUnreadable(f"{_key(row).name}: {error}") from None

    def here(self, row: SegmentRow) -> Path | None:
        """The file of a sealed segment, None when it was moved to the object store."""
        path = self._evidence.places.sealed(_key(row))
        return path if path.exists() else None

    async def copy(self, row: SegmentRow, out: Path) -> None:
        """The whole file of a sealed segment to `out`. Raises EvidenceUnreadable, OSError."""
        with out.open("wb") as file:
            async for piece in self.read(row, 0, row.size or 0):
                file.write(piece)

    async def prove(self, rows: Sequence[SegmentRow], keys: Sequence[UnitKey]) -> list[Verdict]:
        """A verdict for each segment that has a manifest and was not deleted, made from the bytes as they are now.
        One proof at a time; the next waits."""
        segments, manifests = [], []
        async with self._proving:
            for row in rows:
                if row.manifest is None or row.state == DELETED:
                    continue
                name = _key(row).name
                manifests.append(ManifestFile(name, Manifest.decode(row.manifest), None))
                if row.state != SEALED:
                    continue
                digest, size = hashlib.sha256(), 0
                try:
                    async for piece in self.read(
                        row, 0, (row.size or 0) + 1 if row.remote is None else row.size or 0
                    ):
                        digest.update(piece)
                        size += len(piece)
                except EvidenceUnreadable:
                    continue  # judged as missing
                segments.append(SegmentFile(name, size, digest.digest()))
        trusted = {key.key_id: Ed25519PublicKey.from_public_bytes(key.public) for key in keys}
        return judge(Found(segments, manifests), trusted) if manifests else []

    def _open(self, row: SegmentRow) -> int | None:
        places, key = self._evidence.places, _key(row)
        for path in (places.sealed(key), places.part(key)):
            try:
                return os.open(path, os.O_RDONLY)
            except FileNotFoundError:
                continue
        return None


def _key(row: SegmentRow) -> Key:
    return Key(row.unit_id, row.recording, row.number)
