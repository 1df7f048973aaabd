"""The ranges of a growing segment on the disk, so that a gateway killed at any moment asks only for what it lacks.

Appended after the bytes were written, so a killed process never claims what it has not given to the kernel. A power
cut can leave ranges whose bytes are gone: then the file's hash is not the manifest's, and they are asked for again.
The file itself does not say what is in it (a hole reads as zeros), so it cannot be rebuilt from that.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable

from gateway.evidence.assembly import Assembly
from protocol.errors import ProtocolError

HELD, LIVE, LOST = 0, 1, 2
_RANGE = struct.Struct(">IIB")
_CHECK = struct.Struct(">I")
RECORD_BYTES = _RANGE.size + _CHECK.size
COMPACT_BYTES = 64 * 1024
"""A longer journal is written anew from the ranges as they are."""


def encode(entries: Iterable[tuple[int, int, int]]) -> bytes:
    """Records of (start, end, HELD | LIVE | LOST)."""
    out = bytearray()
    for entry in entries:
        packed = _RANGE.pack(*entry)
        out += packed + _CHECK.pack(zlib.crc32(packed))
    return bytes(out)


def replay(data: bytes) -> Assembly:
    """The assembly that the records tell of, up to the first one that is torn."""
    assembly = Assembly()
    for at in range(0, len(data) - RECORD_BYTES + 1, RECORD_BYTES):
        packed = data[at : at + _RANGE.size]
        if _CHECK.unpack_from(data, at + _RANGE.size)[0] != zlib.crc32(packed):
            break
        start, end, kind = _RANGE.unpack(packed)
        try:
            if kind == LOST:
                assembly.lose(start, end)
            else:
                assembly.take(start, end, kind == LIVE)
        except ProtocolError:
            break
    return assembly


def whole(assembly: Assembly) -> bytes:
    """All of an assembly, as few records as can be. Live ranges first: what is held later is not live."""
    live = [(start, end, LIVE) for start, end in assembly.live]
    return encode(live + [(start, end, HELD) for start, end in assembly.held])
