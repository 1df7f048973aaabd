"""`tipstaff record --sample`: one simulated unit through the whole way of a recording, and its export in a folder."""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from gateway.cli.options import AsJson
from gateway.errors import TipstaffError
from simulator.errors import SimulatorError
from simulator.sources import CAMERAS, MICROPHONES, camera_of, microphone_of

if TYPE_CHECKING:
    from gateway.evidence.export import Made

FAULTY = 1
Picture = Literal["qvga", "vga", "svga", "hd"]


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
    from gateway.cli.ending import until_signal
    from gateway.cli.sample_recording import Sample, exported, recorded
    from gateway.cli.stage import settings_in

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
            detail = until_signal(recorded(settings, wanted, _say))
        except SimulatorError as error:
            raise TipstaffError(str(error)) from None
        made = exported(settings, f"{detail['unit_id']}/{detail['recording']}", out, lang, _say)
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


def _tell(detail: dict[str, Any], made: Made, out: Path, took_s: float, as_json: bool) -> None:
    from gateway.cli.sample_recording import size

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
    typer.echo(f"{said['recorded_s']:g} s in {said['segments']} segments, {size(detail)}, {held}")
    typer.echo(f"read   {out / 'report.html'}")
    typer.echo(f"watch  {out / 'derived' / detail['recording']}.mp4")
    typer.echo(f"prove  tipstaff verify {out}")
