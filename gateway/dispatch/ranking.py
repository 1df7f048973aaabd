"""Which court is nearest: exact geodesic order, and what the position it was measured from is worth."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from pyproj import Geod

from gateway.dispatch.policy import Policy
from gateway.model import Court, Fix, Level

# WGS-84: a geodesic is between these many metres a radian of the angle on the unit sphere of (lat, lon): the
# least meridional radius of curvature b^2/a, and the greatest radius a^2/b.
LEAST_M_A_RADIAN = 6_335_439.0
ROUNDING = 1e-14
"""More than a cosine of two unit vectors can be wrong by: some courts too many are measured, none too few."""
CIRCLE_MAX_M = 100_000
FUTURE_MS = 10_000
_GEOD = Geod(ellps="WGS84")
_LEVELS = {Level.BASIC: 0, Level.INTERMEDIATE: 1, Level.HIGH: 2}
_QUALITY_ESTIMATED = 6


class Confidence(StrEnum):
    """What a position is worth for choosing a court."""

    GOOD = "good"
    COARSE = "coarse"
    STALE = "stale"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A court as it stood in the ranking. `distance_m`: geodesic, WGS-84; `eta_s`: an estimate (`Policy`);
    `why`: one line that explains its place."""

    court_id: str
    name: str
    level: Level
    lat: float
    lon: float
    distance_m: float
    eta_s: int
    on_duty: bool
    why: str
    parent_id: str | None = None


@dataclass(frozen=True, slots=True)
class Ranking:
    """A choice of courts with everything it was made from.

    `candidates`: geodesic order, off-duty courts among them. `above`: the courts above the nearest, lowest
    first. `confidence` and `why`: of the position. `circle_m`: radius in metres within which the officer is
    thought to be, None without a position. `origin`: "fix", "own_court" or "nowhere".
    """

    candidates: tuple[Candidate, ...] = ()
    above: tuple[Candidate, ...] = ()
    confidence: Confidence = Confidence.NONE
    why: str = "no position"
    circle_m: int | None = None
    origin: str = "nowhere"


class CourtIndex:
    """The courts, searchable by distance. Immutable: build a new one when a court or its duty changes."""

    def __init__(self, courts: Sequence[Court]) -> None:
        self._courts = tuple(courts)
        self._by_id = {court.court_id: court for court in self._courts}
        self._lats = np.array([court.lat for court in self._courts], dtype=np.float64)
        self._lons = np.array([court.lon for court in self._courts], dtype=np.float64)
        self._vectors = _unit_vectors(self._lats, self._lons)

    def __len__(self) -> int:
        return len(self._courts)

    def court(self, court_id: str | None) -> Court | None:
        """The court of this id, if there is one."""
        return None if court_id is None else self._by_id.get(court_id)

    def above(self, court: Court) -> list[Court]:
        """The courts above it, lowest first. A cycle ends where it closes."""
        chain: list[Court] = []
        parent = self.court(court.parent_id)
        while parent is not None and parent is not court and parent not in chain:
            chain.append(parent)
            parent = self.court(parent.parent_id)
        return chain

    def nearest(self, lat: float, lon: float, limit: int = 8) -> list[tuple[Court, float]]:
        """The `limit` nearest courts and their geodesic distances in metres, nearest first.

        Exact: the `limit` nearest by the angle on the sphere say how far the last of the answer can be at most, and
        every court that can be as near as that is measured. Courts at the same distance are in order of level (basic
        first) and id.
        `lat` -90 to 90, `lon` -180 to 180 degrees WGS-84. Raises ValueError outside.
        """
        check_position(lat, lon)
        limit = min(limit, len(self))
        if limit < 1:
            return []
        here = _unit_vectors(np.array([lat]), np.array([lon]))[:, 0]
        # Not `@`: it shares this among threads, and on a busy machine an alarm would wait for them.
        cosines = np.einsum("i,ij->j", here, self._vectors)
        first = np.argpartition(cosines, -limit)[-limit:]
        reach_m = float(self._distances(lat, lon, first).max())
        chosen = np.flatnonzero(cosines >= math.cos(min(reach_m / LEAST_M_A_RADIAN, math.pi)) - ROUNDING)
        distances = self._distances(lat, lon, chosen)
        pairs = [(self._courts[i], float(metres)) for i, metres in zip(chosen, distances, strict=True)]
        pairs.sort(key=lambda pair: (pair[1], _LEVELS[pair[0].level], pair[0].court_id))
        return pairs[:limit]

    def _distances(self, lat: float, lon: float, chosen: NDArray[np.intp]) -> NDArray[np.float64]:
        size = len(chosen)
        return distances_m(np.full(size, lat), np.full(size, lon), self._lats[chosen], self._lons[chosen])


def rank(
    index: CourtIndex,
    fix: Fix | None,
    fix_age_ms: int | None,
    own_court_id: str | None,
    now_ms: int,
    policy: Policy,
) -> Ranking:
    """The courts for an officer of `own_court_id` whose best position is `fix`.

    `fix_age_ms`: its age by the unit's own count when the button was pressed, if the unit said so. Without a
    position that can be used the officer's own court is the origin and the first.
    A court is never left out because the position is old or the court is off duty: the words say so.
    """
    confidence, why, circle_m = judge(fix, fix_age_ms, now_ms, policy)
    own = index.court(own_court_id)
    if fix is not None and confidence is not Confidence.NONE:
        lat, lon, origin, of = fix.lat, fix.lon, "fix", "the position"
    elif own is not None:
        lat, lon, origin, of = own.lat, own.lon, "own_court", "the officer's own court"
    else:
        return Ranking(confidence=confidence, why=why, circle_m=circle_m)
    found = index.nearest(lat, lon, policy.candidates)
    if origin == "own_court" and own is not None:
        found = [(own, 0.0), *(pair for pair in found if pair[0] is not own)][: policy.candidates]
    if policy.jurisdiction == "own_first" and own is not None and all(court is not own for court, _ in found):
        found.append((own, _to(lat, lon, [own])[0]))  # farther than all others, so still in order
    candidates = _ranked(found, of, own_court_id, policy)
    above = index.above(found[0][0]) if found else []
    metres_above = _to(lat, lon, above)
    return Ranking(
        candidates,
        tuple(
            _candidate(court, metres, f"above {found[0][0].name}", policy)
            for court, metres in zip(above, metres_above, strict=True)
        ),
        confidence,
        why,
        circle_m,
        origin,
    )


def candidates_near(
    index: CourtIndex, lat: float, lon: float, limit: int, policy: Policy
) -> tuple[Candidate, ...]:
    """The `limit` courts nearest to a position that is believed. Raises ValueError as `nearest` does."""
    return _ranked(index.nearest(lat, lon, limit), "the position", None, policy)


def judge(
    fix: Fix | None, fix_age_ms: int | None, now_ms: int, policy: Policy
) -> tuple[Confidence, str, int | None]:
    """What a position is worth, one line that says why, and the radius in metres within which the officer is
    thought to be: its accuracy, widened by `drift_m_s` for every second of age."""
    if fix is None:
        return Confidence.NONE, "no position", None
    if not fix.usable or fix.quality == 0:
        return Confidence.NONE, f"position not usable: {fix.fault or 'no fix'}", None
    if abs(fix.lat_e7) > 900_000_000 or abs(fix.lon_e7) > 1_800_000_000:
        return Confidence.NONE, "position not usable: outside the earth", None
    if fix.lat_e7 == 0 and fix.lon_e7 == 0:
        return Confidence.NONE, "position not usable: 0/0", None
    accuracy_m = policy.unknown_accuracy_m if fix.accuracy_dm is None else math.ceil(fix.accuracy_dm / 10)
    age_s = _age_s(fix, fix_age_ms, now_ms)
    if age_s is None:
        return Confidence.STALE, "position of unknown age: its time is missing or in the future", accuracy_m
    circle_m = min(CIRCLE_MAX_M, accuracy_m + math.ceil(age_s * policy.drift_m_s))
    said = f"position {age_s:.0f} s old, within {accuracy_m} m"
    if age_s > policy.stale_fix_s:
        return Confidence.STALE, said, circle_m
    if circle_m > policy.coarse_fix_m:
        return Confidence.COARSE, f"{said}: by now perhaps {circle_m} m away", circle_m
    if fix.quality == _QUALITY_ESTIMATED:
        return Confidence.COARSE, f"{said}: estimated, not measured", circle_m
    return Confidence.GOOD, said, circle_m


def _age_s(fix: Fix, fix_age_ms: int | None, now_ms: int) -> float | None:
    """At least so old: by the clocks, and by the unit's own count when it pressed (messages can be late)."""
    if fix.fault == "future" or (fix.taken_ms is not None and fix.taken_ms - now_ms > FUTURE_MS):
        return None
    ages_ms = [fix_age_ms, None if fix.taken_ms is None else now_ms - fix.taken_ms]
    known_ms = [age_ms for age_ms in ages_ms if age_ms is not None]
    return max(0, *known_ms) / 1000 if known_ms else None


def eta_s(distance_m: float, policy: Policy) -> int:
    """Seconds of travel, an estimate: road_factor x geodesic / speed."""
    return math.ceil(policy.road_factor * distance_m / (policy.speed_km_h / 3.6))


def nearby(
    fix: Fix | None,
    unit_id: str,
    others: Iterable[tuple[str, str, Fix | None, int]],
    now_ms: int,
    policy: Policy,
) -> tuple[str, ...]:
    """Incidents of other officers at the same place: ids of those within `near_m`, opened within `near_s`.

    `others`: (incident_id, unit_id, fix, opened_ms) of each live incident.
    """
    if fix is None or not fix.usable:
        return ()
    close = []
    for incident_id, other_unit, other_fix, opened_ms in others:
        if other_unit == unit_id or other_fix is None or not other_fix.usable:
            continue
        if abs(now_ms - opened_ms) > policy.near_s * 1000 or abs(other_fix.lat - fix.lat) > 1:
            continue
        metres = distances_m(
            np.array([fix.lat]), np.array([fix.lon]), np.array([other_fix.lat]), np.array([other_fix.lon])
        )
        if float(metres[0]) <= policy.near_m:
            close.append(incident_id)
    return tuple(close)


def check_position(lat: float, lon: float) -> None:
    """Raises ValueError, one line, unless -90 <= lat <= 90 and -180 <= lon <= 180 (NaN is outside)."""
    if not -90 <= lat <= 90:
        raise ValueError(f"latitude {lat!r} is not between -90 and 90 degrees")
    if not -180 <= lon <= 180:
        raise ValueError(f"longitude {lon!r} is not between -180 and 180 degrees")


def distances_m(
    lats: NDArray[np.float64],
    lons: NDArray[np.float64],
    to_lats: NDArray[np.float64],
    to_lons: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Geodesic distances on WGS-84 in metres, element by element (Karney's algorithm, in PROJ)."""
    return np.asarray(_GEOD.inv(lons, lats, to_lons, to_lats, return_back_azimuth=False)[2], dtype=np.float64)


def _to(lat: float, lon: float, courts: Sequence[Court]) -> list[float]:
    to_lats = np.array([court.lat for court in courts], dtype=np.float64)
    to_lons = np.array([court.lon for court in courts], dtype=np.float64)
    metres = distances_m(np.full(len(courts), lat), np.full(len(courts), lon), to_lats, to_lons)
    return [float(distance_m) for distance_m in metres]


def _ranked(
    found: list[tuple[Court, float]], of: str, own_court_id: str | None, policy: Policy
) -> tuple[Candidate, ...]:
    return tuple(
        _candidate(court, metres, _place(place, court, of, own_court_id), policy)
        for place, (court, metres) in enumerate(found, 1)
    )


def _candidate(court: Court, metres: float, place: str, policy: Policy) -> Candidate:
    words = [place]
    if not court.on_duty:
        words.append("off duty, so asked after those on duty")
    if court.level not in policy.offer_levels:
        words.append(f"{court.level.value} court, not asked by itself")
    words.append("travel time estimated")
    if court.placeholder:
        words.append("position of the court is a placeholder")
    return Candidate(
        court.court_id,
        court.name,
        court.level,
        court.lat,
        court.lon,
        metres,
        eta_s(metres, policy),
        court.on_duty,
        "; ".join(words),
        court.parent_id,
    )


def _place(place: int, court: Court, of: str, own_court_id: str | None) -> str:
    words = f"nearest to {of} by line" if place == 1 else f"number {place} from {of} by line"
    return f"{words}; the officer's own court" if court.court_id == own_court_id else words


def _unit_vectors(lats: NDArray[np.float64], lons: NDArray[np.float64]) -> NDArray[np.float64]:
    """Three rows: a column a place."""
    phi, lam = np.radians(lats), np.radians(lons)
    return np.stack((np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)))
