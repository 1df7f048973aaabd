"""What waits for the gateway and cannot go: of another unit's key, or refused. What can go goes all the same."""

import asyncio
import hashlib

from bodyunit.wire import encoded
from card_in_ram import Card, ran
from media_world import PUBLIC, Gateway, MediaWorld, on_card, picture
from protocol import messages
from protocol.manifest import key_id
from recording import recovery
from recording.shelf import Shelf
from recording.waiting import MOST_REFUSED, Entry, Waiting

TIMEOUT_S = 110
RING_KIB = 6144
CARD_BYTES = 2_600_000
SETTINGS = ', "segment_s": 4, "pre_event_s": 2'


def world_of(time, card, gateway):
    card.time = time
    world = MediaWorld(
        time, SETTINGS, lambda number: picture(number, 300), 2, gateway, sound=False, prepare=card.prepare
    )
    names = world.unit.media.shelf.names
    world.listings = 0

    def counted():
        world.listings += 1
        return names()

    world.unit.media.shelf.names = counted
    return world


async def until(true, most_ms=600_000):
    waited_ms = 0
    while not true():
        waited_ms += 100
        assert waited_ms < most_ms, "in vain"
        await asyncio.sleep_ms(100)


def put_sealed(card, boot, count, key, letter):
    """Segments of an earlier boot, sealed with a key and not confirmed."""
    said = []
    shelf = Shelf(card, boot, said.append, said.append)
    assert shelf.look()
    for number in range(count):
        segment = letter * 8 + number.to_bytes(4, "big")
        name = shelf.new_name(segment)
        content = b"%d" % number * 50
        manifest = recovery.nothing_known(segment, "U1")
        manifest.size, manifest.sha256 = len(content), hashlib.sha256(content).digest()
        manifest.key_id, manifest.seq, manifest.signature = key, number, bytes(64)
        shelf.put(name, ".mkv", content)
        shelf.put(name, ".tip", encoded(manifest))
    assert not said


async def record(world, seconds=10):
    world.unit.media.recorder.command(True)
    await asyncio.sleep_ms(seconds * 1000)
    world.unit.media.recorder.command(False)
    await until(lambda: not world.unit.media.recording)


def test_segments_behind_those_of_another_key_are_sent_and_nothing_is_sought_without_end():
    card, gateway = Card(CARD_BYTES), Gateway()
    put_sealed(card, 7, 70, b"OTHERKEY", b"f")
    put_sealed(card, 9, 70, key_id(PUBLIC), b"o")

    async def session(time):
        world = world_of(time, card, gateway)
        world.start()
        await until(lambda: len(gateway.sealed) == 70)
        await asyncio.sleep_ms(60_000)
        # Each time the signed and the confirmed are listed.
        assert world.listings <= 6, world.listings
        assert len(on_card(".tip", "/card")) == 70 and world.unit.counters["segments_waiting"] == 0
        await world.stop()

    assert ran(session)
    card.card_lost()


def test_segments_that_are_refused_take_no_place_of_what_is_new_and_go_when_the_link_was_away():
    count = MOST_REFUSED + 20
    card, gateway = Card(CARD_BYTES), Gateway()
    put_sealed(card, 7, count, key_id(PUBLIC), b"o")

    async def session(time):
        world = world_of(time, card, gateway)
        gateway.refuse = messages.REFUSED_QUOTA
        world.start()
        await until(lambda: world.unit.counters["segments_refused"] >= MOST_REFUSED)
        await asyncio.sleep_ms(60_000)
        listings = world.listings
        assert listings <= 10 and world.unit.counters["segments_refused"] <= count
        await record(world)
        await asyncio.sleep_ms(10_000)
        assert world.listings == listings and not gateway.sealed
        gateway.refuse = None
        before = on_card(".mkv", "/card")
        await record(world)
        new = [name for name in on_card(".mkv", "/card") if name not in before]
        # Without a new link what is new goes, and what it was not told of.
        await until(lambda: len(new) >= 2 and all([name in gateway.sealed for name in new]))
        world.unit.media.connected()
        await until(lambda: sorted(gateway.sealed) == on_card(".mkv", "/card"))
        assert len(gateway.sealed) >= count + 5 and not on_card(".tip", "/card")
        await world.stop()

    assert ran(session)
    card.card_lost()


def test_bytes_beyond_a_file_are_not_asked_of_the_card():
    """Its offsets are numbers of 32 bits on the unit: to seek further would end the task, again and again."""
    card, gateway = Card(CARD_BYTES), Gateway()

    async def session(time):
        world = world_of(time, card, gateway)
        gateway.deaf = True
        world.start()
        await record(world)
        media = world.unit.media
        await until(lambda: media.waiting.due(time.now) is not None)
        entry = media.waiting.due(time.now)
        numbers = [
            0,
            10,
            20,
            1 << 31,
            entry.size - 1,
            (1 << 53) - 1,
            entry.size,
            1 << 40,
            1 << 31,
            1 << 52,
            9,
            3,
        ]
        # As they come from the wire.
        want = messages.Want(stored_batches=[], segment=entry.segment, ranges=numbers).encode()
        media.want(messages.Want.decode(want))
        assert entry.ranges == [0, 10, 20, entry.size, entry.size - 1, entry.size], entry.ranges
        gateway.deaf = False
        await until(lambda: sorted(gateway.sealed) == on_card(".mkv", "/card"))
        await world.stop()

    assert ran(session)
    card.card_lost()


class Sealed:
    """What an entry takes of a manifest."""

    sha256 = bytes(32)
    size = 1000

    def __init__(self, number):
        self.segment = bytes(8) + number.to_bytes(4, "big")


def test_segment_that_contradicts_is_not_asked_about_again_in_this_boot():
    waiting = Waiting()
    for number, for_now in ((1, False), (2, True)):
        sealed = Sealed(number)
        assert waiting.add("a", sealed, [], 0)
        waiting.refuse(waiting.find(sealed.segment), for_now)
        assert waiting.knows(sealed.segment) and waiting.find(sealed.segment) is None and not len(waiting)
    waiting.looking()
    waiting.hurry(0)
    assert waiting.knows(Sealed(1).segment) and not waiting.knows(Sealed(2).segment) and waiting.looks


def test_refusals_have_an_end_behind_which_nothing_is_looked_for():
    waiting = Waiting()
    for number in range(MOST_REFUSED + 50):
        waiting.refuse(Entry("a", Sealed(number), [], 0), True)
        assert number < MOST_REFUSED or (waiting.more and not waiting.looks)
    assert not waiting.knows(Sealed(MOST_REFUSED).segment)
    assert waiting.add("new", Sealed(1000), [], 0) and waiting.due(0) is not None
    waiting.hurry(0)
    assert waiting.looks
