"""A unit that is only an MQTT client; runs under MicroPython and is driven by JSON lines.

Argument: a JSON object of `mqtt.options.Options` (with `certificates`: folder, `name`: file stem, and
`server_name` for TLS). It says each event as one JSON line on stdout.
"""

import asyncio
import gc
import json
import sys
import time

steps = {"count": 0, "long": 0, "longest_us": 0, "disturbed": 0}
client = None


class Preemptions:
    """How often this process was put on a core; a step during which that count rose is no measure."""

    def __init__(self):
        self._file = open("/proc/self/schedstat", "rb")  # noqa: SIM115
        self._text = bytearray(64)

    def count(self):
        self._file.seek(0)
        length = self._file.readinto(self._text)
        return int(bytes(self._text[:length]).split()[2])


class Timed:
    """A coroutine whose steps are measured while the client is connected: after the TLS handshake."""

    def __init__(self, coroutine):
        self._coroutine = coroutine
        self.throw = coroutine.throw
        self.close = coroutine.close

    def send(self, value):
        if client is None or not client.connected:
            return self._coroutine.send(value)
        before = preemptions.count()
        start_us = time.ticks_us()
        try:
            return self._coroutine.send(value)
        finally:
            took_us = time.ticks_diff(time.ticks_us(), start_us)
            if preemptions.count() != before:
                steps["disturbed"] += 1
            elif client.connected:
                steps["count"] += 1
                steps["long"] += took_us > 300
                steps["longest_us"] = max(steps["longest_us"], took_us)


preemptions = Preemptions()
_create_task = asyncio.create_task
asyncio.create_task = lambda coroutine: _create_task(Timed(coroutine))

from mqtt.client import Client  # noqa: E402
from mqtt.options import Options  # noqa: E402
from mqtt.stream import Tls, open_stream  # noqa: E402


def say(**event):
    print(json.dumps(event))


def on_message(topic, payload, qos):
    say(t="message", topic=topic, size_bytes=len(payload), text=str(bytes(payload[:64]), "utf-8"), qos=qos)


async def on_connect(session_present):
    say(t="connected", session=session_present)
    if subscribe:
        say(t="subscribed", granted=await client.subscribe(subscribe))


async def publish(order):
    size_bytes = order.get("size_bytes", 0)
    parts = (order["text"].encode(),) + ((bytes(size_bytes),) if size_bytes else ())
    ok = await client.publish(order["topic"], parts, order.get("qos", 1), order.get("retain", False))
    say(t="published", text=order["text"], ok=ok)


async def burst(order):
    """`count` messages one after the other in each of `lanes` tasks."""

    async def lane():
        for _ in range(order["count"]):
            assert await client.publish(order["topic"], (payload,), 1)

    payload = bytes(order["size_bytes"])
    start_ms = time.ticks_ms()
    await asyncio.gather(*[lane() for _ in range(order["lanes"])])
    say(t="burst", took_ms=time.ticks_diff(time.ticks_ms(), start_ms))


def stats():
    gc.collect()
    say(t="stats", counters=client.stats.as_dict(), heap_bytes=gc.mem_alloc(), steps=steps)


async def main():
    running = _create_task(client.run())
    orders = asyncio.StreamReader(sys.stdin)
    while True:
        line = await orders.readline()
        if not line:
            break
        order = json.loads(line)
        if order["t"] == "publish":
            _create_task(publish(order))
        elif order["t"] == "burst":
            _create_task(burst(order))
        elif order["t"] == "stats":
            stats()
        elif order["t"] == "kick":
            client.kick()
    running.cancel()


settings = json.loads(sys.argv[1])
subscribe = settings.pop("subscribe", None)
folder = settings.pop("certificates")
name = settings.pop("name", "u1")
server_name = settings.pop("server_name", "localhost")


def der(stem):
    with open(folder + "/" + stem + ".der", "rb") as file:
        return file.read()


gc.collect()
bare_bytes = gc.mem_alloc()
settings["will"] = ("tip/1/c/u1/up/state", b"gone", 1, True)
settings["tls"] = Tls(der(settings.pop("ca", "ca")), der(name), der(name + ".key"), server_name)
client = Client(Options("127.0.0.1", client_id="u1", **settings), on_message, open_stream=open_stream)
client.on_connect = on_connect
client.on_disconnect = lambda text: say(t="ended", text=text)
gc.collect()
say(t="made", heap_bytes=gc.mem_alloc() - bare_bytes)
asyncio.run(main())
