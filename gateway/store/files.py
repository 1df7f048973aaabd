"""Attachments on the disk, each once, under the SHA-256 of its bytes: `<folder>/<first two digits>/<all 64>`.

A file is written under another name, synced, and renamed: what has its final name is whole, and is on the disk
before the incident's log names it. What an interrupted gateway left half-written is removed at the next start; what
it had stored and no incident names is moved to `unnamed`, and removed a month later: the database may have been
restored from a backup that is older than the file.
"""

import asyncio
import errno
import hashlib
import os
import re
import secrets
from collections.abc import AsyncIterator, Callable, Set
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, ParamSpec, TypeVar

from gateway.errors import StoreError, StoreFull

RECEIVING_MAX = 8
UNNAMED_DAYS = 30
DAY_S = 86_400
_HASH = re.compile(r"[0-9a-f]{64}")
P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Received:
    """A file that is stored for good. `sha256` is hexadecimal."""

    sha256: str
    size_bytes: int


class AttachmentFiles:
    """The folder of attachments. It need not exist yet."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._incoming = folder / "incoming"
        self._receiving = 0
        for left in self._incoming.glob("*"):
            left.unlink(missing_ok=True)

    async def sweep(self, named: Set[str], now_ms: int) -> int:
        """Move aside the files whose hash is not in `named`, and remove those that were long ago; returns how many were
        moved. Only before anything is received. Raises OSError."""
        return await asyncio.to_thread(self._sweep, named, now_ms / 1000)

    @property
    def busy(self) -> bool:
        """Whether as many files are being received as may be at once."""
        return self._receiving >= RECEIVING_MAX

    def path(self, sha256: str) -> Path:
        """Where the file of this hash is, or would be."""
        return self._folder / sha256[:2] / sha256

    async def receive(self, chunks: AsyncIterator[bytes], check: Callable[[bytes, bool], None]) -> Received:
        """Store what `chunks` give. `check(bytes, last)` sees every part and may raise: then nothing is kept.

        Raises what `chunks` and `check` raise, and StoreError (StoreFull) when it cannot be written.
        """
        self._receiving += 1
        temporary = self._incoming / secrets.token_hex(16)
        try:
            digest, size_bytes = hashlib.sha256(), 0
            file = await _on_disk(self._open, temporary)
            try:
                async for chunk in chunks:
                    check(chunk, False)
                    digest.update(chunk)
                    size_bytes += len(chunk)
                    await _on_disk(file.write, chunk)
                check(b"", True)
                await _on_disk(_sync, file)
            finally:
                file.close()
            sha256 = digest.hexdigest()
            await _on_disk(self._keep, temporary, self.path(sha256))
            return Received(sha256, size_bytes)
        finally:
            self._receiving -= 1
            temporary.unlink(missing_ok=True)

    async def is_whole(self, sha256: str) -> bool:
        """Whether the file is there and has the bytes that it was stored with."""

        def look() -> bool:
            try:
                with self.path(sha256).open("rb") as file:
                    return hashlib.file_digest(file, "sha256").hexdigest() == sha256
            except OSError:
                return False

        return await asyncio.to_thread(look)

    def _sweep(self, named: Set[str], now_s: float) -> int:
        unnamed = self._folder / "unnamed"
        for old in unnamed.glob("*"):
            if old.stat().st_mtime < now_s - UNNAMED_DAYS * DAY_S:
                old.unlink()
        moved = 0
        for path in self._folder.glob("[0-9a-f][0-9a-f]/*"):
            if _HASH.fullmatch(path.name) and path.name not in named:
                unnamed.mkdir(exist_ok=True, mode=0o700)
                os.utime(path, (now_s, now_s))
                os.replace(path, unnamed / path.name)
                moved += 1
        return moved

    def _open(self, temporary: Path) -> BinaryIO:
        self._incoming.mkdir(parents=True, exist_ok=True, mode=0o700)
        return temporary.open("xb")

    def _keep(self, temporary: Path, final: Path) -> None:
        final.parent.mkdir(exist_ok=True, mode=0o700)
        os.replace(temporary, final)
        for folder in (final.parent, self._folder):
            descriptor = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


async def _on_disk(work: Callable[P, T], *given: P.args, **named: P.kwargs) -> T:
    """The result of `work` in a thread. Raises StoreError, StoreFull."""
    try:
        return await asyncio.to_thread(work, *given, **named)
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        raise (StoreFull if full else StoreError)(
            f"an attachment cannot be written: {error.strerror}"
        ) from error


def _sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())
