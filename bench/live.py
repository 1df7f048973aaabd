"""`tipstaff bench live`: how soon a dispatcher sees and hears what a unit sees, and how many can be watched.

First the real firmware, whose camera's pictures say in their pixels when they were taken: they are read back from the
canvas of the page that ships, in headless Chromium without a GPU, at the frame after they were drawn; sound is read
back from what goes to the loudspeaker. Both are laid beside the time of the scene. The same pictures come once more
over a bare WebSocket from this process to an empty page: the raw limit; and through a peer (`bench.peer`).

Then streams of 100 KB/s (`bench.stream_process`), stored and sealed, more and more of them, each with one viewer
(`bench.viewing_process`); generator, broker, gateway and viewers share the machine. It is full when blocks are not all
there, or come more than LATE_MS after they were taken.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import httpx

from bench.bare_stream import bare_scene
from bench.chromium import MeasuredPage, chromium, page_in
from bench.film import write_plan
from bench.peer import Peer, peer_of
from bench.processor import cpu_s
from bench.report import Report, percentile
from bench.seen import Seen, look
from bench.stream_process import PACKET_MS, PICTURE_MS
from bench.worker import Worker
from gateway.app import Gateway
from gateway.cli.stage import LOGIN, GatewayProcess, Officer, furnish, settings_in
from simulator.camera import SceneCamera
from simulator.desk import Desk
from simulator.fleet import Fleet, tracks_around
from simulator.microphone import SceneMicrophone
from simulator.unit import Unit
from simulator.unit_config import UnitConfig

if TYPE_CHECKING:
    from playwright.async_api import Browser

SIZE = (640, 480)
WORN = Officer("WORN", "350102", "", "")
COURTS = ("350102", "350103", "350104", "350105", "350111", "350112", "350121", "350122")
TIMEOUT_S = 60.0
TARGET_GLASS_MS = 200.0
TARGET_FIRST_MS = 1000.0
TARGET_SKEW_MS = 40.0
TARGET_STREAMS = 200
BLOCKS_S = 1000 / PACKET_MS + 1000 / PICTURE_MS
LATE_MS = 1000
ENOUGH = 0.97
SETTLE_S = 2.0
"""The page holds sound back by as much as its pictures are late: that it learns first."""
COUNTED_S = 0.5
LEFT_S = 5.0
"""Longer than a unit goes on to send when nobody watches any more (gateway/relay/asking.py)."""
BARE_VIEWERS = 20

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """`scene_s` of pictures, `clicks` to see the first one, `steps` of streams, `step_s` of each, `settle_s` before."""

    scene_s: float
    clicks: int
    steps: tuple[int, ...]
    step_s: float
    settle_s: float


FULL = Plan(30.0, 10, (50, 100, 150, 200, 250, 300), 8.0, 2.0)
QUICK = Plan(4.0, 2, (50, 100, 200), 2.5, 1.0)


@dataclass(frozen=True, slots=True)
class Step:
    """`streams` with a viewer each: the part of their blocks that was there, and how late 95 % of them were at most."""

    streams: int
    share: float
    p95_ms: float

    @property
    def good(self) -> bool:
        """Whether the machine carries them."""
        return self.share >= ENOUGH and self.p95_ms <= LATE_MS


@dataclass
class Load:
    """Of the streams."""

    steps: list[Step] = field(default_factory=list)
    cpu_per_stream: float = 0.0
    cpu_per_viewer: float = 0.0
    bare_cpu_per_viewer: float = 0.0


async def measure(plan: Plan, broker: Literal["embedded", "mosquitto"], say: Say) -> Report:
    """Run all of it; `say` is told what happens."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tipstaff-bench-")))
        settings = settings_in(folder, broker=broker)
        settings = settings.model_copy(
            update={"live": settings.live.model_copy(update={"viewers": max(plan.steps) + 8})}
        )
        streaming = tuple(
            Officer(f"S{n:03d}", COURTS[n % len(COURTS)], "", "") for n in range(max(plan.steps))
        )
        say("provisioning")
        async with Gateway(settings) as gateway:
            password, homes = await furnish(gateway, (WORN, *streaming))
        write_plan(settings, streaming, homes[1:], 0, folder / "streams")
        process = await stack.enter_async_context(GatewayProcess(settings))
        async with httpx.AsyncClient(base_url=f"{process.url}/api/v1") as person:
            answer = await person.post("/session", json={"login": LOGIN, "password": password})
            answer.raise_for_status()
            cookies = dict(person.cookies)
        load = Load()

        async def meanwhile() -> None:
            load.bare_cpu_per_viewer = await _bare_viewers(folder / "bare", plan)

        say("connecting units")
        streams = Worker("bench.stream_process", folder / "streams")
        stack.push_async_callback(streams.close)
        await streams.begin()
        async with _unit(process.url, password, homes[0]) as unit, chromium() as browser:
            await stack.enter_async_context(streams)
            say("a page on a bare WebSocket")
            bare = await _bare(browser, plan)
            say("a peer")
            peer = await peer_of(browser, folder / "peer", plan.scene_s)
            say("a unit in the page")
            seen, first_ms = await _worn(browser, process.url, cookies, unit, plan, meanwhile)
        await _load(load, process, streams, folder, cookies, plan, say)
    return _report(bare, peer, seen, first_ms, load, broker)


# The page.


async def _bare(browser: Browser, plan: Plan) -> Seen:
    async with bare_scene(browser, SIZE) as (measured, zero_ms):
        return await look(measured, "canvas", zero_ms, plan.scene_s)


@asynccontextmanager
async def _unit(url: str, password: str, home: Path) -> AsyncIterator[Unit]:
    """The real firmware, connected."""
    config = UnitConfig.from_home(home)
    config = replace(
        config,
        camera=lambda: SceneCamera(label=WORN.unit_id),
        microphone=SceneMicrophone,
        settings={"picture": "vga", "picture_fps": 10},
    )
    async with (
        Fleet([config], dict(zip([WORN.unit_id], tracks_around(1), strict=True))) as fleet,
        Desk(url, LOGIN, password) as desk,
    ):
        await fleet.wait_connected()
        await desk.online([WORN.unit_id])
        yield fleet[WORN.unit_id]


async def _worn(
    browser: Browser,
    url: str,
    cookies: Mapping[str, str],
    unit: Unit,
    plan: Plan,
    meanwhile: Callable[[], Awaitable[None]],
) -> tuple[Seen, list[float]]:
    """What the page shows of the unit, and the ms from each click to its first picture. `meanwhile` is done after the
    first of them, when the page waits for the unit to stop."""
    first_ms: list[float] = []
    async with page_in(browser, dict(cookies), url) as measured:
        await measured.page.goto(f"{url}/units/{WORN.unit_id}")
        await measured.page.evaluate(FIRST_PICTURE)
        opening = measured.page.locator("[data-live-act=open]")
        await measured.align()
        for number in range(plan.clicks):
            if number:
                await measured.page.locator("[data-live-act=close]").click()
                pause = asyncio.sleep(LEFT_S)
                await (asyncio.gather(pause, meanwhile()) if number == 1 else pause)
            await opening.click()
            first_ms.append(await measured.page.evaluate("window.firstPicture()"))
        await _listen(measured)
        await asyncio.sleep(SETTLE_S)
        zero_ms = _zero_ms(unit)
        seen = await look(measured, "[data-live-screen]", zero_ms, plan.scene_s)
    return seen, first_ms


#: From the click on the button to the frame after the first picture was drawn.
FIRST_PICTURE = """() => {
  let clickedMs = 0;
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-live-act=open]")) clickedMs = performance.now();
  }, true);
  window.firstPicture = () => new Promise((resolve) => {
    const look = () => {
      const canvas = document.querySelector("[data-live-screen]");
      if (canvas?.dataset.at) requestAnimationFrame(() => resolve(performance.now() - clickedMs));
      else requestAnimationFrame(look);
    };
    look();
  });
}"""


async def _listen(measured: MeasuredPage) -> None:
    """Have its sound heard: from a click, as at the begin of a shift."""
    await measured.page.locator("[data-live-act=listen][data-listen=off]").click()
    await measured.page.locator("[data-live-act=listen][data-listen=heard]").wait_for()


def _zero_ms(unit: Unit) -> float:
    """When the unit's scene began, UTC ms of this machine."""
    return time.time() * 1000 - unit.media.now_ms


# The streams.


async def _load(
    found: Load,
    process: GatewayProcess,
    streams: Worker,
    folder: Path,
    cookies: Mapping[str, str],
    plan: Plan,
    say: Say,
) -> None:
    assert process.pid is not None
    first = plan.steps[0]
    cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
    units = [one["unit_id"] for one in json.loads((folder / "streams" / "film.json").read_text())["units"]]
    _write_viewing(folder / "viewers", process.url.replace("http", "ws", 1), cookie, units)
    async with Worker("bench.viewing_process", folder / "viewers") as viewers:
        say(f"{first} streams, nobody watches")
        streams.tell(f"{first}\n")
        await streams.until(lambda: streams.counts.get("sending", 0) >= first, TIMEOUT_S)
        await asyncio.sleep(plan.settle_s)
        alone_s = await _used(process.pid, plan.step_s)
        found.cpu_per_stream = alone_s / first
        for count in plan.steps:
            say(f"{count} streams with a viewer each")
            streams.tell(f"{count}\n")
            viewers.tell(f"{count}\n")
            await streams.until(lambda count=count: streams.counts.get("sending", 0) >= count, TIMEOUT_S)  # type: ignore[misc]
            await viewers.until(lambda count=count: viewers.counts.get("viewing", 0) >= count, TIMEOUT_S)  # type: ignore[misc]
            await asyncio.sleep(plan.settle_s)
            step, used_s = await _step(viewers, process.pid, count, plan.step_s)
            if count == first:
                found.cpu_per_viewer = max(0.0, used_s - alone_s) / count
            found.steps.append(step)
            if not step.good:
                break


async def _step(viewers: Worker, pid: int, streams: int, for_s: float) -> tuple[Step, float]:
    """The blocks of a while, and the gateway's cores."""

    async def count() -> int:
        """As soon as it is said."""
        last = viewers.counts.get("blocks")
        await viewers.until(lambda: viewers.counts.get("blocks") != last, TIMEOUT_S)
        return viewers.counts["blocks"]

    before = came = await count()
    began_s, used_s = time.monotonic(), cpu_s(pid)
    late_ms: list[float] = []
    while time.monotonic() < began_s + for_s:
        came = await count()
        late_ms.append(float(viewers.counts.get("p95_ms") or 0.0))
    took_s = time.monotonic() - began_s
    step = Step(streams, (came - before) / (streams * BLOCKS_S * took_s), percentile(late_ms, 90))
    return step, (cpu_s(pid) - used_s) / took_s


async def _bare_viewers(folder: Path, plan: Plan) -> float:
    """Cores that one viewer takes of a process that does nothing but send."""
    folder.mkdir()
    async with Worker("bench.bare_stream", folder) as server:
        _write_viewing(folder / "viewing", f"ws://127.0.0.1:{server.counts['port']}", "", [""] * BARE_VIEWERS)
        async with Worker("bench.viewing_process", folder / "viewing") as viewers:
            viewers.tell(f"{BARE_VIEWERS}\n")
            await viewers.until(lambda: viewers.counts.get("viewing", 0) >= BARE_VIEWERS, TIMEOUT_S)
            await asyncio.sleep(COUNTED_S)
            return await _used(server.pid, plan.step_s) / BARE_VIEWERS


def _write_viewing(folder: Path, url: str, cookie: str, units: list[str]) -> None:
    folder.mkdir()
    plan = {"url": url, "cookie": cookie, "units": units}
    (folder / "viewing.json").write_text(json.dumps(plan), "utf-8")


async def _used(pid: int, for_s: float) -> float:
    """Cores that a process takes for a while."""
    before_s, began_s = cpu_s(pid), time.monotonic()
    await asyncio.sleep(for_s)
    return (cpu_s(pid) - before_s) / (time.monotonic() - began_s)


def _report(bare: Seen, peer: Peer, seen: Seen, first_ms: list[float], load: Load, broker: str) -> Report:
    carried = [step for step in load.steps if step.good]
    apart_ms = [abs(one) for one in seen.apart_ms]
    glass_ms, bare_ms = percentile(seen.glass_ms, 50), percentile(bare.glass_ms, 50)
    metrics = {
        "glass_to_glass_p50_ms": glass_ms,
        "glass_to_glass_p95_ms": percentile(seen.glass_ms, 95),
        "sound_p50_ms": percentile(seen.sound_ms, 50),
        "first_picture_ms": percentile(first_ms, 95),
        "av_skew_p95_ms": percentile(apart_ms, 95),
        "pictures_lost": seen.lost,
        "cpu_per_stream": load.cpu_per_stream,
        "cpu_per_viewer": load.cpu_per_viewer,
        "streams_max": carried[-1].streams if carried else 0,
        "ratio_to_bare_websocket": glass_ms / bare_ms,
        "cpu_ratio_to_bare_websocket": load.cpu_per_viewer / load.bare_cpu_per_viewer,
    }
    raw = {
        "bare_glass_to_glass_p50_ms": bare_ms,
        "bare_glass_to_glass_p95_ms": percentile(bare.glass_ms, 95),
        "bare_cpu_per_viewer": load.bare_cpu_per_viewer,
        **peer.raw(),
    }
    targets = {
        "glass_to_glass_p95_ms": TARGET_GLASS_MS,
        "first_picture_ms": TARGET_FIRST_MS,
        "av_skew_p95_ms": TARGET_SKEW_MS,
        "streams_max": TARGET_STREAMS,
    }
    notes = {
        "broker": broker,
        "peer": peer.name,
        "pictures": len(seen.glass_ms),
        "marks_heard": len(seen.sound_ms),
        "clicks": len(first_ms),
        "steps": [
            {"streams": step.streams, "share": round(step.share, 3), "p95_ms": round(step.p95_ms)}
            for step in load.steps
        ],
    }
    return Report("live", metrics, raw, targets, notes, frozenset({"streams_max"}))
