"""The battery clock: kept as soon as the time is known, and never before the certificates."""

import os

from boards.sim.scripted import ScriptedBoard
from bodyunit.battery_clock import KEEP_MS, REMEMBER_S, BatteryClock, validity_s
from drivers.clock import Clock
from protocol import messages

NOW_S = 1_795_486_330
BEGINS_S, ENDS_S = 1_767_225_600, 2_082_758_400  # 2026-01-01, 2036-01-01


def certificate(begins=b"\x17\x0d260101000000Z", ends=b"\x17\x0d360101000000Z"):
    """What stands around the dates is not read; a lone time before them must not be taken for them."""
    return b"\x30\x82\x01\x00\x17\x0d1234\x18\x0f\x30\x1e" + begins + ends + b"\x17\x0d\x30\x00"


class Scene:
    """A board of its own after a power cut; the ticks stand still until the test moves them."""

    def __init__(self, rtc_utc_s=0):
        self.ticks = 0
        self.clock = Clock(1, lambda: self.ticks, lambda a, b: a - b)
        self.board = ScriptedBoard(".")
        self.board.utc_s = rtc_utc_s
        self.battery = BatteryClock(self.clock, self.board)


def provision(ca=None, unit=None):
    for name, data in (("ca.der", ca or certificate()), ("unit.der", unit or certificate())):
        with open(name, "wb") as stream:
            stream.write(data)


def test_dates_of_a_certificate_are_found():
    assert validity_s(certificate()) == (BEGINS_S, ENDS_S)
    late = certificate(b"\x17\x0d991231235959Z", b"\x18\x0f20500101000000Z")
    assert validity_s(late) == (946_684_799, 2_524_608_000)
    for broken in (
        b"",
        b"\x17",
        b"\x17\x0d260101000000Z",
        certificate(b"\x17\x0d261301000000Z"),
        os.urandom(300),
    ):
        try:
            validity_s(broken)
            raise AssertionError(broken)
        except ValueError:
            pass


def test_clock_that_begins_in_2000_is_set_to_where_the_certificates_begin():
    provision(unit=certificate(b"\x17\x0d260301000000Z"))
    scene = Scene()
    assert scene.board.assumed_utc_s == BEGINS_S + 59 * 86_400
    # It is no time to tell anybody.
    assert scene.clock.stamp()[:3] == (0, 0, messages.CLOCK_NONE)
    scene.battery.keep()
    assert scene.board.kept_utc_s == 0


def test_clock_that_knows_the_time_is_believed():
    provision()
    scene = Scene(NOW_S)
    assert scene.board.assumed_utc_s == 0 and scene.clock.utc_s() == NOW_S
    assert scene.clock.quality() == messages.CLOCK_RTC


def test_time_of_the_network_is_kept_at_once_and_remembered_for_the_next_power_cut():
    provision()
    scene = Scene()
    scene.battery.network(NOW_S)
    assert scene.board.kept_utc_s == NOW_S
    assert Scene().board.assumed_utc_s == NOW_S


def test_better_time_is_kept_at_once_and_the_same_each_ten_minutes():
    provision()
    scene = Scene()
    scene.battery.network(NOW_S)
    scene.clock.set_gnss(NOW_S + 5, 0)
    scene.battery.keep()
    assert scene.board.kept_utc_s == NOW_S + 5
    scene.ticks += KEEP_MS - 1
    scene.battery.keep()
    assert scene.board.kept_utc_s == NOW_S + 5
    scene.ticks += 1
    scene.battery.keep()
    assert scene.board.kept_utc_s == NOW_S + 5 + KEEP_MS // 1000


def test_remembered_time_outside_the_certificates_is_not_assumed():
    provision()
    scene = Scene()
    scene.battery.network(ENDS_S + REMEMBER_S)
    assert Scene().board.assumed_utc_s == BEGINS_S


def test_unit_without_certificates_assumes_nothing():
    for name in ("ca.der", "unit.der"):
        try:
            os.remove(name)
        except OSError:
            pass
    for name in ("clock.a", "clock.b"):
        try:
            os.remove(name)
        except OSError:
            pass
    assert Scene().board.assumed_utc_s == 0
