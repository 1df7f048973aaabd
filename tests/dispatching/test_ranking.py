"""Exact geodesic order, against brute force; and what a position is worth."""

import math
import time
from dataclasses import replace

import numpy as np
import pytest
from incident_histories import START_MS, fix
from pyproj import Geod

from gateway.dispatch.courts import SAMPLE, read_file
from gateway.dispatch.policy import Policy
from gateway.dispatch.ranking import Confidence, CourtIndex, candidates_near, eta_s, judge, nearby, rank
from gateway.model import Court, Fix, Level

GEOD = Geod(ellps="WGS84")
POLICY = Policy()
FUJIAN = read_file(SAMPLE)
HOSTILE = [
    (90, 0), (90, 120), (-90, 0), (-90, -180), (89.9999999, 0), (89.9999999, 180), (-89.9999999, 77),
    (0, 180), (0, -180), (0, 179.9999999), (0, -179.9999999), (10, 180), (10, -180), (-10, 179.99),
    (0, 0), (0, 1e-7), (26.07, 119.29), (26.07, 119.29), (26.07, 119.29), (-26.07, -60.71), (45, 45), (-45, -135),
]  # fmt: skip


def courts_at(places: list[tuple[float, float]]) -> list[Court]:
    """A basic court at each place, named by its number."""
    return [
        Court(f"C{i}", f"Court {i}", Level.BASIC, None, round(lat * 1e7), round(lon * 1e7))
        for i, (lat, lon) in enumerate(places)
    ]


def brute_force(courts: list[Court], lats: np.ndarray, lons: np.ndarray) -> np.ndarray:
    """Geodesic metres from each point to each court."""
    rows = [
        GEOD.inv(lons, lats, np.full(len(lons), court.lon), np.full(len(lats), court.lat))[2]
        for court in courts
    ]
    return np.array(rows).T


def assert_exact(courts: list[Court], lats: np.ndarray, lons: np.ndarray, limit: int) -> None:
    index = CourtIndex(courts)
    place = {court.court_id: i for i, court in enumerate(courts)}
    for row, lat, lon in zip(brute_force(courts, lats, lons), lats, lons, strict=True):
        found = index.nearest(float(lat), float(lon), limit)
        nearest = np.sort(row)[:limit]
        assert [metres for _, metres in found] == pytest.approx(list(nearest), abs=1e-6, rel=0)
        assert [row[place[court.court_id]] for court, _ in found] == pytest.approx(
            list(nearest), abs=1e-6, rel=0
        )
        assert len({court.court_id for court, _ in found}) == len(found)


def test_order_is_exact_over_twenty_thousand_points_in_fujian() -> None:
    chance = np.random.default_rng(1)
    assert_exact(FUJIAN, chance.uniform(23.5, 28.4, 20_000), chance.uniform(115.8, 120.8, 20_000), 3)


def test_order_is_exact_in_hostile_places() -> None:
    chance = np.random.default_rng(2)
    courts = courts_at([(float(lat), float(lon)) for lat, lon in HOSTILE])
    places = np.array(HOSTILE, dtype=float)
    lats = np.concatenate([places[:, 0], np.clip(-places[:, 0], -90, 90), chance.uniform(-90, 90, 1500)])
    lons = np.concatenate([places[:, 1], -places[:, 1], chance.uniform(-180, 180, 1500)])
    for limit in (1, 3, len(courts)):
        assert_exact(courts, lats, lons, limit)


def test_order_is_exact_where_many_courts_are_nearly_as_far() -> None:
    """A ring: the sphere misorders it, so the first guess has to be widened."""
    angles = np.radians(np.arange(0, 360, 3))
    ring = [(26 + 0.9 * math.cos(a), 119 + 1.0 * math.sin(a)) for a in angles]
    pole = [(89.0, float(lon)) for lon in range(-180, 180, 5)]
    assert_exact(courts_at(ring + pole), np.array([26.0, 26.001, 90.0]), np.array([119.0, 118.999, 0.0]), 5)


def test_courts_at_one_place_come_by_level_and_id() -> None:
    here = [
        Court("Z", "z", Level.HIGH, None, 260000000, 1190000000),
        Court("Y", "y", Level.BASIC, "Z", 260000000, 1190000000),
        Court("X", "x", Level.INTERMEDIATE, "Z", 260000000, 1190000000),
        Court("A", "a", Level.BASIC, "X", 260000000, 1190000000),
    ]
    for courts in (here, here[::-1]):
        assert [court.court_id for court, _ in CourtIndex(courts).nearest(27.0, 119.0, 9)] == [
            "A",
            "Y",
            "X",
            "Z",
        ]


def test_no_courts_give_an_empty_list() -> None:
    assert CourtIndex([]).nearest(26.0, 119.0, 5) == []
    ranked = rank(CourtIndex([]), fix(), 0, "350102", START_MS, POLICY)
    assert ranked.candidates == () and ranked.above == () and ranked.confidence is Confidence.GOOD


@pytest.mark.parametrize(("lat", "lon"), [(91, 0), (-90.1, 0), (0, 181), (math.nan, 0), (0, math.inf)])
def test_position_outside_the_earth_is_an_error(lat: float, lon: float) -> None:
    with pytest.raises(ValueError, match=r"is not between|nan"):
        CourtIndex(FUJIAN).nearest(lat, lon)


def test_choice_among_fourteen_thousand_is_fast() -> None:
    """The goal is 5 ms at the 99th percentile (measured 0.3 ms); here only the order of magnitude is kept."""
    chance = np.random.default_rng(3)
    places = list(zip(chance.uniform(18, 53, 14_000), chance.uniform(74, 134, 14_000), strict=True))
    index = CourtIndex(courts_at([(float(lat), float(lon)) for lat, lon in places]))
    taken_s = []
    for lat, lon in zip(chance.uniform(18, 53, 500), chance.uniform(74, 134, 500), strict=True):
        begun_s = time.perf_counter()
        rank(index, fix(float(lat), float(lon)), 0, "C1", START_MS, POLICY)
        taken_s.append(time.perf_counter() - begun_s)
    assert sorted(taken_s)[250] < 0.005


# -- positions -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("position", "age_ms", "confidence"),
    [
        (fix(), 0, Confidence.GOOD),
        (fix(), 60_000, Confidence.GOOD),
        (fix(), 90_000, Confidence.COARSE),
        (fix(), 301_000, Confidence.STALE),
        (fix(at_ms=START_MS - 3_600_000), 2_000, Confidence.STALE),
        (fix(accuracy_dm=10_010), 0, Confidence.COARSE),
        (fix(accuracy_dm=None), 0, Confidence.GOOD),
        (fix(quality=6), 0, Confidence.COARSE),
        (fix(quality=0), 0, Confidence.NONE),
        (fix(at_ms=START_MS + 11_000), None, Confidence.STALE),
        (fix(at_ms=START_MS + 9_000), None, Confidence.GOOD),
        (fix(fault="future"), 0, Confidence.STALE),
        (fix(taken_ms=None), None, Confidence.STALE),
        (fix(taken_ms=None), 5_000, Confidence.GOOD),
        (fix(0, 0), 0, Confidence.NONE),
        (fix(fault="null_island"), 0, Confidence.NONE),
        (fix(lat_e7=910_000_000), 0, Confidence.NONE),
        (None, None, Confidence.NONE),
    ],
)
def test_position_is_worth(position: Fix | None, age_ms: int | None, confidence: Confidence) -> None:
    judged, why, circle_m = judge(position, age_ms, START_MS, POLICY)
    assert judged is confidence and why
    assert (circle_m is None) == (confidence is Confidence.NONE)


def test_circle_grows_with_age() -> None:
    circles = [judge(fix(), age_ms, START_MS, POLICY)[2] for age_ms in (0, 60_000, 600_000, 10**12)]
    assert circles == [5, 845, 8405, 100_000]


def test_stale_position_leaves_no_court_out_and_says_its_age() -> None:
    index = CourtIndex(FUJIAN)
    fresh, old = (rank(index, fix(), age_ms, "350102", START_MS, POLICY) for age_ms in (0, 10**8))
    assert [c.court_id for c in fresh.candidates] == [c.court_id for c in old.candidates]
    assert old.confidence is Confidence.STALE and "100000 s old" in old.why


def test_without_position_the_own_court_is_first() -> None:
    index = CourtIndex(FUJIAN)
    for own in ("3502", "3572"):  # at the same coordinates
        ranked = rank(index, None, None, own, START_MS, POLICY)
        assert ranked.candidates[0].court_id == own and ranked.origin == "own_court"
        assert "officer's own court" in ranked.candidates[0].why
        assert len({c.court_id for c in ranked.candidates}) == POLICY.candidates


def test_own_court_that_is_to_be_asked_first_is_listed_however_far() -> None:
    policy = Policy(jurisdiction="own_first", candidates=3)
    ranked = rank(CourtIndex(FUJIAN), fix(), 0, "350626", START_MS, policy)
    assert len(ranked.candidates) == 4 and ranked.candidates[-1].court_id == "350626"
    distances_m = [court.distance_m for court in ranked.candidates]
    assert distances_m == sorted(distances_m)


def test_without_position_and_with_an_unknown_court_nobody_is_ranked() -> None:
    for own in (None, "999"):
        ranked = rank(CourtIndex(FUJIAN), None, None, own, START_MS, POLICY)
        assert ranked.candidates == () and ranked.origin == "nowhere"


def test_off_duty_court_keeps_its_place_and_is_marked() -> None:
    courts = [replace(court, on_duty=court.court_id != "350102") for court in FUJIAN]
    ranked = rank(CourtIndex(courts), fix(26.085, 119.299), 0, "350102", START_MS, POLICY)
    first = ranked.candidates[0]
    assert first.court_id == "350102" and not first.on_duty and "off duty" in first.why


def test_courts_above_the_nearest_come_lowest_first() -> None:
    ranked = rank(CourtIndex(FUJIAN), fix(26.20, 119.53), 0, None, START_MS, POLICY)
    assert ranked.candidates[0].court_id == "350122"
    assert [court.court_id for court in ranked.above] == ["3501", "35"]


def test_travel_time_is_road_factor_times_distance_over_speed() -> None:
    assert eta_s(40_000, Policy(road_factor=1.5, speed_km_h=60)) == 3600
    assert eta_s(0, POLICY) == 0
    near = candidates_near(CourtIndex(FUJIAN), 26.0745, 119.2965, 4, POLICY)
    assert all("estimated" in court.why for court in near)
    assert [court.eta_s for court in near] == sorted(court.eta_s for court in near)


def test_two_officers_are_near_in_place_and_time_only() -> None:
    here = fix(26.0700, 119.2900)
    others = [
        ("I-near", "U2", fix(26.0720, 119.2900), START_MS),
        ("I-far", "U3", fix(26.0750, 119.2900), START_MS),
        ("I-old", "U4", here, START_MS - 1_801_000),
        ("I-same-officer", "U1", here, START_MS),
        ("I-nowhere", "U5", None, START_MS),
    ]
    assert nearby(here, "U1", others, START_MS, POLICY) == ("I-near",)
    assert nearby(None, "U1", others, START_MS, POLICY) == ()
