"""`tipstaff keys`: the public keys of the register, with which units sign what they record."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.options import AsJson, Config, settings_of
from gateway.clock import BEIJING
from gateway.errors import TipstaffError, UnknownUnit

if TYPE_CHECKING:
    from gateway.settings import Settings
    from gateway.store.unit_keys import UnitKey


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("keys")(keys)


def keys(
    unit: Annotated[str | None, typer.Argument(help="Of this unit only.")] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Write each as UNIT-ID.pem into this folder, for --unit-key and OpenSSL."),
    ] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """The public keys with which units sign what they record: what `tipstaff verify --unit-key` and an expert compare.

    A key that lies with an export proves nothing about its owner; the register says whose it is. A unit has a new one
    each time it is provisioned, and the old ones stay here, for what they signed.

    Example: tipstaff keys MZ2534 --out keys
    """
    found = asyncio.run(_found(settings_of(config), unit))
    if out is not None:
        _write(found, out)
    if as_json:
        plain = [
            {
                "unit_id": one.unit_id,
                "key_id": one.key_id.hex(),
                "public": one.public.hex(),
                "added_ms": one.added_ms,
            }
            for one in found
        ]
        typer.echo(json.dumps({"keys": plain}, ensure_ascii=False))
        return
    for one in found:
        since = datetime.fromtimestamp(one.added_ms / 1000, BEIJING).strftime("%Y-%m-%d %H:%M:%S")
        typer.echo(f"{one.unit_id:12} {one.key_id.hex()}  since {since}  {one.public.hex()}")
    if not found:
        typer.echo("no unit yet: `tipstaff provision UNIT --court CODE` registers one")


async def _found(settings: Settings, unit_id: str | None) -> list[UnitKey]:
    from gateway.store import Store, unit_keys

    async with Store(settings.store_url, migrate=False) as store, store.read() as connection:
        if unit_id is None:
            return await unit_keys.every(connection)
        found = await unit_keys.of_unit(connection, unit_id)
        if not found:
            raise UnknownUnit(unit_id)
        return found


def _write(found: list[UnitKey], out: Path) -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    try:
        out.mkdir(parents=True, exist_ok=True)
        for one in found:
            key = Ed25519PublicKey.from_public_bytes(one.public)
            pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
            (out / f"{one.unit_id}-{one.key_id.hex()}.pem").write_bytes(pem)
    except OSError as error:
        raise TipstaffError(f"{error.filename}: {error.strerror}") from None
