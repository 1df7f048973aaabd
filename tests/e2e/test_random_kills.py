"""Alarms while unit, broker, gateway and link are killed at random: none is lost, none is doubled."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections import Counter
from pathlib import Path
from random import Random

from whole_site import OFFICERS, Site, site

PRESSES = int(os.environ.get("ALARMS_UNDER_KILLS", "15"))
SEED = int(os.environ.get("ALARMS_SEED", "20261124"))
SETTLE_S = 60.0


def stored_alarms(it: Site) -> Counter[str]:
    """Alarm ids in the gateway's database, and how many rows each has."""
    with sqlite3.connect(
        f"file:{it.process.settings.data_dir / 'tipstaff.db'}?mode=ro", uri=True
    ) as database:
        rows = database.execute("select alarm_id from alarms").fetchall()
    return Counter(row[0].hex() if isinstance(row[0], bytes) else str(row[0]) for row in rows)


async def disturb(it: Site, random: Random, unit_id: str) -> str:
    """One fault, and its end; what it was."""
    unit = it.fleet[unit_id]
    fault = random.choice(("broker", "gateway", "power", "link silent", "link reset", "nothing"))
    if fault == "broker":
        await it.kill_broker()
    elif fault == "gateway":
        await it.process.kill()
        await it.process.start()
    elif fault == "power":
        await unit.power_cut()
        await unit.start()
    elif fault.startswith("link"):
        unit.link.cut("reset" if fault == "link reset" else "silent")
        await asyncio.sleep(random.uniform(0.0, 0.5))
        unit.link.restore()
    return fault


async def test_random_kills_lose_and_double_no_alarm(tmp_path: Path) -> None:
    """ALARMS_UNDER_KILLS and ALARMS_SEED in the environment make it longer and different."""
    random = Random(SEED)
    faults: Counter[str] = Counter()
    pressed: set[str] = set()
    async with site(tmp_path, OFFICERS) as it:
        for number in range(PRESSES):
            officer = OFFICERS[number % len(OFFICERS)]
            unit = it.fleet[officer.unit_id]
            known = len(unit.alarms)
            held = asyncio.create_task(unit.press(800))
            await unit.wait_felt("pressed")
            while len(unit.alarms) == known:
                await unit.wait_news()
            pressed.add(unit.alarms[-1][1])
            faults[await disturb(it, random, officer.unit_id)] += 1
            await held
        assert len(pressed) == PRESSES
        for officer in OFFICERS:
            await it.fleet[officer.unit_id].wait_connected(SETTLE_S)
        async with it.desk() as desk:
            await desk.until(
                lambda: pressed <= set(stored_alarms(it)), SETTLE_S, f"all alarms, after {faults}"
            )
            stored = stored_alarms(it)
            assert set(stored) == pressed, "an alarm that nobody pressed"
            assert set(stored.values()) == {1}
            incidents = (await desk.get("/incidents", state="open"))["items"]
            assert sorted(i["unit_id"] for i in incidents) == [officer.unit_id for officer in OFFICERS]
            assert sum(i["alarm_count"] for i in incidents) == PRESSES
        for officer in OFFICERS:
            assert it.fleet[officer.unit_id].felt_since("received", 0) is not None
