"""The log: replay makes the same incident, and any change of it is named."""

from dataclasses import replace

import pytest
from incident_histories import POLICY, START_MS, alarm

from gateway.dispatch import events as ev
from gateway.dispatch.log import GENESIS, BrokenLog, LogRow, replay, row_for, verify
from gateway.dispatch.policy import Policy
from gateway.dispatch.step import step

EVENTS = [
    alarm(),
    ev.Acknowledge("林"),
    ev.OfferCourt("林", "A"),
    ev.Accept("吴", "A"),
    ev.Close("林", "安全"),
]


def written(policy: Policy = POLICY) -> list[LogRow]:
    rows: list[LogRow] = []
    incident = None
    for seq, event in enumerate(EVENTS, 1):
        incident = step(incident, event, START_MS + seq, policy).incident
        previous = rows[-1].hash if rows else GENESIS
        rows.append(row_for("I-1", seq, START_MS + seq, event, policy, previous))
    return rows


def broken_at(rows: list[LogRow], **expected: object) -> int:
    with pytest.raises(BrokenLog) as caught:
        verify(rows, **expected)  # type: ignore[arg-type]
    return caught.value.seq


def test_good_log_verifies_and_replays_under_its_own_policy() -> None:
    rows = written(Policy(accept_s=77))
    verify(rows, head=rows[-1].hash, length=5)
    rebuilt = replay(rows[:4])
    assert rebuilt is not None and rebuilt.deadline_ms == START_MS + 4 + 77_000
    assert replay([]) is None
    verify([])


@pytest.mark.parametrize("seq", range(1, 6))
@pytest.mark.parametrize(
    "change",
    [
        {"at_ms": 1},
        {"name": "note"},
        {"by": "someone"},
        {"event": "{}"},
        {"hash": bytes(32)},
    ],
    ids=str,
)
def test_changed_row_is_named(seq: int, change: dict[str, object]) -> None:
    rows = written()
    rows[seq - 1] = replace(rows[seq - 1], **change)  # type: ignore[arg-type]
    assert broken_at(rows) == seq


def test_removed_added_and_reordered_rows_are_named() -> None:
    rows = written()
    assert broken_at([*rows[:2], *rows[3:]]) == 3
    assert broken_at([*rows[:2], rows[1], *rows[2:]]) == 3
    assert broken_at([rows[0], rows[2], rows[1], *rows[3:]]) == 2
    assert broken_at(rows[1:]) == 1
    assert broken_at([replace(rows[0], incident_id="I-2"), *rows[1:]]) == 1


def test_rehashed_middle_is_named_at_the_next_row() -> None:
    """Whoever changes a row and computes its hash anew has to change every later one."""
    rows = written()
    rows[1] = row_for("I-1", 2, START_MS, ev.Acknowledge("somebody else"), POLICY, rows[0].hash)
    assert broken_at(rows) == 3


def test_cut_tail_is_named_when_the_end_is_known() -> None:
    rows = written()
    verify(rows[:3])
    assert broken_at(rows[:3], length=5) == 4
    assert broken_at(rows[:3], head=rows[-1].hash) == 4
    assert broken_at(rows, length=4) == 5


def test_replay_names_an_event_that_does_not_fit() -> None:
    rows = written()
    for bad in ("{}", "[]", "nonsense", '{"event":"accept","by":"x","court_id":"A"}'):
        with pytest.raises(BrokenLog) as caught:
            replay([rows[0], replace(rows[1], event=bad)])
        assert caught.value.seq == 2


def test_events_survive_json() -> None:
    for event in EVENTS:
        assert ev.from_plain(ev.to_plain(event)) == event
