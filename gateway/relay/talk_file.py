"""What was said to an officer, kept as evidence: one Matroska file a talk, written by appending alone.

A-law as it went to the unit, each packet at its time, so that what was dropped is a gap in the file and not a seam. A
file that a kill cut off plays to its last whole packet; its hash is then that of what is there.
"""

from __future__ import annotations

import hashlib
import os
import struct
import threading
from dataclasses import dataclass
from pathlib import Path

from gateway import __version__
from protocol import matroska
from protocol.blocks import Reader
from protocol.errors import ProtocolError
from protocol.talk import PACKET_MS, RATE_HZ

BUFFER_BYTES_MAX = 1 << 20
"""A minute of speech: a disk that does not answer for longer keeps no more of it."""
CLUSTER_MS = matroska.MAX_CLUSTER_MS


@dataclass(frozen=True, slots=True)
class Kept:
    """A file that is whole."""

    size: int
    sha256: bytes


class TalkFile:
    """One file, from its head to its hash. `add` is cheap and touches no disk; `write` and `close` are for a thread."""

    def __init__(self, path: Path, began_ms: int, tags: list[tuple[str, str]]) -> None:
        self.path = path
        self.unkept = 0
        """Packets for which there was no room."""
        form = matroska.Format(0, 0, matroska.A_LAW, RATE_HZ)
        cut = [(name, _cut(value)) for name, value in tags if value]
        head, self._duration_at = matroska.head(
            form, os.urandom(16), f"tipstaff {__version__}", began_ms, cut
        )
        self._waiting = bytearray(head)
        self._room, self._disk = threading.Lock(), threading.Lock()
        self._cluster_ms: int | None = None
        self._end_ms = 0
        self._failed = False

    def add(self, number: int, sound: bytes) -> None:
        """A packet that went to the unit."""
        if self._failed or len(self._waiting) > BUFFER_BYTES_MAX:
            self.unkept += 1
            return
        at_ms = number * PACKET_MS
        room = bytearray(matroska.CLUSTER_HEAD_BYTES + matroska.BLOCK_HEAD_BYTES)
        end = 0
        if self._cluster_ms is None or at_ms - self._cluster_ms >= CLUSTER_MS:
            self._cluster_ms = at_ms
            end = matroska.put_cluster(room, 0, at_ms)
        end = matroska.put_block(room, end, matroska.SOUND, at_ms - self._cluster_ms, len(sound))
        with self._room:
            self._waiting += room[:end] + sound
        self._end_ms = at_ms + PACKET_MS

    def write(self) -> None:
        """Append what waits. Raises OSError; then nothing more is written to it."""
        with self._disk:
            with self._room:
                waiting, self._waiting = self._waiting, bytearray()
            if not waiting or self._failed:
                return
            try:
                self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                with self.path.open("ab") as file:
                    file.write(waiting)
            except OSError:
                self._failed = True
                raise

    def close(self) -> Kept:
        """Append the rest, fill the duration in, and hash what is on the disk. Raises OSError."""
        self.write()
        with self.path.open("r+b") as file:
            file.seek(self._duration_at)
            file.write(struct.pack(">d", self._end_ms))
        return seal(self.path)


def path_of(data_dir: Path, unit_id: str, talk: str) -> Path:
    """Where the file of a talk is, or would be."""
    return data_dir / "talks" / unit_id / f"{talk}.mkv"


def seal(path: Path) -> Kept:
    """Sync a file and hash it. Raises OSError."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        digest = hashlib.file_digest(file, "sha256")
        size = file.tell()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return Kept(size, digest.digest())


def is_whole(path: Path, sha256: bytes) -> bool:
    """Whether the file is there as it was sealed."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest() == sha256
    except OSError:
        return False


def packets_in(path: Path) -> int:
    """How many whole packets a file that was cut off has; 0 when it cannot be read."""
    try:
        return len(Reader().feed(path.read_bytes()))
    except (OSError, ProtocolError):
        return 0


def _cut(value: str) -> str:
    """At most as many bytes as a tag may have; a character is not cut in two."""
    return value.encode()[: matroska.MAX_TAG_BYTES].decode(errors="ignore")
