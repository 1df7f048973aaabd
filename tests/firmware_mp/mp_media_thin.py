"""An alarm over a link that carries half of what is recorded: nothing of the recording is lost for it."""

import asyncio

from media_world import MediaWorld, blocks_of, files_of, hash_of, picture
from protocol import matroska
from protocol.manifest import ALARMED
from unit_world import virtual_time

TIME = virtual_time()
TIMEOUT_S = 110
RING_KIB = 1024
SETTINGS = ', "segment_s": 60, "segment_kib": 16384, "pre_event_s": 1'
# Recorded is 64 KB/s of pictures and 16 of sound.
LINK_BYTES_S = 30_000


async def test_segment_of_which_pictures_were_left_out_ends_and_is_sealed():
    world = MediaWorld(TIME, SETTINGS, lambda number: picture(number, 8000), fps=8)
    world.media.bytes_s = LINK_BYTES_S
    ended = []
    on_closed = world.unit.media.recorder.on_closed

    def closed(name, segment):
        ended.append((segment is not None, len(world.unit.media.sender._sent)))
        on_closed(name, segment)

    world.unit.media.recorder.on_closed = closed
    world.start()
    await asyncio.sleep_ms(3000)
    await world.press()
    await asyncio.sleep_ms(130_000)
    # Whole, though more pieces of it went out than are remembered.
    assert [whole for whole, _ in ended] == [True, True] and min([pieces for _, pieces in ended]) >= 128, (
        ended
    )
    assert world.unit.media.recording
    counters = world.unit.counters
    assert counters["card_errors"] == counters["task_restarts"] == 0, world.unit.events.latest()
    world.media.bytes_s = 0
    waited_s = 0
    while len(world.gateway.sealed) < 2:
        waited_s += 1
        assert waited_s < 120, "in vain"
        await asyncio.sleep_ms(1000)
    await world.stop()
    files = files_of()
    first = pictures = 0
    for name in world.gateway.sealed[:2]:
        manifest = world.gateway.manifests[name]
        assert manifest.flags & ALARMED and hash_of(files[name]) == manifest.sha256 == hash_of("gw/" + name)
        for block, content in blocks_of(files[name]):
            if block.track == matroska.PICTURE:
                number = int.from_bytes(content[-4:], "big")
                first = first or number
                assert number == first + pictures
                pictures += 1
    assert pictures > 900
