"""Packets that wait for their turn or for their acknowledgement, in preallocated slots."""

import asyncio

FREE = 0
WAITING = 1
WRITING = 2
SENT = 3  # and not yet acknowledged

SUBSCRIBE = 0
PUBLISH = 1


class Slot:
    """One packet. `topic` is bytes; `parts` are the caller's own buffers, not copied."""

    def __init__(self):
        self.state = FREE
        self.done = asyncio.Event()
        self.clear()

    def clear(self):
        """Back to what a slot is before it is used."""
        self.state = FREE
        self.order = self.packet_id = self.qos = self.sent_ms = self.deadline_ms = 0
        self.kind = PUBLISH
        self.topic = self.parts = None
        self.retain = self.dup = self.ok = False

    def finish(self, ok):
        """Tells the waiting caller how it went."""
        self.ok = ok
        self.state = FREE
        self.done.set()


class Window:
    """`size` slots. A slot belongs to its caller from `take` until the caller's `give_back`."""

    def __init__(self, size):
        self.slots = [Slot() for _ in range(size)]
        self._free = list(self.slots)
        self._order = 0
        self._packet_id = 0
        self.room = asyncio.Event()
        self.room.set()

    def take(self):
        """A cleared slot in the state WAITING with an unused packet identifier, or None: all taken."""
        if not self._free:
            return None
        slot = self._free.pop()
        if not self._free:
            self.room.clear()
        slot.clear()
        slot.done.clear()
        self._order += 1
        slot.order = self._order
        slot.packet_id = self._unused_id()
        slot.state = WAITING
        return slot

    def give_back(self, slot):
        """Frees a slot; whoever waits for `room` looks again."""
        slot.clear()
        self._free.append(slot)
        self.room.set()

    def _unused_id(self):
        while True:
            self._packet_id = self._packet_id % 65535 + 1
            for slot in self.slots:
                if slot.state != FREE and slot.packet_id == self._packet_id:
                    break
            else:
                return self._packet_id

    def due(self, in_flight_max):
        """The oldest waiting slot that may be sent now, or None."""
        found = None
        in_flight = 0
        for slot in self.slots:
            if slot.state == SENT and slot.kind == PUBLISH:
                in_flight += 1
            elif slot.state == WAITING and (found is None or slot.order < found.order):
                found = slot
        if found is not None and found.qos and found.kind == PUBLISH and in_flight >= in_flight_max:
            return None
        return found

    def acknowledge(self, kind, packet_id, ok):
        """Ends the slot that this acknowledgement is for; False when there is none."""
        for slot in self.slots:
            if slot.packet_id == packet_id and slot.kind == kind and slot.state in (WRITING, SENT):
                if slot.qos or kind == SUBSCRIBE:
                    slot.finish(ok)
                    return True
        return False

    def lost(self):
        """The connection ended: what cannot be sent again ends with False, the rest waits for `resume`."""
        for slot in self.slots:
            if slot.state == FREE:
                continue
            if slot.kind == SUBSCRIBE or slot.qos == 0:
                slot.finish(False)
            elif slot.state == WRITING:
                slot.state = SENT

    def resume(self, session_present):
        """A new connection: what was sent is due again, in its order, as a repeat if the broker knows us."""
        for slot in self.slots:
            if slot.state == SENT:
                slot.state = WAITING
                slot.dup = session_present

    def expire(self, now_ms):
        """Ends with False what waited past its deadline."""
        for slot in self.slots:
            if slot.state != FREE and asyncio.ticks_diff(slot.deadline_ms, now_ms) <= 0:
                slot.finish(False)

    def late(self, now_ms, limit_ms):
        """Whether an acknowledgement is missing for longer than the limit."""
        for slot in self.slots:
            if slot.state in (WRITING, SENT) and (slot.qos or slot.kind == SUBSCRIBE):
                if asyncio.ticks_diff(now_ms, slot.sent_ms) > limit_ms:
                    return True
        return False
