"""Which court is asked next, and what happens when there is none left to ask.

Order: on-duty courts by distance, then those off duty; nobody answers: the next one, then the court above,
then everybody (docs/dispatch.md). A court is asked at most once an incident; pages are to all and not counted.
"""

from dataclasses import replace

from gateway.dispatch.effects import Effect, InformCourt, OfferTo, PageUp, WithdrawOffer
from gateway.dispatch.incident import Answer, Incident, Offer, State
from gateway.dispatch.ranking import Candidate, Confidence, Ranking
from gateway.dispatch.timers import Timer
from gateway.model import Level

Change = tuple[Incident, list[Effect]]

_WORTH = {Confidence.NONE: 0, Confidence.STALE: 1, Confidence.COARSE: 2, Confidence.GOOD: 3}


def better(one: Ranking, other: Ranking) -> bool:
    """Whether `one` was made from a position that is worth more."""
    return _WORTH[one.confidence] > _WORTH[other.confidence]


def believed(incident: Incident) -> Ranking:
    """The ranking that offers follow: the frozen one, unless a better position came since."""
    hint = incident.hint
    return hint.ranking if hint is not None and better(hint.ranking, incident.ranking) else incident.ranking


def order(incident: Incident) -> list[Candidate]:
    """The courts that may be asked by themselves, in the order of asking."""
    ranking, policy = believed(incident), incident.policy
    own_first = policy.jurisdiction == "own_first" or ranking.origin == "own_court"
    courts = [court for court in ranking.candidates if court.level in policy.offer_levels]
    return sorted(
        courts, key=lambda court: (not court.on_duty, not (own_first and court.court_id == incident.court_id))
    )


def next_round(incident: Incident) -> tuple[Candidate, ...]:
    """The courts to ask now: one, or several when the position is in doubt; () when there is nobody left."""
    policy = incident.policy
    asked = {offer.court_id for offer in incident.offers}
    unanswered = sum(offer.answer is Answer.EXPIRED for offer in incident.offers)
    if unanswered < policy.unanswered_before_above:
        at_once = 1 if believed(incident).confidence is Confidence.GOOD else policy.offers_when_unsure
        courts = [court for court in order(incident) if court.court_id not in asked]
        if courts:
            return tuple(courts[:at_once])
    above = sorted(believed(incident).above, key=lambda court: not court.on_duty)
    if any(court.court_id in asked for court in above):
        return ()
    return tuple(above[:1])


def go_on(incident: Incident, now_ms: int) -> Change:
    """Ask the next courts, or page everybody when there are none."""
    courts = next_round(incident)
    if not courts:
        return page(incident, now_ms)
    expires_ms = now_ms + incident.policy.offer_s * 1000
    offers = tuple(Offer(court.court_id, court.name, court.eta_s, now_ms, expires_ms) for court in courts)
    return ask(incident, offers)


def ask(incident: Incident, offers: tuple[Offer, ...]) -> Change:
    """Make these offers. While everybody is being paged that goes on beside them."""
    effects: list[Effect] = [OfferTo(offer.court_id, offer.expires_ms) for offer in offers]
    own = incident.court_id
    if not incident.offers and own is not None and all(offer.court_id != own for offer in offers):
        effects.append(InformCourt(own, "competent"))
    after = replace(incident, offers=incident.offers + offers)
    if incident.state is not State.UNCOVERED:
        deadline_ms = max(offer.expires_ms for offer in offers)
        after = replace(after, state=State.OFFERED, timer=Timer.OFFER, deadline_ms=deadline_ms)
    return after, effects


def page(incident: Incident, now_ms: int) -> Change:
    """Nobody has taken it: page the courts above and everybody on duty, and say so to the officer."""
    after = replace(
        incident,
        state=State.UNCOVERED,
        timer=Timer.PAGE,
        deadline_ms=now_ms + incident.policy.page_s * 1000,
        pages=incident.pages + 1,
        nobody=True,
    )
    above = tuple(court.court_id for court in believed(incident).above)
    return after, [PageUp(above, (Level.INTERMEDIATE, Level.HIGH), True, after.pages)]


def expire(incident: Incident, now_ms: int) -> Incident:
    """Offers whose time is up become EXPIRED. They can still be accepted."""
    return replace(
        incident,
        offers=tuple(
            replace(offer, answer=Answer.EXPIRED)
            if offer.answer is Answer.OPEN and offer.expires_ms <= now_ms
            else offer
            for offer in incident.offers
        ),
    )


def withdraw(incident: Incident, why: str) -> Change:
    """No court is waited for any more: open offers become WITHDRAWN, and whoever may still come is told."""
    effects: list[Effect] = [
        WithdrawOffer(offer.court_id, why)
        for offer in incident.offers
        if offer.answer in (Answer.OPEN, Answer.EXPIRED)
    ]
    offers = tuple(
        replace(offer, answer=Answer.WITHDRAWN) if offer.answer is Answer.OPEN else offer
        for offer in incident.offers
    )
    return replace(incident, offers=offers), effects


def answered(
    incident: Incident, court_id: str, answer: Answer, now_ms: int, by: str | None, reason: str | None = None
) -> Incident:
    """The incident with the answer of a court written on its offer."""
    return replace(
        incident,
        offers=tuple(
            replace(offer, answer=answer, answered_ms=now_ms, answered_by=by, reason=reason)
            if offer.court_id == court_id
            else offer
            for offer in incident.offers
        ),
    )


def release(incident: Incident, now_ms: int) -> Change:
    """The owner does not come. The officer, who was told that somebody is on the way, is told otherwise."""
    after = replace(incident, owner_court_id=None, owner_name=None, owner_by=None, eta_s=None, nobody=True)
    return go_on(after, now_ms)
