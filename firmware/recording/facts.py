"""What only the RAM knows of a segment while it is written; it goes beside the file."""

from bodyunit.wire import encoded

from protocol.manifest import ALARMED, Manifest

MOST_MARKS = 32
_NONE = bytes(32)


class Facts:
    """Of one segment (12 bytes) whose first block is at the stamp `first`.

    Attributes: flags (as in a manifest); due (something has become known that is not on the card yet); tellings (how
    often it was told, with each of which goes a new generation onto the card).
    """

    def __init__(self, segment: bytes, first, flags: int, case_no: "str | None") -> None:
        self._segment = segment
        self._first = first
        self._case_no = case_no
        self._alarm_id: bytes | None = None
        self._marks: list[int] = []
        self.flags = flags
        self.due = False
        self.tellings = 0

    def mark(self, at_ms: int) -> None:
        """This moment of the segment is marked."""
        if len(self._marks) < MOST_MARKS:
            self._marks.append(at_ms)
            self.due = True

    def see_alarm(self, alarm_id: "bytes | None") -> None:
        """An alarm is open in this segment, or none: its manifest names the newest."""
        if alarm_id is not None and alarm_id != self._alarm_id:
            self._alarm_id = alarm_id
            self.flags |= ALARMED
            self.due = True

    def told(self, unit_id: str, dropped: "tuple[int, int]", fix, size: int = 1, last=None) -> bytes:
        """The bytes of a manifest without hash. dropped: pictures and sounds; size, last: once the file is whole."""
        self.due = False
        self.tellings += 1
        manifest = Manifest(
            segment=self._segment, size=size, sha256=_NONE, first=self._first, last=last or self._first, seq=0,
            previous=_NONE, flags=self.flags, dropped_pictures=dropped[0], dropped_sounds=dropped[1], unit=unit_id,
            key_id=bytes(8), case_no=self._case_no, alarm_id=self._alarm_id, marks=self._marks, fix=fix,
        )  # fmt: skip
        return encoded(manifest)
