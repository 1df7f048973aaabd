"""Recordings without power between two of their segments: the next boot ends them, whatever is cut in it."""

import asyncio

from card_in_ram import Card, ran
from media_world import Gateway, MediaWorld, blocks_of, on_card, until
from protocol import media
from protocol.manifest import CUT, LAST
from recording.shelf import segment_of

CARD_BYTES = 1_000_000
RING_KIB = 6144
SETTINGS = ', "segment_s": 3, "record_always": true, "pre_event_s": 2'
# Writes of the card from the end of a segment to the begin of the next, and of a boot that ends a recording.
CUTS_BETWEEN = 14
CUTS_AFTER = 40


def world_of(time, card, gateway):
    card.time = time
    return MediaWorld(time, SETTINGS, prepare=card.prepare, gateway=gateway)


def recording_until_its_second_segment_has_ended(card, gateway, cut_after):
    """A session: `cut_after` writes later the power goes, before, in, or after the begin of the next."""

    async def session(time):
        world = world_of(time, card, gateway)
        world.unit.settings.set("record_always", True)
        recorder = world.unit.media.recorder
        on_closed = recorder.on_closed

        def closed(name, segment):
            on_closed(name, segment)
            if segment_of(name)[-1] == 1:
                card.cut_at = card.writes + cut_after

        recorder.on_closed = closed
        world.start()
        await asyncio.sleep_ms(30_000)
        await world.stop()

    return session


def sealing_all(card, gateway):
    """A session that records nothing, until everything on the card is confirmed."""

    async def session(time):
        world = world_of(time, card, gateway)
        world.unit.settings.set("record_always", False)
        world.start()
        await asyncio.sleep_ms(2000)
        await until(lambda: not on_card(".tip", "/card") and not on_card(".new", "/card"))
        await asyncio.sleep_ms(6000)
        await world.stop()

    return session


def check_ended(gateway):
    """Every recording has an end, its segments have no gap; returns how many ended with nothing but a head."""
    manifests = gateway.check_chain()
    assert sorted(gateway.sealed) == sorted(gateway.manifests)
    heads = 0
    recordings = {}
    for manifest in manifests:
        recordings.setdefault(manifest.segment[:8], []).append(manifest)
    for parts in recordings.values():
        assert [int.from_bytes(one.segment[8:], "big") for one in parts] == list(range(len(parts)))
        assert [bool(one.flags & LAST) for one in parts] == [False] * (len(parts) - 1) + [True]
        last = parts[-1]
        if last.flags & CUT and last.size < 1024:
            path = "gw/" + media.segment_name(last.segment)
            assert [block for block, _ in blocks_of(path)] == []
            assert last.first.mono_ms >= parts[-2].last.mono_ms and last.unit == parts[0].unit
            heads += 1
    return heads


def test_power_cut_between_two_segments_leaves_a_recording_with_an_end():
    gateway = Gateway()
    heads = 0
    for cut_after in range(1, CUTS_BETWEEN):
        card = Card(CARD_BYTES)
        assert not ran(recording_until_its_second_segment_has_ended(card, gateway, cut_after))
        card.power_on()
        assert ran(sealing_all(card, gateway))
        heads = check_ended(gateway)
        card.card_lost()
    assert heads >= 3, heads


def test_power_cut_again_while_the_end_is_written():
    """The first cut is right after a segment; the second anywhere in the boot that would end the recording."""
    gateway = Gateway()
    cuts = 0
    for cut_after in range(1, CUTS_AFTER, 2):
        card = Card(CARD_BYTES)
        assert not ran(recording_until_its_second_segment_has_ended(card, gateway, 1))
        card.power_on()
        card.cut_at = card.writes + cut_after
        cuts += not ran(sealing_all(card, gateway))
        card.power_on()
        assert ran(sealing_all(card, gateway))
        check_ended(gateway)
        card.card_lost()
    assert cuts >= 10, cuts


def test_card_pulled_between_two_segments_leaves_a_recording_with_an_end():
    card = Card(CARD_BYTES)

    async def session(time):
        world = world_of(time, card, Gateway())
        recorder = world.unit.media.recorder
        on_closed = recorder.on_closed

        def closed(name, segment):
            on_closed(name, segment)
            card.pulled = card.pulled or segment_of(name)[-1] == 0

        recorder.on_closed = closed
        world.start()
        await until(lambda: card.pulled)
        recorder.on_closed = on_closed
        await asyncio.sleep_ms(8000)
        assert not recorder.recording
        card.pulled = False
        await asyncio.sleep_ms(12_000)
        world.unit.settings.set("record_always", False)
        world.unit.media.look()
        await until(lambda: not recorder.recording and not len(world.unit.media.waiting))
        await until(lambda: not on_card(".tip", "/card") and not on_card(".new", "/card"))
        assert check_ended(world.gateway) == 1
        await world.stop()

    assert ran(session)
    card.card_lost()


def test_end_is_not_written_onto_another_card():
    """Of a recording whose last segment is on a card that is not there nothing is said."""
    card = Card(CARD_BYTES)
    gateway = Gateway()
    assert not ran(recording_until_its_second_segment_has_ended(card, gateway, 1))
    card.power_on()

    async def sealed_but_not_ended(time):
        world = world_of(time, card, gateway)
        world.unit.settings.set("record_always", False)
        world.unit.media.sealer.going_on = lambda: world.unit.media.chain.unended[:8]
        world.start()
        await until(lambda: len(gateway.sealed) == 2)
        await world.stop()

    assert ran(sealed_but_not_ended)
    card.card_lost()
    other = Card(CARD_BYTES)
    assert ran(sealing_all(other, gateway))
    assert len(gateway.sealed) == 2 and on_card(".mkv", "/card") == []
    other.card_lost()


def test_recorder_that_dies_while_a_segment_ends_leaves_recordings_with_an_end():
    gateway = Gateway()
    for step in range(3):
        card = Card(CARD_BYTES)
        killed = []

        async def session(time):
            world = world_of(time, card, gateway)
            unit, recorder = world.unit, world.unit.media.recorder
            unit.settings.set("record_always", True)

            async def kill():
                assert recorder.segment is None and recorder.name
                killed.append(unit.supervisor.kill("recorder"))

            steps = [0]

            def counted(real):
                def counts(*args):
                    found = real(*args)
                    if recorder._ending is not None and not killed:
                        if steps[0] == step:
                            asyncio.create_task(kill())
                        steps[0] += 1
                    return found

                return counts

            recorder._told = counted(recorder._told)
            unit.media.shelf.put = counted(unit.media.shelf.put)
            on_open = recorder.on_open

            def opened(segment):
                segment.finish = counted(segment.finish)
                on_open(segment)

            recorder.on_open = opened
            world.start()
            await until(lambda: killed)
            await asyncio.sleep_ms(20_000)
            assert recorder.recording
            unit.settings.set("record_always", False)
            unit.media.look()
            await until(lambda: not recorder.recording and not len(unit.media.waiting))
            await until(lambda: not on_card(".tip", "/card") and not on_card(".new", "/card"))
            recordings = set([manifest.segment[:8] for manifest in gateway.manifests.values()])
            assert killed == [True] and len(recordings) == 2 * (step + 1)
            check_ended(gateway)
            await world.stop()

        assert ran(session)
        card.card_lost()
