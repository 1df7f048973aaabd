"""Registering, replacing and revoking units, and writing what goes onto a unit's file system."""

import json
from dataclasses import dataclass, replace
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.errors import BadName, ProvisionError, UnknownCourt, UnknownUnit
from gateway.model import Unit
from gateway.provision.authority import GATEWAY_NAME, Authority, write_private
from gateway.provision.naming import name_problem
from gateway.settings import UnitSettings
from gateway.store import Store, audit, unit_keys, units
from gateway.store.unit_keys import UnitKey
from protocol.manifest import key_id
from protocol.topics import MAX_UNIT, name_valid


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where units find the broker, and the name that they check in its certificate."""

    host: str
    port: int
    server_name: str


async def provision(
    store: Store,
    authority: Authority,
    settings: UnitSettings,
    endpoint: Endpoint,
    unit_id: str,
    court_id: str,
    out: Path,
    *,
    now_ms: int,
    officer: str | None = None,
    cancel_code: int | None = None,
    login: str = "cli",
) -> Unit:
    """Register a unit, or provision it anew: then its earlier certificate is not accepted any more.

    Writes unit.json, ca.der, unit.der, unit.key.der (0600) and unit.sign.key (0600: the 32-byte seed of the key that
    signs its recordings; the register keeps the public key, and those of earlier provisionings) into `out`. Without
    `officer` and `cancel_code` a unit that exists keeps its own. Raises BadName, UnknownCourt, ProvisionError
    (`officer` is not a name, `out` is not writable).
    The broker learns of it when the gateway reloads its units.
    """
    if not name_valid(unit_id, MAX_UNIT):
        raise BadName("unit", unit_id, MAX_UNIT)
    if unit_id == GATEWAY_NAME:
        raise ProvisionError(f"{GATEWAY_NAME} is the gateway's own name; give the unit another")
    if officer and (problem := name_problem(officer)):
        raise ProvisionError(f"the officer's name {problem}")
    async with store.read() as connection:
        if court_id not in {court.court_id for court in await units.all_courts(connection)}:
            raise UnknownCourt(court_id)
        before = await units.find_unit(connection, unit_id)
    generation = before.generation + 1 if before else 1
    issued = authority.client(unit_id, settings.cert_days, generation)
    signing = Ed25519PrivateKey.generate()
    public = signing.public_key().public_bytes_raw()
    key = UnitKey(key_id(public), unit_id, public, generation, now_ms)
    unit = Unit(
        unit_id,
        court_id,
        officer if officer is not None else before.officer if before else "",
        cancel_code or (before.cancel_code if before else settings.cancel_code),
        now_ms,
        None,
        generation,
        issued.serial_hex,
        certificate_ends_ms=issued.ends_ms,
    )
    configuration = {
        "unit_id": unit_id,
        "court_id": court_id,
        "broker_host": endpoint.host,
        "broker_port": endpoint.port,
        "broker_name": endpoint.server_name,
        "mqtt_version": settings.mqtt_version,
        "hold_ms": settings.hold_ms,
        "generation": generation,
    }
    try:
        out.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_private(out / "ca.der", authority.certificate_der, 0o644)
        write_private(out / "unit.der", issued.certificate.public_bytes(Encoding.DER), 0o644)
        write_private(out / "unit.key.der", issued.key_bytes(Encoding.DER))
        write_private(out / "unit.sign.key", signing.private_bytes_raw())
        write_private(out / "unit.json", json.dumps(configuration, indent=2).encode() + b"\n", 0o644)
    except OSError as error:
        raise ProvisionError(
            f"{out}: cannot be written: {error.strerror}; choose another with --out"
        ) from None

    async def job(connection: AsyncConnection) -> None:
        if before is not None and before.serial_hex:
            await units.note_revoked(connection, before.serial_hex, unit_id, now_ms)
        await units.save_unit(connection, unit)
        await unit_keys.add(connection, key)
        facts: dict[str, object] = {
            "court_id": court_id,
            "officer": unit.officer,
            "generation": generation,
            "key_id": key.key_id.hex(),
        }
        await audit.record(connection, now_ms, login, "provision", unit_id, facts)

    await store.write(job)
    return unit


async def revoke(store: Store, unit_id: str, *, now_ms: int, login: str = "cli") -> Unit:
    """Refuse a unit from now on. Raises UnknownUnit. Revoking twice keeps the first time."""
    async with store.read() as connection:
        before = await units.find_unit(connection, unit_id)
    if before is None:
        raise UnknownUnit(unit_id)
    if before.revoked:
        return before
    unit = replace(before, revoked_ms=now_ms)

    async def job(connection: AsyncConnection) -> None:
        await units.note_revoked(connection, unit.serial_hex, unit_id, now_ms)
        await units.save_unit(connection, unit)
        await audit.record(connection, now_ms, login, "revoke", unit_id, {})

    await store.write(job)
    return unit
