"""`tipstaff simulate`: the real firmware against a gateway, in scenarios or under a person's fingers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.options import AsJson
from gateway.errors import TipstaffError
from simulator.errors import SimulatorError
from simulator.sources import CAMERAS, MICROPHONES, SPEAKERS, camera_of, microphone_of, speaker_of

if TYPE_CHECKING:
    from gateway.cli.place import Parts


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("simulate")(simulate)


def simulate(
    scenario: Annotated[
        str | None, typer.Argument(help="A shipped scenario (see --list) or a .toml file.")
    ] = None,
    interactive: Annotated[
        bool, typer.Option("--interactive", "-i", help="One unit under your fingers, with a live panel.")
    ] = False,
    show: Annotated[bool, typer.Option("--list", help="List the shipped scenarios and tracks.")] = False,
    url: Annotated[
        str | None, typer.Option(help="A gateway that runs already, as http://127.0.0.1:8440.")
    ] = None,
    login: Annotated[str, typer.Option(help="With --url: who to be at that gateway.")] = "admin",
    password_file: Annotated[
        Path | None, typer.Option(help="With --url: file with the password; asked for when it is left away.")
    ] = None,
    home: Annotated[
        list[Path] | None,
        typer.Option(help="With --url: folder of a provisioned unit, one for each unit of the scenario."),
    ] = None,
    keep: Annotated[
        Path | None,
        typer.Option(help="Without --url: keep the gateway's and the units' files in this folder."),
    ] = None,
    track: Annotated[
        str | None, typer.Option(help="With --interactive: a GPX or NMEA file to follow.")
    ] = None,
    camera: Annotated[
        str | None,
        typer.Option(help=f"Pictures: {CAMERAS}. Left away: scene with --interactive, else off."),
    ] = None,
    microphone: Annotated[
        str | None,
        typer.Option(help=f"Sound: {MICROPHONES}. Left away: as --camera."),
    ] = None,
    speaker: Annotated[str, typer.Option(help=f"What is said to the officers: {SPEAKERS}.")] = "kept",
    card_mib: Annotated[
        int | None,
        typer.Option(
            min=4, max=32_768, help="Size of the memory card; left away: a folder, as large as the disk."
        ),
    ] = None,
    card_kib_s: Annotated[
        int, typer.Option(min=0, help="With --card-mib: how fast it writes; 0: no limit.")
    ] = 0,
    as_json: AsJson = False,
) -> None:
    """Run simulated units: the real firmware under the real interpreter, with board, sky and radio simulated.

    A scenario is a timeline (press, cut the link, cut the power, …) with what must be felt and stored. Exit
    status 0: everything came true; 1: something did not; 2: it could not be run.

    By default a gateway is started for it with the embedded broker in a temporary folder, and removed
    afterwards. With --url the units join a gateway that runs; provision them first (`tipstaff provision`).

    Examples: tipstaff simulate press · tipstaff simulate --interactive · tipstaff simulate my.toml --json
    """
    if show:
        _list(as_json)
        return
    if scenario is None and not interactive:
        raise TipstaffError("name a scenario, or give --interactive or --list; see --help")
    from gateway.cli import simulated
    from gateway.cli.ending import until_signal
    from gateway.cli.place import Access

    try:
        parts = _parts(camera, microphone, speaker, card_mib, card_kib_s, recording=interactive)
        access = Access(url or "", login, password_file, tuple(home or ()), keep, parts)
        if interactive:
            until_signal(simulated.run_interactive(access, track))
            return
        assert scenario is not None
        if not until_signal(simulated.run_scenario(scenario, access, as_json)).ok:
            raise typer.Exit(1)
    except SimulatorError as error:
        raise TipstaffError(str(error)) from None


def _parts(
    camera: str | None,
    microphone: str | None,
    speaker: str,
    card_mib: int | None,
    card_kib_s: int,
    *,
    recording: bool,
) -> Parts:
    """What the units have beside their button. Raises NotFound, TipstaffError."""
    from gateway.cli.place import Parts
    from simulator.unit_config import Card

    if card_kib_s and card_mib is None:
        raise TipstaffError("--card-kib-s is the speed of a card that --card-mib makes: give both")
    without = "scene" if recording else "off"
    card = Card(card_mib * 1024, card_kib_s * 1024) if card_mib is not None else None
    return Parts(
        camera_of(camera or without), microphone_of(microphone or without), speaker_of(speaker), card
    )


def _list(as_json: bool) -> None:
    from rich.console import Console
    from rich.table import Table

    from simulator import scenario_files, track_files

    titles = {name: scenario_files.load_scenario(name).title for name in scenario_files.shipped()}
    if as_json:
        typer.echo(json.dumps({"scenarios": titles, "tracks": track_files.shipped()}))
        return
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    for name, title in titles.items():
        table.add_row(name, title)
    Console().print(table)
    typer.echo(f"\ntracks (synthetic, around Fuzhou): {', '.join(track_files.shipped())}")
