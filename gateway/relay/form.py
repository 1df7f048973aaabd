"""What a segment consists of, by the head of its file: a bounded reader of hostile bytes (RFC 9559)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from protocol import matroska
from protocol.ebml import read_id, read_size
from protocol.errors import ProtocolError

SIDE_MAX_PX = 16_384
RATES_HZ = (4_000, 96_000)
PACKET_MAX_S = 1
"""Our units' are 40 ms."""
_UTC, _VIDEO, _AUDIO, _CODEC, _PRIVATE, _NUMBER = 0x4461, 0xE0, 0xE1, 0x86, 0x63A2, 0xD7
_WIDTH, _HEIGHT, _RATE, _BITS = 0xB0, 0xBA, 0xB5, 0x6264


@dataclass(frozen=True, slots=True)
class Sound:
    """`format`: one of matroska.PCM, A_LAW, IMA_ADPCM; `block_bytes`: of one ADPCM block, else 0."""

    format: int
    rate_hz: int
    block_bytes: int = 0

    def fits(self, size: int) -> bool:
        """Whether a packet of this sound can have so many bytes: whole samples, or whole blocks, and not too many."""
        samples, odd = size, 0
        if self.format == matroska.PCM:
            samples, odd = divmod(size, 2)
        elif self.format == matroska.IMA_ADPCM:
            blocks, odd = divmod(size, self.block_bytes)
            samples = blocks * (2 * (self.block_bytes - 4) + 1)
        return odd == 0 and 0 < samples <= PACKET_MAX_S * self.rate_hz


@dataclass(frozen=True, slots=True)
class Form:
    """`began_ms`: the unit's time of the first block, UTC; None when it did not know it."""

    sound: Sound | None = None
    width: int = 0
    height: int = 0
    began_ms: int | None = None


def form_of(head: bytes) -> Form | None:
    """By the beginning of its file, as far as it is here; None without tracks, and for what no unit of ours writes."""
    try:
        parts = dict(_at_top(head))
        info = dict(_elements(parts.get(matroska.INFO, b"")))
        tracks = parts.get(matroska.TRACKS)
        if tracks is None:
            return None
        sound: Sound | None = None
        width = height = 0
        for number, track in _elements(tracks):
            if number != matroska.TRACK:
                continue
            said = dict(_elements(track))
            if said.get(_NUMBER) == bytes((matroska.PICTURE,)):
                video = dict(_elements(said.get(_VIDEO, b"")))
                width, height = _whole(video.get(_WIDTH)), _whole(video.get(_HEIGHT))
            elif said.get(_NUMBER) == bytes((matroska.SOUND,)):
                sound = _sound(said)
    except (ProtocolError, IndexError, struct.error):
        return None
    if not (0 < width <= SIDE_MAX_PX and 0 < height <= SIDE_MAX_PX):
        width = height = 0
    return Form(sound, width, height, _utc_ms(info.get(_UTC)))


def _sound(said: dict[int, bytes]) -> Sound | None:
    audio = dict(_elements(said.get(_AUDIO, b"")))
    (rate,) = struct.unpack(">d", audio.get(_RATE, b""))
    if not RATES_HZ[0] <= rate <= RATES_HZ[1]:
        return None
    if said.get(_CODEC) == b"A_PCM/INT/LIT" and _whole(audio.get(_BITS)) == 16:
        return Sound(matroska.PCM, int(rate))
    wave = said.get(_PRIVATE, b"")
    if said.get(_CODEC) != b"A_MS/ACM" or len(wave) < 16:
        return None
    tag, block_bytes = int.from_bytes(wave[:2], "little"), int.from_bytes(wave[12:14], "little")
    if tag == matroska.A_LAW:
        return Sound(tag, int(rate))
    if tag == matroska.IMA_ADPCM and block_bytes > 4:
        return Sound(tag, int(rate), block_bytes)
    return None


def _utc_ms(content: bytes | None) -> int | None:
    if content is None or len(content) != 8:
        return None
    since_2001_ns = int.from_bytes(content, "big", signed=True)
    return matroska.SECONDS_1970_TO_2001 * 1000 + round(since_2001_ns / 1_000_000)


def _whole(content: bytes | None) -> int:
    return int.from_bytes(content, "big") if content is not None and len(content) <= 4 else 0


def _at_top(head: bytes) -> list[tuple[int, bytes]]:
    found: list[tuple[int, bytes]] = []
    at = 0
    try:
        while at < len(head):
            number, inside, end = _element(head, at, len(head))
            at = inside if number == matroska.SEGMENT else end
            found.append((number, head[inside:end]))
    except ProtocolError:
        pass  # the first cluster, or what has not come yet
    return found


def _elements(data: bytes) -> list[tuple[int, bytes]]:
    found: list[tuple[int, bytes]] = []
    at = 0
    while at < len(data):
        number, inside, at = _element(data, at, len(data))
        found.append((number, data[inside:at]))
    return found


def _element(data: bytes, at: int, most: int) -> tuple[int, int, int]:
    """(id, where its content begins, where it ends). Raises ProtocolError for one that is cut off."""
    opened = read_id(data, at)
    sized = read_size(data, opened[1]) if opened is not None else None
    if opened is None or sized is None:
        raise ProtocolError("an element that is cut off")
    number, (size, inside) = opened[0], sized
    if number == matroska.SEGMENT and size < 0:
        return number, inside, inside
    if size < 0 or inside + size > most:
        raise ProtocolError("an element that is longer than what it is in")
    return number, inside, inside + size
