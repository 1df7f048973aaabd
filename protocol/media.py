"""A media chunk: some bytes of a segment's file, on `media/<segment>` (docs/wire.md, "Recordings").

A CBOR map (the head), and after it the bytes. A segment is named by its recording (8 random bytes) and its number in
it, as `a1b2c3d4e5f60718-12`.
"""

from protocol.cbor import Encoder, decode_first
from protocol.checks import MAX_UINT32, byte_string, integer, wrong
from protocol.errors import ProtocolError, UnsupportedVersion
from protocol.fields import VERSION

MAX_DATA_BYTES = 16_384
MAX_HEAD_BYTES = 32
MAX_FILE_BYTES = 1 << 31

STARTS = 1
"""The first byte begins a cluster or a block, whose time is `time_ms`."""
LIVE = 2
"""Sent as it was recorded, not to fill a gap."""

RECORDING_BYTES = 8
SEGMENT_BYTES = 12


def segment_name(segment: bytes) -> str:
    """The level of the topic, and the file's name: recording in hex, `-`, number."""
    byte_string("segment", segment, SEGMENT_BYTES, SEGMENT_BYTES)
    hexed = "".join(["%02x" % byte for byte in segment[:RECORDING_BYTES]])
    return "%s-%d" % (hexed, int.from_bytes(segment[RECORDING_BYTES:], "big"))


def segment_of(name: str) -> bytes:
    """The 12 bytes that a name stands for. Raises ProtocolError when it is none."""
    hexed, dash, number = name[:16], name[16:17], name[17:]
    usable = (
        len(hexed) == 16 and dash == "-" and 0 < len(number) <= 10 and (number[0] != "0" or number == "0")
    )
    for allowed, part in (("0123456789abcdef", hexed), ("0123456789", number)):
        for char in part:
            usable = usable and char in allowed
    if not usable:
        raise wrong("segment", "%s is no name of a segment" % name[:40])
    return bytes([int(hexed[i : i + 2], 16) for i in range(0, 16, 2)]) + integer(
        "number", int(number), 0, MAX_UINT32
    ).to_bytes(4, "big")


class Chunk:
    """Bytes `data` of a file from `offset` on. `time_ms`: with STARTS, of the block that begins; else None."""

    def __init__(
        self, offset: object, flags: object, data: "bytes | bytearray | memoryview", time_ms: object = None
    ) -> None:
        self.offset = integer("offset", offset, 0, MAX_FILE_BYTES)
        self.flags = integer("flags", flags, 0, 255)
        if not 0 < len(data) <= MAX_DATA_BYTES:
            raise wrong("data", "1 to %d bytes are expected" % MAX_DATA_BYTES)
        if self.offset + len(data) > MAX_FILE_BYTES:
            raise wrong("offset", "a segment has at most %d bytes" % MAX_FILE_BYTES)
        if (time_ms is None) == bool(self.flags & STARTS):
            raise wrong("time_ms", "goes with STARTS, and only with it")
        self.data = data
        self.time_ms = time_ms if time_ms is None else integer("time_ms", time_ms, 0, MAX_UINT32)

    def encode(self) -> bytes:
        """The payload, as one piece."""
        buffer = bytearray(MAX_HEAD_BYTES)
        return bytes(buffer[: put_head(buffer, self.offset, self.flags, self.time_ms)]) + bytes(self.data)

    @classmethod
    def decode(cls, payload: "bytes | bytearray | memoryview") -> "Chunk":
        """The chunk in `payload`; its data is a view of it. Raises ProtocolError, UnsupportedVersion."""
        if len(payload) > MAX_HEAD_BYTES + MAX_DATA_BYTES:
            raise ProtocolError(
                "%d bytes: a chunk has at most %d" % (len(payload), MAX_HEAD_BYTES + MAX_DATA_BYTES)
            )
        pairs, end = decode_first(payload)
        if not isinstance(pairs, dict) or end > MAX_HEAD_BYTES:
            raise ProtocolError("not a chunk: a map of at most %d bytes is expected" % MAX_HEAD_BYTES)
        version = pairs.get(0)
        if not isinstance(version, int) or version is True or version is False:
            raise ProtocolError("not a chunk: the version is expected under key 0")
        if version != VERSION:
            raise UnsupportedVersion(version)
        return cls(pairs.get(1), pairs.get(2), memoryview(payload)[end:], pairs.get(3))


def put_head(buffer: "bytearray | memoryview", offset: int, flags: int, time_ms: "int | None" = None) -> int:
    """Writes a chunk's head into `buffer` (at least 32 bytes), for the data to follow; returns its length."""
    encoder = Encoder(buffer)
    encoder.map(3 if time_ms is None else 4)
    for key, value in ((0, VERSION), (1, offset), (2, flags)):
        encoder.integer(key)
        encoder.integer(value)
    if time_ms is not None:
        encoder.integer(3)
        encoder.integer(time_ms)
    return encoder.length
