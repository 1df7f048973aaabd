import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from simulator import geodesy, track_files
from simulator.errors import NotFound, TrackError
from simulator.synthetic import synthetic
from simulator.track import Track, TrackPoint
from simulator.track_files import load_track, parse_gpx, parse_nmea, shipped

GPX = """<?xml version="1.0" encoding="UTF-8"?>
<gpx version="1.1" creator="test" xmlns="http://www.topografix.com/GPX/1/1"><trk><trkseg>
<trkpt lat="26.08" lon="119.30"><ele>12</ele><time>2026-11-24T04:00:00Z</time></trkpt>
<trkpt lat="26.09" lon="119.30"><ele>14</ele><time>2026-11-24T04:01:40Z</time></trkpt>
<trkpt lat="26.10" lon="119.30"><time>2026-11-24T04:01:40Z</time></trkpt>
</trkseg></trk></gpx>"""
BOMB = """<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "aaaaaaaaaa">
<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]><gpx><metadata><name>&b;</name></metadata></gpx>"""


def test_gpx_gives_times_and_interpolates() -> None:
    track = parse_gpx(GPX.encode())
    assert track.duration_s == 100 and track.skipped == 1  # the third point does not rise in time
    half = track.at(50)
    assert (half.lat, half.lon, half.altitude_m) == pytest.approx((26.085, 119.30, 13))
    assert half.speed_m_s == pytest.approx(11.08, abs=0.02)
    assert half.course_deg == pytest.approx(0)


def test_track_ends_stand_still_and_to_and_fro_turns_back() -> None:
    track = parse_gpx(GPX.encode())
    assert track.at(-5).lat == 26.08 and track.at(1000).lat == 26.09 and track.at(1000).speed_m_s == 0
    back = track.to_and_fro(150)
    assert back.lat == pytest.approx(26.085) and back.course_deg == pytest.approx(180)
    assert track.to_and_fro(200).lat == pytest.approx(26.08)


def test_gpx_without_times_is_walked() -> None:
    text = "<gpx><rte><rtept lat='26.08' lon='119.3'/><rtept lat='26.081' lon='119.3'/></rte></gpx>"
    track = parse_gpx(text.encode())
    assert track.length_m / track.duration_s == pytest.approx(1.4)


def test_track_over_the_date_line_stays_there() -> None:
    track = Track("line", (TrackPoint(0, 0, 179.999), TrackPoint(10, 0, -179.999)))
    assert abs(track.at(5).lon) == pytest.approx(180, abs=1e-6)
    assert track.length_m == pytest.approx(222.6, abs=0.5)


@pytest.mark.parametrize(
    "data",
    [
        BOMB.encode(),
        BOMB.encode("utf-16"),
        b"\xef\xbb\xbf" + BOMB.encode(),
        b"<?xml version='1.0' encoding='UTF-7'?><gpx/>",
        b"<gpx>",
        b"",
        b"\xff\xfe\x00",
        b"<gpx><trk><trkseg><trkpt lat='x' lon='1'/></trkseg></trk></gpx>",
        b"<gpx><trk><trkseg><trkpt lat='nan' lon='1'/></trkseg></trk></gpx>",
        b"<gpx><trk><trkseg><trkpt lat='95' lon='1'/></trkseg></trk></gpx>",
        b"<gpx><trk><trkseg><trkpt/></trkseg></trk></gpx>",
        b"<gpx/>",
        b"<gpx>" + b"<a>" * 20_000 + b"</a>" * 20_000 + b"</gpx>",
    ],
)
def test_hostile_gpx_is_one_clear_error(data: bytes) -> None:
    with pytest.raises(TrackError, match=r"track\.gpx"):
        parse_gpx(data)


@given(st.binary(max_size=200))
def test_random_bytes_are_one_clear_error(data: bytes) -> None:
    with pytest.raises(TrackError):
        parse_gpx(data)


@given(st.integers(0, len(GPX) - 1), st.integers(0, 255))
def test_flipped_gpx_is_a_track_or_a_clear_error(position: int, byte: int) -> None:
    data = bytearray(GPX.encode())
    data[position] = byte
    with contextlib.suppress(TrackError):
        parse_gpx(bytes(data))


def test_nmea_log_gives_times_altitude_and_counts_bad_lines() -> None:
    log = (
        b"$GPGGA,040000,2604.8,N,11918.0,E,1,08,1.0,33.5,M,,M,,*61\r\n"
        b"$GPRMC,040000,A,2604.8,N,11918.0,E,0,0,241126,,,A\r\n"
        b"$GPRMC,040010,A,2604.9,N,11918.0,E,0,0,241126,,,A*00\r\n"
        b"$GPRMC,040020,A,2605.0,N,11918.0,E,0,0,241126,,,A\r\n"
        b"$GPRMC,040021,V,,,,,,,241126,,,N\r\n"
    )
    track = parse_nmea(log)
    assert [point.at_s for point in track.points] == [0, 20]
    assert track.points[1].lat == pytest.approx(26 + 5 / 60)
    assert track.points[0].altitude_m == pytest.approx(10.0) or track.points[0].altitude_m == 33.5
    assert track.skipped >= 1


def test_files_are_bounded_and_known_by_suffix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    large = tmp_path / "large.gpx"
    with large.open("wb") as file:
        file.truncate(track_files.FILE_LIMIT_BYTES + 1)
    with pytest.raises(TrackError, match="larger than"):
        load_track(large)
    (tmp_path / "x.kml").write_text("<kml/>")
    with pytest.raises(TrackError, match=r"\.gpx"):
        load_track(tmp_path / "x.kml")
    with pytest.raises(NotFound, match="fuzhou"):
        load_track(tmp_path / "absent.gpx")


@pytest.mark.parametrize("name", shipped())
def test_shipped_track_is_around_fuzhou(name: str) -> None:
    track = load_track(name)
    assert track.duration_s >= 300 and track.skipped == 0
    distance_m, _ = geodesy.between(26.08, 119.30, track.points[0].lat, track.points[0].lon)
    assert distance_m < 20_000


def test_something_is_shipped_of_either_kind() -> None:
    assert {name.rpartition(".")[2] for name in shipped()} == {"gpx", "nmea"}


def test_synthetic_track_is_the_same_for_a_seed_and_moves_as_told() -> None:
    assert synthetic("driving", 26.08, 119.3, seed=4) == synthetic("driving", 26.08, 119.3, seed=4)
    assert synthetic("driving", 26.08, 119.3, seed=4) != synthetic("driving", 26.08, 119.3, seed=5)
    reach = {}
    for motion in ("standing", "walking", "driving"):
        track = synthetic(motion, 26.08, 119.3, seed=4)  # type: ignore[arg-type]
        reach[motion] = max(geodesy.between(26.08, 119.3, p.lat, p.lon)[0] for p in track.points)
    assert reach["standing"] < 20 < 50 < reach["walking"] < 700 < reach["driving"] < 5000


def test_geodesy_agrees_with_the_geodesic() -> None:
    geod = Geod(ellps="WGS84")
    for north_m, east_m in ((4000, 0), (0, 4000), (-3000, 2500)):
        lat, lon = geodesy.offset(26.08, 119.30, north_m, east_m)
        distance_m = geod.inv(119.30, 26.08, lon, lat)[2]
        assert distance_m == pytest.approx((north_m**2 + east_m**2) ** 0.5, abs=2.5)
        assert geodesy.between(26.08, 119.30, lat, lon)[0] == pytest.approx(distance_m, abs=2.5)
