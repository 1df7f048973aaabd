"""What the journal makes of damaged files, and of disks that are full or cannot be read."""

import os

import blockdev
import vfs
from journal_files import ALARM, BATCH, file_name, opened, payloads_of, read, rewrite
from store import files, frame, journal
from store.errors import JournalFull


def test_every_truncation_of_the_file_loses_only_what_was_cut():
    unit = opened()
    for i in range(4):
        unit.append(ALARM, b"payload %d" % i)
    unit.close()
    whole = read()
    ends = [whole.find(b"payload %d" % i) + 9 + 4 for i in range(4)]
    for length in range(len(whole)):
        rewrite(whole[:length])
        unit = opened()
        assert payloads_of(unit) == [b"payload %d" % i for i in range(4) if ends[i] <= length], length
        assert unit.append(ALARM, b"next") and payloads_of(unit)[-1] == b"next"
        unit.close()
        os.rename(file_name(), "j.001")


def test_a_flipped_byte_costs_at_most_one_record():
    unit = opened()
    for i in range(4):
        unit.append(ALARM, b"payload %d" % i)
    unit.close()
    whole = read()
    for at in range(len(whole)):
        damaged = bytearray(whole)
        damaged[at] ^= 0x41
        rewrite(damaged)
        unit = opened()
        payloads = payloads_of(unit)
        assert len(payloads) >= 3 and all(payload in whole for payload in payloads), at
        assert unit.torn_bytes > 0
        unit.close()
        os.rename(file_name(), "j.001")


def test_garbage_between_records_is_skipped_and_gone_after_opening():
    unit = opened()
    unit.append(ALARM, b"before")
    unit.close()
    garbage = (frame.MAGIC + b"\x01\x00\xff\xff") * 100 + os.urandom(999) + frame.MAGIC[:1]
    data = read() + garbage
    rewrite(data)
    with open(file_name(), "ab") as stream:
        frame.write(stream, len(data), ALARM, 7, b"after")
    unit = opened()
    assert payloads_of(unit) == [b"before", b"after"] and unit.torn_bytes == len(garbage)
    unit.close()
    assert opened().torn_bytes == 0


def test_a_frame_inside_a_damaged_payload_is_not_taken_for_a_record():
    unit = opened()
    unit.append(ALARM, b"inner")
    inner = read()
    unit.append(BATCH, inner)
    unit.close()
    data = bytearray(read())
    data[-1] ^= 1
    rewrite(data)
    assert payloads_of(opened()) == [b"inner"]


def test_a_repeated_seq_is_counted_and_not_taken_twice():
    unit = opened()
    first = unit.append(ALARM, b"first")
    done = unit.append(ALARM, b"done")
    unit.mark_done(done)
    unit.close()
    data = read()
    with open(file_name(), "ab") as stream:
        length = frame.write(stream, len(data), ALARM, first, b"first")
        frame.write(stream, len(data) + length, ALARM, done, b"done")
    unit = opened()
    assert payloads_of(unit) == [b"first"] and unit.duplicated == 2


def test_records_of_all_generations_are_taken_when_no_commit_is_readable():
    for generation, seqs in ((4, (1, 2)), (5, (2, 3))):
        offset = 0
        with open("j.%03d" % generation, "wb") as stream:
            for seq in seqs:
                offset += frame.write(stream, offset, ALARM, seq, b"r%d" % seq)
    unit = opened()
    assert payloads_of(unit) == [b"r1", b"r2", b"r3"]
    assert file_name() == "j.006"


def test_a_disk_that_cannot_be_read_for_a_while_loses_nothing():
    unit = opened()
    seq = unit.append(ALARM, b"x")
    os.rename(file_name(), "away")
    assert unit.read(seq) is None and not unit.compact() and len(unit) == 1
    os.rename("away", "j.001")
    assert payloads_of(unit) == [b"x"] and unit.damaged == 0


def test_a_record_that_has_rotted_is_counted_and_given_up():
    unit = opened()
    seq = unit.append(ALARM, b"x" * 50)
    unit.append(ALARM, b"y")
    data = bytearray(read())
    data[data.find(b"xx")] = 0
    rewrite(data)
    assert unit.compact() and unit.damaged == 1 and payloads_of(unit) == [b"y"] and unit.read(seq) is None


def test_no_room_in_the_heap_in_the_middle_of_a_frame_spoils_no_later_record():
    unit = opened()
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
    assert payloads_of(unit) == [b"one", b"three"]
    assert payloads_of(opened()) == [b"one", b"three"]


def test_nothing_is_written_beside_a_complete_generation_that_was_given_up():
    unit = opened()
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
    assert payloads_of(opened()) == [b"one", b"two"]
    assert unit.compact() and unit.append(ALARM, b"three") and payloads_of(unit) == [b"one", b"two", b"three"]


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
