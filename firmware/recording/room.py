"""Room on the card: stored segments go for new ones, and nobody is surprised when there are none left to go."""

from store.errors import EIO

# For a new segment; half of it is kept for manifests, without which nothing could be confirmed and go.
LEAST_KIB = 256
WARN_PCT = (80, 90, 95)


class Room:
    """Args:
    shelf: recording.shelf.Shelf; settings, feel, count, note: as in Recorder.
    alarmed: whether an alarm is open, in which the officer feels nothing of the card.
    """

    def __init__(self, shelf, settings, alarmed, feel, count, note) -> None:
        self._shelf = shelf
        self._settings = settings
        self._alarmed = alarmed
        self._feel = feel
        self._count = count
        self._note = note
        self._warned = 0

    async def make(self, pause) -> bool:
        """For a segment, by what is stored already; False when the card is full of what is not.

        pause: awaited between two looks at the card.
        """
        free, total = self._shelf.space()
        need_kib = min(self._settings.segment_kib + 1024, total // 8)
        while free < need_kib and await self._shelf.drop_stored_of_all(pause):
            free, total = self._shelf.space()
        full = free < min(LEAST_KIB, need_kib)
        self._warn(full)
        return not full

    def lasts(self) -> bool:
        """Whether the segment may grow; False when only the room for manifests is left. OSError without a card."""
        free, total = self._shelf.space()
        if not total:
            raise OSError(EIO)
        keep_kib = min(LEAST_KIB, total // 8) // 2
        while free < keep_kib and self._shelf.drop_stored():
            free, total = self._shelf.space()
        return free >= keep_kib

    def _warn(self, full: bool) -> None:
        """Told, and felt, at each step towards a full card, and when it is; not while an alarm is open."""
        pct = self._shelf.pressing_pct()
        level = sum([pct >= limit_pct for limit_pct in WARN_PCT])
        if full:
            level = len(WARN_PCT) + 1
            if self._warned < level:
                self._count("card_errors")
        if level > self._warned and not self._alarmed():
            self._note("card: %d %% full of what is not stored" % pct)
            self._feel("card")
        if level < self._warned or not self._alarmed():
            self._warned = level
