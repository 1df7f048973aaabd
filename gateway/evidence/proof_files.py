"""What lies in a folder or a zip of evidence: segments, manifests, keys, and what an export's sums say of the rest.

Read as it is; nothing is unpacked.
"""

from __future__ import annotations

import hashlib
import lzma
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from gateway.errors import EvidenceUnreadable
from gateway.evidence.proof_keys import (
    KEY_MAX_BYTES,
    KEY_SUFFIX,
    is_named,
    number_of,
    owner_of,
    public_key,
)
from gateway.evidence.proof_sums import SUMS, SUMS_MAX_BYTES, Sums, above, outermost, parse
from protocol.errors import ProtocolError
from protocol.fields import MAX_MESSAGE_BYTES
from protocol.manifest import Manifest
from protocol.media import segment_of

SEGMENT_SUFFIX = ".mkv"
MANIFEST_SUFFIXES = (".manifest", ".tip", ".ok")  # of an export; of a unit's card, not yet and already stored
KINDS = (SEGMENT_SUFFIX, *MANIFEST_SUFFIXES, KEY_SUFFIX)
FILES_MAX = 200_000
SPOILED = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, RuntimeError, ValueError)
"""What a zip raises: RuntimeError for a member that is encrypted or packed in a way that nobody knows, ValueError for a
name that is no text."""
LEFT_BY_SYSTEMS = re.compile(r"(.*/)?(__MACOSX/.*|\._[^/]*|\.DS_Store|Thumbs\.db|desktop\.ini)")
"""What macOS and Windows put into folders, cards and zips that somebody looked at: none of it is evidence."""
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
        return PurePosixPath(self.name.lower()).stem


@dataclass(frozen=True, slots=True)
class ManifestFile:
    """A manifest as it lies there; `manifest` None: it cannot be read, and `problem` says why."""

    name: str
    manifest: Manifest | None
    problem: str | None


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that was found. `keys` by their id, and `owners`: the units that a key's files are named after; others: what
    is wrong with files, as code and message by their path; unchecked: files of which no sums speak, and that are none
    of ours."""

    segments: list[SegmentFile] = field(default_factory=list)
    manifests: list[ManifestFile] = field(default_factory=list)
    keys: dict[bytes, Ed25519PublicKey] = field(default_factory=dict)
    others: dict[str, tuple[str, str]] = field(default_factory=dict)
    owners: dict[bytes, set[str]] = field(default_factory=dict)
    sums: list[Sums] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)

    def wrong(self, name: str, code: str, message: str) -> None:
        """Say what is wrong with a file, unless something is said of it already."""
        self.others.setdefault(name, (code, message))


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
    """Old Windows writes `\\` into the names."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._own = {one.filename.replace("\\", "/"): one for one in archive.infolist()}

    def names(self) -> list[str]:
        names = (one.replace("\\", "/") for one in self._archive.namelist())
        return sorted(name for name in names if not name.endswith("/"))

    def open(self, name: str) -> IO[bytes]:
        return self._archive.open(self._own[name])


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
            found.sums.extend(_sums(source, names))
            for name, count in Counter(names).items():
                _take(name, source, above(name, found.sums), found, with_keys)
                if count > 1:
                    found.wrong(name, "doubled", "the zip has it more than once")
            _miss(set(names), found)
    except (OSError, *SPOILED) as error:
        raise EvidenceUnreadable(f"{path}: {getattr(error, 'strerror', None) or error}") from None
    if not found.segments and not found.manifests and not found.sums:
        raise EvidenceUnreadable(f"{path}: there are no segments (*{SEGMENT_SUFFIX}) and no manifests in it")
    return found


def _take(name: str, source: _Folder | _Zip, sums: Sums | None, found: Evidence, with_keys: bool) -> None:
    """One file, and the sums beneath which it lies. What they name is ours only with a name that we give."""
    if sums is not None and name == sums.name:
        return
    if LEFT_BY_SYSTEMS.fullmatch(name) and (sums is None or name not in sums.files):
        found.unchecked.append(name)
        return
    stem, kind = PurePosixPath(name).stem, PurePosixPath(name.lower()).suffix
    named = sums.files.get(name) if sums is not None else None
    ours = is_named(stem) if kind == KEY_SUFFIX else _is_segment(stem.lower())
    if kind not in KINDS or (named is not None and not ours) or (kind == KEY_SUFFIX and not with_keys):
        if sums is None:
            found.unchecked.append(name)
            return
        kind = ""
    with source.open(name) as file:
        if kind in MANIFEST_SUFFIXES:
            data = file.read(MAX_MESSAGE_BYTES + 1)
            found.manifests.append(_manifest(name, data))
            sha256 = hashlib.sha256(data).digest()
        elif kind == KEY_SUFFIX:
            data = file.read(KEY_MAX_BYTES)
            _key(name, stem, data, found)
            sha256 = hashlib.sha256(data).digest()
        else:
            hashed = _hashed(name, file)
            sha256 = hashed.sha256
            if kind == SEGMENT_SUFFIX:
                found.segments.append(hashed)
    if sums is not None and named is None:
        found.wrong(name, "added", f"{SUMS} does not name it")
    elif named is not None and sha256.hex() != named:
        found.wrong(name, "changed", f"it is not the file that {SUMS} names")


def _miss(here: set[str], found: Evidence) -> None:
    """What the sums name and is not here; segments that have a manifest are missed by that."""
    sealed = {one.name.rpartition(".")[0] for one in found.manifests if one.manifest is not None}
    for name in sorted(name for one in found.sums for name in one.files.keys() - here):
        stem, _, suffix = name.rpartition(".")
        if stem not in sealed or f".{suffix}" != SEGMENT_SUFFIX:
            found.wrong(name, "missing", f"{SUMS} names it, and it is not here")


def _key(name: str, stem: str, pem: bytes, found: Evidence) -> None:
    """A unit's key, and whose it is said to be."""
    try:
        key = public_key(name, pem)
    except EvidenceUnreadable as error:
        found.wrong(name, "unreadable", str(error))
        return
    try:
        owner = owner_of(stem, key)
    except EvidenceUnreadable as error:
        found.wrong(name, "wrong_key", str(error))
        return
    found.keys[number_of(key)] = key
    if owner is not None:
        found.owners.setdefault(number_of(key), set()).add(owner)


def _sums(source: _Folder | _Zip, names: list[str]) -> Iterator[Sums]:
    """What exports say of their files."""
    left = SUMS_MAX_BYTES
    for name in outermost(names):
        with source.open(name) as file:
            data = file.read(left + 1)
        left -= len(data)
        if left < 0:
            raise EvidenceUnreadable(f"{name}: more than {SUMS_MAX_BYTES >> 20} MiB; name a smaller folder")
        yield parse(name, data)


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
