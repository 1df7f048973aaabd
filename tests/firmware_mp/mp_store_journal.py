"""The journal's rules: order, bounds, what is dropped, and what it makes of damaged files and full disks."""

import os

import blockdev
import vfs
from store import files, frame, journal
from store.errors import JournalFull

ALARM, BATCH = journal.KIND_ALARM, journal.KIND_FIX_BATCH


def _open(**options):
    options.setdefault("reserve_bytes", 0)
    return journal.Journal("j", **options)


def _payloads(unit):
    return [payload for _, _, payload in unit.records()]


def _file():
    names = [name for name in os.listdir() if name.startswith("j.") and name != "j.rsv"]
    assert len(names) == 1, names
    return names[0]


def _read():
    with open(_file(), "rb") as stream:
        return stream.read()


def _rewrite(data):
    with open(_file(), "wb") as stream:
        stream.write(data)


def test_records_keep_their_order_over_a_restart():
    unit = _open()
    seqs = [unit.append(ALARM, b"a%d" % i) for i in range(5)]
    assert unit.mark_done(seqs[1]) and not unit.mark_done(seqs[1]) and not unit.mark_done(99)
    unit.close()
    unit.close()
    unit = _open()
    assert [seq for seq, _, _ in unit.records()] == [seqs[0], seqs[2], seqs[3], seqs[4]]
    assert _payloads(unit) == [b"a0", b"a2", b"a3", b"a4"] and unit.recovered == 4 and unit.torn_bytes == 0
    assert unit.append(ALARM, b"a5") > seqs[4]
    assert unit.read(seqs[1]) is None and unit.read(seqs[2]) == b"a2"


def test_a_seq_is_not_used_again_after_everything_is_done():
    unit = _open()
    last = unit.append(ALARM, b"x")
    unit.mark_done(last)
    assert unit.compact()
    unit.close()
    assert _open().append(ALARM, b"y") == last + 1


def test_appending_and_marking_while_iterating():
    unit = _open()
    for i in range(4):
        unit.append(ALARM, b"%d" % i)
    seen = []
    for seq, _, payload in unit.records():
        seen.append(payload)
        unit.mark_done(seq)
        unit.compact()
        if len(seen) == 2:
            unit.append(ALARM, b"late")
    assert seen == [b"0", b"1", b"2", b"3", b"late"] and not len(unit)


def test_every_truncation_of_the_file_loses_only_what_was_cut():
    unit = _open()
    for i in range(4):
        unit.append(ALARM, b"payload %d" % i)
    unit.close()
    whole = _read()
    ends = [whole.find(b"payload %d" % i) + 9 + 4 for i in range(4)]
    for length in range(len(whole)):
        _rewrite(whole[:length])
        unit = _open()
        assert _payloads(unit) == [b"payload %d" % i for i in range(4) if ends[i] <= length], length
        assert unit.append(ALARM, b"next") and _payloads(unit)[-1] == b"next"
        unit.close()
        os.rename(_file(), "j.001")


def test_a_flipped_byte_costs_at_most_one_record():
    unit = _open()
    for i in range(4):
        unit.append(ALARM, b"payload %d" % i)
    unit.close()
    whole = _read()
    for at in range(len(whole)):
        damaged = bytearray(whole)
        damaged[at] ^= 0x41
        _rewrite(damaged)
        unit = _open()
        payloads = _payloads(unit)
        assert len(payloads) >= 3 and all(payload in whole for payload in payloads), at
        assert unit.torn_bytes > 0
        unit.close()
        os.rename(_file(), "j.001")


def test_garbage_between_records_is_skipped_and_gone_after_opening():
    unit = _open()
    unit.append(ALARM, b"before")
    unit.close()
    garbage = (frame.MAGIC + b"\x01\x00\xff\xff") * 100 + os.urandom(999) + frame.MAGIC[:1]
    data = _read() + garbage
    _rewrite(data)
    with open(_file(), "ab") as stream:
        frame.write(stream, len(data), ALARM, 7, b"after")
    unit = _open()
    assert _payloads(unit) == [b"before", b"after"] and unit.torn_bytes == len(garbage)
    unit.close()
    assert _open().torn_bytes == 0


def test_a_frame_inside_a_damaged_payload_is_not_taken_for_a_record():
    unit = _open()
    unit.append(ALARM, b"inner")
    inner = _read()
    unit.append(BATCH, inner)
    unit.close()
    data = bytearray(_read())
    data[-1] ^= 1
    _rewrite(data)
    assert _payloads(_open()) == [b"inner"]


def test_a_repeated_seq_is_counted_and_not_taken_twice():
    unit = _open()
    first = unit.append(ALARM, b"first")
    done = unit.append(ALARM, b"done")
    unit.mark_done(done)
    unit.close()
    data = _read()
    with open(_file(), "ab") as stream:
        length = frame.write(stream, len(data), ALARM, first, b"first")
        frame.write(stream, len(data) + length, ALARM, done, b"done")
    unit = _open()
    assert _payloads(unit) == [b"first"] and unit.duplicated == 2


def test_records_of_all_generations_are_taken_when_no_commit_is_readable():
    for generation, seqs in ((4, (1, 2)), (5, (2, 3))):
        offset = 0
        with open("j.%03d" % generation, "wb") as stream:
            for seq in seqs:
                offset += frame.write(stream, offset, ALARM, seq, b"r%d" % seq)
    unit = _open()
    assert _payloads(unit) == [b"r1", b"r2", b"r3"]
    assert _file() == "j.006"


def test_generation_numbers_wrap():
    unit = _open()
    unit.append(ALARM, b"x")
    unit.close()
    os.rename(_file(), "j.998")
    for _ in range(4):
        unit = _open()
        assert _payloads(unit) == [b"x"] and unit.compact()
        unit.close()
    assert _file() == "j.002"


def test_the_oldest_droppable_records_go_first_and_alarms_stay():
    unit = _open(max_bytes=4000)
    for i in range(30):
        unit.append(ALARM if i % 6 == 0 else BATCH, b"%02d" % i + bytes(250))
    kept = [int(payload[:2]) for payload in _payloads(unit)]
    assert [i for i in kept if i % 6 == 0] == [0, 6, 12, 18, 24]
    assert unit.dropped == 30 - len(kept) and 29 in kept
    batches = [i for i in kept if i % 6]
    assert batches == [i for i in range(batches[0], 30) if i % 6]
    assert unit.stats()["file_bytes"] <= 4000
    unit.close()
    assert [int(payload[:2]) for payload in _payloads(_open(max_bytes=4000))] == kept


def test_full_of_alarms_refuses_clearly_and_works_again_after_one_is_done():
    unit = _open(max_bytes=2000)
    count = 0
    try:
        while True:
            unit.append(ALARM, bytes(100))
            count += 1
    except JournalFull as error:
        assert error.needed_bytes == 114 and error.max_bytes == 2000 and "mark records done" in str(error)
    assert count == 17 and len(unit) == count  # in 2,000 bytes less the COMMIT and one DONE frame
    for seq, _, _ in unit.records():
        unit.mark_done(seq)
        break
    unit.append(ALARM, bytes(100))
    assert os.stat(_file())[6] <= 2000


def test_the_number_of_records_is_bounded():
    unit = _open(max_records=8)
    for i in range(20):
        unit.append(BATCH, b"%d" % i)
    assert len(unit) <= 8 and unit.dropped == 20 - len(unit) and _payloads(unit)[-1] == b"19"


def test_marks_do_not_let_the_file_grow():
    unit = _open(max_bytes=4000)
    for i in range(2000):
        unit.mark_done(unit.append(ALARM, b"%d" % i))
    assert os.stat(_file())[6] <= 4000 and not len(unit)


def test_compacting_in_steps_lets_records_come_and_go():
    unit = _open(max_bytes=8000)
    seqs = [unit.append(ALARM, b"%02d" % i + bytes(500)) for i in range(12)]
    assert unit.crowded
    for step, _ in enumerate(unit.compacting()):
        if step == 3:
            unit.mark_done(seqs[0])
            unit.mark_done(seqs[11])
            unit.append(ALARM, b"12")
        if step == 11:
            unit.append(ALARM, b"13")
        assert [int(payload[:2]) for payload in _payloads(unit)][:10] == list(
            range(0 if step < 3 else 1, 11)
        )[:10]
    assert step >= 12
    for _ in range(2):
        assert [int(payload[:2]) for payload in _payloads(unit)] == list(range(1, 11)) + [12, 13]
        unit.close()
        unit = _open(max_bytes=8000)
    assert _file() and unit.torn_bytes == 0


def test_a_compaction_in_steps_gives_way_to_one_that_must_be_now():
    unit = _open(max_bytes=4000)
    for i in range(10):
        unit.append(ALARM, b"%d" % i)
    steps = unit.compacting()
    next(steps)
    next(steps)
    assert unit.compact()
    unit.append(ALARM, b"x")
    assert list(steps) == [] and len(_payloads(unit)) == 11
    steps = unit.compacting()
    next(steps)
    unit.close()
    assert list(steps) == [] and _file() and len(_payloads(_open(max_bytes=4000))) == 11


def test_compacting_gives_up_droppable_records_before_it_is_late():
    unit = _open(max_bytes=8000)
    alarm = unit.append(ALARM, b"alarm")
    while not unit.crowded:
        unit.append(BATCH, bytes(300))
    assert len(list(unit.compacting())) and unit.dropped
    assert unit.stats()["file_bytes"] <= 4100 and unit.read(alarm) == b"alarm"


def test_a_disk_that_cannot_be_read_for_a_while_loses_nothing():
    unit = _open()
    seq = unit.append(ALARM, b"x")
    os.rename(_file(), "away")
    assert unit.read(seq) is None and not unit.compact() and len(unit) == 1
    os.rename("away", "j.001")
    assert _payloads(unit) == [b"x"] and unit.damaged == 0


def test_a_record_that_has_rotted_is_counted_and_given_up():
    unit = _open()
    seq = unit.append(ALARM, b"x" * 50)
    unit.append(ALARM, b"y")
    data = bytearray(_read())
    data[data.find(b"xx")] = 0
    _rewrite(data)
    assert unit.compact() and unit.damaged == 1 and _payloads(unit) == [b"y"] and unit.read(seq) is None


def test_no_room_in_the_heap_in_the_middle_of_a_frame_spoils_no_later_record():
    unit = _open()
    unit.append(ALARM, b"one")
    real, calls = frame._write_all, []

    def write_all(stream, data):
        calls.append(1)
        if len(calls) == 2:
            raise MemoryError
        real(stream, data)

    frame._write_all = write_all
    try:
        unit.append(ALARM, b"two")
        raise AssertionError
    except MemoryError:
        pass
    finally:
        frame._write_all = real
    unit.append(ALARM, b"three")
    assert _payloads(unit) == [b"one", b"three"]
    assert _payloads(_open()) == [b"one", b"three"]


def test_nothing_is_written_beside_a_complete_generation_that_was_given_up():
    unit = _open()
    unit.append(ALARM, b"one")
    sync, remove, write = files.sync, files.remove, frame.write
    state = {"sealed": False}

    def failing_write(stream, offset, kind, seq, payload=b""):
        state["sealed"] = state["sealed"] or kind == frame.COMMIT
        return write(stream, offset, kind, seq, payload)

    def failing_sync(stream):
        sync(stream)
        if state["sealed"]:
            raise OSError(5)

    frame.write, files.sync, files.remove = failing_write, failing_sync, lambda path: False
    try:
        assert not unit.compact()
        files.sync = sync
        try:
            unit.append(ALARM, b"lost at the next opening")
            raise AssertionError
        except JournalFull:
            pass
        files.remove = remove
        unit.append(ALARM, b"two")
    finally:
        frame.write, files.sync, files.remove = write, sync, remove
    assert _payloads(_open()) == [b"one", b"two"]
    assert unit.compact() and unit.append(ALARM, b"three") and _payloads(unit) == [b"one", b"two", b"three"]


def test_bad_kinds_and_sizes_are_refused():
    unit = _open(max_bytes=4000)
    for kind, payload in ((0, b""), (240, b""), (ALARM, bytes(1001))):
        try:
            unit.append(kind, payload)
        except ValueError as error:
            assert "1000" in str(error)
        else:
            raise AssertionError(kind)


def _fill(path):
    with open(path, "wb") as stream:
        try:
            while stream.write(bytes(512)) == 512:
                pass
        except OSError:
            pass


def _alarms_on_a_full_disk(make_fs, block_bytes, size_bytes):
    """Media has filled the card; alarms must go on, for as long as the reserve reaches."""
    device = blockdev.BlockDevice(bytearray(size_bytes), block_bytes)
    vfs.mount(make_fs(device, make=True), "/card")
    try:
        unit = journal.Journal("/card/j", max_bytes=8000, reserve_bytes=8192)
        for i in range(10):
            unit.append(BATCH, bytes(300))
        _fill("/card/film")
        alarms = []
        try:
            while len(alarms) < 100:
                alarms.append(b"alarm %d" % len(alarms))
                unit.append(ALARM, alarms[-1] + bytes(100))
        except JournalFull:
            alarms.pop()
        assert len(alarms) >= 25, len(alarms)
        unit.close()
        unit = journal.Journal("/card/j", max_bytes=8000, reserve_bytes=8192)
        found = [payload[:-100] for _, kind, payload in unit.records() if kind == ALARM]
        assert found[: len(alarms)] == alarms and len(found) <= len(alarms) + 1
        os.remove("/card/film")
        for seq, _, _ in unit.records():
            unit.mark_done(seq)
        assert not len(unit)
        unit.append(ALARM, b"again")
        assert os.stat("/card/j.rsv")[6] == 8192
        unit.close()
        return len(alarms)
    finally:
        device.alive = False
        vfs.umount("/card")


def test_alarms_are_stored_while_littlefs_is_full():
    print(_alarms_on_a_full_disk(blockdev.lfs, blockdev.LFS_BLOCK_BYTES, 24 * 4096), "alarms")


def test_alarms_are_stored_while_fat_is_full():
    print(_alarms_on_a_full_disk(blockdev.fat, blockdev.FAT_BLOCK_BYTES, 160 * 512), "alarms")


def test_opening_on_a_full_disk_does_not_fail():
    device = blockdev.BlockDevice(bytearray(64 * 512), 512)
    vfs.mount(blockdev.fat(device, make=True), "/card")
    try:
        _fill("/card/film")
        unit = journal.Journal("/card/j", reserve_bytes=1024)
        try:
            unit.append(ALARM, b"x")
            raise AssertionError("stored on a full disk")
        except JournalFull as error:
            assert "disk" in str(error)
        os.remove("/card/film")
        unit.append(ALARM, b"y")
        unit.close()
        assert b"y" in [payload for _, _, payload in journal.Journal("/card/j", reserve_bytes=0).records()]
    finally:
        vfs.umount("/card")
