"""Which pictures RTP can carry: RFC 2435 sends scan and quantization tables, and the receiver makes the rest anew.

So a picture has to be baseline, of three components in one scan, sampled 4:2:0 or 4:2:2, with the Huffman tables of
ITU-T T.81, annex K. Anything else would arrive as another picture, or as none.
"""

from __future__ import annotations

SIDE_MAX_PX = 2040
HEADERS_MAX = 64
_SOI, _EOI = b"\xff\xd8", b"\xff\xd9"
_SOF0, _DHT, _SOS, _DQT = 0xC0, 0xC4, 0xDA, 0xDB
_LUMA_SAMPLINGS = (0x21, 0x22)
_PADDING_MAX = 64

_DC_VALUES = bytes(range(12))
_DC_LUMA = bytes((0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0)) + _DC_VALUES
_DC_CHROMA = bytes((0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0)) + _DC_VALUES
_AC_LUMA = bytes.fromhex(
    "0002010303020403050504040000017d"
    "01020300041105122131410613516107227114328191a1082342b1c11552d1f02433627282090a161718191a25262728292a3435363738"
    "393a434445464748494a535455565758595a636465666768696a737475767778797a838485868788898a92939495969798999aa2a3a4a5"
    "a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae1e2e3e4e5e6e7e8e9eaf1f2f3f4f5f6f7f8f9fa"
)
_AC_CHROMA = bytes.fromhex(
    "00020102040403040705040400010277"
    "0001020311040521310612415107617113223281081442"
    "91a1b1c109233352f0156272d10a162434e125f11718191a262728292a35363738393a434445464748494a535455565758595a63646566"
    "6768696a737475767778797a82838485868788898a92939495969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8"
    "c9cad2d3d4d5d6d7d8d9dae2e3e4e5e6e7e8e9eaf2f3f4f5f6f7f8f9fa"
)
_HUFFMAN = {0x00: _DC_LUMA, 0x01: _DC_CHROMA, 0x10: _AC_LUMA, 0x11: _AC_CHROMA}


def size_carried(jpeg: bytes) -> tuple[int, int] | None:
    """(width, height) of a picture that RTP can carry, by its headers; None for any other, and for one cut off."""
    if jpeg[:2] != _SOI or _EOI not in jpeg[-_PADDING_MAX:]:
        return None
    at, size, tables = 2, None, False
    for _ in range(HEADERS_MAX):
        if len(jpeg) < at + 4 or jpeg[at] != 0xFF:
            return None
        marker, length = jpeg[at + 1], int.from_bytes(jpeg[at + 2 : at + 4], "big")
        body = jpeg[at + 4 : at + 2 + length]
        if length < 2 or len(body) != length - 2:
            return None
        if marker == _SOF0:
            size = _size(body) if size is None else None
            if size is None:
                return None
        elif marker == _DHT:
            if not _standard(body):
                return None
        elif 0xC1 <= marker <= 0xD9 or marker == 0xFF:  # another coding, or none
            return None
        elif marker == _DQT:
            if not _eight_bits(body):
                return None
            tables = True
        elif marker == _SOS:
            return size if tables and len(body) == 10 and body[0] == 3 else None
        at += 2 + length
    return None


def _size(frame: bytes) -> tuple[int, int] | None:
    if len(frame) != 15 or frame[0] != 8 or frame[5] != 3:
        return None
    height, width = int.from_bytes(frame[1:3], "big"), int.from_bytes(frame[3:5], "big")
    if not (0 < width <= SIDE_MAX_PX and 0 < height <= SIDE_MAX_PX):
        return None
    if frame[7] not in _LUMA_SAMPLINGS or frame[10] != 0x11 or frame[13] != 0x11:
        return None
    return (width, height) if frame[11] == frame[14] else None


def _standard(body: bytes) -> bool:
    """Whether all tables of a DHT segment are those of annex K."""
    at = 0
    while at < len(body):
        wanted = _HUFFMAN.get(body[at])
        if wanted is None or body[at + 1 : at + 1 + len(wanted)] != wanted:
            return False
        at += 1 + len(wanted)
    return True


def _eight_bits(body: bytes) -> bool:
    """Whether a DQT segment has whole tables of 8 bits and nothing else."""
    return bool(body) and len(body) % 65 == 0 and all(body[at] < 4 for at in range(0, len(body), 65))
