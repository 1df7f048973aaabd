"""Files of courts: taken whole and right, or refused with the line of every fault."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.dispatch.courts import NAME_MAX, SAMPLE, CourtsFileError, read, read_file
from gateway.model import Level

HEADER = "court_id,court_code,name,level,parent_id,adcode,lat,lon,source"
HIGH = "35,x,High Court,high,,350000,26.1,119.3,seat"
MIDDLE = "3501,x,Middle Court,intermediate,35,350100,26.0,119.3,seat"
BASIC = "350102,x,Basic Court,basic,3501,350102,26.08,119.3,PLACEHOLDER: a guess"


def file_of(*lines: str, header: str = HEADER) -> bytes:
    return "\n".join((header, *lines, "")).encode()


def problems(data: bytes) -> list[str]:
    with pytest.raises(CourtsFileError) as caught:
        read(data)
    return list(caught.value.problems)


def test_sample_is_what_its_readme_says() -> None:
    courts = read_file(SAMPLE)
    levels = [court.level for court in courts]
    assert [levels.count(level) for level in Level] == [1, 10, 84]
    assert sum(court.placeholder for court in courts) == 12
    assert all("GCJ-02" in court.source for court in courts)
    said = (SAMPLE.parent / "README.md").read_text("utf-8")
    assert "seats of government, not court buildings" in said and "PLACEHOLDER" in said


def test_good_file_keeps_its_order() -> None:
    courts = read(b"\xef\xbb\xbf" + file_of(BASIC, MIDDLE, HIGH))
    assert [court.court_id for court in courts] == ["350102", "3501", "35"]
    assert courts[0].placeholder and not courts[1].placeholder and courts[2].parent_id is None
    assert (courts[0].lat_e7, courts[0].lon_e7) == (260800000, 1193000000)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("35/01,x,N,basic,,1,26,119,s", "court_id '35/01'"),
        (",x,N,basic,,1,26,119,s", "court_id ''"),
        ("12345678901234567,x,N,basic,,1,26,119,s", "court_id"),
        ("C,x,,basic,,1,26,119,s", "name is empty"),
        (f"C,x,{'N' * (NAME_MAX + 1)},basic,,1,26,119,s", "name has 101 characters"),
        ("C,x,N\u202eame,basic,,1,26,119,s", "U+202E"),
        ("C,x,N\x07ame,basic,,1,26,119,s", "U+0007"),
        ('C,x,"N\name",basic,,1,26,119,s', "U+000A"),
        ("C,x, N,basic,,1,26,119,s", "begins or ends with a space"),
        ("C,x,N,supreme,,1,26,119,s", "level 'supreme' is none of high, intermediate, basic"),
        ("C,x,N,basic,,1,90.1,119,s", "lat 90.1 is not between -90 and 90"),
        ("C,x,N,basic,,1,26,-180.5,s", "lon -180.5 is not between -180 and 180"),
        ("C,x,N,basic,,1,nan,119,s", "lat 'nan'"),
        ("C,x,N,basic,,1,1e1,119,s", "lat '1e1'"),
        ("C,x,N,basic,,1,,119,s", "lat ''"),
        ("C,x,N,basic,,1,0,0,s", "both 0"),
        ("C,x,N,basic,,1,26", "7 cells, but 9 columns"),
        ("C,x,N,basic,9999,1,26,119,s", "parent_id '9999' is no court of this file"),
        ("C,x,N,basic,C,1,26,119,s", "lead back to itself"),
        ("C,x,N,high,3501,1,26,119,s", "3501 (intermediate) cannot be above a high court"),
        ("3501,x,N,basic,35,1,26,119,s", "court_id 3501 is already on line 3"),
    ],
)
def test_bad_row_is_named_with_its_line(row: str, said: str) -> None:
    found = problems(file_of(HIGH, MIDDLE, row))
    assert len(found) == 1 and found[0].startswith("line 4: ") and said in found[0]


def test_every_bad_row_is_named_in_order() -> None:
    found = problems(
        file_of("A,x,N,basic,B,1,26,119,s", "B,x,N,basic,A,1,26,119,s", "C,x,N,basic,,1,x,119,s")
    )
    assert [problem[:7] for problem in found] == ["line 2:", "line 3:", "line 4:"]


def test_line_numbers_count_lines_of_the_file_not_rows() -> None:
    found = problems(file_of('A,x,N,basic,,1,26,119,"two\nlines"', "", "C,x,N,basic,,1,x,119,s"))
    assert [problem[:7] for problem in found] == ["line 2:", "line 5:"]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "column 'court_id' is missing"),
        (file_of(HIGH, header=HEADER.replace("lat", "latitude")), "unknown column 'latitude'"),
        (file_of(HIGH + ",1", header=HEADER + ",lat"), "column 'lat' twice"),
        (file_of(), "has no courts"),
        ((HEADER + "\n35,x,高院").encode("gbk"), "line 2: is not UTF-8"),
        (file_of('35,x,"High'), "is not CSV"),
        (b"a" * (16 << 20) + b"a", "is larger than 16 MiB"),
    ],
)
def test_bad_file_is_refused(data: bytes, said: str) -> None:
    assert any(said in problem for problem in problems(data))


def test_missing_file_is_one_line() -> None:
    with pytest.raises(CourtsFileError, match=r"nowhere\.csv: No such file"):
        read_file(Path("/nowhere.csv"))


def test_datum_is_converted() -> None:
    header = HEADER + ",datum"
    rows = [
        "A,x,N,basic,,1,26.0745,119.2965,s,",
        "B,x,N,basic,,1,26.0745,119.2965,s,GCJ-02",
        "C,x,N,basic,,1,26.0745,119.2965,s,bd09",
        "D,x,N,basic,,1,26.0745,119.2965,s,cgcs2000",
    ]
    plain, gcj, baidu, tianditu = read(file_of(*rows, header=header))
    assert (plain.lat_e7, plain.lon_e7) == (tianditu.lat_e7, tianditu.lon_e7) == (260745000, 1192965000)
    assert abs(gcj.lat_e7 - plain.lat_e7) > 10_000 and abs(baidu.lon_e7 - gcj.lon_e7) > 50_000
    assert "datum 'mars' is none of" in problems(file_of(rows[0] + "mars", header=header))[0]


@given(
    st.one_of(
        st.binary(max_size=200),
        st.text(max_size=200).map(lambda text: (HEADER + "\n" + text).encode(errors="replace")),
    )
)
def test_hostile_file_is_refused_and_nothing_else(data: bytes) -> None:
    with pytest.raises(CourtsFileError):
        read(data)
