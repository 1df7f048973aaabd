"""What is true for the officer at this moment, and therefore what the unit is told (promise P2).

The receipt is a function of the incident: whenever it differs after an event, the new one is sent. So the
unit cannot be told "on the way" while no court owns the incident, nor stay told so when that court gave up.
"""

from dataclasses import replace

from gateway.dispatch.effects import Status, TellUnit
from gateway.dispatch.incident import OWNED, Incident, State


def truth(incident: Incident) -> TellUnit | None:
    """The receipt that the newest alarm of each officer should have; None once merged (see the other one)."""
    if incident.state is State.MERGED:
        return None
    if incident.closed is not None:
        return TellUnit(Status.CLOSED, by=incident.closed.by)
    if incident.state in OWNED:
        status = Status.ARRIVED if incident.state is State.ON_SCENE else Status.ON_THE_WAY
        return TellUnit(status, None, incident.owner_by, incident.owner_name, incident.eta_s)
    if incident.nobody:
        return TellUnit(Status.NOBODY_YET)
    if incident.acknowledged_by is not None:
        return TellUnit(Status.ACKNOWLEDGED, by=incident.handler)
    return TellUnit(Status.STORED)


def changed_truth(before: Incident, after: Incident) -> list[TellUnit]:
    """The receipt to send because of a change, if any."""
    told, now = truth(before), truth(after)
    return [now] if now is not None and now != told else []


def welcome(incident: Incident, alarm_id: str) -> list[TellUnit]:
    """The receipts for an alarm that has just been stored in this incident: stored, then how things stand."""
    stored = TellUnit(Status.STORED, alarm_id)
    now = truth(incident)
    if now is None or now.status is Status.STORED:
        return [stored]
    return [stored, replace(now, alarm_id=alarm_id)]
