"""The journal's rules: order, bounds, and what is dropped."""

import os

from journal_files import ALARM, BATCH, file_name, opened, payloads_of
from store.errors import JournalFull


def test_records_keep_their_order_over_a_restart():
    unit = opened()
    seqs = [unit.append(ALARM, b"a%d" % i) for i in range(5)]
    assert unit.mark_done(seqs[1]) and not unit.mark_done(seqs[1]) and not unit.mark_done(99)
    unit.close()
    unit.close()
    unit = opened()
    assert [seq for seq, _, _ in unit.records()] == [seqs[0], seqs[2], seqs[3], seqs[4]]
    assert payloads_of(unit) == [b"a0", b"a2", b"a3", b"a4"] and unit.recovered == 4 and unit.torn_bytes == 0
    assert unit.append(ALARM, b"a5") > seqs[4]
    assert unit.read(seqs[1]) is None and unit.read(seqs[2]) == b"a2"


def test_a_seq_is_not_used_again_after_everything_is_done():
    unit = opened()
    last = unit.append(ALARM, b"x")
    unit.mark_done(last)
    assert unit.compact()
    unit.close()
    assert opened().append(ALARM, b"y") == last + 1


def test_appending_and_marking_while_iterating():
    unit = opened()
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


def test_generation_numbers_wrap():
    unit = opened()
    unit.append(ALARM, b"x")
    unit.close()
    os.rename(file_name(), "j.998")
    for _ in range(4):
        unit = opened()
        assert payloads_of(unit) == [b"x"] and unit.compact()
        unit.close()
    assert file_name() == "j.002"


def test_the_oldest_droppable_records_go_first_and_alarms_stay():
    unit = opened(max_bytes=4000)
    for i in range(30):
        unit.append(ALARM if i % 6 == 0 else BATCH, b"%02d" % i + bytes(250))
    kept = [int(payload[:2]) for payload in payloads_of(unit)]
    assert [i for i in kept if i % 6 == 0] == [0, 6, 12, 18, 24]
    assert unit.dropped == 30 - len(kept) and 29 in kept
    batches = [i for i in kept if i % 6]
    assert batches == [i for i in range(batches[0], 30) if i % 6]
    assert unit.stats()["file_bytes"] <= 4000
    unit.close()
    assert [int(payload[:2]) for payload in payloads_of(opened(max_bytes=4000))] == kept


def test_full_of_alarms_refuses_clearly_and_works_again_after_one_is_done():
    unit = opened(max_bytes=2000)
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
    assert os.stat(file_name())[6] <= 2000


def test_the_number_of_records_is_bounded():
    unit = opened(max_records=8)
    for i in range(20):
        unit.append(BATCH, b"%d" % i)
    assert len(unit) <= 8 and unit.dropped == 20 - len(unit) and payloads_of(unit)[-1] == b"19"


def test_marks_do_not_let_the_file_grow():
    unit = opened(max_bytes=4000)
    for i in range(2000):
        unit.mark_done(unit.append(ALARM, b"%d" % i))
    assert os.stat(file_name())[6] <= 4000 and not len(unit)


def test_compacting_in_steps_lets_records_come_and_go():
    unit = opened(max_bytes=8000)
    seqs = [unit.append(ALARM, b"%02d" % i + bytes(500)) for i in range(12)]
    assert unit.crowded
    for step, _ in enumerate(unit.compacting()):
        if step == 3:
            unit.mark_done(seqs[0])
            unit.mark_done(seqs[11])
            unit.append(ALARM, b"12")
        if step == 11:
            unit.append(ALARM, b"13")
        assert [int(payload[:2]) for payload in payloads_of(unit)][:10] == list(
            range(0 if step < 3 else 1, 11)
        )[:10]
    assert step >= 12
    for _ in range(2):
        assert [int(payload[:2]) for payload in payloads_of(unit)] == list(range(1, 11)) + [12, 13]
        unit.close()
        unit = opened(max_bytes=8000)
    assert file_name() and unit.torn_bytes == 0


def test_a_compaction_in_steps_gives_way_to_one_that_must_be_now():
    unit = opened(max_bytes=4000)
    for i in range(10):
        unit.append(ALARM, b"%d" % i)
    steps = unit.compacting()
    next(steps)
    next(steps)
    assert unit.compact()
    unit.append(ALARM, b"x")
    assert list(steps) == [] and len(payloads_of(unit)) == 11
    steps = unit.compacting()
    next(steps)
    unit.close()
    assert list(steps) == [] and file_name() and len(payloads_of(opened(max_bytes=4000))) == 11


def test_compacting_gives_up_droppable_records_before_it_is_late():
    unit = opened(max_bytes=8000)
    alarm = unit.append(ALARM, b"alarm")
    while not unit.crowded:
        unit.append(BATCH, bytes(300))
    assert len(list(unit.compacting())) and unit.dropped
    assert unit.stats()["file_bytes"] <= 4100 and unit.read(alarm) == b"alarm"


def test_bad_kinds_and_sizes_are_refused():
    unit = opened(max_bytes=4000)
    for kind, payload in ((0, b""), (240, b""), (ALARM, bytes(1001))):
        try:
            unit.append(kind, payload)
        except ValueError as error:
            assert "1000" in str(error)
        else:
            raise AssertionError(kind)
