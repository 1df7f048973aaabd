"""The connection on which speech goes out: QoS 0, its own, and nothing waits on it.

Not the link of alarms: a burst of speech must not stand before a receipt. While the broker does not take what is sent,
speech is dropped, for what waits would only come late.
"""

import socket
import threading
from collections import deque
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from gateway.broker import Client
from gateway.logs import logger

NAME = "tipstaff-gateway-talk"
KEEPALIVE_S = 15
WAITING_MAX = 64
"""Packets that are not written to the socket yet, of all talks together."""


class TalkLink:
    """`start` and `stop` it; `publish` says whether a packet went on its way."""

    def __init__(self, client: Client) -> None:
        self.connected = False
        self._address = (client.host, client.port)
        self._log = logger("link")
        self._lock = threading.Lock()
        self._waiting: deque[mqtt.MQTTMessageInfo] = deque()
        self._stopping = False
        paho = self._paho = mqtt.Client(
            CallbackAPIVersion.VERSION2, NAME, clean_session=True, protocol=mqtt.MQTTv311
        )
        paho.tls_set(str(client.ca_path), str(client.certificate_path), str(client.key_path))
        paho.reconnect_delay_set(0.1, 2)  # type: ignore[arg-type]
        paho.suppress_exceptions = True
        paho.on_socket_open = _at_once
        paho.on_connect = self._on_connect
        paho.on_disconnect = self._on_disconnect

    def start(self) -> None:
        """Connect, and again whenever the connection is lost, until `stop`."""
        self._paho.connect_async(*self._address, keepalive=KEEPALIVE_S)
        self._paho.loop_start()

    def stop(self) -> None:
        """Disconnect; waits for the thread. Twice does no harm."""
        self._stopping = True
        self._paho.disconnect()
        self._paho.loop_stop()

    def publish(self, topic: str, payload: bytes) -> bool:
        """Send at QoS 0. False: it was dropped, because the broker is away or does not keep up."""
        if not self.connected:
            return False
        with self._lock:
            while self._waiting and self._waiting[0].is_published():
                self._waiting.popleft()
            if len(self._waiting) >= WAITING_MAX:
                return False
        sent = self._paho.publish(topic, payload, 0)
        if sent.rc != mqtt.MQTT_ERR_SUCCESS:
            return False
        with self._lock:
            self._waiting.append(sent)
        return True

    # In paho's thread.

    def _on_connect(self, _client: mqtt.Client, _user: Any, _flags: Any, reason: Any, _more: Any) -> None:
        if reason.is_failure:
            self._log.error("broker_refused_us", link=NAME, reason=str(reason))
            return
        with self._lock:
            self._waiting.clear()
        self.connected = True
        self._log.info("connected", link=NAME, address=f"{self._address[0]}:{self._address[1]}")

    def _on_disconnect(self, _client: mqtt.Client, _user: Any, _flags: Any, reason: Any, _more: Any) -> None:
        self.connected = False
        if not self._stopping:
            self._log.warning("connection_lost", link=NAME, reason=str(reason))


def _at_once(_client: mqtt.Client, _user: Any, sock: Any) -> None:
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
