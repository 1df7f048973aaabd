"""The invariants of an incident over random histories with crashes and late timers; and over mutants."""

import random
import sys
import types
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from incident_histories import OPERATIONS, POLICY, Life, Rules, alarm, ranking

import gateway.dispatch
import gateway.dispatch.log
import gateway.dispatch.step
from gateway.dispatch.policy import Policy
from gateway.dispatch.ranking import Confidence

REAL = Rules(gateway.dispatch.step, gateway.dispatch.log)
RULES = ("table", "telling", "offering", "officer_side", "centre_side", "court_side", "step", "log")
OPENINGS = (
    (alarm(), POLICY),
    (alarm(ranking(1)), POLICY),
    (alarm(ranking(0)), POLICY),
    (alarm(ranking(4, Confidence.COARSE)), POLICY),
    (alarm(ranking(4, Confidence.NONE, off_duty=0)), POLICY),
    (alarm(kind="duress"), Policy(auto_offer_s=0)),
    (alarm(kind="test"), POLICY),
    (alarm(ranking(6)), Policy(unanswered_before_above=9, jurisdiction="own_first")),
)
HISTORY = st.lists(
    st.tuples(
        st.sampled_from(OPERATIONS), st.integers(0, 15), st.sampled_from((0, 0, 1, 999, 20_000, 70_000))
    ),
    max_size=40,
)
Patch = tuple[str, str, str]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(range(len(OPENINGS))), HISTORY)
def test_invariants_hold_over_any_history(which: int, history: list[tuple[str, int, int]]) -> None:
    opening, policy = OPENINGS[which]
    Life(REAL, opening, policy).play(history)


def random_lives(rules: Rules, seed: int, lives: int) -> None:
    """Play `lives` random histories; AssertionError where one breaks an invariant."""
    chance = random.Random(seed)
    for _ in range(lives):
        opening, policy = chance.choice(OPENINGS)
        history = [
            (chance.choice(OPERATIONS), chance.randrange(16), chance.choice((0, 0, 1, 999, 20_000, 70_000)))
            for _ in range(chance.randrange(5, 60))
        ]
        Life(rules, opening, policy).play(history)


def test_invariants_hold_over_the_lives_that_kill_mutants() -> None:
    random_lives(REAL, seed=1, lives=300)


def mutated(patches: Sequence[Patch]) -> Rules:
    """The rules with their source text patched: modules of their own, beside the real ones."""
    names = [f"gateway.dispatch.{name}" for name in RULES]
    real = {name: sys.modules[name] for name in names}
    made: dict[str, types.ModuleType] = {}
    try:
        for name, short in zip(names, RULES, strict=True):
            file = real[name].__file__
            assert file is not None
            source = Path(file).read_text("utf-8")
            for module, old, new in patches:
                if module == short:
                    assert source.count(old) == 1, f"{module}.py does not have {old!r} exactly once"
                    source = source.replace(old, new)
            made[name] = types.ModuleType(name)
            sys.modules[name] = made[name]
            setattr(gateway.dispatch, short, made[name])
            exec(compile(source, f"mutant of {file}", "exec"), made[name].__dict__)
    finally:
        sys.modules.update(real)
        for name, short in zip(names, RULES, strict=True):
            setattr(gateway.dispatch, short, real[name])
    return Rules(made["gateway.dispatch.step"], made["gateway.dispatch.log"])


MUTANTS: dict[str, list[Patch]] = {
    "a forgotten timer": [
        (
            "court_side",
            "return run(after, Timer.ACCEPT, now_ms, incident.policy.accept_s), effects",
            "return after, effects",
        )
    ],
    "a page that is not repeated": [
        ("court_side", "return page(expire(incident, now_ms), now_ms)", "return expire(incident, now_ms), []")
    ],
    "an overdue court that nobody looks after": [
        (
            "court_side",
            "again = run(incident, Timer.EN_ROUTE, now_ms, incident.policy.en_route_again_s)",
            "again = replace(incident, timer=None, deadline_ms=None)",
        )
    ],
    "a swallowed decline": [
        (
            "court_side",
            "after = answered(after, event.court_id, Answer.DECLINED, now_ms, event.by_name or event.by, event.reason)",
            "pass",
        )
    ],
    "a version not raised": [("step", "version = incident.version + 1", "version = incident.version")],
    "a late accept reopens": [
        ("table", '| {"press_again": "open_new"}', '| {"press_again": "open_new", "accept": _to(ACCEPTED)}')
    ],
    "two accepts both win": [
        (
            "table",
            """    ACCEPTED: _always(ACCEPTED)
    | {
        "timer_due": _to(ACCEPTED, OFFERED, UNCOVERED),
        "offer": "already_owned",
        "accept": "already_owned",""",
            """    ACCEPTED: _always(ACCEPTED)
    | {
        "timer_due": _to(ACCEPTED, OFFERED, UNCOVERED),
        "offer": "already_owned",
        "accept": _to(ACCEPTED),""",
        ),
        ("step", "not incident.decided_version <= expected <= incident.version", "False"),
    ],
    "an old picture decides": [
        ("step", "not incident.decided_version <= expected <= incident.version", "False")
    ],
    "duress is cleared": [
        (
            "officer_side",
            "after, effects = _duress(after, not event.genuine)",
            "after, effects = replace(after, duress=not event.genuine), []",
        )
    ],
    "a cancel closes": [
        ("table", '"cancel": stay', '"cancel": _to(CLOSED)'),
        ("officer_side", "cancel=claim, callback=None", "cancel=claim, state=type(incident.state).CLOSED"),
    ],
    "a court is asked twice": [("offering", "if court.court_id not in asked]", "if court.court_id]")],
    "a position changes the owner": [
        (
            "officer_side",
            "return replace(incident, hint=Hint(",
            'return replace(incident, owner_court_id=incident.owner_court_id and "C", hint=Hint(',
        )
    ],
    "a duplicate raises the version": [
        ("step", "return event.alarm_id in incident.alarm_ids", "return False")
    ],
    "a terminal state is changed": [
        (
            "table",
            '| {"press_again": "open_new"}',
            '| {"press_again": "open_new", "note": _to(CLOSED, MERGED)}',
        )
    ],
    "a late timer acts": [
        ("step", "return (event.timer, event.deadline_ms) not in incident.deadlines", "return False"),
    ],
    "on the way while nobody comes": [("offering", "owner_by=None, eta_s=None, nobody=True", "eta_s=None")],
    "a lie to the officer": [("telling", "if incident.state in OWNED:", "if incident.offers:")],
    "an acknowledgement that stops nothing": [
        (
            "centre_side",
            "        acknowledge_deadline_ms=None,\n        nobody=False,\n    )\n    return after, []",
            "        nobody=False,\n    )\n    return after, []",
        )
    ],
    "a proposal takes it away at once": [
        (
            "centre_side",
            "        incident, handover=HandOverProposal(event.to_login, event.to_name, event.by, now_ms, note)\n",
            "        incident, handover=HandOverProposal(event.to_login, event.to_name, event.by, now_ms, note),\n"
            "        acknowledged_by=None\n",
        )
    ],
    "two take it in the same instant": [
        (
            "step",
            'frozenset({"note", "callback", "hand_over", "attach", "talk"})',
            'frozenset({"note", "callback", "take_over"})',
        )
    ],
    "taken and still proposed": [
        (
            "centre_side",
            "taken=TakenOver(event.by, event.login, now_ms), handover=None)",
            "taken=TakenOver(event.by, event.login, now_ms))",
        )
    ],
    "a file takes the place of those before": [
        ("centre_side", "attachments=(*incident.attachments, added)", "attachments=(added,)")
    ],
    "the officer is told the name of the one before": [
        ("telling", "by=incident.handler)", "by=incident.acknowledged_by)")
    ],
    "the policy is not written down": [("log", "if seq == 1:\n        plain", "if seq == 0:\n        plain")],
}


@pytest.mark.parametrize("name", MUTANTS)
def test_mutant_is_killed(name: str) -> None:
    """If it survives, the invariants are too weak."""
    rules = mutated(MUTANTS[name])
    with pytest.raises((AssertionError, gateway.dispatch.log.BrokenLog, rules.log.BrokenLog)):
        random_lives(rules, seed=1, lives=600)


def test_unmutated_copy_survives() -> None:
    """The way mutants are made kills nothing by itself."""
    random_lives(mutated([]), seed=2, lives=100)
