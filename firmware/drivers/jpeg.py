"""What a JPEG picture (ITU-T T.81) says of itself, without decoding it."""

_SIZED = (0xC0, 0xC1, 0xC2)
_MOST_MARKERS = 24


def dimensions(data):
    """(width, height) of a picture, or None for what is no JPEG."""
    if len(data) < 4 or data[0] != 0xFF or data[1] != 0xD8:
        return None
    at = 2
    for _ in range(_MOST_MARKERS):
        if at + 9 > len(data) or data[at] != 0xFF:
            return None
        marker = data[at + 1]
        if marker in _SIZED:
            return data[at + 7] << 8 | data[at + 8], data[at + 5] << 8 | data[at + 6]
        at += 2 + (data[at + 2] << 8 | data[at + 3])
    return None
