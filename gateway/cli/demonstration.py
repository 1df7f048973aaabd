"""The demo at work: a site in a folder with six simulated officers, shown to a person or played by itself."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import structlog
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from gateway.app import Gateway
from gateway.cli.stage import LOGIN, OFFICERS, furnish, settings_in, usable_port
from protocol.messages import CASE
from simulator.camera import SceneCamera
from simulator.desk import Desk
from simulator.errors import SimulatorError
from simulator.felt import Felt
from simulator.fleet import Fleet, tracks_around
from simulator.keys import Keys, NoTerminal
from simulator.microphone import SceneMicrophone
from simulator.panel import bar
from simulator.speaker import KeptSpeaker
from simulator.unit import Unit
from simulator.unit_config import UnitConfig

FELT_S = 15.0
SAMPLE_ETA_S = 900
# Small, for six of them share this machine with everything else.
RECORDING = {
    "picture": "qvga",
    "picture_fps": 5,
    "picture_kib": 32,
    "ring_kib": 1024,
    "pre_event_s": 10,
    "segment_s": 10,
}
# Speaks only after the dispatcher's second key; the others at once.
SILENT = "MZ2536"
HEARD_S = 30.0


class _Demo:
    """The running demo: gateway, password and fleet."""

    def __init__(self, folder: Path, port: int, *, recording: bool) -> None:
        self._recording = recording
        self.settings = settings_in(folder, http_port=usable_port(port) if port else 0)
        self.gateway = Gateway(self.settings)
        self.password = ""
        self.fleet: Fleet
        self._stack = contextlib.AsyncExitStack()

    async def __aenter__(self) -> _Demo:
        async with contextlib.AsyncExitStack() as stack:
            self.settings.data_dir.mkdir(parents=True, exist_ok=True)
            log = stack.enter_context((self.settings.data_dir / "gateway.log").open("a", encoding="utf-8"))
            structlog.configure(logger_factory=structlog.WriteLoggerFactory(file=log))
            await stack.enter_async_context(self.gateway)
            self.password, homes = await furnish(self.gateway, OFFICERS)
            tracks = tracks_around(len(OFFICERS))
            configs = [self._config(home, seed) for seed, home in enumerate(homes)]
            named = dict(zip((officer.unit_id for officer in OFFICERS), tracks, strict=True))
            self.fleet = await stack.enter_async_context(Fleet(configs, named))
            await self.fleet.wait_connected()
            await self._heard()
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def _config(self, home: Path, seed: int) -> UnitConfig:
        config = UnitConfig.from_home(home, seed=seed)
        if not self._recording:
            return config
        return replace(
            config,
            camera=SceneCamera,
            microphone=SceneMicrophone,
            speaker=KeptSpeaker,
            settings=RECORDING | {"silent": config.home.name == SILENT},
        )

    async def _heard(self) -> None:
        """Every unit has said its state: only then is it told anything."""
        async with asyncio.timeout(HEARD_S):
            while any(one.seen_ms is None for one in self.gateway.centre.units().values()):
                await asyncio.sleep(0.05)

    async def give_cases(self) -> None:
        """Tell every unit the case that its officer works on."""
        for officer in OFFICERS:
            await self.gateway.centre.command(officer.unit_id, CASE, None, officer.case_no, login=LOGIN)


async def check(folder: Path, as_json: bool) -> int:
    """Press once and play the centre's part; 0 when everything was felt that should be."""
    console = Console(stderr=True, quiet=as_json)
    try:
        async with (
            _Demo(folder, 0, recording=False) as demo,
            Desk(demo.gateway.url, LOGIN, demo.password) as desk,
        ):
            result = await _play(demo, desk)
    except (SimulatorError, TimeoutError) as error:
        console.quiet = False
        console.print(f"tipstaff demo: {error}", style="red", markup=False)
        return 1
    wanted = ["pressed", "received", "acknowledged", "on_the_way"]
    good = result["felt"] == wanted and result["incidents"] == 1
    if as_json:
        print(json.dumps(result, ensure_ascii=False))
    else:
        for name, value in result.items():
            console.print(f"{name:>20}  {value}", markup=False, highlight=False)
        console.print(
            "everything was felt" if good else f"felt should be {wanted}", style="green" if good else "red"
        )
    return 0 if good else 1


async def _play(demo: _Demo, desk: Desk) -> dict[str, Any]:
    officer = OFFICERS[3]
    unit = demo.fleet[officer.unit_id]
    await desk.online([one.unit_id for one in OFFICERS])
    await demo.give_cases()
    await desk.until(
        lambda: desk.units[officer.unit_id].get("fix") and desk.units[officer.unit_id].get("case_no"),
        FELT_S,
        f"a fix and the case of {officer.unit_id}",
    )
    # An alarm begins when the button has been held long enough.
    down_s = await unit.press()
    alarm_s = down_s + demo.settings.unit.hold_ms / 1000
    await unit.wait_felt("pressed", FELT_S)
    stored_s = await unit.wait_stored(FELT_S, since_s=down_s)
    await unit.wait_felt("received", FELT_S)
    number = (await desk.incident_of(officer.unit_id))["incident_id"]
    arrived_s = min(at_s for (incident_id, _), at_s in desk.arrived_s.items() if incident_id == number)
    incident = await desk.act(number, "acknowledge")
    await unit.wait_felt("acknowledged", FELT_S)
    nearest = incident["candidates"][0]
    incident = await desk.act(number, "offer", court_id=nearest["court_id"])
    await desk.act(number, "accept", court_id=nearest["court_id"], by_name="值班法警", eta_s=SAMPLE_ETA_S)
    await unit.wait_felt("on_the_way", FELT_S)
    return {
        "alarms_pressed": len(unit.alarms),
        "incidents": len(desk.incidents),
        "nearest_court": nearest["name"],
        "distance_m": round(nearest["distance_m"]),
        "press_to_stored_ms": _ms(alarm_s, stored_s),
        "press_to_console_ms": _ms(alarm_s, arrived_s),
        "felt": [felt.pattern for felt in unit.felt],
    }


def _ms(from_s: float, to_s: float) -> float:
    return round((to_s - from_s) * 1000, 1)


async def show(folder: Path, alarm_after_s: float, port: int) -> None:
    """Until somebody ends it."""
    console = Console()
    console.print("Starting broker, gateway and six officers …")
    async with _Demo(folder, port, recording=True) as demo:
        await demo.give_cases()
        console.print(f"\n  Console   {demo.gateway.url}", highlight=False)
        console.print(f"  Login     {LOGIN}\n  Password  {demo.password}", highlight=False)
        console.print(f"  Log       {demo.settings.data_dir / 'gateway.log'}\n", highlight=False)
        presser = asyncio.create_task(_press_later(demo, alarm_after_s), name="demo presses the alarm")
        try:
            try:
                async with Keys() as keys:
                    await _keys(demo, keys, console)
            except NoTerminal:
                console.print("No terminal: no keys. Stop with Ctrl-C.")
                await demo.gateway.wait()
        finally:
            presser.cancel()
            await asyncio.gather(presser, return_exceptions=True)
            console.print("Stopping …")


async def _press_later(demo: _Demo, after_s: float) -> None:
    if after_s > 0:
        await asyncio.sleep(after_s)
        await demo.fleet[OFFICERS[3].unit_id].press()


async def _keys(demo: _Demo, keys: Keys, console: Console) -> None:
    pressing: set[asyncio.Task[float]] = set()
    with Live(_table(demo), console=console, refresh_per_second=4, get_renderable=lambda: _table(demo)):
        while True:
            key = await keys.next()
            if key == "q":
                break
            if key in "123456":
                task = asyncio.create_task(demo.fleet[OFFICERS[int(key) - 1].unit_id].press())
                pressing.add(task)
                task.add_done_callback(pressing.discard)
    await asyncio.gather(*pressing, return_exceptions=True)


def _table(demo: _Demo) -> RenderableType:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("key", "unit", "officer", "link", "felt last", ""):
        table.add_column(heading, no_wrap=True)
    for number, officer in enumerate(OFFICERS, 1):
        unit = demo.fleet[officer.unit_id]
        last = unit.felt[-1] if unit.felt else None
        link = Text("connected") if unit.connected else Text("▲ no link", style="yellow")
        table.add_row(str(number), officer.unit_id, officer.name, link, *_felt(unit, last))
    return Group(table, Text("\n1-6 press an officer's alarm   q quit", style="dim"))


def _felt(unit: Unit, last: Felt | None) -> tuple[Text, Text]:
    if last is None:
        return Text("nothing", style="dim"), Text()
    age_s = time.monotonic() - last.at_monotonic_s
    alarmed = last.pattern not in ("closed", "refused", "test")
    return Text(f"{last.pattern}, {age_s:.0f} s ago", style="bold red" if alarmed else ""), Text(
        bar(last.pulses_ms)
    )
