"""Pictures made smaller, or into H.264, for viewers on thin links: few at once, off the event loop, the newest only.

What is decoded was looked at first: a picture that says it is larger than a camera makes is not decoded, and one that
cannot be is passed over. Nobody else waits for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from functools import partial

import av
import cv2
import numpy as np
import simplejpeg
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType

from gateway.evidence.frames import Picture, jpeg_size
from gateway.relay.pace import Pace
from gateway.relay.telling import ALONE, Block, Codec, PictureForm, Wish
from gateway.relay.viewer import Viewer

PIXELS_MAX = 5_200_000
"""Of the largest camera module for such units (2592 x 1944): decoded in 60 ms."""
KEY_EVERY_MS = 2_000
JPEG_QUALITY = 60
BITS_A_PIXEL = 1.5
"""Most that a second of H.264 has: 115 kbit/s of 320 x 240."""


@dataclass(frozen=True, slots=True)
class Made:
    """What came of a picture."""

    content: bytes
    alone: bool
    form: PictureForm


class Maker:
    """Of one stream; in one thread at a time. `height` None: as it is."""

    def __init__(self, codec: Codec, height: int | None) -> None:
        self._codec = codec
        self._height = height
        self._encoder: VideoCodecContext | None = None
        self._at_ms = 0

    def make(self, jpeg: bytes, at_ms: int, key: bool) -> list[Made]:
        """Nothing for what is no picture of a camera."""
        picture = scaled(jpeg, self._height)
        if picture is None:
            return []
        form = PictureForm(self._codec, picture.shape[1], picture.shape[0])
        if self._codec is Codec.JPEG:
            content = simplejpeg.encode_jpeg(picture, quality=JPEG_QUALITY, colorspace="RGB")
            return [Made(content, True, form)]
        if self._encoder is None or (self._encoder.width, self._encoder.height) != picture.shape[1::-1]:
            self._encoder, key = encoder_of(form), True
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
        self._at_ms = frame.pts = max(self._at_ms + 1, at_ms)
        frame.pict_type = PictureType.I if key else PictureType.NONE
        return [Made(bytes(packet), packet.is_keyframe, form) for packet in self._encoder.encode(frame)]

    def forget(self) -> None:
        """It failed: the next picture begins anew."""
        self._encoder = None


def scaled(jpeg: bytes, height: int | None) -> Picture | None:
    """The picture at most so high, with even sides; None for one that is too large or cannot be decoded."""
    size = jpeg_size(jpeg)
    if size is None or not 4 <= size[0] * size[1] <= PIXELS_MAX or min(size) < 2:
        return None
    wanted = min(size[1], height or size[1]) & ~1
    width = max(2, round(size[0] * wanted / size[1]) & ~1)
    try:
        picture: Picture = simplejpeg.decode_jpeg(jpeg, fastdct=True, min_height=wanted, min_width=width)
        if picture.shape[:2] != (wanted, width):
            picture = np.asarray(cv2.resize(picture, (width, wanted), interpolation=cv2.INTER_AREA), np.uint8)
    except (ValueError, cv2.error):
        return None
    return picture


def encoder_of(form: PictureForm) -> VideoCodecContext:
    """H.264 that every browser decodes, without a picture of delay."""
    encoder = av.CodecContext.create("libx264", "w")
    assert isinstance(encoder, VideoCodecContext)
    encoder.width, encoder.height = form.width, form.height
    encoder.pix_fmt = "yuv420p"
    encoder.time_base = Fraction(1, 1000)
    encoder.framerate = Fraction(10)
    encoder.thread_count = 1
    kbit_s = max(40, round(form.width * form.height * BITS_A_PIXEL / 1000))
    encoder.options = {
        "preset": "veryfast",
        "tune": "zerolatency",
        "profile": "baseline",
        "crf": "28",
        "maxrate": f"{kbit_s}k",
        "bufsize": f"{kbit_s}k",
        "x264-params": "keyint=infinite:scenecut=0:repeat-headers=1:annexb=1",
    }
    encoder.open()
    return encoder


class Transcode:
    """One stream that is made, for all viewers of a unit with the same wish. `turn`: asked when it has work."""

    def __init__(
        self,
        wish: Wish,
        turn: Callable[[Transcode], None],
        put: Callable[[Transcode, Block], None],
        failed: Callable[[Block], None],
    ) -> None:
        self.viewers: list[Viewer] = []
        self.form: PictureForm | None = None
        self._pace = Pace(wish)
        self._maker = Maker(wish.codec, wish.height)
        self._turn = turn
        self._put = put
        self._failed = failed
        self._source: Block | None = None
        """Of which something is being made."""
        self._next: Block | None = None
        self._key_ms: int | None = None
        self._ended = False

    def offer(self, block: Block) -> None:
        """A picture of the unit. While one is being made, only the newest waits."""
        if not self._ended and self._pace.due(block.taken_ms):
            self._next = block
            if self._source is None:
                self._turn(self)

    def end(self) -> None:
        """Nothing comes of it any more, not of what is being made either."""
        self._ended, self._next = True, None

    def job(self) -> Callable[[], list[Made]]:
        """What is to be done in a thread now; `done` afterwards."""
        block, self._next = self._next, None
        assert block is not None
        self._source = block
        key = (
            self._key_ms is None
            or not 0 <= block.taken_ms - self._key_ms < KEY_EVERY_MS
            or any(viewer.broken for viewer in self.viewers)
        )
        return partial(self._maker.make, block.content, block.taken_ms, key)

    def done(self, job: asyncio.Future[list[Made]]) -> None:
        """What came of `job` goes to the viewers."""
        source, self._source = self._source, None
        assert source is not None
        failed = job.cancelled() or job.exception() is not None
        if self._ended:
            return
        made = [] if failed else job.result()
        if failed:
            self._maker.forget()
        if not made and not job.cancelled():
            self._failed(source)
        for one in made:
            if one.alone:
                self._key_ms = source.taken_ms
            self.form = one.form
            flags = (source.flags & ~ALONE) | (ALONE if one.alone else 0)
            self._put(
                self,
                Block(source.track, one.form.codec, flags, source.taken_ms, source.received_ms, one.content),
            )
        if self._next is not None:
            self._turn(self)


class Transcodes:
    """All of them, at most `most`, and as many jobs at once: of one that has ended, its job still counts. Whoever has
    work waits here and not in the threads' queue, so that an end takes what waits with it."""

    def __init__(self, most: int, changed: Callable[[int], None]) -> None:
        self.jobs = 0
        """In the threads now."""
        self._most = most
        self._changed = changed
        self._running: set[Transcode] = set()
        self._waiting: dict[Transcode, None] = {}
        """In their order."""
        self._threads = ThreadPoolExecutor(max(1, most), "relay-transcode")

    def begin(
        self, wish: Wish, put: Callable[[Transcode, Block], None], failed: Callable[[Block], None]
    ) -> Transcode | None:
        """Another one; None when there are as many as may be. `put` is given what is made, `failed` each picture of
        which nothing could be made."""
        if len(self._running) >= self._most:
            return None
        made = Transcode(wish, self._turn, put, failed)
        self._running.add(made)
        self._changed(len(self._running))
        return made

    def end(self, transcode: Transcode) -> None:
        """Nobody wants it any more."""
        transcode.end()
        self._waiting.pop(transcode, None)
        self._running.discard(transcode)
        self._changed(len(self._running))

    def close(self) -> None:
        """No more."""
        self._most = 0
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _turn(self, transcode: Transcode) -> None:
        self._waiting[transcode] = None
        self._begin_jobs()

    def _begin_jobs(self) -> None:
        while self._waiting and self.jobs < self._most:
            first = next(iter(self._waiting))
            del self._waiting[first]
            self.jobs += 1
            job = asyncio.get_running_loop().run_in_executor(self._threads, first.job())
            job.add_done_callback(partial(self._done, first))

    def _done(self, transcode: Transcode, job: asyncio.Future[list[Made]]) -> None:
        self.jobs -= 1
        transcode.done(job)
        self._begin_jobs()
