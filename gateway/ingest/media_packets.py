"""The few packets of MQTT 3.1.1 that a subscriber at QoS 0 needs, and no others (docs/adr/0022).

What is sent is made here, what comes is taken out of a byte stream in place. Whatever the bytes, only ProtocolError
leaves.
"""

from collections.abc import Iterator

from protocol.errors import ProtocolError

CONNACK, PUBLISH, SUBACK, PINGRESP = 0x20, 0x30, 0x90, 0xD0
RETAINED = 0x31
SKIPPED = 0x00
"""A PUBLISH that is too long to be read: its body is what there is of its beginning."""
PINGREQ, DISCONNECT = b"\xc0\x00", b"\xe0\x00"

REFUSED = 0x80
READ_BYTES = 256 * 1024
"""As much as asyncio's TLS decrypts at once."""
PACKET_MAX_BYTES = 64 * 1024
"""The longest that is read whole. A chunk is a quarter of that."""
SKIPPED_HEAD_BYTES = 256
_EXPECTED = frozenset((CONNACK, PUBLISH, RETAINED, SUBACK, PINGRESP))
#: How long they are: CONNACK, SUBACK of one filter, PINGRESP.
_BODY_BYTES = {CONNACK: 2, SUBACK: 3, PINGRESP: 0}


def connect(client_id: str, keepalive_s: int) -> bytes:
    """CONNECT without a session; who we are is in our certificate."""
    return _packet(0x10, b"\x00\x04MQTT\x04\x02" + keepalive_s.to_bytes(2, "big") + _sized(client_id))


def subscribe(packet_id: int, topic_filter: str) -> bytes:
    """SUBSCRIBE to one filter at QoS 0."""
    return _packet(0x82, packet_id.to_bytes(2, "big") + _sized(topic_filter) + b"\x00")


def published(body: memoryview) -> tuple[str, bytes]:
    """(topic, payload) of a PUBLISH at QoS 0; a topic that is not UTF-8, which some brokers let through and which no
    message has, is "". Raises ProtocolError."""
    end = 2 + (body[0] << 8 | body[1]) if len(body) >= 2 else 2
    if end > len(body):
        raise ProtocolError("a PUBLISH is shorter than its topic")
    try:
        topic = str(body[2:end], "utf-8")
    except UnicodeDecodeError:
        topic = ""
    return topic, bytes(body[end:])


class Inbound:
    """Bytes are read into `space()`; `packets(count)` gives those that are whole with them.

    After a ProtocolError the stream is lost, and this with it.
    """

    def __init__(self) -> None:
        self._view = memoryview(bytearray(PACKET_MAX_BYTES + READ_BYTES))
        self._start = self._end = self._skip_bytes = 0

    def space(self) -> memoryview:
        """Where the next bytes belong: never empty. Bodies that were given before are not good any more."""
        if self._start:
            left = self._end - self._start
            self._view[:left] = self._view[self._start : self._end]
            self._start, self._end = 0, left
        return self._view[self._end :]

    def packets(self, count: int) -> Iterator[tuple[int, memoryview]]:
        """(first byte, body) of each packet that is whole with `count` more bytes. Raises ProtocolError."""
        self._end += count
        while (packet := self._next()) is not None:
            yield packet

    def _next(self) -> tuple[int, memoryview] | None:
        skipped = min(self._skip_bytes, self._end - self._start)
        self._start += skipped
        self._skip_bytes -= skipped
        view, start, end = self._view, self._start, self._end
        if start == end:
            return None
        first = view[start]
        if first not in _EXPECTED:
            raise ProtocolError(f"a packet that begins with {first:02x} is none that a subscriber is sent")
        size = shift = 0
        at = start + 1
        while True:
            if at == end:
                return None
            byte = view[at]
            at += 1
            size |= (byte & 0x7F) << shift
            if byte < 0x80:
                break
            shift += 7
            if shift > 21:
                raise ProtocolError("a packet's length has five bytes")
        if size != _BODY_BYTES.get(first, size):
            raise ProtocolError(f"a packet that begins with {first:02x} has {size} bytes")
        if at - start + size > PACKET_MAX_BYTES:
            if end - at < SKIPPED_HEAD_BYTES:
                return None
            self._skip_bytes, self._start = size - (end - at), end
            if self._skip_bytes < 0:
                self._start, self._skip_bytes = at + size, 0
            return SKIPPED, view[at : at + SKIPPED_HEAD_BYTES]
        if at + size > end:
            return None
        self._start = at + size
        return first, view[at : self._start]


def _sized(text: str) -> bytes:
    data = text.encode()
    return len(data).to_bytes(2, "big") + data


def _packet(first: int, body: bytes) -> bytes:
    assert len(body) < 0x80, "what we send is short"
    return bytes((first, len(body))) + body
