"""A stand-in for the gateway that says "stored" to every alarm: to try units where no gateway runs."""

from __future__ import annotations

import asyncio
import secrets
from collections import deque

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from protocol import messages, topics
from protocol.errors import ProtocolError
from protocol.talk import Talk

KEPT = 1000


class Answerer:
    """Async context manager on a broker without TLS on 127.0.0.1. What it heard is kept bounded."""

    def __init__(self, port: int, *, host: str = "127.0.0.1", timeout_s: float = 10.0) -> None:
        self.answering = True
        self.alarms: deque[messages.Alarm] = deque(maxlen=KEPT)
        self.states: deque[messages.State] = deque(maxlen=KEPT)
        self.fixes = 0
        self.kept_batches: set[int] = set()  # ids of batches that a unit keeps on its flash
        self.replies = 0
        self.refused = 0  # messages that were not of the wire
        self._address, self._timeout_s = (host, port), timeout_s
        name = f"answerer{secrets.token_hex(4)}"
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=name)
        self._client.on_message = self._heard

    async def __aenter__(self) -> Answerer:
        """Connect and subscribe. Raises OSError or TimeoutError."""
        loop, subscribed = asyncio.get_running_loop(), asyncio.Event()

        def granted(*_: object) -> None:
            loop.call_soon_threadsafe(subscribed.set)

        self._client.on_subscribe = granted
        await asyncio.to_thread(self._client.connect, *self._address)
        self._client.subscribe("tip/1/+/+/up/+", qos=1)
        self._client.loop_start()
        try:
            async with asyncio.timeout(self._timeout_s):
                await subscribed.wait()
        except BaseException:
            await self.__aexit__()
            raise
        return self

    def command(self, court: str, unit: str, command: messages.Command) -> None:
        """Send a unit a command; its reply is counted in `replies`."""
        self._client.publish(topics.down(court, unit, "command"), command.encode(), qos=1)

    def say(self, court: str, unit: str, packet: Talk) -> None:
        """Send a unit a packet of speech."""
        self._client.publish(topics.down(court, unit, "talk"), packet.encode(), qos=0)

    async def __aexit__(self, *_: object) -> None:
        self._client.disconnect()
        await asyncio.to_thread(self._client.loop_stop)

    def _heard(self, client: mqtt.Client, _: object, message: mqtt.MQTTMessage) -> None:
        try:
            court, unit, _direction, leaf = topics.parse(message.topic)
            self._take(court, unit, leaf, bytes(message.payload))
        except ProtocolError:
            self.refused += 1

    def _take(self, court: str, unit: str, leaf: str, payload: bytes) -> None:
        if leaf == "fix":
            self.fixes += 1
            batch_id = messages.FixBatch.decode(payload).batch_id
            if batch_id is not None and len(self.kept_batches) < KEPT:
                self.kept_batches.add(batch_id)
        elif leaf == "reply":
            self.replies += 1
        elif leaf == "state" and payload:
            self.states.append(messages.State.decode(payload))
        elif leaf == "alarm":
            alarm = messages.Alarm.decode(payload)
            self.alarms.append(alarm)
            if self.answering:
                receipt = messages.Receipt(alarm_id=alarm.alarm_id, status=messages.STORED, seq=1, at_s=1)
                self._client.publish(topics.down(court, unit, "alarm"), receipt.encode(), qos=1)
