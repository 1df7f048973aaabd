"""`tipstaff record --sample`: one simulated unit through the whole way of a recording, and its export in a folder."""

from __future__ import annotations

import asyncio
import json
import signal
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from gateway.app import Gateway
from gateway.cli.ending import STOPPED, until_signal
from gateway.cli.export import note_made, order_of
from gateway.cli.options import AsJson
from gateway.cli.place import logged_to
from gateway.cli.stage import LOGIN, OFFICERS, GatewayProcess, furnish, settings_in
from gateway.errors import ExportRefused, TipstaffError
from gateway.settings import Settings
from simulator.desk import Desk
from simulator.errors import SimulatorError
from simulator.fleet import tracks_around
from simulator.sources import CAMERAS, MICROPHONES, camera_of, microphone_of
from simulator.unit import Unit
from simulator.unit_config import UnitConfig

if TYPE_CHECKING:
    from gateway.evidence.export import Made
    from simulator.camera import Camera
    from simulator.microphone import Microphone

FAULTY = 1
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
Picture = Literal["qvga", "vga", "svga", "hd"]
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


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("record")(record)


def record(
    out: Annotated[Path, typer.Option(help="Folder for the export; it is made, or must be empty.")],
    sample: Annotated[
        bool,
        typer.Option("--sample", help="A simulated unit with a gateway of its own, on this machine alone."),
    ] = False,
    seconds: Annotated[int, typer.Option(min=2, max=3600, help="How long it records.")] = 10,
    segment_s: Annotated[int, typer.Option(min=2, max=600, help="Length of a segment.")] = 2,
    picture: Annotated[Picture, typer.Option(help="Size of the pictures.")] = "vga",
    fps: Annotated[int, typer.Option(min=1, max=25, help="Pictures a second.")] = 8,
    camera: Annotated[str, typer.Option(help=f"Pictures: {CAMERAS}.")] = "scene",
    microphone: Annotated[str, typer.Option(help=f"Sound: {MICROPHONES}.")] = "scene",
    broker: Annotated[
        Literal["embedded", "mosquitto"], typer.Option(help="The broker on its way.")
    ] = "embedded",
    lang: Annotated[Literal["zh", "en"], typer.Option(help="Of the export's pages.")] = "zh",
    as_json: AsJson = False,
) -> None:
    """See a recording go its whole way: camera, card, broker, evidence store, seal, export.

    A gateway is started in a temporary folder, and one unit with the firmware that ships; the unit records on command,
    from two seconds before, and marks the middle. When every segment is sealed the gateway is ended and the export is
    made. Nothing is left but DIR. Units that people wear record by themselves: `tipstaff export` takes theirs.

    Ends with 0 when every segment holds, 1 when one does not, 2 when it could not be run.

    Example: tipstaff record --sample --seconds 10 --out sample
    """
    if not sample:
        raise TipstaffError("give --sample; what real units recorded is taken out with `tipstaff export`")
    if camera == microphone == "off":
        raise TipstaffError("--camera off and --microphone off: there is nothing to record")
    began_s = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="tipstaff-record-") as folder:
        settings = settings_in(Path(folder).resolve(), broker=broker)
        try:
            eye, ear = camera_of(camera), microphone_of(microphone)
            for opens in (eye, ear):
                if opens is not None:
                    opens().close()  # what cannot be opened is told before anything is started
            _room_for(out)
            wanted = Sample(seconds, segment_s, picture, fps, eye, ear, broker)
            detail = until_signal(_recorded(settings, wanted, _say))
        except SimulatorError as error:
            raise TipstaffError(str(error)) from None
        made = _exported(settings, f"{detail['unit_id']}/{detail['recording']}", out, lang, _say)
    _tell(detail, made, out, time.monotonic() - began_s, as_json)
    if made.faulty:
        raise typer.Exit(FAULTY)


def _say(line: str) -> None:
    typer.echo(line, err=True)


def _room_for(out: Path) -> None:
    """Before anything is started: nothing is overwritten. Raises TipstaffError."""
    try:
        if out.exists():
            if not out.is_dir() or any(out.iterdir()):
                raise TipstaffError(
                    f"{out}: is there already and not empty; name another, nothing is overwritten"
                )
            out.rmdir()
        out.mkdir(parents=True)
        out.rmdir()
    except OSError as error:
        raise TipstaffError(f"{error.filename}: {error.strerror}") from None


async def _recorded(settings: Settings, wanted: Sample, say: Say) -> dict[str, Any]:
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
            line = f"  {self.detail['sealed']} of {self.detail['segments']} segments sealed, {_size(self.detail)}"
            if line != self._told:
                self._say(line)
                self._told = line
        await self._desk.wait_news()


def _size(detail: dict[str, Any]) -> str:
    return f"{detail['received_bytes'] / 1e6:.1f} MB"


def _exported(settings: Settings, what: str, out: Path, lang: Literal["zh", "en"], say: Say) -> Made:
    """Make the export from what the gateway has left. Raises TipstaffError."""
    from gateway.api.export_order import Asked
    from gateway.evidence.export import export_to
    from gateway.evidence.overlay import Overlay

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


def _tell(detail: dict[str, Any], made: Made, out: Path, took_s: float, as_json: bool) -> None:
    parts = detail["parts"]
    said: dict[str, Any] = {
        "path": str(out),
        "unit_id": detail["unit_id"],
        "recording": detail["recording"],
        "recorded_s": round((detail["to_ms"] - detail["from_ms"]) / 1000, 3),
        "segments": detail["segments"],
        "faulty": made.faulty,
        "bytes": detail["received_bytes"],
        "dropped_pictures": sum(part["dropped_pictures"] or 0 for part in parts),
        "dropped_sounds": sum(part["dropped_sounds"] or 0 for part in parts),
        "marks": sum(len(part["marks_ms"] or ()) for part in parts),
        "key_id": parts[0]["key_id"],
        "sums": made.sums.hex(),
        "took_s": round(took_s, 1),
    }
    if as_json:
        typer.echo(json.dumps(said, ensure_ascii=False))
        return
    held = "every one holds" if not made.faulty else f"{made.faulty} WITH FAULTS"
    typer.echo(f"{said['recorded_s']:g} s in {said['segments']} segments, {_size(detail)}, {held}")
    typer.echo(f"read   {out / 'report.html'}")
    typer.echo(f"watch  {out / 'derived' / detail['recording']}.mp4")
    typer.echo(f"prove  tipstaff verify {out}")
