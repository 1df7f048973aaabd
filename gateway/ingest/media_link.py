"""The connection of recordings: all that units send of pictures and sound, read in the event loop (docs/adr/0022).

The other connections are `link.Link`. This one only hears, at QoS 0 and without a session: what is lost on it is asked
for again, so that a connection that is broken, silent or no MQTT at all costs time and nothing else.
"""

import asyncio
import contextlib
import os
import random
import ssl
import struct
from collections import deque
from collections.abc import Callable, Iterator

from gateway.broker import Client
from gateway.clock import Clock
from gateway.ingest import media_packets as packets
from gateway.ingest.link import KEEPALIVE_S, UNREACHABLE_AGAIN_S, Delivery
from gateway.logs import Faults, logger
from gateway.metrics import Metrics
from gateway.provision.authority import GATEWAY_NAME
from protocol.errors import ProtocolError
from protocol.topics import MAX_UNIT

MEDIA_LINK = "tipstaff-gateway-media"
TOPIC_FILTER = "tip/1/+/+/media/+"
MARKER_TOPIC = f"tip/1/gateway/{GATEWAY_NAME}/media/marker"
"""Only we may publish there: no unit can have that name."""
MARKER = struct.Struct(">8sI")
OVERHEAD_BYTES = 512
"""What a message that waits takes beside its bytes."""
CONNECT_S = 10.0
FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 2.0
STEADY_S = 5.0
"""A connection that lived so long begins with the first pause again."""
_CODES = {
    1: "unacceptable protocol version",
    2: "identifier rejected",
    3: "server unavailable",
    4: "bad user name or password",
    5: "not authorized",
}
_HUNG_UP = "the broker hung up"


class MediaLink:
    """`run` keeps it connected; `take` gives what it heard. What does not fit into `bound_bytes` is dropped and
    counted: a want brings it back, and the broker must never wait for us with pictures.

    rand: a number in [0, 1), for the pauses between attempts. keepalive_s: two thirds of it after the last byte we ask
    whether the broker is there, and after as much again it is not.
    """

    def __init__(
        self, client: Client, clock: Clock, bound_bytes: int, metrics: Metrics,
        rand: Callable[[], float] = random.random, keepalive_s: int = KEEPALIVE_S,
    ) -> None:  # fmt: skip
        self.name = MEDIA_LINK
        self.connected = False
        self.problem: str | None = "not connected yet"
        self.attempts = 0
        self.connections = 0
        self._client = client
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._tls.load_verify_locations(client.ca_path)
        self._tls.load_cert_chain(client.certificate_path, client.key_path)
        self._clock = clock
        self._bound_bytes = bound_bytes
        self._metrics = metrics
        self._rand = rand
        self._keepalive_s = keepalive_s
        self._faults = Faults(clock, int(UNREACHABLE_AGAIN_S), "link")
        self._log = logger("link")
        self._waiting: deque[Delivery] = deque()
        self._waiting_bytes = 0
        self._arrived = asyncio.Event()
        self._changed = asyncio.Event()
        self._stream: _Stream | None = None

    async def run(self) -> None:
        """Connect, and again whenever the connection is lost, until cancelled."""
        pauses_s = growing(self._rand)
        while True:
            began_s = asyncio.get_running_loop().time()
            fault, why = await self._serve()
            self.connected, self.problem = False, why
            self._metrics.media_link_ended.labels(fault).inc()
            if asyncio.get_running_loop().time() - began_s >= STEADY_S:
                pauses_s = growing(self._rand)
            await asyncio.sleep(next(pauses_s))

    async def wait_connected(self) -> None:
        """Return when connected and subscribed."""
        while not self.connected:
            self._changed.clear()
            await self._changed.wait()

    async def take(self, limit: int) -> list[Delivery]:
        """The messages that wait, at least one and at most `limit`, in their order."""
        while not self._waiting:
            self._arrived.clear()
            await self._arrived.wait()
        taken = [self._waiting.popleft() for _ in range(min(limit, len(self._waiting)))]
        self._waiting_bytes -= sum(OVERHEAD_BYTES + len(delivery.payload) for delivery in taken)
        return taken

    async def _serve(self) -> tuple[str, str]:
        """One connection, from its beginning to its end: what ended it, as a word for programs and for people."""
        self.attempts += 1
        host, port = self._client.host, self._client.port
        stream = self._stream = _Stream(self._heard, self._passed_over, self._keepalive_s)
        try:
            try:
                async with asyncio.timeout(CONNECT_S):
                    await asyncio.get_running_loop().create_connection(
                        lambda: stream, host, port, ssl=self._tls, server_hostname=host
                    )
                    allowed = await stream.answered
            except (OSError, UnicodeError) as error:
                said = _said(error)
                self._warn("broker_unreachable", error=said, done="tried again")
                return "unreachable", f"{host}:{port} does not answer: {said}"
            if allowed is not None:
                self._opened(allowed)
            await asyncio.wait({stream.ended})  # which, unlike to await it, lets it be when we are cancelled
            fault, why = stream.ended.result()
        finally:
            stream.close()
        if fault == "refused":
            self._warn("broker_refused_us", reason=why)
            return fault, f"refused: {why}"
        self._warn("connection_lost", why=fault, reason=why)
        return fault, f"connection lost: {why}"

    def _opened(self, allowed: bool) -> None:
        self.connections += 1
        if not allowed:
            self.problem = f"the broker refuses a subscription to {TOPIC_FILTER}"
            self._log.error("subscription_refused", link=self.name, topics=[TOPIC_FILTER])
            return
        self.connected, self.problem = True, None
        self._log.info("connected", link=self.name, address=f"{self._client.host}:{self._client.port}")
        self._changed.set()

    def _warn(self, event: str, **facts: object) -> None:
        address = f"{self._client.host}:{self._client.port}"
        self._faults.warn(event, None, link=self.name, address=address, **facts)

    def _heard(self, topic: str, payload: bytes, retained: bool) -> None:
        size = OVERHEAD_BYTES + len(payload)
        # A marker has a place always: it is small, and there are few.
        marker = len(payload) == MARKER.size and topic == MARKER_TOPIC
        if self._waiting_bytes + size > self._bound_bytes and not marker:
            self._metrics.media_dropped.inc()
            return
        self._waiting_bytes += size
        self._waiting.append(Delivery(topic, payload, retained, self._clock.now_ms(), 0, 0, self.connections))
        self._arrived.set()

    def _passed_over(self, beginning: memoryview) -> None:
        unit_id = "-"
        with contextlib.suppress(ProtocolError):
            unit_id = "".join(packets.published(beginning)[0].split("/")[3:4])[:MAX_UNIT]
        self._metrics.faults.labels("media_oversized").inc()
        self._faults.warn("media_oversized", unit_id, limit_bytes=packets.PACKET_MAX_BYTES)


def growing(rand: Callable[[], float]) -> Iterator[float]:
    """Pauses in seconds, each a random part, at least half, of a step that doubles."""
    step_s = FIRST_PAUSE_S
    while True:
        yield step_s * (0.5 + 0.5 * rand())
        step_s = min(step_s * 2, LONGEST_PAUSE_S)


def _said(error: Exception) -> str:
    """asyncio has words of its own for what the system says; time that is over has none."""
    if isinstance(error, TimeoutError):
        return f"no answer within {CONNECT_S:g} s"
    number = getattr(error, "errno", None)
    plain = isinstance(error, OSError) and not isinstance(error, ssl.SSLError) and number and number > 0
    return os.strerror(number) if plain and number else str(error)


class _Stream(asyncio.BufferedProtocol):
    """One connection. `answered`: whether the broker lets us hear, None when it was over before; `ended`: what ended
    it (`refused`, `lost`, `silent`, `unreadable`), and in words."""

    def __init__(
        self,
        heard: Callable[[str, bytes, bool], None],
        passed_over: Callable[[memoryview], None],
        keepalive_s: int,
    ) -> None:
        loop = asyncio.get_running_loop()
        self.answered: asyncio.Future[bool | None] = loop.create_future()
        self.ended: asyncio.Future[tuple[str, str]] = loop.create_future()
        self.transport: asyncio.Transport | None = None
        self._heard = heard
        self._passed_over = passed_over
        self._keepalive_s = keepalive_s
        self._ask_s = keepalive_s * 2 / 3
        self._inbound = packets.Inbound()
        self._accepted = self._asked = self._alive = False
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(packets.connect(MEDIA_LINK, self._keepalive_s))
        self._timer = asyncio.get_running_loop().call_later(self._ask_s, self._ask)

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._inbound.space()

    def buffer_updated(self, nbytes: int) -> None:
        self._alive = True
        if self.ended.done():
            return
        try:
            for kind, body in self._inbound.packets(nbytes):
                if kind in (packets.PUBLISH, packets.RETAINED) and self._accepted:
                    topic, payload = packets.published(body)
                    self._heard(topic, payload, kind == packets.RETAINED)
                else:
                    self._control(kind, body)
        except ProtocolError as error:
            self._end("unreadable", str(error))

    def eof_received(self) -> None:
        self._end("lost", _HUNG_UP)

    def connection_lost(self, exc: Exception | None) -> None:
        self._end("lost", str(exc or _HUNG_UP))

    def close(self) -> None:
        """Say goodbye if it still stands. Twice does no harm."""
        if self.transport is not None and not self.ended.done():
            self.transport.write(packets.DISCONNECT)
        self._end("lost", "closed by us")

    def _control(self, kind: int, body: memoryview) -> None:
        assert self.transport is not None
        if kind == packets.CONNACK and not self._accepted:
            self._accepted = body[1] == 0
            if self._accepted:
                self.transport.write(packets.subscribe(1, TOPIC_FILTER))
            else:
                self._end("refused", _CODES.get(body[1], f"code {body[1]}"))
        elif not self._accepted:
            raise ProtocolError(f"a packet that begins with {kind:02x} before the broker's answer")
        elif kind == packets.SKIPPED:
            self._passed_over(body)
        elif kind == packets.SUBACK and not self.answered.done():
            self.answered.set_result(body[2] < packets.REFUSED)
        elif kind != packets.PINGRESP:
            raise ProtocolError(f"a packet that begins with {kind:02x} for the second time")

    def _ask(self) -> None:
        """Nothing that we send tells the broker that we are here, and nothing else tells us that it is."""
        assert self.transport is not None
        if self._asked and not self._alive:
            self._end("silent", f"nothing came for {self._ask_s:g} s after a ping")
            return
        self._asked, self._alive = True, False
        self.transport.write(packets.PINGREQ)
        self._timer = asyncio.get_running_loop().call_later(self._ask_s, self._ask)

    def _end(self, fault: str, why: str) -> None:
        if self.ended.done():
            return
        self.ended.set_result((fault, why))
        if not self.answered.done():
            self.answered.set_result(None)
        if self._timer is not None:
            self._timer.cancel()
        if self.transport is not None:
            self.transport.abort()
