"""`tipstaff bench alarm`: from the button's edge on a unit to the alarm in a WebSocket client.

The units are real firmware that takes a press at the edge (`hold_ms` 0), the gateway is a process of its own,
and every press opens an incident of its own, so the choice of court is in the figure. Beside it, in the same
run, after every press: a bare publish-subscribe through the same broker, and one fsync.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, AsyncExitStack
from pathlib import Path
from typing import Any, Literal

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from bench.raw import Access, fsync, publish_subscribe
from bench.report import Report, percentile
from gateway.app import Gateway
from gateway.cli.stage import LOGIN, GatewayProcess, Officer, furnish, settings_in
from gateway.settings import Settings
from protocol.topics import down
from simulator.desk import Desk
from simulator.fleet import Fleet, tracks_around
from simulator.unit import Unit
from simulator.unit_config import UnitConfig

PRESSES = 500
QUICK_PRESSES = 60
WARM_UP = 8
TARGET_P99_MS = 50.0
TARGET_RATIO = 5.0
TIMEOUT_S = 20.0
ALARM_BYTES = 109  # an alarm with a fix and a case number, docs/wire.md
RAW = Officer("BENCH", "350102", "", "")
COURTS = ("350102", "350103", "350104", "350105", "350111", "350112", "350121", "350122")
OFFICERS = tuple(Officer(f"B{n}", court, "", "") for n, court in enumerate(COURTS))
HOLD_MS = 450  # longer than a short press, so that the next press is an alarm of its own

Say = Callable[[int, int], None]


async def measure(presses: int, broker: Literal["embedded", "mosquitto"], say: Say) -> Report:
    """Press `presses` times, one after the other, on eight units in turn. `say` is told (done, of)."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tipstaff-bench-")))
        settings = settings_in(folder, broker=broker, hold_ms=0)
        async with Gateway(settings) as gateway:
            password, homes = await furnish(gateway, (RAW, *OFFICERS))
        process = await stack.enter_async_context(GatewayProcess(settings))
        configs = [UnitConfig.from_home(home, seed=seed) for seed, home in enumerate(homes[1:])]
        ids = [officer.unit_id for officer in OFFICERS]
        tracks = dict(zip(ids, tracks_around(len(ids)), strict=True))
        fleet = await stack.enter_async_context(Fleet(configs, tracks))
        desk = await stack.enter_async_context(Desk(process.url, LOGIN, password))
        trip = stack.enter_context(_trip(settings, homes[0]))
        sync = stack.enter_context(fsync(folder, ALARM_BYTES))
        await fleet.wait_connected()
        await desk.online(ids)
        await desk.until(lambda: all(desk.units[i].get("fix") for i in ids), TIMEOUT_S, "a fix of every unit")
        press = _Press(desk)
        trips_ms: list[float] = []
        syncs_ms: list[float] = []
        for number in range(WARM_UP + presses):
            if number == WARM_UP:
                for times_ms in (press.console_ms, press.stored_ms, trips_ms, syncs_ms):
                    times_ms.clear()
            await press(fleet[ids[number % len(ids)]])
            trips_ms.append(await asyncio.to_thread(trip))
            syncs_ms.append(await asyncio.to_thread(sync))
            say(max(0, number + 1 - WARM_UP), presses)
    return _report(press, trips_ms, syncs_ms, broker, presses)


class _Press:
    """Presses, takes the times in ms, and clears up."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._holding: dict[str, asyncio.Task[float]] = {}
        self.console_ms: list[float] = []
        self.stored_ms: list[float] = []

    async def __call__(self, unit: Unit) -> None:
        desk, alarms = self._desk, len(unit.alarms)
        if unit.unit_id in self._holding:
            await self._holding[unit.unit_id]
        began_s = time.monotonic()
        self._holding[unit.unit_id] = asyncio.create_task(unit.press(HOLD_MS), name="bench holds a button")
        incident = await desk.incident_of(unit.unit_id, TIMEOUT_S)
        number: str = incident["incident_id"]
        arrived_s = min(at_s for (one, _), at_s in desk.arrived_s.items() if one == number)
        stored_s = await unit.wait_stored(TIMEOUT_S, since_s=began_s)
        self.console_ms.append((arrived_s - began_s) * 1000)
        self.stored_ms.append((stored_s - began_s) * 1000)
        if len(unit.alarms) != alarms + 1:
            raise RuntimeError(f"{unit.unit_id}: one press became {len(unit.alarms) - alarms} alarms")
        await desk.act(number, "acknowledge")
        await desk.act(number, "close", reason="test")
        await desk.until(
            lambda: desk.incidents[number]["state"] == "CLOSED", TIMEOUT_S, f"the end of {number}"
        )
        desk.arrived_s.clear()


def _trip(settings: Settings, home: Path) -> AbstractContextManager[Callable[[], float]]:
    """Bare trips through the gateway's broker: published as the gateway, heard as the unit in `home`."""
    folder, port = settings.data_dir, settings.broker.port
    ca_file = folder / "ca" / "ca.crt"
    certificate = x509.load_der_x509_certificate((home / "unit.der").read_bytes())
    key = serialization.load_der_private_key((home / "unit.key.der").read_bytes(), None)
    (home / "unit.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (home / "unit.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    own = folder / "broker"
    publisher = Access("localhost", port, ca_file, own / "gateway.crt", own / "gateway.key")
    subscriber = Access("localhost", port, ca_file, home / "unit.crt", home / "unit.key")
    return publish_subscribe(
        publisher, subscriber, down(RAW.court_id, RAW.unit_id, "want"), bytes(ALARM_BYTES)
    )


def _report(
    press: _Press, trips_ms: list[float], synced_ms: list[float], broker: str, presses: int
) -> Report:
    raw_ms = percentile(trips_ms, 99) + percentile(synced_ms, 99)
    p99_ms = percentile(press.console_ms, 99)
    metrics: dict[str, float] = {
        "press_to_console_p50_ms": percentile(press.console_ms, 50),
        "press_to_console_p99_ms": p99_ms,
        "press_to_console_max_ms": max(press.console_ms),
        "press_to_stored_p50_ms": percentile(press.stored_ms, 50),
        "press_to_stored_p99_ms": percentile(press.stored_ms, 99),
        "ratio_to_raw": p99_ms / raw_ms,
    }
    raw = {
        "publish_subscribe_p50_ms": percentile(trips_ms, 50),
        "publish_subscribe_p99_ms": percentile(trips_ms, 99),
        "fsync_p50_ms": percentile(synced_ms, 50),
        "fsync_p99_ms": percentile(synced_ms, 99),
    }
    targets = {"press_to_console_p99_ms": TARGET_P99_MS, "ratio_to_raw": TARGET_RATIO}
    notes: dict[str, Any] = {"presses": presses, "broker": broker}
    return Report("alarm", metrics, raw, targets, notes)
