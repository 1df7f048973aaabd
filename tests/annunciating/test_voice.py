"""What the annunciator gives to the loudspeaker, sample by sample; time is what was asked for."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gateway.annunciator import speech
from gateway.annunciator.loudspeaker import Loudspeaker
from gateway.annunciator.selftest import heard
from gateway.annunciator.tones import ALARM_LOOP_S, LOST_HZ, STEP_S, level, tone
from gateway.annunciator.voice import WAITING_MAX, Voice
from gateway.errors import TipstaffError

RATE_HZ = 48_000
BLOCK = 960


def taken(voice: Voice, seconds: float) -> np.ndarray:
    return np.concatenate([voice.render(BLOCK) for _ in range(round(seconds * RATE_HZ / BLOCK))])


def loudness(samples: np.ndarray) -> float:
    return float(np.sqrt(np.mean(samples**2)))


def test_nothing_is_heard_before_anything_is_wrong() -> None:
    assert not taken(Voice(RATE_HZ, 100), 1).any()


def test_alarm_has_the_steps_of_the_console() -> None:
    voice = Voice(RATE_HZ, 100)
    voice.ring(True)
    loop = taken(voice, ALARM_LOOP_S)
    step = int(STEP_S * RATE_HZ)
    for number, hz in enumerate((880, 660, 880, 660)):
        part = loop[number * step + BLOCK : (number + 1) * step - BLOCK]
        other = 660 if hz == 880 else 880
        assert level(part, RATE_HZ, hz) > 0.3 > 20 * level(part, RATE_HZ, other)
    assert not loop[4 * step + BLOCK : round(1.38 * RATE_HZ)].any()


def test_alarm_grows_louder_while_nobody_answers_and_stops_at_once() -> None:
    voice = Voice(RATE_HZ, 100)
    voice.ring(True)
    levels = [loudness(taken(voice, ALARM_LOOP_S)) for _ in range(30)]
    assert levels[9] > 1.3 * levels[0] and levels[25] > 1.9 * levels[0]
    voice.ring(True)
    assert loudness(taken(voice, ALARM_LOOP_S)) > 1.9 * levels[0]
    voice.ring(False)
    taken(voice, 0.02)
    assert not taken(voice, 1).any()
    voice.ring(True)
    assert loudness(taken(voice, ALARM_LOOP_S)) == pytest.approx(levels[0], rel=0.1)


def test_words_are_heard_over_an_alarm_that_goes_on() -> None:
    voice, words = Voice(RATE_HZ, 100), tone(RATE_HZ, (300,) * 20)
    voice.ring(True)
    taken(voice, ALARM_LOOP_S)
    voice.say(words)
    under = taken(voice, ALARM_LOOP_S)
    assert level(under, RATE_HZ, 300) > 5 * level(under, RATE_HZ, 880) > 0.01
    taken(voice, len(words) / RATE_HZ)
    assert voice.ringing and loudness(taken(voice, ALARM_LOOP_S)) > 0.1


def test_volume_is_never_below_what_can_be_heard() -> None:
    loud, quiet, least = (Voice(RATE_HZ, volume) for volume in (100, 1, 20))
    for voice in (loud, quiet, least):
        voice.ring(True)
    levels = [loudness(taken(voice, ALARM_LOOP_S)) for voice in (loud, quiet, least)]
    assert levels[0] > levels[1] == levels[2] > 0.01


def test_announcements_that_wait_are_bounded_and_the_newest_stay() -> None:
    voice = Voice(RATE_HZ, 100)
    for hz in range(300, 300 + 10 * 3 * WAITING_MAX, 10):
        voice.say(tone(RATE_HZ, (hz,)))
    assert voice.left_out == 2 * WAITING_MAX
    said = taken(voice, WAITING_MAX * STEP_S)
    assert voice.silent
    assert level(said[: BLOCK * 8], RATE_HZ, 300) > 0.5
    assert level(said[-BLOCK * 8 :], RATE_HZ, 290 + 10 * 3 * WAITING_MAX) > 0.5


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_shipped_phrases_can_be_heard(lang: str) -> None:
    phrases = speech.load(speech.SHIPPED, lang, RATE_HZ)
    for samples in phrases.values():
        assert 1 < len(samples) / RATE_HZ < 8 and loudness(samples) > 0.05 and abs(samples).max() < 1


def test_phrases_that_are_none_say_which_file(tmp_path: Path) -> None:
    (tmp_path / "lost.zh.wav").write_bytes(b"RIFF")
    with pytest.raises(TipstaffError, match=r"lost\.zh\.wav: cannot be read as a WAV"):
        speech.load(tmp_path, "zh", RATE_HZ)


@pytest.mark.parametrize("noise", [0.0, 0.02])
def test_self_test_hears_the_alarm_and_nothing_else(noise: float) -> None:
    random = np.random.default_rng(7)
    voice = Voice(RATE_HZ, 100)
    voice.ring(True)
    alarm = 0.2 * taken(voice, 2 * ALARM_LOOP_S)
    alarm = (alarm + noise * random.standard_normal(len(alarm))).astype(np.float32)
    quiet = (noise * random.standard_normal(RATE_HZ // 2)).astype(np.float32)
    assert heard(quiet, alarm, RATE_HZ).ok
    for other in (
        np.zeros_like(alarm),
        tone(RATE_HZ, LOST_HZ * 2),
        np.tile(quiet, 4),
        alarm[: RATE_HZ // 10],
    ):
        assert not heard(quiet, other, RATE_HZ).ok


async def test_gaps_of_a_busy_machine_are_counted_and_told() -> None:
    told: list[tuple[str, dict[str, Any]]] = []
    voice = Voice(RATE_HZ, 100)
    loudspeaker = Loudspeaker(voice, None, lambda event, facts: told.append((event, dict(facts))))

    async def sleep(_seconds: float) -> None:
        if told:
            raise asyncio.CancelledError
        for status in (True, False, True):
            loudspeaker._wanted(np.zeros((BLOCK, 1), np.float32), BLOCK, None, status)

    with pytest.raises(asyncio.CancelledError):
        await loudspeaker.watch(sleep)
    loudspeaker._close()
    assert told[0][0] == "gaps" and told[0][1]["times"] == 2
