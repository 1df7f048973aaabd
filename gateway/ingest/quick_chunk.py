"""A media chunk's head as units write it, read without the objects in between.

Only what has exactly the shape of `protocol.media.put_head` is read here, by the limits of the wire; anything else,
right or wrong, is left to `protocol`. What both read is the same: tests/central/test_quick_chunk.py.
"""

from protocol.fields import VERSION
from protocol.media import MAX_DATA_BYTES, MAX_FILE_BYTES, STARTS, Chunk

_KEYS = bytes((0x00, VERSION, 0x01))
"""The version, and the key of the offset."""
_PLAIN, _STARTS = 0xA3, 0xA4
"""A map of three fields, and one of four: with the time of the block that begins."""
_FLAGS, _TIME = 0x02, 0x03
#: How many bytes of a number follow its first byte, up to four (RFC 8949, 3), and the least that is so long.
_SIZES = {**dict.fromkeys(range(24), 0), 0x18: 1, 0x19: 2, 0x1A: 4}
_LEAST = {1: 24, 2: 0x100, 4: 0x10000}


def quick_chunk(payload: bytes) -> Chunk | None:
    """The chunk, its data a view of `payload`, or None when it is not as simple as that. Raises nothing."""
    if len(payload) < 8 or payload[1:4] != _KEYS:
        return None
    offset, at = _number(payload, 4)
    flags = payload[at + 1] if at + 1 < len(payload) and payload[at] == _FLAGS else 0x18
    at += 2
    if offset < 0 or flags > 0x17:
        return None
    time_ms = None
    if flags & STARTS:
        if payload[0] != _STARTS or at >= len(payload) or payload[at] != _TIME:
            return None
        time_ms, at = _number(payload, at + 1)
        if time_ms < 0:
            return None
    elif payload[0] != _PLAIN:
        return None
    size = len(payload) - at
    if not 0 < size <= MAX_DATA_BYTES or offset + size > MAX_FILE_BYTES:
        return None
    chunk = Chunk.__new__(Chunk)
    chunk.offset, chunk.flags, chunk.time_ms = offset, flags, time_ms
    chunk.data = memoryview(payload)[at:]
    return chunk


def _number(payload: bytes, at: int) -> tuple[int, int]:
    """(an unsigned integer, where it ends); -1 for what is none, or not all of it is there."""
    first = payload[at] if at < len(payload) else 0xFF
    size = _SIZES.get(first)
    if size is None:
        return -1, at
    if not size:
        return first, at + 1
    end = at + 1 + size
    value = int.from_bytes(payload[at + 1 : end], "big")
    return (value if end <= len(payload) and value >= _LEAST[size] else -1), end
