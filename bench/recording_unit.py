"""A unit that records, seals and sends, under MicroPython; started by `bench.evidence_firmware`, never imported.

Arguments: seconds to record, a file for the steps. The working directory is the unit's home and has `unit.json` and
`unit.sign.key`. Out: one JSON object; in the file: the length of each step in us, as 4 bytes, little endian.

Everything is the firmware's own but board, broker and gateway, which are played in process: the link carries 125 KB/s
and loses every fiftieth chunk, the gateway wants what it lacks and believes what it has. Time is skipped: where the
loop would sleep its clock jumps; so every run takes the same steps, and one that another process interrupted is known
by the next run. Collections are made between steps, and measured by themselves; one that a step asks for is taken off
it. The gateway works between steps, too. What is not in a step here is MQTT and TLS, which write at most 4 KiB in one.
"""

import asyncio
import gc
import json
import os
import sys
import time
from array import array
from asyncio import core

# While modules are compiled, as firmware/main.py does.
gc.threshold(16_384)

from boards.sim.scripted import ScriptedBoard, ScriptedCamera, ScriptedMicrophone  # noqa: E402
from bodyunit import unit as bodyunit  # noqa: E402
from bodyunit.bell import Bell  # noqa: E402

from protocol import media, messages, topics  # noqa: E402
from protocol.ranges import Ranges  # noqa: E402

AHEAD_MS = 86_400_000
COLLECT_MS = 100
# At one moment of the clock that jumps: in so many a signature leaves less than there is free.
COLLECT_STEPS = 2
KEPT_STEPS = 1024
LINK_BYTES_S = 125_000
LOSE_EVERY = 50
PICTURE_BYTES = 11_500
FPS = 8
ALARM_S = 20
WAIT_S = 120
HEAD = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffc000110801e0028003012200021101031101")


class Steps(core.IOQueue):
    """In the place of the loop's poll queue, which is asked between two steps: skips time, measures, collects."""

    def __init__(self, path):
        super().__init__()
        self.now = core.ticks() + AHEAD_MS
        self.measures = False
        self.steps = self.peak_bytes = 0
        self.collect_us = 1 << 30
        self._lengths_us = array("I", bytes(4 * KEPT_STEPS))
        self._file = open(path, "wb")
        self._collected_ms = self.now
        self._at_once = 0
        self.apart_us = 0
        self.between = lambda: None
        self._since_us = time.ticks_us()

    def ticks(self):
        return self.now

    def wait_io_event(self, dt):
        step_us = time.ticks_diff(time.ticks_us(), self._since_us) - self.apart_us
        if self.measures:
            self._lengths_us[self.steps % KEPT_STEPS] = step_us
            self.steps += 1
            if self.steps % KEPT_STEPS == 0:
                self._file.write(self._lengths_us)
        self._at_once += 1
        if dt > 0:
            self.now += dt
            self._at_once = 0
        elif dt < 0:
            raise OSError("everything waits for ever")
        self.between()
        if self.now - self._collected_ms >= COLLECT_MS:
            self._collected_ms = self.now
            self.collect()
            self.peak_bytes = max(self.peak_bytes, gc.mem_alloc())
        elif self._at_once >= COLLECT_STEPS:
            self.collect()
        self.apart_us = 0
        self._since_us = time.ticks_us()

    def collect(self):
        """In the place of gc.collect."""
        self._at_once = 0
        began_us = time.ticks_us()
        gc.collect()
        took_us = time.ticks_diff(time.ticks_us(), began_us)
        self.collect_us = min(self.collect_us, took_us)
        self.apart_us += took_us

    def apart(self, work):
        """What `work` returns; how long it takes belongs to no step."""
        began_us = time.ticks_us()
        found = work()
        self.apart_us += time.ticks_diff(time.ticks_us(), began_us)
        return found

    def close(self):
        """Writes what is left of the steps."""
        self._file.write(memoryview(self._lengths_us)[: self.steps % KEPT_STEPS])
        self._file.close()


class Collector:
    """In the place of the unit's `gc`: once a minute it goes over the whole heap, which is measured apart."""

    def __init__(self, steps):
        self.collect = steps.collect
        self.mem_free = lambda: steps.apart(gc.mem_free)
        self.mem_alloc = lambda: steps.apart(gc.mem_alloc)


class Control:
    """In the place of the control connection's client: a broker that takes all, a gateway that answers."""

    connected = True

    def __init__(self, unit, gateway):
        self._unit = unit
        self._gateway = gateway
        self._sent = []
        self._received = []
        self._bell = Bell()

    async def run(self):
        await self._unit._connected(False)
        while True:
            await self._bell.wait(AHEAD_MS)
            while self._received:
                self._unit.uplink.received(*self._received.pop(0))

    def answer(self):
        """The gateway's work, which is in no step."""
        while self._sent:
            leaf, payload = self._sent.pop(0)
            message = messages.BY_LEAF[("up", leaf)].decode(payload)
            if leaf == "alarm":
                self.down("alarm", self._gateway.receipt(message))
            else:
                self.down("want", self._gateway.want(message))

    async def subscribe(self, topic, qos=1):
        return True

    async def publish(self, topic, parts, qos=0, retain=False):
        await asyncio.sleep_ms(40)
        leaf = topics.parse(topic)[3]
        if leaf in ("alarm", "manifest"):
            self._sent.append((leaf, b"".join([bytes(part) for part in parts])))
        return True

    def hurry(self, on):
        pass

    def down(self, leaf, message):
        settings = self._unit.settings
        topic = topics.down(settings.court_id, settings.unit_id, leaf)
        self._received.append((topic, memoryview(message.encode()), 1))
        self._bell.ring()


class MediaLink:
    """In the place of the media connection's client: a link of LINK_BYTES_S."""

    connected = True

    def __init__(self, gateway):
        self._gateway = gateway

    async def run(self):
        await asyncio.Event().wait()

    async def publish(self, topic, parts, qos=0, retain=False, wait_ms=None):
        length = sum([len(part) for part in parts])
        await asyncio.sleep_ms(length * 1000 // LINK_BYTES_S)
        self._gateway.chunk(topics.parse(topic)[3], parts[0], length - len(parts[0]))
        return True


class Gateway:
    """Knows which bytes have come, and believes the manifest when all have."""

    def __init__(self):
        self._there = {}
        self.chunks = self.sealed = self.alarms = 0

    def chunk(self, name, head, length):
        self.chunks += 1
        if self.chunks % LOSE_EVERY:
            offset = media.Chunk.decode(bytes(head) + b"?").offset
            self._there.setdefault(name, Ranges()).add(offset, offset + length)

    def receipt(self, alarm):
        self.alarms += 1
        return messages.Receipt(
            alarm_id=alarm.alarm_id,
            status=messages.STORED,
            seq=1,
            at_s=1_795_000_000,
            incident="I-20261124-0001",
        )

    def want(self, manifest):
        name = media.segment_name(manifest.segment)
        numbers = []
        for start, end in self._there.setdefault(name, Ranges()).missing(manifest.size, 16):
            numbers += [start, end]
        if numbers:
            return messages.Want(stored_batches=[], segment=manifest.segment, ranges=numbers)
        self.sealed += 1
        return messages.Want(stored_batches=[], segment=manifest.segment, sealed=manifest.sha256)


def make_picture():
    """One buffer for all pictures, as a camera's driver has it."""
    picture = bytearray(os.urandom(64) * (PICTURE_BYTES // 64))
    picture[: len(HEAD)] = HEAD
    view = memoryview(picture)
    return lambda number: view


async def record(steps, unit, board, gateway, seconds):
    """Records for `seconds`, with an alarm in between, until the gateway has all of it."""
    running = asyncio.create_task(unit.run())
    control = unit.uplink.client
    await asyncio.sleep_ms(2000)
    steps.measures = True
    command = messages.Command(
        command_id=os.urandom(8), kind=messages.RECORD, expires_s=2_000_000_000, value=1
    )
    control.down("command", command)
    await asyncio.sleep_ms(min(ALARM_S, seconds // 2) * 1000)
    board.press(True)
    await asyncio.sleep_ms(1200)
    board.press(False)
    await asyncio.sleep_ms(seconds * 1000)
    unit.media.recorder.command(False)
    call = unit.alarms.calls.newest()
    receipt = gateway.receipt(call.alarm)
    receipt.status, receipt.seq = messages.CLOSED, 2
    control.down("alarm", receipt)
    for _ in range(WAIT_S):
        await asyncio.sleep_ms(1000)
        if not unit.media.recording and not len(unit.media.waiting) and not unit.media.sealer._closed:
            break
    steps.measures = False
    running.cancel()
    try:
        await running
    except asyncio.CancelledError:
        pass


def main(seconds, path):
    steps = Steps(path)
    core._io_queue, core.ticks = steps, steps.ticks
    board = ScriptedBoard(".", most_shown=20)
    board.camera = ScriptedCamera(make_picture(), FPS)
    board.microphone = ScriptedMicrophone()
    board.card_now = "card"
    os.mkdir("card")
    unit = bodyunit.Unit(board, ticks_ms=steps.ticks, ticks_diff=lambda a, b: a - b)
    gc.threshold(-1)
    bodyunit.gc = Collector(steps)
    gateway = Gateway()
    unit.uplink.client = Control(unit, gateway)
    steps.between = unit.uplink.client.answer
    unit.media.sender.client = MediaLink(gateway)
    asyncio.run(record(steps, unit, board, gateway, seconds))
    steps.close()
    counters = unit.counters
    print(
        json.dumps(
            {
                "steps": steps.steps,
                "collect_us": steps.collect_us,
                "heap_peak_bytes": steps.peak_bytes,
                "ring_bytes": unit.media.capture._ring.size_bytes,
                "sealed": gateway.sealed,
                "waiting": len(unit.media.waiting),
                "chunks": gateway.chunks,
                "dropped": counters["pictures_dropped"] + counters["sounds_dropped"],
                "card_errors": counters["card_errors"],
                "task_restarts": unit.supervisor.restarts,
            }
        )
    )


main(int(sys.argv[1]), sys.argv[2])
