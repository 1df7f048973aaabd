"""What the centre has to do after an event has been committed. Values only; nothing here acts.

An effect is carried out after the commit and may be carried out twice (a crash in between): each is harmless
when repeated. Whether it is a test is a property of the incident, and every message that comes of it says so.
"""

from dataclasses import dataclass
from enum import IntEnum

from gateway.model import Level


class Status(IntEnum):
    """What an officer is told; the numbers are those of the wire (`docs/wire.md`, Receipt)."""

    STORED = 1
    ACKNOWLEDGED = 2
    ON_THE_WAY = 3
    NOBODY_YET = 4
    ARRIVED = 5
    CLOSED = 6


@dataclass(frozen=True, slots=True)
class TellUnit:
    """Send a receipt. `alarm_id` (hex): for this alarm; None: for the newest alarm of each officer in the
    incident. `by`: the person; `court_name` and `eta_s`: who is on the way, and the estimate in seconds."""

    status: Status
    alarm_id: str | None = None
    by: str | None = None
    court_name: str | None = None
    eta_s: int | None = None


@dataclass(frozen=True, slots=True)
class OfferTo:
    """Ask this court to go. It should answer before `expires_ms` (UTC), and may still do so later."""

    court_id: str
    expires_ms: int


@dataclass(frozen=True, slots=True)
class WithdrawOffer:
    """Tell a court that was asked that it need not go. `why`: "taken", "closed", "merged"."""

    court_id: str
    why: str


@dataclass(frozen=True, slots=True)
class InformCourt:
    """Tell a court something that needs no answer. `why`: "competent" (another court was asked for its
    officer), "unaccepted" (it no longer owns the incident), "closed", "merged"."""

    court_id: str
    why: str


@dataclass(frozen=True, slots=True)
class PageUp:
    """Nobody has taken it: page these courts, every court above of `levels`, and everybody on duty. `times`
    counts from 1."""

    court_ids: tuple[str, ...]
    levels: tuple[Level, ...]
    everyone_on_duty: bool
    times: int


@dataclass(frozen=True, slots=True)
class PageSupervisor:
    """Call the supervisor of the centre. `why`: "unacknowledged", "not_en_route", "en_route_overdue",
    "welfare_due", "duress"."""

    why: str


@dataclass(frozen=True, slots=True)
class ProposeMerge:
    """Show a person that these live incidents of other officers are at the same place."""

    incident_ids: tuple[str, ...]


Effect = TellUnit | OfferTo | WithdrawOffer | InformCourt | PageUp | PageSupervisor | ProposeMerge
