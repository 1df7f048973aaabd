"""Recording while unit, broker, gateway and link are killed at random: what was on the card is in the store, whole."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest
from whole_recording import LONG_S, SMALL, faults_of, files_of, heard_for
from whole_site import OFFICERS, Site, site

from simulator.desk import Desk

SEGMENTS = int(os.environ.get("SEGMENTS_UNDER_KILLS", "8"))
SEED = int(os.environ.get("SEGMENTS_SEED", "20261126"))
pytestmark = pytest.mark.timeout(300 + 30 * SEGMENTS)
SETTLE_S = LONG_S + 2.0 * SEGMENTS
FAULTS = ("broker", "gateway", "power", "link silent", "link reset", "link thin", "nothing")


async def disturb(it: Site, random: Random) -> str:
    """One fault, some recording in it, and its end; what it was."""
    unit, fault = it.unit, random.choice(FAULTS)
    if fault == "broker":
        await it.kill_broker()
    elif fault == "gateway":
        await it.process.kill()
        await heard_for(unit, random.randrange(0, 2000))
        await it.process.start()
    elif fault == "power":
        await unit.power_cut()
        await unit.start()
    elif fault == "link thin":
        unit.link.shape(bandwidth_bytes_s=20_000, delay_ms=80, loss_pct=2)
        await heard_for(unit, random.randrange(500, 3000))
        unit.link.shape()
    elif fault.startswith("link"):
        unit.link.cut("reset" if fault == "link reset" else "silent")
        await heard_for(unit, random.randrange(100, 3000))
        unit.link.restore()
    return fault


def unsealed(it: Site) -> list[str]:
    """What of the card the unit does not know to be sealed."""
    folder = it.unit.config.home / "card" / "rec"
    return sorted(path.name for path in folder.glob("*/*/*") if path.suffix in (".new", ".tip"))


async def all_sealed(it: Site, desk: Desk, told: Counter[str]) -> None:
    """Until the gateway has confirmed every segment of the card."""
    try:
        async with asyncio.timeout(SETTLE_S):
            while unsealed(it) or not files_of(it, it.unit).card:
                await desk.wait_news()
    except TimeoutError:
        raise AssertionError(f"not sealed after {told}: {unsealed(it)}, {list(it.unit.events)}") from None


async def parts_of(desk: Desk, unit_id: str) -> dict[str, dict[str, Any]]:
    """Every segment that the gateway knows, by the name of its file."""
    found = {}
    for row in (await desk.get("/recordings", unit_id=unit_id, limit=100))["items"]:
        detail = await desk.get(f"/recordings/{unit_id}/{row['recording']}")
        assert detail["absent"] == []
        found |= {f"{row['recording']}-{part['number']}.mkv": part for part in detail["parts"]}
    return found


async def test_random_kills_lose_no_byte_of_the_card(tmp_path: Path) -> None:
    """SEGMENTS_UNDER_KILLS and SEGMENTS_SEED in the environment make it longer and different."""
    random = Random(SEED)
    told: Counter[str] = Counter()
    async with site(tmp_path, OFFICERS[:1], recording=SMALL | {"record_always": True}) as it:
        unit = it.unit
        while len(files_of(it, unit).card) < SEGMENTS:
            told[await disturb(it, random)] += 1
            await heard_for(unit, random.randrange(500, 3000))
        await unit.wait_connected(LONG_S)
        async with it.desk() as desk:
            await desk.until(lambda: desk.units[unit.unit_id]["online"], LONG_S)
            await desk.command(unit.unit_id, "setting", 0, name="record_always")
            await desk.until(
                lambda: not desk.units[unit.unit_id]["recording"], LONG_S, "the end of recording"
            )
            await all_sealed(it, desk, told)
            parts = await parts_of(desk, unit.unit_id)
        files = files_of(it, unit)
        assert set(parts) == set(files.evidence) == set(files.card), told
        for name, path in files.card.items():
            whole = hashlib.sha256(path.read_bytes()).hexdigest()
            assert whole == parts[name]["sha256"] and parts[name]["state"] == "sealed", (name, told)
            assert whole == hashlib.sha256(files.evidence[name].read_bytes()).hexdigest(), (name, told)
        # Power that goes between two segments, too, leaves a recording with an end: the next boot writes it.
        assert await faults_of(it, unit, "--complete") == set(), told
        assert [text for _, text in unit.events if "died" in text] == [], told
