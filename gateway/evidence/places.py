"""Where evidence lies: `<root>/<unit>/<recording>/<recording>-<number>` with `.mkv.part` and `.ranges` while it grows,
`.mkv` and `.manifest` once it is sealed. So any folder of it is what `tipstaff verify` reads."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from protocol.errors import ProtocolError
from protocol.media import RECORDING_BYTES, segment_of

_BYTES = (".mkv", ".mkv.part", ".ranges")


class Key(NamedTuple):
    """A segment of a unit. `recording`: 8 bytes in hex."""

    unit_id: str
    recording: str
    number: int

    @classmethod
    def of(cls, unit_id: str, segment: bytes) -> Key:
        """From the 12 bytes of the wire."""
        return cls(unit_id, segment[:RECORDING_BYTES].hex(), int.from_bytes(segment[RECORDING_BYTES:], "big"))

    @property
    def name(self) -> str:
        """As in topics: `a1b2c3d4e5f60718-12`."""
        return f"{self.recording}-{self.number}"

    @property
    def segment(self) -> bytes:
        """The 12 bytes of the wire."""
        return bytes.fromhex(self.recording) + self.number.to_bytes(4, "big")


class Places:
    """Paths of everything that is kept of a segment."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def folder(self, key: Key) -> Path:
        """Of the recording."""
        return self.root / key.unit_id / key.recording

    def part(self, key: Key) -> Path:
        """The file while it grows."""
        return self.folder(key) / f"{key.name}.mkv.part"

    def ranges(self, key: Key) -> Path:
        """Its journal."""
        return self.folder(key) / f"{key.name}.ranges"

    def sealed(self, key: Key) -> Path:
        """The file once it is whole."""
        return self.folder(key) / f"{key.name}.mkv"

    def manifest(self, key: Key) -> Path:
        """As the unit sent it; stays when the file was moved or deleted."""
        return self.folder(key) / f"{key.name}.manifest"

    def growing(self) -> Iterator[Key]:
        """All segments that are not sealed."""
        return self._all(".mkv.part")

    def sealed_here(self) -> Iterator[Key]:
        """All segments that are sealed, and whose file is here."""
        return self._all(".mkv")

    def here(self, unit_id: str, recording: str) -> list[Key]:
        """The segments of a recording of which anything but the manifest is here."""
        folder = self.root / unit_id / recording
        return sorted({key for suffix in _BYTES for key in _keys(folder.glob(f"*{suffix}"), suffix)})

    def _all(self, suffix: str) -> Iterator[Key]:
        return _keys(self.root.glob(f"*/*/*{suffix}"), suffix)


def _keys(paths: Iterable[Path], suffix: str) -> Iterator[Key]:
    for path in paths:
        try:
            yield Key.of(path.parent.parent.name, segment_of(path.name.removesuffix(suffix)))
        except ProtocolError:
            continue  # not one of ours


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_whole(path: Path, data: bytes) -> None:
    """A small file, whole or not at all, on the disk when this returns (but for its name: `sync_folder`)."""
    new = path.with_name(path.name + ".new")
    with new.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(new, path)
