"""Recordings as plain dicts of the shapes in `recording_schemas`."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise

from gateway.api.views import Json
from gateway.store.recording_register import Hold, RecordingRow
from gateway.store.recordings import SegmentRow
from protocol import manifest as wire
from protocol.manifest import Manifest

FLAGS = ((wire.CUT, "cut"), (wire.PRE_EVENT, "pre_event"), (wire.LAST, "last"), (wire.ALARMED, "alarmed"))
ABSENT_MAX = 1000
Range = tuple[int, int]


def recording(row: RecordingRow) -> Json:
    """A recording in a list."""
    ended = row.last_number is not None
    return {
        "unit_id": row.unit_id,
        "recording": row.recording,
        "court_id": row.court_id,
        "officer": row.officer,
        "case_no": row.case_no,
        "alarm_id": row.alarm_id.hex() if row.alarm_id is not None else None,
        "incident_ids": list(row.incident_ids),
        "from_ms": row.from_ms,
        "to_ms": row.to_ms,
        "heard_ms": row.heard_ms,
        "segments": row.segments,
        "sealed": row.sealed,
        "received_bytes": row.received_bytes,
        "ended": ended,
        "complete": row.last_number is not None and row.sealed == row.last_number + 1,
        "held": row.held,
        "deleted_ms": row.deleted_ms,
    }


def detail(
    row: RecordingRow,
    rows: Sequence[SegmentRow],
    ranges: Sequence[tuple[Sequence[Range], Sequence[Range]]],
    holds: Sequence[Hold],
) -> Json:
    """One recording; `ranges`: (what is there, what of it came live) of each segment."""
    have = {one.number for one in rows}
    last = row.last_number if row.last_number is not None else max(have, default=-1)
    absent = [number for number in range(min(last + 1, len(have) + ABSENT_MAX)) if number not in have]
    return {
        **recording(row),
        "parts": [_segment(one, *found) for one, found in zip(rows, ranges, strict=True)],
        "absent": absent[:ABSENT_MAX],
        "holds": [
            {
                "placed_ms": one.placed_ms,
                "placed_by": one.placed_by,
                "reason": one.reason,
                "released_ms": one.released_ms,
                "released_by": one.released_by,
                "release_reason": one.release_reason,
            }
            for one in holds
        ],
    }


def _segment(row: SegmentRow, held: Sequence[Range], live: Sequence[Range]) -> Json:
    manifest = Manifest.decode(row.manifest) if row.manifest is not None else None
    size = row.size if row.size is not None else max((end for _, end in held), default=0)
    return {
        "number": row.number,
        "state": row.state,
        "size": row.size,
        "received_bytes": sum(end - start for start, end in held),
        "ranges": spans(held, live, size) if row.state != "deleted" else [],
        "first_ms": row.first_ms,
        "last_ms": row.last_ms,
        "clock_quality": manifest.last.quality if manifest is not None else None,
        "boot": manifest.first.boot if manifest is not None else None,
        "first_mono_ms": manifest.first.mono_ms if manifest is not None else None,
        "last_mono_ms": manifest.last.mono_ms if manifest is not None else None,
        "first_heard_ms": row.first_heard_ms,
        "last_heard_ms": row.last_heard_ms,
        "sealed_ms": row.sealed_ms,
        "sha256": row.sha256.hex() if row.sha256 is not None else None,
        "key_id": row.key_id.hex() if row.key_id is not None else None,
        "seq": row.seq,
        "flags": [name for bit, name in FLAGS if manifest is not None and manifest.flags & bit],
        "dropped_pictures": manifest.dropped_pictures if manifest is not None else 0,
        "dropped_sounds": manifest.dropped_sounds if manifest is not None else 0,
        "marks_ms": list(manifest.marks or []) if manifest is not None else [],
        "foreign": row.foreign,
        "remote": row.remote is not None,
    }


def spans(held: Sequence[Range], live: Sequence[Range], size: int) -> list[Json]:
    """0 up to `size` in parts that came live, came later, or are missing."""
    edges = sorted({0, size, *(edge for one in (*held, *live) for edge in one if edge < size)})
    out: list[Json] = []
    for start, end in pairwise(edges):
        how = "live" if _in(live, start) else "backfilled" if _in(held, start) else "missing"
        if out and out[-1]["how"] == how:
            out[-1]["end"] = end
        else:
            out.append({"start": start, "end": end, "how": how})
    return out


def _in(ranges: Sequence[Range], at: int) -> bool:
    found = bisect_right(ranges, at, key=lambda one: one[0])
    return found > 0 and at < ranges[found - 1][1]
