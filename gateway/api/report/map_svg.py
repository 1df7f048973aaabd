"""The map of a report as one SVG: outlines, the officer's track, the alarm, and the courts that came into question.

Plain figures without styles of their own: classes are in the page's style sheet, so that a strict policy holds.
Positions are WGS-84; the projection is equirectangular about the alarm, true to a per cent over a city.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from markupsafe import Markup, escape

WIDTH, HEIGHT = 1000.0, 520.0
MARGIN = 70.0
LEAST_SPAN_M = 1_500.0
METRES_A_DEGREE = 111_195.0
LABEL_CHARS = 18
TRACK_POINTS = 600
MARK_APART = 34.0

Point = tuple[float, float]
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Mark:
    """A court on the map: its rank, its name, what became of the offer (None: not asked), whether it accepted."""

    rank: int
    name: str
    lat: float
    lon: float
    offer: str | None
    taken: bool


@dataclass(frozen=True, slots=True)
class Scene:
    """What is drawn. `alarm`: (lat, lon); `circle_m`: its accuracy; `tracks`: of each officer, oldest first."""

    alarm: Point
    circle_m: float | None
    tracks: Sequence[Sequence[Point]]
    courts: Sequence[Mark]


class _View:
    """From degrees to the figure."""

    def __init__(self, scene: Scene) -> None:
        self._lat, self._lon = scene.alarm
        self._squeeze = math.cos(math.radians(self._lat))
        asked = [mark for mark in scene.courts if mark.offer is not None or mark.rank <= 3]
        points = [self._metres(mark.lat, mark.lon) for mark in asked]
        points += [self._metres(*point) for track in scene.tracks for point in track]
        radius_m = min(scene.circle_m or 0.0, 20_000.0)
        points += [(-radius_m, -radius_m), (radius_m, radius_m)]
        east = [point[0] for point in points]
        north = [point[1] for point in points]
        self._centre = ((min(east) + max(east)) / 2, (min(north) + max(north)) / 2)
        self.scale = min(
            (WIDTH - 2 * MARGIN) / max(max(east) - min(east), LEAST_SPAN_M),
            (HEIGHT - 2 * MARGIN) / max(max(north) - min(north), LEAST_SPAN_M / 2),
        )

    def _metres(self, lat: float, lon: float) -> Point:
        east = math.remainder(lon - self._lon, 360.0) * self._squeeze
        return east * METRES_A_DEGREE, (lat - self._lat) * METRES_A_DEGREE

    def at(self, lat: float, lon: float) -> Point:
        """Where a position lies; y goes down."""
        east, north = self._metres(lat, lon)
        return (
            WIDTH / 2 + (east - self._centre[0]) * self.scale,
            HEIGHT / 2 - (north - self._centre[1]) * self.scale,
        )


def draw(scene: Scene, outlines: Path, title: str, north: str) -> Markup:
    """The figure. `title` is what a screen reader says of it."""
    view = _View(scene)
    alarm = view.at(*scene.alarm)
    parts = [
        f'<svg class="map" viewBox="0 0 {WIDTH:.0f} {HEIGHT:.0f}" role="img" aria-label="{escape(title)}">',
        f'<rect class="ground" width="{WIDTH:.0f}" height="{HEIGHT:.0f}"/>',
    ]
    taken_boxes: list[Box] = [(alarm[0] - 16, alarm[1] - 18, alarm[0] + 16, alarm[1] + 14)]
    parts += _counties(outlines, view, taken_boxes)
    if scene.circle_m:
        parts.append(f'<circle class="circle" {_c(alarm)} r="{max(scene.circle_m * view.scale, 3):.1f}"/>')
    for mark in scene.courts:
        if mark.offer is not None or mark.taken:
            x, y = view.at(mark.lat, mark.lon)
            parts.append(
                f'<line class="{"taken" if mark.taken else "asked"}" x1="{alarm[0]:.1f}" y1="{alarm[1]:.1f}" '
                f'x2="{x:.1f}" y2="{y:.1f}"/>'
            )
    for number, track in enumerate(scene.tracks):
        parts += _track(track, view, number)
    visible = [(mark, view.at(mark.lat, mark.lon)) for mark in scene.courts]
    visible = [(mark, point) for mark, point in visible if _inside(point)]
    for place, (mark, point) in enumerate(visible):
        if (beside := _beside(point, alarm)) != point:
            visible[place] = (mark, beside)
            parts.append(
                f'<path class="lead" d="M{_line((point, beside))}"/><circle class="spot" {_c(point)} r="2.5"/>'
            )
    taken_boxes += [(x - 11, y - 11, x + 11, y + 11) for _, (x, y) in visible]
    for mark, (x, y) in reversed(visible):
        kind = "court taken" if mark.taken else "court"
        parts.append(
            f'<g class="{kind}"><rect x="{x - 9:.1f}" y="{y - 9:.1f}" width="18" height="18"/>'
            f'<text x="{x:.1f}" y="{y + 4.5:.1f}" text-anchor="middle">{mark.rank}</text></g>'
        )
    for mark, (x, y) in visible:
        parts += _label("name", _plain(mark.name), x, y, 13, taken_boxes)
    x, y = alarm
    parts.append(
        f'<path class="alarm" d="M{x:.1f} {y - 15:.1f}L{x + 14:.1f} {y + 10:.1f}H{x - 14:.1f}Z"/>'
        f'<path class="alarm-sign" d="M{x:.1f} {y - 6:.1f}v8m0 2.4v2.2"/>'
    )
    parts += [_scale_bar(view.scale), _north(north), "</svg>"]
    return Markup("".join(parts))


def _beside(point: Point, alarm: Point) -> Point:
    """Where a court's mark goes: out from under that of the alarm."""
    x, y = point[0] - alarm[0], point[1] - alarm[1]
    away = math.hypot(x, y)
    if away >= MARK_APART:
        return point
    x, y = (x / away, y / away) if away > 1 else (-0.8, 0.6)
    return alarm[0] + x * MARK_APART, alarm[1] + y * MARK_APART


def _counties(outlines: Path, view: _View, taken: list[Box]) -> Iterable[str]:
    names: list[str] = []
    for name, rings in _features(outlines, outlines.stat().st_mtime_ns):
        for ring in rings:
            points = [view.at(lat, lon) for lon, lat in ring]
            xs, ys = [point[0] for point in points], [point[1] for point in points]
            if max(xs) < 0 or min(xs) > WIDTH or max(ys) < 0 or min(ys) > HEIGHT:
                continue
            yield f'<path class="county" d="M{_line(points)}Z"/>'
            inside = [point for point in points if _inside(point)]
            centre = (sum(xs) / len(xs), sum(ys) / len(ys))
            if _inside(centre) and (len(inside) > 2 or max(xs) - min(xs) > WIDTH / 2):
                names += _label("place", _plain(name), centre[0], centre[1], 0, taken, centred=True)
    yield from names


@lru_cache(maxsize=1)
def _features(outlines: Path, _changed_ns: int) -> list[tuple[str, list[list[Point]]]]:
    """(name, outer rings as lon, lat) of each county; read again when the file changes."""
    found = []
    for feature in json.loads(outlines.read_bytes())["features"]:
        geometry = feature["geometry"]
        polygons = (
            geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
        )
        rings = [[(point[0], point[1]) for point in polygon[0]] for polygon in polygons if polygon]
        found.append((feature["properties"]["name"], rings))
    return found


def _track(track: Sequence[Point], view: _View, number: int) -> list[str]:
    every = max(1, -(-len(track) // TRACK_POINTS))
    points = [view.at(*point) for point in (*track[:-1:every], *track[-1:])]
    if not points:
        return []
    kind = "track" if number == 0 else "track other"
    drawn = [f'<path class="{kind}" d="M{_line(points)}"/>'] if len(points) > 1 else []
    drawn.append(f'<circle class="begin" {_c(points[0])} r="4"/>')
    drawn.append(f'<circle class="end" {_c(points[-1])} r="4"/>')
    return drawn


def _label(
    kind: str, text: str, x: float, y: float, away: float, taken: list[Box], *, centred: bool = False
) -> list[str]:
    """A text beside a point where nothing is yet; none if there is no room: the table has the name as well."""
    width = sum(13.5 if ord(char) > 0x2E7F else 7.4 for char in text)
    if centred:
        places = [(x - width / 2, y)]
    else:
        places = [(x + away, y + 5), (x - away - width, y + 5), (x - width / 2, y - away - 3)]
        places.append((x - width / 2, y + away + 13))
    for left, base in places:
        box = (left - 2, base - 13, left + width + 2, base + 4)
        if box[0] < 2 or box[2] > WIDTH - 2 or box[1] < 2 or box[3] > HEIGHT - 2:
            continue
        if any(box[0] < b[2] and b[0] < box[2] and box[1] < b[3] and b[1] < box[3] for b in taken):
            continue
        taken.append(box)
        return [f'<text class="{kind}" x="{left:.1f}" y="{base:.1f}">{escape(text)}</text>']
    return []


def _scale_bar(scale: float) -> str:
    metres = next(
        length for length in (50_000, 20_000, 10_000, 5_000, 2_000, 1_000, 500, 200, 100, 50, 1)
        if length * scale <= 200 or length == 1
    )  # fmt: skip
    text = f"{metres // 1000} km" if metres >= 1000 else f"{metres} m"
    end = 24 + metres * scale
    y = HEIGHT - 22
    return (
        f'<g class="scale"><path d="M24 {y - 6}v6H{end:.1f}v-6"/>'
        f'<text x="{(24 + end) / 2:.1f}" y="{y - 8}" text-anchor="middle">{text}</text></g>'
    )


def _north(north: str) -> str:
    x = WIDTH - 30
    return (
        f'<g class="north"><path d="M{x} 18l7 20-7-5-7 5z"/>'
        f'<text x="{x}" y="54" text-anchor="middle">{escape(north)}</text></g>'
    )


def _plain(text: str) -> str:
    """A name that cannot turn its surroundings round, cut to a length."""
    shown = "".join(char for char in text if char.isprintable())
    return shown if len(shown) <= LABEL_CHARS else shown[: LABEL_CHARS - 1] + "…"


def _line(points: Iterable[Point]) -> str:
    return "L".join(f"{x:.1f} {y:.1f}" for x, y in points)


def _c(point: Point) -> str:
    return f'cx="{point[0]:.1f}" cy="{point[1]:.1f}"'


def _inside(point: Point) -> bool:
    return 0 < point[0] < WIDTH and 0 < point[1] < HEIGHT
