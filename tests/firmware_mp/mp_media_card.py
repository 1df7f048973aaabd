"""The card: cut off anywhere, full, slow, pulled out, bad; and pictures and clocks as nobody wants them."""

import asyncio

import media_world
from boards.sim.streams import SocketCamera
from card_in_ram import Card, ran
from loopback import listen
from media_world import Gateway, MediaWorld, blocks_of, files_of, on_card, picture, until
from protocol import matroska, media, messages
from protocol.manifest import CUT
from unit_world import virtual_time

# The medium, the gateway of forty boots, and room for a ring between what those have scattered over the heap.
RING_KIB = 9216
CUTS = 40


def world_of(time, card, settings="", **more):
    card.time = time
    return MediaWorld(time, settings, prepare=card.prepare, **more)


def test_power_cuts_anywhere_lose_no_more_than_the_last_moment():
    """Each boot records until the power is cut; at the end every file is sealed, chained, and at the gateway."""
    card = Card(1_800_000)
    gateway = Gateway()
    seed = [99]
    settings = ', "segment_s": 3, "record_always": true, "sound": "adpcm", "pre_event_s": 2'
    told = {}
    state = {}

    def session_of(boot):
        async def session(time):
            world = world_of(
                time, card, settings, gateway=gateway, make=lambda number: picture(boot * 1000 + number, 500)
            )
            state["world"] = world
            world.start()
            world.link(boot % 3 != 1)
            await asyncio.sleep_ms(14_000)
            await world.stop()

        return session

    for boot in range(CUTS):
        seed[0] = (seed[0] * 1103515245 + 12345) & 0x7FFFFFFF
        card.cut_at = card.writes + 1 + (seed[0] >> 8) % 420
        ran(session_of(boot))
        recorder = state["world"].unit.media.recorder
        if recorder.segment is not None:
            told[media.segment_name(recorder.segment.name)] = recorder.segment.last_ms
        state.clear()
        recorder = None
        card.power_on()

    async def last(time):
        world = world_of(time, card, settings, gateway=gateway)
        world.unit.settings.set("record_always", False)
        world.start()
        await asyncio.sleep_ms(2000)
        await until(lambda: not on_card(".tip", "/card") and not on_card(".new", "/card"), 600_000)
        names = on_card(".mkv", "/card")
        assert names == on_card(".ok", "/card") and len(names) > CUTS // 2
        paths = files_of("/card")
        for name in names:
            manifest = gateway.manifests[name]
            path = paths[name]
            assert (
                media_world.hash_of(path)
                == manifest.sha256
                == media_world.hash_of("gw/" + name, manifest.size)
            )
            times = [block.time_ms for block, _ in blocks_of(path) if block.track != matroska.POSITION]
            if name in told and manifest.flags & CUT:
                # A page of 16 KiB is 1.5 s here, and it is brought to the medium once a second.
                assert max(times + [0]) >= told[name] - 4000, (name, max(times + [0]), told[name])
        # What a full card gave up was stored before.
        manifests = gateway.check_chain()
        assert sorted(gateway.sealed) == sorted(gateway.manifests) and len(manifests) >= len(names)
        for name in told:
            assert name in gateway.manifests or told[name] < 4000, (name, told[name])
        print("%d segments, %d cut" % (len(names), sum([manifest.flags & CUT for manifest in manifests])))
        await world.stop()

    assert ran(last)
    card.card_lost()


def test_full_card_keeps_what_is_not_stored_and_gives_up_what_is():
    card = Card(1_500_000)
    gateway = Gateway()

    async def session(time):
        world = world_of(
            time, card, ', "record_always": true, "segment_kib": 64, "ring_kib": 128', gateway=gateway
        )
        unit = world.unit
        world.start()
        world.link(False)
        await until(lambda: unit.counters["card_taken_pct"] >= 80 and not unit.media.recording, 600_000)
        await asyncio.sleep_ms(20_000)
        kept = on_card(".mkv", "/card")
        assert world.felt().count("card") >= 2
        world.board.storage = card.card_space
        free_kib, total_kib = card.card_space()
        assert unit.states.message().storage_free_kib == free_kib
        assert unit.media.shelf.space()[0] < 400
        assert on_card(".tip", "/card") == kept
        world.link(True)
        await until(lambda: len(gateway.sealed) >= len(kept), 300_000)
        assert sorted(gateway.sealed)[: len(kept)] == kept or set(kept) <= set(gateway.sealed)
        # Stored segments make room for new ones: recording goes on for longer than the card is large.
        await asyncio.sleep_ms(180_000)
        assert unit.media.recording
        assert len(gateway.sealed) > 2 * len(kept)
        # It may be full of what the gateway has: that is no card of which anybody has to be told.
        assert card.card_space()[0] < total_kib // 2 < unit.states.message().storage_free_kib
        for name, path in files_of("/card").items():
            if name in gateway.manifests:
                assert media_world.hash_of(path) == gateway.manifests[name].sha256
        assert len(gateway.check_chain()) == len(gateway.manifests)
        await world.stop()

    assert ran(session)
    card.card_lost()


def test_slow_card_drops_pictures_before_sound_and_says_so():
    card = Card(2_600_000)

    async def session(time):
        world = world_of(time, card, "", make=lambda number: picture(number, 9000), fps=8)
        world.start()
        await asyncio.sleep_ms(3000)
        world.command(messages.RECORD, 1)
        card.write_ms = 20
        # Longer than the recorder's heart may stand still: it has to come up for air though there is always more.
        await asyncio.sleep_ms(45_000)
        fed = world.board.fed
        await asyncio.sleep_ms(5000)
        assert world.unit.media.recording and world.board.fed > fed
        await world.press()
        await asyncio.sleep_ms(1000)
        assert world.felt()[-2:] == ["pressed", "received"]
        card.write_ms = 0
        await asyncio.sleep_ms(5000)
        world.command(messages.RECORD, 0)
        alarm = world.client.of("alarm")[0]
        world.client.tell(alarm.alarm_id, messages.CLOSED)
        await until(lambda: not world.unit.media.recording and not len(world.unit.media.waiting), 300_000)
        manifests = world.gateway.check_chain()
        pictures = sum([manifest.dropped_pictures for manifest in manifests])
        assert pictures > 5 and sum([manifest.dropped_sounds for manifest in manifests]) == 0, pictures
        await world.stop()

    assert ran(session)
    card.card_lost()


def test_pulled_card_ends_a_recording_and_a_new_one_begins_when_it_is_back():
    card = Card(1_800_000)

    async def session(time):
        world = world_of(time, card, ', "record_always": true')
        unit = world.unit
        world.start()
        await asyncio.sleep_ms(8000)
        assert unit.media.recording
        card.pulled = True
        await asyncio.sleep_ms(12_000)
        assert not unit.media.recording and unit.states.message().recording == 0
        assert unit.counters["card_errors"] > 0
        card.pulled = False
        await asyncio.sleep_ms(15_000)
        assert unit.media.recording
        unit.settings.set("record_always", False)
        unit.media.look()
        await until(
            lambda: not unit.media.recording and not on_card(".tip", "/card") and not on_card(".new", "/card")
        )
        manifests = world.gateway.check_chain()
        assert len(manifests) >= 2 and sum([manifest.flags & CUT for manifest in manifests]) == 1
        await world.stop()

    assert ran(session)
    card.card_lost()


def test_bad_block_costs_its_segment_and_nothing_else():
    card = Card(2_600_000)

    async def session(time):
        world = world_of(time, card, "")
        unit = world.unit
        world.start()
        world.command(messages.RECORD, 1)
        await asyncio.sleep_ms(5000)
        card.bad_block = 900
        await asyncio.sleep_ms(40_000)
        world.command(messages.RECORD, 0)
        await until(lambda: not unit.media.recording)
        await asyncio.sleep_ms(20_000)
        sealed, there = len(world.gateway.sealed), len(on_card(".mkv", "/card"))
        assert there - 1 <= sealed <= there and sealed >= 3
        if sealed < there:
            assert unit.counters["card_errors"] > 0
        world.gateway.check_chain()
        await world.stop()

    assert ran(session)
    card.card_lost()


async def test_pictures_of_nothing_and_of_everything_are_counted_and_do_no_harm():
    world = MediaWorld(virtual_time(), make=odd_picture, card="card")
    world.start()
    world.command(messages.RECORD, 1)
    await asyncio.sleep_ms(12_000)
    world.command(messages.RECORD, 0)
    await until(lambda: not world.unit.media.recording and not len(world.unit.media.waiting))
    manifests = world.gateway.check_chain()
    dropped = sum([manifest.dropped_pictures for manifest in manifests])
    assert 15 <= dropped <= 40, dropped
    assert sorted(world.gateway.sealed) == on_card()
    await world.stop()


def odd_picture(number):
    if number % 4 == 0:
        return b""
    if number % 4 == 1:
        return picture(number, 140_000)
    return picture(number) if number % 4 == 2 else b"no picture at all"


async def test_clock_that_jumps_moves_no_block():
    world = MediaWorld(virtual_time())
    world.start()
    world.command(messages.RECORD, 1)
    await asyncio.sleep_ms(4000)
    world.unit.clock.set_network(1_795_486_330)
    await asyncio.sleep_ms(9000)
    for _ in range(5):
        now_s = world.unit.clock.utc_s() + 3600
        world.unit.clock.set_gnss(now_s, 0)
        await asyncio.sleep_ms(1000)
    await asyncio.sleep_ms(4000)
    world.command(messages.RECORD, 0)
    await until(lambda: not world.unit.media.recording and not len(world.unit.media.waiting))
    manifests = world.gateway.check_chain()
    assert manifests[0].first.utc_s == 0 and manifests[1].first.utc_s >= 1_795_486_330
    last_ms = 0
    for manifest in manifests:
        assert manifest.first.mono_ms >= last_ms
        last_ms = manifest.last.mono_ms
    pictures = sounds = 0
    paths = files_of()
    for name in world.gateway.sealed:
        before_ms = {1: -1, 2: -1}
        for block, _ in blocks_of(paths[name]):
            if block.track != matroska.POSITION:
                # 250 ms a picture and 40 ms a packet: no block is away from its time, whatever the clock does.
                gap_ms = block.time_ms - before_ms[block.track]
                assert before_ms[block.track] < 0 or 0 < gap_ms <= (252 if block.track == 1 else 42), gap_ms
                before_ms[block.track] = block.time_ms
                pictures += block.track == 1
                sounds += block.track == 2
    assert pictures > 70 and sounds > 500
    await world.stop()


async def test_camera_of_the_simulator_skips_a_picture_of_4_mb():
    """On a real loopback socket, with the loop's own clock."""
    from asyncio import core
    import time

    core._io_queue, core.ticks = core.IOQueue(), time.ticks_ms
    import socket

    async def send(reader, writer):
        for size in (10, 0, 4 << 20, 20):
            writer.write(size.to_bytes(4, "big"))
            left = size
            while left:
                count = min(left, 8192)
                writer.write(bytes(count))
                await writer.drain()
                left -= count
        await writer.drain()

    server, port = await listen(send)
    sock = socket.socket()
    sock.connect(socket.getaddrinfo("127.0.0.1", port)[0][-1])
    shown = []
    camera = SocketCamera(sock, lambda what, **facts: shown.append((what, facts)))
    camera.configure(640, 480, 8, 65_536)
    sizes = []
    for _ in range(4):
        sizes.append(len(await asyncio.wait_for_ms(camera.frame(), 20_000)))
    assert sizes == [10, 0, 0, 20]
    assert shown == [("camera", {"width": 640, "height": 480, "fps": 8})]
    server.close()
