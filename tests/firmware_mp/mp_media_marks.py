"""Marks while a picture of several pages is written: they stand behind it, and the file stays what it is."""

import asyncio

from card_in_ram import Card, ran
from media_world import Gateway, MediaWorld, blocks_of, on_card, picture, until
from protocol import matroska
from protocol.manifest import CUT
from recording.segment import PAGE_BYTES, Segment

TIMEOUT_S = 110
RING_KIB = 6144
CARD_BYTES = 3_000_000
PICTURE_BYTES = 4 * PAGE_BYTES
SETTINGS = ', "segment_s": 60, "segment_kib": 16384, "pre_event_s": 1, "ring_kib": 512'


def world_of(time, card, gateway):
    card.time = time
    return MediaWorld(
        time, SETTINGS, lambda number: picture(number, PICTURE_BYTES), 2, gateway, prepare=card.prepare
    )


class At:
    """While it is in place, `deed` is called after the nth page of each picture, while the block is not whole yet."""

    def __init__(self, deed):
        self._real = Segment.fill
        self._deed = deed

        def fill(segment, content, at):
            at = self._real(segment, content, at)
            if len(content) == PICTURE_BYTES and at < PICTURE_BYTES:
                self._deed()
            return at

        Segment.fill = fill

    def undo(self):
        Segment.fill = self._real


def checked(path):
    """(pictures, texts that are marks) of a file whose pictures are whole."""
    pictures = marks = 0
    with open(path, "rb") as stream:
        for block, content in blocks_of(path):
            if block.track == matroska.PICTURE:
                pictures += 1
                stream.seek(block.at)
                kept = stream.read(block.size)
                number = int.from_bytes(content[-4:], "big")
                assert block.size == PICTURE_BYTES and bytes(kept) == bytes(picture(number, PICTURE_BYTES)), (
                    number
                )
            elif block.track == matroska.POSITION:
                marks += content[:2] == b"* "
    return pictures, marks


def test_mark_within_a_picture_stands_behind_it():
    card, gateway = Card(CARD_BYTES), Gateway()
    asked = []

    async def session(time):
        world = world_of(time, card, gateway)
        recorder = world.unit.media.recorder

        def mark():
            # In one page of each picture, another one each time; by the officer and by the command centre.
            asked.append(0)
            if len(asked) % 5 == 0:
                assert recorder.mark() and recorder.mark()
                asked[-1] = 2

        world.start()
        recorder.command(True)
        await until(lambda: recorder.segment is not None)
        at = At(mark)
        await asyncio.sleep_ms(10_000)
        at.undo()
        recorder.command(False)
        await until(lambda: len(gateway.sealed) == 1)
        await world.stop()

    assert ran(session)
    name = gateway.sealed[0]
    pictures, marks = checked("gw/" + name)
    assert pictures >= 15 and sum(asked) >= 8
    assert marks == len(gateway.manifests[name].marks) == sum(asked)
    card.card_lost()


def test_recorder_that_dies_within_a_picture_leaves_a_file_that_is_cut_before_it():
    card, gateway = Card(CARD_BYTES), Gateway()

    async def session(time):
        world = world_of(time, card, gateway)
        recorder = world.unit.media.recorder
        left = [20]

        def die():
            left[0] -= 1
            if left[0] == 0:
                raise ValueError("no reason")

        world.start()
        recorder.command(True)
        await until(lambda: recorder.segment is not None)
        died_in = recorder.segment
        at = At(die)
        await until(lambda: left[0] <= 0)
        at.undo()
        # It is started again, and goes on with a recording of its own.
        await until(lambda: recorder.segment is not None and recorder.segment is not died_in)
        assert world.unit.supervisor.restarts == 1
        await asyncio.sleep_ms(3000)
        recorder.command(False)
        await until(lambda: len(gateway.sealed) == 2 and not recorder.recording)
        await world.stop()

    assert ran(session)
    for name in gateway.sealed:
        assert checked("gw/" + name)[0] >= 3
    flags = [one.flags & CUT for one in gateway.check_chain()]
    assert flags == [CUT, 0], flags
    assert sorted(gateway.sealed) == on_card(".mkv", "/card")
    card.card_lost()
