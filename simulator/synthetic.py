"""Tracks that look recorded but are made: seeded, with the wander that a GNSS receiver adds.

The error is a first-order Gauss-Markov process, as is usual for a receiver without corrections:
slow (tens of seconds), some metres wide, plus a little noise from second to second.
"""

from __future__ import annotations

import math
from random import Random
from typing import Literal, get_args

from simulator import geodesy
from simulator.track import Track, TrackPoint

Motion = Literal["standing", "walking", "driving"]
MOTIONS: tuple[str, ...] = get_args(Motion)
WANDER_M = 2.5  # standard deviation of the slow error, each axis
WANDER_S = 45.0  # its correlation time
JITTER_M = 0.15  # standard deviation of the fast error, each axis


class _Wander:
    """One axis of the receiver's error in metres, stepped once a second."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._slow_m = random.gauss(0, WANDER_M)
        self._keep = math.exp(-1 / WANDER_S)

    def step(self) -> float:
        drive_m = WANDER_M * math.sqrt(1 - self._keep**2)
        self._slow_m = self._slow_m * self._keep + self._random.gauss(0, drive_m)
        return self._slow_m + self._random.gauss(0, JITTER_M)


def synthetic(motion: Motion, lat: float, lon: float, *, seed: int, duration_s: int = 600) -> Track:
    """A track of 1 Hz around (lat, lon): standing there, walking within 400 m or driving within 3 km.

    Raises ValueError for an unknown motion or a duration outside 1 … 86,400 s.
    """
    if motion not in MOTIONS:
        raise ValueError(f"motion must be one of {', '.join(MOTIONS)}")
    if not 1 <= duration_s <= 86_400:
        raise ValueError("duration_s must be from 1 to 86400")
    random = Random(f"{motion} {seed}")
    north_error, east_error = _Wander(random), _Wander(random)
    points = []
    for at_s, (north_m, east_m) in enumerate(_way(motion, random, duration_s + 1)):
        there = geodesy.offset(lat, lon, north_m + north_error.step(), east_m + east_error.step())
        points.append(TrackPoint(float(at_s), *there, altitude_m=10 + 2 * math.sin(at_s / 120)))
    return Track(f"{motion} (synthetic, seed {seed})", tuple(points))


def _way(motion: Motion, random: Random, seconds: int) -> list[tuple[float, float]]:
    """True positions in metres north and east of the middle, one a second."""
    if motion == "standing":
        return [(0.0, 0.0)] * seconds
    cruise_m_s, radius_m, block_m = (1.4, 400.0, 80.0) if motion == "walking" else (11.0, 3000.0, 350.0)
    north_m, east_m, speed_m_s, heading, left_m, halt_s = 0.0, 0.0, 0.0, random.randrange(4), block_m, 0
    way = []
    for _ in range(seconds):
        way.append((north_m, east_m))
        if halt_s > 0:
            halt_s -= 1
            speed_m_s = max(0.0, speed_m_s - cruise_m_s / 3)
        else:
            speed_m_s = min(cruise_m_s * random.uniform(0.85, 1.15), speed_m_s + cruise_m_s / 4)
        north_m += speed_m_s * (1, 0, -1, 0)[heading]
        east_m += speed_m_s * (0, 1, 0, -1)[heading]
        left_m -= speed_m_s
        if left_m <= 0:  # a corner: mostly on or round it, sometimes a stop; turn home at the rim
            left_m = block_m * random.randint(1, 3)
            halt_s = random.choice((0, 0, 0, 5, 15))
            heading = (heading + random.choice((-1, 0, 1))) % 4
        if max(abs(north_m), abs(east_m)) > radius_m:
            home = (2 if north_m > 0 else 0) if abs(north_m) > abs(east_m) else (3 if east_m > 0 else 1)
            heading, left_m = home, radius_m / 2
    return way
