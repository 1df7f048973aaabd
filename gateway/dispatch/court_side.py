"""What courts do, and dispatchers for them: ask, accept, decline, set out, arrive."""

from dataclasses import replace

from gateway.dispatch.effects import Effect, InformCourt, PageSupervisor
from gateway.dispatch.events import Accept, Arrived, Decline, EnRoute, OfferCourt
from gateway.dispatch.incident import OWNED, Answer, Incident, Offer, Rejection, State
from gateway.dispatch.offering import Change, answered, ask, expire, go_on, page, release, withdraw
from gateway.dispatch.timers import Timer

ETA_MAX_S = 86_400


def run(incident: Incident, timer: Timer, now_ms: int, for_s: float) -> Incident:
    """The incident with this timer running on the court's side."""
    return replace(incident, timer=timer, deadline_ms=now_ms + round(for_s * 1000))


def offer(incident: Incident, event: OfferCourt, now_ms: int) -> Change | Rejection:
    """A dispatcher chooses a court. The first choice stops the wait for the automatic one."""
    if incident.offer_to(event.court_id) is not None:
        return Rejection("already_offered", f"{event.court_id} was already asked in this incident")
    name, known_s = _known(incident, event.court_id, event.court_name)
    eta_s = known_s if event.eta_s is None else _bounded(event.eta_s)
    expires_ms = now_ms + incident.policy.offer_s * 1000
    return ask(incident, (Offer(event.court_id, name, eta_s, now_ms, expires_ms, by=event.by),))


def accept(incident: Incident, event: Accept, now_ms: int) -> Change | Rejection:
    """A court takes it; all others are told that they need not go."""
    if not _may_answer(incident, event.court_id):
        return Rejection("not_offered", f"{event.court_id} was not asked: offer it the incident first")
    name, known_s = _known(incident, event.court_id, event.court_name)
    by = event.by_name or event.by
    incident = _paged(incident, event.court_id, name, now_ms)
    after, effects = withdraw(answered(incident, event.court_id, Answer.ACCEPTED, now_ms, by), "taken")
    after = replace(
        after,
        state=State.ACCEPTED,
        owner_court_id=event.court_id,
        owner_name=name,
        owner_by=by,
        eta_s=_bounded(event.eta_s) if event.eta_s is not None else known_s,
        nobody=False,
    )
    return run(after, Timer.ACCEPT, now_ms, incident.policy.accept_s), effects


def decline(incident: Incident, event: Decline, now_ms: int) -> Change | Rejection:
    """A court cannot go. If nobody else is still being waited for, the next one is asked at once."""
    if incident.state in OWNED:
        if event.court_id != incident.owner_court_id:
            return not_owner(incident, event.court_id)
    elif not _may_answer(incident, event.court_id):
        return Rejection("not_offered", f"{event.court_id} was not asked, so it has nothing to decline")
    name, _ = _known(incident, event.court_id, None)
    after = _paged(incident, event.court_id, name, now_ms)
    after = answered(after, event.court_id, Answer.DECLINED, now_ms, event.by_name or event.by, event.reason)
    if incident.state in OWNED:
        return release(after, now_ms)
    waiting = any(offer.answer is Answer.OPEN for offer in after.offers)
    if waiting or incident.state is State.UNCOVERED:
        return after, []
    return go_on(after, now_ms)


def en_route(incident: Incident, event: EnRoute, now_ms: int) -> Change | Rejection:
    """The owner has set out, or says anew when it will be there."""
    if event.court_id != incident.owner_court_id:
        return not_owner(incident, event.court_id)
    eta_s = incident.eta_s if event.eta_s is None else _bounded(event.eta_s)
    policy = incident.policy
    for_s = max(policy.en_route_min_s, policy.en_route_factor * (eta_s or 0))
    after = replace(incident, state=State.EN_ROUTE, eta_s=eta_s)
    return run(after, Timer.EN_ROUTE, now_ms, for_s), []


def arrived(incident: Incident, event: Arrived, now_ms: int) -> Change | Rejection:
    """The owner is with the officer."""
    if event.court_id != incident.owner_court_id:
        return not_owner(incident, event.court_id)
    after = replace(incident, state=State.ON_SCENE, eta_s=None)
    return run(after, Timer.WELFARE, now_ms, incident.policy.welfare_s), []


def time_is_up(incident: Incident, now_ms: int) -> Change:
    """The timer of the court's side has run out."""
    match incident.timer:
        case Timer.AUTO_OFFER | Timer.OFFER:
            return go_on(expire(incident, now_ms), now_ms)
        case Timer.PAGE:
            return page(expire(incident, now_ms), now_ms)
        case Timer.ACCEPT:
            return _not_set_out(incident, now_ms)
        case Timer.EN_ROUTE:
            again = run(incident, Timer.EN_ROUTE, now_ms, incident.policy.en_route_again_s)
            return again, [PageSupervisor("en_route_overdue")]
        case _:
            again = run(incident, Timer.WELFARE, now_ms, incident.policy.welfare_s)
            return again, [PageSupervisor("welfare_due")]


def not_owner(incident: Incident, court_id: str) -> Rejection:
    """The refusal to a court that does not own the incident."""
    owner = incident.owner_name or "nobody yet"
    return Rejection("not_owner", f"{court_id} does not own this incident: {owner} does")


def _may_answer(incident: Incident, court_id: str) -> bool:
    """Whether this court was asked: by an offer, or by the page that goes to all."""
    return incident.state is State.UNCOVERED or incident.offer_to(court_id) is not None


def _paged(incident: Incident, court_id: str, name: str, now_ms: int) -> Incident:
    """The incident with a place to write this court's answer: a page is no offer, but its answer counts."""
    if incident.offer_to(court_id) is not None:
        return incident
    return replace(incident, offers=(*incident.offers, Offer(court_id, name, None, now_ms, now_ms)))


def _known(incident: Incident, court_id: str, said: str | None) -> tuple[str, int | None]:
    """A court's name and estimated travel time: as asked, as ranked, or as said."""
    court = incident.offer_to(court_id) or incident.candidate(court_id)
    return (court.name, court.eta_s) if court is not None else (said or court_id, None)


def _not_set_out(incident: Incident, now_ms: int) -> Change:
    court_id = incident.owner_court_id or ""
    lost = answered(incident, court_id, Answer.EXPIRED, now_ms, None, "did not set out in time")
    after, effects = release(lost, now_ms)
    told: list[Effect] = [InformCourt(court_id, "unaccepted"), PageSupervisor("not_en_route")]
    return after, told + effects


def _bounded(eta_s: int) -> int:
    return max(0, min(eta_s, ETA_MAX_S))
