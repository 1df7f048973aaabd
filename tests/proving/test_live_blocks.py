"""Live blocks: whole, timed and of their unit, whatever the chunks are and in whatever order they come."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.evidence.live import (
    HEAD_MAX_BYTES,
    PENDING_MAX_BYTES,
    RUNS_MAX,
    WAITING_MAX,
    BlockStream,
    Live,
    LiveBlock,
)
from gateway.evidence.places import Key
from protocol import matroska
from protocol.blocks import Reader
from protocol.media import LIVE, STARTS, Chunk

sys.path.insert(0, str(Path(__file__).parent))

from recorded import segment_file

KEY = Key("u1", "a1b2c3d4e5f60718", 0)
DATA = segment_file(1)
BLOCKS = Reader().feed(DATA)
TRUE = {(block.time_ms, DATA[block.at : block.at + block.size]) for block in BLOCKS}
HEAD = DATA[: DATA.index(b"\x1f\x43\xb6\x75")]


def cut_up(data: bytes, most: int, skip: frozenset[int]) -> list[Chunk]:
    """Live chunks of at most `most` bytes that begin at blocks, but for the blocks of these numbers."""
    starts = [(0, None)] + [(block.start, block.time_ms) for block in Reader().feed(data)]
    out = []
    for number, ((start, time_ms), (end, _)) in enumerate(
        zip(starts, [*starts[1:], (len(data), None)], strict=True)
    ):
        if number in skip:
            continue
        for at in range(start, end, most):
            first = at == start and time_ms is not None
            out.append(
                Chunk(
                    at,
                    LIVE | (STARTS if first else 0),
                    data[at : min(at + most, end)],
                    time_ms if first else None,
                )
            )
    return out


@given(st.integers(1, 60), st.frozensets(st.integers(1, 20), max_size=8))
def test_live_blocks_are_whole_and_timed_whatever_was_skipped(most: int, skip: frozenset[int]) -> None:
    data = segment_file(1)
    stream = BlockStream(KEY)
    found = [block for chunk in cut_up(data, most, skip) for block in stream.feed(chunk, 5)]
    expected = [
        (block.time_ms, data[block.at : block.at + block.size])
        for number, block in enumerate(Reader().feed(data), 1)
        if number not in skip
    ]
    assert [(block.time_ms, block.content) for block in found] == expected


@given(
    st.lists(st.tuples(st.integers(0, 3000), st.binary(min_size=1, max_size=200), st.booleans()), max_size=10)
)
def test_live_blocks_of_noise_are_passed_over(pieces: list[tuple[int, bytes, bool]]) -> None:
    stream = BlockStream(KEY)
    for offset, noise, starts in pieces:
        stream.feed(Chunk(offset, LIVE | (STARTS if starts else 0), noise, 7 if starts else None), 5)


@given(st.integers(1, 60), st.data())
def test_chunks_doubled_out_of_order_and_overlapping_give_true_blocks_or_none(
    most: int, data: st.DataObject
) -> None:
    """Of true bytes nothing false is made, wherever they begin and end and in whatever order they come."""
    pieces = cut_up(DATA, most, frozenset())
    order = data.draw(st.lists(st.sampled_from(pieces), max_size=60))
    overlapping = [
        Chunk(one.offset, one.flags, DATA[one.offset : one.offset + len(one.data) + more], one.time_ms)
        for one in order
        for more in [data.draw(st.integers(0, 100))]
    ]
    stream = BlockStream(KEY)
    found = [block for chunk in overlapping for block in stream.feed(chunk, 5)]
    assert {(block.time_ms, block.content) for block in found} <= TRUE
    # And whoever then sends in order is seen whole again.
    again = [block for chunk in pieces for block in stream.feed(chunk, 5)]
    assert {(block.time_ms, block.content) for block in again} == TRUE


@given(
    st.lists(
        st.tuples(st.integers(0, len(DATA) - 1), st.integers(1, 300), st.integers(0, 1 << 30)), max_size=20
    )
)
def test_chunks_that_lie_about_their_offsets_harm_nobody_else(lies: list[tuple[int, int, int]]) -> None:
    live = Live()
    with live.subscribe("u1") as mine, live.subscribe("u2") as other:
        for at, size, offset in lies:
            live.feed(KEY, Chunk(offset, LIVE | STARTS, DATA[at : at + size], 1), 5)
        for chunk in cut_up(DATA, 50, frozenset()):
            live.feed(Key("u2", KEY.recording, 0), chunk, 5)
        assert [block.content for block in other._waiting] == [DATA[b.at : b.at + b.size] for b in BLOCKS]
        assert all(block.key.unit_id == "u1" for block in mine._waiting)


def test_watcher_hears_one_unit_live_and_nothing_after() -> None:
    live = Live()
    pieces = cut_up(DATA, 50, frozenset())
    with live.subscribe("u1") as watcher:
        assert live.watched("u1") and not live.watched("u2")
        for chunk in pieces:
            live.feed(KEY, Chunk(chunk.offset, chunk.flags & ~LIVE, chunk.data, chunk.time_ms), 5)
        assert not watcher._waiting, "what is back-filled is not live"
        for chunk in pieces:
            live.feed(KEY, chunk, 5)
        assert len(watcher._waiting) == len(BLOCKS)
    assert not live.watched("u1") and not live._streams


async def test_watcher_that_is_slow_loses_the_oldest_and_is_told() -> None:
    live = Live()
    with live.subscribe("u1") as slow, live.subscribe("u1") as swift:
        for number in range(WAITING_MAX + 3):
            slow.put(LiveBlock(KEY, matroska.PICTURE, number, b"x", 5))
        assert slow.dropped == 3 and (await anext(slow)).time_ms == 3 and swift.dropped == 0
        waits = asyncio.ensure_future(anext(swift))
        for chunk in cut_up(DATA, 50, frozenset()):
            live.feed(KEY, chunk, 5)
        assert (await waits).head == HEAD


def picture_chunks(size: int, *, offset: int = 5000) -> list[Chunk]:
    buffer = bytearray(64)
    at = matroska.put_cluster(buffer, 0, 400)
    head = bytes(buffer[: matroska.put_block(buffer, at, matroska.PICTURE, 20, max(1, min(size, 4 << 20)))])
    if size == 0:
        head = head[:at] + b"\xa3\x84" + head[at + 5 :]
    elif size > 4 << 20:
        head = head[: at + 1] + (0x10000000 | size + 4).to_bytes(4, "big") + head[at + 5 :]
    data = head + bytes(size)
    return [
        Chunk(offset + n, LIVE | (0 if n else STARTS), data[n : n + 16_384], None if n else 420)
        for n in range(0, len(data), 16_384)
    ]


def fed(stream: BlockStream, pieces: list[Chunk]) -> list[LiveBlock]:
    return [block for chunk in pieces for block in stream.feed(chunk, 5)]


@pytest.mark.parametrize("size", [0, 1, matroska.MAX_BLOCK_BYTES])
def test_picture_of_any_size_that_the_wire_allows_is_whole(size: int) -> None:
    (block,) = fed(BlockStream(KEY), picture_chunks(size))
    assert (block.track, block.time_ms, len(block.content)) == (matroska.PICTURE, 420, size)


@pytest.mark.parametrize(
    "hostile",
    [
        picture_chunks(matroska.MAX_BLOCK_BYTES + 100),
        [Chunk(100, LIVE | STARTS, b"\xa3\x81\x81" + bytes(20), 1)],  # a block too short to have a time
        [Chunk(100, LIVE | STARTS, b"\xa3\x85\x01\0\0\x80x", 1)],  # of a track without its marker
        [Chunk(100, LIVE | STARTS, b"\xa0\x87\xfb\x85\x83\0\0\0x", 1)],  # a group that holds something else
        [Chunk(100, LIVE | STARTS, b"\xa0\x83\xa1\x85\x83\0\0\0x", 1)],  # that holds more than itself
        [Chunk(100, LIVE | STARTS, b"\x1f\x43\xb6\x75\x81\xe7\x81\x05" + bytes(20), 1)],  # a cluster of another kind
        [Chunk(100, LIVE | STARTS, b"\xec\xff" + bytes(20), 1)],  # a void without an end
    ],
)  # fmt: skip
def test_what_no_unit_of_ours_writes_is_passed_over_and_nothing_is_kept(hostile: list[Chunk]) -> None:
    stream = BlockStream(KEY)
    assert fed(stream, hostile) == [] and stream.pending_bytes <= PENDING_MAX_BYTES
    assert len(fed(stream, cut_up(DATA, 50, frozenset()))) == len(BLOCKS)


def test_file_that_never_comes_to_a_cluster_is_not_kept() -> None:
    stream = BlockStream(KEY)
    for number in range(200):
        data = b"\xec" + (0x4000 | 16_000).to_bytes(2, "big") + bytes(16_000)
        stream.feed(Chunk(number * len(data), LIVE, data), 5)
    assert stream._front is None and stream.pending_bytes == 0 and HEAD_MAX_BYTES < 200 * 16_000


def test_long_picture_is_whole_though_sound_goes_between_its_pieces() -> None:
    picture = picture_chunks(40_000, offset=50_000)
    sounds = [
        Chunk(10_000 + n, LIVE | STARTS, b"\xa3\x88\x82\0\x28\x80abcd", 440 + n)
        for n in range(len(picture) - 1)
    ]
    stream = BlockStream(KEY)
    order = [one for pair in zip(picture, [*sounds, None], strict=True) for one in pair if one is not None]
    found = fed(stream, order)
    assert [block.track for block in found] == [matroska.SOUND] * len(sounds) + [matroska.PICTURE]
    assert (found[-1].time_ms, len(found[-1].content)) == (420, 40_000)
    assert stream.pending_bytes == 0


def test_head_is_told_though_the_first_block_never_comes() -> None:
    """After an alarm what was recorded before it is on the card, and only the newest of it is sent live."""
    blocks = Reader().feed(DATA)
    later = [Chunk(one.start, LIVE | STARTS, DATA[one.start : one.end], one.time_ms) for one in blocks[5:]]
    found = fed(BlockStream(KEY), [Chunk(0, LIVE, HEAD), *later])
    assert [block.head for block in found] == [HEAD] + [None] * (len(later) - 1)


def test_blocks_that_begin_and_never_end_are_given_up() -> None:
    stream = BlockStream(KEY)
    for number in range(3 * RUNS_MAX):
        fed(stream, picture_chunks(40_000, offset=50_000 + 100_000 * number)[:2])
    assert len(stream._runs) == RUNS_MAX and stream.pending_bytes <= RUNS_MAX * 2 * 16_384
    assert len(fed(stream, cut_up(DATA, 50, frozenset()))) == len(BLOCKS)


def test_follower_hears_every_unit_until_it_is_forgotten() -> None:
    live, heard = Live(), []
    live.follow(heard.append)
    for unit_id in ("u1", "u2"):
        for chunk in cut_up(DATA, 50, frozenset()):
            live.feed(Key(unit_id, KEY.recording, 0), chunk, 5)
    assert len(heard) == 2 * len(BLOCKS) and live.watched("u3")
    live.forget("u1")
    assert set(live._streams) == {"u2"}
