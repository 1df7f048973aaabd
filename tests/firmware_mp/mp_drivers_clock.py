"""The clock under virtual time: weeks of it, wrapping ticks, drifting quartz, receivers that err."""

from drivers.clock import CLOCK_GNSS, CLOCK_NETWORK, CLOCK_NONE, CLOCK_RTC, Clock
from protocol import messages

WRAP = 1 << 30  # MicroPython's ticks
UTC_S = 1795500000  # in November 2026


class Ticks:
    """ticks_ms and ticks_diff as MicroPython's, at a time that the test says."""

    def __init__(self, begin=WRAP - 5000):
        self.now_ms = begin

    def ms(self):
        return self.now_ms % WRAP

    @staticmethod
    def diff(end, begin):
        return (end - begin + WRAP // 2) % WRAP - WRAP // 2


def _clock(begin=WRAP - 5000):
    ticks = Ticks(begin)
    events = []
    return ticks, events, Clock(7, ticks.ms, ticks.diff, events.append)


def _utc_ms(clock):
    utc_s, utc_ms = clock.stamp()[:2]
    return utc_s * 1000 + utc_ms


def test_monotonic_time_does_not_wrap_in_a_month():
    ticks, _, clock = _clock()
    for hour in range(31 * 24 + 1):
        assert clock.mono_ms() == hour * 3600000
        ticks.now_ms += 3600000
    ticks.now_ms -= 5
    before = clock.mono_ms()
    ticks.now_ms -= 100  # a ticks source that sinks
    assert clock.mono_ms() == before


def test_qualities_are_those_of_the_wire():
    assert (CLOCK_NONE, CLOCK_RTC, CLOCK_NETWORK, CLOCK_GNSS) == (
        messages.CLOCK_NONE,
        messages.CLOCK_RTC,
        messages.CLOCK_NETWORK,
        messages.CLOCK_GNSS,
    )


def test_a_stamp_without_a_source_has_no_utc():
    ticks, events, clock = _clock()
    ticks.now_ms += 1500
    assert clock.stamp() == (0, 0, CLOCK_NONE, 1500, 7) and clock.utc_s() == 0
    clock.set_rtc(0)
    clock.set_rtc(None)
    clock.set_gnss(315964800, 0)
    clock.set_network(4200000000)
    assert clock.stamp()[2] == CLOCK_NONE and clock.refused == 2 and not events


def test_better_sources_take_over_and_worse_ones_do_not():
    ticks, events, clock = _clock()
    clock.set_rtc(UTC_S - 3600)
    assert clock.stamp() == (UTC_S - 3600, 0, CLOCK_RTC, 0, 7)
    clock.set_rtc(UTC_S - 1)
    assert clock.utc_s() == UTC_S - 3600
    clock.set_network(UTC_S - 2, 500)
    assert clock.stamp()[:3] == (UTC_S - 2, 500, CLOCK_NETWORK)
    clock.set_gnss(UTC_S, 0)
    assert clock.stamp()[:3] == (UTC_S, 0, CLOCK_GNSS)
    clock.set_network(UTC_S + 50)
    clock.set_rtc(UTC_S + 50)
    assert clock.stamp()[:3] == (UTC_S, 0, CLOCK_GNSS)
    assert clock.steps == 2 and events == [
        "clock stepped +3598500 ms, rtc to network",
        "clock stepped +1500 ms, network to gnss",
    ]


def test_a_stamp_can_be_of_an_earlier_moment():
    ticks, _, clock = _clock()
    ticks.now_ms += 10000
    clock.set_gnss(UTC_S, 250)
    assert clock.stamp(8500) == (UTC_S - 2, 750, CLOCK_GNSS, 8500, 7)


def test_a_late_epoch_does_not_turn_the_clock_back():
    """Positions are heard 80 to 400 ms late: the clock keeps to the promptest and never sinks."""
    ticks, events, clock = _clock(0)
    last = 0
    for second in range(1, 2000):
        late_ms = 80 + (second * 7919) % 320
        ticks.now_ms = second * 1000 + late_ms
        clock.set_gnss(UTC_S + second, 0, clock.mono_ms())
        assert _utc_ms(clock) >= last
        last = _utc_ms(clock)
    error_ms = last - (UTC_S * 1000 + ticks.now_ms)
    assert -130 <= error_ms <= -80, error_ms
    assert clock.steps == 0 and not events


def test_a_week_with_a_drifting_quartz_stays_right_without_a_step():
    for ppm in (40, -40):
        ticks, events, clock = _clock(0)
        last = 0
        for minute in range(7 * 24 * 60):
            true_ms = minute * 60000
            ticks.now_ms = true_ms + true_ms * ppm // 1000000
            clock.set_gnss(UTC_S + minute * 60, 0)
            now = _utc_ms(clock)
            assert now > last and abs(now - (UTC_S * 1000 + true_ms)) <= 10, (ppm, minute)
            last = now
        assert clock.steps == 0 and not events


def test_one_wrong_gnss_time_is_not_believed_three_are():
    ticks, events, clock = _clock(0)
    clock.set_gnss(UTC_S, 0)
    for wrong in (5000, -5000, 70000):
        ticks.now_ms += 1000
        clock.set_gnss(UTC_S + ticks.now_ms // 1000 + wrong, 0)
    ticks.now_ms += 1000
    clock.set_gnss(UTC_S + ticks.now_ms // 1000, 0)
    assert clock.utc_s() == UTC_S + 4 and clock.steps == 0
    for _ in range(3):
        assert clock.steps == 0
        ticks.now_ms += 1000
        clock.set_gnss(UTC_S + ticks.now_ms // 1000 - 30, 0)
    assert clock.utc_s() == UTC_S + 7 - 30 and clock.steps == 1
    assert events == ["clock stepped -30000 ms, gnss to gnss"]


def test_a_gnss_time_that_is_long_ago_is_only_as_good_as_an_rtc():
    ticks, events, clock = _clock(0)
    clock.set_gnss(UTC_S, 0)
    ticks.now_ms += 6 * 3600 * 1000
    assert clock.stamp()[2] == CLOCK_GNSS
    ticks.now_ms += 1
    assert clock.stamp()[2] == CLOCK_RTC and clock.stamp(5)[2] == CLOCK_GNSS
    clock.set_network(UTC_S + 6 * 3600 + 2)
    assert clock.stamp()[:3] == (UTC_S + 6 * 3600 + 2, 0, CLOCK_NETWORK) and clock.steps == 1
