"""One connection from the TCP socket to its end; the same object serves one attempt after the other.

Its tasks: `_talk` connects and then reads, `Writer.run` writes, `_watch` holds the clocks, `_greet` runs the
user's `on_connect`. The first of them that fails ends the connection.
"""

import asyncio

from mqtt import packets, properties
from mqtt.decoder import SKIPPED, Decoder
from mqtt.errors import LinkLost, MqttError, PacketError, Refused
from mqtt.window import PUBLISH, SUBSCRIBE
from mqtt.writer import Writer

TICK_MS = 100
HURRY_TCP_MS = 600
HURRY_CONNACK_MS = 4000
HURRY_ACK_MS = 2000


class Connection:
    """Works for a `Client` (its options, callbacks, counters) and carries what is in its `window`."""

    def __init__(self, client, window, open_stream, ticks):
        self._client = client
        self._window = window
        self._open_stream = open_stream
        self._ticks = ticks
        options = client.options
        self._decoder = Decoder(options.version, options.max_inbound_bytes)
        self.writer = Writer(options.version, window, client.stats, ticks)
        self.open = asyncio.Event()  # set while any task may publish
        self.connected = self._hurried = False
        self.greeter = None
        self._ended = asyncio.Event()
        self._failure = self._stream = None
        self._tasks = []
        self._pinging = False
        self._keepalive_ms = 0
        self._started_ms = self._heard_ms = ticks()

    def hurry(self, on):
        """While on, waits no longer than the HURRY_ limits."""
        self._hurried = on

    async def serve(self):
        """Connects and serves; returns (error that ended it, ms of life, whether CONNACK came)."""
        self._failure = None
        self._ended.clear()
        self._pinging = False
        self._started_ms = self._ticks()
        self._start(self._watch())
        self._start(self._talk())
        try:
            await self._ended.wait()
            age_ms = asyncio.ticks_diff(self._ticks(), self._started_ms)
            return self._failure, age_ms, self.connected
        finally:
            await self._close()

    def fail(self, error):
        """Ends the connection for this reason, unless it has one already."""
        if self._failure is None:
            self._failure = error
            self._ended.set()

    async def _close(self):
        self.connected = False
        self.open.clear()
        self.greeter = None
        cancelled = False
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            while not task.done():
                try:
                    await task
                except asyncio.CancelledError:
                    cancelled = cancelled or not task.done()
        self._tasks.clear()
        if self._stream is not None:
            self._stream.close()
            self._stream = None
        self._window.lost()
        if cancelled:
            raise asyncio.CancelledError

    def _start(self, coroutine):
        task = asyncio.create_task(self._guard(coroutine))
        self._tasks.append(task)
        return task

    async def _guard(self, coroutine):
        try:
            await coroutine
        except Exception as error:
            self.fail(error)

    # --- reading

    async def _talk(self):
        options, inbound = self._client.options, self._decoder
        self._stream = stream = await self._open_stream(options.host, options.port, options.tls)
        inbound.reset()
        will = options.will() if callable(options.will) else options.will
        await stream.write(packets.connect(options, will, options.window, inbound.capacity_bytes))
        while True:
            count = await stream.readinto(inbound.space())
            self._heard_ms = self._ticks()
            inbound.filled(count)
            kind = inbound.next()
            while kind:
                if self.connected:
                    await self._handle(kind)
                else:
                    self._connack(kind)
                await asyncio.sleep_ms(0)
                kind = inbound.next()

    def _connack(self, kind):
        options, inbound, limits = self._client.options, self._decoder, self._decoder.limits
        if kind != packets.CONNACK:
            raise PacketError("packet type %d before CONNACK" % kind)
        if inbound.code:
            raise Refused(inbound.code, inbound.reason)
        if inbound.session_present and options.clean_session:
            raise PacketError("CONNACK with a session that was not asked for")
        if limits.get(properties.MAX_QOS, 1) == 0:
            raise MqttError("the broker allows QoS 0 only")
        keepalive_s = limits.get(properties.SERVER_KEEPALIVE) or options.keepalive_s
        self._keepalive_ms = keepalive_s * 1000
        in_flight_max = min(options.window, limits.get(properties.RECEIVE_MAX, options.window))
        self.writer.reset(in_flight_max, limits.get(properties.MAX_PACKET, packets.LARGEST_REMAINING))
        self._window.resume(inbound.session_present)
        self.connected = True
        self._client.stats.connected += 1
        self._start(self.writer.run(self._stream))
        self.greeter = self._start(self._greet(inbound.session_present))

    async def _greet(self, session_present):
        if self._client.on_connect is not None:
            await self._client.on_connect(session_present)
        self.open.set()

    async def _handle(self, kind):
        inbound, stats = self._decoder, self._client.stats
        if kind == packets.PUBLISH:
            stats.received += 1
            try:
                self._client.on_message(inbound.topic, inbound.payload, inbound.qos)
            except Exception as error:
                stats.handler_errors += 1
                self._client.note(error)
            if inbound.qos:
                await self.writer.acknowledge(inbound.packet_id)
        elif kind == SKIPPED:
            stats.oversized += 1
            if inbound.qos:
                await self.writer.acknowledge(inbound.packet_id)
        elif kind == packets.PUBACK:
            self._acknowledged(PUBLISH)
        elif kind == packets.SUBACK:
            self._acknowledged(SUBSCRIBE)
        elif kind == packets.PINGRESP:
            self._pinging = False
        elif kind == packets.DISCONNECT:
            raise Refused(inbound.code, inbound.reason)
        else:
            raise PacketError("packet type %d after CONNACK" % kind)

    def _acknowledged(self, slot_kind):
        inbound, stats = self._decoder, self._client.stats
        accepted = inbound.code < 0x80
        if not accepted:
            stats.refused += 1
            self._client.note(Refused(inbound.code, inbound.reason))
        if self._window.acknowledge(slot_kind, inbound.packet_id, accepted):
            self.writer.wake()
        else:
            stats.stray_acks += 1

    # --- clocks

    async def _watch(self):
        while True:
            now_ms = self._ticks()
            if self.connected:
                self._check_peer(now_ms)
            else:
                self._window.expire(now_ms)
                self._check_attempt(asyncio.ticks_diff(now_ms, self._started_ms))
            await asyncio.sleep_ms(TICK_MS)

    def _check_attempt(self, age_ms):
        limit_ms = self._client.options.connect_timeout_ms
        if self._hurried:
            limit_ms = min(limit_ms, HURRY_TCP_MS if self._stream is None else HURRY_CONNACK_MS)
        if age_ms > limit_ms:
            stage = "TCP connection" if self._stream is None else "CONNACK"
            raise LinkLost("no %s within %d ms" % (stage, limit_ms))

    def _check_peer(self, now_ms):
        """A ping after 3/4 of the keepalive without traffic one way; the end after 7/5 of silence."""
        stats, limit_ms = self._client.stats, self._client.options.ack_timeout_ms
        if self._hurried:
            limit_ms = min(limit_ms, HURRY_ACK_MS)
        silent_ms = asyncio.ticks_diff(now_ms, self._heard_ms)
        if silent_ms * 5 > self._keepalive_ms * 7:
            stats.silent += 1
            raise LinkLost("the broker is silent for %d ms" % silent_ms)
        if self._window.late(now_ms, limit_ms):
            stats.ack_late += 1
            raise LinkLost("no acknowledgement within %d ms" % limit_ms)
        idle_ms = max(silent_ms, asyncio.ticks_diff(now_ms, self.writer.wrote_ms))
        if idle_ms * 4 >= self._keepalive_ms * 3 and not self._pinging:
            self._pinging = True
            self.writer.ping()
