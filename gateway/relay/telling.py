"""What a viewer is told, and how it goes over a wire (docs/api.md, "Live pictures and sound")."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, NamedTuple

from protocol import matroska

PICTURE, SOUND, POSITION = matroska.PICTURE, matroska.SOUND, matroska.POSITION

BLOCK_HEAD = struct.Struct(">BBBBIdd")
"""kind, track, codec, flags, number, taken_ms, received_ms; the content follows."""
KIND_BLOCK = 1

ALONE = 1
BEGINS = 2
GAP = 4
ESTIMATED = 8


class Codec(IntEnum):
    """Of a block's content."""

    JPEG = 1
    H264 = 2
    PCM = 3
    A_LAW = 4
    IMA_ADPCM = 5
    TEXT = 6


NAMES = {
    Codec.JPEG: "jpeg",
    Codec.H264: "h264",
    Codec.PCM: "pcm",
    Codec.A_LAW: "alaw",
    Codec.IMA_ADPCM: "adpcm",
}
SOUNDS = {matroska.PCM: Codec.PCM, matroska.A_LAW: Codec.A_LAW, matroska.IMA_ADPCM: Codec.IMA_ADPCM}


class Mode(IntEnum):
    """What is sent, the less the smaller; numbers as LIVE_* of protocol.messages."""

    OFF = 0
    SOUND = 1
    STILLS = 2
    FULL = 3


@dataclass(frozen=True, slots=True)
class Who:
    """Who watches. `how`: `console`, `rtsp`, ...; `echoes`: it says what it has seen (`Viewer.seen`)."""

    login: str
    name: str
    how: str = "console"
    echoes: bool = False


@dataclass(frozen=True, slots=True)
class Wish:
    """What a viewer wants. `fps`: at most so many pictures a second; None: all. `codec` h264 or a `height` (of pictures
    that are made smaller) need a transcode, of which there are few."""

    mode: Mode = Mode.FULL
    fps: int | None = None
    codec: Codec = Codec.JPEG
    height: int | None = None

    @property
    def made(self) -> Wish | None:
        """Itself, if something has to be made of the pictures; None: they go out as they came."""
        return None if self.mode < Mode.STILLS or (self.codec is Codec.JPEG and self.height is None) else self


@dataclass(frozen=True, slots=True)
class SoundForm:
    """How sound is coded. `block_bytes`: of one ADPCM block, else 0."""

    codec: Codec
    rate_hz: int
    block_bytes: int = 0


@dataclass(frozen=True, slots=True)
class PictureForm:
    """How pictures are coded."""

    codec: Codec
    width: int
    height: int


class Block(NamedTuple):
    """A whole picture, packet of sound or line of the position track. `taken_ms`, `received_ms`: UTC, by our clock."""

    track: int
    codec: Codec
    flags: int
    taken_ms: int
    received_ms: int
    content: bytes


class Sent(NamedTuple):
    """A block for one viewer: numbers rise by one with each that was put for it, dropped ones too."""

    number: int
    flags: int
    block: Block

    def head(self) -> bytes:
        """What goes before its content over a wire."""
        block = self.block
        return BLOCK_HEAD.pack(
            KIND_BLOCK,
            block.track,
            block.codec,
            self.flags,
            self.number & 0xFFFFFFFF,
            float(block.taken_ms),
            float(block.received_ms),
        )


@dataclass(frozen=True, slots=True)
class Head:
    """What the blocks after it are; None: there are none."""

    sound: SoundForm | None
    picture: PictureForm | None

    def members(self) -> dict[str, Any]:
        """As JSON."""
        sound: dict[str, Any] | None = None
        if self.sound is not None:
            sound = {"codec": NAMES[self.sound.codec], "rate_hz": self.sound.rate_hz}
            if self.sound.block_bytes:
                sound["block_bytes"] = self.sound.block_bytes
        picture = None
        if self.picture is not None:
            picture = {
                "codec": NAMES[self.picture.codec],
                "width": self.picture.width,
                "height": self.picture.height,
            }
        return {"t": "head", "sound": sound, "picture": picture}


@dataclass(frozen=True, slots=True)
class State:
    """How it stands, once a second and when something changed; `docs/api.md` says what is what."""

    now_ms: int
    mode: Mode
    why: str | None
    bytes_s: int
    viewers: tuple[str, ...]
    dropped: int
    last_picture_ms: int | None
    last_sound_ms: int | None
    recording: str | None

    def members(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "t": "state",
            "now_ms": self.now_ms,
            "mode": self.mode.name.lower(),
            "why": self.why,
            "bytes_s": self.bytes_s,
            "viewers": list(self.viewers),
            "dropped": self.dropped,
            "last_picture_ms": self.last_picture_ms,
            "last_sound_ms": self.last_sound_ms,
            "recording": self.recording,
        }


@dataclass(frozen=True, slots=True)
class Said:
    """Anything else: `hello`, `pong`, `refused`."""

    what: dict[str, Any]

    def members(self) -> dict[str, Any]:
        """As JSON."""
        return self.what


Telling = Sent | Head | State | Said


def text_of(told: Head | State | Said) -> str:
    """As it goes over a wire."""
    return json.dumps(told.members(), ensure_ascii=False, separators=(",", ":"))
