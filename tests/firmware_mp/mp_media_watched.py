"""Somebody looks: what is sent, what is recorded for it, when it ends, and what the officer sees of it."""

import asyncio

from boards.sim.scripted import ScriptedSpeaker
from media_world import MediaWorld, blocks_of, files_of
from protocol import matroska, messages
from protocol.live import live_value
from protocol.talk import ALOUD, LAST, Talk
from unit_world import virtual_time

RING_KIB = 768
TIME = virtual_time()


async def until(true, most_ms=60_000):
    waited_ms = 0
    while not true():
        waited_ms += 50
        assert waited_ms < most_ms, "in vain"
        await asyncio.sleep_ms(50)
    return waited_ms


async def begun(settings="", prepare=None):
    world = MediaWorld(TIME, settings, prepare=prepare)
    world.start()
    await asyncio.sleep_ms(20_000)
    assert not world.unit.media.recording and not world.gateway.live
    return world


def leds(world):
    return [facts["on"] for what, facts in world.board.shown if what == "led"]


async def test_who_looks_sees_at_once_and_what_is_seen_is_recorded_until_nobody_asks_any_more():
    world = await begun()
    at_ms = world.unit.clock.mono_ms()
    world.command(messages.LIVE, messages.LIVE_FULL)
    await until(lambda: [row for row in world.gateway.live if row[3] > 800], 1000)
    assert world.unit.clock.mono_ms() - at_ms <= 600
    first_ms = min([row[2] for row in world.gateway.live if row[2] is not None])
    segment = world.unit.media.recorder.segment
    # What the ring had from before is recorded, but not shown as if it were now.
    assert segment.base_ms < at_ms - 4000 and segment.base_ms + first_ms >= at_ms - 600
    for _ in range(3):
        await asyncio.sleep_ms(10_000)
        world.command(messages.LIVE, messages.LIVE_FULL)
        assert world.unit.media.recording
    await asyncio.sleep_ms(29_000)
    assert world.unit.media.recording
    await until(lambda: not world.unit.media.recording, 3000)
    shown = len(world.gateway.live)
    await until(lambda: not world.unit.media.waiting._entries)
    assert len(world.gateway.live) == shown
    assert len(world.gateway.sealed) >= 5
    # Renewals write nothing and drive nothing out.
    assert len(world.unit.commands._done) == 1
    replies = [message.outcome for message in world.client.of("reply")]
    assert replies == [messages.DONE] * 4
    await world.stop()


async def test_last_viewer_gone_ends_it_at_once():
    world = await begun()
    world.command(messages.LIVE, messages.LIVE_SOUND)
    await asyncio.sleep_ms(5000)
    assert world.unit.media.recording and not [row for row in world.gateway.live if row[3] > 800]
    world.command(messages.LIVE, messages.LIVE_OFF)
    await until(lambda: not world.unit.media.recording, 1000)
    await world.stop()


async def test_recording_that_was_commanded_or_alarmed_meanwhile_stays():
    world = await begun()
    world.command(messages.LIVE, messages.LIVE_FULL)
    await asyncio.sleep_ms(2000)
    world.command(messages.RECORD, 1)
    world.command(messages.LIVE, messages.LIVE_OFF)
    await asyncio.sleep_ms(10_000)
    assert world.unit.media.recording
    # The other way round: who looks keeps it on, and an alarm takes it over.
    world.command(messages.LIVE, messages.LIVE_STILLS)
    world.command(messages.RECORD, 0)
    await asyncio.sleep_ms(10_000)
    assert world.unit.media.recording
    await world.press()
    await asyncio.sleep_ms(60_000)
    assert world.unit.media.sender.live.mode == messages.LIVE_OFF and world.unit.media.recording
    world.client.tell(world.client.of("alarm")[0].alarm_id, messages.CLOSED)
    await until(lambda: not world.unit.media.recording, 40_000)
    await world.stop()


async def test_pictures_come_at_the_interval_that_is_asked_for():
    world = await begun()
    world.command(messages.LIVE, live_value(messages.LIVE_FULL, 2000))
    await asyncio.sleep_ms(10_000)
    pictures = [row for row in world.gateway.live if row[3] > 800]
    assert 5 <= len(pictures) <= 7, len(pictures)
    world.command(messages.LIVE, messages.LIVE_FULL)
    before = len(world.gateway.live)
    await asyncio.sleep_ms(2000)
    assert 6 <= len([row for row in world.gateway.live[before:] if row[3] > 800]) <= 10
    for value in (None, "3", 4, 16 * 3001, -1):
        world.command(messages.LIVE, value)
    await asyncio.sleep_ms(100)
    assert [message.outcome for message in world.client.of("reply")][-5:] == [messages.REFUSED] * 5
    assert world.unit.media.sender.live.mode == messages.LIVE_FULL
    await world.stop()


async def test_light_blinks_while_somebody_looks_but_not_in_a_silent_alarm():
    world = await begun()
    assert leds(world) == []
    world.command(messages.LIVE, messages.LIVE_SOUND)
    await asyncio.sleep_ms(10_000)
    assert leds(world) == [True, False] * 5 and "watched" not in world.felt()
    await world.press()
    await asyncio.sleep_ms(10_000)
    assert len(leds(world)) <= 14
    world.board.shown.clear()
    world.command(messages.LIVE, messages.LIVE_FULL)
    await asyncio.sleep_ms(5000)
    assert leds(world) == []
    world.client.tell(world.client.of("alarm")[0].alarm_id, messages.CLOSED)
    await asyncio.sleep_ms(5000)
    assert True in leds(world)
    world.command(messages.LIVE, messages.LIVE_OFF)
    await asyncio.sleep_ms(500)
    world.board.shown.clear()
    await asyncio.sleep_ms(5000)
    assert leds(world) == []
    await world.stop()


async def test_motor_tells_once_and_never_in_an_alarm():
    world = await begun(', "watched_shown": "vibration"')
    for _ in range(3):
        world.command(messages.LIVE, messages.LIVE_SOUND)
        await asyncio.sleep_ms(5000)
    # The self test misses the certificates.
    assert world.felt() == ["refused", "watched"]
    world.command(messages.LIVE, messages.LIVE_OFF)
    await asyncio.sleep_ms(1000)
    await world.press()
    world.command(messages.LIVE, messages.LIVE_FULL)
    await asyncio.sleep_ms(5000)
    assert (world.felt(), leds(world)) == (["refused", "watched", "pressed", "received"], [])
    await world.stop()


async def test_live_sound_is_silent_while_the_unit_speaks_and_the_recording_has_it():
    def ready(board):
        board.speaker = ScriptedSpeaker()

    world = await begun(prepare=ready)
    world.command(messages.LIVE, messages.LIVE_SOUND)
    await asyncio.sleep_ms(3000)
    segment = world.unit.media.recorder.segment
    began_ms = world.unit.clock.mono_ms() - segment.base_ms
    for number in range(50):
        flags = ALOUD | LAST if number == 49 else ALOUD
        talk = Talk(talk=b"talk-one", number=number, flags=flags, sound=bytes(320))
        world.client.down("talk", talk.encode())
        await asyncio.sleep_ms(20)
    await asyncio.sleep_ms(3000)
    sounds = [row[2] for row in world.gateway.live if row[2] is not None and row[3] > 600]
    gap_ms = [after - before for before, after in zip(sounds, sounds[1:]) if after - before > 100]
    # 60 ms to begin with, a second of speech, 300 ms: and nothing else is missing.
    assert len(gap_ms) == 1 and 1300 <= gap_ms[0] <= 1460, gap_ms
    assert began_ms - 100 <= max([at_ms for at_ms in sounds if at_ms < began_ms + 500]) <= began_ms + 20
    assert world.unit.counters["talk_played"] == 50
    world.command(messages.LIVE, messages.LIVE_OFF)
    await until(lambda: not world.unit.media.waiting._entries and world.gateway.sealed)
    blocks = blocks_of(sorted(files_of().values())[0])
    times = [block.time_ms for block, _ in blocks if block.track == matroska.SOUND]
    assert max([after - before for before, after in zip(times, times[1:])]) <= 41
    await world.stop()
