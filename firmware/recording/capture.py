"""Camera and microphone into the ring, on one clock: pictures when they were taken, sound by its count of samples."""

import asyncio

from drivers import jpeg
from drivers.sound_clock import SoundClock

from protocol import matroska

RATE_HZ = 16_000
ENDED_MS = 1000
SILENT_MS = 2000
LUMP = 4
# Pictures leave room for sound, which is worth more and needs less. Above ring.BEFORE_PCT.
MOST_PICTURES_PCT = 90
KINDS = ("off", "alaw", "adpcm", "pcm")


class _Pcm:
    """16-bit samples as they come."""

    def __init__(self, samples=640):
        self.samples = samples

    def encode(self, pcm):
        return pcm


def encoder(kind):
    """(tag of the format, encoder, bytes of an ADPCM block) for one of KINDS; None for "off"."""
    if kind == "alaw":
        from drivers import alaw

        return matroska.A_LAW, alaw.Encoder(), 0
    if kind == "adpcm":
        from drivers import adpcm

        return matroska.IMA_ADPCM, adpcm.Encoder(), adpcm.BLOCK_BYTES
    if kind == "pcm":
        return matroska.PCM, _Pcm(), 0
    return None


class Capture:
    """Fills `ring`.

    Args:
        clock: drivers.clock.Clock.
        camera: has `async frame()`, a buffer with a JPEG that is good until the next call, and `late_ms`, how long ago
            it was taken then; or None.
        microphone: has `async readinto(buffer)`: 16-bit samples, 16 kHz, one channel; or None.
        ring: recording.ring.Ring.
        sound: one of KINDS.
        before_ms: how long what nobody records is kept.
        count: counts a name of messages.COUNTER_NAMES.

    Attributes: width, height (of the newest picture, 0 before it), came (called after each
    entry), dropped_pictures, dropped_sounds (while somebody recorded; the recorder takes and clears them).
    """

    def __init__(self, clock, camera, microphone, ring, sound, before_ms, count) -> None:
        self._clock = clock
        self._camera = camera
        self._microphone = microphone
        self._ring = ring
        self._before_ms = before_ms
        self._count = count
        self._coding = encoder(sound) if microphone is not None else None
        self.sound_clock = SoundClock(RATE_HZ)
        self.came = lambda: None
        self.width = self.height = 0
        self._heard_ms: int | None = None
        self.dropped_pictures = self.dropped_sounds = 0

    def format(self):
        """What a segment that begins now consists of."""
        tag, _, block_bytes = self._coding if self._coding is not None else (0, None, 0)
        camera = self._camera
        width, height = self.width, self.height
        if not width and camera is not None:
            width, height = camera.width, camera.height
        return matroska.Format(width, height, tag, RATE_HZ, block_bytes)

    @property
    def hears(self) -> bool:
        """Whether sound has come in the last two seconds."""
        return self._heard_ms is not None and self._clock.mono_ms() - self._heard_ms < SILENT_MS

    def _keep(self, track, mono_ms, content, most_pct) -> bool:
        kept = self._ring.put(track, mono_ms, content, most_pct)
        self._ring.trim(mono_ms - self._before_ms)
        if kept:
            self.came()
        return kept

    async def pictures(self, heart) -> None:
        """Task: every picture of the camera; one that is none, or has no room, is dropped and counted."""
        while True:
            heart.rest()
            picture = await self._camera.frame()
            heart.beat()
            mono_ms = self._clock.mono_ms() - self._camera.late_ms
            size = jpeg.dimensions(picture)
            if size is not None:
                self.width, self.height = size
            if size is None or not self._keep(matroska.PICTURE, mono_ms, picture, MOST_PICTURES_PCT):
                if self._ring.reading:
                    self.dropped_pictures += 1
                self._count("pictures_dropped")
            await asyncio.sleep_ms(0)

    async def sounds(self, heart) -> None:
        """Task: packets of sound, some 25 a second."""
        _, coder, _ = self._coding
        size = 2 * coder.samples
        # Several packets at once: while the card held everything up, more than one has come.
        pcm = memoryview(bytearray(LUMP * size))
        used = 0
        while True:
            heart.rest()
            count = await self._microphone.readinto(pcm[used:])
            heart.beat()
            if not count:
                # A stream that has ended returns at once for ever.
                await asyncio.sleep_ms(ENDED_MS)
                continue
            used += count
            self._heard_ms = self._clock.mono_ms()
            at = 0
            while used - at >= size:
                at += size
                # What stands behind it in the lump came later.
                behind_ms = (used - at) * 500 // RATE_HZ
                self._packet(coder, pcm[at - size : at], self._heard_ms - behind_ms)
                await asyncio.sleep_ms(0)
            if at:
                used -= at
                pcm[:used] = pcm[at : at + used]

    def _packet(self, coder, pcm, heard_ms: int) -> None:
        began_ms = self.sound_clock.took(coder.samples, heard_ms)
        if not self.sound_clock.settled:
            return
        if not self._keep(matroska.SOUND, began_ms, coder.encode(pcm), 100):
            if self._ring.reading:
                self.dropped_sounds += 1
            self._count("sounds_dropped")

    def take_dropped(self):
        """(pictures, sounds) dropped since the last call."""
        found = self.dropped_pictures, self.dropped_sounds
        self.dropped_pictures = self.dropped_sounds = 0
        return found

    def tasks(self):
        """[(name, coroutine function of a heart, its limit in ms)]."""
        found = []
        if self._camera is not None:
            found.append(("camera", self.pictures, 10_000))
        if self._coding is not None:
            found.append(("microphone", self.sounds, 10_000))
        return found
