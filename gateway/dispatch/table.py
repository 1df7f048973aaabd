"""The whole of what may happen: every state, every event, and where it may lead.

A cell is the set of states that the event may lead to, or the code of the refusal. `step` looks here first
and checks its own result against it; the tests take the full product.
"""

from collections.abc import Mapping

from gateway.dispatch.incident import State

NEW, OFFERED, UNCOVERED = State.NEW, State.OFFERED, State.UNCOVERED
ACCEPTED, EN_ROUTE, ON_SCENE = State.ACCEPTED, State.EN_ROUTE, State.ON_SCENE
CLOSED, MERGED = State.CLOSED, State.MERGED

Cell = frozenset[State] | str


def _to(*states: State) -> frozenset[State]:
    return frozenset(states)


def _always(state: State) -> dict[str, Cell]:
    """What means the same in every live state."""
    stay = _to(state)
    return {
        "alarm_raised": "already_open",
        "press_again": stay,
        "position_changed": stay,
        "cancel": stay,
        "acknowledge": stay,
        "callback": stay,
        "note": stay,
        "hand_over": stay,
        "take_over": stay,
        "attach": stay,
        "talk": stay,
        "absorb": stay,
        "close": _to(CLOSED),
        "merge": _to(MERGED),
    }


def _never(code: str) -> dict[str, Cell]:
    """A state that nothing leaves."""
    cells: dict[str, Cell] = dict.fromkeys(_always(NEW), code)
    cells |= dict.fromkeys(("timer_due", "offer", "accept", "decline", "en_route", "arrived"), code)
    return cells | {"press_again": "open_new"}


TABLE: Mapping[State, Mapping[str, Cell]] = {
    NEW: _always(NEW)
    | {
        "timer_due": _to(NEW, OFFERED, UNCOVERED),
        "offer": _to(OFFERED),
        "accept": "not_offered",
        "decline": "not_offered",
        "en_route": "not_owner",
        "arrived": "not_owner",
    },
    OFFERED: _always(OFFERED)
    | {
        "timer_due": _to(OFFERED, UNCOVERED),
        "offer": _to(OFFERED),
        "accept": _to(ACCEPTED),
        "decline": _to(OFFERED, UNCOVERED),
        "en_route": "not_owner",
        "arrived": "not_owner",
    },
    UNCOVERED: _always(UNCOVERED)
    | {
        "timer_due": _to(UNCOVERED),
        "offer": _to(UNCOVERED),
        "accept": _to(ACCEPTED),
        "decline": _to(UNCOVERED),
        "en_route": "not_owner",
        "arrived": "not_owner",
    },
    ACCEPTED: _always(ACCEPTED)
    | {
        "timer_due": _to(ACCEPTED, OFFERED, UNCOVERED),
        "offer": "already_owned",
        "accept": "already_owned",
        "decline": _to(OFFERED, UNCOVERED),
        "en_route": _to(EN_ROUTE),
        "arrived": _to(ON_SCENE),
    },
    EN_ROUTE: _always(EN_ROUTE)
    | {
        "timer_due": _to(EN_ROUTE),
        "offer": "already_owned",
        "accept": "already_owned",
        "decline": _to(OFFERED, UNCOVERED),
        "en_route": _to(EN_ROUTE),
        "arrived": _to(ON_SCENE),
    },
    ON_SCENE: _always(ON_SCENE)
    | {
        "timer_due": _to(ON_SCENE),
        "offer": "already_owned",
        "accept": "already_owned",
        "decline": "wrong_state",
        "en_route": "wrong_state",
        "arrived": "not_owner",
    },
    CLOSED: _never("closed"),
    MERGED: _never("merged"),
}
