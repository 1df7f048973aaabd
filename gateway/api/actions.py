"""What a person may do with an incident, and the event that each action becomes. Pure.

Each function takes the person, the body, the incident and the courts, and returns the event; it raises a 403, 404 or
422 problem when the person may not, or the body does not say enough.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gateway.api import problems
from gateway.api.requests import Act
from gateway.api.scope import answering_court, must_command
from gateway.dispatch import events
from gateway.dispatch.incident import Incident
from gateway.model import Court, User

Courts = Mapping[str, Court]
Action = Callable[[User, Act, Incident, Courts], events.Event]


def name_of(user: User) -> str:
    """The name by which a person stands in the log and on the officer's unit."""
    return user.name.strip() or user.login


def acknowledge(user: User, act: Act, incident: Incident, courts: Courts) -> events.Event:
    """Take notice of the alarm in your name: the officer feels it, the sound stops, the alarm stays."""
    must_command(user)
    return events.Acknowledge(name_of(user), act.version, user.login)


def offer(user: User, act: Act, incident: Incident, courts: Courts) -> events.Event:
    """Ask a court to come (`court_id`). It may be any court, ranked or not."""
    must_command(user)
    court = _known(courts, answering_court(user, act.court_id))
    return events.OfferCourt(name_of(user), court.court_id, court.name, act.eta_s, act.version)


def accept(user: User, act: Act, incident: Incident, courts: Courts) -> events.Event:
    """The court (`court_id`) comes; the officer is told. A dispatcher records a telephone call with `by_name`."""
    court = _known(courts, answering_court(user, act.court_id))
    return events.Accept(
        name_of(user), court.court_id, act.eta_s, court.name, _on_whose_word(user, act), act.version
    )


def decline(user: User, act: Act, incident: Incident, courts: Courts) -> events.Event:
    """The court (`court_id`) cannot come, or no longer; the next one is asked."""
    court = _known(courts, answering_court(user, act.court_id))
    return events.Decline(name_of(user), court.court_id, act.reason, _on_whose_word(user, act), act.version)


def en_route(user: User, act: Act, incident: Incident, courts: Courts) -> events.Event:
    """The owning court has set out; again with another `eta_s` to renew the estimate."""
    court_id = answering_court(user, act.court_id or _owner(user, incident))
    return events.EnRoute(name_of(user), court_id, act.eta_s, _on_whose_word(user, act), act.version)


def arrived(user: User, act: Act, incident: Incident, courts: Courts) -> events.Event:
    """The owning court is with the officer."""
    court_id = answering_court(user, act.court_id or _owner(user, incident))
    return events.Arrived(name_of(user), court_id, _on_whose_word(user, act), act.version)


def close(user: User, act: Act, incident: Incident, courts: Courts) -> events.Event:
    """End the incident, with a `reason`. Nothing else ever closes one."""
    must_command(user)
    return events.Close(
        name_of(user), _text(act.reason, "reason", "Say why it is closed."), act.by_name, act.version
    )


def merge(user: User, act: Act, incident: Incident, courts: Courts) -> events.Event:
    """Make this incident a part of another one (`into`): the same event seen by two officers."""
    must_command(user)
    if act.into is None:
        raise problems.missing("into", "Say which incident stays.")
    return events.Merge(name_of(user), act.into, act.version)


def note(user: User, act: Act, incident: Incident, courts: Courts) -> events.Event:
    """Write something down (`note`)."""
    must_command(user)
    return events.Note(name_of(user), _text(act.note, "note", "A note needs a text."), act.version)


def callback(user: User, act: Act, incident: Incident, courts: Courts) -> events.Event:
    """Record that the officer was called: `answered`, and what was said (`note`)."""
    must_command(user)
    return events.CallBack(name_of(user), act.answered, act.note, act.version)


def hand_over(user: User, act: Act, incident: Incident, courts: Courts) -> events.Event:
    """Propose that another dispatcher (`to`, a login) goes on with it. You have it until somebody takes it over."""
    must_command(user)
    if act.to is None:
        raise problems.missing("to", "Say who should go on with it.")
    return events.HandOver(name_of(user), act.to, act.to, act.note, act.version)


def take_over(user: User, act: Act, incident: Incident, courts: Courts) -> events.Event:
    """Have it in hand from now on, proposed or not. When you have it already, a proposal is withdrawn.

    Without a `version` it is taken as it is now: of two who take it in the same instant, one is told.
    """
    must_command(user)
    seen = incident.version if act.version is None else act.version
    return events.TakeOver(name_of(user), user.login, seen)


ACTIONS: dict[str, Action] = {
    "acknowledge": acknowledge,
    "offer": offer,
    "accept": accept,
    "decline": decline,
    "en_route": en_route,
    "arrived": arrived,
    "close": close,
    "merge": merge,
    "note": note,
    "callback": callback,
    "hand_over": hand_over,
    "take_over": take_over,
}


def _known(courts: Courts, court_id: str) -> Court:
    court = courts.get(court_id)
    if court is None:
        raise problems.missing("court_id", "There is no such court.")
    return court


def _owner(user: User, incident: Incident) -> str | None:
    """Who answers when nobody is named: for a dispatcher the owning court, for a duty officer their own."""
    return None if user.role == "court" else incident.owner_court_id


def _on_whose_word(user: User, act: Act) -> str | None:
    """`by_name` is for what a dispatcher hears on the telephone; a duty officer speaks in their own name."""
    return None if user.role == "court" else act.by_name


def _text(text: str | None, field: str, message: str) -> str:
    if text is None or not text.strip():
        raise problems.missing(field, message)
    return text
