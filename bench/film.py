"""How much of recordings one gateway takes, hashes and stores, beside SHA-256 and a write alone."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from bench.processor import broker_pid, cpu_s
from bench.worker import Worker
from gateway.cli.stage import GatewayProcess, Officer
from gateway.settings import Settings

STREAM_BYTES_S = 100_000
MIB = 1 << 20
GENERATOR = (
    "bench/film_process.py: raw MQTT over asyncio, two TLS connections a unit, in one process; "
    "at most eight segments of a unit are not sealed"
)


@dataclass(frozen=True, slots=True)
class Taken:
    """`sealed_bytes` of whole, hashed, stored segments in `seconds`; `sent_bytes` of chunks with what was sent again;
    `gateway_cpu_s` and `broker_cpu_s` of their processes in that time."""

    sealed_bytes: int
    sent_bytes: int
    seconds: float
    gateway_cpu_s: float
    broker_cpu_s: float

    @property
    def bytes_s(self) -> float:
        """Whole segments, in bytes a second."""
        return self.sealed_bytes / self.seconds


def write_plan(
    settings: Settings, officers: Sequence[Officer], homes: Sequence[Path], segment_bytes: int, folder: Path
) -> None:
    """What `bench.film_process` needs: `film.json` in `folder`, and each home's certificate and key as PEM files."""
    folder.mkdir(parents=True)
    for home in homes:
        certificate = x509.load_der_x509_certificate((home / "unit.der").read_bytes())
        key = serialization.load_der_private_key((home / "unit.key.der").read_bytes(), None)
        (home / "unit.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        (home / "unit.key").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
    plan = {
        "host": settings.broker.host,
        "port": settings.broker.port,
        "server_name": settings.broker.server_name,
        "ca": str(settings.data_dir / "ca" / "ca.crt"),
        "segment_bytes": segment_bytes,
        "units": [
            {"unit_id": officer.unit_id, "court_id": officer.court_id, "home": str(home)}
            for officer, home in zip(officers, homes, strict=True)
        ],
    }
    (folder / "film.json").write_text(json.dumps(plan), "utf-8")


async def take(process: GatewayProcess, folder: Path, seconds: float, timeout_s: float) -> Taken:
    """Let all units of the plan in `folder` film for `seconds`, from the first seal on."""
    assert process.pid is not None
    pids = (process.pid, broker_pid(process.settings))
    async with Worker("bench.film_process", folder) as films:
        await films.until(lambda: films.counts.get("sealed", 0) > 0, timeout_s)
        began, began_s = dict(films.counts), time.monotonic()
        before_s = [cpu_s(pid) for pid in pids]
        await films.until(lambda: time.monotonic() >= began_s + seconds, timeout_s + seconds)
        ended, ended_s = dict(films.counts), time.monotonic()
        used_s = [cpu_s(pid) - before for pid, before in zip(pids, before_s, strict=True)]
    return Taken(
        ended["sealed_bytes"] - began["sealed_bytes"],
        ended["sent_bytes"] - began["sent_bytes"],
        ended_s - began_s,
        *used_s,
    )


def hash_and_write(folder: Path, segment_bytes: int, for_s: float) -> float:
    """Bytes a second of SHA-256, a write and an fsync alone, one segment after the other, for some seconds.

    Each has a file that stays, as in the gateway: blocks that a deleted file gave back are written three times as fast
    on a virtual disk, and what is below it may take the first hundred megabytes twice as fast as the rest.
    """
    data = secrets.token_bytes(segment_bytes)
    written: list[Path] = []
    began_s = time.monotonic()
    while (took_s := time.monotonic() - began_s) < for_s:
        hashlib.sha256(data).digest()
        path = folder / f"raw-{len(written)}"
        with path.open("wb", buffering=0) as file:
            file.write(data)
            os.fsync(file.fileno())
        written.append(path)
    for path in written:
        path.unlink()
    return len(written) * segment_bytes / took_s
