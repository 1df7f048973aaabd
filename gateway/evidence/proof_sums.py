"""SHA256SUMS: what an export says of every file beneath its folder, wherever that was put. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from gateway.errors import EvidenceUnreadable

SUMS = "SHA256SUMS"
SUMS_MAX = 100
SUMS_MAX_BYTES = 64 << 20
"""Of all of them together."""


@dataclass(frozen=True, slots=True)
class Sums:
    """One SHA256SUMS. name: its path; sha256: of itself, which stands for the whole export; files: what it says of
    each, in hex by path."""

    name: str
    sha256: bytes
    files: dict[str, str]


def folder_of(name: str) -> str:
    """Where a file lies, by its path."""
    return name.rpartition("/")[0]


def outermost(names: Iterable[str]) -> list[str]:
    """The sums that lie beneath no others': what is of that name beneath them is a file like any. Raises
    EvidenceUnreadable when there are too many."""
    folders = {folder_of(name): name for name in names if name.rpartition("/")[2] == SUMS}
    found = [name for folder, name in sorted(folders.items()) if above(name, folders) == folder]
    if len(found) > SUMS_MAX:
        raise EvidenceUnreadable(f"more than {SUMS_MAX} exports ({SUMS}) lie here; name a smaller folder")
    return found


def above(name: str, folders: Collection[str]) -> str | None:
    """The outermost of `folders` beneath which a file lies."""
    parts = name.split("/")
    ways = ("/".join(parts[:depth]) for depth in range(len(parts)))
    return next((way for way in ways if way in folders), None)


def parse(name: str, data: bytes) -> Sums:
    """What the SHA256SUMS at `name` says."""
    folder = name.removesuffix(SUMS)
    lines = (line.partition("  ") for line in data.decode("utf-8", "replace").split("\n") if line)
    return Sums(name, hashlib.sha256(data).digest(), {folder + path: value for value, _, path in lines})
