"""One viewer that is slow: old pictures go first, nothing grows, everything that goes is counted."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.relay.telling import (
    ALONE,
    GAP,
    PICTURE,
    SOUND,
    Block,
    Codec,
    Head,
    PictureForm,
    Sent,
    Telling,
    Who,
    Wish,
)
from gateway.relay.viewer import ENDED_BEHIND_S, OTHERS_MAX, PICTURES_MAX, WISH_PAUSE_S, Viewer, Why

MOST = 100_000
HEAD = Head(None, PictureForm(Codec.JPEG, 320, 240))


def picture(size: int = 10, codec: Codec = Codec.JPEG, alone: bool = True) -> Block:
    return Block(PICTURE, codec, ALONE if alone else 0, 1_000, 1_001, bytes(size))


def packet(size: int = 10) -> Block:
    return Block(SOUND, Codec.A_LAW, 0, 1_000, 1_001, bytes(size))


def viewer(*, echoes: bool = False) -> Viewer:
    return Viewer(Who("lin", "Lin Yan", echoes=echoes), MOST, 0.0)


def taken(one: Viewer) -> list[Telling]:
    """All that it can take now."""
    found = []
    while (told := one._next()) is not None:
        found.append(told)
    return found


def numbers(told: list[Telling]) -> list[int]:
    return [one.number for one in told if isinstance(one, Sent)]


def test_blocks_come_in_order_after_their_head() -> None:
    one = viewer()
    for block in (picture(), packet(), picture()):
        one.put(block, HEAD)
    told = taken(one)
    assert told[0] == HEAD and numbers(told) == [1, 2, 3]
    assert not any(said.flags & GAP for said in told[1:])  # type: ignore[union-attr]


def test_slow_viewer_loses_old_pictures_and_keeps_sound() -> None:
    one = viewer()
    for _ in range(50):
        one.put(picture(), HEAD)
        one.put(packet(), HEAD)
    told = [said for said in taken(one) if isinstance(said, Sent)]
    sounds = [said for said in told if said.block.track == SOUND]
    assert len(sounds) == 50 and len(told) == 50 + PICTURES_MAX
    assert one.dropped == 50 - PICTURES_MAX and told[-1].number == 100
    assert numbers(told) == sorted(numbers(told))  # type: ignore[arg-type]
    assert bool(told[0].flags & GAP) and told[0].number == 2


@given(st.lists(st.tuples(st.booleans(), st.integers(1, MOST)), max_size=400))
def test_what_waits_is_bounded_and_what_went_is_counted(blocks: list[tuple[bool, int]]) -> None:
    one = viewer()
    for is_picture, size in blocks:
        one.put(picture(size) if is_picture else packet(size), HEAD)
        assert one._waiting_bytes <= MOST
        assert len(one._pictures) <= PICTURES_MAX and len(one._others) <= OTHERS_MAX
    came = numbers(taken(one))
    assert len(came) + one.dropped == len(blocks) and one._waiting_bytes == 0


def test_picture_that_needs_one_that_went_is_not_sent_and_a_whole_one_is_asked_for() -> None:
    one = viewer()
    one.put(picture(codec=Codec.H264, alone=False), HEAD)
    assert taken(one) == [] and one.broken and one.dropped == 0, "it begins with one that can be decoded"
    one.put(picture(codec=Codec.H264), HEAD)
    for _ in range(PICTURES_MAX):
        one.put(picture(codec=Codec.H264, alone=False), HEAD)
    assert one.broken and taken(one) == []
    one.put(picture(codec=Codec.H264, alone=False), HEAD)
    one.put(picture(codec=Codec.H264), HEAD)
    one.put(picture(codec=Codec.H264, alone=False), HEAD)
    told = taken(one)
    assert numbers(told) == [PICTURES_MAX + 3, PICTURES_MAX + 4] and not one.broken
    assert one.dropped == PICTURES_MAX + 2


def test_viewer_that_says_it_saw_nothing_gets_no_pictures_and_is_then_ended() -> None:
    one = viewer(echoes=True)
    one.put(picture(), HEAD)
    taken(one)
    one.check(2.0)
    one.put(picture(), HEAD)
    assert numbers(taken(one)) == [2]
    one.check(4.0)
    one.put(picture(), HEAD)
    one.put(packet(), HEAD)
    assert numbers(taken(one)) == [4] and one.slow and one.dropped == 1
    one.seen(4)
    one.put(picture(), HEAD)
    assert numbers(taken(one)) == [5]
    one.check(4.0 + ENDED_BEHIND_S + 0.1)
    assert one.why is Why.BEHIND
    one.put(picture(), HEAD)
    assert not one._pictures


def test_seeing_what_was_never_sent_is_an_error() -> None:
    one = viewer(echoes=True)
    one.put(picture(), HEAD)
    with pytest.raises(ValueError, match="never sent"):
        one.seen(1)


def test_viewer_that_takes_nothing_is_ended() -> None:
    one = viewer()
    one.check(100.0)
    one.put(picture(), HEAD)
    one.check(100.0 + ENDED_BEHIND_S - 0.1)
    assert one.why is None
    one.check(100.0 + ENDED_BEHIND_S + 0.1)
    assert one.why is Why.BEHIND


async def test_viewer_that_waits_is_woken_by_a_block_and_by_its_end() -> None:
    one = viewer()
    first = asyncio.ensure_future(anext(one))
    await asyncio.sleep(0)
    one.put(packet(), HEAD)
    assert await first == HEAD and isinstance(await anext(one), Sent)
    told = [said async for said in _until_end(one)]
    assert told == []


async def _until_end(one: Viewer):  # type: ignore[no-untyped-def]
    one.end(Why.LEFT)
    async for said in one:
        yield said


def test_wishes_are_told_on_once() -> None:
    one, told = viewer(), []
    one.on_wish = lambda: told.append(one.wish)
    one.want(Wish(fps=5))
    one.want(Wish(fps=5))
    assert told == [Wish(fps=5)]


def test_wishes_in_quick_succession_are_followed_twice_a_second_and_the_newest_is() -> None:
    one, told = viewer(), []
    one.on_wish = lambda: told.append(one.wish)
    for height in range(64, 1064):
        one.want(Wish(height=height))
    assert told == [Wish(height=64)], "the first at once"
    one.check(WISH_PAUSE_S - 0.1)
    assert len(told) == 1
    one.check(WISH_PAUSE_S)
    assert told == [Wish(height=64), Wish(height=1063)]
    one.want(Wish(height=64))
    one.want(one.wish)
    one.check(2 * WISH_PAUSE_S)
    assert len(told) == 2, "taken back before its turn came"
