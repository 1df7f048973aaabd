"""The unit's share of `tipstaff bench evidence`: the longest step of its loop, and its heap, while it records.

The firmware runs under the real interpreter (`bench/recording_unit.py`) with a VGA picture eight times a second and
A-law, is sealed and signed, and goes out over a link of 125 KB/s that loses some; in between an alarm is raised.
"""

from __future__ import annotations

import array
import asyncio
import json
import os
import secrets
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from bench.report import percentile
from simulator.installation import find_installation

SECONDS = 65
QUICK_SECONDS = 25
RUNS = 3
MEMORY = "/dev/shm"
RING_KIB = 4096
HEAP_KIB = 512
# Byte code lies in flash on the unit, and here in the heap, loaded from sources: docs/firmware.md.
SPARE_KIB = 128
TARGET_STEP_MS = 0.3
TIMEOUT_S = 300.0


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured.

    longest_step_ms: the longest step of the event loop, step_p99_ms: all but one in a hundred are shorter. Each step
    counts as in the run in which it took least: all runs take the same steps, and other processes take time from some.
    heap_peak_bytes: the most that was alive, as seen ten times a second; the ring is in it. collect_ms: a collection of
    garbage, which is in no step. steps_over: so many of `steps` are longer than the target.
    """

    longest_step_ms: float
    step_p99_ms: float
    heap_peak_bytes: int
    ring_bytes: int
    collect_ms: float
    steps: int
    steps_over: int
    sealed: int

    @property
    def heap_target_bytes(self) -> int:
        """512 KiB and the ring."""
        return HEAP_KIB * 1024 + self.ring_bytes


async def measure(seconds: int = SECONDS, runs: int = RUNS) -> Figures:
    """Runs the unit `runs` times for `seconds` of its time.

    Raises RuntimeError when the unit fails, or has not brought everything to the gateway.
    """
    found: list[dict[str, int]] = []
    shortest: array.array[int] | None = None
    for _ in range(runs):
        said, steps_us = await _run(seconds)
        found.append(said)
        if shortest is None:
            shortest = steps_us
        elif len(shortest) == len(steps_us):
            shortest = array.array("I", map(min, shortest, steps_us))
        else:
            raise RuntimeError(
                f"the runs took {len(shortest)} and {len(steps_us)} steps: they cannot be compared"
            )
    assert shortest is not None
    return Figures(
        longest_step_ms=max(shortest) / 1000,
        step_p99_ms=percentile(shortest, 99) / 1000,
        heap_peak_bytes=max(said["heap_peak_bytes"] for said in found),
        ring_bytes=found[0]["ring_bytes"],
        collect_ms=min(said["collect_us"] for said in found) / 1000,
        steps=len(shortest),
        steps_over=sum(step_us > TARGET_STEP_MS * 1000 for step_us in shortest),
        sealed=sum(said["sealed"] for said in found),
    )


def _memory() -> str | None:
    """A folder in RAM, for how long a disk takes to be certain is not the firmware's; None where there is none."""
    return MEMORY if os.access(MEMORY, os.W_OK) else None


async def _run(seconds: int) -> tuple[dict[str, int], array.array[int]]:
    installation = find_installation()
    script = Path(__file__).parent / "recording_unit.py"
    with tempfile.TemporaryDirectory(prefix="tipstaff-bench-", dir=_memory()) as folder:
        home = Path(folder)
        unit = {
            "unit_id": "B1", "court_id": "350102", "broker_host": "127.0.0.1", "broker_port": 1883,
            "broker_name": "localhost", "ring_kib": RING_KIB, "segment_s": 30, "generation": 1,
        }  # fmt: skip
        (home / "unit.json").write_text(json.dumps(unit), encoding="utf-8")
        (home / "unit.sign.key").write_bytes(secrets.token_bytes(32))
        heap = f"heapsize={HEAP_KIB + RING_KIB + SPARE_KIB}k"
        process = await asyncio.create_subprocess_exec(
            str(installation.micropython), "-X", heap, str(script), str(seconds), "steps",
            cwd=home,
            env=dict(os.environ, MICROPYPATH=f".frozen:{installation.firmware}:{installation.firmware.parent}"),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        try:
            output, _ = await asyncio.wait_for(process.communicate(), TIMEOUT_S)
        finally:
            if process.returncode is None:
                process.kill()
                await process.communicate()
        text = output.decode("utf-8", "replace").strip()
        if process.returncode:
            raise RuntimeError(f"the unit ended with {process.returncode}: {text[-2000:]}")
        said: dict[str, int] = json.loads(text.splitlines()[-1])
        steps_us = array.array("I", (home / "steps").read_bytes())
    if sys.byteorder == "big":
        steps_us.byteswap()
    wrong = [name for name in ("waiting", "dropped", "card_errors", "task_restarts") if said[name]]
    if wrong or not said["sealed"] or said["ring_bytes"] != RING_KIB * 1024:
        raise RuntimeError(f"the unit did not record as it should: {said}")
    return said, steps_us
