"""Reads recorded tracks: GPX 1.0/1.1 and NMEA 0183 logs. The files may come from anywhere."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path

import gpxpy
import gpxpy.gpx

from simulator import nmea
from simulator.errors import NotFound, TrackError
from simulator.track import POINTS, Track, from_samples

FILE_LIMIT_BYTES = 16 * 1024 * 1024
ENCODINGS = ("utf-8", "us-ascii", "ascii")
SUFFIXES = {".gpx": "gpx", ".nmea": "nmea", ".nme": "nmea", ".txt": "nmea", ".log": "nmea"}


def shipped() -> list[str]:
    """Names of the sample tracks in this package; all of them are synthetic (see `simulator.synthetic`)."""
    folder = resources.files("simulator") / "data"
    return sorted(entry.name for entry in folder.iterdir() if Path(entry.name).suffix in SUFFIXES)


def load_track(path: str | Path) -> Track:
    """A track from a file, or a shipped one by its bare name. Raises NotFound or TrackError."""
    file = Path(path)
    if not file.is_file() and str(path) in shipped():
        with resources.as_file(resources.files("simulator") / "data" / str(path)) as inside:
            return load_track(inside)
    if not file.is_file():
        raise NotFound(f"no track {path}; shipped ones are {', '.join(shipped())}")
    kind = SUFFIXES.get(file.suffix.lower())
    if kind is None:
        raise TrackError(f"{file}: a track's name ends in {', '.join(sorted(SUFFIXES))}")
    with file.open("rb") as stream:
        data = stream.read(FILE_LIMIT_BYTES + 1)
    if len(data) > FILE_LIMIT_BYTES:
        raise TrackError(f"{file}: larger than {FILE_LIMIT_BYTES} bytes")
    return parse_gpx(data, file.name) if kind == "gpx" else parse_nmea(data, file.name)


def safe_xml(data: bytes, name: str) -> str:
    """The text of an XML file that cannot expand: UTF-8, no document type, no entities. Raises TrackError."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TrackError(f"{name}: not UTF-8") from error
    if "\0" in text:
        raise TrackError(f"{name}: not text")
    declared = re.match(r"\s*<\?xml[^>]*?encoding\s*=\s*[\"']([^\"']*)", text)
    if declared and declared[1].lower() not in ENCODINGS:
        raise TrackError(f"{name}: encoding {declared[1][:20]!r}, but only UTF-8 is read")
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise TrackError(f"{name}: a document type or entities are refused")
    return text


def parse_gpx(data: bytes, name: str = "track.gpx") -> Track:
    """All track points (else the first route) of a GPX file in order. Raises TrackError."""
    try:
        gpx = gpxpy.parse(safe_xml(data, name))
    except TrackError:
        raise
    except Exception as error:  # gpxpy lets ValueError, KeyError and the XML parser's own errors through
        raise TrackError(f"{name}: not GPX: {str(error)[:100]}") from error
    raw: list[gpxpy.gpx.GPXTrackPoint | gpxpy.gpx.GPXRoutePoint] = [
        point for track in gpx.tracks for segment in track.segments for point in segment.points
    ]
    if not raw and gpx.routes:
        raw = list(gpx.routes[0].points)
    if len(raw) > POINTS:
        raise TrackError(f"{name}: more than {POINTS} points")
    samples: list[tuple[float | None, float, float, float]] = []
    for point in raw:
        at_s = None
        if point.time is not None:
            time = point.time if point.time.tzinfo is not None else point.time.replace(tzinfo=UTC)
            at_s = time.timestamp()
        altitude_m = point.elevation if point.elevation is not None else 10.0
        if math.isfinite(point.latitude) and math.isfinite(point.longitude) and math.isfinite(altitude_m):
            samples.append((at_s, float(point.latitude), float(point.longitude), float(altitude_m)))
    if not samples:
        raise TrackError(f"{name}: no points")
    return from_samples(name, samples, len(raw) - len(samples))


def parse_nmea(data: bytes, name: str = "track.nmea") -> Track:
    """The valid RMC positions of a log, with the altitudes of its GGA. Raises TrackError when there are none."""
    samples: list[tuple[float | None, float, float, float]] = []
    altitude_m = 10.0
    skipped = 0
    for raw in data.split(b"\n"):
        if not raw.strip():
            continue
        try:
            fields = nmea.parse(raw.decode("ascii", "replace"))
            if fields[0][2:] == "GGA" and len(fields) >= 10 and fields[9]:
                altitude_m = _finite(fields[9])
            elif fields[0][2:] == "RMC" and len(fields) >= 10 and fields[2] == "A":
                lat = nmea.degrees(fields[3], fields[4])
                lon = nmea.degrees(fields[5], fields[6])
                samples.append((_rmc_time_s(fields[1], fields[9]), lat, lon, altitude_m))
        except TrackError:
            skipped += 1
        if len(samples) > POINTS:
            raise TrackError(f"{name}: more than {POINTS} points")
    if not samples:
        raise TrackError(f"{name}: no valid RMC sentence ({skipped} lines unusable)")
    return from_samples(name, samples, skipped)


def _finite(text: str) -> float:
    try:
        value = float(text)
    except ValueError as error:
        raise TrackError(f"not a number: {text[:20]!r}") from error
    if not math.isfinite(value):
        raise TrackError(f"not a number: {text[:20]!r}")
    return value


def _rmc_time_s(clock: str, date: str) -> float:
    try:
        day = datetime.strptime(date + clock[:6], "%d%m%y%H%M%S").replace(tzinfo=UTC)
    except ValueError as error:
        raise TrackError(f"not a time: {clock[:12]!r} {date[:8]!r}") from error
    return day.timestamp() + (_finite("0" + clock[6:]) if clock[6:] else 0.0)
