"""Which file is which manifest's. Pure.

Names do not say it: units choose the ids of their recordings themselves, so two may have chosen the same, and a file
may lie apart from its manifest.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from gateway.evidence.proof_files import ManifestFile, SegmentFile
from gateway.evidence.proof_sums import folder_of
from protocol.media import segment_name

STEPS = ((True, True), (True, False), (False, True), (False, False))
"""Whether it must be the file that was signed, and lie beside its manifest: one after another. What is left then for a
manifest without a file is its own, spoiled."""


def pair(
    manifests: Iterable[ManifestFile], files: Sequence[SegmentFile]
) -> tuple[dict[bytes, SegmentFile], list[SegmentFile]]:
    """The files by the digest of their manifests, and those that are no manifest's. What lies here twice, manifest and
    file, is no second file."""
    readable = [
        (one.manifest.digest(), segment_name(one.manifest.segment), one.manifest.sha256, folder_of(one.name))
        for one in manifests
        if one.manifest is not None
    ]
    found: dict[bytes, SegmentFile] = {}
    left = list(files)
    for signed, beside in STEPS:
        free: dict[tuple[str, bytes | None, str | None], list[SegmentFile]] = defaultdict(list)
        for file in left:
            key = file.stem, file.sha256 if signed else None, folder_of(file.name) if beside else None
            free[key].append(file)
        for digest, name, sha256, folder in readable:
            waiting = free.get((name, sha256 if signed else None, folder if beside else None))
            if waiting and (digest not in found or (signed and beside)):
                file = waiting.pop(0)
                found.setdefault(digest, file)
        left = [file for waiting in free.values() for file in waiting]
    return found, left
