"""The manifest of a segment: what was recorded, sealed by the unit's signature and chained to the one before."""

import hashlib

from protocol.checks import MAX_UINT32, MAX_UINT53
from protocol.fields import BYTES, FIX, INTEGER, STAMP, TEXT, UINTS, Message
from protocol.media import MAX_FILE_BYTES, SEGMENT_BYTES
from protocol.records import Fix, Stamp

CUT = 1
"""The power failed while it was written: it ends with its last whole block."""
PRE_EVENT = 2
"""It begins with what was in the ring before somebody pressed."""
LAST = 4
"""The recording ends with it."""
ALARMED = 8
"""An alarm was open while it was recorded."""

FIRST_PREVIOUS = bytes(32)
KEY_ID_BYTES = 8


class Manifest(Message):
    """`up/manifest`: repeated by the unit until a Want names the segment as sealed.

    segment: recording (8 bytes) and number (4); size, sha256: of the file; first, last: of its first and last block;
    seq: rises by one with each manifest of the unit's key; previous: SHA-256 of the manifest before, 32 zero bytes in
    the first one; flags: CUT, PRE_EVENT, LAST, ALARMED; dropped_pictures, dropped_sounds: what the card was too slow
    for; marks: ms since the first block at which the officer set one; fix: the newest one, with its own time;
    key_id: the first 8 bytes of the SHA-256 of the public key; signature: Ed25519 over the encoding without itself.
    """

    segment: bytes
    size: int
    sha256: bytes
    first: Stamp
    last: Stamp
    seq: int
    previous: bytes
    flags: int
    dropped_pictures: int
    dropped_sounds: int
    unit: str
    key_id: bytes
    case_no: "str | None"
    alarm_id: "bytes | None"
    marks: "list[int] | None"
    fix: "Fix | None"
    signature: "bytes | None"
    FIELDS = (
        (1, "segment", BYTES, SEGMENT_BYTES, SEGMENT_BYTES, True),
        (2, "size", INTEGER, 1, MAX_FILE_BYTES, True),
        (3, "sha256", BYTES, 32, 32, True),
        (4, "first", STAMP, 0, 0, True),
        (5, "last", STAMP, 0, 0, True),
        (6, "seq", INTEGER, 0, MAX_UINT32, True),
        (7, "previous", BYTES, 32, 32, True),
        (8, "flags", INTEGER, 0, 255, True),
        (9, "dropped_pictures", INTEGER, 0, MAX_UINT32, True),
        (10, "dropped_sounds", INTEGER, 0, MAX_UINT32, True),
        (11, "unit", TEXT, 1, 32, True),
        (12, "key_id", BYTES, KEY_ID_BYTES, KEY_ID_BYTES, True),
        (13, "case_no", TEXT, 1, 96, False),
        (14, "alarm_id", BYTES, 16, 16, False),
        (15, "marks", UINTS, 0, MAX_UINT53, False),
        (16, "fix", FIX, 0, 0, False),
        (17, "signature", BYTES, 64, 64, False),
    )

    def signed_bytes(self) -> bytes:
        """What the signature is over: the encoding without it."""
        signature, self.signature = self.signature, None
        try:
            return self.encode()
        finally:
            self.signature = signature

    def digest(self) -> bytes:
        """SHA-256 of the whole encoding, signature included: the next manifest's `previous`."""
        return hashlib.sha256(self.encode()).digest()


def key_id(public: bytes) -> bytes:
    """The name of a public key of 32 bytes."""
    return hashlib.sha256(public).digest()[:KEY_ID_BYTES]
