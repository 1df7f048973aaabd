"""What the page makes of a microphone's samples: A-law at 16 kHz, in step, and nothing that was not there."""

from typing import Any

import numpy as np
import pytest
from console_ear import said, strength
from console_filmer import a_law
from test_arithmetic import evaluated

PACKETS = """
(({ rate, samples, each }) => {
  const found = [];
  const packets = new m.Packets(rate, ({ sound, peak }) => found.push({ sound: [...sound], peak }));
  const all = Float32Array.from(samples);
  for (let at = 0; at < all.length; at += each) packets.push(all.subarray(at, at + each));
  return found;
})(given)
"""


def packets(rate_hz: int, samples: np.ndarray, each: int = 128) -> list[dict[str, Any]]:
    given = {"rate": rate_hz, "samples": [round(float(one), 6) for one in samples], "each": each}
    found: list[dict[str, Any]] = evaluated("talk/packets.ts", PACKETS, given)
    assert all(len(one["sound"]) == 320 for one in found)
    return found


def heard(found: list[dict[str, Any]]) -> np.ndarray:
    sound = b"".join(bytes(one["sound"]) for one in found)
    return said(sound)


def tone(rate_hz: int, hz: float, seconds: float = 0.5, loud: float = 0.5) -> np.ndarray:
    return loud * np.sin(2 * np.pi * hz * np.arange(round(rate_hz * seconds)) / rate_hz)


def test_every_sample_has_the_byte_of_the_standard() -> None:
    """As recordings have it; the four lowest bits never matter."""
    given = list(range(-32768, 32768, 7))
    run = (
        "(() => { const out = new Uint8Array(given.length); m.toALaw(Float32Array.from(given, (s) => s / 32767), out);"
        " return [...out]; })()"
    )
    wanted = a_law(np.array([max(one, -32767) for one in given]))
    assert bytes(evaluated("talk/alaw.ts", run, given)) == wanted


@pytest.mark.parametrize("rate_hz", [16_000, 44_100, 48_000, 96_000])
def test_tone_of_speech_keeps_its_pitch_and_loudness(rate_hz: int) -> None:
    for hz in (300.0, 1000.0, 3400.0, 6000.0):
        found = heard(packets(rate_hz, tone(rate_hz, hz)))
        assert 0.46 < strength(found[1600:6400], hz) < 0.53, hz


@pytest.mark.parametrize("hz", [9_200.0, 12_000.0, 15_000.0, 20_000.0])
def test_what_speech_has_not_comes_back_as_nothing(hz: float) -> None:
    """A whistle above half the rate would be heard as another one below it."""
    found = heard(packets(48_000, tone(48_000, hz)))[1600:6400]
    assert np.abs(found).max() < 0.02


@pytest.mark.parametrize("rate_hz", [44_100, 48_000])
def test_ten_seconds_are_five_hundred_packets(rate_hz: int) -> None:
    assert len(packets(rate_hz, np.zeros(10 * rate_hz))) in (498, 499, 500)


def test_it_does_not_matter_how_the_samples_are_cut() -> None:
    samples = tone(48_000, 440)
    whole = packets(48_000, samples, 8192)
    assert all(packets(48_000, samples, each) == whole for each in (128, 1, 4096))


def test_too_loud_is_cut_off_not_turned_over() -> None:
    found = heard(packets(16_000, tone(16_000, 200, loud=3)))
    assert found.max() > 0.95 and found.min() < -0.95
    assert packets(16_000, tone(16_000, 200, loud=0.25))[10]["peak"] == pytest.approx(0.25, abs=0.01)
