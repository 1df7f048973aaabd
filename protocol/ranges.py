"""Which bytes of a file are there: disjoint, sorted ranges of offsets, from `start` up to but not with `end`."""

from protocol.errors import ProtocolError

MAX_RANGES = 1024


class Ranges:
    """Grows by `add`; neighbours become one, so that a complete file is one range.

    Raises ProtocolError when it would hold more than `most` separate ranges: then nothing is added.
    """

    def __init__(self, most: int = MAX_RANGES) -> None:
        self._most = most
        self._starts: list[int] = []
        self._ends: list[int] = []

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter([(self._starts[i], self._ends[i]) for i in range(len(self._starts))])

    def __len__(self) -> int:
        return len(self._starts)

    @property
    def size(self) -> int:
        """How many bytes are there in all."""
        return sum(self._ends) - sum(self._starts)

    @property
    def end(self) -> int:
        """One past the last byte that is there, 0 when there is none."""
        return self._ends[-1] if self._ends else 0

    def add(self, start: int, end: int) -> int:
        """`start` up to `end` are there now; returns how many bytes of them were not before."""
        if start < 0 or end < start:
            raise ProtocolError("no range: %d to %d" % (start, end))
        if start == end:
            return 0
        first = self._position(start)
        last = first
        held = 0
        low, high = start, end
        while last < len(self._starts) and self._starts[last] <= end:
            overlap = min(self._ends[last], end) - max(self._starts[last], start)
            held += overlap
            low, high = min(low, self._starts[last]), max(high, self._ends[last])
            last += 1
        if len(self._starts) - (last - first) >= self._most:
            raise ProtocolError("more than %d separate ranges" % self._most)
        self._starts[first:last] = [low]
        self._ends[first:last] = [high]
        return end - start - held

    def remove(self, start: int, end: int) -> None:
        """`start` up to `end` are not there any more."""
        if start >= end:
            return
        kept = [(s, e) for s, e in self if e <= start or s >= end]
        for s, e in self:
            if s < start < e:
                kept.append((s, start))
            if s < end < e:
                kept.append((end, e))
        kept.sort()
        if len(kept) > self._most:
            raise ProtocolError("more than %d separate ranges" % self._most)
        self._starts, self._ends = [s for s, _ in kept], [e for _, e in kept]

    def holds(self, start: int, end: int) -> bool:
        """Whether all of `start` up to `end` is there."""
        at = self._position(start)
        return start >= end or (
            at < len(self._starts) and self._starts[at] <= start and end <= self._ends[at]
        )

    def missing(self, size: int, most: int = MAX_RANGES) -> "list[tuple[int, int]]":
        """The first `most` ranges that are missing of a file of `size` bytes, in order."""
        gaps = []
        at = 0
        for start, end in self:
            if start > at and at < size:
                gaps.append((at, min(start, size)))
                if len(gaps) == most:
                    return gaps
            at = max(at, end)
        if at < size:
            gaps.append((at, size))
        return gaps[:most]

    def _position(self, offset: int) -> int:
        """The first range that ends at or after `offset`."""
        low, high = 0, len(self._ends)
        while low < high:
            middle = (low + high) // 2
            if self._ends[middle] < offset:
                low = middle + 1
            else:
                high = middle
        return low
