"""What more presses, cancel codes, drills and a second officer do to an incident."""

import pytest
from incident_case import Case, accepted
from incident_histories import alarm

from gateway.dispatch import effects as fx
from gateway.dispatch import events as ev
from gateway.dispatch.incident import State, absorb_of
from gateway.dispatch.timers import Timer


def test_cancel_never_closes_and_needs_a_call_back() -> None:
    case = Case()
    case.do(ev.Cancel("c1", "U1", True))
    assert case.incident.state is State.NEW and not case.incident.duress
    assert case.effects(fx.TellUnit) == [fx.TellUnit(fx.Status.STORED, "c1")]
    case.do(ev.Close("Lin", "cancelled"))
    assert case.refused() == "call_back_first"
    case.do(ev.CallBack("Lin", note="pressed by mistake"))
    case.do(ev.Cancel("c2", "U1", True))
    case.do(ev.Close("Lin", "cancelled"))
    assert case.refused() == "call_back_first"
    case.do(ev.CallBack("Lin"))
    case.do(ev.Close("Lin", "cancelled"))
    assert case.incident.state is State.CLOSED


def test_wrong_code_is_duress_for_ever_and_answered_alike() -> None:
    case = Case()
    case.do(ev.Cancel("c1", "U1", False))
    assert case.incident.duress and fx.PageSupervisor("duress") in case.last.effects
    assert case.effects(fx.TellUnit) == [fx.TellUnit(fx.Status.STORED, "c1")]
    case.do(ev.Cancel("c2", "U1", True))
    assert case.incident.duress


def test_press_again_joins_and_is_told_how_things_stand() -> None:
    case = accepted()
    case.do(ev.PressAgain("a1", "U1", "button"))
    assert case.incident.alarm_count == 2 and case.incident.members[0].alarm_id == "a1"
    assert [(told.status, told.alarm_id) for told in case.effects(fx.TellUnit)] == [
        (fx.Status.STORED, "a1"),
        (fx.Status.ON_THE_WAY, "a1"),
    ]
    assert not case.do(ev.PressAgain("a1", "U1", "button")).changed
    assert not case.do(alarm()).changed


def test_new_press_after_the_end_opens_a_new_incident() -> None:
    case = Case()
    case.do(ev.Close("Lin", "safe"))
    case.do(ev.PressAgain("a1", "U1", "button"))
    assert case.refused() == "open_new" and not case.incident.joins("button")


@pytest.mark.parametrize("kind", ["test", "exercise"])
def test_drill_asks_no_court_by_itself_and_hides_no_real_alarm(kind: ev.AlarmKind) -> None:
    case = Case(alarm(kind=kind))
    assert case.incident.timer is None and case.incident.test
    case.due(Timer.ACKNOWLEDGE)
    assert case.asked() == [] and case.incident.deadlines
    case.do(ev.Acknowledge("Lin"))
    assert case.told() == [fx.Status.ACKNOWLEDGED] and case.incident.deadlines == ()
    case.do(ev.PressAgain("a1", "U1", "button"))
    assert case.refused() == "open_new"
    case.do(ev.PressAgain("a2", "U1", "test"))
    assert case.last.changed


def test_drill_that_a_dispatcher_offers_runs_like_a_real_one() -> None:
    case = Case(alarm(kind="exercise"))
    case.do(ev.OfferCourt("Lin", "A"))
    case.due(Timer.OFFER)
    assert case.asked() == ["B"]


def test_two_officers_at_one_place_are_proposed_and_merged_by_a_person() -> None:
    case = Case(alarm(near=("I-0",)))
    assert case.effects(fx.ProposeMerge) == [fx.ProposeMerge(("I-0",))]
    other = Case(alarm(incident_id="I-0", alarm_id="b0", unit_id="U2", officer="Second"))
    other.do(ev.OfferCourt("Lin", "A"))
    other.do(ev.Accept("Wu", "A"))
    other.do(absorb_of(case.incident, "Lin"))
    assert [member.unit_id for member in other.incident.members] == ["U2", "U1"]
    assert [(t.status, t.alarm_id) for t in other.effects(fx.TellUnit)] == [(fx.Status.ON_THE_WAY, "a0")]
    assert not other.do(absorb_of(case.incident, "Lin")).changed
    case.do(ev.Merge("Lin", "I-0"))
    assert case.incident.state is State.MERGED and case.incident.merged_into == "I-0"
    assert case.told() == [] and case.incident.deadlines == ()
    other.do(ev.PressAgain("b1", "U1", "button"))
    assert other.incident.alarm_count == 3


def test_real_alarm_is_not_merged_into_a_test_nor_into_itself() -> None:
    drill, real = Case(alarm(kind="test", incident_id="I-7", alarm_id="t0")), Case()
    drill.do(absorb_of(real.incident, "Lin"))
    assert drill.refused() == "open_new"
    real.do(ev.Merge("Lin", "I-1"))
    assert real.refused() == "itself"
