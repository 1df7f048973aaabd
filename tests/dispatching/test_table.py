"""The full product of states and events."""

from pathlib import Path
from typing import Any, get_args

import pytest
from incident_histories import POLICY, START_MS, alarm, fix, ranking

from gateway.dispatch import events as ev
from gateway.dispatch.incident import Incident, State, absorb_of
from gateway.dispatch.step import step
from gateway.dispatch.table import TABLE
from gateway.dispatch.timers import Timer

DOCS = Path(__file__).parents[2] / "docs" / "dispatch.md"
NOW_MS = START_MS + 5_000
PATHS: dict[State, list[Any]] = {
    State.NEW: [],
    State.OFFERED: [ev.OfferCourt("Lin", "A")],
    State.UNCOVERED: [],
    State.ACCEPTED: [ev.OfferCourt("Lin", "A"), ev.Accept("Wu", "A")],
    State.EN_ROUTE: [ev.OfferCourt("Lin", "A"), ev.Accept("Wu", "A"), ev.EnRoute("Wu", "A", 300)],
    State.ON_SCENE: [ev.OfferCourt("Lin", "A"), ev.Accept("Wu", "A"), ev.Arrived("Wu", "A")],
    State.CLOSED: [ev.OfferCourt("Lin", "A"), ev.Close("Lin", "safe")],
    State.MERGED: [ev.OfferCourt("Lin", "A"), ev.Merge("Lin", "I-2")],
}
OTHER = step(None, alarm(incident_id="I-9", alarm_id="b0", unit_id="U2"), NOW_MS, POLICY).incident
EVENTS = [*get_args(get_args(ev.Event)[0])]


def in_state(state: State, acknowledged: bool = False) -> Incident:
    """An incident that came to this state by events; in UNCOVERED nobody was there to be asked."""
    incident = step(None, alarm(ranking(0) if state is State.UNCOVERED else None), START_MS, POLICY).incident
    for event in [ev.Acknowledge("Wang", login="wang")] * acknowledged + PATHS[state]:
        incident = step(incident, event, START_MS, POLICY).incident
    if state is State.UNCOVERED:
        incident = step(incident, ev.OfferCourt("Lin", "A", "A"), START_MS, POLICY).incident
    assert incident is not None and incident.state is state
    return incident


def samples(kind: type, incident: Incident) -> list[Any]:
    """Events of this kind that mean something in the incident."""
    assert OTHER is not None
    timers = [ev.TimerDue(timer, at_ms) for timer, at_ms in incident.deadlines]
    made: dict[type, list[Any]] = {
        ev.AlarmRaised: [alarm(alarm_id="new")],
        ev.PressAgain: [ev.PressAgain("a9", "U1", "button")],
        ev.PositionChanged: [ev.PositionChanged("U1", fix(27, at_ms=NOW_MS + 60_000), ranking())],
        ev.Cancel: [ev.Cancel("a9", "U1", True)],
        ev.TimerDue: timers or [ev.TimerDue(Timer.OFFER, START_MS)],
        ev.Acknowledge: [ev.Acknowledge("Lin")],
        ev.OfferCourt: [ev.OfferCourt("Lin", "B")],
        ev.Accept: [ev.Accept("Wu", "A"), ev.Accept("Wu", "B")],
        ev.Decline: [ev.Decline("Wu", "A")],
        ev.EnRoute: [ev.EnRoute("Wu", "A", 60)],
        ev.Arrived: [ev.Arrived("Wu", "A")],
        ev.CallBack: [ev.CallBack("Lin")],
        ev.Note: [ev.Note("Lin", "text")],
        ev.HandOver: [ev.HandOver("Lin", "chen", "Chen", "my shift ends")],
        ev.TakeOver: [ev.TakeOver("Chen", "chen")],
        ev.Attach: [ev.Attach("Lin", "0" * 32, "door.jpg", "image/jpeg", 10, "0" * 64)],
        ev.Talk: [ev.Talk("Lin", "7a" * 8, "U1", NOW_MS, 4_000, 3, "released")],
        ev.Close: [ev.Close("Lin", "all well")],
        ev.Merge: [ev.Merge("Lin", "I-3")],
        ev.Absorb: [absorb_of(OTHER, "Lin")],
    }
    return made[kind]


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("acknowledged", [False, True])
@pytest.mark.parametrize("state", State)
def test_every_state_with_every_event(state: State, acknowledged: bool, kind: type) -> None:
    incident = in_state(state, acknowledged)
    for event in samples(kind, incident):
        cell = TABLE[state][event.event]
        outcome = step(incident, event, NOW_MS + 3_600_000, POLICY)
        assert outcome.incident is not None
        if outcome.changed:
            assert not isinstance(cell, str) and outcome.incident.state in cell
            assert outcome.incident.version == incident.version + 1
        else:
            assert outcome.incident is incident and outcome.effects == ()
        if isinstance(cell, str) and outcome.rejected is not None:
            assert outcome.rejected.code == cell and outcome.rejected.message
        if outcome.rejected is not None and isinstance(event, ev.TimerDue):
            raise AssertionError("a timer is never refused")


def test_table_is_complete() -> None:
    names = {kind.__dataclass_fields__["event"].default for kind in EVENTS}
    assert set(TABLE) == set(State)
    assert all(set(row) == names for row in TABLE.values())


def test_first_event_must_be_an_alarm() -> None:
    outcome = step(None, ev.Note("Lin", "x"), NOW_MS, POLICY)
    assert outcome.incident is None and outcome.rejected is not None
    assert outcome.rejected.code == "unknown_incident"


def test_documented_table_is_the_table() -> None:
    """docs/dispatch.md shows exactly what the code does."""
    assert as_markdown() in DOCS.read_text("utf-8")


def as_markdown() -> str:
    """The table as docs/dispatch.md shows it: a column a state, refusals in words."""
    states = list(State)
    lines = ["| | " + " | ".join(states) + " |", "|---" * (len(states) + 1) + "|"]
    for name in TABLE[State.NEW]:
        cells = [TABLE[state][name] for state in states]
        words = [
            f"*{cell}*" if isinstance(cell, str) else ", ".join(s for s in states if s in cell)
            for cell in cells
        ]
        lines.append(f"| `{name}` | " + " | ".join(words) + " |")
    return "\n".join(lines)
