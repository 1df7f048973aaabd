"""One position as units send it once a second, read without the objects in between: two thousand of them a second
are most of what the gateway does.

Only what has exactly the shape of a `FixBatch` with one fix is read here, by the limits of the wire's own tables;
anything else, right or wrong, is left to `protocol`. What both read is the same: tests/central/test_quick_fix.py.
"""

from gateway.model import Fix
from protocol.messages import CLOCK_NONE
from protocol.records import Fix as WireFix
from protocol.records import Stamp

#: A map of two fields beside the version 1: the fixes, one of them, with a stamp of its own.
_HEAD = (
    bytes((0xA3, 0x00, 0x01, 0x01, 0x81))
    + bytes((0x80 | 1 + len(WireFix.ITEMS),))
    + bytes((0x80 | len(Stamp.ITEMS),))
)
#: Nothing was dropped, and the unit does not keep it until it is stored.
_TAIL = bytes((0x02, 0x00))
_ITEMS = (*Stamp.ITEMS, *WireFix.ITEMS)
_LOWS = [low for _, low, _, _ in _ITEMS]
_HIGHS = [high for _, _, high, _ in _ITEMS]
_REQUIRED = [required for _, _, _, required in _ITEMS]
_NULL = 0xF6


def quick_fix(payload: bytes, received_ms: int, future_ms: int) -> Fix | None:
    """The position, or None when it is not as simple as that. Raises nothing, whatever the bytes.

    received_ms: when it arrived, UTC; future_ms: how far the unit's clock may be ahead of that.
    """
    if not (payload.startswith(_HEAD) and payload.endswith(_TAIL)):
        return None
    found: list[int | None] = []
    at, end = len(_HEAD), len(payload) - len(_TAIL)
    for low, high, required in zip(_LOWS, _HIGHS, _REQUIRED, strict=True):
        if at >= end:
            return None
        first = payload[at]
        at += 1
        if first == _NULL and not required:
            found.append(None)
            continue
        size = _SIZES[first]
        if size < 0:
            return None
        value = first & 0x1F
        if size:
            value = int.from_bytes(payload[at : at + size], "big")
            if value < _LEAST[size]:
                return None
            at += size
        if first >= 0x20:
            value = -1 - value
        if not low <= value <= high:
            return None
        found.append(value)
    if at != end:
        return None
    return _fix(*found, received_ms, future_ms)  # type: ignore[arg-type,call-arg]


#: How many bytes of a number follow its first byte (RFC 8949, 3): of integers; -1 is anything else.
_SIZES = [-1] * 256
for _sign in (0x00, 0x20):
    _SIZES[_sign : _sign + 28] = [0] * 24 + [1, 2, 4, 8]
_LEAST = {1: 24, 2: 0x100, 4: 0x10000, 8: 0x100000000}


def _fix(
    utc_s: int,
    utc_ms: int,
    clock_quality: int,
    mono_ms: int,
    boot: int,
    lat_e7: int,
    lon_e7: int,
    accuracy_dm: int | None,
    speed_cm_s: int | None,
    course_cdeg: int | None,
    altitude_dm: int | None,
    satellites: int,
    quality: int,
    received_ms: int,
    future_ms: int,
) -> Fix | None:
    """As `reading.fix_of`; None as well for one with something wrong, which must be told of."""
    taken_ms = None if clock_quality == CLOCK_NONE or utc_s == 0 else utc_s * 1000 + utc_ms
    if (lat_e7 == 0 and lon_e7 == 0) or quality == 0:
        return None
    if taken_ms is not None and taken_ms > received_ms + future_ms:
        return None
    return Fix(
        lat_e7,
        lon_e7,
        accuracy_dm,
        speed_cm_s,
        course_cdeg,
        altitude_dm,
        satellites,
        quality,
        taken_ms,
        clock_quality,
        mono_ms,
        boot,
        received_ms,
    )
