"""A segment of a recording as a Matroska file (RFC 9559), written by appending alone.

    EBML header | Segment of unknown size | Info (with room for Duration) | Tracks | Tags
                | Cluster of unknown size | SimpleBlock, SimpleBlock, ... | Cluster ... to the end of the file

So the file is whole at every moment: one cut off by a power failure plays to its last whole block. Only Duration, at
a place that `head` tells, is filled in before the file is hashed. Times of blocks are ms since the segment's first.
"""

from protocol.ebml import UNKNOWN_SIZE, double, element, element_id, put_size, text, unsigned
from protocol.errors import ProtocolError

PICTURE = 1
SOUND = 2
POSITION = 3

A_LAW = 6
PCM = 1
IMA_ADPCM = 0x11

EBML = 0x1A45DFA3
SEGMENT = 0x18538067
INFO = 0x1549A966
TRACKS = 0x1654AE6B
TRACK = 0xAE
TAGS = 0x1254C367
CLUSTER = 0x1F43B675
CLUSTER_TIME = 0xE7
SIMPLE_BLOCK = 0xA3
BLOCK_GROUP = 0xA0
BLOCK = 0xA1
BLOCK_DURATION = 0x9B
DURATION = 0x4489
VOID = 0xEC

MAX_BLOCK_BYTES = 4 << 20
MAX_CLUSTER_MS = 5_000
BLOCK_HEAD_BYTES = 12
CLUSTER_HEAD_BYTES = 4 + 8 + 1 + 1 + 4
SECONDS_1970_TO_2001 = 978_307_200
MAX_TAG_BYTES = 200


class Format:
    """What the tracks of a segment are.

    width, height: of the pictures (0: no picture track); sound: A_LAW, PCM (16 bit) or IMA_ADPCM, 0 for no sound;
    rate_hz; block_bytes: of one ADPCM block, whose samples are 2 * (block_bytes - 4) + 1.
    """

    def __init__(
        self, width: int, height: int, sound: int = A_LAW, rate_hz: int = 16_000, block_bytes: int = 0
    ) -> None:
        if not (0 <= width <= 16_384 and 0 <= height <= 16_384 and sound in (0, PCM, A_LAW, IMA_ADPCM)):
            raise ProtocolError("no format: %d x %d, sound %d" % (width, height, sound))
        self.width = width
        self.height = height
        self.sound = sound
        self.rate_hz = rate_hz
        self.block_bytes = block_bytes


def head(
    form: Format, uuid: bytes, writer: str, utc_ms: "int | None", tags: "list[tuple[str, str]]"
) -> "tuple[bytes, int]":
    """(everything before the first cluster, the offset of Duration's 8 bytes).

    uuid: 16 bytes, unique to this segment; writer: the firmware, as "tipstaff 0.1.0"; utc_ms: time of the first block
    in UTC ms since 1970, None when the unit does not know it; tags: (NAME, value) of at most 200 bytes each.
    """
    ebml = (
        unsigned(0x4286, 1) + unsigned(0x42F7, 1) + unsigned(0x42F2, 4) + unsigned(0x42F3, 8)
        + text(0x4282, "matroska") + unsigned(0x4287, 4) + unsigned(0x4285, 2)
    )  # fmt: skip
    front = bytearray(element(EBML, ebml) + element_id(SEGMENT) + bytes(8))
    put_size(front, len(front) - 8, UNKNOWN_SIZE, 8)
    # Duration first: its place is then known before anything of unknown length.
    info = element(DURATION, double(0)) + unsigned(0x2AD7B1, 1_000_000) + element(0x73A4, uuid)
    if utc_ms is not None:
        since_2001_ns = (utc_ms - SECONDS_1970_TO_2001 * 1000) * 1_000_000
        info += element(0x4461, (since_2001_ns & (1 << 64) - 1).to_bytes(8, "big"))
    info += text(0x4D80, "tipstaff") + text(0x5741, writer)
    whole = element(INFO, info)
    duration_at = len(front) + len(whole) - len(info) + 3
    front += whole + element(TRACKS, _tracks(form))
    if tags:
        front += element(TAGS, _tags(tags))
    return bytes(front), duration_at


def _tracks(form: Format) -> bytes:
    tracks = b""
    if form.width:
        video = unsigned(0xB0, form.width) + unsigned(0xBA, form.height)
        tracks += _track(PICTURE, 1, "V_MJPEG", element(0xE0, video))
    if form.sound:
        bits = {PCM: 16, A_LAW: 8, IMA_ADPCM: 4}[form.sound]
        audio = element(0xB5, double(form.rate_hz)) + unsigned(0x9F, 1)
        if form.sound == PCM:
            tracks += _track(SOUND, 2, "A_PCM/INT/LIT", element(0xE1, audio + unsigned(0x6264, 16)))
        else:
            private = element(0x63A2, _wave_format(form, bits))
            tracks += _track(SOUND, 2, "A_MS/ACM", private + element(0xE1, audio + unsigned(0x6264, bits)))
    return tracks + _track(POSITION, 0x11, "S_TEXT/UTF8", text(0x536E, "position"))


def _track(number: int, kind: int, codec: str, more: bytes) -> bytes:
    return element(
        TRACK,
        unsigned(0xD7, number) + unsigned(0x73C5, number) + unsigned(0x83, kind) + unsigned(0x9C, 0)
        + text(0x22B59C, "und") + text(0x86, codec) + more,
    )  # fmt: skip


def _wave_format(form: Format, bits: int) -> bytes:
    """WAVEFORMATEX, little endian: tag, channels, rate, bytes a second, block align, bits, size of what follows."""
    if form.sound == A_LAW:
        extra, align, each_second = b"", 1, form.rate_hz
    else:
        samples = 2 * (form.block_bytes - 4) + 1
        extra, align = samples.to_bytes(2, "little"), form.block_bytes
        each_second = form.rate_hz * form.block_bytes // samples
    fields = (
        (form.sound, 2),
        (1, 2),
        (form.rate_hz, 4),
        (each_second, 4),
        (align, 2),
        (bits, 2),
        (len(extra), 2),
    )
    return b"".join([value.to_bytes(width, "little") for value, width in fields]) + extra


def _tags(tags: "list[tuple[str, str]]") -> bytes:
    simple = b""
    for name, value in tags:
        if len(value.encode()) > MAX_TAG_BYTES:
            raise ProtocolError("tag %s: at most %d bytes" % (name, MAX_TAG_BYTES))
        simple += element(0x67C8, text(0x45A3, name) + text(0x4487, value))
    return element(0x7373, element(0x63C0, b"") + simple)


def put_cluster(buffer: "bytearray | memoryview", at: int, time_ms: int) -> int:
    """Writes the beginning of a cluster (18 bytes) whose blocks count from `time_ms`; returns where it ends."""
    buffer[at : at + 4] = element_id(CLUSTER)
    at = put_size(buffer, at + 4, UNKNOWN_SIZE, 8)
    buffer[at] = CLUSTER_TIME
    at = put_size(buffer, at + 1, 4, 1)
    return _put_number(buffer, at, time_ms, 4)


def put_block(buffer: "bytearray | memoryview", at: int, track: int, relative_ms: int, size: int) -> int:
    """Writes the head of a SimpleBlock (9 bytes), after which `size` bytes of content go; returns where it ends.

    relative_ms: to the cluster's time, -32,768 to 32,767. Raises ProtocolError for a block that cannot be.
    """
    if not -0x8000 <= relative_ms <= 0x7FFF or not 0 < size <= MAX_BLOCK_BYTES:
        raise ProtocolError("no block: %d ms from its cluster, %d bytes" % (relative_ms, size))
    buffer[at] = SIMPLE_BLOCK
    at = put_size(buffer, at + 1, size + 4, 4)
    return _put_block_start(buffer, at, track, relative_ms, 0x80)


def put_text_block(
    buffer: "bytearray | memoryview", at: int, relative_ms: int, lasting_ms: int, line: bytes
) -> int:
    """Writes a whole block of the position track, which players show as a subtitle; returns where it ends."""
    content = len(line) + 4
    buffer[at] = BLOCK_GROUP
    at = put_size(buffer, at + 1, 1 + 4 + content + 1 + 1 + 4, 4)
    buffer[at] = BLOCK
    at = put_size(buffer, at + 1, content, 4)
    at = _put_block_start(buffer, at, POSITION, relative_ms, 0)
    buffer[at : at + len(line)] = line
    at += len(line)
    buffer[at] = BLOCK_DURATION
    at = put_size(buffer, at + 1, 4, 1)
    return _put_number(buffer, at, lasting_ms, 4)


def _put_block_start(
    buffer: "bytearray | memoryview", at: int, track: int, relative_ms: int, flags: int
) -> int:
    buffer[at] = 0x80 | track
    _put_number(buffer, at + 1, relative_ms & 0xFFFF, 2)
    buffer[at + 3] = flags
    return at + 4


def _put_number(buffer: "bytearray | memoryview", at: int, value: int, width: int) -> int:
    for i in range(at + width - 1, at - 1, -1):
        buffer[i] = value & 0xFF
        value >>= 8
    return at + width
