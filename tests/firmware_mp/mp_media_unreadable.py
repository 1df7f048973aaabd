"""Sectors under the small files of a card that cannot be read any more: they cost their segment and nothing else."""

import asyncio

from card_in_ram import Card, ran
from media_world import Gateway, MediaWorld, files_of, on_card, picture, until
from bodyunit.wire import encoded
from protocol.media import segment_name
from recording import recovery
from recording.shelf import Shelf

TIMEOUT_S = 110
RING_KIB = 6144
CARD_BYTES = 1_800_000
SETTINGS = ', "segment_s": 4, "pre_event_s": 2'


def world_of(time, card, gateway):
    card.time = time
    return MediaWorld(
        time, SETTINGS, lambda number: picture(number, 300), 2, gateway, sound=False, prepare=card.prepare
    )


def block_of(card, path):
    """Number of the block of the medium on which a file begins."""
    with open(path, "rb") as stream:
        data = stream.read(256)
    # The newest: of a file that was removed the bytes are still there.
    for block in range(len(card.medium) // card.block_bytes - 1, 0, -1):
        if bytes(card.medium[block * card.block_bytes :][: len(data)]) == data:
            return block
    raise AssertionError(path)


def recorded(card, gateway, sealing=True):
    """A session without a link: some segments stay on the card, sealed or not."""

    async def session(time):
        world = world_of(time, card, gateway)
        world.link(False)
        if not sealing:
            world.unit.media.sealer.closed = lambda name, missing: None
        world.start()
        world.unit.media.recorder.command(True)
        await asyncio.sleep_ms(14_000)
        world.unit.media.recorder.command(False)
        await until(lambda: not world.unit.media.recording)
        await asyncio.sleep_ms(8000)
        await world.stop()

    assert ran(session)
    card.card()
    names = on_card(".tip" if sealing else ".new", "/card")
    assert len(names) >= 3
    return names


def recorded_over_a_bad_block(ending):
    """Boots with a bad block under the first segment's file, and records for half a minute."""
    card, gateway = Card(CARD_BYTES), Gateway()
    names = recorded(card, gateway, ending == ".tip")
    bad = block_of(card, files_of("/card", ending)[names[0]])
    card.card_lost()

    async def with_bad_block(time):
        card.bad_block = bad
        world = world_of(time, card, gateway)
        lost, noted = [], []
        world.unit.media.shelf._note = noted.append
        world.unit.media.shelf.on_lost.append(lambda: lost.append(True))
        world.start()
        world.unit.media.recorder.command(True)
        await asyncio.sleep_ms(30_000)
        assert world.unit.media.recording
        world.unit.media.recorder.command(False)
        await until(lambda: not world.unit.media.recording and not len(world.unit.media.waiting))
        await asyncio.sleep_ms(2000)
        # The card was not let go, the recording not cut; one file is counted, and said by name.
        assert not lost and 1 <= world.unit.counters["card_errors"] <= 2
        assert [text for text in noted if names[0] in text and "cannot be read" in text] == noted, noted
        assert sorted(gateway.sealed) == [name for name in on_card(".mkv", "/card") if name != names[0]]
        await world.stop()

    async def with_good_block(time):
        card.bad_block = -1
        world = world_of(time, card, gateway)
        world.start()
        await asyncio.sleep_ms(2000)
        await until(lambda: sorted(gateway.sealed) == on_card(".mkv", "/card"))
        await world.stop()

    assert ran(with_bad_block)
    card.power_on()
    assert ran(with_good_block)
    gateway.check_chain()
    card.card_lost()


def test_signed_manifest_that_cannot_be_read_costs_its_segment_and_nothing_else():
    recorded_over_a_bad_block(".tip")


def test_facts_that_cannot_be_read_cost_their_segment_and_nothing_else():
    recorded_over_a_bad_block(".new")


async def no_pause():
    pass


async def test_confirmed_manifest_that_cannot_be_read_does_not_keep_the_next_from_going():
    card, said = Card(CARD_BYTES), []
    shelf = Shelf(card, 1, said.append, said.append)
    assert shelf.look()
    names = []
    for number in range(3):
        segment = bytes(8) + number.to_bytes(4, "big")
        name = shelf.new_name(segment)
        told = encoded(recovery.nothing_known(segment, "U1"))
        shelf.put(name, ".mkv", bytes(5000))
        shelf.put(name, ".tip", told)
        await shelf.stored(name, told, 5000)
        names.append(name)
    card.bad_block = block_of(card, shelf.path(names[0], ".ok"))
    kib = shelf.stored_kib
    assert shelf.drop_stored() and shelf.there and shelf.stored_kib < kib, said
    await shelf.list_stored(no_pause)
    assert shelf.drop_stored() and shelf.drop_stored() and not shelf.drop_stored() and shelf.there, said
    assert on_card(".mkv", "/card") == [segment_name(bytes(12))] and said.count("card_errors") == 1
    card.card_lost()
