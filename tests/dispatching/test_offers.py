"""Who is asked, in which order, and what becomes of an offer."""

from dataclasses import replace

import pytest
from incident_case import Case
from incident_histories import ABOVE, START_MS, alarm, court, fix, ranking

from gateway.dispatch import effects as fx
from gateway.dispatch import events as ev
from gateway.dispatch.incident import Answer, State
from gateway.dispatch.policy import Policy
from gateway.dispatch.ranking import Confidence
from gateway.dispatch.timers import Timer


def test_alarm_is_stored_and_offered_by_itself_after_ten_seconds() -> None:
    case = Case()
    assert case.told() == [fx.Status.STORED] and case.asked() == []
    assert (case.incident.timer, case.incident.deadline_ms) == (Timer.AUTO_OFFER, START_MS + 10_000)
    case.due(Timer.AUTO_OFFER)
    assert case.asked() == ["A"] and case.incident.state is State.OFFERED


def test_dispatcher_who_chooses_first_stops_the_automatic_offer() -> None:
    case = Case()
    deadline_ms = case.incident.deadline_ms
    case.do(ev.OfferCourt("Lin", "C"))
    assert case.asked() == ["C"]
    case.now_ms = deadline_ms or 0
    assert not case.do(ev.TimerDue(Timer.AUTO_OFFER, case.now_ms)).changed


def test_no_answer_asks_the_next_then_the_court_above_then_everybody() -> None:
    case = Case()
    case.due(Timer.AUTO_OFFER)
    case.due(Timer.OFFER)
    assert case.asked() == ["B"]
    case.due(Timer.OFFER)
    assert case.asked() == ["I"]
    case.due(Timer.OFFER)
    assert case.incident.state is State.UNCOVERED
    page = case.effects(fx.PageUp)[0]
    assert page.court_ids == ("I", "H") and page.everyone_on_duty and page.times == 1
    assert case.told() == [fx.Status.NOBODY_YET]


def test_everybody_is_paged_every_minute_for_ever() -> None:
    case = Case(alarm(ranking(0)))
    for times in range(2, 200):
        before_ms = case.now_ms
        case.due(Timer.PAGE)
        assert case.effects(fx.PageUp)[0].times == times and case.now_ms - before_ms == 60_000


def test_no_court_at_all_pages_at_once() -> None:
    case = Case(alarm(ranking(0)))
    assert case.incident.state is State.UNCOVERED and case.effects(fx.PageUp)
    assert case.told() == [fx.Status.STORED, fx.Status.NOBODY_YET]


def test_declines_go_through_all_courts_before_everybody_is_paged() -> None:
    case = Case()
    case.due(Timer.AUTO_OFFER)
    asked = case.asked()
    while case.incident.state is State.OFFERED:
        case.do(ev.Decline("Wu", asked[-1]))
        asked += case.asked()
    assert asked == ["A", "B", "C", "D", "I"]


def test_earlier_offer_is_still_answerable_and_the_others_are_told() -> None:
    case = Case()
    case.due(Timer.AUTO_OFFER)
    case.due(Timer.OFFER)
    case.do(ev.Accept("Wu", "A"))
    assert case.incident.owner_court_id == "A" and case.incident.state is State.ACCEPTED
    assert [effect.court_id for effect in case.effects(fx.WithdrawOffer)] == ["B"]
    assert case.incident.shown_answer("A") == "accepted" and case.incident.shown_answer("B") == "expired"


@pytest.mark.parametrize("confidence", [Confidence.COARSE, Confidence.STALE, Confidence.NONE])
def test_doubtful_position_asks_three_at_once(confidence: Confidence) -> None:
    case = Case(alarm(ranking(5, confidence)))
    case.due(Timer.AUTO_OFFER)
    assert case.asked() == ["A", "B", "C"]
    case.do(ev.Decline("Wu", "B"))
    assert case.asked() == [] and case.incident.state is State.OFFERED


def test_off_duty_court_is_asked_after_those_on_duty() -> None:
    case = Case(alarm(ranking(2, off_duty=0)))
    case.due(Timer.AUTO_OFFER)
    assert case.asked() == ["B"]
    case.do(ev.Decline("Wu", "B"))
    assert case.asked() == ["A"]
    assert [c.court_id for c in case.incident.ranking.candidates] == ["A", "B"]


def test_level_that_is_not_asked_by_itself_is_listed_only() -> None:
    courts = (court("H1", level="high"), court("A"))  # type: ignore[arg-type]
    ranked = replace(ranking(), candidates=courts)
    case = Case(alarm(ranked), Policy(offer_levels=("basic",)))  # type: ignore[arg-type]
    case.due(Timer.AUTO_OFFER)
    assert case.asked() == ["A"]


def test_own_court_is_informed_when_another_is_asked_and_asked_first_by_policy() -> None:
    case = Case(alarm(court_id="C"))
    case.due(Timer.AUTO_OFFER)
    assert case.asked() == ["A"] and case.effects(fx.InformCourt) == [fx.InformCourt("C", "competent")]
    case = Case(alarm(court_id="C"), Policy(jurisdiction="own_first"))
    case.due(Timer.AUTO_OFFER)
    assert case.asked() == ["C"] and case.effects(fx.InformCourt) == []


def test_better_position_leads_the_offers_but_the_shown_ranking_stays() -> None:
    case = Case(alarm(ranking(4, Confidence.NONE), fix=None))
    shown = case.incident.ranking
    moved = replace(ranking(), candidates=(court("Z"), court("A")))
    case.do(ev.PositionChanged("U1", fix(at_ms=START_MS + 3000), moved))
    assert case.incident.ranking is shown and case.incident.hint is not None
    case.due(Timer.AUTO_OFFER)
    assert case.asked() == ["Z"]


def test_position_that_says_nothing_new_changes_nothing() -> None:
    case = Case()
    case.now_ms += 60_000
    assert not case.do(ev.PositionChanged("U1", fix(26.0701, at_ms=case.now_ms), ranking())).changed
    assert not case.do(ev.PositionChanged("U1", fix(27, at_ms=START_MS - 1), ranking())).changed
    assert case.do(ev.PositionChanged("U1", fix(26.08, at_ms=case.now_ms), ranking())).changed
    assert not case.do(ev.PositionChanged("U1", fix(26.09, at_ms=case.now_ms + 1), ranking())).changed
    case.do(ev.PositionChanged("U9", fix(26.09), ranking()))
    assert case.refused() == "unknown_unit"


def test_court_reached_by_the_page_may_accept_and_is_not_asked_again_after_it_gives_up() -> None:
    case = Case(alarm(replace(ranking(1), above=ABOVE[:0])))
    case.due(Timer.AUTO_OFFER)
    case.due(Timer.OFFER)
    assert case.incident.state is State.UNCOVERED
    case.do(ev.Accept("Hu", "Q", court_name="Court Q"))
    assert case.incident.owner_name == "Court Q"
    case.do(ev.Decline("Hu", "Q"))
    assert case.asked() == [] and case.incident.state is State.UNCOVERED
    offer = case.incident.offer_to("Q")
    assert offer is not None and offer.answer is Answer.DECLINED


def test_court_reached_by_the_page_may_decline() -> None:
    case = Case(alarm(ranking(0)))
    case.do(ev.Decline("Hu", "Q", "no car"))
    assert case.incident.shown_answer("Q") == "declined" and case.incident.state is State.UNCOVERED
    case.do(ev.Accept("Hu", "Q", court_name="Court Q"))
    assert case.incident.owner_court_id == "Q"


def test_dispatcher_may_ask_more_courts_while_everybody_is_paged() -> None:
    case = Case(alarm(ranking(0)))
    case.do(ev.OfferCourt("Lin", "B", "Court B", 120))
    assert case.asked() == ["B"] and case.incident.timer is Timer.PAGE
    case.due(Timer.PAGE)
    assert case.incident.shown_answer("B") == "expired" and case.effects(fx.PageUp)
