"""The annunciator as a program: a real gateway and unit, a real sound server, and what its loudspeaker plays."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sysconfig
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
from loudspeaker import RATE_HZ, Room, room
from whole_site import OFFICERS, site

from gateway.annunciator.selftest import heard
from gateway.annunciator.tones import level
from gateway.cli.stage import LOGIN

TIPSTAFF = str(Path(sysconfig.get_path("scripts")) / "tipstaff")
QUIET = np.zeros(RATE_HZ, np.float32)
WITHIN_S = 30.0


def rings(samples: np.ndarray) -> bool:
    return heard(QUIET, samples, RATE_HZ).ok


def silent(samples: np.ndarray) -> bool:
    return float(np.abs(samples).max()) < 0.003


def falls(samples: np.ndarray) -> bool:
    """The tone of a lost gateway: 520, 390 and 300 Hz, one after the other."""
    size = RATE_HZ // 10
    parts = [samples[at : at + size] for at in range(0, len(samples) - size, size // 2)]
    at = [
        max(range(len(parts)), key=lambda number: level(parts[number], RATE_HZ, hz)) for hz in (520, 390, 300)
    ]
    return all(
        level(parts[number], RATE_HZ, hz) > 0.1 for number, hz in zip(at, (520, 390, 300), strict=True)
    )


@contextlib.asynccontextmanager
async def annunciator(there: Room, *words: str, **environment: str) -> AsyncIterator[asyncio.StreamReader]:
    """The program, and the lines that it prints."""
    program = await asyncio.create_subprocess_exec(
        TIPSTAFF,
        "annunciator",
        "--json",
        *words,
        env={**there.environment, **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert program.stdout is not None
    try:
        yield program.stdout
    finally:
        with contextlib.suppress(ProcessLookupError):
            program.terminate()
        await program.wait()


async def until(lines: asyncio.StreamReader, event: str) -> dict[str, Any]:
    """The next event of this name; those before it are read over."""
    async with asyncio.timeout(WITHIN_S):
        while line := await lines.readline():
            said: dict[str, Any] = json.loads(line)
            if said["event"] == event:
                return said
    raise AssertionError(f"the annunciator ended before {event!r}")


async def test_alarm_sounds_until_acknowledged_and_a_killed_gateway_is_said_aloud(tmp_path: Path) -> None:
    async with room(tmp_path / "room") as there, site(tmp_path, OFFICERS[:1]) as it:
        words = ("--url", it.process.url, "--login", LOGIN)
        async with annunciator(there, *words, TIPSTAFF_PASSWORD=it.password) as lines:
            await until(lines, "connected")
            await there.until(silent, "silence before the alarm")
            await it.unit.press()
            assert (await until(lines, "alarm"))["unit_id"] == OFFICERS[0].unit_id
            await there.until(rings, "the alarm")
            async with it.desk() as desk:
                incident = await desk.incident_of(OFFICERS[0].unit_id)
                await desk.act(incident["incident_id"], "acknowledge")
            await until(lines, "quiet")
            await there.until(silent, "silence after the acknowledgement")
            await it.process.kill()
            await until(lines, "lost")
            await there.until(falls, "the loss of the gateway")
            await it.process.start()
            await until(lines, "back")
            await there.until(silent, "silence once the gateway is back")


async def test_self_test_says_what_it_heard(tmp_path: Path) -> None:
    async with room(tmp_path / "room") as there:

        def self_test(*words: str) -> subprocess.CompletedProcess[str]:
            command = [TIPSTAFF, "annunciator", "--self-test", "--json", *words]
            return subprocess.run(
                command, env=there.environment, capture_output=True, text=True, timeout=60, check=False
            )

        done = await asyncio.to_thread(self_test, "--listen", "monitor")
        assert done.returncode == 0, done.stderr
        result = json.loads(done.stdout)
        assert result["heard"] is True and -20 < result["level_db"] < 0
        unknown = await asyncio.to_thread(self_test, "--device", "no such loudspeaker")
        assert unknown.returncode == 2
        assert (
            "'no such loudspeaker' cannot be opened" in unknown.stderr and "--list-devices" in unknown.stderr
        )
