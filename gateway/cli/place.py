"""Where simulated units live: a gateway of our own in a folder, or one that runs already."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import structlog
import typer

from gateway.app import Gateway
from gateway.cli.stage import LOGIN, GatewayProcess, Officer, furnish, settings_in
from gateway.dispatch.ranking import CourtIndex
from gateway.errors import TipstaffError
from simulator.desk import Desk
from simulator.desk_hooks import DeskHooks
from simulator.errors import NotFound
from simulator.fleet import Fleet
from simulator.scenario import Scenario, ScenarioUnit
from simulator.scenario_run import Run
from simulator.speaker import KeptSpeaker, Loudspeaker
from simulator.synthetic import Motion, synthetic
from simulator.track import Track
from simulator.track_files import load_track
from simulator.unit_config import Card, UnitConfig

if TYPE_CHECKING:
    from simulator.camera import Camera
    from simulator.microphone import Microphone


class OwnHooks(DeskHooks):
    """The hooks of a gateway of our own, which may also be killed."""

    def __init__(self, desk: Desk, process: GatewayProcess) -> None:
        super().__init__(desk)
        self._process = process

    async def kill_broker(self) -> None:
        """SIGKILL to the embedded broker; the gateway starts it again. Raises NotFound when it is down."""
        pid_file = self._process.settings.data_dir / "broker" / "broker.pid"
        try:
            os.kill(int(pid_file.read_text()), signal.SIGKILL)
        except (OSError, ValueError) as error:
            raise NotFound(f"the broker does not run: {error}") from None

    async def restart_gateway(self) -> None:
        """SIGKILL to the gateway, and start it again."""
        await self._process.kill()
        try:
            await self._process.start()
        except TipstaffError as error:
            raise NotFound(str(error)) from None


@dataclass(frozen=True, slots=True)
class Place:
    """Where the units live: a gateway of our own, or one that runs; somebody is signed in there."""

    url: str
    hooks: DeskHooks
    configs: list[UnitConfig]
    login: str
    password: str


@contextmanager
def logged_to(path: Path) -> Iterator[None]:
    """This process's log goes to a file meanwhile."""
    before = structlog.get_config()
    with path.open("a", encoding="utf-8") as log:
        structlog.configure(
            wrapper_class=structlog.make_filtering_bound_logger("info"),
            logger_factory=structlog.WriteLoggerFactory(file=log),
        )
        try:
            yield
        finally:
            structlog.configure(**before)


@asynccontextmanager
async def _own_place(units: Sequence[ScenarioUnit], keep: Path | None, parts: Parts) -> AsyncIterator[Place]:
    """A gateway in a folder of its own, the units provisioned under the courts nearest to where they stand."""
    if keep is not None and keep.exists() and any(keep.iterdir()):
        raise NotFound(f"{keep} is not empty: --keep needs a new or an empty folder")
    with (
        nullcontext(str(keep)) if keep else tempfile.TemporaryDirectory(prefix="tipstaff-simulate-") as folder
    ):
        settings = settings_in(Path(folder).resolve())
        settings.data_dir.mkdir(parents=True)
        with logged_to(settings.data_dir / "gateway.log"):
            async with Gateway(settings) as gateway:
                index = CourtIndex(list(gateway.centre.courts().values()))
                password, homes = await furnish(
                    gateway, [_officer(index, *each) for each in enumerate(units)]
                )
        async with (
            GatewayProcess(settings) as process,
            Desk(process.url, LOGIN, password) as desk,
        ):
            configs = [parts.of(home, unit) for home, unit in zip(homes, units, strict=True)]
            yield Place(process.url, OwnHooks(desk, process), configs, LOGIN, password)


def _officer(index: CourtIndex, number: int, unit: ScenarioUnit) -> Officer:
    court, _ = index.nearest(unit.lat, unit.lon, 1)[0]
    return Officer(unit.unit_id or f"u{1001 + number}", court.court_id, unit.name, "")


@asynccontextmanager
async def _running_place(access: Access, units: Sequence[ScenarioUnit]) -> AsyncIterator[Place]:
    """A gateway that somebody else runs. Raises NotFound when a unit has no home."""
    if len(access.homes) < len(units):
        raise NotFound(f"{len(units)} units, but {len(access.homes)} folders: give --home once for each unit")
    password = access.password()
    try:
        async with Desk(access.url, access.login, password) as desk:
            pairs = zip(access.homes, units, strict=False)
            configs = [access.parts.of(home, unit) for home, unit in pairs]
            yield Place(access.url, DeskHooks(desk), configs, access.login, "")
    except (httpx.HTTPError, OSError) as error:
        raise NotFound(f"{access.url} does not answer as a gateway: {error}") from None


@dataclass(frozen=True, slots=True)
class Parts:
    """What every unit has beside its button; None as in UnitConfig."""

    camera: Callable[[], Camera] | None = None
    microphone: Callable[[], Microphone] | None = None
    speaker: Callable[[], Loudspeaker] | None = KeptSpeaker
    card: Card | None = None

    def of(self, home: Path, unit: ScenarioUnit) -> UnitConfig:
        """A unit of that home with these parts. Raises NotFound."""
        return replace(
            UnitConfig.from_home(home, seed=unit.seed),
            camera=self.camera,
            microphone=self.microphone,
            speaker=self.speaker,
            card=self.card,
            settings={} if unit.silent is None else {"silent": unit.silent},
        )


NO_PARTS = Parts()


@dataclass(frozen=True, slots=True)
class Access:
    """How to reach a gateway that runs; `url` empty: none, one of our own is started."""

    url: str = ""
    login: str = "admin"
    password_file: Path | None = None
    homes: tuple[Path, ...] = ()
    keep: Path | None = None
    parts: Parts = NO_PARTS

    def place(self, units: Sequence[ScenarioUnit]) -> AbstractAsyncContextManager[Place]:
        """Where these units live."""
        return _running_place(self, units) if self.url else _own_place(units, self.keep, self.parts)

    def password(self) -> str:
        """From the file, or asked for. Raises NotFound when there is neither."""
        if self.password_file is not None:
            try:
                return self.password_file.read_text("utf-8").strip()
            except OSError as error:
                raise NotFound(f"{self.password_file}: {error.strerror}") from None
        if not sys.stdin.isatty():
            raise NotFound("no terminal to ask for the password: give --password-file")
        return str(typer.prompt(f"Password of {self.login}", hide_input=True, err=True))


def track_of(unit: ScenarioUnit) -> Track:
    """What a unit of a scenario follows. Raises NotFound or TrackError."""
    if unit.track is not None:
        return load_track(unit.track)
    motion: Motion = unit.motion  # type: ignore[assignment]  # checked when it was read
    return synthetic(motion, unit.lat, unit.lon, seed=unit.seed)


@asynccontextmanager
async def prepared(scenario: Scenario, access: Access) -> AsyncIterator[Run]:
    """The run of a scenario, with gateway and units started for it.

    Raises NotFound when it needs a gateway of its own and `access` names one that runs.
    """
    if access.url and scenario.needs_own_gateway:
        raise NotFound(f"{scenario.name} kills the broker or the gateway: leave --url away")
    tracks = [track_of(unit) for unit in scenario.units]
    async with access.place(scenario.units) as place:
        fleet = Fleet(place.configs)
        units = dict(zip((unit.name for unit in scenario.units), fleet, strict=True))
        for unit, track in zip(scenario.units, tracks, strict=True):
            units[unit.name].follow(track, unit.speed)
            units[unit.name].battery(unit.battery_pct)
            units[unit.name].gnss_mode(unit.gnss)
        async with fleet:
            yield Run(scenario, units, place.hooks)
