"""The nouns that all parts of the gateway share. Frozen; no behaviour but reading.

Times named `*_ms` are UTC milliseconds since 1970 unless the name says `mono`. Positions are WGS-84 in
1e-7 degrees (`*_e7`); `lat` and `lon` give the same in degrees.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum


class Level(StrEnum):
    """The level of a court."""

    HIGH = "high"
    INTERMEDIATE = "intermediate"
    BASIC = "basic"


class Role(StrEnum):
    """What a person may do (the API's table of rights is in `gateway/api`)."""

    ADMIN = "admin"
    DISPATCHER = "dispatcher"
    COURT = "court"
    VIEWER = "viewer"


@dataclass(frozen=True, slots=True)
class Court:
    """A court that can send officers. `court_id` is ASCII, 1-16 of A-Z a-z 0-9 - _ ; `placeholder`: its
    position is a guess that nobody has confirmed; `source`: where the position was read."""

    court_id: str
    name: str
    level: Level
    parent_id: str | None
    lat_e7: int
    lon_e7: int
    on_duty: bool = True
    placeholder: bool = False
    source: str = ""

    @property
    def lat(self) -> float:
        """Degrees north."""
        return self.lat_e7 / 1e7

    @property
    def lon(self) -> float:
        """Degrees east."""
        return self.lon_e7 / 1e7


@dataclass(frozen=True, slots=True)
class Unit:
    """A body-worn unit as registered. `cancel_code`: the number of short presses by which this officer
    withdraws an alarm honestly; any other number means duress. `known` is False for a unit that is in
    no register and was heard all the same. `certificate_ends_ms`: when brokers refuse its certificate."""

    unit_id: str
    court_id: str
    officer: str = ""
    cancel_code: int = 3
    registered_ms: int = 0
    revoked_ms: int | None = None
    generation: int = 0
    serial_hex: str = ""
    known: bool = True
    certificate_ends_ms: int | None = None

    @property
    def revoked(self) -> bool:
        return self.revoked_ms is not None


@dataclass(frozen=True, slots=True)
class Fix:
    """A position with both times side by side: `taken_ms` is the unit's own, None when its clock was not
    set; `received_ms` is ours. `mono_ms` and `boot` order the fixes of one unit whatever the clocks say.
    `clock_quality`: 0 none, 1 RTC, 2 network, 3 GNSS. `quality`: the GGA digit, 0 no fix. `fault`: why the
    position must not be used ("null_island", "no_fix") or its time not be believed ("future"), or None."""

    lat_e7: int
    lon_e7: int
    accuracy_dm: int | None
    speed_cm_s: int | None
    course_cdeg: int | None
    altitude_dm: int | None
    satellites: int
    quality: int
    taken_ms: int | None
    clock_quality: int
    mono_ms: int
    boot: int
    received_ms: int
    fault: str | None = None

    @property
    def lat(self) -> float:
        """Degrees north."""
        return self.lat_e7 / 1e7

    @property
    def lon(self) -> float:
        """Degrees east."""
        return self.lon_e7 / 1e7

    @property
    def usable(self) -> bool:
        """Whether it says where somebody is (its time may still be wrong)."""
        return self.fault in (None, "future")

    def at_ms(self) -> int:
        """The best time of the fix: the unit's if it can be believed, else that of its arrival."""
        if self.taken_ms is None or self.fault == "future":
            return self.received_ms
        return min(self.taken_ms, self.received_ms)


@dataclass(frozen=True, slots=True)
class AlarmRecord:
    """An alarm as it is stored once, whatever the number of repeats. `pressed_ms` is the unit's time, None
    when its clock was not set; `ref` is the alarm meant by a cancel and `code` its number of presses."""

    alarm_id: bytes
    unit_id: str
    court_id: str | None
    kind: int
    pressed_ms: int | None
    pressed_quality: int
    pressed_mono_ms: int
    boot: int
    received_ms: int
    fix: Fix | None = None
    fix_age_ms: int | None = None
    case_no: str | None = None
    ref: bytes | None = None
    code: int | None = None
    incident_id: str | None = None


@dataclass(frozen=True, slots=True)
class UnitStatus:
    """What is known of a unit now. `seen_ms` is our time of its last message, None if it was never heard
    since it was registered. `wire_court` is the court level of the topics that it uses. `clock_offset_ms`: its
    clock less ours when its last State arrived, None when its clock was not set. `picture`: what its camera shows
    (gateway.evidence.quality), None when nobody has looked for a while. `watched_by`: how many watch it
    live. `speaker`: what would happen to speech (protocol.messages.SPEAKER_*), None when it does not say."""

    unit: Unit
    online: bool = False
    seen_ms: int | None = None
    fix: Fix | None = None
    boot: int = 0
    session: int = 0
    battery_pct: int | None = None
    battery_mv: int | None = None
    charging: bool = False
    storage_free_kib: int | None = None
    storage_total_kib: int | None = None
    signal_dbm: int | None = None
    network: str | None = None
    recording: bool = False
    firmware: str | None = None
    case_no: str | None = None
    uptime_s: int | None = None
    clock_quality: int = 0
    last_error: str | None = None
    counters: dict[int, int] = field(default_factory=dict)
    wire_court: str | None = None
    incident_id: str | None = None
    clock_offset_ms: int | None = None
    picture: str | None = None
    watched_by: int = 0
    speaker: int | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """A receipt to a unit: what it was told (`status` as in protocol.messages), when, and when its
    reply said that the officer has felt it."""

    incident_id: str
    alarm_id: bytes
    seq: int
    status: int
    at_ms: int
    by: str | None = None
    court_name: str | None = None
    eta_s: int | None = None
    felt_ms: int | None = None
    unit_id: str = ""


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One row of an incident's log."""

    seq: int
    at_ms: int
    event: str
    by: str | None
    facts: dict[str, object]


@dataclass(frozen=True, slots=True)
class User:
    """A person. `court_id` limits what is seen to that court and those below it; None sees all."""

    login: str
    name: str
    role: Role
    court_id: str | None
    disabled: bool = False


@dataclass(frozen=True, slots=True)
class ShiftCheck:
    """What a person found at the start of a shift: whether the sound was heard (on `device`, None the system's own)
    and the light seen, and the newest note that was read."""

    at_ms: int
    sound: bool
    light: bool
    device: str | None
    note_seen: int | None


@dataclass(frozen=True, slots=True)
class ShiftNote:
    """What one shift left to the next. `court_id` is the author's; `readers` are names by login, the first first."""

    note_id: int
    at_ms: int
    login: str
    name: str
    court_id: str | None
    text: str
    readers: Mapping[str, str] = field(default_factory=dict)

    def read_by(self, readers: Mapping[str, str]) -> "ShiftNote":
        """The same note with its readers."""
        return replace(self, readers=readers)


@dataclass(frozen=True, slots=True)
class WebSession:
    """A login. The token itself is never stored, only its SHA-256."""

    user: User
    csrf: str
    created_ms: int
    expires_ms: int


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who looked at, or changed, what. Each carries the hash of the one before."""

    seq: int
    at_ms: int
    login: str
    action: str
    subject: str
    facts: dict[str, object]
    hash_hex: str
