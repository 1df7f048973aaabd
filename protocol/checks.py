"""The checks that every value of a message passes, when it is made and when it is decoded.

Each returns the value or raises ProtocolError with the field's name and what was expected.
"""

from protocol.errors import ProtocolError

MAX_LIST = 32
MAX_UINT16 = 0xFFFF
MAX_UINT32 = 0xFFFFFFFF
MAX_UINT53 = 0x1FFFFFFFFFFFFF

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def wrong(name: str, what: str) -> ProtocolError:
    """The error that names a field and the rule that it breaks."""
    return ProtocolError("%s: %s" % (name, what))


def integer(name: str, value: object, low: int, high: int) -> int:
    """`value`, a whole number from `low` to `high`."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise wrong(name, "an integer is expected")
    if not low <= value <= high:
        raise wrong(name, "%d is outside %d to %d" % (value, low, high))
    return value


def text(name: str, value: object, low: int, high: int) -> str:
    """`value`, text of `low` to `high` bytes of UTF-8 without control characters."""
    if not isinstance(value, str):
        raise wrong(name, "text is expected")
    if not low <= len(value.encode()) <= high:
        raise wrong(name, "text of %d to %d bytes is expected" % (low, high))
    for char in value:
        if ord(char) < 0x20 or 0x7F <= ord(char) < 0xA0:
            raise wrong(name, "control characters are refused")
    return value


def byte_string(name: str, value: object, low: int, high: int) -> bytes:
    """`value`, bytes of length `low` to `high`."""
    if not isinstance(value, (bytes, bytearray)):
        raise wrong(name, "bytes are expected")
    if not low <= len(value) <= high:
        raise wrong(name, "%d to %d bytes are expected" % (low, high))
    return bytes(value)


def items(name: str, value: object, low: int, high: int) -> "list[Any]":
    """`value` as a list of `low` to `high` items."""
    if not isinstance(value, (list, tuple)):
        raise wrong(name, "an array is expected")
    if not low <= len(value) <= high:
        raise wrong(name, "%d to %d items are expected" % (low, high))
    return list(value)
