"""What lies in a folder or a zip of evidence: segments, manifests, keys, and what an export's sums say of the rest.

Read as it is; nothing is unpacked.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from gateway.errors import EvidenceUnreadable
from gateway.evidence.proof_keys import KEY_MAX_BYTES, KEY_SUFFIX, number_of, owner_of, public_key
from protocol.errors import ProtocolError
from protocol.fields import MAX_MESSAGE_BYTES
from protocol.manifest import Manifest
from protocol.media import segment_of

SEGMENT_SUFFIX = ".mkv"
MANIFEST_SUFFIXES = (".manifest", ".tip", ".ok")  # of an export; of a unit's card, not yet and already stored
SUMS = "SHA256SUMS"
SUMS_MAX_BYTES = 64 << 20
FILES_MAX = 200_000
READ_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class SegmentFile:
    """A segment's file as it lies there: `name` is its path inside."""

    name: str
    size: int
    sha256: bytes

    @property
    def stem(self) -> str:
        """The segment's name, if it has the name of one."""
        return PurePosixPath(self.name).stem


@dataclass(frozen=True, slots=True)
class ManifestFile:
    """A manifest as it lies there; `manifest` None: it cannot be read, and `problem` says why."""

    name: str
    manifest: Manifest | None
    problem: str | None


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that was found. `keys` by their id, and `owners`: the units that a key's files are named after; others: what
    is wrong with further files, as code and message."""

    segments: list[SegmentFile] = field(default_factory=list)
    manifests: list[ManifestFile] = field(default_factory=list)
    keys: dict[bytes, Ed25519PublicKey] = field(default_factory=dict)
    others: dict[str, tuple[str, str]] = field(default_factory=dict)
    owners: dict[bytes, set[str]] = field(default_factory=dict)


class _Folder:
    def __init__(self, path: Path) -> None:
        self._path = path

    def names(self) -> list[str]:
        return sorted(
            one.relative_to(self._path).as_posix() for one in self._path.rglob("*") if one.is_file()
        )

    def open(self, name: str) -> IO[bytes]:
        return (self._path / name).open("rb")


class _Zip:
    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive

    def names(self) -> list[str]:
        return sorted(one.filename for one in self._archive.infolist() if not one.is_dir())

    def open(self, name: str) -> IO[bytes]:
        return self._archive.open(name)


@contextmanager
def _opened(path: Path) -> Iterator[_Folder | _Zip]:
    if path.is_dir():
        yield _Folder(path)
        return
    try:
        with zipfile.ZipFile(path) as archive:
            yield _Zip(archive)
    except zipfile.BadZipFile:
        raise EvidenceUnreadable(
            f"{path}: is neither a folder nor a zip; name the one that it lies in"
        ) from None


def gather(path: Path, *, with_keys: bool = True) -> Evidence:
    """Everything in `path`, hashed; without the keys that lie there when they are not to be believed.

    Raises EvidenceUnreadable when there is nothing of ours, too much, or it cannot be read.
    """
    found = Evidence()
    try:
        with _opened(path) as source:
            names = source.names()
            if len(names) > FILES_MAX:
                raise EvidenceUnreadable(f"{path}: more than {FILES_MAX:,} files; name a smaller folder")
            sums = _sums(source) if SUMS in names else {}
            for name in names:
                _take(name, source, sums, found, with_keys)
            for name in sums.keys() - set(names):
                if Path(name).suffix not in (SEGMENT_SUFFIX, *MANIFEST_SUFFIXES):
                    found.others[name] = ("missing", f"{SUMS} names it, and it is not here")
    except (OSError, zipfile.BadZipFile, RuntimeError) as error:  # RuntimeError: an encrypted member
        raise EvidenceUnreadable(f"{path}: {getattr(error, 'strerror', None) or error}") from None
    if not found.segments and not found.manifests:
        raise EvidenceUnreadable(f"{path}: there are no segments (*{SEGMENT_SUFFIX}) and no manifests in it")
    return found


def _take(
    name: str, source: _Folder | _Zip, sums: Mapping[str, str], found: Evidence, with_keys: bool
) -> None:
    """One file."""
    stem, suffix = Path(name).stem, Path(name).suffix
    with source.open(name) as file:
        if suffix in MANIFEST_SUFFIXES:
            found.manifests.append(_manifest(name, file.read(MAX_MESSAGE_BYTES + 1)))
        elif suffix == SEGMENT_SUFFIX and (name not in sums or _is_segment(stem)):
            found.segments.append(_hashed(name, file))
        elif suffix == KEY_SUFFIX and with_keys:
            _key(name, stem, file.read(KEY_MAX_BYTES), found)
        elif name in sums and _hashed(name, file).sha256.hex() != sums[name]:
            found.others[name] = ("changed", f"it is not the file that {SUMS} names")


def _key(name: str, stem: str, pem: bytes, found: Evidence) -> None:
    """A unit's key, and whose it is said to be."""
    try:
        key = public_key(name, pem)
    except EvidenceUnreadable as error:
        found.others[name] = ("unreadable", str(error))
        return
    try:
        owner = owner_of(stem, key)
    except EvidenceUnreadable as error:
        found.others[name] = ("wrong_key", str(error))
        return
    found.keys[number_of(key)] = key
    if owner is not None:
        found.owners.setdefault(number_of(key), set()).add(owner)


def _sums(source: _Folder | _Zip) -> dict[str, str]:
    """What an export says of its files: the SHA-256 by name."""
    with source.open(SUMS) as file:
        text = file.read(SUMS_MAX_BYTES).decode("utf-8", "replace")
    return {name: value for value, _, name in (line.partition("  ") for line in text.splitlines())}


def folder_of(name: str) -> str:
    """Where a file lies, by its path inside."""
    return name.rpartition("/")[0]


def _is_segment(stem: str) -> bool:
    """Whether a file of this name is a segment's; an export has other sound, too."""
    try:
        return bool(segment_of(stem))
    except ProtocolError:
        return False


def _hashed(name: str, file: IO[bytes]) -> SegmentFile:
    digest, size = hashlib.sha256(), 0
    while piece := file.read(READ_BYTES):
        digest.update(piece)
        size += len(piece)
    return SegmentFile(name, size, digest.digest())


def _manifest(name: str, data: bytes) -> ManifestFile:
    try:
        manifest = Manifest.decode(data)
    except ProtocolError as error:
        return ManifestFile(name, None, str(error))
    if manifest.encode() != data:
        return ManifestFile(name, None, "something was added to it that its unit did not sign")
    return ManifestFile(name, manifest, None)
