"""How much one step of the loop does while a unit records, seals and sends: counted, so that no machine is too slow."""

import asyncio

from media_world import MediaWorld, picture
from protocol import ed25519, media, messages, sha512
from protocol.manifest import Manifest
from recording import chain, segment
from recording.sealer import READ_BYTES
from recording.segment import PAGE_BYTES
from unit_world import VirtualTime, virtual_time

RING_KIB = 512


class Counting(VirtualTime):
    """Is asked between two steps: what was counted in one, and the most of all."""

    def __init__(self):
        super().__init__()
        self.now_counts = {}
        self.most = {}

    def add(self, what, count):
        self.now_counts[what] = self.now_counts.get(what, 0) + count

    def wait_io_event(self, dt):
        for what, count in self.now_counts.items():
            self.most[what] = max(count, self.most.get(what, 0))
        self.now_counts.clear()
        super().wait_io_event(dt)


class CountingHash:
    """hashlib, counted."""

    def __init__(self, hashlib, add):
        self._hashlib = hashlib
        self._add = add

    def sha256(self, data=b""):
        self._add("hashed bytes", len(data))
        self._hash = self._hashlib.sha256(data)
        return self

    def update(self, data):
        self._add("hashed bytes", len(data))
        self._hash.update(data)

    def digest(self):
        return self._hash.digest()


def counted(module, name, what, add, size=lambda *args: 1):
    """Counts the calls of a function, or what `size` makes of its arguments; returns how to undo it."""
    real = getattr(module, name)

    def counts(*args):
        add(what, size(*args))
        return real(*args)

    setattr(module, name, counts)
    return lambda: setattr(module, name, real)


async def test_no_step_does_more_than_its_share():
    time = virtual_time(Counting())
    add = time.add
    real_hashlib = chain.hashlib
    chain.hashlib = CountingHash(real_hashlib, add)
    undo = [
        counted(ed25519, "_double", "points", add),
        counted(ed25519, "_add", "points", add),
        counted(sha512, "_turn", "turns", add),
        counted(Manifest, "encode", "long pieces of memory", add),
        counted(segment.Segment, "_write", "card bytes", add, lambda self, start, end: end - start),
    ]
    try:
        world = MediaWorld(time, make=big_picture, fps=8)
        publish = world.media.publish

        def published(topic, parts, *rest):
            add("sent bytes", len(parts[1]))
            return publish(topic, parts, *rest)

        world.media.publish = published
        world.start()
        await asyncio.sleep_ms(2000)
        world.command(messages.RECORD, 1)
        await asyncio.sleep_ms(6000)
        await world.press()
        await asyncio.sleep_ms(16_000)
        world.command(messages.RECORD, 0)
        world.client.tell(world.client.of("alarm")[0].alarm_id, messages.CLOSED)
        for _ in range(90):
            await asyncio.sleep_ms(1000)
            if not world.unit.media.recording and not len(world.unit.media.waiting):
                break
        await asyncio.sleep_ms(1000)
        await world.stop()
    finally:
        chain.hashlib = real_hashlib
        for back in undo:
            back()
    most = time.most
    print(most)
    assert len(world.gateway.sealed) >= 3 and len(world.client.of("manifest")) >= 3
    # A heap that has been used has no room for the 4 KiB that a message could have: nothing would be sealed any more.
    assert "long pieces of memory" not in most
    assert 0 < most["hashed bytes"] <= READ_BYTES
    assert 0 < most["card bytes"] <= 2 * PAGE_BYTES
    assert 0 < most["sent bytes"] <= media.MAX_DATA_BYTES
    # Four points are some 40 multiplications; 16 rounds of SHA-512 turn at most 96 words.
    assert 0 < most["points"] <= 4
    assert 0 < most["turns"] <= 6 * sha512.STEP_ROUNDS + 4


def big_picture(number):
    return picture(number, 12_000)
