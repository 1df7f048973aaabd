"""Pictures and sound out of a segment's file: bounded, and never trusted to be what they say they are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray

from protocol.blocks import Reader
from protocol.errors import ProtocolError

Picture = NDArray[np.uint8]
"""Height x width x 3, RGB."""
Sound = NDArray[np.int16]
"""Mono samples."""

READ_BYTES = 1 << 20
SIDE_MAX_PX = 4096
"""A larger picture is a decoder bomb or a mistake: it is not decoded."""
JPEG_HEADERS_MAX = 64
JPEG_KEPT_BYTES = 4096
"""A camera's headers have about 600; with thumbnails and the like they are read each time."""
_SEQUENTIAL = (0xC0, 0xC1)
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SCAN = 0xDA
_IMA_STEPS = (
    7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 19, 21, 23, 25, 28, 31, 34, 37, 41, 45, 50, 55, 60, 66, 73, 80, 88, 97, 107,
    118, 130, 143, 157, 173, 190, 209, 230, 253, 279, 307, 337, 371, 408, 449, 494, 544, 598, 658, 724, 796, 876, 963,
    1060, 1166, 1282, 1411, 1552, 1707, 1878, 2066, 2272, 2499, 2749, 3024, 3327, 3660, 4026, 4428, 4871, 5358, 5894,
    6484, 7132, 7845, 8630, 9493, 10442, 11487, 12635, 13899, 15289, 16818, 18500, 20350, 22385, 24623, 27086, 29794,
    32767,
)  # fmt: skip
_IMA_MOVES = (-1, -1, -1, -1, 2, 4, 6, 8)


@dataclass(frozen=True, slots=True)
class Piece:
    """One block of a file: `track` as in protocol.matroska, `time_ms` since the segment's first."""

    track: int
    time_ms: int
    content: bytes


def pieces(path: Path) -> Iterator[Piece]:
    """The blocks of a segment in the order of the file, to its last whole one.

    What is no segment of ours ends it, as its end does: a derived copy shows what can be shown. Raises OSError.
    """
    reader = Reader()
    kept, kept_from = b"", 0
    with path.open("rb") as file:
        while data := file.read(READ_BYTES):
            try:
                found = reader.feed(data)
            except ProtocolError:
                return
            kept += data
            for block in found:
                at = block.at - kept_from
                yield Piece(block.track, block.time_ms, kept[at : at + block.size])
            kept, kept_from = kept[reader.whole_end - kept_from :], reader.whole_end


def jpeg_size(jpeg: bytes) -> tuple[int, int] | None:
    """(width, height) by the headers of a JPEG, nothing decoded (ITU-T T.81, B.2).

    None for all but sequential pictures in one scan, which is what cameras make: a decoder goes over the whole picture
    once for every scan, and a scan can be ten bytes.
    """
    return _headers(jpeg)[0]


class JpegSizes:
    """`jpeg_size` of one camera's pictures: their headers are mostly the same, and are then compared and not read."""

    def __init__(self) -> None:
        self._headers = b""
        self._size: tuple[int, int] | None = None

    def of(self, jpeg: bytes) -> tuple[int, int] | None:
        """As `jpeg_size`."""
        if not self._headers or not jpeg.startswith(self._headers):
            self._size, end = _headers(jpeg)
            self._headers = jpeg[:end] if end <= JPEG_KEPT_BYTES else b""
        return self._size


def _headers(jpeg: bytes) -> tuple[tuple[int, int] | None, int]:
    """(width, height), and how many bytes say so; (None, 0) when they are none of ours."""
    none = None, 0
    if jpeg[:2] != b"\xff\xd8":
        return none
    at, size, colours = 2, None, 0
    for _ in range(JPEG_HEADERS_MAX):
        if len(jpeg) < at + 5 or jpeg[at] != 0xFF:
            return none
        marker, length = jpeg[at + 1], int.from_bytes(jpeg[at + 2 : at + 4], "big")
        if marker in _FRAMES:
            if size is not None or marker not in _SEQUENTIAL or len(jpeg) < at + 10:
                return none
            size = int.from_bytes(jpeg[at + 7 : at + 9], "big"), int.from_bytes(jpeg[at + 5 : at + 7], "big")
            colours = jpeg[at + 9]
        elif marker == _SCAN:
            return (size, at + 5) if jpeg[at + 4] == colours and size is not None else none
        elif marker == 0xFF or 0xD0 <= marker <= 0xD9 or length < 2:
            return none
        at += 2 + length
    return none


def picture(jpeg: bytes) -> Picture | None:
    """The picture of a JPEG, None for one that cannot be decoded or is larger than SIDE_MAX_PX."""
    width, height = jpeg_size(jpeg) or (0, 0)
    if not (0 < height <= SIDE_MAX_PX and 0 < width <= SIDE_MAX_PX):
        return None
    try:
        decoded: Picture = simplejpeg.decode_jpeg(jpeg, fastdct=True)
    except ValueError:
        return None
    return decoded


def fitted(one: Picture, width: int, height: int) -> Picture:
    """The picture in this size, with bars where its shape is another."""
    if one.shape[:2] == (height, width):
        return one
    scale = min(width / one.shape[1], height / one.shape[0])
    inner = cv2.resize(one, (max(1, int(one.shape[1] * scale)), max(1, int(one.shape[0] * scale))))
    out = np.zeros((height, width, 3), np.uint8)
    top, left = (height - inner.shape[0]) // 2, (width - inner.shape[1]) // 2
    out[top : top + inner.shape[0], left : left + inner.shape[1]] = inner
    return out


def _a_law_table() -> Sound:
    """ITU-T G.711: every byte's linear value in 16 bits."""
    byte = np.arange(256) ^ 0x55
    exponent, mantissa = (byte >> 4) & 7, byte & 0x0F
    magnitude = np.where(
        exponent == 0, (mantissa << 4) + 8, ((mantissa << 4) + 0x108) << np.maximum(exponent - 1, 0)
    )
    return np.where(byte & 0x80, magnitude, -magnitude).astype(np.int16)


_A_LAW = _a_law_table()


def a_law(data: bytes) -> Sound:
    """Samples of A-law bytes."""
    return _A_LAW[np.frombuffer(data, np.uint8)]


def pcm(data: bytes) -> Sound:
    """Samples of 16-bit little-endian PCM; an odd byte at the end is left out."""
    return np.frombuffer(data[: len(data) & ~1], "<i2").astype(np.int16)


def ima_adpcm(data: bytes, block_bytes: int) -> Sound:
    """Samples of Microsoft's IMA ADPCM, mono: blocks of a 4-byte head (first sample, step index) and nibbles."""
    samples: list[int] = []
    for at in range(0, len(data) - 3, block_bytes):
        block = data[at : at + block_bytes]
        value = int.from_bytes(block[:2], "little", signed=True)
        index = min(block[2], 88)
        samples.append(value)
        for byte in block[4:]:
            for nibble in (byte & 15, byte >> 4):
                step = _IMA_STEPS[index]
                change = step >> 3
                for bit, part in ((4, step), (2, step >> 1), (1, step >> 2)):
                    change += part if nibble & bit else 0
                value = max(-32768, min(32767, value - change if nibble & 8 else value + change))
                index = max(0, min(88, index + _IMA_MOVES[nibble & 7]))
                samples.append(value)
    return np.array(samples, np.int16)
