"""Where an export goes: a folder, or a zip that may be a stream. Every file is hashed as it is written."""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import IO

from gateway.clock import BEIJING
from gateway.evidence.places import sync_folder

COPY_BYTES = 1 << 20
SUMS = "SHA256SUMS"
FILE_MODE = 0o644


class Sink:
    """Takes files one after another, each once."""

    def __init__(self) -> None:
        self.sums: dict[str, bytes] = {}
        """SHA-256 by name."""

    def put(self, name: str, pieces: Iterable[bytes], size: int) -> int:
        """Write a file of `size` bytes; returns how many they were. Raises OSError."""
        assert name not in self.sums and not name.startswith("/") and ".." not in name.split("/"), name
        digest, written = hashlib.sha256(), 0
        with self._open(name, size) as file:
            for piece in pieces:
                digest.update(piece)
                file.write(piece)
                written += len(piece)
            self._written(file)
        self.sums[name] = digest.digest()
        return written

    def put_bytes(self, name: str, data: bytes) -> None:
        """Write a small file. Raises OSError."""
        self.put(name, [data], len(data))

    def put_file(self, name: str, path: Path) -> int:
        """Write what is in another file; returns its size. Raises OSError."""
        return self.put(name, pieces_of(path), path.stat().st_size)

    def close(self) -> bytes:
        """Write the sums of all files, last of all; returns the SHA-256 of them, which stands for the whole export."""
        lines = [f"{digest.hex()}  {name}\n" for name, digest in sorted(self.sums.items())]
        self.put_bytes(SUMS, "".join(lines).encode())
        self._close()
        return self.sums[SUMS]

    def drop(self) -> None:
        """It will not be whole: write nothing more."""

    def _open(self, name: str, size: int) -> IO[bytes]:
        raise NotImplementedError

    def _written(self, file: IO[bytes]) -> None:
        """A file is whole."""

    def _close(self) -> None:
        raise NotImplementedError


class Folder(Sink):
    """Files in a folder, each on the disk before the next begins: what is renamed at the end survives a power cut."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def _open(self, name: str, size: int) -> IO[bytes]:
        path = self._path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("xb")

    def _written(self, file: IO[bytes]) -> None:
        file.flush()
        os.fsync(file.fileno())

    def _close(self) -> None:
        for path in (*(one for one in self._path.rglob("*") if one.is_dir()), self._path):
            sync_folder(path)


class Zip(Sink):
    """A zip into `file`, which need not be seekable. Stored, not deflated: pictures do not get smaller, and the bytes
    stay as they were."""

    def __init__(self, file: IO[bytes], made_ms: int) -> None:
        super().__init__()
        self._archive = zipfile.ZipFile(file, "w", zipfile.ZIP_STORED)
        self._time = datetime.fromtimestamp(max(made_ms // 1000, 315_532_800), BEIJING).timetuple()[:6]

    def _open(self, name: str, size: int) -> IO[bytes]:
        info = zipfile.ZipInfo(name, self._time)
        info.file_size, info.external_attr = size, (0o100000 | FILE_MODE) << 16
        return self._archive.open(info, "w")

    def _close(self) -> None:
        self._archive.close()

    def drop(self) -> None:
        """Without its directory, which `ZipFile` would write when it is collected, nobody takes it for a whole one."""
        self._archive.fp = None


def pieces_of(path: Path) -> Iterator[bytes]:
    """A file in pieces. Raises OSError."""
    with path.open("rb") as file:
        while piece := file.read(COPY_BYTES):
            yield piece
