"""Two thousand units: entered in the register at once, and walking in a process of their own."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy.ext.asyncio import AsyncConnection

from bench.worker import Worker
from gateway.model import Court, Unit
from gateway.provision import Authority
from gateway.settings import Settings
from gateway.store import Store, audit, units

SURNAMES = "陈林黄张吴李郑王刘苏蔡杨许谢郭叶洪曾庄江"
GIVEN = "志明建国晓燕海峰文华静丽伟强敏磊洋艳勇军杰娟涛超明霞秀英华平刚桂"
#: Degrees around a court in which its units walk.
SPREAD_DEG = 0.06


@dataclass(frozen=True, slots=True)
class Place:
    """A unit of the crowd, and where it begins."""

    unit_id: str
    court_id: str
    lat: float
    lon: float


async def enrol(settings: Settings, count: int, folder: Path, now_ms: int) -> list[Place]:
    """Register `count` units in one transaction, as `provision` would one by one, and write what the crowd
    needs into `folder`: a PEM of each, the authority's certificate, and `crowd.json`. The gateway must not run."""
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    authority = Authority(settings.data_dir / "ca", now_ms)
    async with Store(settings.store_url) as store:
        async with store.read() as connection:
            courts = [court for court in await units.all_courts(connection) if str(court.level) == "basic"]
        crowd = await asyncio.to_thread(_issue, authority, settings, courts, count, folder, now_ms)

        async def job(connection: AsyncConnection) -> None:
            await units.save_units(connection, [unit for unit, _ in crowd])
            await audit.record(connection, now_ms, "bench", "provision", "crowd", {"units": count})

        await store.write(job)
    places = [place for _, place in crowd]
    (folder / "ca.pem").write_bytes(authority.certificate_path.read_bytes())
    plan = {
        "host": settings.broker.host,
        "port": settings.broker.port,
        "server_name": settings.broker.server_name,
        "units": [
            {"unit_id": one.unit_id, "court_id": one.court_id, "lat": one.lat, "lon": one.lon}
            for one in places
        ],
    }
    (folder / "crowd.json").write_text(json.dumps(plan), "utf-8")
    return places


def _issue(
    authority: Authority, settings: Settings, courts: Sequence[Court], count: int, folder: Path, now_ms: int
) -> list[tuple[Unit, Place]]:
    made = []
    for number in range(count):
        court = courts[number % len(courts)]
        unit_id = f"C{number:04d}"
        issued = authority.client(unit_id, settings.unit.cert_days, 1)
        pem = issued.key_bytes(Encoding.PEM) + issued.certificate.public_bytes(Encoding.PEM)
        (folder / f"{unit_id}.pem").write_bytes(pem)
        name = SURNAMES[number % len(SURNAMES)] + GIVEN[number % 29] + GIVEN[number * 7 % 31]
        unit = Unit(
            unit_id,
            court.court_id,
            name,
            settings.unit.cancel_code,
            now_ms,
            None,
            1,
            issued.serial_hex,
            certificate_ends_ms=issued.ends_ms,
        )
        # The golden angle spreads them evenly over a disc.
        ring = ((number // len(courts) + 1) / (count / len(courts) + 1)) ** 0.5 * SPREAD_DEG
        turn = number * 2.399963
        lat, lon = court.lat + ring * math.cos(turn), court.lon + ring * math.sin(turn)
        made.append((unit, Place(unit_id, court.court_id, lat, lon)))
    return made


class CrowdProcess(Worker):
    """`bench.crowd_process` for `folder`; all are connected when it is entered."""

    def __init__(self, folder: Path) -> None:
        super().__init__("bench.crowd_process", folder)
        self._pressed: dict[str, int] = {}

    async def press(self, number: int, unit_id: str) -> int:
        """Let a unit raise an alarm; when it did, in UTC ms of this machine's clock."""
        self._pressed.pop(unit_id, None)
        self.tell(f"{number}\n")
        await self.until(lambda: unit_id in self._pressed)
        return self._pressed[unit_id]

    async def next_second(self) -> dict[str, int]:
        """The counts, after the next time that it says them."""
        before = self.counts.get("sent", -1)
        await self.until(lambda: self.counts.get("sent", -1) != before)
        return dict(self.counts)

    def heard(self, said: dict[str, Any]) -> None:
        """A press is answered on its own; everything else is a count."""
        if "pressed" in said:
            self._pressed[said["pressed"]] = said["at_ms"]
        else:
            super().heard(said)
