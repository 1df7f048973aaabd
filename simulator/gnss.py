"""The GNSS receiver of a simulated unit: follows a track, and can misbehave as real ones do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Literal, get_args

from simulator import geodesy, nmea
from simulator.clock import Clock
from simulator.nmea import Epoch
from simulator.track import Track, TrackPoint

Mode = Literal["good", "no_fix", "jump", "future_date", "null_island", "garbage", "bad_checksum", "silent"]
MODES: tuple[str, ...] = get_args(Mode)
JUMP_M = 5000.0
FUTURE_MS = 3 * 365 * 86_400_000
FUZHOU = Track("Fuzhou", (TrackPoint(0.0, 26.08, 119.30),))


def output(mode: Mode, epoch: Epoch, count: int, random: Random) -> bytes:
    """What the receiver says for the `count`-th epoch in `mode`.

    jump: every other epoch 5 km north. future_date: three years ahead. null_island: a "valid" 0/0.
    garbage: cut and flipped sentences between random bytes. no_fix: time without a position.
    """
    if mode == "silent":
        return b""
    if mode == "no_fix":
        return nmea.burst(replace(epoch, quality=0, satellites=2))
    if mode == "jump" and count % 2:
        lat, lon = geodesy.offset(epoch.lat, epoch.lon, JUMP_M, 0)
        return nmea.burst(replace(epoch, lat=lat, lon=lon))
    if mode == "future_date":
        return nmea.burst(replace(epoch, utc_ms=epoch.utc_ms + FUTURE_MS))
    if mode == "null_island":
        return nmea.burst(replace(epoch, lat=0.0, lon=0.0))
    good = nmea.burst(epoch)
    if mode == "bad_checksum":
        return (
            b"\r\n".join(
                line[:-1] + (b"0" if line[-1:] != b"0" else b"1") for line in good.split(b"\r\n") if line
            )
            + b"\r\n"
        )
    if mode == "garbage":
        flipped = bytearray(good)
        for _ in range(8):
            flipped[random.randrange(len(flipped))] ^= 1 << random.randrange(8)
        cut = random.randrange(len(flipped))
        return random.randbytes(64) + bytes(flipped[:cut]) + b"$GN" + b"R" * 300 + bytes(flipped[cut:])
    return good


class Receiver:
    """Says an epoch `rate_hz` times a second through `feed` while `run` runs."""

    def __init__(self, feed: Callable[[bytes], object], clock: Clock, *, seed: int = 1) -> None:
        self._feed, self._clock, self._random = feed, clock, Random(seed)
        self._track = FUZHOU
        self._speed = 0.0
        self._base_s = 0.0  # track time at _since_s
        self._since_s = clock.monotonic_s()
        self._count = 0
        self.mode: Mode = "good"
        self.rate_hz = 1.0

    @property
    def track(self) -> Track:
        """The track that is followed now."""
        return self._track

    @property
    def epochs(self) -> int:
        """How many epochs it has told since it was switched on."""
        return self._count

    @property
    def moving(self) -> bool:
        """Whether time on the track goes on."""
        return self._speed > 0

    def follow(self, track: Track, speed: float = 1.0, start_s: float = 0.0) -> None:
        """Follow `track`, to and fro, `speed` times as fast as recorded, from `start_s` of its time."""
        if not 0 <= speed <= 1000:
            raise ValueError("speed must be from 0 to 1000")
        self._track, self._speed, self._base_s = track, speed, start_s
        self._since_s = self._clock.monotonic_s()

    def set_speed(self, speed: float) -> None:
        """Go on from here at another speed; 0 stands still."""
        self.follow(self._track, speed, self._track_s())

    def _track_s(self) -> float:
        return self._base_s + (self._clock.monotonic_s() - self._since_s) * self._speed

    def epoch(self) -> Epoch:
        """What a good receiver knows now."""
        position = self._track.to_and_fro(self._track_s())
        speed_m_s = position.speed_m_s * self._speed
        step_ms = round(1000 / self.rate_hz)
        return Epoch(
            utc_ms=self._clock.utc_ms() // step_ms * step_ms,
            lat=position.lat,
            lon=position.lon,
            altitude_m=position.altitude_m,
            speed_m_s=speed_m_s if speed_m_s > 0.2 else 0.0,
            course_deg=position.course_deg,
        )

    async def run(self) -> None:
        """Until cancelled: one burst an epoch, on the full second of UTC as receivers do."""
        while True:
            step_ms = 1000 / self.rate_hz
            await self._clock.sleep_s((step_ms - self._clock.utc_ms() % step_ms) / 1000 + 0.001)
            self._count += 1
            data = output(self.mode, self.epoch(), self._count, self._random)
            if data:
                self._feed(data)

    async def __aenter__(self) -> Receiver:
        self._task = asyncio.create_task(self.run(), name="gnss receiver")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
