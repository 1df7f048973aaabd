"""One small value in two checked copies: whatever a power cut leaves, one of them is whole.

    "TC" 1 byte version, 1 byte zero, generation u32, length u32, CRC-32 u32 (little endian), bytes
The CRC covers everything else. A save goes over the older copy only.
"""

import struct
from binascii import crc32

from store import files
from store.errors import ENOSPC

_HEADER = "<2sBBIII"
_HEADER_BYTES = 16
_SUFFIXES = (".a", ".b")


class Copies:
    """ "<path>.a" and "<path>.b"; `generation` is of the newest whole copy, 0 when there is none.

    max_bytes: of the value; a larger one raises ValueError when saved and is not read.
    """

    def __init__(self, path, max_bytes):
        self._path = path
        self._max_bytes = max_bytes
        self._target = 0  # index of the older copy
        self.generation = 0
        self.damaged = 0  # copies that were there and not whole

    def load(self):
        """The newest whole value as bytes, or None."""
        newest = None
        self.generation = self.damaged = 0
        for index in (0, 1):
            found = self._read(self._path + _SUFFIXES[index])
            if found and found[0] > self.generation:
                self.generation, newest = found
                self._target = 1 - index
        return newest

    def save(self, value):
        """Durable when it returns. Raises OSError; the older value is then still whole."""
        if len(value) > self._max_bytes:
            raise ValueError("%d bytes, at most %d fit" % (len(value), self._max_bytes))
        generation = self.generation + 1
        header = bytearray(struct.pack(_HEADER, b"TC", 1, 0, generation, len(value), 0))
        struct.pack_into("<I", header, 12, crc32(value, crc32(memoryview(header)[:12])))
        with open(self._path + _SUFFIXES[self._target], "wb") as stream:
            if stream.write(header) != len(header) or stream.write(value) != len(value):
                raise OSError(ENOSPC)
            files.sync(stream)
        self.generation = generation
        self._target = 1 - self._target

    def _read(self, path):
        if files.size_bytes(path) < 0:
            return None
        try:
            with open(path, "rb") as stream:
                header = stream.read(_HEADER_BYTES)
                if len(header) == _HEADER_BYTES:
                    magic, version, _, generation, length, crc = struct.unpack(_HEADER, header)
                    if magic == b"TC" and version == 1 and length <= self._max_bytes:
                        value = stream.read(length)
                        if len(value) == length and crc == crc32(value, crc32(header[:12])):
                            return generation, value
        except OSError:
            pass
        self.damaged += 1
        return None
