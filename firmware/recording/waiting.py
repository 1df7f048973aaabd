"""Segments that the gateway has not confirmed yet: whose manifest is due, and what of them is wanted."""

MOST = 64
MOST_REFUSED = 128
ASKED = 4
FIRST_PAUSE_MS = 2000
MOST_PAUSE_MS = 60_000
NEVER_MS = 1 << 62


class Entry:
    """One segment, of which its manifest tells segment, sha256 and size.

    `ranges`: start, end, start, end, ... of what is still to be sent before its manifest.
    """

    def __init__(self, name: str, manifest, ranges: "list[int]", now_ms: int) -> None:
        self.name = name
        self.segment = manifest.segment
        self.sha256 = manifest.sha256
        self.size = manifest.size
        self.ranges = ranges
        self.due_ms = now_ms
        self.pause_ms = FIRST_PAUSE_MS


class Waiting:
    """Bounded; what has no place stays on the card and is found there again (`more`).

    What the gateway has refused takes no place: it is known by its name, so that it is not found again.
    """

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        # Segment: whether it may be asked about again when the link has been away.
        self._refused: dict[bytes, bool] = {}
        # Whether anything has changed since the card was looked through.
        self._changed = True
        self.more = False

    def __len__(self) -> int:
        return len(self._entries)

    def find(self, segment: bytes) -> "Entry | None":
        """The entry of a segment, or None."""
        for entry in self._entries:
            if entry.segment == segment:
                return entry
        return None

    def knows(self, segment: bytes) -> bool:
        """Whether a segment (12 bytes) that is found on the card is no news."""
        return segment in self._refused or self.find(segment) is not None

    @property
    def looks(self) -> bool:
        """Whether to look through the card for more: there is some, and room for it, and it is not what was in vain."""
        room = len(self._entries) < MOST // 2 and len(self._refused) < MOST_REFUSED
        return self.more and self._changed and room

    def looking(self) -> None:
        """The card is looked through: what more there is will be found."""
        self.more = self._changed = False

    def add(self, name: str, manifest, ranges: "list[int]", now_ms: int) -> bool:
        """A segment is sealed here and waits for the gateway; False when there is no place for it now."""
        if self.knows(manifest.segment):
            return True
        self._changed = True
        if len(self._entries) >= MOST:
            self.more = True
            return False
        self._entries.append(Entry(name, manifest, ranges, now_ms))
        return True

    def forget(self, entry: Entry) -> None:
        """The gateway has it, or it is gone; no harm if it is not here any more."""
        if entry in self._entries:
            self._entries.remove(entry)

    def refuse(self, entry: Entry, for_now: bool) -> None:
        """The gateway does not want it; for_now: that may be otherwise when the link has been away."""
        self.forget(entry)
        if len(self._refused) < MOST_REFUSED:
            self._refused[entry.segment] = for_now
        else:
            self.more = True

    def clear(self) -> None:
        """The card is gone."""
        self._entries.clear()
        self._refused.clear()
        self.more = False

    def _asked(self) -> "list[Entry]":
        return self._entries[:ASKED]

    def due(self, now_ms: int) -> "Entry | None":
        """Whose manifest is to be sent now."""
        for entry in self._asked():
            if not entry.ranges and now_ms >= entry.due_ms:
                return entry
        return None

    def next_ms(self, now_ms: int) -> int:
        """How long there is nothing to do."""
        times = [entry.due_ms for entry in self._asked() if not entry.ranges]
        return max(0, min(times) - now_ms) if times else MOST_PAUSE_MS

    def told(self, entry: Entry, now_ms: int) -> None:
        """Its manifest has been sent: again after a pause, which doubles."""
        entry.due_ms = now_ms + entry.pause_ms
        entry.pause_ms = min(MOST_PAUSE_MS, entry.pause_ms * 2)

    def wanted(self) -> "Entry | None":
        """The oldest of those of which something is to be sent."""
        for entry in self._asked():
            if entry.ranges:
                return entry
        return None

    def sent(self, entry: Entry, start: int, end: int, now_ms: int) -> None:
        """These bytes, the first of its `ranges`, have gone out."""
        if not entry.ranges or entry.ranges[0] != start:
            # The gateway has asked anew meanwhile.
            return
        if end < entry.ranges[1]:
            entry.ranges[0] = end
            return
        entry.ranges = entry.ranges[2:]
        if not entry.ranges:
            entry.due_ms = now_ms
            entry.pause_ms = FIRST_PAUSE_MS

    def hurry(self, now_ms: int) -> None:
        """The link is back: all is due, and what was refused for now is looked for again."""
        for segment in [segment for segment, for_now in self._refused.items() if for_now]:
            del self._refused[segment]
            self.more = self._changed = True
        for entry in self._entries:
            entry.due_ms = now_ms
            entry.pause_ms = FIRST_PAUSE_MS
