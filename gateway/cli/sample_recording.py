"""A simulated unit's recording by command, with a gateway of its own, and its export."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import typer

from gateway.api.export_order import Asked
from gateway.app import Gateway
from gateway.cli.ending import STOPPED
from gateway.cli.export import note_made, order_of
from gateway.cli.place import logged_to
from gateway.cli.stage import LOGIN, OFFICERS, GatewayProcess, furnish
from gateway.errors import ExportRefused, TipstaffError
from gateway.evidence.export import Made, export_to
from gateway.evidence.overlay import Overlay
from gateway.settings import Settings
from simulator.desk import Desk
from simulator.fleet import tracks_around
from simulator.unit import Unit
from simulator.unit_config import UnitConfig

if TYPE_CHECKING:
    from gateway.cli.record import Picture
    from simulator.camera import Camera
    from simulator.microphone import Microphone

OFFICER = OFFICERS[0]
BEFORE_S = 2
"""The recording begins so long before the command, as it does before an alarm."""
RING_KIB = 4096
PICTURE_KIB = {"qvga": 48, "vga": 96, "svga": 160, "hd": 512}
LATEST_S = 120.0
"""Everything recorded is sealed so long after the end, or something is wrong."""
REASON = {
    "zh": "示例：模拟的记录仪，没有真实的人和事",
    "en": "A sample: a simulated unit, nobody and nothing real",
}
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Sample:
    """What is to be recorded."""

    seconds: int
    segment_s: int
    picture: Picture
    fps: int
    camera: Callable[[], Camera] | None
    microphone: Callable[[], Microphone] | None
    broker: Literal["embedded", "mosquitto"]

    def config(self, home: Path) -> UnitConfig:
        """The unit. Raises NotFound."""
        return replace(
            UnitConfig.from_home(home),
            camera=self.camera,
            microphone=self.microphone,
            settings={
                "picture": self.picture,
                "picture_fps": self.fps,
                "picture_kib": PICTURE_KIB[self.picture],
                "segment_s": self.segment_s,
                "pre_event_s": BEFORE_S,
                "ring_kib": RING_KIB,
                "state_s": 5,
            },
        )


async def recorded(settings: Settings, wanted: Sample, say: Say) -> dict[str, Any]:
    """Record, and wait until all of it is sealed; the recording as the API tells it. Raises SimulatorError,
    TipstaffError."""
    say("Starting a gateway and a unit …")
    settings.data_dir.mkdir(parents=True)
    with logged_to(settings.data_dir / "gateway.log"):
        async with Gateway(settings) as gateway:
            password, homes = await furnish(gateway, (OFFICER,))
    unit = Unit(wanted.config(homes[0]))
    unit.follow(tracks_around(1)[0])
    async with GatewayProcess(settings) as process, unit, Desk(process.url, LOGIN, password) as desk:
        await unit.wait_connected()
        progress = _Progress(unit, desk, say)
        await desk.command(unit.unit_id, "case", OFFICER.case_no)
        await progress.until_ms(BEFORE_S * 1000)
        began_ms = unit.media.now_ms
        await desk.command(unit.unit_id, "record", 1)
        say(f"Recording {wanted.seconds} s in segments of {wanted.segment_s} s …")
        await progress.until_ms(began_ms + wanted.seconds * 500)
        await desk.command(unit.unit_id, "mark")
        await progress.until_ms(began_ms + wanted.seconds * 1000)
        await desk.command(unit.unit_id, "record", 0)
        return await progress.until_sealed()


class _Progress:
    """What of the recording is sealed by now, told when it changes."""

    def __init__(self, unit: Unit, desk: Desk, say: Say) -> None:
        self._unit, self._desk, self._say = unit, desk, say
        self._told = ""
        self.detail: dict[str, Any] = {}

    async def until_ms(self, at_ms: int) -> None:
        """Until that time of the unit's camera and microphone."""
        while self._unit.media.now_ms < at_ms:
            await self._look()

    async def until_sealed(self) -> dict[str, Any]:
        """Until all of it is; the recording. Raises TipstaffError."""
        try:
            async with asyncio.timeout(LATEST_S):
                while not self.detail.get("complete"):
                    await self._look()
        except TimeoutError:
            said = "".join(f"\n  | {text}" for _, text in list(self._unit.events)[-6:])
            raise TipstaffError(f"not all was sealed within {LATEST_S:g} s; the unit said:{said}") from None
        return self.detail

    async def _look(self) -> None:
        found = (await self._desk.get("/recordings", unit_id=self._unit.unit_id))["items"]
        if found:
            self.detail = await self._desk.get(f"/recordings/{self._unit.unit_id}/{found[0]['recording']}")
            line = (
                f"  {self.detail['sealed']} of {self.detail['segments']} segments sealed, {size(self.detail)}"
            )
            if line != self._told:
                self._say(line)
                self._told = line
        await self._desk.wait_news()


def size(detail: dict[str, Any]) -> str:
    """What of a recording has arrived, in words."""
    return f"{detail['received_bytes'] / 1e6:.1f} MB"


def exported(settings: Settings, what: str, out: Path, lang: Literal["zh", "en"], say: Say) -> Made:
    """Make the export from what the gateway has left. Raises TipstaffError."""
    say(f"Making the export in {out} …")
    asked = Asked("tipstaff record --sample", time.time_ns() // 1_000_000, REASON[lang], lang)
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)
    try:
        order = asyncio.run(order_of(settings, what, asked))
        made = export_to(order, out, Overlay(), lambda line: say(f"  {line}"))
        asyncio.run(note_made(settings, order, made))
    except KeyboardInterrupt:
        typer.echo("tipstaff: stopped; nothing of the export is left", err=True)
        raise typer.Exit(STOPPED) from None
    except OSError as error:
        raise ExportRefused(f"{getattr(error, 'filename', None) or out}: {error.strerror or error}") from None
    return made
