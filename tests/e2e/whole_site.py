"""A whole site for each test: gateway as a process of its own, real broker, real firmware, a dispatcher's desk."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from gateway.app import Gateway
from gateway.cli.stage import LOGIN, GatewayProcess, Officer, furnish, settings_in
from gateway.dispatch_settings import DispatchSettings
from simulator.camera import Camera, SceneCamera
from simulator.desk import Desk
from simulator.fleet import Fleet, tracks_around
from simulator.microphone import SceneMicrophone
from simulator.speaker import KeptSpeaker
from simulator.unit import Unit
from simulator.unit_config import UnitConfig

OFFICERS = (
    Officer("u1001", "350104", "郑晓燕", ""),
    Officer("u1002", "350102", "陈志明", ""),
    Officer("u1003", "350111", "林静", ""),
)
HOLD_MS = 300
BROKER_S = 60.0
Kind = Literal["embedded", "mosquitto"]


@dataclass
class Site:
    """What a test has in its hands."""

    process: GatewayProcess
    fleet: Fleet
    password: str

    @property
    def unit(self) -> Unit:
        """The first unit."""
        return self.fleet[OFFICERS[0].unit_id]

    def desk(self, login: str = LOGIN) -> Desk:
        """A new desk of a dispatcher."""
        return Desk(self.process.url, login, self.password)

    def broker_pids(self) -> list[int]:
        """The broker that the gateway started: whoever has the site's folder in its command line."""
        folder = str(self.process.settings.data_dir)
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with contextlib.suppress(OSError):
                    words = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
                    if words[0].endswith(("nats-server", "mosquitto")) and any(folder in w for w in words):
                        found.append(int(entry.name))
        return found

    async def kill_broker(self) -> None:
        """SIGKILL to the broker, once it runs; the gateway's supervision starts it again."""
        async with asyncio.timeout(BROKER_S):
            while not (pids := self.broker_pids()):
                await asyncio.sleep(0.02)
        assert len(pids) == 1, pids
        os.kill(pids[0], signal.SIGKILL)

    def log(self) -> str:
        """The gateway's log."""
        return self.process.log_path.read_text("utf-8", "replace")


@contextlib.asynccontextmanager
async def site(
    folder: Path,
    officers: Sequence[Officer],
    broker: Kind = "embedded",
    recording: Mapping[str, object] | None = None,
    camera: Callable[[], Camera] = SceneCamera,
    speaking: Mapping[str, object] | None = None,
    auto_offer_s: int | None = None,
) -> AsyncIterator[Site]:
    """A running site with connected units that know where they are. recording: settings of units that record, with
    what `camera` opens. speaking: settings of units that have a loudspeaker. auto_offer_s: of the dispatch, if not
    its default."""
    settings = settings_in(folder, broker=broker, hold_ms=HOLD_MS)
    if auto_offer_s is not None:
        settings = settings.model_copy(update={"dispatch": DispatchSettings(auto_offer_s=auto_offer_s)})
    async with Gateway(settings) as gateway:
        password, homes = await furnish(gateway, officers)
    async with GatewayProcess(settings) as process:
        configs = [UnitConfig.from_home(home, seed=seed) for seed, home in enumerate(homes)]
        if recording is not None:
            configs = [
                replace(one, camera=camera, microphone=SceneMicrophone, settings=recording) for one in configs
            ]
        if speaking is not None:
            configs = [replace(one, speaker=KeptSpeaker, settings=speaking) for one in configs]
        ids = [officer.unit_id for officer in officers]
        tracks = dict(zip(ids, tracks_around(len(ids)), strict=True))
        async with Fleet(configs, tracks) as fleet:
            await fleet.wait_connected()
            yield Site(process, fleet, password)


def timeline(incident: dict[str, Any]) -> list[str]:
    """The names of an incident's events, oldest first."""
    return [row["event"] for row in incident["timeline"]]
