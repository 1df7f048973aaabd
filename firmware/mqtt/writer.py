"""The one task that writes to a connection: acknowledgements first, then the ping, then messages in order."""

import asyncio

from mqtt import packets
from mqtt.window import SENT, SUBSCRIBE, WRITING

OUT_BYTES = 512  # a packet up to this size is sent in one piece, a longer one part by part without a copy
TOPIC_BYTES = OUT_BYTES - 16
ACKS_BYTES = 16 * packets.PUBACK_BYTES


class Writer:
    """Preallocated; `reset()` makes it ready for a new connection."""

    def __init__(self, version, window, stats, ticks):
        self._version = version
        self._window = window
        self._stats = stats
        self._ticks = ticks
        self._out = memoryview(bytearray(OUT_BYTES))
        self._acks = memoryview(bytearray(ACKS_BYTES))
        self._work = asyncio.Event()
        self._room = asyncio.Event()
        self.reset(0, 0)

    def reset(self, in_flight_max, packet_max_bytes):
        """`in_flight_max` QoS 1 messages and packets of `packet_max_bytes` are what the broker takes."""
        self._in_flight_max = in_flight_max
        self._packet_max_bytes = packet_max_bytes
        self._acks_bytes = 0
        self._ping_due = False
        self.wrote_ms = self._ticks()
        self._work.set()

    def wake(self):
        """Says that the window has changed."""
        self._work.set()

    def ping(self):
        """Asks for a PINGREQ."""
        self._ping_due = True
        self._work.set()

    async def acknowledge(self, packet_id):
        """Asks for a PUBACK; waits while too many are unsent, which holds the reader back."""
        while self._acks_bytes == ACKS_BYTES:
            self._room.clear()
            await self._room.wait()
        self._acks_bytes = packets.puback(self._acks, self._acks_bytes, packet_id)
        self._work.set()

    async def run(self, stream):
        """Writes to `stream` until cancelled, or until the stream raises."""
        while True:
            if self._acks_bytes:
                await self._write_acks(stream)
            elif self._ping_due:
                self._ping_due = False
                await stream.write(packets.PINGREQ_PACKET)
            else:
                slot = self._window.due(self._in_flight_max)
                if slot is None:
                    self._work.clear()
                    await self._work.wait()
                    continue
                await self._write_slot(stream, slot)
            self.wrote_ms = self._ticks()

    async def _write_acks(self, stream):
        sent = self._acks_bytes
        await stream.write(self._acks[:sent])
        left = self._acks_bytes - sent
        self._acks[:left] = self._acks[sent : sent + left]
        self._acks_bytes = left
        self._room.set()

    async def _write_slot(self, stream, slot):
        order, parts, out = slot.order, slot.parts, self._out
        payload_bytes = 0
        for part in parts:
            payload_bytes += len(part)
        if payload_bytes + len(slot.topic) + 10 > self._packet_max_bytes:
            self._stats.refused += 1
            slot.finish(False)
            return
        length = self._head(slot, payload_bytes)
        slot.state = WRITING
        slot.sent_ms = self._ticks()
        if slot.dup:
            self._stats.resent += 1
        if length + payload_bytes <= OUT_BYTES:
            for part in parts:
                out[length : length + len(part)] = part
                length += len(part)
            parts = ()
        await stream.write(out[:length])
        for part in parts:
            await stream.write(part)
        if slot.order != order or slot.state != WRITING:
            return  # acknowledged while it was being written
        if slot.qos or slot.kind == SUBSCRIBE:
            slot.state = SENT
            slot.sent_ms = self._ticks()
        else:
            slot.finish(True)

    def _head(self, slot, payload_bytes):
        version, out = self._version, self._out
        if slot.kind == SUBSCRIBE:
            return packets.subscribe(out, version, slot.topic, slot.qos, slot.packet_id)
        return packets.publish_head(
            out, version, slot.topic, payload_bytes, slot.qos, slot.retain, slot.dup, slot.packet_id
        )
