"""Power cuts at every write while a card's folders fill: what was begun is found again, and what is begun then, too.

Where the card is empty there are the remains of names and pictures: a folder that grows shows them when the power fails
before they are cleared.
"""

import gc
import os

import blockdev
from protocol import media
from protocol.manifest import Manifest
from protocol.records import Stamp
from recording.shelf import Shelf, segment_of

SIZE_BYTES = 200 * 512
# A cluster of 512 bytes holds 13 folders: while these are recorded a folder of folders is full, too.
SEGMENTS = range(11, 15)
BOOT = 7
CONTENT = b"picture and sound" * 40


class Board:
    """Of a unit whose card is mounted at `path`."""

    def __init__(self, path):
        self._path = path

    def card(self):
        return self._path

    def card_lost(self):
        raise AssertionError("the card refused")


def shelf_on(path, boot):
    said = []
    shelf = Shelf(Board(path), boot, said.append, said.append)
    assert shelf.look(), said
    return shelf


def facts_of(segment):
    first = Stamp(utc_s=1_795_000_000, utc_ms=0, quality=2, mono_ms=1, boot=BOOT)
    return Manifest(
        segment=segment, size=1, sha256=bytes(32), first=first, last=first, seq=0, previous=bytes(32), flags=0,
        dropped_pictures=0, dropped_sounds=0, unit="U1", key_id=bytes(8),
    ).encode()  # fmt: skip


def record(shelf, recording, number):
    """A segment, as far as its signed manifest; yields its name after each of its files."""
    segment = bytes([recording]) * media.RECORDING_BYTES + number.to_bytes(4, "big")
    name = shelf.new_name(segment)
    facts = facts_of(segment)
    shelf.put_facts(name, 1, facts)
    shelf.put(name, ".mkv", CONTENT)
    yield name
    shelf.put(name, ".tip", facts)
    shelf.remove(name, ".new")
    yield name


async def no_pause():
    pass


def found_on(path):
    """{segment: endings} of everything that a unit finds on a card."""
    found = {}
    for entry in shelf_on(path, BOOT + 2).names():
        if entry is not None:
            found.setdefault(segment_of(entry[0]), set()).add(entry[1])
    return found


def fill_with_remains(path):
    """All that is free, with what looks like names in a folder, and like the ends of folders between them."""
    entries = [bytes(32), b"PICTURE JPG\x20" + b"\x11" * 20, b"\x41" + b"\xff" * 10 + b"\x0f" + b"\xff" * 20]
    block = b"".join([entries[at % 3] for at in range(16)])
    with open(path + "/remains", "wb") as stream:
        try:
            while stream.write(block) == len(block):
                pass
        except OSError:
            # It is full.
            pass
    os.remove(path + "/remains")


def test_nothing_that_was_begun_is_hidden_by_a_folder():
    gc.collect()
    begun = set()

    def check(path, device):
        again = shelf_on(path, BOOT + 1)
        first = sum([segment[0] == 2 for segment in found_on(path)])
        for number in range(first, first + 2):
            for _ in record(again, 2, number):
                pass
        device.before = None
        found = found_on(path)
        assert all([".mkv" in found.get(segment, ()) for segment in begun]), (begun, found)
        assert sum([".tip" in endings for segment, endings in found.items() if segment[0] == 2]) >= 2, found

    cutter = blockdev.Sweep(blockdev.fat, blockdev.FAT_BLOCK_BYTES, SIZE_BYTES, check, again=149)
    fill_with_remains("/live")
    shelf = shelf_on("/live", BOOT)

    def go_on(number):
        for name in record(shelf, 1, number):
            begun.add(segment_of(name))
        if number % 2:
            shelf.put(name, ".ok", facts_of(segment_of(name)))
            shelf.remove(name, ".tip")

    for number in range(SEGMENTS[0]):
        go_on(number)
    with cutter:
        for number in SEGMENTS:
            go_on(number)
    print("%d power cuts, %d writes" % (cutter.cuts, cutter.device.writes))
    assert cutter.cuts > 400


async def test_folder_goes_with_its_last_segment_and_not_before():
    cutter = blockdev.Sweep(blockdev.fat, blockdev.FAT_BLOCK_BYTES, SIZE_BYTES, None)
    with cutter:
        cutter.device.before = None
        shelf = shelf_on("/live", BOOT)
        names = []
        for number in range(3):
            for name in record(shelf, 1, number):
                pass
            names.append(name)
        later = shelf_on("/live", BOOT + 1)
        for name in names:
            later.put(name, ".ok", facts_of(segment_of(name)))
            later.remove(name, ".tip")
        await later.list_stored(no_pause)
        assert sorted(os.listdir("/live/rec/7")) == ["0", "1", "2"]
        for left in (["1", "2"], ["2"]):
            assert later.drop_stored()
            assert sorted(os.listdir("/live/rec/7")) == left
        assert later.drop_stored() and os.listdir("/live/rec") == [] and not later.drop_stored()


async def test_folder_that_goes_while_it_is_listed_costs_nobody_the_card():
    """Of two who go through the folders, and one who removes what was stored, each may be anywhere."""
    cutter = blockdev.Sweep(blockdev.fat, blockdev.FAT_BLOCK_BYTES, SIZE_BYTES, None)
    with cutter:
        cutter.device.before = None
        for steps in range(12):
            shelf = shelf_on("/live", BOOT + steps)
            for number in range(2):
                for name in record(shelf, 1, number):
                    pass
                await shelf.stored(name, facts_of(segment_of(name)), len(CONTENT))
            shelf = shelf_on("/live", BOOT + steps + 1)
            await shelf.list_stored(no_pause)
            lister = shelf.names()
            for _ in range(steps):
                next(lister, None)
            while shelf.drop_stored():
                pass
            # Each that comes to its end tidies behind itself.
            for entry in shelf.names():
                assert entry is None
            for entry in lister:
                assert entry is None or entry[1] in (".mkv", ".ok")
            assert shelf.there and os.listdir("/live/rec") == []
