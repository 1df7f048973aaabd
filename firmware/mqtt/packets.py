"""What the client sends: CONNECT, PUBLISH, PUBACK, SUBSCRIBE, PINGREQ (MQTT 3.1.1 and 5, sections 3.x)."""

from mqtt.options import V5

CONNACK = 2
PUBLISH = 3
PUBACK = 4
SUBACK = 9
PINGRESP = 13
DISCONNECT = 14

PINGREQ_PACKET = b"\xc0\x00"
PUBACK_BYTES = 4
LARGEST_REMAINING = 268435455


def put_u16(buffer, at, value):
    buffer[at] = value >> 8
    buffer[at + 1] = value & 0xFF
    return at + 2


def put_varint(buffer, at, value):
    """Writes a variable byte integer (section 1.5.5 of MQTT 5); returns the position after it."""
    while value > 127:
        buffer[at] = value & 0x7F | 0x80
        value >>= 7
        at += 1
    buffer[at] = value
    return at + 1


def varint_bytes(value):
    """How many bytes `put_varint` takes; ValueError when the standard has no form for it."""
    if value < 128:
        return 1
    if value < 16384:
        return 2
    if value < 2097152:
        return 3
    if value <= LARGEST_REMAINING:
        return 4
    raise ValueError("too long for an MQTT packet")


def _sized(value):
    data = value.encode() if isinstance(value, str) else bytes(value)
    if len(data) > 65535:
        raise ValueError("longer than 65535 bytes")
    return bytes((len(data) >> 8, len(data) & 0xFF)) + data


def connect(options, will, receive_max, max_packet_bytes):
    """The CONNECT packet, made once a connection. `will` is None or (topic, payload, qos, retain)."""
    v5 = options.version == V5
    flags = 0x02 if options.clean_session else 0
    fields = [_sized(options.client_id)]
    if will is not None:
        topic, payload, qos, retain = will
        if qos not in (0, 1):
            raise ValueError("a Will has QoS 0 or 1")
        flags |= 0x04 | qos << 3 | (0x20 if retain else 0)
        if v5:
            fields.append(b"\x00")
        fields.append(_sized(topic))
        fields.append(_sized(payload))
    if options.username is not None:
        flags |= 0x80
        fields.append(_sized(options.username))
    if options.password is not None:
        flags |= 0x40
        fields.append(_sized(options.password))
    keepalive_s = options.keepalive_s
    head = b"\x00\x04MQTT" + bytes((options.version, flags, keepalive_s >> 8, keepalive_s & 0xFF))
    if v5:
        expiry_s = 0 if options.clean_session else options.session_expiry_s
        head += b"\x0d\x11" + _u32(expiry_s) + b"\x21" + _u32(receive_max)[2:]
        head += b"\x27" + _u32(max_packet_bytes)
    body = head + b"".join(fields)
    packet = bytearray(1 + varint_bytes(len(body)) + len(body))
    packet[0] = 0x10
    at = put_varint(packet, 1, len(body))
    packet[at:] = body
    return packet


def _u32(value):
    return bytes((value >> 24 & 0xFF, value >> 16 & 0xFF, value >> 8 & 0xFF, value & 0xFF))


def publish_head(buffer, version, topic, payload_bytes, qos, retain, dup, packet_id):
    """Writes all of a PUBLISH but its payload; returns its length in bytes.

    `topic` is bytes, at most `len(buffer) - 10` of them (ValueError); `packet_id` counts with QoS 1 only.
    """
    remaining = 2 + len(topic) + (2 if qos else 0) + (1 if version == V5 else 0) + payload_bytes
    at = 1 + varint_bytes(remaining)
    if at + remaining - payload_bytes > len(buffer):
        raise ValueError("topic too long")
    buffer[0] = 0x30 | (8 if dup else 0) | qos << 1 | (1 if retain else 0)
    at = put_varint(buffer, 1, remaining)
    at = put_u16(buffer, at, len(topic))
    buffer[at : at + len(topic)] = topic
    at += len(topic)
    if qos:
        at = put_u16(buffer, at, packet_id)
    if version == V5:
        buffer[at] = 0
        at += 1
    return at


def puback(buffer, at, packet_id):
    """Writes a PUBACK (success) of PUBACK_BYTES; returns the position after it."""
    buffer[at] = 0x40
    buffer[at + 1] = 2
    return put_u16(buffer, at + 2, packet_id)


def subscribe(buffer, version, topic, qos, packet_id):
    """Writes a SUBSCRIBE of one filter (`topic`, bytes); returns its length in bytes."""
    remaining = 2 + (1 if version == V5 else 0) + 2 + len(topic) + 1
    if remaining + 3 > len(buffer):
        raise ValueError("topic filter too long")
    buffer[0] = 0x82
    at = put_varint(buffer, 1, remaining)
    at = put_u16(buffer, at, packet_id)
    if version == V5:
        buffer[at] = 0
        at += 1
    at = put_u16(buffer, at, len(topic))
    buffer[at : at + len(topic)] = topic
    at += len(topic)
    buffer[at] = qos
    return at + 1
