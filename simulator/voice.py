"""What a dispatcher says to an officer: a tone, through the gateway's talk WebSocket (docs/api.md, "Talk")."""

from __future__ import annotations

import asyncio
import json
import struct
from typing import TYPE_CHECKING

import numpy as np

from protocol.talk import PACKET_MS, PACKET_SAMPLES, RATE_HZ
from simulator.clock import Clock, SystemClock
from simulator.errors import GatewayRefused
from simulator.speaker import Sound

if TYPE_CHECKING:
    from simulator.desk import Desk

TONE_HZ = 440
LOUD = 12_000
FLOOR_S = 5.0


def tone(duration_s: float) -> Sound:
    """Samples of TONE_HZ, whole packets."""
    count = max(1, round(duration_s * 1000 / PACKET_MS)) * PACKET_SAMPLES
    samples: Sound = (np.sin(2 * np.pi * TONE_HZ * np.arange(count) / RATE_HZ) * LOUD).astype(np.int16)
    return samples


def alaw(samples: Sound) -> bytes:
    """ITU-T G.711, by its decision values: a byte a sample."""
    wide = samples.astype(np.int32)
    size = np.where(wide < 0, ~wide, wide) >> 4
    exponent = np.maximum(0, np.ceil(np.log2(size + 1)).astype(np.int32) - 4)
    mantissa = np.where(exponent == 0, size, size >> np.maximum(0, exponent - 1)) & 15
    codes = (exponent << 4 | mantissa | np.where(wide < 0, 0, 0x80)) ^ 0x55
    return bytes(codes.astype(np.uint8))


async def say(
    desk: Desk, unit_id: str, samples: Sound, *, aloud: bool = False, clock: Clock | None = None
) -> float:
    """Ask for the floor and speak, 20 ms each 20 ms; returns when the first packet went out.

    Raises GatewayRefused with the gateway's word for why not.
    """
    clock = clock if clock is not None else SystemClock()
    async with desk.socket(f"/units/{unit_id}/talk") as socket:
        await socket.send(json.dumps({"t": "begin", "aloud": aloud, "call": False}))
        try:
            async with asyncio.timeout(FLOOR_S):
                async for text in socket:
                    told = json.loads(text)
                    if told["t"] == "refused":
                        raise GatewayRefused(0, f"talk with {unit_id}: {told['why']}")
                    if told["t"] == "state" and told["you"]:
                        break
        except TimeoutError:
            raise GatewayRefused(0, f"talk with {unit_id}: no floor within {FLOOR_S:g} s") from None
        began_s = clock.monotonic_s()
        for number in range(len(samples) // PACKET_SAMPLES):
            part = samples[number * PACKET_SAMPLES : (number + 1) * PACKET_SAMPLES]
            await clock.sleep_s(max(0.0, began_s + number * PACKET_MS / 1000 - clock.monotonic_s()))
            await socket.send(struct.pack(">I", number) + alaw(part))
        await socket.send(json.dumps({"t": "end"}))
    return began_s
