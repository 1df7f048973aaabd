"""Whether a camera shows anything: a covered lens, the dark, a frozen or blurred picture. A state, never an alarm.

Judged on the grey picture at a quarter of its size. A condition has to hold for two judgements and HOLD_MS before it is
said, and to be gone as long before it is taken back, so that a hand that passes says nothing.
"""

from __future__ import annotations

from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from gateway.evidence.frames import Picture

SCALE = 4
HOLD_MS = 3_000
DARK_LEVEL = 18
FLAT_SPREAD = 9
SHARP_LEAST = 12.0
"""Variance of the Laplacian at a quarter of the size; a street at night has over 100, a lens out of focus under 10."""
NOISE_LEAST = 0.02
"""Mean difference of two pictures in grey levels; a sensor's own noise makes more, also of a wall."""


class Quality(StrEnum):
    """What the picture is worth."""

    OK = "ok"
    BLACK = "black"
    COVERED = "covered"
    BLURRED = "blurred"
    FROZEN = "frozen"


class Watch:
    """Follows one camera. `seen`: what was judged last; `state`: what has held long enough, None before that."""

    def __init__(self) -> None:
        self.state: Quality | None = None
        self.seen: Quality | None = None
        self._since_ms = 0
        self._before: NDArray[np.uint8] | None = None

    def look(self, picture: Picture, at_ms: int) -> Quality | None:
        """Take the next picture, at `at_ms` of a clock that does not go back; returns the state. 0.5 ms for
        640 x 480."""
        height, width = picture.shape[:2]
        # Averaged, not picked: a sensor's noise must not pass for sharpness.
        small = cv2.resize(
            picture, (max(1, width // SCALE), max(1, height // SCALE)), interpolation=cv2.INTER_AREA
        )
        grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.uint8)
        seen = _judged(grey, self._before)
        self._before = grey
        if seen is not self.seen:
            self.seen, self._since_ms = seen, at_ms
        if at_ms - self._since_ms >= HOLD_MS:
            self.state = seen
        return self.state


def _judged(grey: NDArray[np.uint8], before: NDArray[np.uint8] | None) -> Quality:
    level, spread = float(grey.mean()), float(grey.std())
    # First what is seen: of the dark, two pictures can be the same after JPEG.
    if spread < FLAT_SPREAD:
        return Quality.BLACK if level < DARK_LEVEL else Quality.COVERED
    if (
        before is not None
        and before.shape == grey.shape
        and float(cv2.absdiff(grey, before).mean()) < NOISE_LEAST
    ):
        return Quality.FROZEN
    if float(cv2.Laplacian(grey, cv2.CV_64F).var()) < SHARP_LEAST:
        return Quality.BLURRED
    return Quality.OK
