"""Many simulated units at once: tidy start, tidy end, nothing left running."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from random import Random

from simulator import geodesy
from simulator.clock import Clock
from simulator.synthetic import MOTIONS, Motion, synthetic
from simulator.track import Track
from simulator.unit import Unit
from simulator.unit_config import UnitConfig

STARTING_AT_ONCE = 4
FUZHOU_LAT, FUZHOU_LON = 26.08, 119.30


def tracks_around(
    number: int, lat: float = FUZHOU_LAT, lon: float = FUZHOU_LON, *, seed: int = 1, radius_m: float = 4000.0
) -> list[Track]:
    """`number` synthetic tracks within `radius_m` of a point: standing, walking and driving in turn."""
    random = Random(seed)
    motions: list[Motion] = ["walking", "driving", "standing"]
    assert set(motions) == set(MOTIONS)
    tracks = []
    for index in range(number):
        north_m, east_m = (random.uniform(-radius_m, radius_m) for _ in range(2))
        there = geodesy.offset(lat, lon, north_m, east_m)
        tracks.append(synthetic(motions[index % 3], *there, seed=seed * 1000 + index))
    return tracks


class Fleet:
    """Async context manager; `fleet["unit id"]` is a running `simulator.unit.Unit`.

    Entering starts all units, a few at a time; if one fails, those that run are stopped and its error
    is raised. `tracks` maps unit ids to what they follow; others stand in Fuzhou.
    """

    def __init__(
        self,
        configs: list[UnitConfig],
        tracks: Mapping[str, Track] | None = None,
        *,
        speed: float = 1.0,
        clock: Clock | None = None,
    ) -> None:
        self.units: dict[str, Unit] = {}
        for config in configs:
            unit = Unit(config, clock=clock)
            if unit.unit_id in self.units:
                raise ValueError(f"two homes for the unit {unit.unit_id}")
            self.units[unit.unit_id] = unit
        for unit_id, track in (tracks or {}).items():
            self.units[unit_id].follow(track, speed)

    def __getitem__(self, unit_id: str) -> Unit:
        return self.units[unit_id]

    def __iter__(self) -> Iterator[Unit]:
        return iter(self.units.values())

    def __len__(self) -> int:
        return len(self.units)

    async def __aenter__(self) -> Fleet:
        gate = asyncio.Semaphore(STARTING_AT_ONCE)

        async def enter(unit: Unit) -> None:
            async with gate:
                await unit.__aenter__()

        try:
            results = await asyncio.gather(*(enter(unit) for unit in self), return_exceptions=True)
            for result in results:
                if isinstance(result, BaseException):
                    raise result
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Stop every unit; the first error, if any, is raised after all have been stopped."""
        results = await asyncio.gather(*(unit.__aexit__() for unit in self), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result

    async def wait_connected(self, timeout_s: float = 30.0) -> None:
        """Until every unit has its MQTT connection. Raises UnitTimeout of the first that has not."""
        await asyncio.gather(*(unit.wait_connected(timeout_s) for unit in self))
