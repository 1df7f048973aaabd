"""The annunciator's tones, made here as the console makes its own (`console/src/tone.ts`): one sound, one meaning."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float32]

ALARM_HZ = (880, 660, 880, 660)
ALARM_LOOP_S = 1.4
NEW_ALARM_HZ = (660, 880, 1100)
"""Another alarm came while one sounds already."""
TEST_HZ = (740,)
LOST_HZ = (520, 390, 300, 520, 390, 300)
BACK_HZ = (390, 520)
STEP_S = 0.18
EDGE_S = 0.01


def tone(rate_hz: int, steps_hz: Sequence[int], total_s: float | None = None) -> Samples:
    """Steps of STEP_S with soft edges, then silence up to `total_s`; full scale is 1. A little third harmonic cuts
    through noise."""
    step = int(STEP_S * rate_hz)
    at = np.arange(step)
    envelope = np.minimum(1, np.minimum(at, step - at) / (EDGE_S * rate_hz))
    total = max(len(steps_hz) * step, int((total_s or 0) * rate_hz))
    out = np.zeros(total, np.float32)
    for number, hz in enumerate(steps_hz):
        phase = 2 * np.pi * hz * at / rate_hz
        out[number * step : (number + 1) * step] = envelope * (0.8 * np.sin(phase) + 0.2 * np.sin(3 * phase))
    return out


def level(samples: Samples, rate_hz: int, hz: float) -> float:
    """How strong one frequency is in `samples`: the amplitude of a sine of that frequency, 1 being full scale."""
    if not len(samples):
        return 0.0
    turned = samples * np.exp(-2j * np.pi * hz * np.arange(len(samples)) / rate_hz)
    return float(2 * abs(turned.mean()))
