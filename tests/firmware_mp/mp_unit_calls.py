"""The state machine of open alarms: time is a number here."""

from bodyunit.calls import CAPACITY, KNOWN, Call, Calls
from protocol import messages
from protocol.messages import ACKNOWLEDGED, ARRIVED, CLOSED, NOBODY_YET, ON_THE_WAY, STORED


class Settings:
    resend_first_ms = 1000
    resend_then_ms = 2000
    resend_most_ms = 5000
    stored_within_ms = 10_000
    acknowledged_within_ms = 30_000
    nobody_again_ms = 60_000


def alarm(number, kind=messages.KIND_BUTTON):
    stamp = messages.Stamp(utc_s=0, utc_ms=0, quality=0, mono_ms=0, boot=1)
    return messages.Alarm(alarm_id=bytes([number] * 16), kind=kind, pressed=stamp, repeat=0)


def opened(calls, number, now_ms=0, kind=messages.KIND_BUTTON):
    call = Call(alarm(number, kind), now_ms, number)
    assert calls.room() == []
    calls.add(call)
    return call


def receipt(number, status, seq, incident="I-1"):
    return messages.Receipt(alarm_id=bytes([number] * 16), status=status, seq=seq, at_s=1, incident=incident)


def send_times(calls, until_ms):
    """When the calls are sent if each sending is answered by the broker at once."""
    times = []
    for now_ms in range(0, until_ms, 100):
        for call in calls.due(now_ms):
            calls.sending(call, now_ms)
            calls.sent(call)
            times.append(now_ms)
    return times


def test_unstored_alarm_is_sent_every_second_then_slower():
    calls = Calls(Settings)
    call = opened(calls, 1)
    times = send_times(calls, 40_000)
    assert times[:11] == [1000 * i for i in range(11)], times
    assert [b - a for a, b in zip(times[10:], times[11:])][:5] == [2000, 3000, 4000, 5000, 5000], times
    assert call.alarm.repeat == len(times)


def test_stored_alarm_is_not_sent_again():
    calls = Calls(Settings)
    opened(calls, 1)
    calls.receipt(receipt(1, STORED, 1), 100)
    assert calls.due(5000) == [] and calls.unstored() == 0 and calls.alarmed


def test_alarm_in_flight_is_not_sent_twice():
    calls = Calls(Settings)
    call = opened(calls, 1)
    calls.sending(call, 0)
    assert calls.due(60_000) == []
    calls.sent(call)
    assert calls.due(60_000) == [call]


def test_reconnect_sends_what_is_not_stored_at_once():
    calls = Calls(Settings)
    call = opened(calls, 1)
    calls.sending(call, 0)
    calls.sent(call)
    assert calls.due(10) == []
    calls.reconnected(10)
    assert calls.due(10) == [call]


def test_receipts_are_felt_in_rising_seq_only():
    calls = Calls(Settings)
    opened(calls, 1)
    felt = []
    for status, seq in (
        (STORED, 1),
        (STORED, 1),
        (ON_THE_WAY, 4),
        (ACKNOWLEDGED, 3),
        (ON_THE_WAY, 4),
        (ARRIVED, 6),
    ):
        verdict = calls.receipt(receipt(1, status, seq), 100)
        felt.append((verdict.pattern, verdict.outcome, verdict.seq))
    assert felt == [
        ("received", 0, 1),
        (None, 0, 1),
        ("on_the_way", 0, 4),
        (None, 0, 4),
        (None, 0, 4),
        ("arrived", 0, 6),
    ], felt


def test_receipt_of_an_unknown_alarm_is_answered_and_not_felt():
    verdict = Calls(Settings).receipt(receipt(9, ACKNOWLEDGED, 3), 0)
    assert verdict.pattern is None and verdict.outcome == messages.UNKNOWN and verdict.seq is None


def test_later_receipt_means_stored_when_the_first_was_lost():
    calls = Calls(Settings)
    opened(calls, 1)
    assert calls.receipt(receipt(1, ACKNOWLEDGED, 2), 0).pattern == "acknowledged"
    assert calls.unstored() == 0 and calls.next_ms() is None


def test_nobody_is_told_when_the_gateway_is_silent():
    calls = Calls(Settings)
    opened(calls, 1)
    assert [t for t in range(0, 200_000, 500) if calls.nobody(t)] == [10_000, 70_000, 130_000, 190_000]


def test_nobody_is_told_when_no_person_answers():
    calls = Calls(Settings)
    opened(calls, 1)
    calls.receipt(receipt(1, STORED, 1), 2000)
    assert [t for t in range(2000, 200_000, 500) if calls.nobody(t)] == [32_000, 92_000, 152_000]


def test_nobody_is_not_told_after_a_person_answered():
    for answer in (ACKNOWLEDGED, ON_THE_WAY, ARRIVED):
        calls = Calls(Settings)
        opened(calls, 1)
        calls.receipt(receipt(1, STORED, 1), 0)
        calls.receipt(receipt(1, answer, 2), 0)
        assert not calls.nobody(1_000_000)


def test_nobody_from_the_gateway_starts_the_pause_anew():
    calls = Calls(Settings)
    opened(calls, 1)
    calls.receipt(receipt(1, STORED, 1), 0)
    assert calls.receipt(receipt(1, NOBODY_YET, 2), 20_000).pattern == "nobody_yet"
    assert not calls.nobody(79_999) and calls.nobody(80_000)


def test_nobody_is_told_once_for_several_alarms():
    calls = Calls(Settings)
    for number in range(1, 5):
        opened(calls, number, now_ms=number * 1000)
    assert [t for t in range(0, 100_000, 500) if calls.nobody(t)] == [11_000, 71_000]


def test_new_press_in_an_answered_incident_does_not_say_nobody():
    calls = Calls(Settings)
    opened(calls, 1)
    calls.receipt(receipt(1, ACKNOWLEDGED, 2), 0)
    opened(calls, 2, now_ms=1000)
    assert calls.receipt(receipt(2, STORED, 3), 1100).pattern == "received"
    assert not calls.nobody(1_000_000)


def test_test_alarm_is_done_when_stored_and_later_receipts_are_still_felt():
    calls = Calls(Settings)
    call = opened(calls, 1, kind=messages.KIND_TEST)
    assert not calls.alarmed
    assert calls.receipt(receipt(1, STORED, 1), 0).done == [call]
    assert len(calls) == 0 and calls.next_ms() is None
    assert calls.receipt(receipt(1, CLOSED, 2), 0).pattern == "closed"


def test_claim_whose_first_receipt_says_closed_is_done():
    for kind in (messages.KIND_TEST, messages.KIND_CANCEL):
        calls = Calls(Settings)
        alarmed = opened(calls, 1)
        claim = opened(calls, 2, kind=kind)
        calls.receipt(receipt(1, STORED, 1), 0)
        verdict = calls.receipt(receipt(2, CLOSED, 3), 0)
        assert verdict.pattern == "closed" and verdict.done == [claim, alarmed] and len(calls) == 0


def test_low_battery_says_nothing_of_nobody():
    calls = Calls(Settings)
    opened(calls, 1, kind=messages.KIND_LOW_BATTERY)
    assert not calls.nobody(1_000_000)
    calls.receipt(receipt(1, STORED, 1), 0)
    assert not calls.nobody(1_000_000) and not calls.alarmed


def test_close_ends_every_alarm_of_the_incident_and_is_felt_once():
    calls = Calls(Settings)
    first, second = opened(calls, 1), opened(calls, 2)
    other = opened(calls, 3)
    calls.receipt(receipt(1, STORED, 1), 0)
    calls.receipt(receipt(2, STORED, 2), 0)
    calls.receipt(receipt(3, STORED, 1, "I-2"), 0)
    verdict = calls.receipt(receipt(2, CLOSED, 3), 0)
    assert verdict.pattern == "closed" and verdict.done == [first, second]
    again = calls.receipt(receipt(1, CLOSED, 4), 0)
    assert again.pattern is None and again.seq == 4 and again.outcome == 0
    assert calls.open == [other]


def test_seq_counts_anew_after_a_merge_and_stragglers_are_not_felt():
    calls = Calls(Settings)
    opened(calls, 1)
    calls.receipt(receipt(1, ACKNOWLEDGED, 9, "I-1"), 0)
    assert calls.receipt(receipt(1, ON_THE_WAY, 3, "I-2"), 0).pattern == "on_the_way"
    straggler = calls.receipt(receipt(1, NOBODY_YET, 10, "I-1"), 0)
    assert straggler.pattern is None and straggler.outcome == 0
    assert calls.receipt(receipt(1, ARRIVED, 4, "I-2"), 0).pattern == "arrived"


def test_merge_takes_every_alarm_of_the_incident_along():
    calls = Calls(Settings)
    first, second = opened(calls, 1), opened(calls, 2)
    calls.receipt(receipt(1, STORED, 1), 0)
    calls.receipt(receipt(2, STORED, 2), 0)
    # The gateway tells the newest alarm only.
    assert calls.receipt(receipt(2, ACKNOWLEDGED, 3, "I-2"), 0).pattern == "acknowledged"
    assert not calls.nobody(1_000_000)
    assert calls.receipt(receipt(1, STORED, 9), 0).pattern is None
    assert calls.receipt(receipt(2, CLOSED, 4, "I-2"), 0).done == [first, second]
    assert not calls.alarmed


def test_straggler_of_a_merged_incident_still_shows_that_the_alarm_is_stored():
    calls = Calls(Settings)
    opened(calls, 1)
    opened(calls, 2)
    for number in (1, 2):
        calls.resume(bytes([number] * 16), 2, False, "I-1")
    calls.receipt(receipt(2, ACKNOWLEDGED, 3, "I-2"), 0)
    assert calls.receipt(receipt(1, STORED, 2), 0).pattern is None
    assert calls.unstored() == 0 and not calls.nobody(1_000_000)


def test_full_table_makes_room_only_for_what_is_stored():
    calls = Calls(Settings)
    for number in range(1, CAPACITY + 1):
        opened(calls, number)
    assert calls.room() is None
    calls.receipt(receipt(3, STORED, 1), 0)
    left = calls.room()
    assert [call.alarm_id[0] for call in left] == [3] and len(calls) == CAPACITY - 1
    calls.add(Call(alarm(9), 0, 9))
    # The one that left is still understood.
    assert calls.receipt(receipt(3, ACKNOWLEDGED, 2), 0).pattern == "acknowledged"


def test_memory_of_receipts_is_bounded_and_keeps_open_calls():
    calls = Calls(Settings)
    opened(calls, 1)
    for number in range(2, 2 + 3 * KNOWN):
        call = opened(calls, number, kind=messages.KIND_TEST)
        assert calls.receipt(receipt(number, STORED, 1, None), 0).done == [call]
    assert len(calls._felt) <= KNOWN
    assert calls.receipt(receipt(1, STORED, 1), 0).pattern == "received"
    assert calls.receipt(receipt(2, STORED, 5), 0).outcome == messages.UNKNOWN


def test_resumed_receipt_is_not_felt_again():
    calls = Calls(Settings)
    opened(calls, 1)
    calls.resume(bytes([1] * 16), 5, True, "I-1")
    # Answered before the restart: no link is no reason to say that nobody has.
    assert not calls.nobody(1_000_000)
    assert calls.receipt(receipt(1, ACKNOWLEDGED, 5), 0).pattern is None
    assert calls.unstored() == 0 and not calls.nobody(1_000_000)
