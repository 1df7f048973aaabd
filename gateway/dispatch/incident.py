"""An incident: one frozen value that says everything that is decided about an alarm."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import TypeAdapter

from gateway.dispatch.effects import Effect
from gateway.dispatch.events import DRILLS, Absorb, AlarmKind, Member
from gateway.dispatch.policy import Policy
from gateway.dispatch.ranking import Candidate, Ranking
from gateway.dispatch.timers import Timer
from gateway.model import Fix


class State(StrEnum):
    """The court's side of an incident (docs/dispatch.md)."""

    NEW = "NEW"
    OFFERED = "OFFERED"
    UNCOVERED = "UNCOVERED"
    ACCEPTED = "ACCEPTED"
    EN_ROUTE = "EN_ROUTE"
    ON_SCENE = "ON_SCENE"
    CLOSED = "CLOSED"
    MERGED = "MERGED"


OWNED = frozenset({State.ACCEPTED, State.EN_ROUTE, State.ON_SCENE})
TERMINAL = frozenset({State.CLOSED, State.MERGED})


class Answer(StrEnum):
    """What became of an offer. EXPIRED and WITHDRAWN ones can still be accepted while nobody owns it."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Offer:
    """One court that was asked. `by`: the dispatcher who chose it, None when the rules did."""

    court_id: str
    name: str
    eta_s: int | None
    made_ms: int
    expires_ms: int
    by: str | None = None
    answer: Answer = Answer.OPEN
    answered_ms: int | None = None
    answered_by: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Hint:
    """The newest position and the ranking that it would give. Shown beside the frozen one."""

    at_ms: int
    unit_id: str
    fix: Fix
    ranking: Ranking


@dataclass(frozen=True, slots=True)
class CancelClaim:
    """The officer's own cancel. `genuine`: the code was right."""

    at_ms: int
    unit_id: str
    genuine: bool


@dataclass(frozen=True, slots=True)
class Remark:
    """What a person recorded: the newest call back, or the newest note."""

    at_ms: int
    by: str
    text: str
    answered: bool = True


@dataclass(frozen=True, slots=True)
class HandOverProposal:
    """Who should go on with it, who proposed that, and when. The present handler stays until somebody takes it."""

    to_login: str
    to_name: str
    by: str
    at_ms: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class TakenOver:
    """The dispatcher who took it from the one before, and when."""

    by: str
    login: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that belongs to the incident; its bytes are kept by their SHA-256 (hexadecimal)."""

    attachment_id: str
    name: str
    media_type: str
    size_bytes: int
    sha256: str
    by: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class Spoken:
    """The newest talk with the officer; the log keeps every one."""

    talk_id: str
    by: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class Closed:
    """Who ended it, why, when, and which court owned it then."""

    by: str
    reason: str
    at_ms: int
    court_id: str | None = None


@dataclass(frozen=True, slots=True)
class Incident:
    """Everything that is decided about an alarm.

    `version` rises by one with every change; `decided_version` is the last version at which a person decided
    something or the state or owner changed: a person's event is refused if it was made on an older one.
    `ranking` is frozen when the incident opens; `hint` is what the newest position would give.
    `timer` and `deadline_ms` are the court's side, `acknowledge_deadline_ms` the centre's.
    `nobody`: the officer's last word from us has to be that nobody has answered.
    `policy`: the rules under which it began.
    `handler`: who at the centre has it in hand: who acknowledged it, until somebody took it over.
    """

    incident_id: str
    version: int
    decided_version: int
    state: State
    kind: AlarmKind
    unit_id: str
    officer: str
    court_id: str | None
    case_no: str | None
    opened_ms: int
    pressed_ms: int | None
    pressed_quality: int
    members: tuple[Member, ...]
    alarm_ids: tuple[str, ...]
    alarm_count: int
    fix: Fix | None
    fix_age_ms: int | None
    ranking: Ranking
    near: tuple[str, ...]
    policy: Policy
    duress: bool = False
    hint: Hint | None = None
    offers: tuple[Offer, ...] = ()
    pages: int = 0
    owner_court_id: str | None = None
    owner_name: str | None = None
    owner_by: str | None = None
    eta_s: int | None = None
    timer: Timer | None = None
    deadline_ms: int | None = None
    acknowledged_by: str | None = None
    acknowledged_ms: int | None = None
    acknowledge_deadline_ms: int | None = None
    nobody: bool = False
    cancel: CancelClaim | None = None
    callback: Remark | None = None
    note: Remark | None = None
    talk: Spoken | None = None
    closed: Closed | None = None
    merged_into: str | None = None
    acknowledged_login: str | None = None
    taken: TakenOver | None = None
    handover: HandOverProposal | None = None
    attachments: tuple[Attachment, ...] = ()

    @property
    def handler(self) -> str | None:
        """The name of the dispatcher who has it in hand; None until it is acknowledged."""
        return self.acknowledged_by if self.taken is None else self.taken.by

    @property
    def handler_login(self) -> str | None:
        """The handler's account; None also where a log of an older version does not say it."""
        return self.acknowledged_login if self.taken is None else self.taken.login

    @property
    def handler_ms(self) -> int | None:
        """Since when the handler has it."""
        return self.acknowledged_ms if self.taken is None else self.taken.at_ms

    @property
    def test(self) -> bool:
        """Whether it is a test or an exercise."""
        return self.kind in DRILLS

    @property
    def live(self) -> bool:
        """Whether anything can still happen to it."""
        return self.state not in TERMINAL

    @property
    def deadlines(self) -> tuple[tuple[Timer, int], ...]:
        """Every running timer and its deadline (UTC ms): what the centre's clock has to watch."""
        running = []
        if self.timer is not None and self.deadline_ms is not None:
            running.append((self.timer, self.deadline_ms))
        if self.acknowledge_deadline_ms is not None:
            running.append((Timer.ACKNOWLEDGE, self.acknowledge_deadline_ms))
        return tuple(running)

    @property
    def seen_by(self) -> frozenset[str]:
        """The courts that see it: of its unit, and every one that was asked to come. Once everybody was paged, the
        courts of the ranking and those above them count as asked. One that sees it does so for ever."""
        asked = {self.court_id, self.owner_court_id, *(offer.court_id for offer in self.offers)}
        if self.pages:
            asked.update(court.court_id for court in (*self.ranking.candidates, *self.ranking.above))
        return frozenset(court_id for court_id in asked if court_id is not None)

    def offer_to(self, court_id: str) -> Offer | None:
        """The offer made to this court, if any."""
        return next((offer for offer in self.offers if offer.court_id == court_id), None)

    def shown_answer(self, court_id: str) -> str | None:
        """The offer to this court as screens show it: "open", "declined", "expired", "accepted" or None."""
        offer = self.offer_to(court_id)
        if offer is None:
            return None
        return "expired" if offer.answer is Answer.WITHDRAWN else offer.answer.value

    def candidate(self, court_id: str) -> Candidate | None:
        """This court as ranked, in the frozen ranking first, then in the hint."""
        rankings = (self.ranking,) if self.hint is None else (self.ranking, self.hint.ranking)
        courts = (court for ranking in rankings for court in (*ranking.candidates, *ranking.above))
        return next((court for court in courts if court.court_id == court_id), None)

    def joins(self, kind: AlarmKind) -> bool:
        """Whether a new press of one of its officers belongs to it: it is live, and no real alarm disappears
        in a test."""
        return self.live and not (self.test and kind not in DRILLS)


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why an event was refused. `code` is for programs, `message` for people.

    Codes: closed, merged, stale_version, wrong_state, not_offered, already_offered, already_owned, not_owner,
    already_acknowledged, not_acknowledged, already_handler, call_back_first, nobody_named, no_reason, itself,
    open_new, already_open, unknown_unit, unknown_incident, too_many_files.
    """

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Step:
    """The outcome of one event. `changed` is False for a duplicate, a late timer and a refusal: nothing is
    to be stored then. `incident` is None only if the very first event was refused."""

    incident: Incident | None
    effects: tuple[Effect, ...] = ()
    rejected: Rejection | None = None
    changed: bool = False


_ADAPTER = TypeAdapter(Incident)


def to_json(incident: Incident) -> str:
    """The incident as JSON text."""
    return _ADAPTER.dump_json(incident).decode()


def from_json(text: str | bytes) -> Incident:
    """The incident back, equal to what was written. Raises ValueError for anything that is none."""
    return _ADAPTER.validate_json(text)


def to_plain(incident: Incident) -> dict[str, Any]:
    """The incident as plain JSON values."""
    plain: dict[str, Any] = _ADAPTER.dump_python(incident, mode="json")
    return plain


def absorb_of(incident: Incident, by: str, expected_version: int | None = None) -> Absorb:
    """The event for the incident that `incident` is merged into. `expected_version` is that one's."""
    return Absorb(
        by=by,
        incident_id=incident.incident_id,
        members=incident.members,
        alarm_ids=incident.alarm_ids,
        alarm_count=incident.alarm_count,
        duress=incident.duress,
        test=incident.test,
        expected_version=expected_version,
    )
