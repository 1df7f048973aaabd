"""Who speaks, and which packets go on. Time is a number here."""

import pytest

from gateway.relay.talk_floor import (
    AHEAD_S,
    FED_S,
    LATE_S,
    OFFER_S,
    Busy,
    Ended,
    Floor,
    OutOfOrder,
    Talker,
    Talking,
    Verdict,
)

LIN, CHEN, XU = Talker("lin", "林"), Talker("chen", "陈"), Talker("xu", "徐")
LONGEST_S = 600.0


def begin(floor: Floor, by: Talker = LIN, seat: object = "seat", now_s: float = 100.0) -> Talking:
    return floor.begin(b"t" * 8, by, seat, 1, now_s, aloud=False, call=False)


def test_one_speaks_and_the_other_is_told_who() -> None:
    floor = Floor(LONGEST_S)
    talking = begin(floor)
    with pytest.raises(Busy) as busy:
        begin(floor, CHEN, "other seat")
    assert busy.value.by == LIN
    assert floor.end(talking) and not floor.end(talking)
    assert begin(floor, CHEN, "other seat").by == CHEN


def test_one_person_at_two_consoles_has_the_floor_at_one() -> None:
    floor = Floor(LONGEST_S)
    first = begin(floor)
    with pytest.raises(Busy):
        begin(floor, LIN, "another window")
    assert begin(floor) is first, "a press that comes twice is one talk"


def test_floor_that_is_handed_over_is_kept_for_that_person() -> None:
    floor = Floor(LONGEST_S)
    talking = begin(floor)
    assert floor.hand_over(CHEN, 101.0) is talking and floor.talking is None
    with pytest.raises(Busy) as busy:
        begin(floor, XU, "third", 102.0)
    assert busy.value.by == CHEN
    assert begin(floor, CHEN, "other seat", 102.0).by == CHEN and floor.offer is None


def test_who_handed_it_over_may_take_it_back() -> None:
    floor = Floor(LONGEST_S)
    begin(floor)
    floor.hand_over(CHEN, 101.0)
    assert begin(floor, LIN, "seat", 102.0).by == LIN and floor.offer is None
    with pytest.raises(Busy):
        begin(floor, CHEN, "other seat", 103.0)


def test_what_was_handed_to_somebody_who_left_is_nobodys() -> None:
    floor = Floor(LONGEST_S)
    begin(floor)
    floor.hand_over(CHEN, 101.0)
    floor.left("xu")
    assert floor.offer is not None
    floor.left("chen")
    assert begin(floor, XU, "third", 102.0).by == XU


def test_hand_over_that_nobody_takes_lapses() -> None:
    floor = Floor(LONGEST_S)
    begin(floor)
    floor.hand_over(CHEN, 101.0)
    assert not floor.lapse(101.0 + OFFER_S - 0.1)
    assert begin(floor, XU, "third", 101.0 + OFFER_S).by == XU


def test_talk_that_nobody_feeds_ends() -> None:
    floor = Floor(LONGEST_S)
    talking = begin(floor)
    assert floor.due(100.0 + FED_S - 0.1) is None
    assert talking.take(0, 101.0) is Verdict.SENT
    assert floor.due(100.0 + FED_S) is None
    assert floor.due(101.0 + FED_S) is Ended.NOT_FED


def test_call_has_an_end_however_well_it_is_fed() -> None:
    floor = Floor(LONGEST_S)
    talking = begin(floor)
    for number in range(round(LONGEST_S * 50)):
        assert talking.take(number, 100.0 + number / 50) is Verdict.SENT
        assert floor.due(100.0 + number / 50) is None
    assert floor.due(100.0 + LONGEST_S) is Ended.TOO_LONG


def test_late_speech_is_dropped_and_counted_and_what_comes_after_is_fresh() -> None:
    talking = begin(Floor(LONGEST_S))
    for number in range(50):
        assert talking.take(number, 100.03 + number / 50) is Verdict.SENT
    # A link that stood still for a second: all of it comes at once.
    came_s = 100.03 + 100 / 50
    verdicts = [talking.take(number, came_s) for number in range(50, 100)]
    kept = verdicts.count(Verdict.SENT)
    assert verdicts == [Verdict.LATE] * (50 - kept) + [Verdict.SENT] * kept
    assert kept == round(LATE_S * 50)
    assert talking.take(100, came_s) is Verdict.SENT
    assert (talking.packets, talking.dropped) == (51 + kept, 50 - kept)


def test_speech_that_stays_late_ends_the_talk() -> None:
    """Nothing is played, so nobody must believe that they are heard."""
    floor = Floor(LONGEST_S)
    talking = begin(floor)
    talking.take(0, 100.0)
    due = [
        floor.due(101.0 + number / 50)
        for number in range(200)
        if talking.take(1 + number, 101.0 + number / 50)
    ]
    assert talking.packets == 1 and due[-1] is Ended.NOT_FED


def test_speech_that_does_not_go_out_ends_the_talk() -> None:
    floor = Floor(LONGEST_S)
    talking = begin(floor)
    assert talking.take(0, 100.5) is Verdict.SENT
    for number in range(1, 100):
        assert talking.take(number, 100.5 + number / 50) is Verdict.SENT
        talking.unsent()
    assert (talking.packets, talking.dropped) == (1, 99)
    assert floor.due(100.5 + FED_S - 0.1) is None and floor.due(100.5 + FED_S) is Ended.NOT_FED


def test_sound_card_that_runs_slow_is_not_late() -> None:
    talking = begin(Floor(LONGEST_S))
    slow = 1 + 200e-6
    assert all(talking.take(n, 100.0 + n / 50 * slow) is Verdict.SENT for n in range(30_000))


def test_sound_card_that_runs_fast_is_not_too_fast() -> None:
    talking = begin(Floor(LONGEST_S))
    assert all(talking.take(n, 100.05 + n / 50 * (1 - 200e-6)) is Verdict.SENT for n in range(30_000))


def test_more_than_real_time_is_refused() -> None:
    talking = begin(Floor(LONGEST_S))
    verdicts = [talking.take(number, 100.0) for number in range(100)]
    burst = verdicts.count(Verdict.SENT)
    assert burst == round(AHEAD_S * 50) + 1 and set(verdicts[burst:]) == {Verdict.TOO_FAST}
    assert talking.take(2**32 - 1, 100.0) is Verdict.TOO_FAST
    assert talking.last_number == burst - 1, "what is refused moves nothing"


def test_number_that_does_not_rise_is_none_of_ours() -> None:
    talking = begin(Floor(LONGEST_S))
    talking.take(3, 100.0)
    for number in (3, 2, 0):
        with pytest.raises(OutOfOrder):
            talking.take(number, 101.0)
    assert talking.dropped == 3, "0 to 2 never came"
