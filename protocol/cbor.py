"""The subset of CBOR (RFC 8949) that the wire uses.

Integers, byte and text strings, arrays, maps, booleans, null.

Refused, so that a value has exactly one encoding and a decoder has no surprises: floats, tags, indefinite
lengths, heads longer than needed, map keys that are not unsigned integers in strictly rising order, text that
is not UTF-8, and bytes after the value.
"""

from protocol.errors import ProtocolError

UINT = 0
NINT = 1
BYTES = 2
TEXT = 3
ARRAY = 4
MAP = 5
SIMPLE = 7

MAX_DEPTH = 4
MAX_ITEMS = 512


class Encoder:
    """Writes CBOR into a buffer that the caller owns; nothing is allocated for integers below 2**30.

    Args:
        buffer: a writable buffer (bytearray or memoryview of bytes).

    Every method raises ProtocolError when the buffer is full or a value is outside the subset.
    """

    def __init__(self, buffer: "bytearray | memoryview") -> None:
        self._view = memoryview(buffer)
        self._size = len(buffer)
        self.length = 0

    def reset(self) -> None:
        """Starts again at the first byte of the buffer."""
        self.length = 0

    def _head(self, major: int, value: int) -> None:
        if value < 24:
            extra = 0
        elif value < 0x100:
            extra = 1
        elif value < 0x10000:
            extra = 2
        elif value < 0x100000000:
            extra = 4
        elif value < 0x10000000000000000:
            extra = 8
        else:
            raise ProtocolError("integer outside 64 bits")
        at = self.length
        if at + 1 + extra > self._size:
            raise ProtocolError("message longer than its buffer of %d bytes" % self._size)
        view = self._view
        if extra == 0:
            view[at] = major << 5 | value
        else:
            view[at] = major << 5 | (24 if extra == 1 else 25 if extra == 2 else 26 if extra == 4 else 27)
            for i in range(extra, 0, -1):
                view[at + i] = value & 0xFF
                value >>= 8
        self.length = at + 1 + extra

    def integer(self, value: int) -> None:
        """A whole number from -2**64 to 2**64 - 1."""
        if value < 0:
            self._head(NINT, -1 - value)
        else:
            self._head(UINT, value)

    def byte_string(self, value: "bytes | bytearray | memoryview") -> None:
        """A byte string."""
        self._string(BYTES, value)

    def text(self, value: str) -> None:
        """A text string, as UTF-8."""
        self._string(TEXT, value.encode())

    def _string(self, major: int, value: "bytes | bytearray | memoryview") -> None:
        size = len(value)
        self._head(major, size)
        end = self.length + size
        if end > self._size:
            raise ProtocolError("message longer than its buffer of %d bytes" % self._size)
        self._view[self.length : end] = value
        self.length = end

    def array(self, count: int) -> None:
        """The head of an array; the caller writes `count` items after it."""
        self._head(ARRAY, count)

    def map(self, count: int) -> None:
        """The head of a map; the caller writes `count` pairs after it, keys rising."""
        self._head(MAP, count)

    def boolean(self, value: bool) -> None:
        """True or false."""
        self._head(SIMPLE, 21 if value else 20)

    def null(self) -> None:
        """Null."""
        self._head(SIMPLE, 22)

    def getvalue(self) -> bytes:
        """A copy of what was written."""
        return bytes(self._view[: self.length])


class _Reader:
    def __init__(self, data: "bytes | bytearray | memoryview", max_items: int) -> None:
        self.view = memoryview(data)
        self.size = len(data)
        self.at = 0
        self.items_left = max_items

    def value(self, depth: int) -> object:
        self.items_left -= 1
        if self.items_left < 0:
            raise ProtocolError("more items than a message may hold")
        if self.at >= self.size:
            raise ProtocolError("cut off: a value is missing at byte %d" % self.at)
        start = self.at
        first = self.view[start]
        self.at = start + 1
        major = first >> 5
        info = first & 31
        if major == SIMPLE:
            if info == 20:
                return False
            if info == 21:
                return True
            if info == 22:
                return None
            raise ProtocolError("byte %d: floats, undefined and breaks are not used" % start)
        number = self._argument(info, start)
        if major == UINT:
            return number
        if major == NINT:
            return -1 - number
        if major == BYTES:
            return bytes(self._take(number, start))
        if major == TEXT:
            raw = self._take(number, start)
            if not utf8_valid(raw):
                raise ProtocolError("byte %d: text is not UTF-8" % start)
            return str(raw, "utf-8")
        if major == ARRAY or major == MAP:
            if depth <= 0:
                raise ProtocolError("byte %d: nested deeper than %d" % (start, MAX_DEPTH))
            if number > self.items_left or number > self.size - self.at:
                raise ProtocolError("byte %d: more items announced than the message holds" % start)
            return self._array(number, depth) if major == ARRAY else self._map(number, depth)
        raise ProtocolError("byte %d: tags are not used" % start)

    def _argument(self, info: int, start: int) -> int:
        if info < 24:
            return info
        if info > 27:
            raise ProtocolError("byte %d: indefinite or reserved length" % start)
        at = self.at
        end = at + (1 << (info - 24))
        if end > self.size:
            raise _cut_off(start)
        # Byte by byte, as the unit's heap has no cheap room for a view of so few.
        number = 0
        while at < end:
            number = number << 8 | self.view[at]
            at += 1
        self.at = end
        least = 24 if info == 24 else 0x100 if info == 25 else 0x10000 if info == 26 else 0x100000000
        if number < least:
            raise ProtocolError("byte %d: a number longer than needed" % start)
        return number

    def _take(self, count: int, start: int) -> memoryview:
        at = self.at
        if count > self.size - at:
            raise _cut_off(start)
        self.at = at + count
        return self.view[at : at + count]

    def _array(self, count: int, depth: int) -> "list[object]":
        return [self.value(depth - 1) for _ in range(count)]

    def _map(self, count: int, depth: int) -> "dict[int, object]":
        result = {}
        last = -1
        for _ in range(count):
            start = self.at
            key = self.value(0)
            if not isinstance(key, int) or isinstance(key, bool) or key <= last:
                raise ProtocolError("byte %d: map keys are unsigned integers in rising order" % start)
            last = key
            result[key] = self.value(depth - 1)
        return result


def _cut_off(start: int) -> ProtocolError:
    return ProtocolError("cut off: byte %d announces more than follows" % start)


def utf8_valid(raw: "bytes | bytearray | memoryview") -> bool:
    """Whether the bytes are UTF-8 by RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.

    Both interpreters must refuse the same bytes, and MicroPython's own decoder is more lenient.
    """
    size = len(raw)
    i = 0
    while i < size:
        byte = raw[i]
        i += 1
        if byte < 0x80:
            continue
        if 0xC2 <= byte <= 0xDF:
            more, low, high = 1, 0x80, 0xBF
        elif 0xE0 <= byte <= 0xEF:
            more = 2
            low = 0xA0 if byte == 0xE0 else 0x80
            high = 0x9F if byte == 0xED else 0xBF
        elif 0xF0 <= byte <= 0xF4:
            more = 3
            low = 0x90 if byte == 0xF0 else 0x80
            high = 0x8F if byte == 0xF4 else 0xBF
        else:
            return False
        for _ in range(more):
            if i >= size or not low <= raw[i] <= high:
                return False
            low, high = 0x80, 0xBF
            i += 1
    return True


def decode(
    data: "bytes | bytearray | memoryview", max_depth: int = MAX_DEPTH, max_items: int = MAX_ITEMS
) -> object:
    """One value of the subset from all of `data`.

    Args:
        data: the bytes; they are not kept.
        max_depth: how deep arrays and maps may nest.
        max_items: how many values there may be in all.

    Returns:
        int, bytes, str, bool, None, a list, or a dict with int keys.

    Raises:
        ProtocolError: whatever else the bytes are.
    """
    result, end = decode_first(data, max_depth, max_items)
    if end != len(data):
        raise ProtocolError("%d bytes after the message" % (len(data) - end))
    return result


def decode_first(
    data: "bytes | bytearray | memoryview", max_depth: int = MAX_DEPTH, max_items: int = MAX_ITEMS
) -> "tuple[object, int]":
    """(the first value in `data`, where it ends); otherwise as `decode`."""
    reader = _Reader(data, max_items)
    result = reader.value(max_depth)
    return result, reader.at
