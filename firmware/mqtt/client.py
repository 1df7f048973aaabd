"""The client: keeps one connection alive for ever and carries messages over it."""

import asyncio
import os
import sys
import time

from mqtt.backoff import Backoff
from mqtt.connection import Connection
from mqtt.errors import LinkLost, MqttError, PacketError
from mqtt.stats import Stats
from mqtt.window import PUBLISH, SUBSCRIBE, WRITING, Window
from mqtt.writer import TOPIC_BYTES

PAUSE_MS = 50
STEADY_MS = 5000  # a connection that lived this long resets the back-off
HURRY_BACKOFF_MS = 200
ERROR_CHARS = 200


def _random():
    return os.urandom(1)[0] / 256


class Client:
    """`run()` must be a task for anything to happen. All of it belongs to one event loop.

    on_message(topic: str, payload: memoryview, qos: int) is a plain function; the payload is valid during the
    call only. What it raises is counted, and the message is acknowledged all the same.

    open_stream(host, port, tls) is async and returns a Stream (`mqtt.stream.open_stream`); ticks() is a
    clock in ms as `time.ticks_ms`; rand() returns a float in [0, 1) for the jitter.

    on_connect     None or async function (session_present: bool), called after each CONNACK. What it
                   publishes and subscribes in its own task goes before other tasks' new messages. What it
                   raises ends the connection.
    on_disconnect  None or plain function (text: str), called when a connection or an attempt ended
    stats          counters, see `mqtt.stats`
    last_error     text of the newest failure, at most 200 characters
    """

    def __init__(self, options, on_message, *, open_stream, ticks=time.ticks_ms, rand=_random):
        self.options = options
        self.on_message = on_message
        self.on_connect = None
        self.on_disconnect = None
        self.stats = Stats()
        self.last_error = ""
        self._ticks = ticks
        self._window = Window(options.window)
        self._backoff = Backoff(options.backoff_min_ms, options.backoff_max_ms, rand)
        self._connection = Connection(self, self._window, open_stream, ticks)
        self._kicked = self._hurried = False
        self._failures = 0

    @property
    def connected(self):
        """True from CONNACK to the end of the connection."""
        return self._connection.connected

    async def publish(self, topic, parts, qos=0, retain=False, wait_ms=None):
        """Sends one message, `parts` one after the other; the buffers must not change until this returns.

        True when the broker has acknowledged it (QoS 1) or it was handed to the link (QoS 0). A QoS 1 message
        whose connection is lost is sent again on the next one. False when there was no connection until
        `wait_ms` after the call (default options.patience_ms; 0: do not wait), when a QoS 0 message was lost
        with its connection, or when the broker refused it. ValueError for a topic or QoS that cannot be.
        Cancelling it while its bytes are being written ends the connection.
        """
        if isinstance(parts, (bytes, bytearray, memoryview)):
            parts = (parts,)
        ok = await self._submit(PUBLISH, topic, parts, qos, retain, wait_ms)
        if ok:
            self.stats.published += 1
        else:
            self.stats.given_up += 1
        return ok

    async def subscribe(self, topic, qos=1):
        """Subscribes to one filter. True when granted, False when refused or the connection was lost."""
        return await self._submit(SUBSCRIBE, topic, (), qos, False, None)

    def kick(self):
        """Reconnects now: ends the connection or attempt that exists, and skips the back-off."""
        self._kicked = True
        self._backoff.reset()
        self._connection.fail(LinkLost("kicked"))

    def hurry(self, on):
        """While on, a broken link is given up and tried again sooner, to be back within a second.

        For the time in which something urgent waits: attempts follow each other within 0.2 s; seven of eight
        (the eighth is for a slow network) give up on TCP after 0.6 s and on the CONNACK after 4 s; an
        acknowledgement may take 2 s. Cuts a running back-off short; ends no connection that answers.
        """
        if on != self._hurried:
            self._hurried = on
            self._connection.hurry(on)

    async def run(self):
        """Connects, serves, and connects again, for ever; cancelling it closes the connection."""
        while True:
            self._kicked = False
            self._connection.hurry(self._hurried and self._failures % 8 < 7)
            error, age_ms, connected = await self._connection.serve()
            if connected:
                self.stats.lost += 1
                self._failures = 0
                if age_ms >= STEADY_MS:
                    self._backoff.reset()
            else:
                self.stats.failed += 1
                self._failures += 1
            if isinstance(error, PacketError):
                self.stats.malformed += 1
            self.note(error)
            if self.on_disconnect is not None:
                self.on_disconnect(self.last_error)
            await self._pause()

    def note(self, error):
        """Keeps an error's text; one that is a defect of ours is printed with its traceback."""
        self.last_error = ("%s: %s" % (type(error).__name__, error))[:ERROR_CHARS]
        if not isinstance(error, (MqttError, OSError)):
            sys.print_exception(error)

    async def _pause(self):
        wait_ms = self._backoff.next_ms()
        start_ms = self._ticks()
        while not self._kicked:
            now_ms = self._ticks()
            limit_ms = min(wait_ms, HURRY_BACKOFF_MS) if self._hurried else wait_ms
            if asyncio.ticks_diff(now_ms, start_ms) >= limit_ms:
                return
            self._window.expire(now_ms)
            await asyncio.sleep_ms(PAUSE_MS)

    async def _submit(self, kind, topic, parts, qos, retain, wait_ms):
        topic = topic.encode()
        if qos not in (0, 1) or not 0 < len(topic) <= TOPIC_BYTES:
            raise ValueError("QoS must be 0 or 1, and a topic 1 to %d bytes" % TOPIC_BYTES)
        wait_ms = self.options.patience_ms if wait_ms is None else wait_ms
        deadline_ms = asyncio.ticks_add(self._ticks(), wait_ms)
        slot = await self._take(deadline_ms)
        if slot is None:
            return False
        slot.kind, slot.topic, slot.parts = kind, topic, parts
        slot.qos, slot.retain, slot.deadline_ms = qos, retain, deadline_ms
        self._connection.writer.wake()
        try:
            await slot.done.wait()
            return slot.ok
        except asyncio.CancelledError:
            if slot.state == WRITING:
                self._connection.fail(LinkLost("a publish was cancelled while it was being written"))
            raise
        finally:
            self._window.give_back(slot)

    async def _take(self, deadline_ms):
        connection = self._connection
        while True:
            event = connection.open
            if event.is_set() or asyncio.current_task() is connection.greeter:
                slot = self._window.take()
                if slot is not None:
                    return slot
                event = self._window.room
            left_ms = asyncio.ticks_diff(deadline_ms, self._ticks())
            if left_ms <= 0:
                await asyncio.sleep_ms(0)
                return None
            try:
                await asyncio.wait_for_ms(event.wait(), left_ms)
            except asyncio.TimeoutError:
                pass
