"""One MQTT connection of ours: `paho` in its thread, handed over to the event loop.

A message is acknowledged by `ack`, after its commit, and only on the connection that brought it: the broker
gives what was not acknowledged again, with numbers of its own.
"""

import asyncio
import logging
import socket
import sys
import threading
from collections import deque
from collections.abc import Sequence
from typing import Any, NamedTuple

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode

from gateway.broker import Client
from gateway.clock import Clock
from gateway.logs import logger

KEEPALIVE_S = 15
OUTGOING_MAX = 10_000
UNREACHABLE_AGAIN_S = 60.0
AHEAD_BYTES = 16 * 1024
"""A TLS record, which is the most that one read gives."""
_PAHO_LOG = logging.getLogger("paho")
# It has words for errors only when we hang up; what happens to a link is said here, with its name.
_PAHO_LOG.setLevel(logging.CRITICAL)


class Delivery(NamedTuple):
    """A message as it came. `connection` counts our connections; `mid` is only good on that one."""

    topic: str
    payload: bytes
    retained: bool
    received_ms: int
    mid: int
    qos: int
    connection: int


class Link:
    """A connection with a session of its own at the broker, named `name`, that hears `topics` at QoS 1. Recordings
    come by `media_link`.

    At most `bound` messages wait for the event loop; then the connection is not read any further, and the
    broker holds what comes.
    """

    def __init__(self, name: str, client: Client, topics: Sequence[str], clock: Clock, bound: int) -> None:
        self.name = name
        self.connected = False
        self.problem: str | None = "not connected yet"
        self.connections = 0
        self._topics = topics
        self._clock = clock
        self._bound = bound
        self._address = (client.host, client.port)
        self._log = logger("link")
        self._waiting: deque[Delivery] = deque()
        self._pending: set[int] = set()
        self._lock = threading.Lock()
        self._room = threading.Condition(self._lock)
        self._stopping = False
        self._open = False
        self._said_unreachable_s = float("-inf")
        self._loop: asyncio.AbstractEventLoop | None = None
        self._arrived = asyncio.Event()
        self._changed = asyncio.Event()
        paho = self._paho = _Paho(
            CallbackAPIVersion.VERSION2, name, clean_session=False, protocol=mqtt.MQTTv311, manual_ack=True
        )
        paho.tls_set(str(client.ca_path), str(client.certificate_path), str(client.key_path))
        paho.reconnect_delay_set(0.1, 2)  # type: ignore[arg-type]
        paho.max_inflight_messages_set(1000)
        paho.max_queued_messages_set(OUTGOING_MAX)
        # Or one message that we stumble over would end paho's thread, and nobody would be heard any more.
        paho.suppress_exceptions = True
        paho.enable_logger(_PAHO_LOG)
        paho.on_socket_open = _begin_anew
        paho.on_connect = self._on_connect
        paho.on_connect_fail = self._on_connect_fail
        paho.on_disconnect = self._on_disconnect
        paho.on_subscribe = self._on_subscribe
        paho.on_message = self._on_message

    def start(self) -> None:
        """Connect, and again whenever the connection is lost, until `stop`."""
        self._loop = asyncio.get_running_loop()
        self._paho.connect_async(*self._address, keepalive=KEEPALIVE_S)
        self._paho.loop_start()

    async def stop(self) -> None:
        """Disconnect. Twice does no harm."""
        with self._room:
            self._stopping = True
            self._room.notify_all()
        self._paho.disconnect()
        await asyncio.to_thread(self._paho.loop_stop)
        self._arrived.set()

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
        with self._room:
            taken = [self._waiting.popleft() for _ in range(min(limit, len(self._waiting)))]
            self._room.notify_all()
        return taken

    def ack(self, delivery: Delivery) -> None:
        """Tell the broker that this message is stored. Does nothing if its connection is gone."""
        with self._lock:
            if delivery.qos == 0 or delivery.connection != self.connections or not self._open:
                return
            self._pending.discard(delivery.mid)
            self._paho.ack(delivery.mid, delivery.qos)

    def publish(self, topic: str, payload: bytes, qos: int = 1) -> bool:
        """Send; at QoS 1 it is kept while the broker is away. False if too much waits already."""
        return self._paho.publish(topic, payload, qos).rc != mqtt.MQTT_ERR_QUEUE_SIZE

    @property
    def waiting(self) -> int:
        """How many messages wait for the event loop."""
        return len(self._waiting)

    # In paho's thread.

    def _on_connect(
        self, client: mqtt.Client, _user: Any, _flags: Any, reason: Any, _properties: Any
    ) -> None:
        if reason.is_failure:
            self.problem = f"refused: {reason}"
            self._log.error("broker_refused_us", link=self.name, reason=str(reason))
            return
        with self._lock:
            # Open for acknowledgements at once: what waited at the broker comes before its answer to `subscribe`.
            self.connections, self._open = self.connections + 1, True
            self._pending.clear()
        client.subscribe([(topic, 1) for topic in self._topics])

    def _on_subscribe(
        self, _client: mqtt.Client, _user: Any, _mid: int, reasons: Any, _properties: Any
    ) -> None:
        failed = [topic for topic, reason in zip(self._topics, reasons, strict=True) if reason.is_failure]
        if failed:
            self.problem = f"the broker refuses a subscription to {', '.join(failed)}"
            self._log.error("subscription_refused", link=self.name, topics=failed)
            return
        with self._lock:
            self.connected, self.problem = True, None
        self._log.info("connected", link=self.name, address=f"{self._address[0]}:{self._address[1]}")
        self._tell(self._changed)

    def _on_connect_fail(self, _client: mqtt.Client, _user: Any) -> None:
        address = f"{self._address[0]}:{self._address[1]}"
        error = sys.exception()  # paho calls us where it caught it
        self.problem = f"{address} does not answer: {error}" if error else f"{address} does not answer"
        now_s = self._clock.monotonic_s()
        if now_s - self._said_unreachable_s >= UNREACHABLE_AGAIN_S and not self._stopping:
            self._said_unreachable_s = now_s
            self._log.warning(
                "broker_unreachable", link=self.name, address=address, error=str(error), done="tried again"
            )

    def _on_disconnect(
        self, _client: mqtt.Client, _user: Any, _flags: Any, reason: Any, _properties: Any
    ) -> None:
        with self._lock:
            self.connected, self._open, self.problem = False, False, f"connection lost: {reason}"
        if not self._stopping:
            self._log.warning("connection_lost", link=self.name, reason=str(reason))
        self._tell(self._changed)

    def _on_message(self, _client: mqtt.Client, _user: Any, message: mqtt.MQTTMessage) -> None:
        with self._room:
            if message.qos and message.mid in self._pending:
                return  # given again although we have it and have not forgotten it
            while len(self._waiting) >= self._bound and not self._stopping:
                self._room.wait()
            if message.qos:
                self._pending.add(message.mid)
            self._waiting.append(
                Delivery(
                    topic_of(message),
                    bytes(message.payload),
                    message.retain,
                    self._clock.now_ms(),
                    message.mid,
                    message.qos,
                    self.connections,
                )
            )
            first = len(self._waiting) == 1
        if first:
            self._tell(self._arrived)

    def _tell(self, event: asyncio.Event) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(event.set)


def topic_of(message: mqtt.MQTTMessage) -> str:
    """The topic; "" for one that is not UTF-8, which some brokers let through and which no message has."""
    try:
        return message.topic
    except UnicodeDecodeError:
        return ""


class _Paho(mqtt.Client):
    """Reads ahead. `paho` asks TLS for a packet's first bytes one by one, and each time other threads may take the
    interpreter's lock for 5 ms: that, and no work, is most of what a small message costs its thread."""

    _ahead = b""
    _at = 0

    def loop_read(self, max_packets: int = 1) -> MQTTErrorCode:
        """Every packet that has been read: `select` knows nothing of them."""
        code = super().loop_read(max_packets)
        while code == MQTTErrorCode.MQTT_ERR_SUCCESS and self._at < len(self._ahead):
            code = super().loop_read(max_packets)
        return code

    def _sock_recv(self, bufsize: int) -> bytes:
        if self._at == len(self._ahead):
            if bufsize >= AHEAD_BYTES:
                return super()._sock_recv(bufsize)
            self._ahead, self._at = super()._sock_recv(AHEAD_BYTES), 0
        found = self._ahead[self._at : self._at + bufsize]
        self._at += len(found)
        return found

    def forget(self) -> None:
        """What was read ahead on another connection."""
        self._ahead, self._at = b"", 0


def _begin_anew(client: mqtt.Client, _user: Any, sock: Any) -> None:
    assert isinstance(client, _Paho)
    client.forget()
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
