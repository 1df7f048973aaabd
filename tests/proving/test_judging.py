"""When a manifest is answered: at once when all is here, else when nothing that was sent is still on its way."""

import pytest

from gateway.evidence.judging import (
    LONGEST_WAIT_S,
    MARKER_AGAIN_S,
    MARKER_LOST_S,
    NEVER_S,
    QUIET_S,
    Judging,
)
from gateway.evidence.places import Key

ONE, OTHER = Key("u1001", "a1b2c3d4e5f60718", 0), Key("u2002", "a1b2c3d4e5f60718", 5)


@pytest.fixture
def judging():
    made = Judging()
    made.wait(ONE, None, "350102", 100.0)
    return made


def test_segment_that_lacks_nothing_is_due_at_once_and_needs_no_marker(judging):
    assert judging.due(100.0) == []
    judging.whole(ONE)
    assert judging.due(100.0) == [ONE] and judging.marker(200.0) is None
    assert judging.forget(ONE).court_id == "350102" and judging.next_s() == NEVER_S


def test_what_seems_to_be_missing_is_due_when_a_marker_sent_after_a_quiet_time_is_back(judging):
    assert judging.next_s() == 100.0 + QUIET_S and judging.marker(100.1) is None
    number = judging.marker(100.0 + QUIET_S)
    judging.fed(105.0)
    assert judging.due(105.0) == []  # however long it takes
    judging.returned(number)
    assert judging.due(105.0) == [ONE]


def test_bytes_that_come_before_their_marker_ask_for_a_later_one(judging):
    first = judging.marker(100.5)
    judging.moved(ONE, 101.0)
    judging.returned(first)
    assert judging.due(101.0) == [] and judging.next_s() == 101.0 + QUIET_S
    judging.returned(judging.marker(101.5))
    assert judging.due(101.5) == [ONE]


def test_bytes_of_another_segment_do_not_hold_up_an_answer(judging):
    judging.wait(OTHER, None, "350103", 100.1)
    number = judging.marker(100.4)
    judging.moved(OTHER, 100.5)
    judging.returned(number)
    assert judging.due(100.5) == [ONE]


def test_marker_is_lost_when_nothing_comes_at_all_and_only_then(judging):
    judging.marker(100.5)
    for at_s in range(101, 110):
        judging.fed(float(at_s))
        assert judging.due(float(at_s)) == [] and judging.next_s() <= at_s + MARKER_LOST_S
        judging.marker(float(at_s))
    judging.marker(109.0 + MARKER_LOST_S)
    assert judging.due(109.0 + MARKER_LOST_S) == [ONE]


def test_marker_is_sent_again_while_bytes_come_and_the_later_one_is_as_good(judging):
    first = judging.marker(100.5)
    judging.fed(101.4)
    assert judging.marker(100.5 + MARKER_AGAIN_S - 0.01) is None
    second = judging.marker(100.5 + MARKER_AGAIN_S)
    assert second > first
    judging.returned(second)
    assert judging.due(101.5) == [ONE]
    judging.returned(first)
    assert judging.marker(103.0) is None and judging.next_s() == -NEVER_S


def test_manifest_is_answered_after_the_longest_wait_whatever_comes(judging):
    at_s = 100.0
    while at_s < 100.0 + LONGEST_WAIT_S:
        judging.moved(ONE, at_s)
        judging.fed(at_s)
        judging.marker(at_s)
        assert judging.due(at_s) == []
        at_s += 0.1
    assert judging.due(at_s) == [ONE] and len(judging._out) <= LONGEST_WAIT_S / MARKER_AGAIN_S + 1


def test_segment_that_the_disk_did_not_show_is_looked_at_later(judging):
    judging.returned(judging.marker(100.5))
    judging.later(ONE, 100.5)
    assert judging.due(100.5) == [] and 102 < judging.next_s() < 105


def test_manifest_that_is_repeated_waits_no_longer_than_the_first(judging):
    judging.wait(ONE, None, "350104", 100.15)
    assert judging.next_s() == 100.0 + QUIET_S
    assert judging.forget(ONE).court_id == "350104"
