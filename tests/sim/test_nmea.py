from dataclasses import replace
from datetime import UTC, datetime
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator import nmea
from simulator.errors import TrackError
from simulator.gnss import FUTURE_MS, JUMP_M, MODES, Mode, Receiver, output
from simulator.nmea import Epoch
from simulator.synthetic import synthetic
from simulator.testing import ManualClock
from simulator.track_files import parse_nmea

AT_MS = int(datetime(2026, 11, 24, 4, 5, 6, 250_000, UTC).timestamp() * 1000)
HERE = Epoch(AT_MS, 26.08, 119.30, altitude_m=12.3, speed_m_s=10.0, course_deg=359.999)


def lines(data: bytes) -> list[str]:
    return [line for line in data.decode("ascii").split("\r\n") if line]


def test_checksum_of_a_published_sentence() -> None:
    """The example of the NMEA FAQ (P. Bennett)."""
    assert nmea.checksum("GPGLL,5057.970,N,00146.110,E,142451,A") == 0x27


def test_burst_has_the_sentences_of_a_receiver_within_their_length() -> None:
    burst = nmea.burst(HERE)
    assert [line[1:6] for line in lines(burst)] == ["GNRMC", "GNVTG", "GNGGA", "GNGSA", "GNGSA"]
    assert all(len(line) <= 80 for line in lines(burst))  # 82 with CR LF, NMEA 0183 5.3
    assert lines(burst)[0].startswith("$GNRMC,040506.25,A,2604.800000,N,11918.000000,E,19.438,")
    for line in lines(burst):
        nmea.parse(line)


@given(st.floats(-90, 90), st.floats(-180, 180))
def test_position_comes_back_within_a_tenth_of_a_microdegree(lat: float, lon: float) -> None:
    fields = nmea.parse(nmea.rmc(replace(HERE, lat=lat, lon=lon)).decode())
    assert abs(nmea.degrees(fields[3], fields[4]) - lat) < 1e-7
    assert abs(nmea.degrees(fields[5], fields[6]) - lon) < 1e-7


@given(st.floats(0, 90))
def test_minutes_never_reach_sixty(lat: float) -> None:
    assert float(nmea.angle(lat, "N", "S", 2)[2:].split(",")[0]) < 60


def test_no_fix_has_time_but_no_position() -> None:
    rmc, _, gga, *_ = lines(output("no_fix", HERE, 1, Random(1)))
    assert rmc.startswith("$GNRMC,040506.25,V,,,,,,,241126,")
    assert gga.split(",")[6] == "0"


def test_jump_moves_every_other_epoch() -> None:
    first, second = (parse_nmea(output("jump", HERE, count, Random(1))).points[0] for count in (0, 1))
    assert first.lat == pytest.approx(26.08, abs=1e-7)
    assert (second.lat - first.lat) * 111_000 == pytest.approx(JUMP_M, rel=0.01)


def test_future_date_is_years_ahead_and_null_island_is_at_zero() -> None:
    future = lines(output("future_date", HERE, 1, Random(1)))[0].split(",")[9]
    assert future == f"{nmea.utc(AT_MS + FUTURE_MS):%d%m%y}"
    assert parse_nmea(output("null_island", HERE, 1, Random(1))).points[0].lat == 0


@pytest.mark.parametrize("mode", ["garbage", "bad_checksum", "silent"])
def test_faulty_output_gives_no_position(mode: Mode) -> None:
    with pytest.raises(TrackError):
        parse_nmea(output(mode, HERE, 1, Random(3)))


def test_every_mode_says_something_but_silence() -> None:
    assert [mode for mode in MODES if not output(mode, HERE, 1, Random(1))] == ["silent"]  # type: ignore[arg-type]


@given(st.binary(max_size=300))
def test_hostile_log_is_a_track_or_a_clear_error(data: bytes) -> None:
    try:
        parse_nmea(data)
    except TrackError as error:
        assert "track.nmea" in str(error)


@given(st.binary(max_size=60))
def test_hostile_sentence_with_a_right_checksum_is_a_clear_error(data: bytes) -> None:
    body = "GNRMC," + data.decode("latin-1")
    text = f"${body}*{nmea.checksum(body):02X}" if body.isascii() else body
    with pytest.raises(TrackError):
        parse_nmea(text.encode("utf-8"))


async def test_receiver_speaks_once_a_second_on_the_second_and_moves_with_speed() -> None:
    clock = ManualClock(start_utc_ms=1_795_492_800_400)
    said: list[bytes] = []
    receiver = Receiver(said.append, clock)
    track = synthetic("driving", 26.08, 119.30, seed=1)
    receiver.follow(track, speed=10, start_s=60)
    async with receiver:
        for _ in range(3):
            await clock.wait_sleepers(1)
            clock.advance(clock.sleeping()[0] - clock.now_s)
        await clock.wait_sleepers(1)
    times = [lines(burst)[0].split(",")[1] for burst in said]
    assert times == ["040001.00", "040002.00", "040003.00"]
    points = [parse_nmea(burst).points[0] for burst in said]
    expected = track.at(60 + 10 * (clock.now_s - 1000))
    assert points[-1].lat == pytest.approx(expected.lat, abs=1e-6)


async def test_receiver_changes_speed_without_a_jump() -> None:
    clock = ManualClock()
    receiver = Receiver(lambda _: None, clock)
    receiver.follow(synthetic("walking", 26.08, 119.30, seed=2))
    clock.advance(30.0)
    before = receiver.epoch()
    receiver.set_speed(0)
    clock.advance(30.0)
    after = receiver.epoch()
    assert (before.lat, before.lon) == (after.lat, after.lon)
    assert after.speed_m_s == 0
