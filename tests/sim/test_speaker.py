"""What is said to a simulated unit comes out of its loudspeaker: the tone, the times, and nothing when it is silent."""

from __future__ import annotations

import asyncio
import wave
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from protocol.messages import SPEAKER_PLAYS, SPEAKER_SILENT
from protocol.talk import ALOUD, LAST, PACKET_SAMPLES, Talk
from simulator import voice
from simulator.answerer import Answerer
from simulator.errors import NotFound
from simulator.sources import speaker_of
from simulator.speaker import QUIET, RATE_HZ, KeptSpeaker, Sound, Speaker, WavSpeaker
from simulator.testing import ManualClock
from simulator.unit import Unit
from simulator.unit_config import UnitConfig

MakeHome = Callable[..., UnitConfig]
PACKETS = 75


def tone(count: int) -> Sound:
    """So many samples of it."""
    return voice.tone(count / RATE_HZ)[:count]


async def say(answerer: Answerer, unit: Unit, talk: bytes, samples: Sound, flags: int = 0) -> float:
    """Packet by packet as they are spoken; returns when the first went out."""
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    count = len(samples) // PACKET_SAMPLES
    for number in range(count):
        part = samples[number * PACKET_SAMPLES : (number + 1) * PACKET_SAMPLES]
        last = LAST if number == count - 1 else 0
        packet = Talk(talk=talk, number=number, flags=flags | last, sound=voice.alaw(part))
        answerer.say(unit.court_id, unit.unit_id, packet)
        # Spoken at its own pace: what is sent sooner is dropped there.
        await asyncio.sleep(max(0.0, began_s + (number + 1) * 0.02 - loop.time()))
    return began_s


async def connection(speaker: Speaker) -> asyncio.StreamWriter:
    _, writer = await asyncio.open_connection("127.0.0.1", speaker.port)
    return writer


def loud(unit: Unit) -> int:
    """How many samples were speech. A lump that came late holds speech and the silence of a hole together."""
    return int(np.count_nonzero(np.abs(unit.speaker.sound()[1].astype(np.int32)) >= QUIET))


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not true():
            await asyncio.sleep(0.001)


async def test_tone_is_heard_as_it_was_said_and_soon(
    make_home: MakeHome, broker_port: int, answerer: Answerer
) -> None:
    config = replace(make_home(broker_port=broker_port, silent=False), speaker=KeptSpeaker)
    async with Unit(config) as unit:
        await unit.wait_connected()
        await until(lambda: bool(answerer.states) and answerer.states[-1].speaker == SPEAKER_PLAYS)
        began_s = await say(answerer, unit, b"talk-one", tone(PACKETS * PACKET_SAMPLES))
        spoken_s = await unit.wait_spoken()
        await until(lambda: unit.speaker.speech_ms >= PACKETS * 20 // 3)
        _, heard = unit.speaker.sound(spoken_s)
        assert spoken_s - began_s >= 0.02
        spectrum = np.abs(np.fft.rfft(heard * np.hanning(len(heard))))
        assert abs(np.argmax(spectrum) * RATE_HZ / len(heard) - voice.TONE_HZ) < 5
        assert 11_000 < np.abs(heard).max() < 13_000
        # A machine that is held up makes holes, and these are filled; nothing is said twice.
        assert loud(unit) <= 1.1 * PACKETS * PACKET_SAMPLES


async def test_silent_unit_speaks_only_aloud(
    make_home: MakeHome, broker_port: int, answerer: Answerer
) -> None:
    config = replace(make_home(broker_port=broker_port), speaker=KeptSpeaker)
    async with Unit(config) as unit:
        await unit.wait_connected()
        await until(lambda: bool(answerer.states) and answerer.states[-1].speaker == SPEAKER_SILENT)
        await say(answerer, unit, b"talk-one", tone(10 * PACKET_SAMPLES))
        began_s = await say(answerer, unit, b"talk-two", tone(10 * PACKET_SAMPLES), ALOUD)
        assert await unit.wait_spoken() >= began_s
        assert loud(unit) <= 1.1 * 10 * PACKET_SAMPLES


async def test_unit_without_a_loudspeaker_says_that_it_has_none(
    make_home: MakeHome, broker_port: int, answerer: Answerer
) -> None:
    async with Unit(make_home(broker_port=broker_port)) as unit:
        await unit.wait_connected()
        assert unit.speaker.environment() == {}
        await until(lambda: bool(answerer.states))
        assert answerer.states[-1].speaker is None


async def test_lumps_sound_when_they_come_or_after_one_another() -> None:
    clock = ManualClock()
    async with Speaker(clock, KeptSpeaker) as speaker:
        writer = await connection(speaker)
        data = tone(2 * PACKET_SAMPLES).tobytes()
        writer.write(data[:501])
        await until(lambda: speaker.played_ms > 14)
        writer.write(data[501:])
        await until(lambda: speaker.played_ms == 40)
        clock.advance(1.0)
        writer.write(bytes(640))
        await until(lambda: speaker.played_ms == 60)
        first, second, third = speaker.played()
        assert first.at_s == 1000.0 and second.at_s == pytest.approx(first.end_s) and third.at_s == 1001.0
        assert speaker.speech_ms == 40 and speaker.spoken_s(1000.5) is None
        begin_s, whole = speaker.sound()
        assert begin_s == 1000.0 and len(whole) == RATE_HZ + PACKET_SAMPLES
        assert (whole[: 2 * PACKET_SAMPLES] == tone(2 * PACKET_SAMPLES)).all() and not whole[640:].any()
        clock.advance(100.0)
        writer.write(bytes(640))
        await until(lambda: speaker.played_ms == 80)
        assert len(speaker.played()) == 1
        writer.close()


async def test_what_is_said_is_written_as_a_wav_file_with_its_pauses(tmp_path: Path) -> None:
    clock = ManualClock()
    path = tmp_path / "said.wav"
    async with Speaker(clock, speaker_of(str(path))) as speaker:
        writer = await connection(speaker)
        for wait_s in (0.5, 60.0):
            writer.write(tone(1600).tobytes())
            before = speaker.played_ms
            await until(lambda before=before: speaker.played_ms == before + 100)  # type: ignore[misc]
            clock.advance(wait_s)
        writer.write(tone(1600).tobytes())
        await until(lambda: speaker.played_ms == 300)
        writer.close()
    with wave.open(str(path), "rb") as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (RATE_HZ, 1, 2)
        # Two pauses: 0.4 s, and one of a minute, which is a second here.
        assert file.getnframes() == pytest.approx(3 * 1600 + 0.4 * RATE_HZ + RATE_HZ, abs=2)


def test_loudspeaker_that_cannot_be_is_named(tmp_path: Path) -> None:
    assert speaker_of("off") is None and speaker_of("kept") is KeptSpeaker
    with pytest.raises(NotFound, match="loud"):
        speaker_of("loud")
    with pytest.raises(NotFound, match="nowhere"):
        WavSpeaker(tmp_path / "nowhere" / "said.wav")
