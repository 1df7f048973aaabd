"""Starts `unit_main.py` under MicroPython and talks with it; and a gateway that listens through paho."""

from __future__ import annotations

import json
import os
import queue
import shutil
import subprocess
import sysconfig
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

HERE = Path(__file__).resolve().parent
REPO = HERE.parents[1]
DEADLINE_S = 30.0


class Inbox:
    """What came, in order; `wait` looks for the first match and drops what was before it."""

    def __init__(self) -> None:
        self._queue: queue.Queue[dict[str, Any]] = queue.Queue()
        self.put = self._queue.put

    def wait(self, matches: Callable[[dict[str, Any]], bool], within_s: float = DEADLINE_S) -> dict[str, Any]:
        deadline = time.monotonic() + within_s
        passed = []
        while True:
            try:
                event = self._queue.get(timeout=max(0.001, deadline - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"it did not come within {within_s} s; what came: {passed}") from None
            if matches(event):
                return event
            passed.append(event)


class Unit:
    """The MicroPython process; `events` holds what it said."""

    def __init__(self, port: int, certificates: Path, **settings: Any) -> None:
        executable = shutil.which("micropython", path=sysconfig.get_path("scripts"))
        assert executable is not None, "no micropython: install the project's test dependencies"
        settings = {"backoff_max_ms": 500, **settings, "port": port, "certificates": str(certificates)}
        self.events = Inbox()
        self.process = subprocess.Popen(
            [executable, "-X", "heapsize=512k", str(HERE / "unit_main.py"), json.dumps(settings)],
            env={**os.environ, "MICROPYPATH": f".frozen:{REPO / 'firmware'}:{REPO}"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            try:
                self.events.put(json.loads(line))
            except ValueError:
                self.events.put({"t": "noise", "text": line.decode(errors="replace")})

    def order(self, **order: Any) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(order).encode() + b"\n")
        self.process.stdin.flush()

    def wait(self, kind: str, within_s: float = DEADLINE_S, **fields: Any) -> dict[str, Any]:
        return self.events.wait(
            lambda event: event["t"] == kind and all(event.get(name) == fields[name] for name in fields),
            within_s,
        )

    def stats(self) -> dict[str, Any]:
        self.order(t="stats")
        return self.wait("stats")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self._reader.join(DEADLINE_S)
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()


class Gateway:
    """A subscriber to everything that units send."""

    def __init__(self, port: int, certificates: Path) -> None:
        self.messages = Inbox()
        ready = threading.Event()
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id="gateway",
            clean_session=False,
            protocol=MQTTProtocolVersion.MQTTv311,
        )
        own = f"{certificates}/gateway"
        client.tls_set(f"{certificates}/ca.crt", f"{own}.crt", f"{own}.key")
        client.reconnect_delay_set(1, 1)
        client.on_connect = lambda *_: client.subscribe("tip/1/+/+/up/#", 1)
        client.on_subscribe = lambda *_: ready.set()
        client.on_message = self._on_message
        client.connect("localhost", port)
        client.loop_start()
        assert ready.wait(DEADLINE_S)
        self._client = client

    def _on_message(self, client: paho.Client, _: object, message: paho.MQTTMessage) -> None:
        self.messages.put({"topic": message.topic, "payload": message.payload})

    def wait(self, payload: bytes, within_s: float = DEADLINE_S) -> dict[str, Any]:
        return self.messages.wait(lambda message: message["payload"] == payload, within_s)

    def publish(self, topic: str, payload: bytes) -> None:
        self._client.publish(topic, payload, 1)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()
