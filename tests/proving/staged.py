"""Segments that show the simulator's scene, as a unit writes them: what is seen and heard says when it was."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import av
import numpy as np
import simplejpeg

sys.path.append(str(Path(__file__).parent))

from filmed import encode_a_law

from gateway.evidence.derive import Master
from protocol import matroska
from protocol.manifest import Manifest
from protocol.records import Stamp
from simulator import scene

SIZE = (320, 240)
PACKET_MS = 40
PICTURE_MS = 125
SEGMENT_MS = 2000
LOUD = 4000
BEEPS_APART_MS = 300


@dataclass
class Stage:
    """Writes the scene into one segment after another.

    heard_at, seen_at: how late (ms) the file tells the packet, or the picture, of a moment; lost: moments whose packet
    is not in the file.
    """

    folder: Path
    heard_at: Callable[[int], int] = lambda at_ms: 0
    seen_at: Callable[[int], int] = lambda at_ms: 0
    lost: Callable[[int], bool] = lambda at_ms: False
    masters: list[Master] = field(default_factory=list)
    pictures: int = 0

    def film(self, from_ms: int, to_ms: int, *, boot: int = 1, flags: int = 0) -> None:
        """One segment of the scene's moments, which begins with a packet of sound."""
        number = len(self.masters)
        head, _ = matroska.head(matroska.Format(*SIZE), number.to_bytes(16, "big"), "tipstaff", None, [])
        out, buffer = bytearray(head), bytearray(256)
        cluster_ms = -1000
        first_picture_ms = -(-from_ms // PICTURE_MS) * PICTURE_MS
        told = [(at_ms, matroska.SOUND) for at_ms in range(from_ms, to_ms, PACKET_MS)]
        told += [(at_ms, matroska.PICTURE) for at_ms in range(first_picture_ms, to_ms, PICTURE_MS)]
        for at_ms, track in sorted(told, key=lambda one: (one[0], -one[1])):
            time_ms = at_ms - from_ms
            if track == matroska.SOUND:
                if self.lost(at_ms):
                    continue
                time_ms = max(0, time_ms + self.heard_at(at_ms))
                content = encode_a_law(scene.sound(at_ms, PACKET_MS))
            else:
                image = scene.draw(self.pictures, at_ms, *SIZE)
                content = bytes(simplejpeg.encode_jpeg(image, quality=80))
                time_ms = max(0, time_ms + self.seen_at(at_ms))
                self.pictures += 1
            if time_ms - cluster_ms >= 1000:
                cluster_ms = time_ms
                out += buffer[: matroska.put_cluster(buffer, 0, time_ms)]
            size = matroska.put_block(buffer, 0, track, time_ms - cluster_ms, len(content))
            out += buffer[:size] + content
        path = self.folder / f"{number}.mkv"
        path.write_bytes(out)
        first = Stamp(utc_s=1_795_486_330, utc_ms=564, quality=3, mono_ms=5000 + from_ms, boot=boot)
        manifest = Manifest(
            segment=bytes(8) + number.to_bytes(4, "big"), size=len(out), sha256=hashlib.sha256(out).digest(),
            first=first, last=first, seq=number, previous=bytes(32), flags=flags, dropped_pictures=0,
            dropped_sounds=0, unit="MZ2534", key_id=bytes(8), case_no="(2026)闽0105执1287号",
        )  # fmt: skip
        self.masters.append(Master(path, manifest))


@dataclass(frozen=True, slots=True)
class Played:
    """What a player shows of a copy: pictures as (number, moment of the scene, shown at) and beeps, all in ms."""

    pictures: list[tuple[int, int, int]]
    beeps_ms: list[int]

    @property
    def late_ms(self) -> list[tuple[int, int]]:
        """(moment of the scene, how much later it is shown) of every picture."""
        return [(taken_ms, shown_ms - taken_ms) for _, taken_ms, shown_ms in self.pictures]

    def apart_ms(self) -> list[int]:
        """How much later each beep is heard than the pictures around it are shown; negative: earlier."""
        found = []
        for heard_ms in self.beeps_ms:
            _, taken_ms, shown_ms = min(self.pictures, key=lambda one: abs(one[2] - heard_ms))
            moment_ms = heard_ms - (shown_ms - taken_ms)
            found.append((moment_ms + 500) % 1000 - 500)
        return found


def played(path: Path) -> Played:
    """Decodes a copy as a player does, by the times in the file. A picture that says no number is an error."""
    pictures, parts = [], []
    with av.open(str(path)) as file:
        for frame in file.decode(video=0):
            said = scene.read(frame.to_ndarray(format="rgb24"))
            assert said is not None and frame.time is not None, frame
            pictures.append((*said, round(frame.time * 1000)))
    with av.open(str(path)) as file:
        for heard in file.decode(audio=0):
            assert heard.time is not None and heard.sample_rate == scene.RATE_HZ
            parts.append((round(heard.time * scene.RATE_HZ), heard.to_ndarray().reshape(-1) * 32768))
    beeps_ms: list[int] = []
    before_ms = 0
    for at, samples in parts:
        for offset in np.flatnonzero(np.abs(samples) > LOUD):
            now_ms = round((at + int(offset)) * 1000 / scene.RATE_HZ)
            if not beeps_ms or now_ms - before_ms > BEEPS_APART_MS:
                beeps_ms.append(now_ms)
            before_ms = now_ms
    return Played(pictures, [at_ms for at_ms in beeps_ms if at_ms > scene.FLASH_MS])
