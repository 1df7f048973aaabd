"""`tipstaff bench …`: how fast it is, beside the raw limit of the same machine."""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from gateway.cli.options import AsJson

if TYPE_CHECKING:
    from rich.console import Console

    from bench.report import Report

benches = typer.Typer(help=__doc__, no_args_is_help=True)


class Broker(enum.StrEnum):
    """The brokers that we start ourselves."""

    EMBEDDED = "embedded"
    MOSQUITTO = "mosquitto"


Quick = Annotated[bool, typer.Option("--quick", help="Short measurements; ends within 90 s.")]
Through = Annotated[Broker, typer.Option("--broker", help="Which broker the units connect to.")]


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.add_typer(benches, name="bench")


@benches.callback()
def _benches() -> None:
    """How fast it is, beside the raw limit of the same machine in the same run."""


@benches.command()
def alarm(
    presses: Annotated[int, typer.Option(min=10, max=100_000, help="How often the button is pressed.")] = 500,
    quick: Quick = False,
    broker: Through = Broker.EMBEDDED,
    as_json: AsJson = False,
) -> None:
    """From the button's edge on the unit to the alarm in a WebSocket client, and to the unit's receipt.

    Status 0 when the targets are reached, 1 when they are not.
    """
    from bench.alarm import QUICK_PRESSES, measure

    count = QUICK_PRESSES if quick else presses

    def measured(say: Callable[[str], None]) -> Awaitable[Report]:
        return measure(count, broker.value, lambda done, of: say(f"pressed {done} of {of} times"))

    _run(measured, as_json)


@benches.command("console")
def console_page(quick: Quick = False, broker: Through = Broker.MOSQUITTO, as_json: AsJson = False) -> None:
    """The dispatcher's page with 2,000 units at 1 Hz: frames a second, heap, alarm to banner, cold load.

    Needs Chromium and Playwright. Status 0 when the targets are reached, 1 when they are not.
    """
    from bench.console import FULL, QUICK, measure

    plan = QUICK if quick else FULL
    _run(lambda say: measure(plan, broker.value, say), as_json)


@benches.command()
def evidence(quick: Quick = False, broker: Through = Broker.MOSQUITTO, as_json: AsJson = False) -> None:
    """Recordings that a gateway takes, hashes and stores, and what recording costs the unit and its alarm.

    Status 0 when the targets are reached, 1 when they are not.
    """
    from bench.evidence import FULL, QUICK, measure

    plan = QUICK if quick else FULL
    _run(lambda say: measure(plan, broker.value, say), as_json)


@benches.command()
def live(quick: Quick = False, broker: Through = Broker.MOSQUITTO, as_json: AsJson = False) -> None:
    """From a unit's camera to the dispatcher's screen, and how many units can be watched at once.

    Needs Chromium and Playwright. Status 0 when the targets are reached, 1 when they are not.
    """
    from bench.live import FULL, QUICK, measure

    plan = QUICK if quick else FULL
    _run(lambda say: measure(plan, broker.value, say), as_json)


def _run(measure: Callable[[Callable[[str], None]], Awaitable[Report]], as_json: bool) -> NoReturn:
    """Measure, show what happens meanwhile, and end with the status. Raises typer.Exit."""
    from rich.console import Console
    from rich.progress import Progress, TextColumn

    from gateway.logs import configure
    from gateway.settings import LogSettings

    configure(LogSettings(level="error"))
    console = Console(stderr=True)
    with Progress(
        TextColumn("{task.description}"), console=console, transient=True, disable=as_json
    ) as progress:
        task = progress.add_task("beginning", total=None)

        def say(what: str) -> None:
            progress.update(task, description=what)

        async def measured() -> Report:
            return await measure(say)

        report = asyncio.run(measured())
    if as_json:
        print(report.to_json())
    else:
        _show(report, console)
    raise typer.Exit(0 if report.ok else 1)


def _show(report: Report, console: Console) -> None:
    from rich.table import Table

    table = Table("what", "measured", "target", title=f"bench {report.bench}", title_justify="left")
    for name, value in report.metrics.items():
        limit = report.targets.get(name)
        wanted = "" if limit is None else f"{'≥' if name in report.at_least else '≤'} {limit:g}"
        table.add_row(name, _shown(value), wanted, style="" if report.good(name) else "red")
    table.add_section()
    for name, value in report.raw.items():
        table.add_row(name, _shown(value), "raw limit", style="dim")
    console.print(table)


def _shown(value: float) -> str:
    return f"{value:.2f}" if value >= 0.1 else f"{value:.2g}"
