"""The few bytes of MQTT 3.1.1 that a load generator needs; a client library would cost more than what it loads."""

from __future__ import annotations

CONNACK, PUBLISH, PUBACK, SUBACK = 2, 3, 4, 9


def connect(client_id: str, keepalive_s: int) -> bytes:
    """CONNECT with a clean session."""
    name = client_id.encode()
    return packet(
        0x10, b"\x00\x04MQTT\x04\x02" + keepalive_s.to_bytes(2, "big") + len(name).to_bytes(2, "big") + name
    )


def subscribe(packet_id: int, topic_filter: str) -> bytes:
    """SUBSCRIBE to one filter at QoS 1."""
    name = topic_filter.encode()
    return packet(0x82, packet_id.to_bytes(2, "big") + len(name).to_bytes(2, "big") + name + b"\x01")


def publish(topic: bytes, payload: bytes, packet_id: int | None = None, retain: bool = False) -> bytes:
    """PUBLISH at QoS 1, or at QoS 0 without `packet_id`."""
    first = 0x30 | (0 if packet_id is None else 0x02) | (0x01 if retain else 0)
    number = b"" if packet_id is None else packet_id.to_bytes(2, "big")
    return packet(first, len(topic).to_bytes(2, "big") + topic + number + payload)


def packet(first: int, body: bytes) -> bytes:
    """A fixed header before `body` (MQTT 3.1.1, 2.2)."""
    size, encoded = len(body), bytearray((first,))
    while True:
        size, digit = size >> 7, size & 0x7F
        encoded.append(digit | (0x80 if size else 0))
        if not size:
            return bytes(encoded) + body


def first_of(data: bytes) -> tuple[int, bytes, int] | None:
    """(first byte, body, length with its header) of the first whole packet. Packets of up to 2 MB are read."""
    size = 0
    for at in range(1, min(len(data), 4)):
        size |= (data[at] & 0x7F) << 7 * (at - 1)
        if not data[at] & 0x80:
            end = at + 1 + size
            return (data[0], data[at + 1 : end], end) if len(data) >= end else None
    return None
