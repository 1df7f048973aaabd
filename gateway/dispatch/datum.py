"""Positions in the datums of Chinese maps, to WGS-84. Degrees in, degrees out.

GCJ-02 (AMap, Tencent) shifts WGS-84 by up to 700 m inside China; BD-09 (Baidu) shifts GCJ-02 once more. The
formulas are the published reconstruction (eviltransform and many others) on the ellipsoid of Krasovsky 1940.
Their inverses are iterated: the usual single step errs by up to 4 m.
"""

import math
from collections.abc import Callable

_A_M = 6_378_245.0
_E2 = 0.006_693_421_622_965_943
_BD_TURN = math.pi * 3000.0 / 180.0
_BD_LAT, _BD_LON = 0.006, 0.0065
# Metres of error hardly halve but shrink a hundredfold with each step: six give 1e-9 m.
_STEPS_MAX = 20
_CLOSE_ENOUGH_DEG = 1e-13


def in_china(lat: float, lon: float) -> bool:
    """Whether GCJ-02 differs from WGS-84 here: the rectangle that the services use."""
    return 0.8293 <= lat <= 55.8271 and 72.004 <= lon <= 137.8347


def wgs84_to_gcj02(lat: float, lon: float) -> tuple[float, float]:
    """WGS-84 to GCJ-02; unchanged outside China."""
    if not in_china(lat, lon):
        return lat, lon
    x, y = lon - 105.0, lat - 35.0
    waves = 20.0 * math.sin(6.0 * x * math.pi) + 20.0 * math.sin(2.0 * x * math.pi)
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x))
    north += (waves + 20.0 * math.sin(y * math.pi) + 40.0 * math.sin(y / 3.0 * math.pi)) * 2.0 / 3.0
    north += (160.0 * math.sin(y / 12.0 * math.pi) + 320.0 * math.sin(y * math.pi / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x))
    east += (waves + 20.0 * math.sin(x * math.pi) + 40.0 * math.sin(x / 3.0 * math.pi)) * 2.0 / 3.0
    east += (150.0 * math.sin(x / 12.0 * math.pi) + 300.0 * math.sin(x / 30.0 * math.pi)) * 2.0 / 3.0
    phi = math.radians(lat)
    w2 = 1.0 - _E2 * math.sin(phi) ** 2
    meridian_m = _A_M * (1.0 - _E2) / (w2 * math.sqrt(w2))
    parallel_m = _A_M / math.sqrt(w2) * math.cos(phi)
    return lat + math.degrees(north / meridian_m), lon + math.degrees(east / parallel_m)


def gcj02_to_bd09(lat: float, lon: float) -> tuple[float, float]:
    """GCJ-02 to BD-09."""
    radius = math.hypot(lon, lat) + 0.00002 * math.sin(lat * _BD_TURN)
    turn = math.atan2(lat, lon) + 0.000003 * math.cos(lon * _BD_TURN)
    return radius * math.sin(turn) + _BD_LAT, radius * math.cos(turn) + _BD_LON


def gcj02_to_wgs84(lat: float, lon: float) -> tuple[float, float]:
    """The WGS-84 position that `wgs84_to_gcj02` takes here."""
    return _inverse(wgs84_to_gcj02, lat, lon) if in_china(lat, lon) else (lat, lon)


def bd09_to_wgs84(lat: float, lon: float) -> tuple[float, float]:
    """BD-09 to WGS-84; unchanged outside China."""
    return gcj02_to_wgs84(*_inverse(gcj02_to_bd09, lat, lon)) if in_china(lat, lon) else (lat, lon)


def _inverse(
    forward: Callable[[float, float], tuple[float, float]], lat: float, lon: float
) -> tuple[float, float]:
    guess_lat, guess_lon = lat, lon
    for _ in range(_STEPS_MAX):
        there_lat, there_lon = forward(guess_lat, guess_lon)
        off_lat, off_lon = lat - there_lat, lon - there_lon
        guess_lat, guess_lon = guess_lat + off_lat, guess_lon + off_lon
        if abs(off_lat) < _CLOSE_ENOUGH_DEG and abs(off_lon) < _CLOSE_ENOUGH_DEG:
            break
    return guess_lat, guess_lon


def _same(lat: float, lon: float) -> tuple[float, float]:
    return lat, lon


# What a file may name. CGCS2000 (Tianditu) is WGS-84 to well under a metre.
TO_WGS84: dict[str, Callable[[float, float], tuple[float, float]]] = {
    "wgs84": _same,
    "cgcs2000": _same,
    "gcj02": gcj02_to_wgs84,
    "bd09": bd09_to_wgs84,
}
