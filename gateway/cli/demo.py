"""`tipstaff demo`: broker, gateway, console and six simulated officers on this machine, and nothing outside it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from gateway.errors import TipstaffError

PORT = 8440


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(demo)


def demo(
    alarm_after: Annotated[
        float,
        typer.Option(min=0, help="Seconds until one officer presses the alarm; 0: nobody does by itself."),
    ] = 20.0,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port of the console; another if it is taken.")
    ] = PORT,
    check: Annotated[
        bool,
        typer.Option(
            "--check", help="Without hands: press, acknowledge, offer, accept, and say what was felt."
        ),
    ] = False,
    as_json: Annotated[
        bool,
        typer.Option(
            "--json",
            help="With --check: print one JSON object. Its press_to_*_ms count from the moment that the button "
            "had been held long enough, not from the finger's first touch.",
        ),
    ] = False,
) -> None:
    """Run the whole way of an alarm here: broker, gateway, console and six officers around Fuzhou.

    Everything is real but the officers' hands and the satellites: the firmware that ships, under the
    MicroPython interpreter, over TLS to a real broker. All of it listens on 127.0.0.1 and is gone at the end.
    """
    if as_json and not check:
        raise TipstaffError("--json is for --check: without it there is nothing to print")
    from gateway.cli import demonstration
    from gateway.cli.ending import until_signal

    with tempfile.TemporaryDirectory(prefix="tipstaff-demo-") as folder:
        if check:
            raise typer.Exit(until_signal(demonstration.check(Path(folder), as_json)))
        until_signal(demonstration.show(Path(folder), alarm_after, port), status=0)
