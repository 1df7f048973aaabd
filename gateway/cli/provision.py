"""`tipstaff provision`: make the certificate and the files of a unit, or revoke it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.options import AsJson, Config, settings_of
from gateway.data_folder import running_pid
from gateway.errors import ProvisionError

if TYPE_CHECKING:
    from gateway.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("provision")(provision)


def provision(
    unit: Annotated[str, typer.Argument(help="The unit's id, as u1001: 1-32 of A-Z a-z 0-9 - _.")],
    court: Annotated[str | None, typer.Option(help="The id of the officer's court, as 350102.")] = None,
    officer: Annotated[str | None, typer.Option(help="The officer's name, for the console.")] = None,
    cancel_code: Annotated[
        int | None, typer.Option(min=2, max=9, help="Short presses that withdraw an alarm honestly.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the unit's files.")] = None,
    revoke: Annotated[bool, typer.Option("--revoke", help="Refuse this unit from now on.")] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Register a unit and write what goes onto its file system: unit.json, ca.der, unit.der, unit.key.der,
    unit.sign.key.

    Provisioning a unit again gives it a new certificate, and its old one is refused; and a new key that signs its
    recordings. A gateway that runs on this data folder takes it over at once. unit.key.der and unit.sign.key are
    secret: copy them to the unit and remove them here.

    Example: tipstaff provision u1001 --court 350102 --officer "Lin Yan"
    """
    settings = settings_of(config)
    said = asyncio.run(
        _revoke(settings, unit) if revoke else _provision(settings, unit, court, officer, cancel_code, out)
    )
    said["gateway"] = _tell_gateway(settings)
    if as_json:
        typer.echo(json.dumps(said, ensure_ascii=False))
        return
    for name, value in said.items():
        typer.echo(f"{name:9} {value}")


async def _provision(
    settings: Settings,
    unit_id: str,
    court: str | None,
    officer: str | None,
    cancel_code: int | None,
    out: Path | None,
) -> dict[str, object]:
    from gateway.dispatch.courts import SAMPLE, read_file
    from gateway.provision import Authority, Endpoint, provision
    from gateway.store import Store, units

    broker = settings.broker
    port = broker.units_port or broker.port
    if not port:
        raise ProvisionError(
            "broker.port is 0, so units cannot know it: set broker.port or broker.units_port"
        )
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder = out or settings.data_dir / "units" / unit_id
    now_ms = time.time_ns() // 1_000_000
    async with Store(settings.store_url) as store:
        async with store.read() as connection:
            known = await units.all_courts(connection)
            before = await units.find_unit(connection, unit_id)
        if not known:
            sample = read_file(settings.site.courts_csv or SAMPLE)
            await store.write(lambda connection: units.save_courts(connection, sample))
        court_id = court or (before.court_id if before else None)
        if court_id is None:
            raise ProvisionError(
                "a new unit needs its court: --court CODE; `tipstaff courts list` shows them"
            )
        made = await provision(
            store,
            Authority(settings.data_dir / "ca", now_ms),
            settings.unit,
            Endpoint(broker.units_host or broker.host, port, broker.server_name),
            unit_id,
            court_id,
            folder,
            now_ms=now_ms,
            officer=officer,
            cancel_code=cancel_code,
        )
    return {"unit": made.unit_id, "court": made.court_id, "officer": made.officer, "files": str(folder)}


async def _revoke(settings: Settings, unit_id: str) -> dict[str, object]:
    from gateway.provision import revoke
    from gateway.store import Store

    async with Store(settings.store_url) as store:
        unit = await revoke(store, unit_id, now_ms=time.time_ns() // 1_000_000)
    return {"unit": unit.unit_id, "court": unit.court_id, "revoked": True}


def _tell_gateway(settings: Settings) -> str:
    pid = running_pid(settings.data_dir)
    if pid is None:
        return "not running here: it takes this over when it starts"
    os.kill(pid, signal.SIGHUP)
    return f"told (process {pid})"
