"""MQTT 5 properties of the packets that a broker sends (section 2.2.2), read strictly."""

from mqtt.errors import PacketError

SESSION_EXPIRY = 0x11
SERVER_KEEPALIVE = 0x13
REASON_STRING = 0x1F
RECEIVE_MAX = 0x21
MAX_QOS = 0x24
USER_PROPERTY = 0x26
MAX_PACKET = 0x27
SUBSCRIPTION_ID = 0x0B

IN_CONNACK = b"\x11\x12\x13\x15\x16\x1a\x1c\x1f\x21\x22\x24\x25\x26\x27\x28\x29\x2a"
IN_PUBLISH = b"\x01\x02\x03\x08\x09\x0b\x26"
IN_ACK = b"\x1f\x26"
IN_DISCONNECT = b"\x1c\x1f\x26"

_BYTE = b"\x01\x24\x25\x28\x29\x2a"
_U16 = b"\x13\x21\x22"
_U32 = b"\x02\x11\x27"


def varint(buffer, at, end):
    """Reads a variable byte integer that must be complete before `end`: (value, position after it)."""
    value = shift = 0
    while True:
        if at >= end:
            raise PacketError("a length runs past the packet")
        byte = buffer[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 128:
            if byte == 0 and shift:
                raise PacketError("a length has a needless byte")
            return value, at
        shift += 7
        if shift > 21:
            raise PacketError("a length has five bytes")


def read(buffer, at, end, allowed, into):
    """Reads the property section at `at`; numbers and the reason text go into the dict `into` by identifier.

    Returns the position after the section. PacketError for an identifier that is not in `allowed`, one that
    comes twice, or one that does not end where the section does.
    """
    length, at = varint(buffer, at, end)
    stop = at + length
    if stop > end:
        raise PacketError("properties run past the packet")
    seen = 0
    while at < stop:
        name = buffer[at]
        at += 1
        if name not in allowed:
            raise PacketError("property 0x%02x is not allowed here" % name)
        if seen >> name & 1 and name not in (USER_PROPERTY, SUBSCRIPTION_ID):
            raise PacketError("property 0x%02x comes twice" % name)
        seen |= 1 << name
        at = _value(buffer, at, stop, name, into)
    return stop


def _value(buffer, at, stop, name, into):
    if name == SUBSCRIPTION_ID:
        value, at = varint(buffer, at, stop)
        if value == 0:
            raise PacketError("a subscription identifier is zero")
        return at
    size = 1 if name in _BYTE else 2 if name in _U16 else 4 if name in _U32 else 0
    if size:
        after = _within(at + size, stop)
        value = 0
        for position in range(at, after):
            value = value << 8 | buffer[position]
        if value > 1 and size == 1 or value == 0 and name in (RECEIVE_MAX, MAX_PACKET):
            raise PacketError("property 0x%02x has the value %d" % (name, value))
        into[name] = value
        return after
    after = _text(buffer, at, stop)
    if name == USER_PROPERTY:
        return _text(buffer, after, stop)
    if name == REASON_STRING:
        into[name] = text(buffer, at + 2, after)
    return after


def _text(buffer, at, stop):
    start = _within(at + 2, stop)
    return _within(start + (buffer[at] << 8 | buffer[at + 1]), stop)


def _within(position, stop):
    if position > stop:
        raise PacketError("a property runs past its section")
    return position


def text(buffer, start, stop):
    """The UTF-8 text of buffer[start:stop]; PacketError when it is none, or has a zero character."""
    try:
        value = str(memoryview(buffer)[start:stop], "utf-8")
    except ValueError:
        raise PacketError("text is not UTF-8") from None
    if "\x00" in value:
        raise PacketError("text has a zero character")
    return value
