"""Two people at once, the same click twice, and what is refused in which words."""

from typing import Any

import pytest
from incident_case import Case, accepted
from incident_histories import alarm

from gateway.dispatch import effects as fx
from gateway.dispatch import events as ev
from gateway.dispatch.timers import Timer


def test_second_click_on_the_same_version_is_refused_and_says_so() -> None:
    case = Case()
    seen = case.incident.version
    case.do(ev.OfferCourt("Lin", "A", expected_version=seen))
    case.do(ev.OfferCourt("Chen", "B", expected_version=seen))
    assert case.refused() == "stale_version"
    case.do(ev.OfferCourt("Chen", "B", expected_version=case.incident.version + 1))
    assert case.refused() == "stale_version"


def test_what_decides_nothing_does_not_make_a_click_stale() -> None:
    case = Case()
    seen = case.incident.version
    case.do(ev.PressAgain("a1", "U1", "button"))
    case.do(ev.Note("Chen", "known address"))
    case.do(ev.OfferCourt("Lin", "A", expected_version=seen))
    assert case.last.changed
    seen = case.incident.version
    case.do(ev.Cancel("c1", "U1", False))
    case.do(ev.Close("Lin", "false alarm", expected_version=seen))
    assert case.refused() == "stale_version"


def test_same_click_twice_is_no_error() -> None:
    case = Case()
    for event in (
        ev.Acknowledge("Lin", expected_version=1),
        ev.OfferCourt("Lin", "A"),
        ev.Note("Lin", "n"),
        ev.Accept("Wu", "A", expected_version=4),
        ev.EnRoute("Wu", "A"),
        ev.Arrived("Wu", "A"),
        ev.Close("Lin", "safe", expected_version=7),
    ):
        assert case.do(event).changed
        again = case.do(event)
        assert not again.changed and again.rejected is None


@pytest.mark.parametrize(
    ("event", "code"),
    [
        (ev.Accept("Wu", "B"), "already_owned"),
        (ev.OfferCourt("Lin", "C"), "already_owned"),
        (ev.Decline("Wu", "B"), "not_owner"),
        (ev.EnRoute("Wu", "B"), "not_owner"),
        (ev.Arrived("Wu", "B"), "not_owner"),
        (ev.Close("Lin", "  "), "no_reason"),
        (ev.Close(" ", "safe"), "nobody_named"),
        (ev.Note("Lin", ""), "no_reason"),
        (ev.Cancel("c", "U9", True), "unknown_unit"),
        (ev.PressAgain("c", "U9", "button"), "unknown_unit"),
        (alarm(alarm_id="zz"), "already_open"),
    ],
)
def test_refusal_has_a_code_and_words(event: Any, code: str) -> None:
    case = accepted()
    outcome = case.do(event)
    assert case.refused() == code and outcome.rejected is not None and outcome.rejected.message
    assert outcome.effects == ()


def test_late_answer_to_a_closed_incident_says_who_closed_it() -> None:
    case = Case()
    case.due(Timer.AUTO_OFFER)
    case.do(ev.Close("Lin", "pressed by mistake"))
    assert fx.WithdrawOffer("A", "closed") in case.last.effects
    outcome = case.do(ev.Accept("Wu", "A"))
    assert case.refused() == "closed" and outcome.rejected is not None
    assert outcome.rejected.message == "Lin closed it: pressed by mistake"
