"""What a step of an incident was decided on, for its timeline (promise P6). Pure; docs/api.md has the shapes.

Made once, when the step is made, and stored in its row of the log under the row's hash: what is shown later is
what was decided then, whatever the rules and the names of courts are by that time.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from gateway.dispatch.effects import (
    Effect,
    InformCourt,
    OfferTo,
    PageSupervisor,
    PageUp,
    ProposeMerge,
    WithdrawOffer,
)
from gateway.dispatch.incident import Answer, Incident, Step
from gateway.dispatch.offering import believed
from gateway.dispatch.ranking import Candidate, Ranking
from gateway.model import Court, Told

Facts = dict[str, Any]


def facts_of(before: Incident | None, step: Step, told: Sequence[Told], courts: Mapping[str, Court]) -> Facts:
    """The facts of a step that changed something: plain JSON values, and only what this step brought.
    `told`: the receipts that it sends; `courts`: all of them by id, for names that the incident does not know."""
    after = step.incident
    assert after is not None and step.changed
    facts: Facts = {}
    for effect in step.effects:
        _add(facts, effect, after, courts)
    if before is None or before.state is not after.state:
        facts["state"] = {"from": None if before is None else str(before.state), "to": str(after.state)}
    moved = after.hint is not None and (before is None or before.hint != after.hint)
    if before is None or moved or "offered" in facts or "paged" in facts:
        facts["confidence"] = _confidence(after, moved)
    if before is None or moved:
        ranking = after.hint.ranking if moved and after.hint is not None else after.ranking
        if ranking.candidates:
            facts["nearest"] = _ranked(ranking.candidates[0])
    expired = [
        _named(after, court_id, courts) for court_id in _expired(after) if court_id not in _expired(before)
    ]
    if expired:
        facts["expired"] = expired
    if (before.owner_court_id if before is not None else None) != after.owner_court_id:
        facts["owner"] = _owner(after)
    if before is not None and before.handler is not None and before.handler != after.handler:
        facts["handler"] = {"from": before.handler, "to": after.handler}
    if told:
        facts["told"] = [{"status": one.status, "unit_id": one.unit_id, "seq": one.seq} for one in told]
    return facts


def _add(facts: Facts, effect: Effect, after: Incident, courts: Mapping[str, Court]) -> None:
    match effect:
        case OfferTo():
            facts.setdefault("offered", []).append(_offered(after, effect.court_id, courts))
        case InformCourt():
            facts.setdefault("informed", []).append(
                _named(after, effect.court_id, courts) | {"why": effect.why}
            )
        case WithdrawOffer():
            facts.setdefault("withdrawn", []).append(
                _named(after, effect.court_id, courts) | {"why": effect.why}
            )
        case PageSupervisor():
            facts.setdefault("supervisor", []).append(effect.why)
        case PageUp():
            facts["paged"] = {
                "courts": [_named(after, court_id, courts) for court_id in effect.court_ids],
                "levels": [str(level) for level in effect.levels],
                "everyone_on_duty": effect.everyone_on_duty,
                "times": effect.times,
            }
        case ProposeMerge():
            facts["proposed"] = list(effect.incident_ids)


def _offered(after: Incident, court_id: str, courts: Mapping[str, Court]) -> Facts:
    """A court that is asked, as it stood in the ranking that the offer followed."""
    offer = after.offer_to(court_id)
    by = offer.by if offer is not None else None
    court = (_as_above(after, court_id) if by is None else None) or _candidate(after, court_id)
    if court is not None:
        return _ranked(court) | {"by": by}
    return _named(after, court_id, courts) | {
        "distance_m": None,
        "eta_s": offer.eta_s if offer is not None else None,
        "on_duty": courts[court_id].on_duty if court_id in courts else None,
        "why": "asked from outside the ranking",
        "by": by,
    }


def _ranked(court: Candidate) -> Facts:
    return {
        "court_id": court.court_id,
        "name": court.name,
        "distance_m": court.distance_m,
        "eta_s": court.eta_s,
        "on_duty": court.on_duty,
        "why": court.why,
        "by": None,
    }


def _confidence(after: Incident, moved: bool) -> Facts:
    """Of the position behind the decision: the one that offers follow, or the one that just came."""
    ranking: Ranking = after.hint.ranking if moved and after.hint is not None else believed(after)
    return {
        "worth": str(ranking.confidence),
        "why": ranking.why,
        "circle_m": ranking.circle_m,
        "origin": ranking.origin,
        "ranking": "frozen" if ranking is after.ranking else "hint",
    }


def _owner(after: Incident) -> Facts | None:
    if after.owner_court_id is None:
        return None
    owner = {"court_id": after.owner_court_id, "name": after.owner_name or after.owner_court_id}
    return owner | {"by": after.owner_by, "eta_s": after.eta_s}


def _named(after: Incident, court_id: str, courts: Mapping[str, Court]) -> Facts:
    """A court by the name that this incident knows, else by that in the register, else by its id."""
    found = _candidate(after, court_id) or after.offer_to(court_id) or courts.get(court_id)
    return {"court_id": court_id, "name": found.name if found is not None else court_id}


def _candidate(after: Incident, court_id: str) -> Candidate | None:
    """The court in the ranking that offers follow, else in the other one."""
    ranking = believed(after)
    courts = (*ranking.candidates, *ranking.above)
    return next((one for one in courts if one.court_id == court_id), None) or after.candidate(court_id)


def _as_above(after: Incident, court_id: str) -> Candidate | None:
    """The court among those above the nearest, if the rules asked it as such (`offering.next_round`)."""
    found = next((court for court in believed(after).above if court.court_id == court_id), None)
    policy, unanswered = after.policy, len(_expired(after))
    if found is None or (unanswered < policy.unanswered_before_above and found.level in policy.offer_levels):
        return None
    return found


def _expired(incident: Incident | None) -> list[str]:
    offers = incident.offers if incident is not None else ()
    return [offer.court_id for offer in offers if offer.answer is Answer.EXPIRED]
