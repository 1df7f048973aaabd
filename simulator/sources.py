"""Where a simulated unit's picture and sound come from and its speech goes, by the words that a person types.

OpenCV takes a moment to load: only who records waits for it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from simulator.errors import NotFound

if TYPE_CHECKING:
    from simulator.camera import Camera
    from simulator.microphone import Microphone
    from simulator.speaker import Loudspeaker

CAMERAS = "off, scene, webcam, webcam:NUMBER, a video file or the URL of a network camera"
SPEAKERS = "off, kept, device, device:NAME or a WAV file to be written"
MICROPHONES = "off, scene, device, device:NAME or a WAV file"


def camera_of(word: str) -> Callable[[], Camera] | None:
    """One of CAMERAS as what opens it; None for "off". Raises NotFound for a file that is not there."""
    if word == "off":
        return None
    from simulator.camera import FilmCamera, SceneCamera

    kind, _, rest = word.partition(":")
    if word == "scene":
        return SceneCamera
    if kind == "webcam":
        if rest and not rest.isdecimal():
            raise NotFound(f"{word}: a webcam has a number, as webcam:0")
        return partial(FilmCamera, int(rest or 0))
    return partial(FilmCamera, word if "://" in word else _file(word, CAMERAS))


def microphone_of(word: str) -> Callable[[], Microphone] | None:
    """One of MICROPHONES as what opens it; None for "off". Raises NotFound for a file that is not there."""
    if word == "off":
        return None
    from simulator.microphone import DeviceMicrophone, SceneMicrophone, WavMicrophone

    kind, _, rest = word.partition(":")
    if word == "scene":
        return SceneMicrophone
    if kind == "device":
        return partial(DeviceMicrophone, int(rest) if rest.isdecimal() else rest or None)
    return partial(WavMicrophone, _file(word, MICROPHONES))


def speaker_of(word: str) -> Callable[[], Loudspeaker] | None:
    """One of SPEAKERS as what opens it; None for "off". Raises NotFound for anything else."""
    if word == "off":
        return None
    from simulator.speaker import DeviceSpeaker, KeptSpeaker, WavSpeaker

    kind, _, rest = word.partition(":")
    if word == "kept":
        return KeptSpeaker
    if kind == "device":
        return partial(DeviceSpeaker, int(rest) if rest.isdecimal() else rest or None)
    if not word.endswith(".wav"):
        raise NotFound(f"{word}: allowed are {SPEAKERS}")
    return partial(WavSpeaker, Path(word))


def _file(word: str, allowed: str) -> Path:
    path = Path(word)
    if not path.is_file():
        raise NotFound(f"{word} is no file; allowed are {allowed}")
    return path
