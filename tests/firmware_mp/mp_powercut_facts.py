"""Power cuts at every write of the card while more becomes known of the segment that is being recorded.

A whole unit records once, and every write is kept. For each state that a cut may leave, the card is then looked
through as at the next boot, and the manifest that is signed for the segment has to say what was known of it.
"""

import asyncio
import gc
import os
import vfs

import blockdev
from card_in_ram import Card, ran
from media_world import SEED, MediaWorld, picture
from protocol.manifest import ALARMED, CUT, PRE_EVENT, Manifest
from protocol.records import Fix, Stamp
from recording.chain import Chain
from recording.facts import MOST_MARKS, Facts
from recording.sealer import Sealer
from recording.shelf import Shelf, segment_of
from recording.waiting import Waiting
from store.copies import PAIR_PLACE_BYTES
from unit_world import Heart

RING_KIB = 8192
CARD_BYTES = 600_000
CASE_NO = "case 7"
SETTINGS = ', "pre_event_s": 2, "segment_s": 6, "case_no": "' + CASE_NO + '"'


class Recorded:
    """What a unit wrote, and from which write on what has to be known of its segment."""

    def __init__(self):
        self.image = None
        self.log = []
        self.segment = b""
        self.first = None
        self.alarm_id = b""
        self.alarm_at = 0
        self.marks_at = []
        self.head = None


async def until(true):
    waited_ms = 0
    while not true():
        waited_ms += 100
        assert waited_ms < 60_000, "in vain"
        await asyncio.sleep_ms(100)


def record(card):
    """A recording by command, in which an alarm is opened, and moments are marked."""
    found = Recorded()

    async def session(time):
        card.time = time
        world = MediaWorld(
            time, SETTINGS, lambda number: picture(number, 300), 2, sound=False, prepare=card.prepare
        )
        world.link(False)
        world.start()
        await asyncio.sleep_ms(4000)
        recorder = world.unit.media.recorder
        recorder.command(True)
        await until(lambda: recorder.segment is not None)
        name = recorder.name
        await asyncio.sleep_ms(500)
        found.image, card.log = bytearray(card.medium), found.log
        found.segment, found.first, found.head = segment_of(name), recorder._facts._first, recorder.head
        assert recorder.mark()
        await asyncio.sleep_ms(100)
        found.marks_at.append(len(found.log))
        await world.press()
        await asyncio.sleep_ms(200)
        found.alarm_id, found.alarm_at = world.unit.media._alarm(), len(found.log)
        for _ in range(2):
            assert recorder.mark()
            await asyncio.sleep_ms(100)
            found.marks_at.append(len(found.log))
        await until(lambda: recorder.name != name)
        await until(lambda: not recorder._shelf.waiting or world.unit.media.waiting.find(found.segment))
        card.log = None
        await world.stop()

    assert ran(session)
    card.card_lost()
    assert found.alarm_id and 0 < found.marks_at[0] < found.alarm_at < found.marks_at[1]
    return found


class Board:
    """Of a unit whose card is mounted at /cut."""

    def card(self):
        return "/cut"

    def card_lost(self):
        raise AssertionError("the card refused")


class Now:
    """In the place of the unit's clock."""

    def mono_ms(self):
        return 0


class Settings:
    """In the place of the unit's."""

    unit_id = "U1"


def sealed(found):
    """What the next boot signs for the segment on the card at /cut."""
    for leaf in ("chain.a", "chain.b", "signed.a", "signed.b"):
        try:
            os.remove(leaf)
        except OSError:
            # None was made yet.
            pass
    said = []
    shelf = Shelf(Board(), 99, said.append, said.append)
    waiting = Waiting()
    chain = Chain(os.getcwd(), said.append)
    sealer = Sealer(shelf, chain, waiting, Now(), Settings(), lambda: "", said.append, said.append)
    sealer.head = found.head

    async def session(time):
        task = asyncio.create_task(sealer.run(Heart()))
        await until(lambda: waiting.find(found.segment))
        task.cancel()

    assert ran(session)
    return Manifest.decode(shelf.read(waiting.find(found.segment).name, ".tip"))


def sweep(make_fs, block_bytes):
    with open("unit.sign.key", "wb") as stream:
        stream.write(SEED)
    found = record(Card(CARD_BYTES, make_fs, block_bytes))
    cuts, whole, known = 0, 0, 0
    copy = bytearray(len(found.image))
    for at, (start, data) in enumerate(found.log):
        gc.collect()
        device = blockdev.BlockDevice(found.image, block_bytes)
        for state in blockdev.torn(found.image, copy, device, start, data):
            left = blockdev.BlockDevice(copy, block_bytes)
            vfs.mount(make_fs(left), "/cut")
            try:
                manifest = sealed(found)
                told = (manifest.first.mono_ms, manifest.first.utc_s, manifest.case_no)
                assert told == (found.first.mono_ms, found.first.utc_s, CASE_NO), told
                assert manifest.flags & PRE_EVENT
                assert manifest.alarm_id in (
                    (found.alarm_id,) if at >= found.alarm_at else (None, found.alarm_id)
                )
                assert bool(manifest.flags & ALARMED) == (manifest.alarm_id is not None)
                assert len(manifest.marks or ()) >= sum([at >= mark_at for mark_at in found.marks_at])
                whole += not manifest.flags & CUT
                known += at >= found.alarm_at
            except Exception as error:
                print("power cut at write %d of %d (%s)" % (at, len(found.log), state))
                raise error
            finally:
                left.alive = False
                vfs.umount("/cut")
            cuts += 1
        blockdev.write_range(found.image, start, data, 0, block_bytes if data is None else len(data))
    print("%d power cuts, %d after the alarm, %d after the end" % (cuts, known, whole))
    assert whole and known > whole
    return cuts


def test_manifest_says_what_was_known_wherever_the_power_failed_on_fat():
    assert sweep(blockdev.fat, blockdev.FAT_BLOCK_BYTES) > 100


def test_manifest_says_what_was_known_wherever_the_power_failed_on_littlefs():
    assert sweep(blockdev.lfs, blockdev.LFS_BLOCK_BYTES) > 100


async def test_facts_as_older_firmware_wrote_them_are_read():
    card = Card(CARD_BYTES)
    shelf = Shelf(card, 1, print, print)
    assert shelf.look()
    name = shelf.new_name(bytes(12))
    facts = Facts(
        bytes(12), Stamp(utc_s=1_795_000_000, utc_ms=5, quality=2, mono_ms=1, boot=1), PRE_EVENT, CASE_NO
    )
    shelf.put(name, ".new", facts.told("U1", (0, 0), None))
    read = await shelf.facts(name)
    assert (read.first.utc_s, read.flags, read.case_no, read.marks) == (1_795_000_000, PRE_EVENT, CASE_NO, [])
    shelf.put(name, ".new", b"")
    assert await shelf.facts(name) is None
    shelf.put(name, ".new", b"TC" + bytes(40))
    assert await shelf.facts(name) is None
    card.card_lost()


async def test_facts_of_the_most_that_can_be_known_have_room():
    card = Card(CARD_BYTES)
    shelf = Shelf(card, 1, print, print)
    assert shelf.look()
    name = shelf.new_name(bytes(12))
    stamp = Stamp(utc_s=1_795_000_000, utc_ms=999, quality=3, mono_ms=1 << 52, boot=(1 << 32) - 1)
    facts = Facts(bytes(12), stamp, PRE_EVENT, "c" * 96)
    for at in range(MOST_MARKS):
        facts.see_alarm(bytes([at]) * 16)
        facts.mark(600_000 + at)
        fix = Fix(
            stamp, lat_e7=-900_000_000, lon_e7=-1_800_000_000, accuracy_dm=1 << 31, speed_cm_s=1 << 31,
            course_cdeg=35_999, altitude_dm=1_000_000, satellites=255, quality=8,
        )  # fmt: skip
        told = facts.told("u" * 32, ((1 << 32) - 1, (1 << 32) - 1), fix, 1 << 31)
        shelf.put_facts(name, facts.tellings, told)
        read = await shelf.facts(name)
        assert len(read.marks) == at + 1 and read.alarm_id == bytes([at]) * 16 and read.unit == "u" * 32
    assert os.stat(shelf.path(name, ".new"))[6] <= 2 * PAIR_PLACE_BYTES
    card.card_lost()
