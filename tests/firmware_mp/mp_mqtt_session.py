"""The client's session: who may publish when, the window, repeats after a lost connection."""

import asyncio
import time

from mqtt_peer import Peer, result, until


async def test_connect_carries_will_keepalive_and_session():
    async with Peer() as peer:
        boots = []

        def will():
            boots.append(1)
            return "t/w", b"gone%d" % len(boots), 1, True

        peer.client(will=will, keepalive_s=300)
        link = await peer.link()
        assert link.connect == (0x10, b"\x00\x04MQTT\x04\x2c\x01\x2c\x00\x02u1\x00\x03t/w\x00\x05gone1")
        link.close()
        link = await peer.link()
        assert link.connect[1].endswith(b"gone2"), "the Will is made anew for each connection"


async def test_on_connect_goes_before_publishes_that_wait():
    async with Peer() as peer:
        client = peer.client()
        seen = []

        async def greet(session_present):
            seen.append(session_present)
            assert client.connected
            assert await client.subscribe("d/+")
            assert await client.publish("state", (b"on", b"line"), 1)

        client.on_connect = greet
        for turn in range(2):
            assert not client.connected
            early = peer.start(client.publish("early", (b"e",), 1))
            await asyncio.sleep_ms(0)
            link = await peer.link("20020100")
            first, body = await link.packet()
            assert first == 0x82 and body[2:] == b"\x00\x03d/+\x01"
            await link.send(b"\x90\x03" + body[:2] + b"\x01")
            _, identifier, payload = await link.publish()
            assert payload == b"online"
            await link.send(b"\x40\x02" + bytes((identifier >> 8, identifier & 255)))
            _, identifier, payload = await link.publish()
            assert payload == b"e"
            assert not early.done()
            await link.send(b"\x40\x02" + bytes((identifier >> 8, identifier & 255)))
            assert await result(early) is True
            link.close()
            await until(lambda turn=turn: client.stats.lost == turn + 1)
        assert seen == [True, True]


async def test_subscribe_refused_is_false():
    async with Peer() as peer:
        client = peer.client()
        link = await peer.link()
        task = peer.start(client.subscribe("secret/#"))
        _, body = await link.packet()
        await link.send(b"\x90\x03" + body[:2] + b"\x80")
        assert await result(task) is False
        assert client.stats.refused == 1


async def test_on_connect_that_raises_ends_the_connection():
    async with Peer() as peer:
        client = peer.client()

        async def greet(session_present):
            raise OSError(5)

        client.on_connect = greet
        link = await peer.link()
        await link.ended()
        await until(lambda: "EIO" in client.last_error)


async def _lost_in_flight(connack):
    """Cuts a connection with three publishes in flight and one waiting; what comes again on the next one."""
    async with Peer() as peer:
        client = peer.client(window=3)
        link = await peer.link()
        await until(lambda: client.connected)
        tasks = []
        for number in range(4):
            tasks.append(peer.start(client.publish("t", (b"m", b"%d" % number), 1)))
            await asyncio.sleep_ms(0)
        first = await link.publishes(3)
        link.close()
        link = await peer.link(connack)
        again = await link.publishes(3)
        assert [row[1:] for row in again] == [row[1:] for row in first], "same identifiers in the same order"
        for row in again:
            await link.send(b"\x40\x02" + bytes((row[1] >> 8, row[1] & 255)))
        _, identifier, payload = await link.publish()
        assert payload == b"m3"
        await link.send(b"\x40\x02" + bytes((identifier >> 8, identifier & 255)))
        for task in tasks:
            assert await result(task) is True
        return [row[0] for row in again], client.stats


async def test_in_flight_is_repeated_with_dup_when_the_session_is_present():
    firsts, stats = await _lost_in_flight("20020100")
    assert firsts == [0x3A] * 3 and stats.resent == 3 and stats.published == 4 and stats.given_up == 0


async def test_in_flight_is_sent_anew_when_the_session_is_gone():
    firsts, stats = await _lost_in_flight("20020000")
    assert firsts == [0x32] * 3 and stats.resent == 0


async def test_receive_maximum_of_mqtt_5_narrows_the_window():
    async with Peer() as peer:
        client = peer.client(lambda topic, payload, qos: None, version=5)
        link = await peer.link("2006 0000 03 210001")
        tasks = [peer.start(client.publish("t", (b"m%d" % number,), 1)) for number in range(2)]
        _, body = await link.packet()
        assert body[-2:] == b"m0"
        await link.send("3207 000174 0009 00 78")
        assert await link.packet() == (0x40, b"\x00\x09"), "a second message while one is in flight"
        await link.send(b"\x40\x02" + body[3:5])
        _, body = await link.packet()
        assert body[-2:] == b"m1"
        await link.send(b"\x40\x03" + body[3:5] + b"\x87")
        assert await result(tasks[0]) is True and await result(tasks[1]) is False
        assert client.stats.refused == 1 and "135" in client.last_error


async def test_packet_too_long_for_the_broker_is_refused():
    async with Peer() as peer:
        client = peer.client(version=5)
        await peer.link("2008 0000 05 2700000040")
        assert await client.publish("t", (bytes(100),), 1) is False
        assert client.stats.refused == 1 and client.connected


async def test_publish_without_a_connection_ends_false_in_time():
    async with Peer() as peer:
        client = peer.client(patience_ms=200)
        start_ms = time.ticks_ms()
        assert await client.publish("t", (b"x",), 1, wait_ms=0) is False
        assert time.ticks_diff(time.ticks_ms(), start_ms) < 190
        assert await client.publish("t", (b"x",), 0) is False
        assert 190 <= time.ticks_diff(time.ticks_ms(), start_ms) < 3000
        assert client.stats.given_up == 2


async def test_in_flight_ends_false_when_no_connection_comes_back():
    async with Peer() as peer:
        client = peer.client(patience_ms=300, connect_timeout_ms=150)
        link = await peer.link()
        task = peer.start(client.publish("t", (b"x",), 1))
        await link.publish()
        link.close()
        link = await peer.link("")
        assert await result(task) is False
        assert client.stats.given_up == 1


async def test_cancelled_publish_frees_its_place_and_a_late_answer_is_counted():
    async with Peer() as peer:
        client = peer.client(window=1)
        link = await peer.link()
        task = peer.start(client.publish("t", (b"one",), 1))
        _, identifier, _ = await link.publish()
        task.cancel()
        task = peer.start(client.publish("t", (b"two",), 1))
        _, other, payload = await link.publish()
        assert payload == b"two" and other != identifier
        await link.send(b"\x40\x02" + bytes((identifier >> 8, identifier & 255)))
        await until(lambda: client.stats.stray_acks == 1)
        assert not task.done()
        await link.send(b"\x40\x02" + bytes((other >> 8, other & 255)))
        assert await result(task) is True and client.connected


async def test_acknowledged_before_its_last_byte_was_written():
    async with Peer() as peer:
        client = peer.client(window=1)
        link = await peer.link()
        task = peer.start(client.publish("t", [bytes(10000)] * 500, 1))
        await link.discard(5 + 3)
        identifier = await link.stream.readexactly(2)
        await link.send(b"\x40\x02" + identifier)
        assert await result(task) is True
        task = peer.start(client.publish("t", (b"next",), 1))
        await link.discard(5000000)
        _, identifier, payload = await link.publish()
        assert payload == b"next"
        await link.send(b"\x40\x02" + bytes((identifier >> 8, identifier & 255)))
        assert await result(task) is True and client.connected


async def test_publish_cancelled_in_the_middle_of_its_bytes_ends_the_connection():
    async with Peer() as peer:
        client = peer.client()
        link = await peer.link()
        await until(lambda: client.connected)
        big = bytearray(10000)
        task = peer.start(client.publish("t", [big] * 1000))
        await link.stream.readexactly(3)
        task.cancel()
        await until(lambda: client.stats.lost == 1)
        assert "cancelled" in client.last_error
        link.close()


async def test_invalid_topics_and_qos_are_refused():
    async with Peer() as peer:
        client = peer.client()
        for topic, qos in (("", 0), ("t" * 600, 0), ("t", 2)):
            try:
                await client.publish(topic, (b"",), qos)
            except ValueError:
                continue
            raise AssertionError((topic, qos))
