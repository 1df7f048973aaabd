"""`tipstaff annunciator`: sound alarms on the command centre's loudspeakers, whatever the browsers do."""

from __future__ import annotations

import asyncio
import json
import os
import ssl
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from gateway.cli.ending import until_signal
from gateway.errors import TipstaffError

if TYPE_CHECKING:
    from gateway.annunciator.link import Account

PASSWORD_ENV = "TIPSTAFF_PASSWORD"
PASSWORD_MAX_BYTES = 4096
UNHEARD = 1


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("annunciator")(annunciator)


def annunciator(
    url: Annotated[str, typer.Option(help="The gateway's console.")] = "http://127.0.0.1:8440",
    login: Annotated[
        str,
        typer.Option(help="Who to sign in as; a viewer is enough, and sounds for the courts that it sees."),
    ] = "annunciator",
    password_file: Annotated[
        Path | None,
        typer.Option(
            help=f"File with the password; without, the environment's {PASSWORD_ENV}, else it is asked for."
        ),
    ] = None,
    ca_file: Annotated[
        Path | None, typer.Option(help="For https: PEM of the authority of the gateway's certificate.")
    ] = None,
    device: Annotated[
        str | None, typer.Option(help="Loudspeaker: number or part of its name. Left away: the system's own.")
    ] = None,
    volume: Annotated[int, typer.Option(min=20, max=100, help="Loudness in percent.")] = 100,
    lang: Annotated[Literal["zh", "en"], typer.Option(help="Of what it says aloud.")] = "zh",
    phrases: Annotated[
        Path | None, typer.Option(help="Folder with a site's own recordings of what it says aloud.")
    ] = None,
    list_devices: Annotated[bool, typer.Option("--list-devices", help="List the sound devices.")] = False,
    self_test: Annotated[
        bool, typer.Option("--self-test", help="Play everything that may be heard, without a gateway.")
    ] = False,
    listen: Annotated[
        str | None,
        typer.Option(
            help="With --self-test: the microphone or monitor that says whether the alarm was heard."
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print each event as a line of JSON, for programs.")
    ] = False,
) -> None:
    """Sound alarms on this machine's loudspeakers until somebody has acknowledged them in a console.

    The alarm is the console's own, and grows louder after 10 s and 30 s. A test alarm is heard once, an exercise as an
    alarm. When the gateway has said nothing for 5 s, a falling tone and words say so, every 30 s until it is back; an
    alarm that sounds goes on. It never gives up, neither on the gateway nor on the loudspeaker.

    Ends with 0 after a self-test that nobody listened to or that was heard, 1 after one that was not heard, 2 when
    it cannot be run: no PortAudio, no such loudspeaker, a wrong password.

    Examples: tipstaff annunciator --self-test · tipstaff annunciator --url https://gateway.example --ca-file ca.pem
    """
    from gateway.annunciator import loudspeaker, speech
    from gateway.annunciator.voice import Voice

    if list_devices:
        _list(as_json)
        return
    rate_hz = loudspeaker.RATE_HZ
    words = speech.load(phrases or speech.SHIPPED, lang, rate_hz)
    voice = Voice(rate_hz, volume)
    chosen = loudspeaker.chosen(device)
    if self_test:
        _self_test(voice, words, chosen, loudspeaker.chosen(listen), as_json)
        return
    loudspeaker.portaudio()
    account = _account(url, login, password_file, ca_file)

    async def work() -> None:
        from gateway.annunciator.announcer import Announcer
        from gateway.annunciator.link import Link

        tell = _json_line if as_json else _line
        announcer = Announcer(voice, words, tell, time.monotonic)
        async with loudspeaker.Loudspeaker(voice, chosen, tell) as playing:
            tell("started", {"url": account.url, "login": account.login, "device": device})
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(Link(account, announcer).run(), name="link")
                tasks.create_task(announcer.watch(), name="announcer")
                tasks.create_task(playing.watch(), name="loudspeaker")

    try:
        until_signal(work())
    except ExceptionGroup as group:
        if (ours := group.subgroup(TipstaffError)) is not None:
            raise ours.exceptions[0] from None
        raise


def _account(url: str, login: str, password_file: Path | None, ca_file: Path | None) -> Account:
    """Raises TipstaffError."""
    from gateway.annunciator.link import Account
    from gateway.setting_kinds import origin

    try:
        checked = str(origin(url)).rstrip("/")
    except ValueError as error:
        raise TipstaffError(f"--url: {error}") from None
    try:
        tls = ssl.create_default_context(cafile=ca_file) if checked.startswith("https:") else None
        if password_file is not None:
            with password_file.open(encoding="utf-8") as file:
                password = file.read(PASSWORD_MAX_BYTES).strip("\r\n")
        else:
            password = os.environ.get(PASSWORD_ENV) or typer.prompt(f"Password of {login}", hide_input=True)
    except (OSError, ValueError) as error:
        raise TipstaffError(f"{getattr(error, 'filename', None) or ca_file}: {error}") from None
    return Account(checked, login, password, tls)


def _list(as_json: bool) -> None:
    from gateway.annunciator.loudspeaker import devices

    found = devices()
    if as_json:
        typer.echo(json.dumps({"devices": found}, ensure_ascii=False))
        return
    for one in found:
        what = [word for word, count in (("plays", one["outputs"]), ("hears", one["inputs"])) if count]
        mark = "*" if one["default"] else " "
        typer.echo(f"{mark} {one['index']:3} {' and '.join(what):16} {one['name']}")
    if not found:
        typer.echo("no sound device: with PulseAudio or PipeWire, apt-get install libasound2-plugins")


def _self_test(
    voice: Any, words: Mapping[str, Any], device: str | int | None, listen: str | int | None, as_json: bool
) -> None:
    from gateway.annunciator.selftest import play

    heard = until_signal(play(voice, words, device, listen))
    if as_json:
        result: dict[str, Any] = {
            "played": ["alarm", "test", "lost", "back"],
            "heard": None if heard is None else heard.ok,
            "level_db": None if heard is None else heard.level_db,
        }
        typer.echo(json.dumps(result))
    else:
        typer.echo("played: the alarm twice, then in words: self-test, gateway lost, gateway back")
        if heard is None:
            typer.echo("nothing listened (--listen); whether it was heard is for you to say")
        elif heard.ok:
            typer.echo(f"the alarm was heard, at {heard.level_db:g} dB of full scale")
        else:
            typer.echo(
                "the alarm was NOT heard: look at the loudspeaker, its volume, and at what --listen names"
            )
    if heard is not None and not heard.ok:
        raise typer.Exit(UNHEARD)


def _json_line(event: str, facts: Mapping[str, Any]) -> None:
    _print(json.dumps({"at_ms": time.time_ns() // 1_000_000, "event": event, **facts}, ensure_ascii=False))


def _line(event: str, facts: Mapping[str, Any]) -> None:
    told = " ".join(f"{name}={value}" for name, value in facts.items() if value not in (None, "", False))
    _print(f"{time.strftime('%H:%M:%S')} {event} {told}".rstrip())


def _print(line: str) -> None:
    """Whoever read our lines may be gone; the alarm sounds all the same."""
    with suppress(OSError):
        print(line, flush=True)
