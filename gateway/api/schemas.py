"""The JSON of the API: what is answered. Times are integer UTC milliseconds, positions WGS-84 degrees.

`views` makes the same shapes as plain dicts for the live WebSocket, where validation would cost too much; a test
holds the two together.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

CourtLevel = Literal["high", "intermediate", "basic"]
RoleName = Literal["admin", "dispatcher", "court", "viewer"]
OfferState = Literal["open", "declined", "expired", "withdrawn", "accepted"]
TimerName = Literal["offer", "accept", "en_route", "welfare", "page", "auto_offer"]


class Person(BaseModel):
    """Somebody who is signed in."""

    login: str
    name: str
    role: RoleName
    court_id: str | None = Field(
        description="The court whose units, and those below it, this person sees; null: all."
    )


class Session(BaseModel):
    """A running session."""

    user: Person
    csrf: str = Field(description="Send it as X-CSRF-Token with every POST, PUT and DELETE.")
    expires_ms: int = Field(description="The session ends then, whatever is done.")


class Court(BaseModel):
    """A court that can send officers."""

    court_id: str
    name: str
    level: CourtLevel
    parent_id: str | None
    lat: float
    lon: float
    on_duty: bool
    placeholder: bool = Field(description="The position is a guess that nobody has confirmed.")
    source: str = Field(description="Where the position was read.")


class Fix(BaseModel):
    """A position."""

    lat: float
    lon: float
    accuracy_m: float | None = Field(description="Radius, metres; null when the receiver did not say.")
    speed_m_s: float | None
    course_deg: float | None = Field(description="Degrees from true north.")
    quality: int = Field(description="GGA quality: 0 none, 1 GNSS, 2 DGPS, 4 RTK, 5 float, 6 estimated.")
    taken_ms: int | None = Field(description="The unit's own time of it; null when its clock was not set.")
    received_ms: int = Field(description="The gateway's time of its arrival.")
    at_ms: int = Field(
        description="The time by which it ages: `taken_ms` if it can be believed, else arrival."
    )
    fault: str | None = Field(
        description="`future`: its own time cannot be believed; null: nothing is wrong."
    )


class Unit(BaseModel):
    """A body-worn unit as it is known now."""

    unit_id: str
    court_id: str
    officer: str
    case_no: str | None
    online: bool
    seen_ms: int | None = Field(description="When it was last heard; null: never.")
    fix: Fix | None
    battery_pct: int | None
    charging: bool
    signal_dbm: int | None
    network: str | None
    storage_free_bytes: int | None
    storage_total_bytes: int | None
    recording: bool
    picture: Literal["ok", "black", "covered", "frozen", "blurred"] | None = Field(
        description="What its camera shows; null: no live picture was looked at in the last 30 s."
    )
    watched_by: int = Field(description="How many watch it live now.")
    speaker: Literal["none", "plays", "silent"] = Field(
        description="What would happen to speech; `silent`: only what is said aloud by the second key is played."
    )
    firmware: str | None
    clock_quality: int = Field(description="0 none, 1 own clock, 2 network, 3 GNSS.")
    clock_offset_ms: int | None = Field(
        description="Its clock less ours when its last State arrived, the time on the way included; null: not set."
    )
    uptime_s: int | None = Field(description="Seconds since its start, as of its last State.")
    boot: int | None = Field(description="How often it was started; null: never heard.")
    last_error: str | None = Field(description="Of the last task that was restarted.")
    dropped: int = Field(description="Positions, events and journal records lost since its start.")
    revoked: bool
    certificate_ends_ms: int | None = Field(description="When brokers refuse its certificate.")
    incident_id: str | None = Field(description="The open incident of this unit.")
    counters: dict[str, int] = Field(description="What the unit dropped or repeated, by name.")


class HandOverProposal(BaseModel):
    """A dispatcher was asked to go on with the incident and has not taken it yet."""

    to_login: str
    to_name: str
    by: str
    at_ms: int
    note: str


class CentreSide(BaseModel):
    """Who at the centre took notice of the incident, and who has it in hand."""

    acknowledged_by: str | None
    acknowledged_ms: int | None
    handler: str | None = Field(
        description="Who has it in hand: who acknowledged it, until somebody took it over."
    )
    handler_login: str | None = Field(description="Null also where an older log does not say it.")
    handler_ms: int | None
    handover: HandOverProposal | None = Field(
        description="Proposed and not taken yet; the handler still has it."
    )


class Candidate(BaseModel):
    """A court in the ranking, which is frozen once it has been made."""

    rank: int
    court_id: str
    name: str
    level: CourtLevel
    lat: float
    lon: float
    distance_m: float | None = Field(
        description="Geodesic, metres; null: asked by a person from outside the ranking."
    )
    eta_s: int | None
    on_duty: bool
    why: str
    offer: OfferState | None


class Told(BaseModel):
    """What the officer's unit was told, and when the officer felt it."""

    status: int = Field(
        description="1 stored, 2 acknowledged, 3 on the way, 4 nobody yet, 5 arrived, 6 closed."
    )
    seq: int
    at_ms: int
    felt_ms: int | None


class Closed(BaseModel):
    """Who closed the incident, and why."""

    by: str
    reason: str
    at_ms: int


class TimelineEntry(BaseModel):
    """One row of the incident's log."""

    seq: int
    at_ms: int
    event: str
    by: str | None
    facts: dict[str, Any] = Field(
        description="What happened and what the step was decided on; docs/api.md has the keys."
    )


class Hint(BaseModel):
    """The newest position of the officer, and the ranking that it would give. It decides nothing by itself."""

    at_ms: int
    unit_id: str
    fix: Fix | None
    fix_confidence: Literal["good", "coarse", "stale", "none"]
    why: str = Field(description="What the position is worth, in words.")
    followed: bool = Field(
        description="The next offers go by it: the first ranking came from a worse position."
    )
    candidates: list[Candidate] = Field(description="`offer` is always null here.")


class Attachment(BaseModel):
    """A file that belongs to the incident."""

    attachment_id: str
    name: str
    media_type: str
    size_bytes: int
    sha256: str = Field(description="Of its bytes, hexadecimal.")
    by: str
    at_ms: int


class Incident(BaseModel):
    """An incident: everything needed to see who does what next."""

    incident_id: str = Field(examples=["I-20261124-0007"])
    version: int = Field(description="Raised by every change; send it back to change only what you saw.")
    state: str
    centre: CentreSide
    kind: str
    test: bool
    duress: bool
    unit_id: str
    officer: str
    court_id: str | None
    court_name: str | None
    case_no: str | None
    opened_ms: int
    pressed_ms: int | None
    pressed_quality: int = Field(
        description="Of the clock behind `pressed_ms`: 0 none, 1 own, 2 network, 3 GNSS."
    )
    alarm_count: int
    fix: Fix | None
    fix_age_s: float | None
    fix_confidence: Literal["good", "coarse", "stale", "none"]
    candidates: list[Candidate]
    hint: Hint | None = Field(description="What the officer's newest position would give.")
    owner_court_id: str | None
    owner_name: str | None
    owner_by: str | None
    eta_s: int | None
    deadline_ms: int | None = Field(description="When the running timer fires.")
    timer: TimerName | None
    told: list[Told]
    closed: Closed | None
    merged_into: str | None
    near: list[str] = Field(description="Open incidents of other officers close by: perhaps the same event.")
    attachments: list[Attachment]
    timeline: list[TimelineEntry]


class ShiftCheck(BaseModel):
    """What a person found at the start of a shift."""

    at_ms: int
    sound: bool
    light: bool
    device: str | None = Field(description="The loudspeaker that was heard; null: the system's own.")
    note_seen: int | None = Field(description="The newest note that was read.")


class ShiftNote(BaseModel):
    """What one shift left to the next."""

    note_id: int
    at_ms: int
    login: str
    name: str
    court_id: str | None = Field(description="The author's; null: of all courts.")
    text: str
    seen_by: list[str] = Field(description="Names of who has read it, the first first; at most 50.")
    seen: bool = Field(description="You wrote it, or have read it.")


class Shift(BaseModel):
    """A person's shift as it is now."""

    last_check: ShiftCheck | None
    notes: list[ShiftNote] = Field(description="The newest 20, newest first.")
    open_incidents: int = Field(description="Of those that you see.")


class Colleague(BaseModel):
    """Somebody to whom an incident can be handed over."""

    login: str
    name: str
    role: RoleName
    court_id: str | None
    live: bool = Field(description="Has a console open now.")


class Colleagues(BaseModel):
    """Those to whom you can hand over, those with an open console first."""

    items: list[Colleague]


class CourtPage(BaseModel):
    """A page of courts, by court id."""

    items: list[Court]
    next: str | None = Field(description="Cursor of the next page; null: this is the last.")


class UnitPage(BaseModel):
    """A page of units, by unit id."""

    items: list[Unit]
    next: str | None = Field(description="Cursor of the next page; null: this is the last.")


class ReplayUnit(BaseModel):
    """A unit in a replay, with its positions, oldest first."""

    unit_id: str
    officer: str
    court_id: str
    member: bool = Field(description="Its officer belongs to the incident; else it was within 5 km.")
    fixes: list[tuple[int, float, float, float | None, float | None, float | None]] = Field(
        description="[at_ms, lat, lon, accuracy_m, speed_m_s, course_deg]"
    )


class Replay(BaseModel):
    """The map over the time of an incident."""

    from_ms: int
    to_ms: int
    thinned: bool = Field(description="There were more positions than are told: they are thinned evenly.")
    units: list[ReplayUnit]
    events: list[TimelineEntry]


class IncidentPage(BaseModel):
    """A page of incidents, newest first."""

    items: list[Incident]
    next: str | None = Field(description="Cursor of the next page; null: this is the last.")


class Track(BaseModel):
    """Positions of a unit, oldest first."""

    items: list[Fix]
    truncated: bool = Field(description="There were more: these are the newest. Ask for a shorter time.")
    next: None = Field(default=None, description="Always null: a track has no pages.")


class Health(BaseModel):
    """How the gateway is. Without a session only `ok` is answered."""

    ok: bool
    version: str | None = None
    now_ms: int | None = None
    started_ms: int | None = None
    broker: dict[str, Any] | None = None
    database: dict[str, Any] | None = None
    ingest: dict[str, Any] | None = None
    queues: dict[str, Any] | None = None
    clock: dict[str, Any] | None = Field(
        default=None,
        description="`stepped_ms`: how far the wall clock was moved since the start; `synchronized`: whether a "
        "time service keeps it right, null when that is not known; `problem` in words.",
    )
    map: dict[str, Any] | None = Field(
        default=None, description="Only with Tianditu: why its last tile failed, in `problem`."
    )
    subscribers: int | None = Field(default=None, description="Open live connections.")
