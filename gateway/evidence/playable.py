"""A recording as a browser or a courtroom plays it: H.264 and AAC in MP4, with time, unit, case and position burned in.

It is written segment by segment, so that a long recording needs no more memory than a short one. Pictures keep their
own times (variable rate); sound is laid on the same clock, a gap is silence and a drift is taken up, so that both stay
within 40 ms of each other.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import av
import numpy as np

from gateway.evidence import derive
from gateway.evidence.derive import RATE_HZ, Covered, Master, Timed
from gateway.evidence.frames import Picture, Sound, a_law, fitted, ima_adpcm, pcm, picture
from gateway.evidence.overlay import Overlay
from protocol import matroska

SOUND_BIT_RATE = 48_000
GAP_MS = 20
"""Sound that is off by less goes on without a seam, and is brought back unheard."""
TOGETHER_MS = 20
"""Pictures that came together, as after a moment in which the unit was busy, are shown 1 ms apart; none is lost."""
STEADY_MS = 2
"""So much is off by the rounding of times alone."""
SLEW_SAMPLES = 320
"""Of so many samples one is left out or added meanwhile: 0.3 %, a twentieth of a semitone."""
FOUND_MS = 1_000
"""What was found in one picture is hidden so long before and after it: a face that turns away is still that face."""
LOOK_MS = 200
"""So often pictures are looked at."""
HASHES_MAX = 2_000

Find = Callable[[Picture], list[Covered]]


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A picture that is not written yet, and the position known then."""

    timed: Timed
    place: str


class Playable:
    """A copy of `masters`, which are then added in this order. `with Playable(...) as copy: copy.add(...)`.

    covered: rectangles that it does not show. find: what it hides besides: looks at pictures, five in a second.
    `pictures` and `refused` count what was written, and what could not be decoded; without any there is no file.
    `left_out`: see `derive.Clock`.
    """

    def __init__(
        self,
        out: Path,
        masters: Sequence[Master],
        overlay: Overlay,
        covered: Sequence[Covered] = (),
        find: Find | None = None,
    ) -> None:
        self.pictures = 0
        self.refused = 0
        self._out = out
        self._overlay = overlay
        self._hashes = " ".join(master.manifest.sha256.hex() for master in masters)[:HASHES_MAX]
        self._covered = deque(sorted(covered, key=lambda one: one.from_ms))
        self._active: list[Covered] = []
        self._find = find
        self._clock = derive.Clock()
        self.left_out = self._clock.left_out
        self._before: list[Master] = []
        self._container: Any = None
        self._size = (0, 0)
        self._written = 0
        self._last_ms = -1
        self._place = ""
        self._looked_ms = -LOOK_MS
        self._pending: deque[_Waiting] = deque()
        self._found: deque[tuple[int, Covered]] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._container is None:
            return
        if kind is None:
            self._draw_until(None)
            self._container.mux(self._video.encode(None))
            self._container.mux(self._audio.encode(None))
        self._container.close()

    def add(self, master: Master) -> None:
        """The next segment. Its file must stay until all were added: those before the first picture are read again.
        Raises OSError."""
        if self._container is None:
            size = derive.size_of(master)
            if size is None:
                self._before.append(master)
                return
            self._begin(size)
            for earlier in self._before:
                self._write(earlier)
        self._write(master)

    def _begin(self, size: tuple[int, int]) -> None:
        self._size = size
        self._container = av.open(str(self._out), "w", format="mp4", options={"movflags": "+faststart"})
        self._container.metadata["comment"] = (
            f"derived copy, not the evidence; masters sha256: {self._hashes}"
        )
        self._video = self._container.add_stream("libx264", options={"preset": "veryfast", "crf": "24"})
        self._video.width, self._video.height, self._video.pix_fmt = *size, "yuv420p"
        self._video.time_base = self._video.codec_context.time_base = Fraction(1, 1000)
        self._audio = self._container.add_stream("aac", rate=RATE_HZ, layout="mono")
        self._audio.bit_rate = SOUND_BIT_RATE

    def _write(self, master: Master) -> None:
        sound = derive.sound_of(master.path)
        for timed in self._clock.place(master):
            track = timed.piece.track
            if track == matroska.POSITION:
                self._place = timed.piece.content.decode("utf-8", "replace")
            elif track == matroska.SOUND:
                self._hear(samples(timed.piece.content, sound), timed.at_ms)
            elif track == matroska.PICTURE and timed.at_ms > self._last_ms - TOGETHER_MS:
                self._see(replace(timed, at_ms=max(timed.at_ms, self._last_ms + 1)))

    def _hear(self, heard: Sound, at_ms: int) -> None:
        for part in laid(heard, at_ms, self._written):
            frame = av.AudioFrame.from_ndarray(part[None, :], format="s16", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = RATE_HZ, self._written, Fraction(1, RATE_HZ)
            self._container.mux(self._audio.encode(frame))
            self._written += len(part)

    def _see(self, timed: Timed) -> None:
        decoded = picture(timed.piece.content)
        if decoded is None:
            self.refused += 1
            return
        self._last_ms = timed.at_ms
        if self._find is not None and timed.at_ms >= self._looked_ms + LOOK_MS:
            self._looked_ms = timed.at_ms
            self._found.extend((timed.at_ms, one) for one in self._find(fitted(decoded, *self._size)))
        self._pending.append(_Waiting(timed, self._place))
        self._draw_until(timed.at_ms - (FOUND_MS if self._find is not None else 0))

    def _draw_until(self, at_ms: int | None) -> None:
        """Write the pictures up to this time, or all."""
        while self._pending and (at_ms is None or self._pending[0].timed.at_ms <= at_ms):
            self._draw(self._pending.popleft())

    def _draw(self, one: _Waiting) -> None:
        decoded, at_ms = picture(one.timed.piece.content), one.timed.at_ms
        assert decoded is not None
        shown = derive.hidden(fitted(decoded, *self._size), self._hidden_at(at_ms))
        drawn = self._overlay.draw(shown, derive.lines(one.timed, one.place))
        image = av.VideoFrame.from_ndarray(drawn, format="rgb24")
        image.pts, image.time_base = at_ms, Fraction(1, 1000)
        self._container.mux(self._video.encode(image))
        self.pictures += 1

    def _hidden_at(self, at_ms: int) -> Iterator[Covered]:
        while self._covered and self._covered[0].from_ms <= at_ms:
            self._active.append(self._covered.popleft())
        self._active = [one for one in self._active if at_ms < one.to_ms]
        while self._found and self._found[0][0] < at_ms - FOUND_MS:
            self._found.popleft()
        yield from self._active
        yield from (one for found_ms, one in self._found if found_ms <= at_ms + FOUND_MS)


def mp4(
    masters: Sequence[Master],
    out: Path,
    *,
    overlay: Overlay,
    covered: Sequence[Covered] = (),
    find: Find | None = None,
) -> int:
    """Write a playable copy of `masters` to `out`; returns how many pictures could not be decoded.

    Raises OSError, ValueError when there is no picture at all (then there is no file).
    """
    with Playable(out, masters, overlay, covered, find) as copy:
        for master in masters:
            copy.add(master)
    if not copy.pictures:
        raise ValueError("there is no picture in these segments")
    return copy.refused


def samples(data: bytes, sound: int) -> Sound:
    """Samples of a block. sound: PCM, A_LAW or IMA_ADPCM."""
    if sound == matroska.PCM:
        return pcm(data)
    return a_law(data) if sound == matroska.A_LAW else ima_adpcm(data, len(data))


def laid(heard: Sound, at_ms: int, written: int) -> Iterator[Sound]:
    """What has to be written so that `heard` is at `at_ms`: silence first after a gap, less of it if it overlaps.

    What is off by less than a gap, as a quartz drifts, is made a little longer or shorter.
    """
    off = at_ms * RATE_HZ // 1000 - written
    if off > GAP_MS * RATE_HZ // 1000:
        for begin in range(0, off, RATE_HZ):
            yield np.zeros(min(RATE_HZ, off - begin), np.int16)
    elif off < -GAP_MS * RATE_HZ // 1000:
        heard = heard[-off:]
    elif abs(off) > STEADY_MS * RATE_HZ // 1000:
        heard = _slewed(heard, -(-len(heard) // SLEW_SAMPLES) * (1 if off > 0 else -1))
    if len(heard):
        yield heard


def _slewed(heard: Sound, by: int) -> Sound:
    """The same sound with `by` samples more, or fewer."""
    length = max(1, len(heard) + by)
    places = np.linspace(0, len(heard) - 1, length)
    return np.interp(places, np.arange(len(heard)), heard).round().astype(np.int16)
