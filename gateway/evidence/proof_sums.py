"""SHA256SUMS: what an export says of every file beneath its folder, wherever that was put. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from gateway.errors import EvidenceUnreadable

SUMS = "SHA256SUMS"
SUMS_MAX = 100
NAMES_MAX = 200_000
"""Files that one of them names."""
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
    found: list[str] = []
    for way in sorted(name.removesuffix(SUMS) for name in names if name.rpartition("/")[2] == SUMS):
        if not found or not way.startswith(found[-1]):  # what lies beneath a folder is sorted behind it
            found.append(way)
    if len(found) > SUMS_MAX:
        raise EvidenceUnreadable(f"more than {SUMS_MAX} exports ({SUMS}) lie here; name a smaller folder")
    return [way + SUMS for way in found]


def above(name: str, sums: Iterable[Sums]) -> Sums | None:
    """That of which a file lies beneath."""
    return next((one for one in sums if name.startswith(one.name.removesuffix(SUMS))), None)


def parse(name: str, data: bytes) -> Sums:
    """What the SHA256SUMS at `name` says. Raises EvidenceUnreadable when that is too much."""
    if data.count(b"\n") > NAMES_MAX:
        raise EvidenceUnreadable(f"{name}: names more than {NAMES_MAX:,} files; name a smaller folder")
    folder = name.removesuffix(SUMS)
    lines = (line.partition("  ") for line in data.decode("utf-8", "replace").split("\n") if line)
    return Sums(name, hashlib.sha256(data).digest(), {folder + path: value for value, _, path in lines})
