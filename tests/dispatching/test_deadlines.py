"""What the officer and the supervisor are told as people answer, or let time go by."""

import pytest
from incident_case import Case, accepted
from incident_histories import START_MS

from gateway.dispatch import effects as fx
from gateway.dispatch import events as ev
from gateway.dispatch.incident import State
from gateway.dispatch.timers import Timer


def test_officer_hears_only_what_is_so() -> None:
    case = Case()
    case.do(ev.Acknowledge("Lin"))
    assert case.effects(fx.TellUnit) == [fx.TellUnit(fx.Status.ACKNOWLEDGED, by="Lin")]
    case.due(Timer.AUTO_OFFER)
    assert case.told() == []
    case.do(ev.Accept("duty", "A", eta_s=300, by_name="Wu"))
    told = fx.TellUnit(fx.Status.ON_THE_WAY, by="Wu", court_name="Court A", eta_s=300)
    assert case.effects(fx.TellUnit) == [told]
    case.do(ev.Decline("Wu", "A", "car broke down"))
    assert case.told() == [fx.Status.NOBODY_YET] and case.asked() == ["B"]
    case.do(ev.Accept("Hu", "B"))
    case.do(ev.EnRoute("Hu", "B"))
    assert case.told() == []
    case.do(ev.Arrived("Hu", "B"))
    assert case.told() == [fx.Status.ARRIVED]
    case.do(ev.Close("Lin", "officer is safe"))
    assert case.effects(fx.TellUnit) == [fx.TellUnit(fx.Status.CLOSED, by="Lin")]
    assert case.incident.closed is not None and case.incident.closed.court_id == "B"


def test_nobody_acknowledges_and_the_officer_and_the_supervisor_are_told() -> None:
    case = Case()
    case.due(Timer.ACKNOWLEDGE)
    assert case.now_ms == START_MS + 30_000
    assert case.told() == [fx.Status.NOBODY_YET] and case.effects(fx.PageSupervisor)
    case.due(Timer.ACKNOWLEDGE)
    assert case.told() == [] and case.effects(fx.PageSupervisor)
    case.do(ev.Acknowledge("Lin"))
    assert case.told() == [fx.Status.ACKNOWLEDGED] and case.incident.acknowledge_deadline_ms is None


def test_nobody_acknowledges_but_a_court_comes() -> None:
    case = accepted()
    case.due(Timer.ACKNOWLEDGE)
    assert case.told() == [] and case.effects(fx.PageSupervisor)


def test_court_that_accepts_and_never_sets_out_loses_it_and_may_still_come() -> None:
    case = accepted()
    case.due(Timer.ACCEPT)
    assert case.now_ms == START_MS + 180_000
    assert case.incident.state is State.OFFERED and case.asked() == ["B"]
    assert case.told() == [fx.Status.NOBODY_YET]
    assert case.effects(fx.PageSupervisor) and fx.InformCourt("A", "unaccepted") in case.last.effects
    case.do(ev.Accept("Wu", "A"))
    assert case.incident.owner_court_id == "A"


@pytest.mark.parametrize(("eta_s", "allowed_s"), [(None, 600), (10, 300), (1000, 1500)])
def test_time_on_the_way_follows_the_estimate(eta_s: int | None, allowed_s: int) -> None:
    case = accepted()
    case.do(ev.EnRoute("Wu", "A", eta_s))
    assert case.incident.deadline_ms == case.now_ms + allowed_s * 1000
    case.due(Timer.EN_ROUTE)
    assert case.effects(fx.PageSupervisor) and case.incident.state is State.EN_ROUTE
    assert case.incident.deadline_ms == case.now_ms + 600_000 and case.incident.owner_court_id == "A"


def test_welfare_check_comes_again_and_again_on_the_scene() -> None:
    case = accepted()
    case.do(ev.Arrived("Wu", "A"))
    for _ in range(3):
        case.due(Timer.WELFARE)
        assert case.effects(fx.PageSupervisor) == [fx.PageSupervisor("welfare_due")]
