"""The parts of recording, each alone: sizes, ring, segment, what is left of a cut file."""

import gc
import os
from binascii import crc32

from uctypes import addressof

from drivers import calendar, jpeg
from noise import lcg
from protocol import matroska
from protocol.blocks import Reader
from recording import recovery
from recording.capture import MOST_PICTURES_PCT
from recording.chain import worked
from recording.line import line
from recording.live import Live
from recording.pace import Pace
from recording.ring import LEAST_KIB, Ring, make
from recording.segment import PAGE_BYTES, Segment, Tail
from recording.waiting import Waiting

# Whole files are compared here.
RING_KIB = 4096


def test_picture_tells_its_size():
    good = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffc0001108012c01900301220002110103110100")
    assert jpeg.dimensions(good) == (400, 300)
    for bad in (b"", b"\xff\xd8", b"x" * 50, good[:20], b"\xff\xd8" + b"\xff\xe0\x00\x02" * 40):
        assert jpeg.dimensions(bad) is None


def test_calendar_goes_both_ways():
    for day in (0, 58, 59, 60, 365, 789, 11016, 20000, 20782, 47481):
        assert calendar.days(*calendar.date(day)) == day


def test_line_says_when_and_where_without_a_clock_and_without_a_fix_too():
    assert line((1795486330, 564, 3, 5, 7), None, None, "u1", "") == b"2026-11-24T02:12:10.564Z no fix u1"
    assert line((0, 0, 0, 5025464, 7), None, None, "u1", "A 1") == b"boot 7 +5025.464 s no fix u1 A 1"


def test_ring_gives_back_what_it_was_given_and_refuses_what_it_cannot_hold():
    noise = lcg(3)
    ring = Ring(8192)
    kept, number, refused = [], 0, 0
    ring.begin()
    for _ in range(6000):
        choice = next(noise) % 100
        if choice < 60:
            number += 1
            content = bytes([number & 255]) * (1 + next(noise) % 1200)
            if ring.put(1 + number % 2, number, content):
                kept.append((1 + number % 2, number, content))
            else:
                refused += 1
        elif choice < 97:
            entry = ring.peek()
            if entry is None:
                assert not kept
                continue
            track, mono_ms, content = entry
            assert (track, mono_ms, bytes(content)) == kept.pop(0)
            ring.advance()
        else:
            ring.end()
            before = ring.count
            kept = []
            ring.begin()
            assert ring.unread == before
            while ring.peek() is not None:
                track, mono_ms, content = ring.peek()
                kept.append((track, mono_ms, bytes(content)))
                ring.advance()
            numbers = [entry[1] for entry in kept]
            assert numbers == sorted(numbers) and len(set(numbers)) == len(numbers)
            kept = []
    assert refused > 50
    assert not ring.put(1, 1, b"") and not ring.put(1, 1, bytes(9000))


def test_ring_lies_behind_the_room_for_everything_else():
    gc.collect()
    before = bytearray(256)
    ring = make(512, None)
    after = bytearray(16_384)
    assert ring.size_bytes == 512 * 1024
    assert addressof(ring._view) - addressof(before) > 64 * 1024 and addressof(after) < addressof(ring._view)


def test_ring_is_small_where_there_is_no_room_for_a_large_one():
    noted = []
    gc.collect()
    assert make(64 * 1024, noted.append).size_bytes == LEAST_KIB * 1024 and len(noted) == 1


def test_ring_forgets_what_is_old_before_anybody_reads():
    ring = Ring(65536)
    for i in range(100):
        ring.put(2, i * 100, bytes(64))
        ring.trim(i * 100 - 1000)
    assert ring.count == 11
    assert ring.begin() == 11 and ring.peek()[1] == 8900


def test_ring_that_was_full_has_room_for_what_comes_while_it_is_written():
    ring = Ring(65536)
    for i in range(100):
        assert ring.put(1, i * 100, bytes(3000))
    assert ring.begin() == ring.count > 10
    assert [ring.put(1, 10_000 + i, bytes(3000), MOST_PICTURES_PCT) for i in range(4)] == [
        True,
        True,
        True,
        False,
    ]
    assert ring.put(2, 10_010, bytes(640))


def made(path, blocks, every=None):
    """A segment of `blocks` pictures and packets of sound; returns it, unclosed."""
    head, duration_at = matroska.head(matroska.Format(320, 240), bytes(16), "tipstaff", None, [])
    segment = Segment(path, bytes(12), head, duration_at, 1000, lambda mono_ms: b"here", Tail())
    for i in range(blocks):
        track = matroska.SOUND if i % 3 else matroska.PICTURE
        content = bytes([i & 255]) * (640 if track == matroska.SOUND else 100 + i * 997 % 40_000)
        segment.begin(track, 1000 + i * 40, len(content))
        at = 0
        while at < len(content):
            at = segment.fill(memoryview(content), at)
        if every is not None:
            every(segment)
    return segment


def test_segment_reads_back_its_bytes_from_ram_and_card_alike():
    reads = []
    view = memoryview(bytearray(16384))

    def look(segment):
        for back in (100, 20_000, 47_000, 60_000, 120_000):
            offset = max(0, segment.end - back)
            count = segment.read(offset, view)
            reads.append((offset, count, crc32(view[:count])))

    segment = made("a.mkv", 120, look)
    assert segment.written % PAGE_BYTES == 0 and segment.end - segment.written < PAGE_BYTES
    segment.finish()
    look(segment)
    segment.close()
    data = open("a.mkv", "rb").read()
    assert len(data) == segment.end
    at = segment.duration_at
    for offset, count, crc in reads:
        assert count > 0
        if offset > at + 8:
            assert crc32(data[offset : offset + count]) == crc
    reader = Reader()
    blocks = [block for block in reader.feed(data) if block.track != matroska.POSITION]
    assert len(blocks) == 120 and reader.whole_end == len(data) and reader.last_ms == 119 * 40


async def test_cut_file_is_mended_wherever_it_was_cut():
    segment = made("b.mkv", 30)
    segment.finish()
    segment.close()
    data = open("b.mkv", "rb").read()
    view = memoryview(bytearray(4096))
    noise = lcg(11)
    reader = Reader()
    ends = [block.end for block in reader.feed(data)]
    cuts = [next(noise) % (len(data) - 700) + 700 for _ in range(60)]
    cuts += [ends[5] + n for n in (0, 1, 2, 3, 9, 127, 128, 129)]
    for cut in cuts:
        with open("c.mkv", "wb") as stream:
            stream.write(data[:cut])
        with open("c.mkv", "r+b") as stream:
            left = await worked(recovery.walk(stream, cut, view))
            size = recovery.mend(stream, left, cut)
            recovery.fill_duration(stream, left)
        assert cut <= size <= cut + 1 and not left.foreign
        mended = open("c.mkv", "rb").read()
        again = Reader()
        found = again.feed(mended)
        assert len(mended) == size == again.whole_end
        assert [block.end for block in found] == [end for end in ends if end <= cut]
        assert mended[200 : left.whole_end] == data[200 : left.whole_end]
    with open("c.mkv", "wb") as stream:
        stream.write(b"RIFF" + bytes(5000))
    with open("c.mkv", "rb") as stream:
        assert (await worked(recovery.walk(stream, 5004, view))).foreign
    os.remove("c.mkv")


def test_live_keeps_every_sound_and_only_the_newest_picture():
    live = Live(lambda: 0)
    block = [0, 0, 0]
    for i in range(5):
        live.block(i * 100, 90, i * 40, matroska.PICTURE)
        live.block(i * 100 + 90, 10, i * 40, matroska.SOUND)
    found = []
    while live.next(3, block):
        found.append(tuple(block))
    assert [row[0] for row in found] == [90, 190, 290, 390, 490, 400]
    live.block(900, 10, 900, matroska.PICTURE)
    assert not live.next(0, block) and not live.next(1, block) and not live.next(2, block)
    live.block(1500, 10, 1500, matroska.PICTURE)
    assert live.next(2, block) and block[0] == 1500


def test_live_ends_by_itself_unless_it_is_asked_for_again():
    now_ms = [5]
    live = Live(lambda: now_ms[0])
    assert live.mode == 0
    for _ in range(3):
        live.ask(3, 0)
        now_ms[0] += 29_999
        assert live.mode == 3
    now_ms[0] += 1
    assert live.mode == 0
    live.ask(1, 0)
    assert live.mode == 1
    live.ask(0, 0)
    assert live.mode == 0


def test_live_pictures_come_evenly_at_the_pace_that_was_asked_for():
    """Of a camera that is a little early and late, 8 a second; each interval is kept on average."""
    for interval_ms, least, most in ((0, 80, 80), (20, 80, 80), (180, 54, 57), (500, 20, 21), (5000, 2, 3)):
        live = Live(lambda: 0)
        live.ask(3, interval_ms)
        block = [0, 0, 0]
        sent = 0
        for i in range(80):
            live.block(i * 100, 90, i * 125 + (i % 3) * 2, matroska.PICTURE)
            sent += live.next(3, block)
            live.ask(3, interval_ms)
        assert least <= sent <= most, (interval_ms, sent)
        assert live.skipped == 0
    live.ask(3, 0)
    assert live.next(3, block)


def test_live_sound_is_kept_back_while_it_is_muted_and_pictures_are_not():
    live = Live(lambda: 0)
    live.ask(3, 0)
    muted = [True]
    live.mute = lambda: muted[0]
    block = [0, 0, 0]
    live.block(0, 10, 0, matroska.SOUND)
    live.block(10, 10, 0, matroska.PICTURE)
    live.block(20, 10, 0, 3)
    muted[0] = False
    live.block(30, 10, 40, matroska.SOUND)
    found = []
    while live.next(3, block):
        found.append(block[0])
    assert found == [20, 30, 10]


def test_pace_comes_to_four_fifths_of_the_link():
    """A link of 100 KB/s behind a buffer of 5,744 bytes, and a faster one."""
    for link in (20_000, 100_000, 1_000_000):
        pace = Pace()
        now_us, buffered, sent, began = 0, 0, 0, 0
        for i in range(400):
            took_us = max(0, buffered + 16_384 - 5744) * 1_000_000 // link
            buffered = min(5744, buffered + 16_384)
            now_us += took_us
            wait_ms = pace.sent(16_384, took_us // 1000)
            now_us += wait_ms * 1000
            buffered = max(0, buffered - wait_ms * link // 1000)
            if i == 200:
                began, sent = now_us, 0
            sent += 16_384
        goodput = sent * 1_000_000 // (now_us - began)
        assert link * 6 // 10 <= goodput <= link * 95 // 100, (link, goodput)


class Sealed:
    sha256 = bytes(32)
    size = 1000

    def __init__(self, segment):
        self.segment = segment


def test_waiting_asks_again_with_growing_pauses_and_knows_its_bounds():
    waiting = Waiting()
    first = Sealed(b"a" * 12)
    assert waiting.add("a", first, [], 0) and waiting.add("a", first, [], 0) and len(waiting) == 1
    asked, now_ms = [], 0
    while now_ms < 300_000:
        entry = waiting.due(now_ms)
        if entry is not None:
            asked.append(now_ms)
            waiting.told(entry, now_ms)
        now_ms += 1000
    assert asked == [0, 2000, 6000, 14000, 30000, 62000, 122000, 182000, 242000]
    entry = waiting.find(b"a" * 12)
    entry.ranges = [0, 100, 200, 300]
    assert waiting.due(now_ms) is None and waiting.wanted() is entry
    waiting.sent(entry, 0, 60, now_ms)
    waiting.sent(entry, 60, 100, now_ms)
    assert entry.ranges == [200, 300]
    waiting.sent(entry, 0, 100, now_ms)
    assert entry.ranges == [200, 300]
    waiting.sent(entry, 200, 300, now_ms)
    assert waiting.wanted() is None and waiting.due(now_ms) is entry
    for i in range(100):
        waiting.add(str(i), Sealed(bytes([i]) * 12), [], 0)
    assert len(waiting) == 64 and waiting.more
