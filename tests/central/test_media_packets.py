"""What comes on the connection of recordings is taken out of its stream however that is cut, and nothing else."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.ingest import media_packets as packets
from gateway.ingest.media_packets import Inbound
from protocol.errors import ProtocolError


def publish(topic, payload, first=packets.PUBLISH):
    body = len(topic).to_bytes(2, "big") + topic + payload
    size, encoded = len(body), bytearray((first,))
    while True:
        size, digit = size >> 7, size & 0x7F
        encoded.append(digit | (0x80 if size else 0))
        if not size:
            return bytes(encoded) + body


TOPIC = b"tip/1/350102/u1001/media/a1b2c3d4e5f60718-0"
LARGE = bytes(range(256)) * 64
STREAM = [
    (packets.CONNACK, b"\x00\x00", b"\x20\x02\x00\x00"),
    (packets.SUBACK, b"\x00\x01\x00", b"\x90\x03\x00\x01\x00"),
    (packets.PUBLISH, None, publish(TOPIC, b"")),
    (packets.PUBLISH, None, publish(TOPIC, b"x" * 70)),
    (packets.PINGRESP, b"", b"\xd0\x00"),
    (packets.RETAINED, None, publish(TOPIC, b"y" * 300, packets.RETAINED)),
    (packets.PUBLISH, None, publish(b"", b"z")),
]
WHOLE = b"".join(data for _, _, data in STREAM)


def read(inbound, data):
    """What is taken out of these bytes, as many times as they need to be read."""
    found = []
    while data:
        space = inbound.space()
        count = min(len(space), len(data))
        space[:count] = data[:count]
        data = data[count:]
        found += [(kind, bytes(body)) for kind, body in inbound.packets(count)]
    return found


EXPECTED = read(Inbound(), WHOLE)


def test_stream_in_one_piece_gives_every_packet():
    assert [kind for kind, _ in EXPECTED] == [kind for kind, _, _ in STREAM]
    assert [body for _, body in EXPECTED if not body.startswith((b"\x00\x2b", b"\x00\x00z"))] == [
        body for _, body, _ in STREAM if body is not None
    ]
    sent = [packets.published(memoryview(body)) for kind, body in EXPECTED if kind in (0x30, 0x31)]
    topic = TOPIC.decode()
    assert sent == [(topic, b""), (topic, b"x" * 70), (topic, b"y" * 300), ("", b"z")]


def test_stream_cut_at_each_byte_gives_the_same():
    for cut in range(len(WHOLE) + 1):
        inbound = Inbound()
        assert read(inbound, WHOLE[:cut]) + read(inbound, WHOLE[cut:]) == EXPECTED, cut


def test_stream_byte_by_byte_gives_the_same():
    inbound = Inbound()
    assert [one for at in range(len(WHOLE)) for one in read(inbound, WHOLE[at : at + 1])] == EXPECTED


def test_more_than_the_buffer_holds_goes_through_it_in_order():
    payloads = [bytes((n % 256,)) + LARGE for n in range(300)]
    inbound = Inbound()
    data = b"".join(publish(TOPIC, payload) for payload in payloads)
    assert len(data) > 10 * packets.READ_BYTES
    got, at = [], 0
    while at < len(data):
        count = min(len(space := inbound.space()), 100_003, len(data) - at)
        space[:count] = data[at : at + count]
        at += count
        got += [packets.published(body)[1] for _, body in inbound.packets(count)]
    assert got == payloads


@pytest.mark.parametrize("size", [packets.PACKET_MAX_BYTES, 3 * packets.READ_BYTES, 2_000_000])
def test_packet_that_is_too_long_is_passed_over_and_the_next_one_is_read(size):
    data = publish(TOPIC, b"n" * size) + publish(TOPIC, b"next")
    whole = read(Inbound(), data)
    assert [kind for kind, _ in whole] == [packets.SKIPPED, packets.PUBLISH]
    assert packets.published(memoryview(whole[0][1]))[0] == TOPIC.decode()
    assert packets.published(memoryview(whole[1][1]))[1] == b"next"
    for cut in (*range(1, 400), len(data) - 60, len(data) - 5):
        inbound = Inbound()
        assert read(inbound, data[:cut]) + read(inbound, data[cut:]) == whole, cut


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 400 Bad Request\r\n",
        b"\x00\x00",
        b"\x10\x00",
        b"\x32\x05\x00\x01a\x00\x01",
        b"\x38\x03\x00\x01a",
        b"\x40\x02\x00\x01",
        b"\x20\x03\x00\x00\x00",
        b"\x90\x02\x00\x01",
        b"\xd0\x01\x00",
        b"\xe0\x00",
        b"\x30\xff\xff\xff\xff\x7f",
    ],
    ids=[
        "other protocol", "kind 0", "for a broker", "QoS 1", "DUP", "PUBACK", "long CONNACK", "short SUBACK",
        "long PINGRESP", "DISCONNECT", "endless length",
    ],
)  # fmt: skip
def test_packet_that_no_broker_sends_us_is_refused(data):
    with pytest.raises(ProtocolError):
        read(Inbound(), data)


@given(st.binary(max_size=600), st.integers(0, len(WHOLE)))
def test_garbage_is_refused_or_waited_for_whatever_came_before(garbage, at):
    inbound = Inbound()
    with contextlib.suppress(ProtocolError):
        for kind, body in read(inbound, WHOLE[:at] + garbage):
            if kind in (packets.PUBLISH, packets.RETAINED, packets.SKIPPED):
                packets.published(memoryview(body))


@pytest.mark.parametrize("body", [b"", b"\x00", b"\x00\x05tip", b"\xff\xff"])
def test_publish_that_is_shorter_than_its_topic_is_refused(body):
    with pytest.raises(ProtocolError):
        packets.published(memoryview(body))


def test_topic_that_is_no_text_is_none():
    assert packets.published(memoryview(b"\x00\x02\xff\xfex")) == ("", b"x")


def test_what_we_send_is_what_the_standard_says():
    assert packets.connect("ab", 15) == b"\x10\x0e\x00\x04MQTT\x04\x02\x00\x0f\x00\x02ab"
    assert packets.subscribe(1, "a/+") == b"\x82\x08\x00\x01\x00\x03a/+\x00"
