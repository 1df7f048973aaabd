"""The client against a peer that lies, is silent, or stops reading."""

import asyncio
import gc
import socket
import time

from mqtt_peer import Peer, result, until

from mqtt import packets, stream
from mqtt.backoff import Backoff
from mqtt.stream import open_stream


async def test_malformed_packet_closes_with_one_clear_error():
    async with Peer() as peer:
        client = peer.client()
        said = []
        client.on_disconnect = said.append
        link = await peer.link()
        await link.send("30020000")
        await link.ended()
        assert said == ["PacketError: topic is empty or has a wildcard"]
        assert client.stats.malformed == 1 and client.stats.lost == 1
        await peer.link()


async def test_answers_out_of_place_are_malformed():
    for connack, more, wrong in (
        ("d000", "", "before CONNACK"),
        ("20020000", "20020000", "after CONNACK"),
        ("ffff", "", "packet type 15"),
    ):
        async with Peer() as peer:
            client = peer.client()
            link = await peer.link(connack)
            if more:
                await link.send(more)
            await link.ended()
            assert wrong in client.last_error and client.stats.malformed == 1


async def test_session_present_in_a_clean_session_is_malformed():
    async with Peer() as peer:
        client = peer.client(clean_session=True)
        await (await peer.link("20020100")).ended()
        assert client.stats.malformed == 1 and client.stats.connected == 0


async def test_refusals_carry_their_code():
    for version, connack, more, code in (
        (4, "20020005", "", "code 5"),
        (5, "2008008705 1f00026e6f", "", "code 135: no"),
        (5, "2003000000", "e0018e", "code 142"),
    ):
        async with Peer() as peer:
            client = peer.client(version=version)
            link = await peer.link(connack)
            if more:
                await link.send(more)
            await link.ended()
            assert code in client.last_error, client.last_error
            assert client.stats.malformed == 0


async def test_oversized_message_is_skipped_counted_and_acknowledged():
    async with Peer() as peer:
        got = []
        client = peer.client(lambda topic, payload, qos: got.append(bytes(payload)), max_inbound_bytes=64)
        link = await peer.link()
        head = bytearray(16)
        for payload_bytes in (65, 700, 50000):
            length = packets.publish_head(head, 4, b"t", payload_bytes, 1, False, False, 9)
            await link.send(bytes(head[:length]) + bytes(payload_bytes))
            assert await link.packet() == (0x40, b"\x00\x09")
        await link.send("3004 000174 78")
        await until(lambda: got == [b"x"])
        assert client.stats.oversized == 3 and client.stats.received == 1 and client.connected


async def test_handler_that_raises_is_counted_and_the_message_acknowledged():
    async with Peer() as peer:

        def on_message(topic, payload, qos):
            raise OSError(28)

        client = peer.client(on_message)
        link = await peer.link()
        await link.send("3206 000174 0009 78")
        assert await link.packet() == (0x40, b"\x00\x09")
        assert client.stats.handler_errors == 1 and "OSError" in client.last_error and client.connected


async def test_silent_peer_is_noticed_within_one_and_a_half_keepalives():
    async with Peer() as peer:
        client = peer.client(keepalive_s=1)
        link = await peer.link()
        await until(lambda: client.connected)
        start_ms = time.ticks_ms()
        assert await link.packet() == (0xC0, b"")
        await until(lambda: not client.connected)
        assert 1300 <= time.ticks_diff(time.ticks_ms(), start_ms) < 1950
        assert client.stats.silent == 1


async def test_ping_keeps_an_idle_connection():
    async with Peer() as peer:
        client = peer.client(keepalive_s=1)
        link = await peer.link()
        start_ms = time.ticks_ms()
        while time.ticks_diff(time.ticks_ms(), start_ms) < 1600:
            assert await link.packet() == (0xC0, b"")
            await link.send("d000")
        assert client.connected and client.stats.lost == 0


async def test_busy_inbound_does_not_stop_the_ping_that_the_broker_needs():
    async with Peer() as peer:
        client = peer.client(lambda topic, payload, qos: None, keepalive_s=1)
        link = await peer.link()

        async def chatter():
            while True:
                seen = client.stats.received
                await link.send("3004 000174 78")
                await until(lambda: client.stats.received > seen)

        peer.start(chatter())
        assert await link.packet() == (0xC0, b"")


async def test_missing_puback_reconnects_and_repeats():
    async with Peer() as peer:
        client = peer.client(ack_timeout_ms=250)
        link = await peer.link()
        task = peer.start(client.publish("t", (b"alarm",), 1))
        start_ms = time.ticks_ms()
        await link.publish()
        again = await peer.link("20020100")
        first, identifier, payload = await again.publish()
        assert time.ticks_diff(time.ticks_ms(), start_ms) < 2000
        assert first == 0x3A and payload == b"alarm" and client.stats.ack_late == 1
        await again.send(b"\x40\x02" + bytes((identifier >> 8, identifier & 255)))
        assert await result(task) is True
        link.close()


async def test_no_connack_is_given_up_after_the_connect_timeout():
    async with Peer() as peer:
        client = peer.client(connect_timeout_ms=200)
        link = await peer.link("")
        await link.ended()
        assert "no CONNACK" in client.last_error and client.stats.failed == 1
        await peer.link()


async def test_refused_port_is_tried_again_until_it_opens():
    async with Peer() as peer:
        client = peer.client()
        host, port = client.options.host, peer.port
        client.options.port = 1
        await until(lambda: client.stats.failed >= 2)
        assert "ECONNREFUSED" in client.last_error, client.last_error
        client.options.host, client.options.port = host, port
        await peer.link()
        await until(lambda: client.connected)


async def test_kick_drops_a_connection_and_skips_the_back_off():
    async with Peer() as peer:
        client = peer.client(backoff_min_ms=3000, backoff_max_ms=3000)
        link = await peer.link()
        await until(lambda: client.connected)
        start_ms = time.ticks_ms()
        client.kick()
        await link.ended()
        link = await peer.link()
        assert time.ticks_diff(time.ticks_ms(), start_ms) < 1400  # the back-off is half of it at least
        link.close()
        await until(lambda: client.stats.lost == 2)
        start_ms = time.ticks_ms()
        client.kick()
        await peer.link()
        assert time.ticks_diff(time.ticks_ms(), start_ms) < 1400


async def test_hurry_shortens_a_running_back_off_and_keeps_a_connection():
    async with Peer() as peer:
        client = peer.client(backoff_min_ms=3000, backoff_max_ms=3000)
        link = await peer.link()
        link.close()
        await until(lambda: client.stats.lost == 1)
        start_ms = time.ticks_ms()
        client.hurry(True)
        await peer.link()
        assert time.ticks_diff(time.ticks_ms(), start_ms) < 1400
        await until(lambda: client.connected)
        client.hurry(False)
        client.hurry(True)
        assert client.connected


async def test_hurry_gives_up_soon_on_tcp_that_does_not_answer():
    tries = []

    async def opener(host, port, tls):
        tries.append(time.ticks_ms())
        await asyncio.Event().wait()

    async with Peer() as peer:
        client = peer.client(opener=opener)
        await until(lambda: tries)
        client.hurry(True)
        await until(lambda: len(tries) == 3)
        assert time.ticks_diff(tries[2], tries[0]) < 2 * 2 * (600 + 100 + 200)
        assert "no TCP connection" in client.last_error


async def test_hurry_gives_up_soon_on_a_missing_puback():
    async with Peer() as peer:
        client = peer.client(ack_timeout_ms=60000)
        link = await peer.link()
        peer.start(client.publish("t", (b"alarm",), 1))
        await link.publish()
        client.hurry(True)
        again = await peer.link("20020100")
        assert (await again.publish())[0] == 0x3A and client.stats.ack_late == 1


async def test_keepalive_of_mqtt_5_is_the_brokers_unless_it_is_zero():
    for ours_s, theirs in ((60, "130001"), (1, "130000")):
        async with Peer() as peer:
            client = peer.client(version=5, keepalive_s=ours_s)
            link = await peer.link("2006 0000 03" + theirs)
            assert await link.packet() == (0xC0, b"")
            assert client.connected and client.stats.lost == 0


async def test_acknowledgements_wait_for_a_peer_that_does_not_read():
    async with Peer() as peer:
        got = []
        client = peer.client(lambda topic, payload, qos: got.append(payload[0]), keepalive_s=60)
        link = await peer.link()
        await until(lambda: client.connected)
        peer.start(client.publish("t", [bytes(10000)] * 500))
        await link.discard(5 + 3)
        for number in range(200):
            await link.send(bytes((0x32, 6, 0, 1, 116, 0, number + 1, number)))
        await link.discard(5000000)
        for number in range(200):
            packet = await link.packet()
            assert packet == (0x40, bytes((0, number + 1))), (number, packet)
        assert got == list(range(200))


async def test_large_publish_is_not_copied_or_joined():
    async with Peer() as peer:
        client = peer.client()
        link = await peer.link()
        await until(lambda: client.connected)
        block = bytearray(16384)
        block[-1] = 7
        gc.collect()
        before = gc.mem_alloc()
        gc.disable()
        task = peer.start(client.publish("t", (b"head", memoryview(block), block)))
        await until(lambda: client.stats.published == 1)
        used = gc.mem_alloc() - before
        gc.enable()
        assert await result(task) is True
        assert used < 8000, used
        _, body = await link.packet()
        assert len(body) == 3 + 4 + 2 * 16384 and body[3:7] == b"head" and body[-1] == 7


async def test_reconnecting_does_not_grow_the_heap():
    async with Peer() as peer:
        client = peer.client(backoff_min_ms=1, backoff_max_ms=1)

        async def rounds(count):
            for _ in range(count):
                link = await peer.link()
                await until(lambda: client.connected)
                link.close()
            gc.collect()
            return gc.mem_alloc()

        before = await rounds(5)
        after = await rounds(40)
        assert after - before < 1500, after - before


async def test_cancelled_run_closes_the_connection():
    async with Peer() as peer:
        client = peer.client()
        link = await peer.link()
        await until(lambda: client.connected)
        peer.task.cancel()
        await link.ended()
        assert not client.connected


def test_backoff_doubles_within_its_bounds_and_spreads():
    low, high = Backoff(250, 15000, lambda: 0.0), Backoff(250, 15000, lambda: 0.999)
    lows, highs = [low.next_ms() for _ in range(8)], [high.next_ms() for _ in range(8)]
    assert lows == [125, 250, 500, 1000, 2000, 4000, 7500, 7500]
    for least, most, step in zip(lows, highs, (250, 500, 1000, 2000, 4000, 8000, 15000, 15000)):
        assert least < most <= step
    low.reset()
    assert low.next_ms() == 125


class _SlowNames:
    """A name server that needs `delay_ms` for each answer, or says that it does not know; in place of `socket`."""

    def __init__(self, delay_ms, address):
        self._delay_ms = delay_ms
        self.address = address
        self.asked = 0

    def __getattr__(self, name):
        return getattr(socket, name)

    def getaddrinfo(self, host, port, *rest):
        if host == "127.0.0.1":
            return socket.getaddrinfo(host, port, *rest)
        self.asked += 1
        time.sleep_ms(self._delay_ms)
        if self.address is None:
            raise OSError(-2)
        return socket.getaddrinfo(self.address, port, *rest)


async def _longest_step_ms(work):
    """How long the event loop stood still while the task `work` ran."""
    longest_ms, last_ms = 0, time.ticks_ms()
    while not work.done():
        await asyncio.sleep_ms(2)
        now_ms = time.ticks_ms()
        longest_ms, last_ms = max(longest_ms, time.ticks_diff(now_ms, last_ms)), now_ms
    return longest_ms


async def test_name_that_nobody_knows_does_not_stop_the_loop():
    stream.socket = names = _SlowNames(1500, None)

    async def attempts():
        errors = []
        while len(errors) < 2:
            try:
                await asyncio.wait_for_ms(open_stream("broker.court", 1, None), 100)
            except asyncio.TimeoutError:
                pass
            except OSError as error:
                errors.append(error.errno)
        return errors

    try:
        work = asyncio.create_task(attempts())
        longest_ms = await _longest_step_ms(work)
        assert longest_ms < 1000, longest_ms
        # An attempt that had no time left the look-up to the next ones.
        assert names.asked == 2 and await work == [-2, -2]
    finally:
        stream.socket = socket


async def test_address_that_fails_is_used_until_the_name_has_another():
    stream.socket = names = _SlowNames(30, "127.0.0.1")
    try:
        async with Peer() as peer:
            (await open_stream("broker.court", peer.port, None)).close()
            known = stream._addresses["broker.court", peer.port]
            names.address, known[1] = None, stream.STALE_FAILURES
            # Nobody answers for the name any more: the last address still leads to the broker.
            (await open_stream("broker.court", peer.port, None)).close()
            assert known[1] == 0
            await until(lambda: names.asked == 2)
            known[1], known[0] = stream.STALE_FAILURES, socket.getaddrinfo("127.0.0.1", 1)[0][-1]
            names.address = "127.0.0.1"
            await until(lambda: stream._lookups["broker.court", peer.port].done)
            for _ in range(100):
                try:
                    (await open_stream("broker.court", peer.port, None)).close()
                    break
                except OSError:
                    await asyncio.sleep_ms(2)
            assert stream._addresses["broker.court", peer.port][1] == 0
    finally:
        stream.socket = socket
