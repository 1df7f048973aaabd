"""The JSON of recordings. Times are integer UTC milliseconds, offsets and sizes bytes."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

SegmentState = Literal["growing", "wanted", "sealed", "deleted"]


class Recording(BaseModel):
    """A recording of a unit."""

    unit_id: str
    recording: str = Field(description="16 hex digits; together with `unit_id` it names the recording.")
    court_id: str
    officer: str = Field(description="Who wore the unit when it began.")
    case_no: str | None
    alarm_id: str | None = Field(description="An alarm was open while it was made; hex.")
    incident_ids: list[str] = Field(
        description="Incidents that it belongs to: by alarm, or by unit and time."
    )
    from_ms: int = Field(description="The unit's own time where it knew it, else ours.")
    to_ms: int
    heard_ms: int = Field(description="When the last of it came; retention counts from here.")
    segments: int
    sealed: int = Field(description="How many of them are whole and proven.")
    received_bytes: int
    ended: bool = Field(description="The unit has said which segment is the last.")
    complete: bool = Field(description="Every segment up to the last one is sealed.")
    held: bool
    deleted_ms: int | None = Field(description="Its time was over; manifests and this entry stay.")


class RecordingPage(BaseModel):
    """Recordings, newest first."""

    items: list[Recording]
    next: str | None = Field(description="Give it back as `cursor`; null at the end.")


class ByteRange(BaseModel):
    """`start` up to, but not with, `end`."""

    start: int
    end: int
    how: Literal["live", "backfilled", "missing"]


class Segment(BaseModel):
    """One file of a recording."""

    number: int
    state: SegmentState
    size: int | None = Field(description="Null until its manifest came.")
    received_bytes: int
    ranges: list[ByteRange] = Field(description="Without gaps, in order; while it grows up to its last byte.")
    first_ms: int | None = Field(description="The unit's UTC; null when it did not know the time.")
    last_ms: int | None
    clock_quality: int | None = Field(description="0 none, 1 RTC, 2 network, 3 GNSS.")
    boot: int | None = Field(description="Of the unit; segments of one boot are apart by `first_mono_ms`.")
    first_mono_ms: int | None = Field(description="The unit's monotonic time, which never steps.")
    last_mono_ms: int | None
    first_heard_ms: int
    last_heard_ms: int
    sealed_ms: int | None
    sha256: str | None
    key_id: str | None
    seq: int | None = Field(description="Place in the chain of its key.")
    flags: list[Literal["cut", "pre_event", "last", "alarmed"]]
    dropped_pictures: int
    dropped_sounds: int
    marks_ms: list[int] = Field(description="Since its first block.")
    foreign: bool = Field(description="Not a file that our units write: kept, but not played.")
    remote: bool = Field(description="It is in the object store, no longer here.")


class HoldEntry(BaseModel):
    """Somebody kept the recording from being deleted."""

    placed_ms: int
    placed_by: str
    reason: str
    released_ms: int | None
    released_by: str | None
    release_reason: str | None


class RecordingDetail(Recording):
    """One recording with everything that is known of it."""

    parts: list[Segment]
    absent: list[int] = Field(description="Numbers of segments of which nothing came; at most 1,000.")
    holds: list[HoldEntry]


class ProofFault(BaseModel):
    """One thing that is wrong, as `tipstaff verify` names it."""

    code: str
    message: str


class SegmentProof(BaseModel):
    """Whether a segment is what the unit recorded, by its bytes as they are now."""

    number: int
    ok: bool
    faults: list[ProofFault]


class Proof(BaseModel):
    """The proof of a recording. `unproven`: segments without a manifest, of which nothing can be said yet."""

    ok: bool
    checked_ms: int
    segments: list[SegmentProof]
    unproven: list[int]
