"""`tipstaff courts`: import the courts of a CSV file, and list those that are known."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.options import AsJson, Config, settings_of
from gateway.data_folder import running_pid
from gateway.errors import TipstaffError

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from gateway.model import Court


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    group = typer.Typer(no_args_is_help=True, help="The courts that can be sent: import them, list them.")
    group.command("import")(import_courts)
    group.command("list")(list_courts)
    app.add_typer(group, name="courts")


def import_courts(
    path: Annotated[Path, typer.Argument(metavar="CSV", help="Its columns are in docs/dispatch.md.")],
    keep: Annotated[bool, typer.Option("--keep", help="Keep courts that the file does not name.")] = False,
    config: Config = None,
) -> None:
    """Replace the courts in the database by those of a CSV file.

    The file is checked first, row by row; with one bad row nothing is changed. Courts that it does not name
    are removed, unless units belong to them (then nothing is changed) or --keep is given. Duty is kept. A
    gateway that runs here takes them over at once.

    Example: tipstaff courts import my-courts.csv
    """
    from gateway.dispatch.courts import read_file

    courts = read_file(path)
    settings = settings_of(config)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    removed = asyncio.run(_replace(settings.store_url, courts, keep))
    guesses = sum(court.placeholder for court in courts)
    typer.echo(f"{len(courts)} courts imported ({guesses} with a placeholder position), {removed} removed")
    pid = running_pid(settings.data_dir)
    if pid is not None:
        os.kill(pid, signal.SIGHUP)
        typer.echo(f"the gateway (process {pid}) was told")


def list_courts(
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """List the courts of the database, or before the first start those that it will begin with."""
    from rich.console import Console
    from rich.table import Table

    from gateway.cli.known_courts import known_courts

    courts, source = known_courts(settings_of(config))
    if as_json:
        typer.echo(json.dumps({"source": source, "courts": [_plain(c) for c in courts]}, ensure_ascii=False))
        return
    table = Table(caption=f"{len(courts)} courts from {source}", caption_justify="left")
    for heading in ("Court", "Name", "Level", "Above", "Latitude", "Longitude", "Duty", "Position"):
        table.add_column(heading)
    for court in courts:
        duty = "on duty" if court.on_duty else "off duty"
        position = "PLACEHOLDER" if court.placeholder else ""
        lat, lon = f"{court.lat:.6f}", f"{court.lon:.6f}"
        table.add_row(
            court.court_id, court.name, court.level, court.parent_id or "", lat, lon, duty, position
        )
    Console().print(table)


def _plain(court: Court) -> dict[str, object]:
    return {
        "court_id": court.court_id,
        "name": court.name,
        "level": court.level.value,
        "parent_id": court.parent_id,
        "lat": court.lat,
        "lon": court.lon,
        "on_duty": court.on_duty,
        "placeholder": court.placeholder,
        "source": court.source,
    }


async def _replace(url: str, courts: list[Court], keep: bool) -> int:
    from sqlalchemy import delete, select

    from gateway.store import Store, tables, units

    async def job(connection: AsyncConnection) -> int:
        named = {court.court_id for court in courts}
        stored = set(await connection.scalars(select(tables.courts.c.court_id)))
        gone = set() if keep else stored - named
        wearing = select(tables.units.c.court_id).where(tables.units.c.revoked_ms.is_(None)).distinct()
        needed = sorted(gone & set(await connection.scalars(wearing)))
        if needed:
            raise TipstaffError(
                f"units belong to courts that the file does not name: {', '.join(needed[:10])}; nothing was "
                "changed; add them to the file or use --keep"
            )
        for court_id in gone:
            await connection.execute(delete(tables.courts).where(tables.courts.c.court_id == court_id))
        await units.save_courts(connection, courts)
        return len(gone)

    async with Store(url) as store:
        return await store.write(job)
