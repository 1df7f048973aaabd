"""What the centre's people do: acknowledge, hand over, call back, speak, write down, attach, close, merge."""

from dataclasses import replace

from gateway.dispatch.effects import Effect, InformCourt, PageSupervisor
from gateway.dispatch.events import (
    Absorb,
    Acknowledge,
    Attach,
    CallBack,
    Close,
    HandOver,
    Merge,
    Note,
    TakeOver,
    Talk,
)
from gateway.dispatch.incident import (
    OWNED,
    Attachment,
    Closed,
    HandOverProposal,
    Incident,
    Rejection,
    Remark,
    Spoken,
    State,
    TakenOver,
)
from gateway.dispatch.offering import Change, withdraw
from gateway.dispatch.officer_side import ALARM_IDS_MAX
from gateway.dispatch.telling import welcome

TEXT_MAX = 2000
FILES_MAX = 50


def acknowledge(incident: Incident, event: Acknowledge, now_ms: int) -> Change | Rejection:
    """A named person has it in hand."""
    if incident.acknowledged_by is not None:
        return Rejection("already_acknowledged", f"{incident.acknowledged_by} has already acknowledged it")
    after = replace(
        incident,
        acknowledged_by=event.by,
        acknowledged_ms=now_ms,
        acknowledged_login=event.login,
        acknowledge_deadline_ms=None,
        nobody=False,
    )
    return after, []


def hand_over(incident: Incident, event: HandOver, now_ms: int) -> Change | Rejection:
    """A proposal: the handler stays until somebody takes it, so that it is never nobody's."""
    if incident.handler is None:
        return Rejection("not_acknowledged", "nobody has acknowledged it yet: acknowledge it first")
    if event.to_login == incident.handler_login:
        return Rejection("already_handler", f"{incident.handler} has it in hand already")
    note = (event.note or "")[:TEXT_MAX]
    return replace(
        incident, handover=HandOverProposal(event.to_login, event.to_name, event.by, now_ms, note)
    ), []


def take_over(incident: Incident, event: TakeOver, now_ms: int) -> Change | Rejection:
    """Another named person has it in hand; by the handler, only the proposal is gone."""
    if incident.handler is None:
        return Rejection("not_acknowledged", "nobody has acknowledged it yet: acknowledge it first")
    if has_in_hand(incident, event):
        return replace(incident, handover=None), []
    return replace(incident, taken=TakenOver(event.by, event.login, now_ms), handover=None), []


def has_in_hand(incident: Incident, event: TakeOver) -> bool:
    """Whether who takes it is the handler. An older log names the handler but not the account."""
    login = incident.handler_login
    return incident.handler == event.by if login is None else login == event.login


def unacknowledged(incident: Incident, now_ms: int) -> Change:
    """No named person in time: the officer is told so, unless a court is already coming."""
    after = replace(
        incident,
        acknowledge_deadline_ms=now_ms + incident.policy.nobody_again_s * 1000,
        nobody=incident.nobody or incident.state not in OWNED,
    )
    return after, [PageSupervisor("unacknowledged")]


def call_back(incident: Incident, event: CallBack, now_ms: int) -> Change | Rejection:
    """The officer was called."""
    remark = Remark(now_ms, event.by, (event.note or "")[:TEXT_MAX], event.answered)
    return replace(incident, callback=remark), []


def note(incident: Incident, event: Note, now_ms: int) -> Change | Rejection:
    """Something to remember; the log keeps every one, the incident the newest."""
    if not event.note.strip():
        return Rejection("no_reason", "a note needs a text")
    return replace(incident, note=Remark(now_ms, event.by, event.note[:TEXT_MAX])), []


def attach(incident: Incident, event: Attach, now_ms: int) -> Change | Rejection:
    """A file more; none is ever taken away."""
    if len(incident.attachments) >= FILES_MAX:
        return Rejection("too_many_files", f"an incident has at most {FILES_MAX} files")
    added = Attachment(
        event.attachment_id, event.name, event.media_type, event.size_bytes, event.sha256, event.by, now_ms
    )
    return replace(incident, attachments=(*incident.attachments, added)), []


def talk(incident: Incident, event: Talk, now_ms: int) -> Change | Rejection:
    """Somebody spoke to the officer; that decides nothing."""
    return replace(incident, talk=Spoken(event.talk_id, event.by, event.began_ms)), []


def close(incident: Incident, event: Close, now_ms: int) -> Change | Rejection:
    """The end, by a name and with a reason; after a cancel only when the officer was called back or a court
    is there."""
    if not event.reason.strip():
        return Rejection("no_reason", "closing needs a reason")
    if incident.cancel is not None and incident.callback is None and incident.state is not State.ON_SCENE:
        return Rejection("call_back_first", "the officer cancelled: call back and record it before closing")
    after, effects = _ended(incident, "closed")
    closed = Closed(event.by, event.reason[:TEXT_MAX], now_ms, incident.owner_court_id)
    return replace(after, state=State.CLOSED, closed=closed), effects


def merge(incident: Incident, event: Merge, now_ms: int) -> Change | Rejection:
    """The incident goes on as a part of another one."""
    if event.into == incident.incident_id:
        return Rejection("itself", "an incident cannot be merged into itself")
    after, effects = _ended(incident, "merged")
    return replace(after, state=State.MERGED, merged_into=event.into), effects


def absorb(incident: Incident, event: Absorb, now_ms: int) -> Change | Rejection:
    """The officers of another incident belong to this one now, and are told how it stands."""
    if event.incident_id == incident.incident_id:
        return Rejection("itself", "an incident cannot be merged into itself")
    if incident.test and not event.test:
        return Rejection("open_new", "a real alarm cannot be merged into a test")
    effects: list[Effect] = [
        told for member in event.members for told in welcome(incident, member.alarm_id)[-1:]
    ]
    if event.duress and not incident.duress:
        effects.append(PageSupervisor("duress"))
    units = {member.unit_id for member in event.members}
    after = replace(
        incident,
        members=tuple(member for member in incident.members if member.unit_id not in units) + event.members,
        alarm_ids=(incident.alarm_ids + event.alarm_ids)[-ALARM_IDS_MAX:],
        alarm_count=incident.alarm_count + event.alarm_count,
        duress=incident.duress or event.duress,
        near=tuple(other for other in incident.near if other != event.incident_id),
        callback=None,
    )
    return after, effects


def _ended(incident: Incident, why: str) -> Change:
    after, effects = withdraw(incident, why)
    if incident.owner_court_id is not None:
        effects.append(InformCourt(incident.owner_court_id, why))
    after = replace(
        after,
        owner_court_id=None,
        owner_name=None,
        owner_by=None,
        eta_s=None,
        timer=None,
        deadline_ms=None,
        acknowledge_deadline_ms=None,
        nobody=False,
        handover=None,
    )
    return after, effects
