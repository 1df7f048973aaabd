"""`tipstaff export`: recordings, and all of an incident, with what proves them, for a court or an expert."""

from __future__ import annotations

import asyncio
import getpass
import json
import re
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli.ending import STOPPED
from gateway.cli.options import AsJson, Config, settings_of
from gateway.errors import ExportRefused

if TYPE_CHECKING:
    from gateway.api.export_order import Asked
    from gateway.evidence.export import Made, Order
    from gateway.settings import Settings

FAULTY = 1
LOGIN = "cli"
_RECORDING = re.compile(r"(?:(?P<unit>[A-Za-z0-9_-]{1,32})/)?(?P<recording>[0-9a-f]{16})")
_INCIDENT = re.compile(r"[A-Za-z0-9_-]{1,32}")


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("export")(export)


def export(
    what: Annotated[
        str,
        typer.Argument(
            metavar="INCIDENT_OR_RECORDING",
            help="An incident (I-20261126-0001), or a recording: its 16 hex digits, or UNIT/RECORDING.",
        ),
    ],
    reason: Annotated[str, typer.Option(help="Why; it stands in the audit and in the export.")],
    by: Annotated[str | None, typer.Option(help="Who; without it the account of this machine.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder to make, or a file that ends in .zip; must not exist.")
    ] = None,
    as_zip: Annotated[bool, typer.Option("--zip", help="A zip in place of a folder.")] = False,
    copies: Annotated[
        bool, typer.Option("--copies/--no-copies", help="With playable copies (MP4), or masters alone.")
    ] = True,
    disclosure: Annotated[
        Path | None,
        typer.Option(help="A disclosure copy without masters: TOML of what it hides (docs/exports.md)."),
    ] = None,
    cover: Annotated[
        list[str] | None,
        typer.Option(help="The same of one rectangle: LEFT,TOP,RIGHT,BOTTOM[,FROM_S,TO_S]; may be repeated."),
    ] = None,
    faces: Annotated[
        bool,
        typer.Option("--faces", help="The same of the faces that are found. Watch it before it goes out."),
    ] = False,
    pdf: Annotated[
        bool, typer.Option("--pdf", help="The report as PDF, too; needs `pip install 'tipstaff[pdf]'`.")
    ] = False,
    lang: Annotated[str, typer.Option(help="Of its pages: zh or en.")] = "zh",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Make an export: masters, manifests, keys, log, positions, playable copies, and how to check it without us.

    Reads the database and the evidence store; a gateway may run beside it or not. Who and why is written into the
    audit before the first byte, and the SHA-256 that stands for the whole export after the last. The export has its
    name only once it is whole. Ends with 0 when every segment holds, 1 when one does not (the export says which), 2
    when it cannot be made.

    Example: tipstaff export I-20261126-0001 --reason "复议 7 号" --by 陈敏 --zip
    """
    from gateway.api.export_order import Asked
    from gateway.evidence import disclosing
    from gateway.evidence import faces as detector
    from gateway.evidence.export import export_to
    from gateway.evidence.export_pdf import font_or_refused
    from gateway.evidence.overlay import Overlay

    if lang not in ("zh", "en"):
        raise ExportRefused(f"--lang {lang[:20]!r}: zh or en")
    if not reason.strip():
        raise ExportRefused("--reason: say why; it stands in the audit and in the export")
    if pdf:
        font_or_refused()
    hidden = disclosing.hidden_of(disclosure, cover or ())
    asked = Asked(
        by or getpass.getuser(),
        time.time_ns() // 1_000_000,
        reason,
        "en" if lang == "en" else "zh",
        copies,
        disclosure is not None,
        hidden,
        detector.Faces() if faces else None,
        pdf,
    )
    settings = settings_of(config)
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)
    try:
        order = asyncio.run(order_of(settings, what, asked))
        target = out or Path(_name_of(order))
        if as_zip and target.suffix != ".zip":
            target = target.with_name(target.name + ".zip")
        made = export_to(order, target, Overlay(), (lambda line: None) if as_json else typer.echo)
        asyncio.run(note_made(settings, order, made))
    except KeyboardInterrupt:
        typer.echo("tipstaff: stopped; nothing of the export is left", err=True)
        raise typer.Exit(STOPPED) from None
    except OSError as error:
        raise ExportRefused(
            f"{getattr(error, 'filename', None) or what}: {error.strerror or error}"
        ) from None
    _say(order, target, made, as_json)
    if made.faulty:
        raise typer.Exit(FAULTY)


async def order_of(settings: Settings, what: str, asked: Asked) -> Order:
    """What `what` names, as it is in the database; that it is exported is in the audit when this returns. Raises
    ExportRefused, StoreError."""
    from gateway.api import export_order
    from gateway.store import Store, audit, recording_register

    async with Store(settings.store_url, migrate=False) as store:
        async with store.read() as connection:
            found = _RECORDING.fullmatch(what)
            if found is not None:
                rows = await recording_register.named(connection, found["recording"], found["unit"])
                if len(rows) != 1:
                    units = ", ".join(f"{row.unit_id}/{row.recording}" for row in rows)
                    raise ExportRefused(f"say which: {units}" if rows else f"there is no recording {what}")
                order = await export_order.of_recording(connection, settings, rows[0], asked)
            elif _INCIDENT.fullmatch(what):
                order = await export_order.of_incident(connection, settings, what, asked)
            else:
                raise ExportRefused(f"{what[:60]!r} is no incident, and no recording (16 hex digits)")
        facts = export_order.facts_of(order)
        await audit.note(store, asked.made_ms, LOGIN, export_order.BEGUN, order.title, facts)
    return order


async def note_made(settings: Settings, order: Order, made: Made) -> None:
    """That it is whole, and its hash, into the audit."""
    from gateway.api import export_order
    from gateway.store import Store, audit

    async with Store(settings.store_url, migrate=False) as store:
        facts = export_order.facts_of(order) | {"sums": made.sums.hex(), "faulty": made.faulty}
        await audit.note(store, time.time_ns() // 1_000_000, LOGIN, export_order.MADE, order.title, facts)


def _name_of(order: Order) -> str:
    return f"tipstaff-{order.title.replace(' ', '-')}{'-disclosure' if order.discloses else ''}"


def _say(order: Order, target: Path, made: Made, as_json: bool) -> None:
    if as_json:
        said: dict[str, Any] = {
            "path": str(target),
            "segments": len(order.masters),
            "faulty": made.faulty,
            "disclosure": order.discloses,
            "left_out": list(order.left_out),
            "sums": made.sums.hex(),
        }
        typer.echo(json.dumps(said, ensure_ascii=False))
        return
    for line in order.left_out:
        typer.echo(f"not in it: {line}")
    if not order.discloses:
        held = "every one holds" if not made.faulty else f"{made.faulty} WITH FAULTS"
        typer.echo(f"{len(order.masters)} segments, {held}")
    else:
        typer.echo("Watch the disclosure copy from its beginning to its end before it is given out.")
    typer.echo(f"{target}  (SHA-256 of its SHA256SUMS: {made.sums.hex()})")
