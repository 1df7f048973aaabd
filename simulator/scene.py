"""A synthetic picture that says in its pixels which one it is and when it was taken, and the sound that goes with it.

Loss, order and delay can be read back from what somebody sees at the other end, also after JPEG, H.264 and a screen.
A band of cells at the upper edge carries 80 bits as black and white: a frame number (32), milliseconds (32) and the
CRC-16 of both. At every full second the picture flashes at its left half and the sound beeps, for FLASH_MS both.
"""

from __future__ import annotations

import binascii
import math

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
"""Height x width x 3, RGB."""
Sound = NDArray[np.int16]
"""Mono samples of RATE_HZ."""

RATE_HZ = 16_000
FLASH_MS = 100
BEEP_HZ = 1_000
HUM_HZ = 220
ROWS, COLUMNS = 4, 20
BITS = ROWS * COLUMNS
BAND = 0.2
"""The band's share of the picture's height."""
DARK, BRIGHT = 24, 232


def flashing(at_ms: int) -> bool:
    """Whether picture and sound mark a full second."""
    return at_ms % 1000 < FLASH_MS


def draw(number: int, at_ms: int, width: int, height: int, label: str = "") -> Picture:
    """Picture `number`, taken at `at_ms`: both from 0 to 2**32 - 1. label: ASCII text, for people."""
    image = np.full((height, width, 3), 40, np.uint8)
    _street(image, at_ms)
    if flashing(at_ms):
        image[int(height * BAND) :, : width // 2] = 245
    cells = np.array([int(bit) for bit in _bits(number, at_ms)], np.uint8).reshape(ROWS, COLUMNS)
    band = cv2.resize(cells * 255, (width, int(height * BAND)), interpolation=cv2.INTER_NEAREST)
    image[: band.shape[0]] = np.where(band > 127, BRIGHT, DARK)[:, :, None]
    scale = height / 480
    clock = f"{label} {number}  {at_ms / 1000:.3f} s".strip()
    place = (int(12 * scale), height - int(14 * scale))
    cv2.putText(
        image, clock, place, cv2.FONT_HERSHEY_SIMPLEX, scale, (255, 220, 90), max(1, round(2 * scale))
    )
    return image


def read(image: Picture) -> tuple[int, int] | None:
    """(number, at_ms) of a picture of any size, however it was coded since; None when it cannot be read surely."""
    height, width = image.shape[:2]
    grey = image.mean(axis=2) if image.ndim == 3 else image.astype(float)
    bits = ""
    for row in range(ROWS):
        for column in range(COLUMNS):
            middle_y = int((row + 0.5) / ROWS * int(height * BAND))
            middle_x = int((column + 0.5) / COLUMNS * width)
            cell = grey[max(0, middle_y - 1) : middle_y + 2, max(0, middle_x - 1) : middle_x + 2]
            level = float(cell.mean())
            if 100 < level < 156:
                return None
            bits += "1" if level > 128 else "0"
    data = int(bits, 2).to_bytes(BITS // 8, "big")
    if binascii.crc_hqx(data[:8], 0xFFFF) != int.from_bytes(data[8:], "big"):
        return None
    return int.from_bytes(data[:4], "big"), int.from_bytes(data[4:8], "big")


def sound(from_ms: int, duration_ms: int) -> Sound:
    """The sound of a stretch of time: a quiet hum, and a beep at each full second."""
    first = from_ms * RATE_HZ // 1000
    index = np.arange(first, first + duration_ms * RATE_HZ // 1000)
    marked = index % RATE_HZ < FLASH_MS * RATE_HZ // 1000
    hum = np.sin(2 * math.pi * HUM_HZ * index / RATE_HZ) * 600
    beep = np.sin(2 * math.pi * BEEP_HZ * index / RATE_HZ) * 12_000
    return np.where(marked, beep, hum).astype(np.int16)


def _bits(number: int, at_ms: int) -> str:
    data = number.to_bytes(4, "big") + at_ms.to_bytes(4, "big")
    data += binascii.crc_hqx(data, 0xFFFF).to_bytes(2, "big")
    return f"{int.from_bytes(data, 'big'):0{BITS}b}"


def _street(image: Picture, at_ms: int) -> None:
    """Something that moves and has edges, so that a picture has the size of a real one."""
    height, width = image.shape[:2]
    shift = at_ms // 40 % width
    for number in range(6):
        left = (number * width // 5 - shift) % (width + width // 5) - width // 5
        top = int(height * (0.35 + 0.05 * (number % 3)))
        cv2.rectangle(image, (left, top), (left + width // 7, height), (60 + 12 * number, 70, 80), -1)
        for window in range(3):
            at = (left + width // 40, top + (2 * window + 1) * height // 14)
            cv2.rectangle(image, at, (at[0] + width // 20, at[1] + height // 24), (200, 180, 110), -1)
