"""What a broker sends, taken out of a byte stream in place and strictly.

One preallocated buffer; a packet is parsed where it lies. Whatever the bytes, only PacketError leaves.
"""

from mqtt import properties
from mqtt.errors import PacketError
from mqtt.options import V5
from mqtt.packets import CONNACK, DISCONNECT, PINGRESP, PUBACK, PUBLISH, SUBACK

NOTHING = 0
SKIPPED = 100  # a PUBLISH with too long a payload: `topic`, `qos`, `packet_id` and `size_bytes` say which

HEAD_BYTES = 512  # room for a fixed header, a topic, a packet identifier and properties
_CONTROL = (CONNACK, PUBACK, SUBACK, PINGRESP, DISCONNECT)
_PUBACK_CODES = b"\x00\x10\x80\x83\x87\x90\x91\x97\x99"
_SUBACK_CODES_V5 = b"\x00\x01\x80\x83\x87\x8f\x91\x97\x9e\xa1\xa2"
_SUBACK_CODES_V311 = b"\x00\x01\x80"


class Decoder:
    """Give bytes by `space()` and `filled(n)`, take packets by `next()` until it returns NOTHING.

    After `next()` the attributes of the kind are set: CONNACK `session_present code limits reason`; PUBLISH
    `topic payload qos retain dup packet_id` (payload: a memoryview, valid until the next `space()`); PUBACK
    and SUBACK `packet_id code reason`; DISCONNECT `code reason`.
    After a PacketError the stream is lost: make a new decoder or `reset()` it.
    """

    def __init__(self, version, max_payload_bytes):
        self._v5 = version == V5
        self._max_payload_bytes = max_payload_bytes
        self._buffer = bytearray(max_payload_bytes + HEAD_BYTES)
        self._view = memoryview(self._buffer)
        self.limits = {}
        self.reset()

    @property
    def capacity_bytes(self):
        """The longest packet that is read whole."""
        return len(self._buffer)

    def reset(self):
        """Forgets everything, for a new connection."""
        self._start = self._end = self._skip_bytes = 0
        self.session_present = self.retain = self.dup = False
        self.code = self.qos = self.packet_id = self.size_bytes = 0
        self.topic = self.reason = ""
        self.payload = None
        self.limits.clear()

    def space(self):
        """The free part of the buffer (never empty) to read into; payloads given before become invalid."""
        self.payload = None
        if self._start == self._end:
            self._start = self._end = 0
        elif self._start and self._end > len(self._buffer) // 2:
            left = self._end - self._start
            self._view[:left] = self._view[self._start : self._end]
            self._start, self._end = 0, left
        return self._view[self._end :]

    def filled(self, count):
        """Says that `count` bytes were read into `space()`."""
        self._end += count

    def next(self):
        """The kind of the next whole packet, or NOTHING when more bytes are needed. Raises PacketError."""
        if self._skip_bytes:
            take = min(self._skip_bytes, self._end - self._start)
            self._start += take
            self._skip_bytes -= take
        if self._end - self._start < 1:
            return NOTHING
        kind = self._kind(self._buffer[self._start])
        body, length = self._length()
        if body == 0:
            return NOTHING
        if body - self._start + length > len(self._buffer):
            return self._oversized(kind, body, length)
        if body + length > self._end:
            return NOTHING
        self._start = body + length
        if kind == PUBLISH:
            return self._publish(body, body + length)
        self._control(kind, body, body + length)
        return kind

    def _kind(self, first):
        kind = first >> 4
        if kind == PUBLISH:
            self.qos = first >> 1 & 3
            self.dup = first & 8 != 0
            self.retain = first & 1 != 0
            if self.qos > 1:
                raise PacketError("PUBLISH with QoS %d, which was not asked for" % self.qos)
            if self.dup and self.qos == 0:
                raise PacketError("PUBLISH with QoS 0 and DUP")
        elif kind not in _CONTROL or (kind == DISCONNECT and not self._v5):
            raise PacketError("packet type %d is not for a client" % kind)
        elif first & 15:
            raise PacketError("packet type %d has flags %d" % (kind, first & 15))
        return kind

    def _length(self):
        value = shift = 0
        at = self._start + 1
        while at < self._end:
            byte = self._buffer[at]
            at += 1
            value |= (byte & 0x7F) << shift
            if byte < 128:
                if byte == 0 and shift:
                    raise PacketError("a length has a needless byte")
                return at, value
            shift += 7
            if shift > 21:
                raise PacketError("a length has five bytes")
        return 0, 0

    def _oversized(self, kind, body, length):
        if kind != PUBLISH:
            raise PacketError("packet type %d of %d bytes" % (kind, length))
        if self._end - body < HEAD_BYTES // 2:
            return NOTHING
        at = self._topic(body, self._end)
        self.size_bytes = length - (at - body)
        self._skip_bytes = length - (self._end - body)
        self._start = self._end
        return SKIPPED

    def _publish(self, at, end):
        at = self._topic(at, end)
        if self._v5:
            at = properties.read(self._buffer, at, end, properties.IN_PUBLISH, {})
        self.size_bytes = end - at
        if self.size_bytes > self._max_payload_bytes:
            return SKIPPED
        self.payload = self._view[at:end]
        return PUBLISH

    def _topic(self, at, end):
        start = at + 2
        stop = start + self._u16(at, end)
        if stop > end:
            raise PacketError("topic runs past the packet, or is too long")
        self.topic = topic = properties.text(self._buffer, start, stop)
        if not topic or "+" in topic or "#" in topic:
            raise PacketError("topic is empty or has a wildcard")
        self.packet_id = 0
        if self.qos:
            self._identifier(stop, end)
            return stop + 2
        return stop

    def _identifier(self, at, end):
        self.packet_id = self._u16(at, end)
        if self.packet_id == 0:
            raise PacketError("packet identifier is zero")

    def _u16(self, at, end):
        if at + 2 > end:
            raise PacketError("packet is too short")
        return self._buffer[at] << 8 | self._buffer[at + 1]

    def _control(self, kind, at, end):
        self.reason = ""
        if kind == CONNACK:
            at = self._connack(at, end)
        elif kind == PUBACK:
            self._identifier(at, end)
            self.code = 0
            at = self._code(at + 2, end, properties.IN_ACK) if self._v5 else at + 2
            if self.code not in _PUBACK_CODES:
                raise PacketError("PUBACK with code %d" % self.code)
        elif kind == SUBACK:
            at = self._suback(at, end)
        elif kind == DISCONNECT:
            at = self._code(at, end, properties.IN_DISCONNECT)
        if at != end:
            raise PacketError("packet type %d is longer or shorter than its fields" % kind)

    def _code(self, at, end, allowed):
        """Reason code and properties, both of which MQTT 5 lets a packet leave out."""
        self.code = 0
        if at < end:
            self.code = self._buffer[at]
            at += 1
        return self._properties(at, end, allowed) if at < end else at

    def _properties(self, at, end, allowed):
        found = {}
        at = properties.read(self._buffer, at, end, allowed, found)
        self.reason = found.pop(properties.REASON_STRING, "")
        if allowed is properties.IN_CONNACK:
            self.limits.update(found)
        return at

    def _connack(self, at, end):
        self._u16(at, end)
        flags, self.code = self._buffer[at], self._buffer[at + 1]
        if flags > 1 or (flags and self.code):
            raise PacketError("CONNACK with flags %d and code %d" % (flags, self.code))
        if 5 < self.code < 128 or (0 < self.code < 128 and self._v5) or (self.code > 5 and not self._v5):
            raise PacketError("CONNACK with code %d" % self.code)
        self.session_present = flags == 1
        return self._properties(at + 2, end, properties.IN_CONNACK) if self._v5 else at + 2

    def _suback(self, at, end):
        self._identifier(at, end)
        at = self._properties(at + 2, end, properties.IN_ACK) if self._v5 else at + 2
        if at + 1 != end:
            raise PacketError("SUBACK does not answer one filter")
        self.code = self._buffer[at]
        if self.code not in (_SUBACK_CODES_V5 if self._v5 else _SUBACK_CODES_V311):
            raise PacketError("SUBACK with code %d" % self.code)
        return end
