"""A file, or a recording, that a power cut or a card that was pulled left without its end."""

from protocol import ebml, matroska, media
from protocol.blocks import Reader
from protocol.errors import ProtocolError
from protocol.manifest import ALARMED, Manifest
from protocol.records import Stamp

NO_HASH = bytes(32)
HEAD_BYTES = 256
# What the reader copies at once; a long piece may have no room between what the heap holds.
STEP_BYTES = 1024
_DURATION = b"\x44\x89\x88"
_MOST_VOID_BYTES = 16_384


class Left:
    """What a walk through a file found.

    foreign: it is no segment of ours; whole_end: where the last whole element ends (for a file with damage inside its
    size, that is not mended: the whole of it is evidence); last_ms: of the newest block, -1 for none.
    """

    def __init__(self) -> None:
        self.foreign = False
        self.whole_end = 0
        self.last_ms = -1


def walk(stream, size: int, buffer):
    """Steps through a file of `size` bytes; returns a Left."""
    left = Left()
    reader = Reader()
    try:
        while True:
            count = stream.readinto(buffer)
            if not count:
                break
            for at in range(0, count, STEP_BYTES):
                reader.feed(buffer[at : min(count, at + STEP_BYTES)])
            yield
        left.whole_end = reader.whole_end
    except ProtocolError:
        left.foreign = reader.whole_end == 0
        left.whole_end = size
    left.last_ms = reader.last_ms
    return left


def duration_at(stream) -> int:
    """Where Duration's 8 bytes are, 0 when they are nowhere."""
    stream.seek(0)
    at = stream.read(HEAD_BYTES).find(_DURATION)
    return 0 if at < 0 else at + len(_DURATION)


def mend(stream, left: Left, size: int) -> int:
    """Hides the torn end behind Void elements, as no file here can be made shorter; returns the new size."""
    at = left.whole_end
    while at < size:
        count = min(size - at, _MOST_VOID_BYTES)
        if size - at - count == 1:
            count -= 1
        stream.seek(at)
        at += _void(stream, count)
    return at


def _void(stream, count: int) -> int:
    """One Void of `count` bytes in all; of one byte there is none, so that becomes two."""
    head = bytearray(9)
    head[0] = matroska.VOID
    if count < 2:
        count = 2
    wide = 1 if count - 2 < 126 else 8
    ebml.put_size(head, 1, count - 1 - wide, wide)
    stream.write(memoryview(head)[: 1 + wide])
    return count


def fill_duration(stream, left: Left) -> None:
    """Says how long it lasts."""
    at = duration_at(stream)
    if at and left.last_ms >= 0:
        stream.seek(at)
        stream.write(ebml.double(left.last_ms))


def nothing_known(segment: bytes, unit_id: str) -> Manifest:
    """For a file beside which nothing is known, of a segment (12 bytes): it says by itself what it is."""
    never = Stamp(utc_s=0, utc_ms=0, quality=0, mono_ms=0, boot=0)
    return Manifest(
        segment=segment, size=1, sha256=NO_HASH, first=never, last=never, seq=0, previous=NO_HASH,
        flags=0, dropped_pictures=0, dropped_sounds=0, unit=unit_id, key_id=bytes(8),
    )  # fmt: skip


def following(segment: bytes) -> bytes:
    """The name (12 bytes) of the segment after this one."""
    recording, number = segment[: media.RECORDING_BYTES], segment[media.RECORDING_BYTES :]
    return recording + (int.from_bytes(number, "big") + 1).to_bytes(4, "big")


def end_of(before: Manifest) -> Manifest:
    """What is known of the segment that would have followed this one, had the power lasted."""
    facts = nothing_known(following(before.segment), before.unit)
    facts.first = facts.last = before.last
    facts.case_no, facts.alarm_id = before.case_no, before.alarm_id
    facts.flags = before.flags & ALARMED
    return facts


def later(first: Stamp, by_ms: int) -> Stamp:
    """A stamp of the same clocks, later; without UTC it stays without."""
    utc_ms = first.utc_s * 1000 + first.utc_ms + by_ms if first.utc_s else 0
    return Stamp(
        utc_s=utc_ms // 1000, utc_ms=utc_ms % 1000, quality=first.quality, mono_ms=first.mono_ms + by_ms,
        boot=first.boot,
    )  # fmt: skip
