"""How messages are described: tables of fields, read by one encoder and one decoder.

A Message is a CBOR map. Key 0 is the wire's version; every other key is one of its `FIELDS` rows
(key, name, kind, low, high, required). `low` and `high` bound the value of INTEGER, each value of UINTS, the
length in bytes of BYTES and TEXT, and the number of items of FIXES and COUNTERS.

`docs/wire.md` is written from these tables.
"""

from protocol.cbor import Encoder, decode
from protocol.checks import MAX_LIST, MAX_UINT16, MAX_UINT53, byte_string, integer, items, text, wrong
from protocol.errors import ProtocolError, UnsupportedVersion
from protocol.records import Fix, Stamp, Value

VERSION = 1

INTEGER = "int"
BYTES = "bytes"
TEXT = "text"
STAMP = "stamp"
FIX = "fix"
FIXES = "fixes"
UINTS = "uints"
COUNTERS = "counters"
VALUE = "value"

MAX_MESSAGE_BYTES = 4096

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Self


class Message(Value):
    """A message of the wire; the subclasses are in protocol.messages.

    Raises, when made: ProtocolError for a value that the wire cannot carry, TypeError for an unknown name.
    """

    FIELDS: "tuple[tuple[int, str, str, int, int, bool], ...]" = ()

    def __init__(self, **values: "Any") -> None:
        for _, name, kind, low, high, required in self.FIELDS:
            value = values.pop(name, None)
            if value is not None:
                value = _checked(name, kind, value, low, high)
            elif required:
                raise wrong(name, "is missing")
            setattr(self, name, value)
        if values:
            raise TypeError("%s has no field %s" % (type(self).__name__, list(values)[0]))

    def _names(self) -> "list[str]":
        return [row[1] for row in self.FIELDS]

    def encode_into(self, buffer: "bytearray | memoryview") -> int:
        """Writes the message to the start of `buffer`; returns its length in bytes.

        Raises ProtocolError when the buffer is too small.
        """
        encoder = Encoder(buffer)
        present = [row for row in self.FIELDS if getattr(self, row[1]) is not None]
        encoder.map(1 + len(present))
        encoder.integer(0)
        encoder.integer(VERSION)
        for key, name, kind, _, _, _ in present:
            encoder.integer(key)
            _write(encoder, kind, getattr(self, name))
        return encoder.length

    def encode(self) -> bytes:
        """The message's bytes."""
        buffer = bytearray(MAX_MESSAGE_BYTES)
        return bytes(memoryview(buffer)[: self.encode_into(buffer)])

    @classmethod
    def decode(cls, data: "bytes | bytearray | memoryview") -> "Self":
        """The message in `data`. Keys that are not in the table are ignored.

        Raises:
            UnsupportedVersion: a message of another version of the wire.
            ProtocolError: anything else that is not such a message.
        """
        if len(data) > MAX_MESSAGE_BYTES:
            raise ProtocolError("%d bytes: a message has at most %d" % (len(data), MAX_MESSAGE_BYTES))
        pairs = decode(data)
        if not isinstance(pairs, dict) or not isinstance(pairs.get(0), int):
            raise ProtocolError("not a message: a map with the version under key 0 is expected")
        version = pairs[0]
        if version is True or version is False or version != VERSION:
            raise UnsupportedVersion(version)
        values = {}
        for key, name, kind, _, _, _ in cls.FIELDS:
            value = pairs.get(key)
            if value is not None:
                values[name] = _read(name, kind, value)
        return cls(**values)


def _checked(name: str, kind: str, value: "Any", low: int, high: int) -> "Any":
    if kind == INTEGER:
        return integer(name, value, low, high)
    if kind == BYTES:
        return byte_string(name, value, low, high)
    if kind == TEXT:
        return text(name, value, low, high)
    if kind == UINTS:
        return [integer(name, item, low, high) for item in items(name, value, 0, MAX_LIST)]
    if kind == FIXES:
        return [_checked(name, FIX, item, 0, 0) for item in items(name, value, low, high)]
    if kind == COUNTERS:
        if not isinstance(value, dict) or len(value) > high:
            raise wrong(name, "a map of at most %d counters is expected" % high)
        for key, count in value.items():
            integer(name, key, 0, MAX_UINT16)
            integer(name, count, 0, MAX_UINT53)
        return value
    if kind == VALUE:
        if isinstance(value, str):
            return text(name, value, low, high)
        return integer(name, value, -MAX_UINT53, MAX_UINT53)
    if not isinstance(value, Stamp if kind == STAMP else Fix):
        raise wrong(name, "a %s is expected" % kind)
    return value


def _write(encoder: Encoder, kind: str, value: "Any") -> None:
    if kind == BYTES:
        encoder.byte_string(value)
    elif kind == TEXT or isinstance(value, str):
        encoder.text(value)
    elif kind == STAMP or kind == FIX:
        value.write(encoder)
    elif kind == FIXES:
        encoder.array(len(value))
        for fix in value:
            fix.write(encoder)
    elif kind == UINTS:
        encoder.array(len(value))
        for number in value:
            encoder.integer(number)
    elif kind == COUNTERS:
        encoder.map(len(value))
        for key in sorted(value):
            encoder.integer(key)
            encoder.integer(value[key])
    else:
        encoder.integer(value)


def _read(name: str, kind: str, value: "Any") -> "Any":
    if kind == STAMP:
        return Stamp.read(name, value)
    if kind == FIX:
        return Fix.read(name, value)
    if kind == FIXES:
        return [Fix.read(name, item) for item in items(name, value, 0, MAX_LIST)]
    return value
