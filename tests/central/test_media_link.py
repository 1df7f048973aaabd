"""The connection of recordings at brokers that hang up, fall silent, speak nonsense or are killed."""

import asyncio
import contextlib
import hashlib
import os
import signal
import ssl

import pytest
from conftest import COURT, eventually
from filmer import Filmer, segment
from structlog.testing import capture_logs
from test_media_packets import TOPIC, publish

from gateway.broker import Client
from gateway.clock import SystemClock
from gateway.ingest.media_link import (
    LONGEST_PAUSE_S,
    MARKER,
    MARKER_TOPIC,
    MEDIA_LINK,
    OVERHEAD_BYTES,
    MediaLink,
    growing,
)
from gateway.ingest.media_packets import PACKET_MAX_BYTES
from gateway.metrics import Metrics
from gateway.provision import Authority
from protocol.manifest import LAST

HELLO, ALLOWED, FORBIDDEN = b"\x20\x02\x00\x00", b"\x90\x03\x00\x01\x00", b"\x90\x03\x00\x01\x80"
NAME = bytes.fromhex("a1b2c3d4e5f60718") + bytes(4)


class FalseBroker:
    """Takes TLS connections with our certificates and plays a script: `lines` are sent one after the other, each
    after something came; then it is silent, or hangs up if the last line is None. `told`: what clients said."""

    def __init__(self, folder, *lines):
        authority = Authority(folder, SystemClock().now_ms())
        server, gateway = authority.keep_server(folder, ["127.0.0.1"]), authority.keep_gateway(folder)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(*server)
        self._context.load_verify_locations(authority.certificate_path)
        self._context.verify_mode = ssl.CERT_REQUIRED
        self._files = (authority.certificate_path, *gateway)
        self.lines = lines
        self.told = []
        self.met = 0

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._context)
        host, port = self._server.sockets[0].getsockname()
        self.client = Client(host, port, host, *self._files)
        return self

    async def __aexit__(self, *_):
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader, writer):
        self.met += 1
        with contextlib.suppress(OSError):
            for line in self.lines:
                if line is None:
                    break
                self.told.append(await reader.read(1000))
                writer.write(line)
            else:
                while data := await reader.read(1000):
                    self.told.append(data)
        writer.close()


@contextlib.asynccontextmanager
async def link_to(broker, bound_bytes=1 << 20, **given):
    metrics = Metrics()
    link = MediaLink(broker.client, SystemClock(), bound_bytes, metrics, **given)
    task = asyncio.create_task(link.run())
    try:
        yield link, lambda why: metrics.media_link_ended.labels(why)._value.get()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert task.cancelled()


@pytest.fixture
def lines():
    with capture_logs() as captured:
        yield captured


def said(lines, event):
    return [line for line in lines if line["event"] == event]


async def test_what_is_published_is_heard_in_order_and_goodbye_is_said(tmp_path, lines):
    chunks = [publish(TOPIC, bytes((n,)) * 9000) for n in range(20)]
    async with FalseBroker(tmp_path, HELLO + ALLOWED[:2], ALLOWED[2:] + b"".join(chunks)) as broker:
        async with link_to(broker) as (link, _):
            async with asyncio.timeout(30):
                await link.wait_connected()
                heard = []
                while len(heard) < 20:
                    heard += await link.take(5)
        await eventually(lambda: broker.told[-1].endswith(b"\xe0\x00"))
    assert [one.payload for one in heard] == [bytes((n,)) * 9000 for n in range(20)]
    assert {one.topic for one in heard} == {TOPIC.decode()} and link._waiting_bytes == 0
    assert MEDIA_LINK.encode() in broker.told[0] and b"tip/1/+/+/media/+" in broker.told[1]
    assert not said(lines, "connection_lost")


@pytest.mark.parametrize(
    ("script", "fault", "event"),
    [
        ((HELLO, ALLOWED, None), "lost", "connection_lost"),
        ((HELLO, None), "lost", "connection_lost"),
        ((b"SSH-2.0-OpenSSH_9.2\r\n",), "unreadable", "connection_lost"),
        ((publish(TOPIC, b"x"),), "unreadable", "connection_lost"),
        ((HELLO, ALLOWED + b"\x32\x05\x00\x01a\x00\x01"), "unreadable", "connection_lost"),
        ((HELLO + HELLO,), "unreadable", "connection_lost"),
        ((HELLO, ALLOWED + b"\x30\x01\x00"), "unreadable", "connection_lost"),
        ((b"\x20\x02\x00\x05",), "refused", "broker_refused_us"),
        ((HELLO, ALLOWED), "silent", "connection_lost"),
    ],
    ids=[
        "hangs up", "hangs up early", "other protocol", "before its answer", "QoS 1", "answers twice", "cut topic",
        "not authorized", "silent",
    ],
)  # fmt: skip
async def test_connection_that_ends_is_said_once_counted_and_made_again(
    tmp_path, lines, script, fault, event
):
    async with FalseBroker(tmp_path, *script) as broker, link_to(broker, keepalive_s=1) as (link, ended):
        await eventually(lambda: ended(fault) >= 2, 40)
        assert link.problem and broker.met >= 2
        await eventually(lambda: not link.connected)
    assert len(said(lines, event)) == 1
    line = said(lines, event)[0]
    assert (line["link"], line["log_level"]) == (MEDIA_LINK, "warning") and line["reason"]


async def test_broker_that_answers_pings_is_kept(tmp_path):
    class Answering(FalseBroker):
        async def _serve(self, reader, writer):
            self.met += 1
            while data := await reader.read(1000):
                self.told.append(data)
                writer.write({b"\x10": HELLO, b"\x82": ALLOWED, b"\xc0": b"\xd0\x00"}.get(data[:1], b""))
            writer.close()

    async with Answering(tmp_path) as broker, link_to(broker, keepalive_s=1) as (link, _):
        await eventually(lambda: broker.told.count(b"\xc0\x00") >= 3, 40)
        assert link.connected and broker.met == 1


async def test_subscription_that_is_refused_is_told_and_not_tried_again(tmp_path, lines):
    async with FalseBroker(tmp_path, HELLO, FORBIDDEN) as broker, link_to(broker) as (link, _):
        await eventually(lambda: link.problem and "refuses a subscription" in link.problem)
        assert not link.connected and broker.met == 1
    assert len(said(lines, "subscription_refused")) == 1


async def test_message_that_is_too_long_is_counted_and_the_next_one_is_heard(tmp_path, lines):
    long = publish(TOPIC, bytes(3 * PACKET_MAX_BYTES))
    script = HELLO, ALLOWED + long + publish(TOPIC, b"next")
    async with FalseBroker(tmp_path, *script) as broker, link_to(broker) as (link, _):
        async with asyncio.timeout(30):
            assert [one.payload for one in await link.take(9)] == [b"next"]
        assert link._metrics.faults.labels("media_oversized")._value.get() == 1 and broker.met == 1
    assert [line["unit"] for line in said(lines, "media_oversized")] == ["u1001"]


async def test_what_does_not_fit_is_dropped_and_counted_but_a_marker_has_its_place(tmp_path):
    marker = publish(MARKER_TOPIC.encode(), bytes(MARKER.size))
    flood = [publish(TOPIC, bytes(1000))] * 5 + [marker] + [publish(TOPIC, b"x")] * 3
    room = 2 * (1000 + OVERHEAD_BYTES) + OVERHEAD_BYTES
    script = HELLO, ALLOWED + b"".join(flood)
    async with FalseBroker(tmp_path, *script) as broker, link_to(broker, room) as (link, _):
        await eventually(lambda: link._metrics.media_dropped._value.get() == 6)
        taken = await link.take(100)
        assert [len(one.payload) for one in taken] == [1000, 1000, MARKER.size] and link._waiting_bytes == 0


def test_pauses_between_attempts_grow_to_a_bound_and_differ():
    pauses_s = growing(iter([0.0, 0.99] * 10).__next__)
    first = [next(pauses_s) for _ in range(20)]
    assert first[:3] == [0.05, pytest.approx(0.199), 0.2]
    assert min(first) >= 0.05 and LONGEST_PAUSE_S / 2 in first and max(first) < LONGEST_PAUSE_S


async def test_broker_killed_while_it_brings_a_recording_loses_nothing(start, broker_kind, tmp_path):
    gateway = await start(broker_kind)
    await gateway.provision("u1001", COURT)
    link = gateway.media.media_link
    async with Filmer(tmp_path / "units" / "u1001") as filmer:
        made = segment(NAME, blocks=120, block_bytes=15_000)
        half = len(made.chunks) // 2
        await filmer.send(made, [made.chunk(n) for n in range(half)])
        killed = gateway.broker.pid
        os.kill(killed, signal.SIGKILL)
        await eventually(lambda: gateway.broker.pid not in (None, killed) and link.connections == 2, 60)
        assert gateway.metrics.media_link_ended.labels("lost")._value.get() == 1
        await filmer.media.until(lambda: filmer.media.connected)
        await filmer.control.until(lambda: filmer.control.connected)
        await filmer.send(made, [made.chunk(n) for n in range(half, len(made.chunks))])
        manifest = filmer.manifest(made, flags=LAST)
        assert (await filmer.restore(made, manifest)).sealed == hashlib.sha256(made.data).digest()
