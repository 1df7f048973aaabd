"""What can happen to an incident. Frozen values with a JSON round trip; the log stores exactly these.

A person's event carries `by` (who did it), `by_name` (on whose word, when a dispatcher records a telephone
call) and `expected_version` (the version that the person saw; None: whatever it is now). Ids of alarms are
hexadecimal text. Times named `*_ms` are UTC milliseconds.
"""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from gateway.dispatch.ranking import Ranking
from gateway.dispatch.timers import Timer
from gateway.model import Fix

AlarmKind = Literal["button", "duress", "man_down", "missed_checkin", "low_battery", "test", "exercise"]
# By the number on the wire (`docs/wire.md`, Alarm.kind). 7 is a cancel and no kind of incident.
KINDS: tuple[AlarmKind, ...] = (
    "button", "duress", "man_down", "missed_checkin", "low_battery", "test", "exercise",
)  # fmt: skip
DRILLS = frozenset({"test", "exercise"})


@dataclass(frozen=True, slots=True)
class AlarmRaised:
    """An officer pressed and has no live incident: opens one. `near`: live incidents of other officers at the
    same place (`incident.nearby`). `unreadable`: what could not be read, as "version 2": then `alarm_id` is one
    of ours, and the press says no more than whose it is."""

    incident_id: str
    alarm_id: str
    unit_id: str
    officer: str
    court_id: str | None
    kind: AlarmKind
    ranking: Ranking
    case_no: str | None = None
    pressed_ms: int | None = None
    pressed_quality: int = 0
    fix: Fix | None = None
    fix_age_ms: int | None = None
    near: tuple[str, ...] = ()
    unreadable: str | None = None
    event: Literal["alarm_raised"] = "alarm_raised"


@dataclass(frozen=True, slots=True)
class PressAgain:
    """The same officer pressed again: joins. `unit_id` matters only after a merge."""

    alarm_id: str
    unit_id: str
    kind: AlarmKind
    event: Literal["press_again"] = "press_again"


@dataclass(frozen=True, slots=True)
class PositionChanged:
    """A newer position of the officer, with the ranking it would give. A hint: it decides nothing."""

    unit_id: str
    fix: Fix
    ranking: Ranking
    event: Literal["position_changed"] = "position_changed"


@dataclass(frozen=True, slots=True)
class Cancel:
    """The officer withdraws: a claim. `genuine`: the right code was given. Otherwise it is duress."""

    alarm_id: str
    unit_id: str
    genuine: bool
    event: Literal["cancel"] = "cancel"


@dataclass(frozen=True, slots=True)
class TimerDue:
    """A deadline has come. One that is no longer the incident's own changes nothing."""

    timer: Timer
    deadline_ms: int
    event: Literal["timer_due"] = "timer_due"


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """A named dispatcher has seen it and has it in hand. `login`: whose account; two people may have one name."""

    by: str
    expected_version: int | None = None
    login: str | None = None
    event: Literal["acknowledge"] = "acknowledge"


@dataclass(frozen=True, slots=True)
class OfferCourt:
    """A dispatcher asks a court. `court_name` and `eta_s` are for a court outside the ranking."""

    by: str
    court_id: str
    court_name: str | None = None
    eta_s: int | None = None
    expected_version: int | None = None
    event: Literal["offer"] = "offer"


@dataclass(frozen=True, slots=True)
class Accept:
    """A court says that it goes. `eta_s`: its own estimate; `court_name` for a court outside the ranking."""

    by: str
    court_id: str
    eta_s: int | None = None
    court_name: str | None = None
    by_name: str | None = None
    expected_version: int | None = None
    event: Literal["accept"] = "accept"


@dataclass(frozen=True, slots=True)
class Decline:
    """A court says that it cannot go, or no longer."""

    by: str
    court_id: str
    reason: str | None = None
    by_name: str | None = None
    expected_version: int | None = None
    event: Literal["decline"] = "decline"


@dataclass(frozen=True, slots=True)
class EnRoute:
    """The owning court has set out; again with another `eta_s` renews the deadline."""

    by: str
    court_id: str
    eta_s: int | None = None
    by_name: str | None = None
    expected_version: int | None = None
    event: Literal["en_route"] = "en_route"


@dataclass(frozen=True, slots=True)
class Arrived:
    """The owning court is with the officer."""

    by: str
    court_id: str
    by_name: str | None = None
    expected_version: int | None = None
    event: Literal["arrived"] = "arrived"


@dataclass(frozen=True, slots=True)
class CallBack:
    """A dispatcher called the officer. `note`: what was said; `answered`: whether anybody spoke."""

    by: str
    answered: bool = True
    note: str | None = None
    expected_version: int | None = None
    event: Literal["callback"] = "callback"


@dataclass(frozen=True, slots=True)
class Note:
    """A person writes something down."""

    by: str
    note: str
    expected_version: int | None = None
    event: Literal["note"] = "note"


@dataclass(frozen=True, slots=True)
class HandOver:
    """A dispatcher proposes that another one goes on with it. Nothing changes hands by this: see TakeOver."""

    by: str
    to_login: str
    to_name: str
    note: str | None = None
    expected_version: int | None = None
    event: Literal["hand_over"] = "hand_over"


@dataclass(frozen=True, slots=True)
class TakeOver:
    """A dispatcher has it in hand from now on, proposed or not. By who has it: the proposal is withdrawn."""

    by: str
    login: str
    expected_version: int | None = None
    event: Literal["take_over"] = "take_over"


@dataclass(frozen=True, slots=True)
class Attach:
    """A person adds a file, which is stored already. `sha256`: hexadecimal, of its bytes; `name`: as it was called."""

    by: str
    attachment_id: str
    name: str
    media_type: str
    size_bytes: int
    sha256: str
    expected_version: int | None = None
    event: Literal["attach"] = "attach"


@dataclass(frozen=True, slots=True)
class Talk:
    """A dispatcher has spoken to an officer, as it was once it was over. `ended`: why (gateway.relay.talk_floor);
    `sha256`: of what was said, hexadecimal, None when it could not be kept."""

    by: str
    talk_id: str
    unit_id: str
    began_ms: int
    lasted_ms: int
    dropped_packets: int
    ended: str
    aloud: bool = False
    sha256: str | None = None
    expected_version: int | None = None
    event: Literal["talk"] = "talk"


@dataclass(frozen=True, slots=True)
class Close:
    """A dispatcher ends it, with a reason."""

    by: str
    reason: str
    by_name: str | None = None
    expected_version: int | None = None
    event: Literal["close"] = "close"


@dataclass(frozen=True, slots=True)
class Merge:
    """A dispatcher makes this incident part of `into`, which gets the matching `Absorb` in one transaction."""

    by: str
    into: str
    expected_version: int | None = None
    event: Literal["merge"] = "merge"


@dataclass(frozen=True, slots=True)
class Member:
    """An officer in an incident and that officer's newest alarm. `readable` False: `alarm_id` stands for an
    alarm whose own id we could not read, so that no receipt can be sent for it."""

    unit_id: str
    officer: str
    alarm_id: str
    readable: bool = True


@dataclass(frozen=True, slots=True)
class Absorb:
    """The other side of a merge: the officers of `incident_id` belong to this incident from now on
    (`incident.absorb_of` makes it). The centre applies it before the `Merge`, and gives up if it is refused.
    Receipts to these officers go on above the highest number that their alarms have had."""

    by: str
    incident_id: str
    members: tuple[Member, ...]
    alarm_ids: tuple[str, ...]
    alarm_count: int
    duress: bool
    test: bool
    expected_version: int | None = None
    event: Literal["absorb"] = "absorb"


Event = Annotated[
    AlarmRaised | PressAgain | PositionChanged | Cancel | TimerDue | Acknowledge | OfferCourt | Accept | Decline
    | EnRoute | Arrived | CallBack | Note | HandOver | TakeOver | Attach | Talk | Close | Merge
    | Absorb,
    Field(discriminator="event"),
]  # fmt: skip

_ADAPTER: TypeAdapter[Event] = TypeAdapter(Event)


def to_plain(event: Event) -> dict[str, Any]:
    """The event as plain JSON values; its name is under "event"."""
    plain: dict[str, Any] = _ADAPTER.dump_python(event, mode="json")
    return plain


def from_plain(plain: dict[str, Any]) -> Event:
    """The event back. Raises ValueError (pydantic.ValidationError) for anything that is none."""
    return _ADAPTER.validate_python(plain)
