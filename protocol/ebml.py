"""EBML (RFC 8794): element ids, sizes and integers, written into buffers and read from them."""

from protocol.errors import ProtocolError

UNKNOWN_SIZE = -1


def element_id(number: int) -> bytes:
    """The bytes of an id, which carries its own length marker: 0xA3 is one byte, 0x1A45DFA3 four."""
    size = 1 if number < 0x100 else 2 if number < 0x10000 else 3 if number < 0x1000000 else 4
    return number.to_bytes(size, "big")


def put_size(buffer: "bytearray | memoryview", at: int, value: int, width: int) -> int:
    """Writes a size in `width` bytes (1 to 8) at `at`; returns where it ends. UNKNOWN_SIZE is all ones.

    Raises ProtocolError for a size that does not fit.
    """
    if value == UNKNOWN_SIZE:
        value = (1 << 7 * width) - 1
    elif not 0 <= value < (1 << 7 * width) - 1:
        raise ProtocolError("a size of %d does not fit in %d bytes" % (value, width))
    last = at + width - 1
    for i in range(last, at, -1):
        buffer[i] = value & 0xFF
        value >>= 8
    buffer[at] = value | 0x80 >> (width - 1)
    return at + width


def size_bytes(value: int) -> bytes:
    """A size in as few bytes as it needs."""
    width = 1
    while value >= (1 << 7 * width) - 1:
        width += 1
    out = bytearray(width)
    put_size(out, 0, value, width)
    return bytes(out)


def element(number: int, content: bytes) -> bytes:
    """A whole element."""
    return element_id(number) + size_bytes(len(content)) + content


def unsigned(number: int, value: int) -> bytes:
    """An element with an unsigned integer in as few bytes as it needs."""
    width = 1
    while value >> 8 * width:
        width += 1
    return element(number, value.to_bytes(width, "big"))


def text(number: int, value: str) -> bytes:
    """An element with UTF-8 text."""
    return element(number, value.encode())


def double(value: int) -> bytes:
    """The IEEE 754 double of a whole number from 0 to 2**53 - 1, without floats: the unit's have 32 bits."""
    if value == 0:
        return bytes(8)
    bits = 0
    while value >> (bits + 1):
        bits += 1
    return ((1023 + bits) << 52 | (value << (52 - bits)) & ((1 << 52) - 1)).to_bytes(8, "big")


def read_id(data: "bytes | bytearray | memoryview", at: int) -> "tuple[int, int] | None":
    """(id, where it ends) of the element at `at`; None when the bytes end before. ProtocolError for no id."""
    if at >= len(data):
        return None
    first = data[at]
    width = 1
    while width <= 4 and not first & 0x80 >> (width - 1):
        width += 1
    if width > 4:
        raise ProtocolError("byte %d: no element begins here" % at)
    if at + width > len(data):
        return None
    number = 0
    for i in range(at, at + width):
        number = number << 8 | data[i]
    return number, at + width


def read_size(data: "bytes | bytearray | memoryview", at: int) -> "tuple[int, int] | None":
    """(size, where it ends) of the size at `at`; UNKNOWN_SIZE for all ones; None when the bytes end before.

    Raises ProtocolError for a first byte of 0.
    """
    if at >= len(data):
        return None
    first = data[at]
    width = 1
    while width <= 8 and not first & 0x80 >> (width - 1):
        width += 1
    if width > 8:
        raise ProtocolError("byte %d: a size has at most 8 bytes" % at)
    if at + width > len(data):
        return None
    number = first & (0x7F >> (width - 1))
    for i in range(at + 1, at + width):
        number = number << 8 | data[i]
    if number == (1 << 7 * width) - 1:
        return UNKNOWN_SIZE, at + width
    return number, at + width
