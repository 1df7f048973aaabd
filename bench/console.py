"""`tipstaff bench console`: the dispatcher's page with 2,000 units that move every second.

Broker and gateway are processes of their own, the crowd is another (`bench.crowd_process`), the page is the one
that ships, in headless Chromium without a GPU. From the gateway's commit to the banner: the commit is over at the
`committed_ms` of the live message, taken by the thread that commits as soon as the database has returned; the banner
is there at the start of the second frame after it entered the document, by the page's clock, which was laid beside
ours over DevTools. Beside it stands the same from `opened_ms`, which is taken before the commit, and from the press.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple

from bench.bare import bare_page
from bench.chromium import Frames, MeasuredPage, chromium, page_in
from bench.crowded_site import CrowdedSite, crowded_site
from bench.report import Report, percentile

UNITS = 2000
TARGET_FPS = 50.0
TARGET_BANNER_MS = 100.0
TARGET_COLD_MS = 1500.0
WARM_UP = 2

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Effort:
    """How long and how often each thing is measured."""

    frames_s: float
    alarms: int
    alarms_s: float
    cold_loads: int
    raw_frames_s: float


#: Two minutes of frames in all.
FULL = Effort(60.0, 100, 300.0, 7, 10.0)
#: The alarms end with their time, though with no fewer than LEAST_ALARMS.
QUICK = Effort(2.5, 20, 5.0, 3, 1.5)
LEAST_ALARMS = 5
#: From one alarm's end to the next press, so that it does not come in answer to what the page does then, and the golden
#: ratio, which spreads the presses evenly over the second.
REST_S, GOLDEN = 0.3, 0.618034


@dataclass
class _Seen:
    """What was measured."""

    empty: Frames | None = None
    quiet: Frames | None = None
    alarm: Frames | None = None
    bare_ms: list[float] = field(default_factory=list)
    banner_ms: list[float] = field(default_factory=list)
    opened_ms: list[float] = field(default_factory=list)
    press_ms: list[float] = field(default_factory=list)
    cold_ms: list[float] = field(default_factory=list)
    heap_mb: list[float] = field(default_factory=list)
    clock_ms: float = 0.0


async def measure(effort: Effort, broker: Literal["embedded", "mosquitto"], say: Say) -> Report:
    """Everything, one after the other, while the crowd walks. `say` is told what is being done."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tipstaff-bench-")))
        say("registering and connecting 2,000 units")
        opening = asyncio.create_task(stack.enter_async_context(chromium()), name="the browser starts")
        try:
            site = await stack.enter_async_context(crowded_site(folder, broker, UNITS))
        finally:
            browser = await opening
        crowd, person, url = site.crowd, site.person, site.url
        seen = _Seen()
        before, began_s = await crowd.next_second(), time.monotonic()
        say("an empty page")
        async with bare_page(browser) as (empty, send):
            seen.empty = await empty.frames(effort.raw_frames_s)
            seen.bare_ms = [await send() for _ in range(effort.alarms + WARM_UP)][WARM_UP:]
        cookies = dict(person.cookies)
        say("loading it cold")
        for number in range(1, effort.cold_loads + 1):
            async with page_in(browser, cookies, url) as desk:
                await desk.page.goto(url)
                seen.cold_ms.append(await desk.page.evaluate("units => bench.liveWith(units)", UNITS))
                if number == effort.cold_loads:
                    await _watch(desk, site, effort, seen, say)
        after = await crowd.next_second()
        rate = (after["acked"] - before["acked"]) / (time.monotonic() - began_s)
        notes: dict[str, Any] = {
            "units": UNITS,
            "broker": broker,
            "alarms": len(seen.banner_ms),
            "cold_loads": len(seen.cold_ms),
            "fixes_acknowledged_per_s": round(rate, 1),
            "fixes_left_out": after["left_out"],
            "connections_lost": after["lost"],
            "clock_uncertain_ms": round(seen.clock_ms, 2),
        }
    return _report(seen, notes)


async def _watch(
    desk: MeasuredPage, site: CrowdedSite, effort: Effort, seen: _Seen, say: Say,
) -> None:  # fmt: skip
    say("frames, quiet")
    seen.heap_mb.append(await desk.heap_mb())
    seen.quiet = await desk.frames(effort.frames_s)
    seen.clock_ms = await desk.align()
    number, until_s = 0, time.monotonic() + effort.alarms_s
    while len(seen.banner_ms) < effort.alarms:
        if len(seen.banner_ms) >= LEAST_ALARMS and time.monotonic() > until_s:
            break
        say(f"alarms, {len(seen.banner_ms)} of {effort.alarms}")
        incident_id, times = await alarm(desk, site, number)
        if number >= WARM_UP:
            seen.press_ms.append(times.from_press)
            seen.opened_ms.append(times.from_opening)
            seen.banner_ms.append(times.from_commit)
        await site.end(incident_id)
        await desk.page.locator(".banner").wait_for(state="detached")
        number += 1
        if number >= WARM_UP:
            await asyncio.sleep(REST_S + number * GOLDEN % 1)
    say("frames, with an open alarm")
    await alarm(desk, site, number)
    seen.alarm = await desk.frames(effort.frames_s)
    seen.heap_mb.append(await desk.heap_mb())


class Times(NamedTuple):
    """Until a banner could be seen, in ms."""

    from_press: float
    from_opening: float
    from_commit: float


async def alarm(desk: MeasuredPage, site: CrowdedSite, number: int) -> tuple[str, Times]:
    """One alarm until its banner can be seen: its incident, and how long that took."""
    unit_id = site.places[number].unit_id
    banner = asyncio.create_task(desk.page.evaluate("bench.nextIncident('.banner')"))
    await asyncio.sleep(0)
    pressed_ms = await site.crowd.press(number, unit_id)
    incident_id, drawn_ms = await banner
    committed_ms: int = await desk.page.evaluate("name => bench.committedMs(name)", incident_id)
    answer = await site.person.get(f"/incidents/{incident_id}")
    incident = answer.raise_for_status().json()
    if incident["unit_id"] != unit_id:
        raise RuntimeError(f"{unit_id} pressed, and the banner was of {incident['unit_id']}")
    drawn_ms = desk.ours(drawn_ms)
    begun_ms = (pressed_ms, incident["opened_ms"], committed_ms)
    return incident_id, Times(*(drawn_ms - at_ms for at_ms in begun_ms))


def _report(seen: _Seen, notes: dict[str, Any]) -> Report:
    assert seen.empty and seen.quiet and seen.alarm
    banner_ms, bare_ms = percentile(seen.banner_ms, 99), percentile(seen.bare_ms, 99)
    metrics = {
        "fps_2000_units": seen.quiet.per_s,
        "fps_2000_units_alarm": seen.alarm.per_s,
        "frame_p99_ms": seen.quiet.pause_p99_ms,
        "frame_alarm_p99_ms": seen.alarm.pause_p99_ms,
        "frame_max_ms": max(seen.quiet.pause_max_ms, seen.alarm.pause_max_ms),
        "heap_mb": seen.heap_mb[-1],
        "heap_grown_mb": seen.heap_mb[-1] - seen.heap_mb[0],
        "alarm_to_banner_p50_ms": percentile(seen.banner_ms, 50),
        "alarm_to_banner_p99_ms": banner_ms,
        "opened_to_banner_p50_ms": percentile(seen.opened_ms, 50),
        "opened_to_banner_p99_ms": percentile(seen.opened_ms, 99),
        "press_to_banner_p50_ms": percentile(seen.press_ms, 50),
        "press_to_banner_p99_ms": percentile(seen.press_ms, 99),
        "cold_load_ms": percentile(seen.cold_ms, 50),
        "cold_load_max_ms": max(seen.cold_ms),
        "fps_ratio_to_raw": seen.alarm.per_s / seen.empty.per_s,
        "banner_ratio_to_raw": banner_ms / bare_ms,
    }
    raw = {
        "empty_page_fps": seen.empty.per_s,
        "empty_page_frame_p99_ms": seen.empty.pause_p99_ms,
        "websocket_to_paint_p50_ms": percentile(seen.bare_ms, 50),
        "websocket_to_paint_p99_ms": bare_ms,
    }
    targets = {
        "fps_2000_units": TARGET_FPS,
        "fps_2000_units_alarm": TARGET_FPS,
        "alarm_to_banner_p99_ms": TARGET_BANNER_MS,
        "cold_load_ms": TARGET_COLD_MS,
    }
    at_least = frozenset({"fps_2000_units", "fps_2000_units_alarm"})
    return Report("console", metrics, raw, targets, notes, at_least)
