"""What an export says of itself, for programs: `export.json`. The pages are made of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from gateway.evidence.derive import Master, utc_ms
from gateway.evidence.proof import Verdict
from protocol.manifest import Manifest
from protocol.media import RECORDING_BYTES, segment_name

if TYPE_CHECKING:
    from gateway.evidence.export import Order


def place_in_chain(manifest: Manifest) -> tuple[bytes, int, bytes]:
    """By key, then by place: the order in which an export tells of segments."""
    return manifest.key_id, manifest.seq, manifest.segment


class Layout:
    """Where the segments of these manifests lie in an export: in a folder that is called after their recording, and
    after the unit too where two units have chosen the same id."""

    def __init__(self, manifests: Iterable[Manifest]) -> None:
        units: dict[bytes, set[str]] = defaultdict(set)
        for one in manifests:
            units[one.segment[:RECORDING_BYTES]].add(one.unit)
        self._shared = {recording for recording, found in units.items() if len(found) > 1}

    def recording(self, manifest: Manifest) -> str:
        """What its recording is called."""
        recording = manifest.segment[:RECORDING_BYTES]
        return f"{manifest.unit}-{recording.hex()}" if recording in self._shared else recording.hex()

    def stem(self, manifest: Manifest) -> str:
        """Where a segment's files are, without their suffix."""
        return f"recordings/{self.recording(manifest)}/{segment_name(manifest.segment)}"


def index_of(order: Order, copies: Sequence[dict[str, Any]], verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """The whole of it. Of a disclosure copy nothing but what it discloses."""
    masters = sorted(order.masters, key=lambda one: place_in_chain(one.manifest))
    disclosed = order.discloses
    return {
        "title": order.title,
        "made_by": order.made_by,
        "made_ms": order.made_ms,
        "reason": order.reason,
        "disclosure": disclosed,
        "facts": dict(order.facts),
        "timeline": [] if disclosed else [dict(entry) for entry in order.timeline],
        "files": [] if disclosed else sorted(order.files),
        "absent": list(order.left_out),
        "segments": [_plain(master) for master in masters],
        "copies": list(copies),
        "proof": [
            {
                "segment": one.name,
                "ok": not one.faults,
                "faults": [f"{fault.code}: {fault.message}" for fault in one.faults],
            }
            for one in verdicts
        ],
    }


def _plain(master: Master) -> dict[str, Any]:
    manifest = master.manifest
    return {
        "segment": segment_name(manifest.segment),
        "unit": manifest.unit,
        "case_no": manifest.case_no,
        "seq": manifest.seq,
        "size": manifest.size,
        "sha256": manifest.sha256.hex(),
        "previous": manifest.previous.hex(),
        "key_id": manifest.key_id.hex(),
        "flags": manifest.flags,
        "first_ms": utc_ms(manifest.first),
        "last_ms": utc_ms(manifest.last),
        "quality": manifest.first.quality,
        "heard_ms": master.heard_ms,
        "sealed_ms": master.sealed_ms,
    }
