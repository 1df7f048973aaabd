"""Where a simulated unit's pictures come from: the synthetic scene, a clip, or a webcam. All give JPEG files."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
import simplejpeg

from simulator import scene
from simulator.errors import NotFound

QUALITY = 70


class Camera(Protocol):
    """Gives the picture of a moment. `ahead`: it may be asked before the moment has come."""

    ahead: bool

    def resize(self, width: int, height: int) -> None:
        """The size of the pictures from now on."""
        ...

    def shoot(self, at_ms: int) -> bytes:
        """A JPEG of now; `at_ms` counts from the unit's start."""
        ...

    def close(self) -> None:
        """Give the device or file back. Twice does no harm."""
        ...


class SceneCamera:
    """The synthetic scene of `simulator.scene`."""

    ahead = True

    def __init__(self, width: int = 640, height: int = 480, label: str = "") -> None:
        self._size = width, height
        self._label = label
        self._number = -1

    def resize(self, width: int, height: int) -> None:
        """Draw so large."""
        self._size = width, height

    def shoot(self, at_ms: int) -> bytes:
        """The next picture of the scene, numbered from 0."""
        self._number += 1
        return encoded(scene.draw(self._number, at_ms, *self._size, self._label))

    def close(self) -> None:
        """Nothing is open."""


class FilmCamera:
    """A clip (a file that OpenCV reads, over and over), a webcam (its number) or a network camera (its URL)."""

    def __init__(self, source: Path | int | str, width: int = 640, height: int = 480) -> None:
        """Raises NotFound when it cannot be opened."""
        self.ahead = isinstance(source, Path)
        self._size = width, height
        level = cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)  # it would warn besides
        try:
            self._film = cv2.VideoCapture(source if isinstance(source, int) else str(source))
        finally:
            cv2.utils.logging.setLogLevel(level)
        if not self._film.isOpened():
            self._film.release()
            raise NotFound(_not_opened(source))

    def resize(self, width: int, height: int) -> None:
        """Scale to this size, whatever the source has."""
        self._size = width, height

    def shoot(self, at_ms: int) -> bytes:
        """The next picture; a clip begins anew at its end, a camera that fails gives a grey one."""
        ok, image = self._film.read()
        if not ok and self.ahead:
            self._film.set(cv2.CAP_PROP_POS_FRAMES, 0)
            ok, image = self._film.read()
        if not ok:
            image = np.full((self._size[1], self._size[0], 3), 64, np.uint8)
        return encoded(cv2.cvtColor(cv2.resize(image, self._size), cv2.COLOR_BGR2RGB).astype(np.uint8))

    def close(self) -> None:
        """Release the device or file."""
        self._film.release()


def _not_opened(source: Path | int | str) -> str:
    if isinstance(source, int):
        return f"webcam {source} cannot be opened: is /dev/video{source} there, and may this account read it?"
    if isinstance(source, Path):
        return f"{source} cannot be opened as a video: is it one, and in a format that OpenCV reads?"
    return f"{source} gives no video: is the camera's address right, and does it answer from here?"


def encoded(image: scene.Picture) -> bytes:
    """The JPEG of a picture, as the camera module codes it (4:2:0)."""
    return bytes(simplejpeg.encode_jpeg(np.ascontiguousarray(image), quality=QUALITY, colorsubsampling="420"))
