"""Room on a card: what is left of a segment that found none, and how much more than one list of stored ones go."""

import gc
import os

from bodyunit.wire import encoded
from card_in_ram import Card
from recording import recovery
from recording.segment import Segment, Tail
from recording.shelf import LEAST_LISTED, MOST_LISTED, Shelf
from store.errors import ENOSPC

TIMEOUT_S = 110
RING_KIB = 6144
STORED = MOST_LISTED + 6


def test_segment_that_finds_no_room_for_its_head_harms_no_other_file():
    card = Card(300_000)
    card.card()
    os.mkdir("/card/d")
    with open("/card/much", "wb") as much:
        try:
            while much.write(bytes(512)) == 512:
                pass
        except OSError:
            pass

    def begun():
        try:
            Segment("/card/d/begun.mkv", bytes(12), bytes(700), 60, 0, lambda mono_ms: b"", Tail())
        except OSError as error:
            return error.errno

    assert begun() == ENOSPC
    os.remove("/card/d/begun.mkv")
    os.remove("/card/much")
    with open("/card/d/other.mkv", "wb") as other:
        other.write(b"evidence" * 1000)
    gc.collect()
    assert os.stat("/card/d/other.mkv")[6] == 8000
    card.card_lost()


async def stored_ones(card):
    """A shelf whose card holds STORED segments that may go, and says whether there is room for one more."""
    shelf = Shelf(card, 1, lambda name: None, lambda text: None)
    assert shelf.look()
    for number in range(STORED):
        segment = bytes(8) + number.to_bytes(4, "big")
        name = shelf.new_name(segment)
        told = encoded(recovery.nothing_known(segment, "U1"))
        shelf.put(name, ".mkv", bytes(1000))
        shelf.put(name, ".tip", told)
        await shelf.stored(name, told, 1000)
    return shelf


async def test_all_that_is_stored_goes_for_a_segment_and_the_recorder_beats_meanwhile():
    card = Card(2_000_000)
    shelf = await stored_ones(card)
    paused = []

    async def pause():
        paused.append(True)

    gone = 0
    while await shelf.drop_stored_of_all(pause):
        gone += 1
        assert bool(paused) == (gone > MOST_LISTED), gone
    assert gone == STORED
    card.card_lost()


async def test_recorder_finds_what_may_go_while_the_list_is_made_anew():
    card = Card(2_000_000)
    shelf = await stored_ones(card)
    gone = [0]

    async def pause():
        pass

    async def meanwhile():
        """The recorder takes all that is in the list, and more."""
        while gone[0] < MOST_LISTED + 1:
            assert await shelf.drop_stored_of_all(pause), gone
            gone[0] += 1

    await shelf.list_stored(meanwhile)
    assert gone[0] == MOST_LISTED + 1
    card.card_lost()


async def test_list_that_is_nearly_at_its_end_is_made_anew_before_somebody_waits_for_it():
    card = Card(2_000_000)
    shelf = await stored_ones(card)
    kib = shelf.stored_kib

    async def pause():
        pass

    assert not shelf.lists_again
    for gone in range(1, MOST_LISTED - LEAST_LISTED + 2):
        assert not shelf.lists_again, gone
        assert shelf.drop_stored()
    assert shelf.lists_again
    await shelf.list_stored(pause)
    assert not shelf.lists_again and 0 < shelf.stored_kib < kib
    left = 0
    while shelf.drop_stored():
        left += 1
        assert not shelf.lists_again
    assert left == STORED - gone
    card.card_lost()
