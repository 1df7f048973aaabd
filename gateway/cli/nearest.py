"""`tipstaff nearest`: which courts are nearest to a position."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.options import AsJson, Config, settings_of

if TYPE_CHECKING:
    from rich.table import Table

    from gateway.dispatch.ranking import Candidate

COURTS_HELP = "CSV of courts. Otherwise those of the database, before the first start the sample."
_DEGREES = re.compile(r"[+-]?([0-9]{1,3}(\.[0-9]*)?|\.[0-9]+)")


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    # A negative latitude begins with a dash: it is an argument all the same.
    app.command("nearest", context_settings={"ignore_unknown_options": True})(nearest)


def nearest(
    lat: Annotated[str, typer.Argument(help="Latitude in decimal degrees north, WGS-84; negative is south.")],
    lon: Annotated[str, typer.Argument(help="Longitude in decimal degrees east, WGS-84; negative is west.")],
    limit: Annotated[int, typer.Option("--limit", min=1, max=50_000, help="How many courts to show.")] = 5,
    courts: Annotated[Path | None, typer.Option("--courts", help=COURTS_HELP)] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Show the courts nearest to LAT LON, nearest first.

    The order is exact: geodesic distance on the WGS-84 ellipsoid. The travel time is an estimate from the
    distance, a road factor and a speed (settings dispatch.road_factor and dispatch.speed_km_h), not a route.

    Example: tipstaff nearest 26.0745 119.2965 --limit 3
    """
    from rich.console import Console

    from gateway.cli.known_courts import known_courts
    from gateway.dispatch.courts import read_file
    from gateway.dispatch.policy import Policy
    from gateway.dispatch.ranking import CourtIndex, candidates_near

    here = _degrees("LAT", lat, 90), _degrees("LON", lon, 180)
    settings = settings_of(config)
    listed, source = (read_file(courts), str(courts)) if courts is not None else known_courts(settings)
    found = candidates_near(CourtIndex(listed), *here, limit, Policy.of(settings.dispatch))
    if as_json:
        typer.echo(json.dumps({"candidates": [_plain(court) for court in found]}, ensure_ascii=False))
    else:
        Console().print(_table(found, source))


def _plain(court: Candidate) -> dict[str, object]:
    return {
        "court": court.court_id,
        "name": court.name,
        "lat": court.lat,
        "lon": court.lon,
        "distance_m": round(court.distance_m, 3),
        "eta_s": court.eta_s,
        "why": court.why,
    }


def _table(found: tuple[Candidate, ...], source: str) -> Table:
    from rich.table import Table

    table = Table(caption=f"Courts from {source}. Travel times are estimates.", caption_justify="left")
    for heading in ("", "Court", "Name"):
        table.add_column(heading)
    table.add_column("km", justify="right")
    table.add_column("min", justify="right")
    table.add_column("Why", overflow="fold")
    for place, court in enumerate(found, 1):
        km, minutes = f"{court.distance_m / 1000:.1f}", f"{court.eta_s / 60:.0f}"
        table.add_row(str(place), court.court_id, court.name, km, minutes, court.why)
    return table


def _degrees(name: str, text: str, limit: int) -> float:
    if _DEGREES.fullmatch(text) and abs(float(text)) <= limit:
        return float(text)
    typer.echo(
        f"tipstaff: {name} {text[:40]!r} is not decimal degrees between -{limit} and {limit}", err=True
    )
    raise typer.Exit(2)
