"""Simulated units at work: a scenario with a live table, or one unit under a person's fingers."""

from __future__ import annotations

import json
import sys
from contextlib import AsyncExitStack, nullcontext

import typer
from rich.console import Console
from rich.live import Live

from gateway.cli.place import Access, prepared, track_of
from simulator.interactive import Interactive
from simulator.keys import Keys
from simulator.panel import report_table
from simulator.scenario import Report, ScenarioUnit
from simulator.scenario_files import load_scenario
from simulator.scenario_run import Run
from simulator.unit import Unit

DRAWN_HZ = 4


async def run_scenario(name: str, access: Access, as_json: bool) -> Report:
    """Run a scenario with a live table, then print how it went."""
    scenario = load_scenario(name)
    console = Console(quiet=as_json)
    console.print(f"Starting {'the units' if access.url else 'a gateway and the units'} …", style="dim")
    drawn = sys.stdout.isatty() and not as_json
    async with prepared(scenario, access) as run:
        with _live(console, run) if drawn else nullcontext():
            report = await run.run()
    if as_json:
        typer.echo(json.dumps(report.to_json()))
    elif not drawn:
        console.print(report_table(report, report.duration_s))
    return report


def _live(console: Console, run: Run) -> Live:
    return Live(
        console=console,
        refresh_per_second=DRAWN_HZ,
        get_renderable=lambda: report_table(run.report, run.elapsed_s),
    )


async def run_interactive(access: Access, track: str | None) -> None:
    """One unit under a person's fingers until q."""
    keys = Keys()
    wanted = ScenarioUnit(name="officer", motion="walking", track=track)
    followed = track_of(wanted)
    console = Console()
    console.print("Starting the unit …" if access.url else "Starting a gateway and the unit …", style="dim")
    async with access.place([wanted]) as place, AsyncExitStack() as stack:
        unit = Unit(place.configs[0])
        unit.follow(followed)
        await stack.enter_async_context(unit)
        login = f"  login {place.login}  password {place.password}" if place.password else ""
        await stack.enter_async_context(keys)
        await Interactive(unit, place.hooks, gateway=f"{place.url}{login}").run(console, keys)
