"""The one function that changes an incident. Pure: no clock, no I/O, no randomness.

    step(incident, event, now_ms, policy) -> Step(incident, effects, rejected, changed)

A duplicate and a late timer change nothing; what the table does not allow is refused with a code; everything
else raises `version` by one. Rules of each side are in court_side, officer_side and centre_side.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from gateway.dispatch import centre_side, court_side, officer_side
from gateway.dispatch.effects import Effect, ProposeMerge, Status, TellUnit
from gateway.dispatch.events import (
    Absorb,
    Accept,
    Acknowledge,
    AlarmRaised,
    Arrived,
    Attach,
    CallBack,
    Cancel,
    Close,
    Decline,
    EnRoute,
    Event,
    HandOver,
    Member,
    Merge,
    Note,
    OfferCourt,
    PressAgain,
    TakeOver,
    Talk,
    TimerDue,
)
from gateway.dispatch.incident import OWNED, Answer, Incident, Rejection, Remark, State, Step
from gateway.dispatch.offering import Change, go_on
from gateway.dispatch.policy import Policy
from gateway.dispatch.table import TABLE
from gateway.dispatch.telling import changed_truth
from gateway.dispatch.timers import Timer

# The same words of the same person within this are one click that was sent twice.
REPEAT_MS = 10_000
# A person's events that write something down and decide nothing.
REMARKS = frozenset({"note", "callback", "hand_over", "attach", "talk"})


def step(incident: Incident | None, event: Event, now_ms: int, policy: Policy) -> Step:
    """What `event` makes of `incident` (None: the first event, AlarmRaised) at `now_ms` (UTC ms).

    `policy` counts when the incident opens, which then keeps it. Never raises for any event and state; an
    AssertionError means that a rule led where the table does not allow.
    """
    if incident is None:
        if isinstance(event, AlarmRaised):
            return _opened(event, now_ms, policy)
        return Step(None, rejected=Rejection("unknown_incident", "there is no such incident"))
    if _is_duplicate(incident, event, now_ms):
        return Step(incident)
    cell = TABLE[incident.state][event.event]
    rejected = _refusal(incident, cell) if isinstance(cell, str) else _unfit(incident, event)
    if rejected is not None:
        return Step(incident, rejected=rejected)
    outcome = _RULES[event.event](incident, event, now_ms)
    if isinstance(outcome, Rejection):
        return Step(incident, rejected=outcome)
    after, effects = outcome
    if after == incident:
        return Step(incident)
    if after.state not in cell:
        raise AssertionError(f"{incident.state} -> {after.state} by {event.event} is not in the table")
    version = incident.version + 1
    decided = version if _decides(incident, event, after) else incident.decided_version
    after = replace(after, version=version, decided_version=decided)
    return Step(after, (*effects, *changed_truth(incident, after)), changed=True)


def _opened(event: AlarmRaised, now_ms: int, policy: Policy) -> Step:
    new = Incident(
        incident_id=event.incident_id,
        version=1,
        decided_version=1,
        state=State.NEW,
        kind=event.kind,
        unit_id=event.unit_id,
        officer=event.officer,
        court_id=event.court_id,
        case_no=event.case_no,
        opened_ms=now_ms,
        pressed_ms=event.pressed_ms,
        pressed_quality=event.pressed_quality,
        members=(Member(event.unit_id, event.officer, event.alarm_id, event.unreadable is None),),
        alarm_ids=(event.alarm_id,),
        alarm_count=1,
        fix=event.fix,
        fix_age_ms=event.fix_age_ms,
        ranking=event.ranking,
        near=event.near,
        policy=policy,
        duress=event.kind == "duress",
        acknowledge_deadline_ms=now_ms + policy.nobody_s * 1000,
    )
    effects: list[Effect] = [TellUnit(Status.STORED, event.alarm_id)]
    if event.near:
        effects.append(ProposeMerge(event.near))
    after = new
    if not new.test:
        if new.ranking.candidates and policy.auto_offer_s > 0:
            after = court_side.run(new, Timer.AUTO_OFFER, now_ms, policy.auto_offer_s)
        else:
            after, more = go_on(new, now_ms)
            effects += more
    return Step(after, (*effects, *changed_truth(new, after)), changed=True)


def _timer_due(incident: Incident, event: TimerDue, now_ms: int) -> Change | Rejection:
    if now_ms < event.deadline_ms:
        return incident, []
    if event.timer is Timer.ACKNOWLEDGE:
        return centre_side.unacknowledged(incident, now_ms)
    return court_side.time_is_up(incident, now_ms)


_RULES: dict[str, Callable[[Incident, Any, int], Change | Rejection]] = {
    "press_again": officer_side.press_again,
    "position_changed": officer_side.position_changed,
    "cancel": officer_side.cancel,
    "timer_due": _timer_due,
    "acknowledge": centre_side.acknowledge,
    "callback": centre_side.call_back,
    "note": centre_side.note,
    "hand_over": centre_side.hand_over,
    "take_over": centre_side.take_over,
    "attach": centre_side.attach,
    "talk": centre_side.talk,
    "close": centre_side.close,
    "merge": centre_side.merge,
    "absorb": centre_side.absorb,
    "offer": court_side.offer,
    "accept": court_side.accept,
    "decline": court_side.decline,
    "en_route": court_side.en_route,
    "arrived": court_side.arrived,
}


def _decides(before: Incident, event: Event, after: Incident) -> bool:
    """Whether somebody who saw the incident before this must look again before deciding."""
    if hasattr(event, "by") and event.event not in REMARKS:
        return True
    return (
        before.state is not after.state
        or before.owner_court_id != after.owner_court_id
        or before.duress != after.duress
        or before.cancel != after.cancel
    )


def _is_duplicate(incident: Incident, event: Event, now_ms: int) -> bool:
    """Whether this has already happened: a message or a click that came twice."""
    match event:
        case AlarmRaised() | PressAgain() | Cancel():
            return event.alarm_id in incident.alarm_ids
        case Absorb():
            return set(event.alarm_ids) <= set(incident.alarm_ids)
        case TimerDue():
            return (event.timer, event.deadline_ms) not in incident.deadlines
        case Acknowledge():
            return incident.acknowledged_by == event.by and _one(incident.acknowledged_login, event.login)
        case OfferCourt():
            asked = incident.offer_to(event.court_id)
            return asked is not None and asked.answer is Answer.OPEN and asked.by == event.by
        case Accept():
            return incident.state in OWNED and incident.owner_court_id == event.court_id
        case Decline():
            asked = incident.offer_to(event.court_id)
            return incident.live and asked is not None and asked.answer is Answer.DECLINED
        case EnRoute():
            same_eta = event.eta_s is None or event.eta_s == incident.eta_s
            return incident.state is State.EN_ROUTE and incident.owner_court_id == event.court_id and same_eta
        case Arrived():
            return incident.state is State.ON_SCENE and incident.owner_court_id == event.court_id
        case CallBack():
            return _same(incident.callback, event.by, event.note or "", event.answered, now_ms)
        case Note():
            return _same(incident.note, event.by, event.note, True, now_ms)
        case HandOver():
            asked_for = incident.handover
            return asked_for is not None and (asked_for.to_login, asked_for.by, asked_for.note) == (
                event.to_login,
                event.by,
                event.note or "",
            )
        case TakeOver():
            return incident.handover is None and centre_side.has_in_hand(incident, event)
        case Attach():
            return incident.live and any(one.sha256 == event.sha256 for one in incident.attachments)
        case Talk():
            return incident.talk is not None and incident.talk.talk_id == event.talk_id
        case Close():
            closed = incident.closed
            return closed is not None and (closed.by, closed.reason) == (event.by, event.reason)
        case Merge():
            return incident.merged_into == event.into
    return False


def _one(login: str | None, other: str | None) -> bool:
    """Whether two accounts may be one: a log of an older version has none."""
    return login is None or other is None or login == other


def _same(remark: Remark | None, by: str, text: str, answered: bool, now_ms: int) -> bool:
    if remark is None or now_ms - remark.at_ms > REPEAT_MS:
        return False
    return (remark.by, remark.text, remark.answered) == (by, text, answered)


def _unfit(incident: Incident, event: Event) -> Rejection | None:
    """A person's event without a name, or made on an older picture than the last decision."""
    by: str | None = getattr(event, "by", None)
    if by is not None and not by.strip():
        return Rejection("nobody_named", "say who does this")
    expected: int | None = getattr(event, "expected_version", None)
    if expected is not None and not incident.decided_version <= expected <= incident.version:
        return Rejection(
            "stale_version", f"the incident has changed: version {incident.version}, not {expected}"
        )
    return None


def _refusal(incident: Incident, code: str) -> Rejection:
    closed = incident.closed
    owner = incident.owner_name
    message = {
        "closed": f"{closed.by} closed it: {closed.reason}" if closed else "it is closed",
        "merged": f"it was merged into {incident.merged_into}",
        "open_new": "it is over: open a new incident",
        "already_open": "the incident is open already",
        "already_owned": f"{owner} has taken it",
        "not_offered": "no court has been asked yet",
        "not_owner": f"{owner} owns it" if owner else "no court has taken it yet",
        "wrong_state": "the court is on the scene already",
    }[code]
    return Rejection(code, message)
