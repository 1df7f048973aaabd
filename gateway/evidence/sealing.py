"""Making a whole segment final: its hash, the disk, its last name. Runs in threads, one segment in one at a time."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass

from gateway.evidence.places import Key, Places, sync_folder, write_whole
from protocol.blocks import MAX_HEAD_BYTES, Reader
from protocol.ebml import element_id
from protocol.errors import ProtocolError
from protocol.manifest import Manifest
from protocol.matroska import DURATION

_DURATION = element_id(DURATION) + b"\x88"


@dataclass(frozen=True, slots=True)
class Sealed:
    """It is on the disk under its last name. `foreign`: it does not begin as our units' files do."""

    foreign: bool


def seal(places: Places, key: Key, manifest: Manifest) -> Sealed | None:
    """Hash the file, and when that is the manifest's, put file and manifest on the disk for good; else None.

    The hash is made here, in one pass over what the kernel still has in memory, and not while bytes come in: every
    segment's Duration is written last and lies in its first block, so nothing hashed before would be of use. Killed
    anywhere, it can be done again. Raises OSError.
    """
    sealed, part = places.sealed(key), places.part(key)
    path = sealed if sealed.exists() else part
    with path.open("r+b") as file:
        if os.fstat(file.fileno()).st_size > manifest.size and path == part:
            file.truncate(manifest.size)  # bytes that came before anybody knew where it ends
        head = file.read(MAX_HEAD_BYTES)
        file.seek(0)
        if hashlib.file_digest(file, "sha256").digest() != manifest.sha256:
            return None
        os.fsync(file.fileno())
    write_whole(places.manifest(key), manifest.encode())
    if path == part:
        os.replace(part, sealed)
    sync_folder(places.folder(key))
    return Sealed(not _ours(head))


def unfinished(head: bytes) -> bool:
    """Whether Duration, which units fill in last and send again, is not filled in yet; head: the file's beginning."""
    at = head.find(_DURATION)
    return at >= 0 and head[at + len(_DURATION) : at + len(_DURATION) + 8] == bytes(8)


def _ours(head: bytes) -> bool:
    reader = Reader()
    try:
        reader.feed(head)
    except ProtocolError:
        return False
    return reader.whole_end > 0
