"""This machine's microphone and loudspeaker as a simulated unit's: real PortAudio, and PulseAudio's null sink."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from loudspeaker import room

PROGRAM = """
import time
import numpy as np
from simulator import scene, voice
from simulator.sources import microphone_of, speaker_of

ear, mouth = microphone_of("device")(), speaker_of("device")()
heard, until_s = np.zeros(0, np.int16), time.monotonic() + 30
while time.monotonic() < until_s:
    mouth.play(voice.tone(0.2).astype(np.int16), 0.0)
    heard = np.concatenate((heard, ear.listen(0, 200)))[-scene.RATE_HZ:]
    if len(heard) == scene.RATE_HZ and heard.any():
        spectrum = np.abs(np.fft.rfft(heard * np.hanning(len(heard))))
        if abs(int(np.argmax(spectrum)) - voice.TONE_HZ) < 5 and np.abs(heard).max() > 8000:
            print("heard")
            break
    time.sleep(0.2)
ear.close()
mouth.close()
"""


async def test_microphone_hears_what_the_loudspeaker_plays(tmp_path: Path) -> None:
    async with room(tmp_path / "room") as there:
        program = await asyncio.create_subprocess_exec(
            sys.executable, "-c", PROGRAM, env=there.environment, stdout=asyncio.subprocess.PIPE
        )
        said, _ = await program.communicate()
    assert said.strip() == b"heard"
