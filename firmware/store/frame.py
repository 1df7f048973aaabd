"""Frames of the journal: magic, kind, seq, length, payload, CRC.

    offset  0  2  magic A5 4A
            2  1  kind: 0 DONE, 1..239 the caller's, 254 COMMIT
            3  1  zero
            4  4  seq, little endian (DONE: the record meant; COMMIT: the next seq)
            8  2  payload length, little endian
           10  n  payload
         10+n  4  CRC-32, little endian, started from the frame's own offset in its file

The offset is part of the CRC so that a frame that was copied into a payload, or left on
a reused sector, is never taken for a record.
"""

import struct
from binascii import crc32

from store.errors import ENOSPC

MAGIC = b"\xa5\x4a"
DONE = 0
MAX_KIND = 239
COMMIT = 254
MAX_PAYLOAD_BYTES = 16384
OVERHEAD_BYTES = 14

_HEADER = "<2sBBIH"
_HEADER_BYTES = 10
_CHUNK_BYTES = 256


def write(stream, offset, kind, seq, payload=b""):
    """Write one frame that will stand at `offset`; returns its length in bytes. OSError as from the stream."""
    header = struct.pack(_HEADER, MAGIC, kind, 0, seq, len(payload))
    crc = crc32(payload, crc32(header, offset))
    _write_all(stream, header)
    if payload:
        _write_all(stream, payload)
    _write_all(stream, struct.pack("<I", crc))
    return OVERHEAD_BYTES + len(payload)


def read(stream, offset, length):
    """Payload of the frame at `offset` that is `length` long, or None when its CRC is wrong."""
    stream.seek(offset)
    header = stream.read(_HEADER_BYTES)
    payload = stream.read(length)
    trailer = stream.read(4)
    if len(trailer) != 4 or struct.unpack("<I", trailer)[0] != crc32(payload, crc32(header, offset)):
        return None
    return payload


class Scanner:
    """Walks a file of `size_bytes` once in small reads; `torn_bytes` counts what was no frame."""

    def __init__(self, stream, size_bytes):
        self._stream = stream
        self._size_bytes = size_bytes
        self._buffer = bytearray(_CHUNK_BYTES)
        self._view = memoryview(self._buffer)
        self.torn_bytes = 0

    def frames(self):
        """Yield (offset, kind, seq, payload length) of every frame with a right CRC."""
        offset = 0
        while offset < self._size_bytes:
            found = self._check(offset)
            if found:
                yield found
                offset += OVERHEAD_BYTES + found[3]
            else:
                following = self._find_magic(offset + 1)
                self.torn_bytes += following - offset
                offset = following

    def _check(self, offset):
        self._stream.seek(offset)
        header = self._stream.read(_HEADER_BYTES)
        if len(header) < _HEADER_BYTES:
            return None
        magic, kind, zero, seq, length = struct.unpack(_HEADER, header)
        if magic != MAGIC or zero or MAX_KIND < kind != COMMIT:
            return None
        if length > MAX_PAYLOAD_BYTES or offset + OVERHEAD_BYTES + length > self._size_bytes:
            return None
        crc = crc32(header, offset)
        left = length
        while left:
            count = self._stream.readinto(self._view[: min(left, _CHUNK_BYTES)])
            if not count:
                return None
            crc = crc32(self._view[:count], crc)
            left -= count
        trailer = self._stream.read(4)
        if len(trailer) != 4 or struct.unpack("<I", trailer)[0] != crc:
            return None
        return offset, kind, seq, length

    def _find_magic(self, offset):
        while offset < self._size_bytes:
            self._stream.seek(offset)
            chunk = self._stream.read(_CHUNK_BYTES)
            if len(chunk) < 2:
                break
            at = chunk.find(MAGIC)
            if at >= 0:
                return offset + at
            offset += len(chunk) - 1  # the magic may straddle two reads
        return self._size_bytes


def _write_all(stream, data):
    view = memoryview(data)
    while len(view):
        count = stream.write(view)
        if not count:
            raise OSError(ENOSPC)  # some file systems say it by writing nothing
        view = view[count:]
