"""A way through the world: points in time, between which the position is interpolated."""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import dataclass, field

from simulator import geodesy
from simulator.errors import TrackError

POINTS = 200_000  # of one track, about two days at 1 Hz
WALKING_M_S = 1.4  # for recordings without times


@dataclass(frozen=True, slots=True)
class TrackPoint:
    """Seconds since the track's start, degrees WGS-84, metres above the sea."""

    at_s: float
    lat: float
    lon: float
    altitude_m: float = 10.0


@dataclass(frozen=True, slots=True)
class Position:
    """Where something is and how it moves: m/s, degrees from north."""

    lat: float
    lon: float
    altitude_m: float
    speed_m_s: float
    course_deg: float


@dataclass(frozen=True)
class Track:
    """At least one point, times rising from 0. `skipped` counts points of the source that were unusable."""

    name: str
    points: tuple[TrackPoint, ...]
    skipped: int = 0
    _times: tuple[float, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Raises TrackError for no points, too many, falling times or impossible coordinates."""
        if not 1 <= len(self.points) <= POINTS:
            raise TrackError(f"{self.name}: a track has 1 to {POINTS} points, not {len(self.points)}")
        object.__setattr__(self, "_times", tuple(point.at_s for point in self.points))
        if any(b <= a for a, b in zip(self._times, self._times[1:], strict=False)):
            raise TrackError(f"{self.name}: times must rise")
        if not all(-90 <= point.lat <= 90 and -180 <= point.lon <= 180 for point in self.points):
            raise TrackError(f"{self.name}: coordinates out of range")

    @property
    def duration_s(self) -> float:
        """Seconds from the first to the last point."""
        return self._times[-1] - self._times[0]

    @property
    def length_m(self) -> float:
        """Metres along the points."""
        pairs = zip(self.points, self.points[1:], strict=False)
        return sum(geodesy.between(a.lat, a.lon, b.lat, b.lon)[0] for a, b in pairs)

    def at(self, at_s: float) -> Position:
        """The position `at_s` seconds after the start; before it the first point, after the end the last."""
        points = self.points
        index = bisect.bisect_right(self._times, at_s)
        if index == 0 or index == len(points):
            point = points[0] if index == 0 else points[-1]
            return Position(point.lat, point.lon, point.altitude_m, 0.0, 0.0)
        a, b = points[index - 1], points[index]
        part = (at_s - a.at_s) / (b.at_s - a.at_s)
        distance_m, course_deg = geodesy.between(a.lat, a.lon, b.lat, b.lon)
        east_deg = (b.lon - a.lon + 180) % 360 - 180
        return Position(
            a.lat + part * (b.lat - a.lat),
            (a.lon + part * east_deg + 180) % 360 - 180,
            a.altitude_m + part * (b.altitude_m - a.altitude_m),
            distance_m / (b.at_s - a.at_s),
            course_deg,
        )

    def to_and_fro(self, at_s: float) -> Position:
        """As `at`, but turning back at either end for ever."""
        if self.duration_s <= 0:
            return self.at(0)
        phase_s = at_s % (2 * self.duration_s)
        if phase_s <= self.duration_s:
            return self.at(phase_s)
        there = self.at(2 * self.duration_s - phase_s)
        return Position(
            there.lat, there.lon, there.altitude_m, there.speed_m_s, (there.course_deg + 180) % 360
        )


def from_samples(
    name: str, samples: Sequence[tuple[float | None, float, float, float]], skipped: int = 0
) -> Track:
    """A track of (UTC seconds or None, lat, lon, altitude). Without times: walking speed. Raises TrackError.

    Samples that do not rise in time are skipped and counted.
    """
    timed = [sample for sample in samples if sample[0] is not None]
    use = timed if len(timed) >= 2 else samples
    points: list[TrackPoint] = []
    start_s = use[0][0] if use and use is timed else 0.0
    for at_s, lat, lon, altitude_m in use:
        if use is timed and at_s is not None and start_s is not None:
            offset_s = at_s - start_s
        elif points:
            step_m, _ = geodesy.between(points[-1].lat, points[-1].lon, lat, lon)
            offset_s = points[-1].at_s + step_m / WALKING_M_S
        else:
            offset_s = 0.0
        if points and offset_s <= points[-1].at_s:
            skipped += 1
            continue
        points.append(TrackPoint(offset_s, lat, lon, altitude_m))
    return Track(name, tuple(points), skipped + len(samples) - len(use))
