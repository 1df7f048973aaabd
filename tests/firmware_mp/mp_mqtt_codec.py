"""The MQTT codec: golden packets of both versions, and hostile bytes. Runs on MicroPython and on CPython."""

import random

from mqtt import decoder, packets
from mqtt.errors import PacketError
from mqtt.options import Options

MAX_PAYLOAD_BYTES = 300

# version, hex, kind, attributes after decoding
INBOUND = (
    (4, "20020000", packets.CONNACK, {"session_present": False, "code": 0}),
    (4, "20020100", packets.CONNACK, {"session_present": True, "code": 0}),
    (4, "20020005", packets.CONNACK, {"session_present": False, "code": 5}),
    (
        4,
        "3007000361 2f62 6869",
        packets.PUBLISH,
        {"topic": "a/b", "qos": 0, "payload": b"hi", "retain": False},
    ),
    (
        4,
        "3307000361 2f62 1234",
        packets.PUBLISH,
        {"topic": "a/b", "qos": 1, "packet_id": 0x1234, "payload": b""},
    ),
    (
        4,
        "3b080002c3a9 00017879",
        packets.PUBLISH,
        {"topic": "é", "dup": True, "retain": True, "payload": b"xy"},
    ),
    (4, "40021234", packets.PUBACK, {"packet_id": 0x1234, "code": 0}),
    (4, "9003000101", packets.SUBACK, {"packet_id": 1, "code": 1}),
    (4, "9003000180", packets.SUBACK, {"packet_id": 1, "code": 128}),
    (4, "d000", packets.PINGRESP, {}),
    (5, "2003000000", packets.CONNACK, {"code": 0, "limits": {}}),
    (
        5,
        "2021 0100 1e 21000a 130014 2401 2700001000 22000a 2500 1f00026f6b 2600016b000176",
        packets.CONNACK,
        {"session_present": True, "limits": {33: 10, 19: 20, 36: 1, 39: 4096, 34: 10, 37: 0}, "reason": "ok"},
    ),
    (5, "2003008700", packets.CONNACK, {"code": 0x87}),
    (5, "3006000161 00 6869", packets.PUBLISH, {"topic": "a", "payload": b"hi"}),
    (
        5,
        "3219 000161 0007 11 0101 020000003c 0b8101 26000161000162 6869",
        packets.PUBLISH,
        {"topic": "a", "packet_id": 7, "payload": b"hi"},
    ),
    (5, "40020007", packets.PUBACK, {"packet_id": 7, "code": 0}),
    (5, "4003000710", packets.PUBACK, {"packet_id": 7, "code": 16}),
    (5, "4009000787 05 1f00026e6f", packets.PUBACK, {"code": 0x87, "reason": "no"}),
    (5, "90040001 00 01", packets.SUBACK, {"packet_id": 1, "code": 1}),
    (5, "90040001 00 87", packets.SUBACK, {"packet_id": 1, "code": 0x87}),
    (5, "d000", packets.PINGRESP, {}),
    (5, "e000", packets.DISCONNECT, {"code": 0}),
    (5, "e0018e", packets.DISCONNECT, {"code": 0x8E}),
    (5, "e0078d 05 1f00026b61", packets.DISCONNECT, {"code": 0x8D, "reason": "ka"}),
)

# version, hex, what is wrong
MALFORMED = (
    (4, "20020200", "CONNACK flags"),
    (4, "20020105", "CONNACK session with refusal"),
    (4, "20020006", "CONNACK code"),
    (4, "2003000000", "CONNACK length"),
    (4, "2102 0000", "CONNACK header flags"),
    (4, "36050001 610001", "QoS 3"),
    (4, "34050001 610001", "QoS 2"),
    (4, "38030001 61", "DUP with QoS 0"),
    (4, "32050001 610000", "packet identifier 0"),
    (4, "30020000", "empty topic"),
    (4, "30030001 2b", "wildcard"),
    (4, "30030001 00", "zero character"),
    (4, "30030001 ff", "not UTF-8"),
    (4, "30030005 61", "topic too long"),
    (4, "3081 00 00", "needless length byte"),
    (4, "30ffffffff01", "five length bytes"),
    (4, "40020000", "PUBACK of 0"),
    (4, "4003000100", "PUBACK length"),
    (4, "400100", "PUBACK too short"),
    (4, "9004000101 01", "two grants"),
    (4, "9003000102", "QoS 2 granted"),
    (4, "d00100", "PINGRESP length"),
    (4, "e000", "DISCONNECT in 3.1.1"),
    (4, "0000", "type 0"),
    (4, "1000", "CONNECT"),
    (4, "5002 0001", "PUBREC"),
    (4, "d0ffff7f", "PINGRESP of 2 MB"),
    (5, "f000", "AUTH"),
    (5, "2003000100", "CONNACK code"),
    (5, "2006 0000 03 210000", "receive maximum 0"),
    (5, "2009 0000 06 21000a 21000a", "property twice"),
    (5, "2005 0000 02 2402", "maximum QoS 2"),
    (5, "2005 0000 02 0101", "property not of CONNACK"),
    (5, "2005 0000 05 2401", "properties past the packet"),
    (5, "2005 0000 02 2100", "property past its section"),
    (5, "3008 000161 03 230001 61", "topic alias"),
    (5, "3006 000161 02 0b00", "subscription identifier 0"),
    (5, "4004 0001 55 00", "PUBACK code"),
    (5, "9005 0001 00 0101", "two grants"),
)


def raw(text):
    return bytes.fromhex(text.replace(" ", ""))


def drain(inbound, data, step):
    """Feeds `data` in pieces of `step` bytes; the kinds that came, or PacketError."""
    kinds = []
    at = 0
    while at < len(data):
        space = inbound.space()
        count = min(step, len(space), len(data) - at)
        assert count > 0
        space[:count] = data[at : at + count]
        inbound.filled(count)
        at += count
        kind = inbound.next()
        while kind:
            kinds.append(kind)
            if kind == packets.PUBLISH:
                assert len(inbound.payload) <= MAX_PAYLOAD_BYTES
                bytes(inbound.payload)
            kind = inbound.next()
    return kinds


def fresh(version):
    return decoder.Decoder(version, MAX_PAYLOAD_BYTES)


def test_decode_golden_packets():
    for version, text, kind, expected in INBOUND:
        for step in (1, 2, 1000):
            inbound = fresh(version)
            data = raw(text)
            assert drain(inbound, data[:-1], step) == [], text
            inbound.space()[:1] = data[-1:]
            inbound.filled(1)
            assert inbound.next() == kind, text
            for name in expected:
                assert getattr(inbound, name) == expected[name], (text, name, getattr(inbound, name))
            assert inbound.next() == decoder.NOTHING


def test_decode_golden_packets_in_one_stream():
    for version in (4, 5):
        stream = b"".join(raw(row[1]) for row in INBOUND if row[0] == version)
        kinds = [row[2] for row in INBOUND if row[0] == version]
        for step in (1, 3, 7, 64, 1000):
            assert drain(fresh(version), stream * 20, step) == kinds * 20


def test_decode_malformed_packets():
    for version, text, wrong in MALFORMED:
        try:
            kinds = drain(fresh(version), raw(text), 1000)
        except PacketError as error:
            assert str(error)
        else:
            raise AssertionError("%s was taken: %s" % (wrong, kinds))


def test_decode_oversized_publish_is_skipped():
    for version in (4, 5):
        inbound = fresh(version)
        for payload_bytes in (MAX_PAYLOAD_BYTES + 1, MAX_PAYLOAD_BYTES + 520, 70000):
            head = bytearray(64)
            length = packets.publish_head(head, version, b"a/b", payload_bytes, 1, False, False, 77)
            data = bytes(head[:length]) + bytes(payload_bytes) + raw("40020007")
            for step in (100, 999):
                assert drain(inbound, data, step) == [decoder.SKIPPED, packets.PUBACK]
        assert inbound.topic == "a/b"
        assert inbound.size_bytes >= payload_bytes


def test_decode_longest_payload_is_delivered():
    for version in (4, 5):
        head = bytearray(64)
        length = packets.publish_head(head, version, b"a", MAX_PAYLOAD_BYTES, 0, False, False, 0)
        data = bytes(head[:length]) + bytes(MAX_PAYLOAD_BYTES)
        assert drain(fresh(version), data, 13) == [packets.PUBLISH]


def test_decode_reset_forgets_a_half_packet():
    inbound = fresh(4)
    drain(inbound, raw("32ff7f0003"), 5)
    inbound.reset()
    assert drain(inbound, raw("d000"), 2) == [packets.PINGRESP]


def test_decode_every_prefix_and_every_flipped_byte():
    tail = raw("d000d000d000")
    for version, text, _, _ in INBOUND:
        data = raw(text)
        inbound = fresh(version)
        for end in range(len(data)):
            inbound.reset()
            drain(inbound, data[:end], 1000)
            try:
                drain(inbound, tail, 1000)
            except PacketError:
                pass
        for at in range(len(data)):
            for flip in (0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xFF):
                hurt = bytearray(data)
                hurt[at] ^= flip
                inbound.reset()
                try:
                    drain(inbound, bytes(hurt) + tail, 1000)
                except PacketError:
                    pass


def test_decode_random_bytes():
    random.seed(20)
    firsts = bytes(raw(row[1])[0] for row in INBOUND)
    taken = 0
    for turn in range(3000):
        version = 4 + (turn & 1)
        data = bytearray(random.getrandbits(8) for _ in range(random.randrange(2, 40)))
        if turn % 3:
            data[0] = firsts[turn % len(firsts)]
            data[1] = len(data) - 2
        try:
            taken += len(drain(fresh(version), bytes(data), 1000))
        except PacketError:
            pass
    assert taken


def test_encode_connect():
    plain = Options("h", 1, "u1", keepalive_s=60, clean_session=True)
    assert packets.connect(plain, None, 8, 4608) == raw("100e 0004 4d515454 04 02 003c 0002 7531")
    full = Options(
        "h", 1, "u1", username="me", password=b"pw", session_expiry_s=3600, version=5, keepalive_s=20
    )
    assert packets.connect(full, ("w", b"off", 1, True), 8, 4608) == raw(
        "102d 0004 4d515454 05 ec 0014 0d 1100000e10 210008 2700001200"
        "0002 7531 00 0001 77 0003 6f6666 0002 6d65 0002 7077"
    )


def test_encode_publish_head_both_versions():
    out = bytearray(32)
    length = packets.publish_head(out, 4, b"a/b", 2, 0, False, False, 9)
    assert out[:length] == raw("3007 0003 612f62")
    length = packets.publish_head(out, 4, b"a/b", 300, 1, True, True, 0x1234)
    assert out[:length] == raw("3bb302 0003 612f62 1234")
    length = packets.publish_head(out, 5, b"a/b", 2, 1, False, False, 1)
    assert out[:length] == raw("320a 0003 612f62 0001 00")


def test_encode_puback_and_subscribe():
    out = bytearray(32)
    assert packets.puback(out, 0, 0x1234) == 4 and out[:4] == raw("40021234")
    length = packets.subscribe(out, 4, b"d/+", 1, 7)
    assert out[:length] == raw("8208 0007 0003 642f2b 01")
    length = packets.subscribe(out, 5, b"d/+", 1, 7)
    assert out[:length] == raw("8209 0007 00 0003 642f2b 01")


def test_encode_refuses_what_does_not_fit():
    small = bytearray(16)
    for call in (
        lambda: packets.publish_head(small, 4, b"t" * 20, 1, 1, False, False, 1),
        lambda: packets.subscribe(small, 4, b"t" * 20, 1, 1),
        lambda: packets.publish_head(small, 4, b"t", 268435456, 0, False, False, 1),
        lambda: Options("h", 1, ""),
        lambda: Options("h", 1, "u", version=3),
        lambda: Options("h", 1, "u", keepalive_s=0),
    ):
        try:
            call()
        except ValueError:
            continue
        raise AssertionError("no ValueError")
