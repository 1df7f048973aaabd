"""A whole site with a crowd on the air: broker, gateway and units as processes of their own, and a dispatcher."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import httpx

from bench.crowd import CrowdProcess, Place, enrol
from gateway.accounts import add_user
from gateway.cli.stage import HIGH_COURT, LOGIN, GatewayProcess, settings_in
from gateway.dispatch import courts
from gateway.model import Role
from gateway.settings import Settings
from gateway.store import Store, units

PASSWORD = "quiet-night-shift"
ANSWER_S = 30.0


@dataclass(frozen=True, slots=True)
class CrowdedSite:
    """`person` is the API as the dispatcher; `places` are the units by their number in the crowd."""

    url: str
    settings: Settings
    crowd: CrowdProcess
    places: list[Place]
    person: httpx.AsyncClient

    async def end(self, incident_id: str) -> None:
        """Acknowledge and close an incident. Raises httpx.HTTPStatusError when the gateway refuses."""
        await self.person.post(f"/incidents/{incident_id}/acknowledge", json={})
        answer = await self.person.post(f"/incidents/{incident_id}/close", json={"reason": "test"})
        answer.raise_for_status()


@asynccontextmanager
async def crowded_site(
    folder: Path, broker: Literal["embedded", "mosquitto"], count: int
) -> AsyncIterator[CrowdedSite]:
    """`count` units of the crowd walk, and the gateway hears them."""
    settings = settings_in(folder, broker=broker)
    places = await _furnish(settings, folder / "crowd", count)
    crowd = CrowdProcess(folder / "crowd")
    try:
        await crowd.begin()  # it connects as soon as the broker listens, which is before the gateway answers
        async with (
            GatewayProcess(settings) as process,
            crowd,
            httpx.AsyncClient(base_url=f"{process.url}/api/v1", timeout=ANSWER_S) as person,
        ):
            answer = await person.post("/session", json={"login": LOGIN, "password": PASSWORD})
            person.headers["X-CSRF-Token"] = answer.raise_for_status().json()["csrf"]
            yield CrowdedSite(process.url, settings, crowd, places, person)
    finally:
        await crowd.close()


async def _furnish(settings: Settings, folder: Path, count: int) -> list[Place]:
    """Courts, a dispatcher and the crowd, in a database that no gateway has open yet."""
    now_ms = time.time_ns() // 1_000_000
    settings.data_dir.mkdir(parents=True, mode=0o700)
    found = courts.read_file(courts.SAMPLE)
    async with Store(settings.store_url) as store:
        await store.write(lambda connection: units.save_courts(connection, found))
        await add_user(store, LOGIN, "值班调度员", Role.DISPATCHER, HIGH_COURT, PASSWORD, now_ms)
    return await enrol(settings, count, folder, now_ms)
