"""The value of the command LIVE: what is sent as it is recorded, and how many pictures of it (docs/wire.md)."""

from protocol.checks import integer, wrong
from protocol.messages import LIVE_FULL, LIVE_OFF

INTERVAL_UNIT_MS = 20
MAX_INTERVAL_MS = 60_000
LEASE_MS = 30_000
"""A unit goes on so long after the newest command, by its own monotonic clock."""


def live_value(mode: int, interval_ms: int = 0) -> int:
    """The command's value for one of LIVE_* and the least time between two pictures; 0: every picture.

    The interval is rounded up to whole units of 20 ms. Raises ProtocolError for what no unit can be asked.
    """
    integer("interval_ms", interval_ms, 0, MAX_INTERVAL_MS)
    units = (interval_ms + INTERVAL_UNIT_MS - 1) // INTERVAL_UNIT_MS
    return integer("mode", mode, LIVE_OFF, LIVE_FULL) | units << 4


def live_of(value: object) -> "tuple[int, int]":
    """(mode, interval in ms) of a command's value. Raises ProtocolError when it is none."""
    most = LIVE_FULL | MAX_INTERVAL_MS // INTERVAL_UNIT_MS << 4
    number = integer("value", value, 0, most)
    mode = number & 15
    if mode > LIVE_FULL:
        raise wrong("value", "mode %d is not known here" % mode)
    return mode, (number >> 4) * INTERVAL_UNIT_MS
