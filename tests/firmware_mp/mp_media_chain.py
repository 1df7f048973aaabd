"""Power, flash and card fail while a segment is sealed: no place of the chain is left out, none is used twice."""

import asyncio
import os

from bodyunit.wire import encoded
from card_in_ram import Card, PowerCut, ran
from media_world import Gateway, MediaWorld, files_of, on_card, picture, until
from protocol.ranges import Ranges
from recording import recovery
from recording.shelf import Shelf

TIMEOUT_S = 110
RING_KIB = 6144
CARD_BYTES = 600_000
SETTINGS = ', "segment_s": 4, "pre_event_s": 2'
EIO, ENOSPC = 5, 28


def world_of(time, card, gateway):
    card.time = time
    return MediaWorld(
        time, SETTINGS, lambda number: picture(number, 300), 2, gateway, sound=False, prepare=card.prepare
    )


async def record(world, seconds=10):
    world.unit.media.recorder.command(True)
    await asyncio.sleep_ms(seconds * 1000)
    world.unit.media.recorder.command(False)
    await until(lambda: not world.unit.media.recording)


def recording(card, gateway):
    """A session that records some segments, until all of the card is confirmed."""

    async def session(time):
        world = world_of(time, card, gateway)
        world.start()
        await record(world)
        await until(lambda: not on_card(".tip", "/card") and not on_card(".new", "/card"))
        await asyncio.sleep_ms(6000)
        await world.stop()

    return session


def forget_chain():
    """The unit's home is as before its first segment."""
    for leaf in ("chain.a", "chain.b", "signed.a", "signed.b"):
        try:
            os.remove(leaf)
        except OSError:
            # None was made yet.
            pass


def cut_while_the_second_is_sealed(card, gateway, after):
    """The power goes before its manifest is on the card, or, `after`, before the flash says that it is."""

    async def session(time):
        world = world_of(time, card, gateway)
        put, signed = world.unit.media.shelf.put, []

        def cutting(name, ending, data):
            signed.append(ending == ".tip")
            cut = sum(signed) == 2
            if after or not cut:
                put(name, ending, data)
            if cut:
                card.device.alive = False
                raise PowerCut

        world.unit.media.shelf.put = cutting
        world.start()
        await record(world, 20)

    assert not ran(session)
    card.power_on()


def test_no_place_is_used_twice_when_another_card_comes_after_a_power_cut():
    gateway = Gateway()
    card = Card(CARD_BYTES)
    cut_while_the_second_is_sealed(card, gateway, True)
    image = bytes(card.medium)
    other = Card(CARD_BYTES)
    assert ran(recording(other, gateway))
    other.card_lost()
    sealed = len(gateway.sealed)
    assert sealed >= 3
    # Its place was kept for it: with the first card the chain has no hole and no fork.
    card = Card(CARD_BYTES)
    card.medium[:] = image
    assert ran(recording(card, gateway))
    assert len(gateway.check_chain()) == len(gateway.sealed) > sealed + 3
    card.card_lost()


def test_no_place_is_left_out_when_the_power_failed_before_the_manifest_was_on_the_card():
    for after in (False, True):
        gateway = Gateway("gw%d" % after)
        forget_chain()
        card = Card(CARD_BYTES)
        cut_while_the_second_is_sealed(card, gateway, after)
        assert ran(recording(card, gateway))
        assert len(gateway.check_chain()) == len(gateway.sealed) >= 5
        assert sorted(gateway.sealed) == on_card(".mkv", "/card")
        card.card_lost()


def test_chain_of_older_firmware_is_gone_on_with():
    """It kept the segment that is being sealed with the chain, and no digest."""
    gateway, card = Gateway(), Card(CARD_BYTES)
    assert ran(recording(card, gateway))

    async def session(time):
        world = world_of(time, card, gateway)
        chain = world.unit.media.chain
        assert await chain.open() and not chain.begun
        chain._copies.save(chain._place() + chain._previous + bytes(range(12)) + bytes(12))

    assert ran(session)
    os.remove("signed.a")
    os.remove("signed.b")
    assert ran(recording(card, gateway))
    assert len(gateway.check_chain()) == len(gateway.sealed) >= 6
    card.card_lost()


def refusing(copies, errno, times):
    """The flash refuses this file so often; returns a list of what it refused."""
    save, refused = copies.save, []

    def refuses(value):
        if len(refused) < times:
            refused.append(value)
            raise OSError(errno)
        save(value)

    copies.save = refuses
    return refused


def test_flash_that_refuses_the_chain_costs_no_card_and_no_place():
    for errno in (EIO, ENOSPC):
        for which in ("_copies", "_signed"):
            gateway = Gateway("gw%d%s" % (errno, which))
            forget_chain()
            card = Card(CARD_BYTES)

            async def session(time):
                world = world_of(time, card, gateway)
                media = world.unit.media
                lost = []
                media.shelf.on_lost.append(lambda: lost.append(True))
                refused = refusing(getattr(media.chain, which), errno, 3)
                world.start()
                await record(world, 20)
                await until(lambda: not on_card(".tip", "/card") and not on_card(".new", "/card"))
                assert len(refused) == 3 and not lost and world.unit.counters["card_errors"] == 0
                recordings = set([manifest.segment[:8] for manifest in gateway.manifests.values()])
                assert len(recordings) == 1
                await world.stop()

            assert ran(session)
            assert len(gateway.check_chain()) == len(gateway.sealed) >= 4
            card.card_lost()


def test_manifest_whose_file_went_goes_when_the_gateway_has_confirmed_it():
    gateway, card = Gateway(), Card(CARD_BYTES)

    async def session(time):
        world = world_of(time, card, gateway)
        gateway.deaf = True
        world.start()
        await record(world)
        await until(lambda: len(on_card(".tip", "/card")) >= 3 and not on_card(".new", "/card"))
        await world.stop()

    assert ran(session)
    card.card()
    tips, files = files_of("/card", ".tip"), files_of("/card")
    names = sorted(tips)
    gateway.deaf = False
    # Of the first the gateway has all: the power failed when it went. Of the second it has nothing.
    gateway.there.clear()
    with open(files[names[0]], "rb") as stream:
        data = stream.read()
    with open("gw/" + names[0], "wb") as stream:
        stream.write(data)
    gateway.there.setdefault(names[0], Ranges()).add(0, len(data))
    for name in names[:2]:
        os.remove(files[name])
    card.card_lost()

    async def again(time):
        world = world_of(time, card, gateway)
        world.start()
        await until(lambda: len(gateway.sealed) == len(names) - 1)
        await asyncio.sleep_ms(20_000)
        # What nobody confirmed stays.
        assert on_card(".tip", "/card") == [names[1]] and names[1] not in gateway.sealed
        assert on_card(".ok", "/card") == on_card(".mkv", "/card") == names[2:]
        assert world.unit.media.recorder is not None and world.unit.media.shelf.there
        await world.stop()

    assert ran(again)
    card.card_lost()


async def test_nothing_is_left_of_a_segment_that_went_before_its_signed_manifest_was_removed():
    card, said = Card(CARD_BYTES), []
    shelf = Shelf(card, 1, said.append, said.append)
    assert shelf.look()
    segment = bytes(12)
    name = shelf.new_name(segment)
    told = encoded(recovery.nothing_known(segment, "U1"))
    for ending in (".mkv", ".tip", ".ok"):
        shelf.put(name, ending, told)
    shelf = Shelf(card, 2, said.append, said.append)
    assert shelf.look()
    await shelf.list_stored(no_pause)
    assert shelf.drop_stored() and os.listdir("/card/rec") == [] and not said
    card.card_lost()


async def no_pause():
    pass
