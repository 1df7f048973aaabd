"""An incident changes hands between dispatchers: proposed, taken, and never nobody's."""

from incident_case import Case
from incident_histories import START_MS, alarm

from gateway.dispatch import effects as fx
from gateway.dispatch import events as ev
from gateway.dispatch.incident import Incident, from_json, to_json
from gateway.dispatch.log import replay, row_for


def acknowledged() -> Case:
    case = Case()
    case.do(ev.Acknowledge("Lin", login="lin"))
    return case


def test_proposal_leaves_it_with_the_handler_until_it_is_taken() -> None:
    case = acknowledged()
    case.do(ev.HandOver("Lin", "chen", "Chen", "court has been called"))
    assert case.incident.handler == "Lin" and case.incident.handover is not None
    assert (case.incident.handover.to_name, case.incident.handover.note) == ("Chen", "court has been called")
    case.now_ms += 5_000
    case.do(ev.TakeOver("Chen", "chen"))
    assert (case.incident.handler, case.incident.handler_login) == ("Chen", "chen")
    assert case.incident.handler_ms == START_MS + 5_000 and case.incident.handover is None
    assert case.incident.acknowledged_by == "Lin" and case.incident.acknowledged_ms == START_MS


def test_officer_is_told_the_name_of_who_has_it_now() -> None:
    case = acknowledged()
    case.do(ev.TakeOver("Chen", "chen"))
    assert case.effects(fx.TellUnit) == [fx.TellUnit(fx.Status.ACKNOWLEDGED, by="Chen")]


def test_officer_who_knows_that_help_is_coming_is_told_nothing_new() -> None:
    case = acknowledged()
    case.do(ev.OfferCourt("Lin", "A"))
    case.do(ev.Accept("Wu", "A"))
    case.do(ev.TakeOver("Chen", "chen"))
    assert case.last.changed and case.told() == []


def test_what_nobody_has_acknowledged_is_not_handed_over() -> None:
    for event in (ev.HandOver("Lin", "chen", "Chen"), ev.TakeOver("Chen", "chen")):
        case = Case()
        case.do(event)
        assert case.refused() == "not_acknowledged"


def test_handler_cannot_be_handed_what_they_have() -> None:
    case = acknowledged()
    case.do(ev.HandOver("Xu", "lin", "Lin"))
    assert case.refused() == "already_handler"


def test_handler_who_takes_it_withdraws_the_proposal() -> None:
    case = acknowledged()
    case.do(ev.HandOver("Lin", "chen", "Chen"))
    case.do(ev.TakeOver("Lin", "lin"))
    assert case.last.changed and case.incident.handover is None and case.incident.taken is None
    assert not case.do(ev.TakeOver("Lin", "lin")).changed and case.last.rejected is None


def test_proposal_makes_no_click_stale_and_a_take_over_does() -> None:
    case = acknowledged()
    seen = case.incident.version
    case.do(ev.HandOver("Lin", "chen", "Chen"))
    assert case.do(ev.OfferCourt("Lin", "A", expected_version=seen)).changed
    seen = case.incident.version
    case.do(ev.TakeOver("Chen", "chen"))
    case.do(ev.Close("Lin", "over", expected_version=seen))
    assert case.refused() == "stale_version"


def test_two_people_of_one_name_are_two() -> None:
    case = acknowledged()
    case.do(ev.Acknowledge("Lin", login="lin2"))
    assert case.refused() == "already_acknowledged"
    assert case.do(ev.TakeOver("Lin", "lin2")).changed and case.incident.handler_login == "lin2"


def test_incident_of_an_older_version_has_its_acknowledger_as_handler() -> None:
    """Neither its snapshot nor its log knows accounts."""
    case = Case()
    first = row_for("I-1", 1, START_MS, alarm(), case.policy)
    old = row_for("I-1", 2, START_MS, ev.Acknowledge("Lin"), case.policy, first.hash)
    text = to_json(replay([first, old]) or case.incident)
    for field in (',"acknowledged_login":null', ',"taken":null', ',"handover":null', ',"attachments":[]'):
        assert field in text
        text = text.replace(field, "")
    read: Incident = from_json(text)
    assert (read.handler, read.handler_login, read.handler_ms) == ("Lin", None, START_MS)
    assert read == replay([first, old])
