"""Speech to the officer: packets as they come, and samples to the loudspeaker as it takes them.

Between the two at most 200 ms wait: who speaks is heard late, or not at all, but never later and later. Everything is
made once; a packet that comes costs a copy, one that is played a table.
"""

from array import array

import micropython
from drivers.alaw import Decoder

from bodyunit.bell import Bell
from protocol.talk import ALOUD, LAST, PACKET_MS, PACKET_SAMPLES, TALK_BYTES, Packet

SLOTS = 10
START = 3
START_MS = START * PACKET_MS
END_MS = 500
MUTE_MS = 300
HOLD_MS = 10  # so long before the loudspeaker has nothing left, what is missing is filled
FADE = 80
# More than so many wait: a pause in the speech is made shorter, and what follows is heard earlier.
CALM_SLOTS = 5
QUIET_PEAK = 300
IDLE_MS = 2500


class Speech:
    """Args:
    mono_ms: the unit's monotonic clock, a function.
    speaker: has `async play(samples)`: 16 bits, 16 kHz; returns when the hardware has taken them.
    quiet: whether only what is ALOUD may be heard now.
    count: counts a name of messages.COUNTER_NAMES.
    """

    def __init__(self, mono_ms, speaker, quiet, count) -> None:
        self._mono_ms = mono_ms
        self._speaker = speaker
        self._quiet = quiet
        self._count = count
        self._bell = Bell()
        self._packet = Packet()
        self._sounds = memoryview(bytearray(SLOTS * PACKET_SAMPLES))
        self._numbers = array("I", bytes(4 * SLOTS))
        self._sizes = array("H", bytes(2 * SLOTS))
        self._flags = bytearray(SLOTS)
        self._first = self._waiting = 0
        self._pcm = memoryview(bytearray(2 * PACKET_SAMPLES))
        self._decoder = Decoder()
        self._talk = bytearray(TALK_BYTES)
        # Of the talk that ended with LAST: what of it still comes is late.
        self._over = bytearray(TALK_BYTES)
        self._talking = False
        self._playing = False
        self._calm = False
        self._faded = True
        self._newest = -1
        # The number that is to be played next.
        self._next = 0
        self._began_ms = self._came_ms = 0
        # Until when the loudspeaker has something.
        self._until_ms = -MUTE_MS

    @property
    def mutes(self) -> bool:
        """Whether the microphone would send back what the loudspeaker says."""
        return self._talking or self._mono_ms() < self._until_ms + MUTE_MS

    # In

    def take(self, payload) -> None:
        """A packet has come; it is valid only during this call. Raises ProtocolError for what is none."""
        packet = self._packet
        packet.take(payload)
        if not packet.flags & ALOUD and self._quiet():
            self._count("talk_dropped")
            return
        if not self._talking and packet.talk != self._over:
            self._begin()
        if not self._talking or packet.talk != self._talk or packet.number <= self._newest:
            self._count("talk_dropped")
            return
        self._newest = packet.number
        self._came_ms = self._mono_ms()
        if self._waiting == SLOTS:
            self._drop()
        slot = (self._first + self._waiting) % SLOTS
        size = len(packet.sound)
        start = slot * PACKET_SAMPLES
        self._sounds[start : start + size] = packet.sound
        self._numbers[slot], self._sizes[slot], self._flags[slot] = packet.number, size, packet.flags
        self._waiting += 1
        # The payload is not kept.
        packet.sound = b""
        self._bell.ring()

    def _begin(self) -> None:
        self._talk[:] = self._packet.talk
        self._talking, self._playing, self._faded, self._calm = True, False, True, False
        self._newest = -1
        self._next = self._packet.number
        self._first = self._waiting = 0
        self._began_ms = self._mono_ms()

    def _drop(self) -> None:
        self._advance()
        self._count("talk_dropped")

    def _advance(self) -> None:
        self._first = (self._first + 1) % SLOTS
        self._waiting -= 1

    # Out

    async def run(self, heart) -> None:
        """Task: plays what is said."""
        while True:
            heart.beat()
            wait_ms = self._step(self._mono_ms()) if self._talking else IDLE_MS
            if wait_ms:
                await self._bell.wait(wait_ms)
                continue
            self._until_ms = max(self._until_ms, self._mono_ms()) + PACKET_MS
            heart.rest()
            await self._speaker.play(self._pcm)

    def _step(self, now_ms: int) -> int:
        """0: there are 20 ms to be played; else the ms until it wants to be asked again."""
        if not self._playing:
            begun_ms = now_ms - self._began_ms
            if self._waiting < START and begun_ms < START_MS and not self._ends():
                return START_MS - begun_ms
            self._playing = True
        while self._waiting:
            number = self._numbers[self._first]
            if 0 < number - self._next <= SLOTS:
                # A hole; a longer one is no hole but speech that was held up, and time has passed instead of it.
                return self._silence()
            if self._play(number):
                return 0
            if not self._talking:
                return IDLE_MS
        if now_ms - self._came_ms >= END_MS:
            self._end()
            return IDLE_MS
        left_ms = self._until_ms - now_ms - HOLD_MS
        return left_ms if left_ms > 0 else self._silence()

    def _ends(self) -> bool:
        """Whether the last that waits is the last of its talk."""
        return self._waiting > 0 and self._flags[(self._first + self._waiting - 1) % SLOTS] & LAST != 0

    def _play(self, number: int) -> bool:
        """The oldest that waits into the samples; False when nothing of it is to be heard."""
        slot = self._first
        flags, size = self._flags[slot], self._sizes[slot]
        start = slot * PACKET_SAMPLES
        self._advance()
        self._next = number + 1
        if not flags & ALOUD and self._quiet():
            # It has become silent since this came.
            self._count("talk_dropped")
            size = 0
        if size:
            peak = self._decoder.decode(self._sounds[start : start + size], self._pcm)
            if size < PACKET_SAMPLES:
                _fade_out(self._pcm, size, FADE, PACKET_SAMPLES)
            if self._faded:
                _fade_in(self._pcm, FADE)
            calm, self._calm = self._calm, peak < QUIET_PEAK
            if calm and self._calm and self._waiting >= CALM_SLOTS and not flags & LAST:
                self._count("talk_dropped")
                return False
            self._faded = False
            self._count("talk_played")
        if flags & LAST:
            self._over[:] = self._talk
            self._end()
        return size > 0

    def _silence(self) -> int:
        """What is missing: the last sample fades away."""
        self._next += 1
        _fade_out(self._pcm, 0, FADE, PACKET_SAMPLES)
        self._faded = True
        return 0

    def _end(self) -> None:
        while self._waiting:
            self._drop()
        self._talking = self._playing = False


@micropython.viper
def _fade_out(pcm, at: int, count: int, end: int):
    """From sample `at` on: what was before it fades to nothing in `count` samples, and nothing until `end`."""
    samples = ptr16(pcm)  # noqa: F821
    last = int(samples[at - 1 if at else end - 1])
    if last & 0x8000:
        last -= 0x10000
    left = count
    while at < end:
        if left > 0:
            left -= 1
        samples[at] = last * left // count
        at += 1


@micropython.viper
def _fade_in(pcm, count: int):
    """The first `count` samples rise from nothing."""
    samples = ptr16(pcm)  # noqa: F821
    at = 0
    while at < count:
        sample = int(samples[at])
        if sample & 0x8000:
            sample -= 0x10000
        samples[at] = sample * at // count
        at += 1
