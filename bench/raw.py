"""The raw limits that a bench stands beside: a bare publish-subscribe round trip, and one fsync."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class Access:
    """How a client reaches the broker: TLS with a certificate (PEM files)."""

    host: str
    port: int
    ca_file: Path
    cert_file: Path
    key_file: Path


@contextmanager
def _client(access: Access, name: str) -> Iterator[mqtt.Client]:
    client = mqtt.Client(CallbackAPIVersion.VERSION2, f"{name}-{os.getpid()}", protocol=mqtt.MQTTv311)
    client.tls_set(str(access.ca_file), str(access.cert_file), str(access.key_file))
    connected = threading.Event()

    def on_connect(*_: Any) -> None:
        connected.set()

    client.on_connect = on_connect
    client.connect(access.host, access.port)
    client.loop_start()
    try:
        if not connected.wait(TIMEOUT_S):
            raise TimeoutError("the broker did not accept the raw measurement's client")
        plain = client.socket()
        if isinstance(plain, socket.socket):
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield client
    finally:
        client.disconnect()
        client.loop_stop()


@contextmanager
def publish_subscribe(
    publisher: Access, subscriber: Access, topic: str, payload: bytes
) -> Iterator[Callable[[], float]]:
    """A function that takes one publish (QoS 1) from one client to another and returns its time in ms.

    Raises TimeoutError when the broker does not answer.
    """
    subscribed, came = threading.Event(), threading.Event()
    with _client(subscriber, "bench-in") as hearing, _client(publisher, "bench-out") as speaking:

        def on_subscribe(*_: Any) -> None:
            subscribed.set()

        def on_message(*_: Any) -> None:
            came.set()

        hearing.on_subscribe = on_subscribe
        hearing.on_message = on_message
        hearing.subscribe(topic, 1)
        if not subscribed.wait(TIMEOUT_S):
            raise TimeoutError("the broker did not grant the raw measurement's subscription")

        def once() -> float:
            came.clear()
            began_s = time.monotonic()
            speaking.publish(topic, payload, qos=1)
            if not came.wait(TIMEOUT_S):
                raise TimeoutError("the broker lost a message of the raw measurement")
            return (time.monotonic() - began_s) * 1000

        yield once


@contextmanager
def fsync(folder: Path, size_bytes: int) -> Iterator[Callable[[], float]]:
    """A function that appends `size_bytes` to a file in `folder`, flushes it to the disk, and returns the ms."""
    path = folder / "fsync.bench"
    block = bytes(size_bytes)
    with path.open("ab", buffering=0) as file:

        def once() -> float:
            began_s = time.monotonic()
            file.write(block)
            os.fsync(file.fileno())
            return (time.monotonic() - began_s) * 1000

        yield once
    path.unlink()
