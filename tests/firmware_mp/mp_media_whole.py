"""A whole unit that records: by command, by alarm, without a network, and every byte comes back."""

import asyncio

import media_world
from media_world import MediaWorld, files_of, on_card, until
from protocol import matroska, messages
from protocol.manifest import ALARMED, LAST, PRE_EVENT
from unit_world import virtual_time

RING_KIB = 768
TIME = virtual_time()


def check_files(world):
    """Every segment of the card is sealed, the same at the gateway, readable and in its chain."""
    gateway = world.gateway
    paths = files_of()
    assert sorted(gateway.sealed) == sorted(paths), (gateway.sealed, paths)
    for name, path in paths.items():
        manifest = gateway.manifests[name]
        assert media_world.hash_of(path) == manifest.sha256
        assert media_world.hash_of("gw/" + name, manifest.size) == manifest.sha256
    return gateway.check_chain()


def numbers_and_times(names):
    """(numbers of the pictures, how many packets of sound) over segments in their order."""
    numbers, sounds = [], 0
    paths = files_of()
    for name in names:
        for block, content in media_world.blocks_of(paths[name]):
            if block.track == matroska.PICTURE:
                numbers.append(int.from_bytes(content[-4:], "big"))
            sounds += block.track == matroska.SOUND
    return numbers, sounds


async def test_recording_by_command_is_sealed_segment_by_segment():
    world = MediaWorld(TIME)
    world.start()
    await asyncio.sleep_ms(5000)
    world.command(messages.RECORD, 1)
    await asyncio.sleep_ms(15_000)
    recorder = world.unit.media.recorder
    on_closed = recorder.on_closed
    between = []

    def closed(name, segment):
        on_closed(name, segment)
        if not between:
            between.append((recorder.segment, recorder.mark(), recorder.recording))

    recorder.on_closed = closed
    await world.shorts(2)
    world.command(messages.MARK)
    await asyncio.sleep_ms(15_000)
    assert world.unit.states.message().recording == 1
    world.command(messages.RECORD, 0)
    await until(lambda: len(world.gateway.sealed) == 4 and not world.unit.media.waiting._entries)
    manifests = check_files(world)
    assert [manifest.flags for manifest in manifests] == [PRE_EVENT, 0, 0, LAST]
    assert between == [(None, True, True)]
    assert sum([len(manifest.marks) for manifest in manifests]) == 3
    names = [name for name in world.gateway.sealed]
    numbers, sounds = numbers_and_times(names)
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers))) and numbers[0] <= 3
    assert sounds > 850
    assert on_card(".ok") == on_card() and not on_card(".tip") and not on_card(".new")
    assert world.unit.states.message().recording == 0
    replies = [message.outcome for message in world.client.of("reply") if len(message.ref) == 8]
    assert replies == [messages.DONE] * 3
    await world.stop()


async def test_alarm_records_by_itself_and_is_seen_live():
    world = MediaWorld(TIME)
    world.start()
    await asyncio.sleep_ms(10_000)
    await world.press()
    await asyncio.sleep_ms(6000)
    alarm = world.client.of("alarm")[0]
    live = world.gateway.live
    assert len(live) > 100
    behind = world.unit.media.recorder.segment.end - (live[-1][1] + live[-1][3])
    assert behind < 3000, behind
    world.client.tell(alarm.alarm_id, messages.CLOSED)
    await asyncio.sleep_ms(20_000)
    assert world.unit.media.recording
    await until(lambda: not world.unit.media.recording and not world.unit.media.waiting._entries)
    manifests = check_files(world)
    assert manifests[0].flags == PRE_EVENT | ALARMED and manifests[0].alarm_id == alarm.alarm_id
    assert manifests[-1].flags & LAST
    await world.stop()


async def test_half_an_hour_without_a_network_comes_back_whole():
    world = MediaWorld(TIME, ', "record_always": true, "segment_s": 60, "sound": "adpcm"', fps=2)
    world.start()
    await asyncio.sleep_ms(70_000)
    world.link(False)
    await asyncio.sleep_ms(1_800_000)
    sealed = len(world.gateway.sealed)
    assert sealed <= 2 and len(on_card()) >= 31
    lost = [0]

    def lose(count):
        lost[0] += count % 50 == 0
        return count % 50 == 0

    world.gateway.lose = lose
    world.link(True)
    await until(lambda: len(world.gateway.sealed) >= 31, 900_000)
    world.unit.settings.set("record_always", False)
    world.unit.media.look()
    await until(lambda: not world.unit.media.recording and not world.unit.media.waiting._entries)
    await asyncio.sleep_ms(2000)
    manifests = check_files(world)
    assert lost[0] > 5
    assert sum([manifest.dropped_pictures + manifest.dropped_sounds for manifest in manifests]) == 0
    counters = world.unit.counters
    assert counters["pictures_dropped"] == counters["sounds_dropped"] == counters["card_errors"] == 0
    numbers, _ = numbers_and_times([name for name in world.gateway.sealed][:3])
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    await world.stop()
