"""The buffer of live sound, driven as a loudspeaker drives it: delay never grows, and it says truly what is heard."""

from typing import Any

import pytest
from test_arithmetic import evaluated

#: Packets of 40 ms arrive when told to; the loudspeaker takes 128 samples at a time. Each sample is its own time.
RUN = """
(({ arrivals, rate, hold, until }) => {
  const ring = new m.Ring(16000, 48000);
  ring.holdMs = hold;
  const out = new Float32Array(128);
  const found = [];
  let next = 0, wrong = 0;
  for (let at = 0; at < until; at += 128 / 48) {
    for (; next < arrivals.length && arrivals[next][0] <= at; next += 1) {
      const from = arrivals[next][1];
      ring.push(from, Float32Array.from({ length: 640 }, (_, i) => ((from + i / 16 / rate) % 1000) / 1000));
    }
    const { mediaMs } = ring.heard;
    ring.pull(out);
    const after = ring.heard.mediaMs;
    // Away from a second's end, where the value falls, and from what is faded in.
    if (mediaMs !== null && after !== null && mediaMs % 1000 > 50 && mediaMs % 1000 < 950) {
      const off = Math.abs(out[0] * 1000 - mediaMs % 1000);
      if (off > 3) wrong += 1;
    }
    found.push(mediaMs === null ? null : at - mediaMs);
  }
  return { delays: found.filter((_, i) => i % 15 === 0), wrong, ...ring.heard };
})(given)
"""
STEP_MS = 15 * 128 / 48


def run(arrivals: list[tuple[float, float]], until_ms: float, *, hold_ms: float = 0, rate: float = 1) -> Any:
    """What was heard, a number each 40 ms: how long after it was taken; None in silence."""
    given = {"arrivals": arrivals, "rate": rate, "hold": hold_ms, "until": until_ms}
    return evaluated("play/ring.ts", RUN, given)


def packets(seconds: float, late_ms: Any = lambda n: 0.0) -> list[tuple[float, float]]:
    """(arrives, taken), in order: a packet is sent when it is full, and overtakes none."""
    found: list[tuple[float, float]] = []
    for n in range(int(seconds * 25)):
        at = n * 40 + 40 + late_ms(n)
        found.append((max(at, found[-1][0] if found else 0.0), n * 40.0))
    return found


def test_steady_sound_is_heard_within_a_tenth_of_a_second() -> None:
    found = run(packets(20), 20_000)
    assert found["breaks"] == 0
    assert found["wrong"] == 0
    first = next(n for n, delay in enumerate(found["delays"]) if delay is not None)
    assert first * STEP_MS <= 160
    settled = found["delays"][100:]
    assert all(delay is not None and delay <= 80 for delay in settled), max(settled)


def test_delay_after_a_stall_is_what_it_was_before() -> None:
    found = run(packets(20, lambda n: 3000 - (n - 100) * 40 if 100 <= n < 175 else 0), 20_000)
    assert found["breaks"] == 1
    assert found["skips"] >= 1
    # Two seconds after all has come at once, at seven seconds, nothing of it is left.
    settled = found["delays"][int(9_500 / STEP_MS) :]
    assert all(delay is not None and delay <= 130 for delay in settled), settled[:5]


@pytest.mark.parametrize("swing_ms", [30, 70])
def test_uneven_packets_are_held_back_only_as_long_as_they_are_uneven(swing_ms: int) -> None:
    found = run(packets(60, lambda n: (n * 7919 % 10) / 9 * swing_ms if n < 750 else 0), 60_000)
    assert found["breaks"] <= 6
    uneven = [delay for delay in found["delays"][250:700] if delay is not None]
    assert max(uneven) <= 100 + 2.2 * swing_ms
    assert found["wrong"] == 0


@pytest.mark.parametrize("drift", [1.005, 0.995])
def test_clock_of_the_unit_that_runs_otherwise_does_not_become_delay(drift: float) -> None:
    arrivals = [(at * drift, taken * drift) for at, taken in packets(60)]
    found = run(arrivals, 60_000 * min(drift, 1), rate=drift)
    settled = found["delays"][100:-10]
    heard = [delay for delay in settled if delay is not None]
    assert len(heard) >= 0.95 * len(settled)
    assert max(heard) <= 120


def test_lost_packets_are_silence_and_time_goes_on() -> None:
    arrivals = [one for n, one in enumerate(packets(10)) if n % 50 not in (20, 21)]
    found = run(arrivals, 10_000)
    heard = [delay for delay in found["delays"][50:] if delay is not None]
    assert max(heard) <= 200


def test_sound_is_held_back_for_pictures_that_come_later() -> None:
    found = run(packets(20), 20_000, hold_ms=150)
    settled = found["delays"][300:]
    assert all(delay is not None and 150 <= delay <= 230 for delay in settled), settled[-3:]


def test_time_that_jumps_is_a_new_beginning() -> None:
    arrivals = packets(5) + [(at + 5000, taken + 3_600_000) for at, taken in packets(5)]
    found = run(arrivals, 10_000)
    assert found["mediaMs"] is None or found["mediaMs"] > 3_600_000
    assert found["breaks"] <= 2
