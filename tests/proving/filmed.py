"""Segments with pictures and sound that can be read back: a flash and a beep at the same moments."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import simplejpeg

from gateway.evidence.derive import Master
from protocol import matroska
from protocol.manifest import LAST, Manifest
from protocol.records import Stamp

SIZE = (320, 240)
FRAME_MS = 100
PACKET_MS = 20
RATE_HZ = 16_000
BEATS_MS = (500, 1500)
BEAT_MS = 100


def encode_a_law(samples: np.ndarray) -> bytes:
    """ITU-T G.711 by its definition: sign, three bits of exponent, four of mantissa, every other bit turned."""
    out = bytearray()
    for value in samples.tolist():
        sign, magnitude = (0x80, value >> 4) if value >= 0 else (0, (-value - 1) >> 4)
        exponent = max(0, magnitude.bit_length() - 4)
        mantissa = magnitude >> max(0, exponent - 1) & 15
        out.append((sign | exponent << 4 | mantissa) ^ 0x55)
    return bytes(out)


def on(at_ms: int) -> bool:
    return any(beat <= at_ms % 2000 < beat + BEAT_MS for beat in BEATS_MS)


def jpeg(at_ms: int) -> bytes:
    """White while it beeps, else dark, with a bright bar that moves."""
    image = np.full((SIZE[1], SIZE[0], 3), 255 if on(at_ms) else 16, np.uint8)
    image[:20, at_ms // 100 % 20 * 16 :][:, :16] = 200
    return bytes(simplejpeg.encode_jpeg(image, quality=85))


def tone(at_ms: int) -> np.ndarray:
    t = (np.arange(RATE_HZ * PACKET_MS // 1000) + at_ms * RATE_HZ // 1000) / RATE_HZ
    return (np.sin(2 * np.pi * 1000 * t) * (12_000 if on(at_ms) else 0)).astype(np.int16)


def film(
    folder: Path, number: int = 0, *, seconds: int = 2, mono_ms: int = 5000, sound: int = matroska.A_LAW,
    picture: bytes | None = None, without_sound: range = range(0),
) -> Master:  # fmt: skip
    """A segment of `seconds`; `picture`: in place of every one; `without_sound`: a hole in the sound, in ms."""
    form = matroska.Format(*SIZE, sound, RATE_HZ)
    head, _ = matroska.head(form, number.to_bytes(16, "big"), "tipstaff", None, [])
    out, buffer = bytearray(head), bytearray(256)
    out += buffer[: matroska.put_cluster(buffer, 0, 0)]
    for at_ms in range(0, seconds * 1000, PACKET_MS):
        if at_ms % 1000 == 0:
            line = f"26.05880 119.1912{at_ms // 1000} ±5 m".encode()
            out += buffer[: matroska.put_text_block(buffer, 0, at_ms, 1000, line)]
        if at_ms % FRAME_MS == 0:
            content = jpeg(at_ms) if picture is None else picture
            out += buffer[: matroska.put_block(buffer, 0, matroska.PICTURE, at_ms, len(content))] + content
        if at_ms not in without_sound:
            samples = tone(at_ms)
            content = encode_a_law(samples) if sound == matroska.A_LAW else samples.astype("<i2").tobytes()
            out += buffer[: matroska.put_block(buffer, 0, matroska.SOUND, at_ms, len(content))] + content
    path = folder / f"{number}.mkv"
    path.write_bytes(out)
    first = Stamp(utc_s=1_795_486_330, utc_ms=564, quality=3, mono_ms=mono_ms, boot=1)
    manifest = Manifest(
        segment=bytes(8) + number.to_bytes(4, "big"), size=len(out), sha256=hashlib.sha256(out).digest(), first=first,
        last=first, seq=number, previous=bytes(32), flags=LAST, dropped_pictures=0, dropped_sounds=0, unit="MZ2534",
        key_id=bytes(8), case_no="(2026)闽0105执1287号",
    )  # fmt: skip
    return Master(path, manifest)
