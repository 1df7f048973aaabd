"""Speech to the officer, on `down/talk` (docs/wire.md, "Speech"): A-law (ITU-T G.711) at 16 kHz, 20 ms a packet."""

from protocol.checks import MAX_UINT32
from protocol.fields import BYTES, INTEGER, VERSION, Message

TALK_BYTES = 8
RATE_HZ = 16_000
PACKET_MS = 20
PACKET_SAMPLES = 320
"""Bytes, too: A-law has one a sample."""

ALOUD = 1
"""Played although the alarm is silent or the unit is set to be: somebody has chosen that twice."""
LAST = 2
"""Nothing of this talk comes after it."""


class Talk(Message):
    """`down/talk`: a packet of speech; QoS 0, and never worth repeating.

    talk: 8 random bytes, one talk from press to release; number: counts its packets from 0, 20 ms each, so that a gap
    is as long as what is missing; flags: ALOUD, LAST; sound: A-law, a shorter packet is followed by silence.
    """

    talk: bytes
    number: int
    flags: int
    sound: bytes
    FIELDS = (
        (1, "talk", BYTES, TALK_BYTES, TALK_BYTES, True),
        (2, "number", INTEGER, 0, MAX_UINT32, True),
        (3, "flags", INTEGER, 0, 255, True),
        (4, "sound", BYTES, 0, PACKET_SAMPLES, True),
    )


class Packet:
    """A place for one Talk after the other, which costs no memory: a unit is told fifty a second.

    talk: 8 bytes that the next packet overwrites; number, flags: as Talk; sound: a view of the payload, or bytes.
    """

    def __init__(self) -> None:
        self.talk = bytearray(TALK_BYTES)
        self.number = 0
        self.flags = 0
        self.sound: "memoryview | bytes" = b""

    def take(self, payload: memoryview) -> None:
        """Reads what Talk.decode reads, and refuses what it refuses. Raises ProtocolError, UnsupportedVersion."""
        end = len(payload)
        if end < 18 or not self._take(payload, end):
            # Longer than this version writes it, or wrong: that is seldom, and said by the one decoder.
            message = Talk.decode(payload)
            self.talk[:] = message.talk
            self.number, self.flags, self.sound = message.number, message.flags, message.sound

    def _take(self, payload: memoryview, end: int) -> bool:
        """False for what is not exactly the five keys in their shortest form."""
        if payload[0] != 0xA5 or payload[1] != 0 or payload[2] != VERSION:
            return False
        if payload[3] != 1 or payload[4] != 0x40 | TALK_BYTES or payload[13] != 2:
            return False
        number, at = _unsigned(payload, 14, end, 0)
        if at < 0 or at >= end or payload[at] != 3:
            return False
        flags, at = _unsigned(payload, at + 1, end, 0)
        if at < 0 or at >= end or payload[at] != 4:
            return False
        size, at = _unsigned(payload, at + 1, end, 0x40)
        if at < 0 or size != end - at or size > PACKET_SAMPLES or flags > 255 or number > MAX_UINT32:
            return False
        for i in range(TALK_BYTES):
            self.talk[i] = payload[5 + i]
        self.number, self.flags, self.sound = number, flags, payload[at:]
        return True


def _unsigned(data: memoryview, at: int, end: int, major: int) -> "tuple[int, int]":
    """(the number of a head, where it ends); where is -1 for any other head, and for one longer than needed."""
    first = data[at] - major if at < end else 99
    if 0 <= first < 24:
        return first, at + 1
    size = 1 << (first - 24) if 24 <= first <= 26 else 0
    if not size or at + size >= end:
        return 0, -1
    number = 0
    for i in range(size):
        number = number << 8 | data[at + 1 + i]
    return number, at + 1 + size if number >= (24 if size == 1 else 1 << 4 * size) else -1
