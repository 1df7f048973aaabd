"""Recordings whose pictures and sound can be read back, brought to the gateway as a unit does."""

import asyncio
import contextlib
import secrets
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import simplejpeg

sys.path.append(str(Path(__file__).resolve().parent.parent / "central"))
from filmer import Filmer, Segment

from protocol import ebml, matroska
from protocol.manifest import LAST, Manifest
from protocol.records import Stamp
from simulator import scene

FRAME_MS = 100
PACKET_MS = 40
SIZE = (320, 240)


@cache
def _a_law_table() -> np.ndarray:
    """ITU-T G.711 by its definition: sign, three bits of exponent, four of mantissa, every other bit turned."""
    out = np.zeros(65_536, np.uint8)
    for value in range(-32_768, 32_768):
        sign, magnitude = (0x80, value >> 4) if value >= 0 else (0, (-value - 1) >> 4)
        exponent = max(0, magnitude.bit_length() - 4)
        out[value & 0xFFFF] = (sign | exponent << 4 | magnitude >> max(0, exponent - 1) & 15) ^ 0x55
    return out


def a_law(samples: np.ndarray) -> bytes:
    return bytes(_a_law_table()[samples.astype(np.int16).view(np.uint16)])


def jpeg(number: int, at_ms: int, size: tuple[int, int] = SIZE) -> bytes:
    return bytes(simplejpeg.encode_jpeg(scene.draw(number, at_ms, *size), quality=60, colorsubsampling="420"))


def film(
    recording: bytes, number: int, seconds: int, *, from_ms: int = 0, utc_ms: int | None = None,
    picture: Callable[[int, int], bytes] = jpeg, size: tuple[int, int] = SIZE,
) -> Segment:  # fmt: skip
    """A segment as the firmware writes it: a cluster a second, sound before pictures, and the line of the second.

    from_ms: where in the recording it begins; pictures and sound tell that time. picture: makes a JPEG.
    """
    head, duration_at = matroska.head(
        matroska.Format(*size), secrets.token_bytes(16), "tipstaff 0.1.0", utc_ms, []
    )
    out, buffer = bytearray(head), bytearray(512)
    chunks: list[tuple[int, int, int | None]] = [(0, 0, None)]

    def put(track: int, at_ms: int, content: bytes) -> None:
        chunks.append((len(out), 1, at_ms))
        if at_ms % 1000 == 0 and track == matroska.SOUND:
            out.extend(buffer[: matroska.put_cluster(buffer, 0, at_ms)])
            line = f"26.0390{at_ms // 1000:03d} 119.2700000 ±5 m UNIT3".encode()
            out.extend(buffer[: matroska.put_text_block(buffer, 0, 0, 1000, line)])
        out.extend(buffer[: matroska.put_block(buffer, 0, track, at_ms % 1000, len(content))] + content)
        # A chunk has at most 16 KiB.
        start = chunks[-1][0]
        for at in range(start + 16_000, len(out), 16_000):
            chunks.append((at, 0, None))

    for at_ms in range(0, seconds * 1000, 20):
        whole_ms = from_ms + at_ms
        if at_ms % PACKET_MS == 0:
            put(matroska.SOUND, at_ms, a_law(scene.sound(whole_ms, PACKET_MS)))
        if at_ms % FRAME_MS == 0:
            put(matroska.PICTURE, at_ms, picture(whole_ms // FRAME_MS, whole_ms))
    early = bytes(out)
    out[duration_at : duration_at + 8] = ebml.double(seconds * 1000)
    return Segment(recording + number.to_bytes(4, "big"), bytes(out), early, chunks)


class Camera(Filmer):
    """A unit that films: its clock is right, `start_ms` is when its recording began."""

    start_ms = 0

    def _stamp(self, mono_ms: int) -> Stamp:
        utc_ms = self.start_ms + mono_ms - 5_000
        return Stamp(utc_s=utc_ms // 1000, utc_ms=utc_ms % 1000, quality=3, mono_ms=mono_ms, boot=7)

    def signed(self, made: Segment, from_ms: int, seconds: int, **given: Any) -> Manifest:
        """The manifest of a segment that begins at `from_ms` of the recording."""
        first, last = self._stamp(5_000 + from_ms), self._stamp(5_000 + from_ms + seconds * 1000 - PACKET_MS)
        return self.manifest(made, first=first, last=last, **given)


@contextlib.contextmanager
def on_the_air(
    folder: Path, start_ms: int
) -> Iterator[tuple[Camera, Callable[[Coroutine[Any, Any, Any]], Any]]]:
    """A camera in a loop of its own thread, since the test drives a browser; `run` waits for what is done there."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    def run(work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result(60)

    async def made() -> Camera:
        return await Camera(folder).__aenter__()

    camera = run(made())
    camera.start_ms = start_ms
    try:
        yield camera, run
    finally:
        run(camera.__aexit__())
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


__all__ = ["FRAME_MS", "LAST", "PACKET_MS", "SIZE", "Camera", "film", "jpeg", "on_the_air"]
