"""A stand-in for a unit: paho with the unit's own certificate, where the firmware is not what is tested."""

import asyncio
import contextlib
import json
import secrets
import socket
import ssl
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)
from paho.mqtt.enums import CallbackAPIVersion

from protocol import messages, topics
from protocol.records import Fix, Stamp

REPEATS = 10


class StandIn:
    """Connects from the files in `folder`; what comes down is in `heard`."""

    def __init__(self, folder: Path, *, client_id: str | None = None) -> None:
        made = json.loads((folder / "unit.json").read_text())
        self.unit_id, self.court_id = made["unit_id"], made["court_id"]
        self.heard: list[tuple[str, Any]] = []
        self.boot, self.session, self.mono_ms = 1, 0, 0
        self._host, self._port = made["broker_host"], made["broker_port"]
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Condition()
        self.connected = False
        self.refused: str | None = None
        client = self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id or self.unit_id,
            clean_session=False,
            protocol=mqtt.MQTTv311,
        )
        client.tls_set_context(_context(folder))
        client.reconnect_delay_set(0.1, 0.5)
        client.max_inflight_messages_set(2000)
        client.on_socket_open = lambda _c, _u, sock: sock.setsockopt(
            socket.IPPROTO_TCP, socket.TCP_NODELAY, 1
        )
        client.on_connect = self._on_connect
        client.on_connect_fail = lambda *_: self._tell(self._set_refused, "connection failed")
        client.on_disconnect = lambda *given: self._tell(self._set_lost, str(given[3]))
        client.on_subscribe = lambda *_: self._tell(self._set_connected, True)
        client.on_message = lambda _c, _u, message: self._tell(
            self.heard.append, (message.topic.rsplit("/", 1)[-1], _decoded(message))
        )

    async def __aenter__(self) -> "StandIn":
        self._client.connect_async(self._host, self._port)
        self._client.loop_start()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._client.disconnect()
        await asyncio.to_thread(self._client.loop_stop)

    async def online(self) -> "StandIn":
        """Wait until connected and subscribed, and say so."""
        await self.until(lambda: self.connected)
        self.session += 1
        await self.say(
            "state", messages.State(online=1, boot=self.boot, session=self.session, battery_pct=80)
        )
        return self

    async def until(self, true: Callable[[], Any], timeout_s: float = 30.0) -> Any:
        """Wait until `true()` is, woken whenever something happens here."""
        async with asyncio.timeout(timeout_s), self._changed:
            await self._changed.wait_for(true)
        return true()

    async def receipt(self, alarm_id: bytes, status: int, timeout_s: float = 30.0) -> messages.Receipt:
        """Wait for a receipt of this alarm with this status."""

        def found() -> Any:
            return next(
                (
                    r
                    for leaf, r in self.heard
                    if leaf == "alarm" and (r.alarm_id, r.status) == (alarm_id, status)
                ),
                None,
            )

        return await self.until(found, timeout_s)

    async def stored(self, alarm: messages.Alarm) -> messages.Receipt:
        """Say an alarm as a unit does, again each second until it is stored: mosquitto admits a new unit a moment
        after it was provisioned, and drops what comes before without a word."""
        for _ in range(REPEATS - 1):
            await self.say("alarm", alarm)
            with contextlib.suppress(TimeoutError):
                return await self.receipt(alarm.alarm_id, messages.STORED, 1.0)
        await self.say("alarm", alarm)
        return await self.receipt(alarm.alarm_id, messages.STORED, 1.0)

    def alarm(self, **given: Any) -> messages.Alarm:
        """An alarm with a new id, or with what is given."""
        values = {"alarm_id": secrets.token_bytes(16), "kind": 0, "pressed": self.stamp(), "repeat": 0}
        return messages.Alarm(**(values | given))

    def stamp(self, utc_s: int = 0) -> Stamp:
        """The next moment of this unit's clock; without `utc_s` it does not know the time."""
        self.mono_ms += 1000
        quality = messages.CLOCK_GNSS if utc_s else messages.CLOCK_NONE
        return Stamp(utc_s=utc_s, utc_ms=0, quality=quality, mono_ms=self.mono_ms, boot=self.boot)

    def fix(self, lat: float = 26.08, lon: float = 119.3, utc_s: int = 0, **given: Any) -> Fix:
        """A position at the next moment."""
        values = {
            "lat_e7": round(lat * 1e7),
            "lon_e7": round(lon * 1e7),
            "satellites": 9,
            "quality": 1,
            "accuracy_dm": 50,
        }
        return Fix(self.stamp(utc_s), **(values | given))

    async def say(
        self, leaf: str, message: Any, *, court: str | None = None, unit: str | None = None
    ) -> None:
        """Publish a message, or bytes, on the unit's own topic, and wait for the broker's acknowledgement."""
        payload = message if isinstance(message, bytes) else bytes(message.encode())
        await self.raw(topics.up(court or self.court_id, unit or self.unit_id, leaf), payload)

    async def raw(self, topic: str, payload: bytes, *, wait: bool = True) -> None:
        """Publish anything on any topic at QoS 1."""
        sent = self._client.publish(topic, payload, 1)
        if wait:
            await asyncio.to_thread(sent.wait_for_publish, 10)

    def _on_connect(
        self, client: mqtt.Client, _user: Any, _flags: Any, reason: Any, _properties: Any
    ) -> None:
        if reason.is_failure:
            self._tell(self._set_refused, str(reason))
        else:
            client.subscribe(topics.down_all(self.court_id, self.unit_id), 1)

    def _set_connected(self, connected: bool) -> None:
        self.connected = connected

    def _set_lost(self, why: str) -> None:
        self.connected, self.refused = False, why

    def _set_refused(self, why: str) -> None:
        self.refused = why

    def _tell(self, change: Callable[[Any], Any], value: Any) -> None:
        async def told() -> None:
            change(value)
            async with self._changed:
                self._changed.notify_all()

        with contextlib.suppress(RuntimeError):
            asyncio.run_coroutine_threadsafe(told(), self._loop)


def _decoded(message: mqtt.MQTTMessage) -> Any:
    leaf = message.topic.rsplit("/", 1)[-1]
    return messages.BY_LEAF["down", leaf].decode(message.payload)


def _context(folder: Path) -> ssl.SSLContext:
    """From the DER files of a unit: the standard library reads the certificate as PEM files only."""
    certificate = x509.load_der_x509_certificate((folder / "unit.der").read_bytes())
    key = load_der_private_key((folder / "unit.key.der").read_bytes(), None)
    pem = folder / f"standin-{threading.get_ident()}-{secrets.token_hex(4)}.pem"
    pem.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + certificate.public_bytes(Encoding.PEM)
    )
    context = ssl.create_default_context(cadata=(folder / "ca.der").read_bytes())
    context.load_cert_chain(pem)
    pem.unlink()
    return context
