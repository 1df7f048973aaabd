"""`tipstaff bench evidence`: recordings that a gateway takes, and what recording costs the unit and its alarm.

One measurement after the other. Units hand over recordings as fast as the gateway takes them, hashes and stores them
(the generator shares the machine). Then two units on links of 125 KB/s raise alarms in turn: one has no camera, the
other records and its pictures fill the link. Then the firmware alone: the longest step of its loop and its heap.
Beside them, in the same run: SHA-256, a write and an fsync alone.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from bench import evidence_firmware
from bench.evidence_firmware import Figures
from bench.film import GENERATOR, MIB, STREAM_BYTES_S, Taken, hash_and_write, take, write_plan
from bench.report import Report, percentile
from gateway.app import Gateway
from gateway.cli.stage import LOGIN, GatewayProcess, Officer, furnish, settings_in
from simulator.camera import SceneCamera
from simulator.desk import Desk
from simulator.fleet import Fleet, tracks_around
from simulator.microphone import SceneMicrophone
from simulator.unit import Unit
from simulator.unit_config import UnitConfig

UNITS = 8
SEGMENT_BYTES = 2 * MIB
RAW_S = 3.0
LINK_BYTES_S = 125_000
LINK_DELAY_MS = 20.0
HOLD_MS = 450  # longer than a short press, so that the next press is an alarm of its own
TIMEOUT_S = 30.0
TARGET_RATIO = 0.5
TARGET_BEHIND = 3.0
COURTS = ("350102", "350103", "350104", "350105", "350111", "350112", "350121", "350122")
FILMING = tuple(Officer(f"F{n}", court, "", "") for n, court in enumerate(COURTS[:UNITS]))
QUIET, BUSY = Officer("QUIET", "350102", "", ""), Officer("BUSY", "350103", "", "")

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """`take_s` of recordings, `presses` of each of the two units, `unit_s` of the firmware alone, `unit_runs` times."""

    take_s: float
    presses: int
    unit_s: int
    unit_runs: int


FULL = Plan(30.0, 100, evidence_firmware.SECONDS, evidence_firmware.RUNS)
QUICK = Plan(6.0, 10, evidence_firmware.QUICK_SECONDS, 2)


@dataclass(frozen=True, slots=True)
class Alarms:
    """Press to console in ms of the unit whose link is idle and of the one whose link is full; how full it was."""

    idle_ms: list[float]
    behind_ms: list[float]
    link_bytes_s: float


async def measure(plan: Plan, broker: Literal["embedded", "mosquitto"], say: Say) -> Report:
    """Run all of it; `say` is told what happens."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tipstaff-bench-")))
        settings = settings_in(folder, broker=broker, hold_ms=0)
        say("provisioning")
        async with Gateway(settings) as gateway:
            password, homes = await furnish(gateway, (*FILMING, QUIET, BUSY))
        write_plan(settings, FILMING, homes[:UNITS], SEGMENT_BYTES, folder / "film")
        process = await stack.enter_async_context(GatewayProcess(settings))
        say("recordings, as fast as they are taken")
        taken = await take(process, folder / "film", plan.take_s, TIMEOUT_S)
        say("SHA-256 and write alone")
        raw_bytes_s = await asyncio.to_thread(hash_and_write, folder, SEGMENT_BYTES, RAW_S)
        say("alarms beside pictures")
        desk = await stack.enter_async_context(Desk(process.url, LOGIN, password))
        alarms = await _alarms(homes[UNITS:], desk, plan.presses)
    say("the firmware alone")
    unit = await evidence_firmware.measure(plan.unit_s, plan.unit_runs)
    return _report(taken, raw_bytes_s, alarms, unit, broker)


async def _alarms(homes: list[Path], desk: Desk, presses: int) -> Alarms:
    quiet, busy = (UnitConfig.from_home(home, seed=seed) for seed, home in enumerate(homes))
    configs = [quiet, _recording(busy)]
    ids = [QUIET.unit_id, BUSY.unit_id]
    idle_ms: list[float] = []
    behind_ms: list[float] = []
    async with Fleet(configs, dict(zip(ids, tracks_around(2), strict=True))) as fleet:
        for one in ids:
            fleet[one].link.shape(LINK_BYTES_S, LINK_DELAY_MS)
        await fleet.wait_connected()
        await desk.online(ids)
        await desk.until(lambda: all(desk.units[i].get("fix") for i in ids), TIMEOUT_S, "a fix of every unit")
        await _press(fleet[BUSY.unit_id], desk)  # pictures are live from the first alarm on
        began, began_s = fleet[BUSY.unit_id].link.stats.bytes_up, time.monotonic()
        for _ in range(presses):
            idle_ms.append(await _press(fleet[QUIET.unit_id], desk))
            behind_ms.append(await _press(fleet[BUSY.unit_id], desk))
        sent = fleet[BUSY.unit_id].link.stats.bytes_up - began
        return Alarms(idle_ms, behind_ms, sent / (time.monotonic() - began_s))


def _recording(config: UnitConfig) -> UnitConfig:
    settings = {"record_always": True, "picture": "vga", "picture_fps": 10, "segment_s": 10}
    return replace(
        config, camera=lambda: SceneCamera(label=BUSY.unit_id), microphone=SceneMicrophone, settings=settings
    )


async def _press(unit: Unit, desk: Desk) -> float:
    """One alarm, from the edge to the desk; it is closed again."""
    desk.arrived_s.clear()
    began_s = time.monotonic()
    holding = asyncio.create_task(unit.press(HOLD_MS))
    incident = await desk.incident_of(unit.unit_id, TIMEOUT_S)
    number: str = incident["incident_id"]
    arrived_s = min(at_s for (one, _), at_s in desk.arrived_s.items() if one == number)
    await holding
    await desk.act(number, "acknowledge")
    await desk.act(number, "close", reason="test")
    await desk.until(lambda: desk.incidents[number]["state"] == "CLOSED", TIMEOUT_S, f"the end of {number}")
    return (arrived_s - began_s) * 1000


def _report(taken: Taken, raw_bytes_s: float, alarms: Alarms, unit: Figures, broker: str) -> Report:
    streams = taken.bytes_s / STREAM_BYTES_S
    idle_ms, behind_ms = percentile(alarms.idle_ms, 99), percentile(alarms.behind_ms, 99)
    metrics = {
        "streams_100kBps": streams,
        "ratio_to_sha256_write": taken.bytes_s / raw_bytes_s,
        "cpu_per_stream": taken.gateway_cpu_s / taken.seconds / streams,
        "broker_cpu_per_stream": taken.broker_cpu_s / taken.seconds / streams,
        "alarm_behind_video_p50_ms": percentile(alarms.behind_ms, 50),
        "alarm_behind_video_p99_ms": behind_ms,
        "alarm_behind_video_ratio": behind_ms / idle_ms,
        "firmware_heap_peak_bytes": unit.heap_peak_bytes,
        "firmware_longest_step_ms": unit.longest_step_ms,
        "firmware_step_p99_ms": unit.step_p99_ms,
    }
    raw = {
        "sha256_write_mb_s": raw_bytes_s / 1e6,
        "taken_mb_s": taken.bytes_s / 1e6,
        "alarm_idle_link_p50_ms": percentile(alarms.idle_ms, 50),
        "alarm_idle_link_p99_ms": idle_ms,
    }
    targets = {
        "ratio_to_sha256_write": TARGET_RATIO,
        "alarm_behind_video_ratio": TARGET_BEHIND,
        "firmware_heap_peak_bytes": unit.heap_target_bytes,
        "firmware_longest_step_ms": evidence_firmware.TARGET_STEP_MS,
    }
    notes = {
        "broker": broker,
        "generator": GENERATOR,
        "sent_again": max(0, taken.sent_bytes - taken.sealed_bytes) / max(1, taken.sent_bytes),
        "presses": len(alarms.behind_ms),
        "link_bytes_s": round(alarms.link_bytes_s),
        "firmware_steps": unit.steps,
        "firmware_collect_ms": unit.collect_ms,
        "firmware_steps_over_target": unit.steps_over,
    }
    return Report("evidence", metrics, raw, targets, notes, frozenset({"ratio_to_sha256_write"}))
