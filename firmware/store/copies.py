"""One small value in two checked copies: whatever a power cut leaves, one of them is whole.

    "TC" 1 byte version, 1 byte zero, generation u32, length u32, CRC-32 u32 (little endian), bytes
The CRC covers everything else. A save goes over the older copy only.

`Copies` has a file for each. `Pair` has both in one file, where another entry in the folder would be one too many; each
begins a block of the medium, so that writing one never touches what the other is on.
"""

import struct
from binascii import crc32

from store import files
from store.errors import ENOSPC

_HEADER = "<2sBBIII"
_HEADER_BYTES = 16
_MAGIC = b"TC"
_SUFFIXES = (".a", ".b")
PAIR_PLACE_BYTES = 1024


def _write(stream, generation, value):
    """One copy, where the stream is; durable when it returns. Raises OSError."""
    header = bytearray(struct.pack(_HEADER, _MAGIC, 1, 0, generation, len(value), 0))
    struct.pack_into("<I", header, 12, crc32(value, crc32(memoryview(header)[:12])))
    if stream.write(header) != len(header) or stream.write(value) != len(value):
        raise OSError(ENOSPC)
    files.sync(stream)


def _read(stream, max_bytes):
    """(generation, value) of the copy where the stream is, or None when that is not whole. Raises OSError."""
    header = stream.read(_HEADER_BYTES)
    if len(header) == _HEADER_BYTES:
        magic, version, _, generation, length, crc = struct.unpack(_HEADER, header)
        if magic == _MAGIC and version == 1 and length <= max_bytes:
            value = stream.read(length)
            if len(value) == length and crc == crc32(value, crc32(header[:12])):
                return generation, value
    return None


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
        with open(self._path + _SUFFIXES[self._target], "wb") as stream:
            _write(stream, generation, value)
        self.generation = generation
        self._target = 1 - self._target

    def _read(self, path):
        if files.size_bytes(path) < 0:
            return None
        try:
            with open(path, "rb") as stream:
                found = _read(stream, self._max_bytes)
        except OSError:
            found = None
        if found is None:
            self.damaged += 1
        return found


class Pair:
    """Both copies in the file `path`; who writes it counts the generations, from 1 on."""

    def __init__(self, path):
        self._path = path

    def save(self, generation, value):
        """Durable when it returns. Raises OSError; the older value is then still whole."""
        if _HEADER_BYTES + len(value) > PAIR_PLACE_BYTES:
            raise ValueError("%d bytes, at most %d fit" % (len(value), PAIR_PLACE_BYTES - _HEADER_BYTES))
        place = (generation - 1) % 2 * PAIR_PLACE_BYTES
        with open(self._path, "wb" if generation == 1 else "r+b") as stream:
            # FAT goes no further than the card has room, and says so by this alone.
            if stream.seek(place) != place:
                raise OSError(ENOSPC)
            _write(stream, generation, value)

    def load(self):
        """The newest whole value; None when there is none, or when it is no such file. Raises OSError."""
        newest = (0, None)
        with open(self._path, "rb") as stream:
            for place in (0, PAIR_PLACE_BYTES):
                stream.seek(place)
                found = _read(stream, PAIR_PLACE_BYTES - _HEADER_BYTES)
                if found is not None and found[0] > newest[0]:
                    newest = found
        return newest[1]
