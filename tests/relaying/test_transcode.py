"""Pictures that are made for viewers: never more at once than may, whatever is wished."""

from __future__ import annotations

import asyncio

import cv2
import numpy as np

from gateway.relay.telling import ALONE, PICTURE, Block, Codec, Wish
from gateway.relay.transcode import Transcode, Transcodes

WITHIN_S = 30.0
MOST = 2
JPEG = bytes(cv2.imencode(".jpg", np.zeros((480, 640, 3), np.uint8))[1])


def picture(taken_ms: int = 1_000) -> Block:
    return Block(PICTURE, Codec.JPEG, ALONE, taken_ms, taken_ms, JPEG)


class Heights:
    """Of the pictures that were made."""

    def __init__(self) -> None:
        self.made: list[int] = []
        self.failed = 0
        self._one = asyncio.Event()

    def put(self, transcode: Transcode, block: Block) -> None:
        assert transcode.form is not None
        self.made.append(transcode.form.height)
        self._one.set()

    def fail(self, source: Block) -> None:
        self.failed += 1
        self._one.set()

    async def next(self) -> None:
        async with asyncio.timeout(WITHIN_S):
            await self._one.wait()
        self._one.clear()


async def test_transcodes_that_end_at_once_leave_no_work_behind() -> None:
    running: list[int] = []
    transcodes, heights = Transcodes(MOST, running.append), Heights()
    for number in range(1_000):
        one = transcodes.begin(Wish(height=64 + number % 400), heights.put, heights.fail)
        assert one is not None
        one.offer(picture())
        assert transcodes.jobs <= MOST
        transcodes.end(one)
    last = transcodes.begin(Wish(height=470), heights.put, heights.fail)
    assert last is not None
    last.offer(picture())
    await heights.next()
    assert heights.made == [470] and not heights.failed
    assert max(running) == 1 and transcodes.jobs <= MOST
    transcodes.close()


async def test_only_the_newest_picture_waits_for_its_turn() -> None:
    transcodes, heights = Transcodes(1, lambda count: None), Heights()
    busy = transcodes.begin(Wish(height=100), heights.put, heights.fail)
    assert busy is not None and transcodes.begin(Wish(height=102), heights.put, heights.fail) is None
    busy.offer(picture(1_000))
    transcodes.end(busy)
    after = transcodes.begin(Wish(height=104), heights.put, heights.fail)
    assert after is not None
    for taken_ms in range(2_000, 3_000, 100):
        after.offer(picture(taken_ms))
    await heights.next()
    after.offer(picture(4_000))
    await heights.next()
    assert heights.made == [104, 104]
    transcodes.close()
    after.offer(picture(5_000))
    assert transcodes.jobs == 0
