"""Short distances on WGS-84, good to a centimetre over some tens of kilometres.

The radii of curvature are those of the ellipsoid at the latitude (Torge, Geodesy, 4.1.3).
"""

from __future__ import annotations

import math

SEMI_MAJOR_M = 6_378_137.0
ECCENTRICITY_SQUARED = 0.00669437999014


def metres_per_degree(lat: float) -> tuple[float, float]:
    """(metres per degree of latitude, metres per degree of longitude) at `lat` degrees."""
    sine = math.sin(math.radians(lat))
    w_squared = 1 - ECCENTRICITY_SQUARED * sine * sine
    meridian_m = SEMI_MAJOR_M * (1 - ECCENTRICITY_SQUARED) / w_squared**1.5
    normal_m = SEMI_MAJOR_M / math.sqrt(w_squared)
    return math.radians(meridian_m), math.radians(normal_m * math.cos(math.radians(lat)))


def offset(lat: float, lon: float, north_m: float, east_m: float) -> tuple[float, float]:
    """The point that lies `north_m` and `east_m` from (lat, lon), in degrees."""
    per_lat, per_lon = metres_per_degree(lat + north_m / 222_000)
    return lat + north_m / per_lat, (lon + east_m / per_lon + 180) % 360 - 180


def between(lat: float, lon: float, to_lat: float, to_lon: float) -> tuple[float, float]:
    """(distance in metres, course in degrees from north) from one point to a near one."""
    per_lat, per_lon = metres_per_degree((lat + to_lat) / 2)
    north_m = (to_lat - lat) * per_lat
    east_m = ((to_lon - lon + 180) % 360 - 180) * per_lon
    return math.hypot(north_m, east_m), math.degrees(math.atan2(east_m, north_m)) % 360
