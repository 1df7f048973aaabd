"""NMEA 0183 sentences of a GPS + BeiDou receiver, made from a position (NMEA 0183 v4.10, talker GN)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from simulator.errors import TrackError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MINUTE_DECIMALS = 6  # 1e-6 minute is 1.7e-8 degree, 2 mm
KNOT_M_S = 1852 / 3600


@dataclass(frozen=True, slots=True)
class Epoch:
    """What the receiver knows at one moment. Degrees WGS-84; course in degrees from true north."""

    utc_ms: int
    lat: float
    lon: float
    altitude_m: float = 10.0
    speed_m_s: float = 0.0
    course_deg: float = 0.0
    quality: int = 1  # GGA: 0 none, 1 GNSS, 2 DGPS, 4 RTK, 5 float, 6 estimated
    satellites: int = 14
    hdop: float = 0.8

    @property
    def valid(self) -> bool:
        """Whether there is a position."""
        return self.quality > 0


def checksum(body: str) -> int:
    """XOR of all characters between `$` and `*`."""
    value = 0
    for byte in body.encode("ascii"):
        value ^= byte
    return value


def sentence(body: str) -> bytes:
    """`$body*hh\\r\\n`."""
    return f"${body}*{checksum(body):02X}\r\n".encode("ascii")


def angle(degrees: float, positive: str, negative: str, width: int) -> str:
    """`ddmm.mmmmmm,N`: degrees in `width` digits, minutes with 6 decimals, never 60 minutes."""
    scale = 10**MINUTE_DECIMALS
    units = round(abs(degrees) * 60 * scale)
    whole, rest = divmod(units, 60 * scale)
    minutes, fraction = divmod(rest, scale)
    return f"{whole:0{width}d}{minutes:02d}.{fraction:0{MINUTE_DECIMALS}d},{positive if degrees >= 0 else negative}"


def utc(utc_ms: int) -> datetime:
    """The time of an epoch."""
    return EPOCH + timedelta(milliseconds=utc_ms)


def rmc(epoch: Epoch) -> bytes:
    """Recommended minimum: time, date, position, speed and course."""
    at = utc(epoch.utc_ms)
    clock, date = f"{at:%H%M%S}.{at.microsecond // 10000:02d}", f"{at:%d%m%y}"
    if not epoch.valid:
        return sentence(f"GNRMC,{clock},V,,,,,,,{date},,,N,V")
    return sentence(
        f"GNRMC,{clock},A,{angle(epoch.lat, 'N', 'S', 2)},{angle(epoch.lon, 'E', 'W', 3)},"
        f"{epoch.speed_m_s / KNOT_M_S:.3f},{epoch.course_deg % 360:.2f},{date},,,A,V"
    )


def gga(epoch: Epoch) -> bytes:
    """Position, quality, satellites, HDOP and altitude."""
    at = utc(epoch.utc_ms)
    clock = f"{at:%H%M%S}.{at.microsecond // 10000:02d}"
    if not epoch.valid:
        return sentence(f"GNGGA,{clock},,,,,0,00,99.99,,M,,M,,")
    return sentence(
        f"GNGGA,{clock},{angle(epoch.lat, 'N', 'S', 2)},{angle(epoch.lon, 'E', 'W', 3)},{epoch.quality},"
        f"{min(epoch.satellites, 99):02d},{epoch.hdop:.2f},{epoch.altitude_m:.1f},M,10.0,M,,"
    )


def gsa(epoch: Epoch) -> bytes:
    """Two sentences: the GPS (system 1) and the BeiDou (system 4) satellites used."""
    half = min(12, epoch.satellites // 2) if epoch.valid else 0
    pdop, vdop = (epoch.hdop * 1.6, epoch.hdop * 1.25) if epoch.valid else (99.99, 99.99)
    hdop, mode = (epoch.hdop, 3) if epoch.valid else (99.99, 1)
    lines = b""
    for system, first in ((1, 2), (4, 19)):
        used = ",".join(f"{first + number:02d}" if number < half else "" for number in range(12))
        lines += sentence(f"GNGSA,A,{mode},{used},{pdop:.2f},{hdop:.2f},{vdop:.2f},{system}")
    return lines


def vtg(epoch: Epoch) -> bytes:
    """Course and speed over ground."""
    if not epoch.valid:
        return sentence("GNVTG,,,,,,,,,N")
    knots, kmh = epoch.speed_m_s / KNOT_M_S, epoch.speed_m_s * 3.6
    return sentence(f"GNVTG,{epoch.course_deg % 360:.2f},T,,M,{knots:.3f},N,{kmh:.3f},K,A")


def burst(epoch: Epoch) -> bytes:
    """All sentences of one epoch in the order of common receivers: RMC, VTG, GGA, GSA."""
    return rmc(epoch) + vtg(epoch) + gga(epoch) + gsa(epoch)


def parse(line: str) -> list[str]:
    """The fields of a sentence, the address first. Raises TrackError for a wrong frame or checksum."""
    text = line.strip()
    if not text.startswith("$") or len(text) > 120 or not text.isascii():
        raise TrackError(f"not a sentence: {text[:40]!r}")
    body, star, given = text[1:].partition("*")
    if star:
        try:
            right = int(given, 16) == checksum(body)
        except ValueError:
            right = False
        if not right:
            raise TrackError(f"wrong checksum: {text[:40]!r}")
    return body.split(",")


def degrees(value: str, hemisphere: str) -> float:
    """`ddmm.mmm` and N/S/E/W as degrees. Raises TrackError."""
    dot = value.find(".") if "." in value else len(value)
    limit = 90.0 if hemisphere in ("N", "S") else 180.0
    try:
        result = int(value[: dot - 2] or "0") + float(value[dot - 2 :]) / 60
    except ValueError as error:
        raise TrackError(f"not an angle: {value[:20]!r}") from error
    if hemisphere not in ("N", "S", "E", "W") or dot < 3 or not 0 <= result <= limit:
        raise TrackError(f"not an angle: {value[:20]!r},{hemisphere[:3]!r}")
    return -result if hemisphere in ("S", "W") else result
