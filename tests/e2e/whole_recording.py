"""What a unit of a whole site has recorded, where it lies, and whether it is the same everywhere."""

from __future__ import annotations

import asyncio
import hashlib
import json
import subprocess
import sysconfig
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from whole_site import Site

from simulator import scene
from simulator.desk import Desk
from simulator.unit import Unit

SMALL: dict[str, object] = {
    "picture": "qvga",
    "picture_fps": 5,
    "picture_kib": 32,
    "segment_s": 2,
    "pre_event_s": 4,
    "ring_kib": 256,
    "state_s": 5,
}
LONG_S = 90.0
LOUD = 4000
Detail = dict[str, Any]


async def heard_for(unit: Unit, duration_ms: int) -> None:
    """Until the unit's ring has had so much more sound."""
    wanted = unit.media.counts.sound_ms + duration_ms
    async with asyncio.timeout(LONG_S):
        while unit.media.counts.sound_ms < wanted:
            await unit.wait_news()


async def recording_that(desk: Desk, unit: Unit, fits: Callable[[Detail], bool], what: str) -> Detail:
    """The newest recording of the unit as soon as it `fits`. Raises AssertionError with how far it came."""
    detail: Detail = {}
    try:
        async with asyncio.timeout(LONG_S):
            while True:
                found = (await desk.get("/recordings", unit_id=unit.unit_id))["items"]
                if found:
                    detail = await desk.get(f"/recordings/{unit.unit_id}/{found[0]['recording']}")
                    if fits(detail):
                        return detail
                await desk.wait_news()
    except TimeoutError:
        parts = [(part["number"], part["state"], part["ranges"]) for part in detail.get("parts", [])]
        raise AssertionError(f"{what} did not come: {parts}, {list(unit.events)}") from None


def sealed(at_least: int) -> Callable[[Detail], bool]:
    """The first `at_least` segments are sealed."""
    return lambda detail: [part["state"] for part in detail["parts"][:at_least]] == ["sealed"] * at_least


@dataclass(frozen=True, slots=True)
class Files:
    """Files of the unit's card and of the evidence store, by name."""

    card: dict[str, Path]
    evidence: dict[str, Path]


def files_of(it: Site, unit: Unit) -> Files:
    """Segments only."""
    kept = it.process.settings.data_dir / "evidence" / unit.unit_id
    return Files(
        {path.name: path for path in (unit.config.home / "card" / "rec").glob("*/*/*.mkv")},
        {path.name: path for path in kept.glob("*/*.mkv")},
    )


def assert_same_everywhere(it: Site, unit: Unit, detail: Detail) -> None:
    """Each sealed segment has the signed hash in the store and on the card."""
    files = files_of(it, unit)
    for part in detail["parts"]:
        if part["state"] == "sealed":
            name = f"{detail['recording']}-{part['number']}.mkv"
            for path in (files.card[name], files.evidence[name]):
                assert hashlib.sha256(path.read_bytes()).hexdigest() == part["sha256"], path


async def faults_of(it: Site, unit: Unit, *options: str) -> set[str]:
    """What `tipstaff verify` with the unit's own key finds wrong in the evidence store."""
    seed = (unit.config.home / "unit.sign.key").read_bytes()
    key = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw().hex()
    folder = it.process.settings.data_dir / "evidence" / unit.unit_id
    command = [
        Path(sysconfig.get_path("scripts")) / "tipstaff", "verify", folder, "--unit-key", key, "--json", *options
    ]  # fmt: skip
    done = await asyncio.to_thread(
        subprocess.run, command, capture_output=True, text=True, timeout=LONG_S, check=False
    )
    assert done.returncode in (0, 1), done.stderr
    report = json.loads(done.stdout)
    assert report["segments"]
    found = {fault["code"] for segment in report["segments"] for fault in segment["faults"]}
    assert report["ok"] == (not found)
    return found


@dataclass(frozen=True, slots=True)
class Seen:
    """One segment read back: pictures as (number, taken at in the scene, shown at in the file), beeps (begin in the
    file), all in ms."""

    pictures: list[tuple[int, int, int]]
    beeps_ms: list[int]

    def apart_ms(self) -> list[int]:
        """How much later each beep is heard than its flash is seen; negative: earlier.

        A picture has its time from its arrival at the unit, so the least late one tells where the scene's seconds lie:
        what a loaded machine adds to others is not the recorder's.
        """
        shift_ms = min(shown_ms - taken_ms for _, taken_ms, shown_ms in self.pictures)
        whole = [
            at_ms for at_ms in self.beeps_ms if at_ms > scene.FLASH_MS
        ]  # the first may have begun before
        return [(at_ms - shift_ms + 500) % 1000 - 500 for at_ms in whole]


def read_back(path: Path) -> Seen:
    """Decode a segment, or a copy of several. A picture that does not say its number is no picture of the scene."""
    pictures = []
    samples: list[tuple[int, np.ndarray[Any, Any]]] = []
    with av.open(str(path)) as film:
        for frame in film.decode(video=0):
            said = scene.read(frame.to_ndarray(format="rgb24"))
            assert said is not None and frame.time is not None, f"{path}: {frame}"
            pictures.append((*said, round(frame.time * 1000)))
    with av.open(str(path)) as film:
        for packet in film.decode(audio=0):
            assert packet.time is not None
            sound = packet.to_ndarray().reshape(-1)
            whole = sound * 32768 if sound.dtype.kind == "f" else sound  # AAC of a derived copy
            samples.append((round(packet.time * 1000), whole))
    beeps_ms: list[int] = []
    quiet = True
    for at_ms, sound in samples:
        for offset in range(0, len(sound), 16):
            loud = bool(np.abs(sound[offset : offset + 16].astype(int)).max() > LOUD)
            if loud and quiet:
                now_ms = at_ms + offset * 1000 // scene.RATE_HZ
                if not beeps_ms or now_ms - beeps_ms[-1] > 2 * scene.FLASH_MS:
                    beeps_ms.append(now_ms)
            quiet = not loud
    return Seen(pictures, beeps_ms)
