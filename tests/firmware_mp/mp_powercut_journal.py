"""Power cuts at every block write of a journal's life, on LittleFS and on FAT."""

import gc

import blockdev
from store import journal

TIMEOUT_S = 300


class Model:
    """What must be found: `kept` exactly, in order; an operation under way may or may not have happened."""

    def __init__(self):
        self.records = []  # (seq, kind, payload) of appends that returned and are not done
        self.adding = None  # payload of the append under way
        self.ending = None  # seq of the mark_done under way
        self.dropped = set()  # seqs that a compaction under way leaves out

    def check(self, found):
        at = 0
        for seq, kind, payload in found:
            while at < len(self.records) and self.records[at] != (seq, kind, payload):
                self._may_be_gone(self.records[at])
                at += 1
            if at < len(self.records):
                at += 1
            else:
                assert payload == self.adding and payload == found[-1][2], "invented or disordered %r" % seq
        for record in self.records[at:]:
            self._may_be_gone(record)

    def _may_be_gone(self, record):
        dropping = self.adding is not None and record[1] == journal.KIND_FIX_BATCH
        assert record[0] == self.ending or record[0] in self.dropped or dropping, "lost record %d" % record[0]


class Workload:
    """Appends, done marks, compactions and restarts, chosen by a fixed pseudo-random sequence."""

    def __init__(self, model, reserve_bytes):
        self._model = model
        self._seed = 12345
        self._serial = 0
        self._reserve_bytes = reserve_bytes

    def open(self, folder):
        return journal.Journal(folder + "/alarms", max_bytes=5000, reserve_bytes=self._reserve_bytes)

    def _random(self, below):
        self._seed = (self._seed * 1103515245 + 12345) & 0x3FFFFFFF
        return (self._seed >> 8) % below

    def run(self, operations):
        model = self._model
        unit = self.open("/live")
        steps = None
        for _ in range(operations):
            if steps and next(steps, True):
                steps = None
                model.records = list(unit.records())
                model.dropped = set()
            choice = self._random(100)
            if choice < 30:
                self._append(unit, journal.KIND_ALARM, 20 + self._random(100))
            elif choice < 55:
                self._append(unit, journal.KIND_FIX_BATCH, 100 + self._random(800))
            elif choice < 88:
                if len(unit):
                    found = list(unit.records())
                    model.ending = found[self._random(len(found))][0]
                    assert unit.mark_done(model.ending)
                    model.records = [record for record in model.records if record[0] != model.ending]
                    model.ending = None
            elif choice < 92:
                assert unit.compact()
            elif choice < 96:
                steps = unit.compacting()
                left = [seq for seq, _, _ in unit.records()]
                model.dropped |= {record[0] for record in model.records if record[0] not in left}
            else:
                unit.close()
                steps = None
                unit = self.open("/live")
                found = list(unit.records())
                model.check(found)
                model.records = found
                model.dropped = set()
            assert list(unit.records()) == [
                record for record in model.records if record[0] not in model.dropped
            ]
        unit.close()

    def _append(self, unit, kind, length):
        self._serial += 1
        payload = b"%06d" % self._serial + b"\xa5\x4a" * (length // 2)
        self._model.adding = payload
        seq = unit.append(kind, payload)
        left = [seq for seq, _, _ in unit.records()]
        for record in self._model.records:
            if record[0] not in left:
                assert record[1] == journal.KIND_FIX_BATCH
                self._model.dropped.add(record[0])
        self._model.records.append((seq, kind, payload))
        self._model.adding = None


def sweep(make_fs, block_bytes, size_bytes, operations, reserve_bytes=0, again=0):
    gc.collect()
    model = Model()
    workload = Workload(model, reserve_bytes)

    def check(path, device):
        unit = workload.open(path)
        device.before = None
        model.check(list(unit.records()))
        after = unit.append(journal.KIND_ALARM, b"after")
        count = len(unit)
        unit.close()
        unit = workload.open(path)
        found = list(unit.records())
        assert len(found) == count and found[-1] == (after, journal.KIND_ALARM, b"after")
        unit.close()

    with blockdev.Sweep(make_fs, block_bytes, size_bytes, check, again) as cutter:
        workload.run(operations)
    print("%d power cuts, %d writes" % (cutter.cuts, cutter.device.writes))
    return cutter.cuts


def test_no_record_is_lost_or_invented_on_littlefs():
    assert sweep(blockdev.lfs, blockdev.LFS_BLOCK_BYTES, 16 * 4096, 70) > 3000


def test_no_record_is_lost_or_invented_on_fat():
    assert sweep(blockdev.fat, blockdev.FAT_BLOCK_BYTES, 80 * 512, 260) > 3000


def test_no_record_is_lost_when_the_recovery_is_cut_too_on_littlefs():
    assert sweep(blockdev.lfs, blockdev.LFS_BLOCK_BYTES, 16 * 4096, 60, again=3) > 2000


def test_no_record_is_lost_when_the_recovery_is_cut_too_on_fat():
    assert sweep(blockdev.fat, blockdev.FAT_BLOCK_BYTES, 80 * 512, 150, again=7) > 2000


def test_no_record_is_lost_with_a_reserve_to_hold_on_fat():
    assert sweep(blockdev.fat, blockdev.FAT_BLOCK_BYTES, 80 * 512, 90, reserve_bytes=2048) > 600
