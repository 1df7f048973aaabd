"""Which records of a journal are undone, and where they stand. In RAM; payloads stay on the disk."""

from array import array

from store import files, frame


class Index:
    """entries: (seq, kind, generation, offset, payload length), seq rising. live_bytes: of their frames.

    next_seq: lowest seq that was never used. torn_bytes, duplicated: found by `load`.
    """

    def __init__(self):
        self.entries = []
        self.live_bytes = 0
        self.next_seq = 1
        self.torn_bytes = self.duplicated = 0
        self._done = array("I")  # while loading

    def __len__(self):
        return len(self.entries)

    def position(self, seq):
        """Where `seq` stands, or where it would."""
        entries = self.entries
        low, high = 0, len(entries)
        while low < high:
            middle = (low + high) // 2
            if entries[middle][0] < seq:
                low = middle + 1
            else:
                high = middle
        return low

    def find(self, seq):
        """Where `seq` stands, or -1."""
        at = self.position(seq)
        return at if at < len(self.entries) and self.entries[at][0] == seq else -1

    def add(self, entry):
        """Takes up an undone record, where its seq puts it."""
        self.entries.insert(self.position(entry[0]), entry)
        self.live_bytes += frame.OVERHEAD_BYTES + entry[4]

    def forget(self, at):
        """Drops the entry that stands there."""
        self.live_bytes -= frame.OVERHEAD_BYTES + self.entries[at][4]
        self.entries.pop(at)

    def load(self, names):
        """Build from these files, [(generation, file name)]; True when a COMMIT frame was among them."""
        committed = False
        for generation, name in names:
            try:
                with open(name, "rb") as stream:
                    scanner = frame.Scanner(stream, files.size_bytes(name))
                    for offset, kind, seq, length in scanner.frames():
                        if kind == frame.COMMIT:
                            committed = True
                            self.next_seq = max(self.next_seq, seq)
                        elif kind == frame.DONE:
                            self._load_done(seq)
                        else:
                            self._load_record((seq, kind, generation, offset, length))
                    self.torn_bytes += scanner.torn_bytes
            except OSError:
                continue  # what cannot be read is not there; the other generations are looked at
        self._done = array("I")
        return committed

    def _load_done(self, seq):
        self.next_seq = max(self.next_seq, seq + 1)
        self._done.append(seq)
        at = self.find(seq)
        if at >= 0:
            self.forget(at)

    def _load_record(self, entry):
        seq = entry[0]
        # array has no `in` here; only a seq that comes out of order is looked up
        if seq < self.next_seq and (self.find(seq) >= 0 or any(done == seq for done in self._done)):
            self.duplicated += 1
            return
        self.next_seq = max(self.next_seq, seq + 1)
        self.add(entry)
