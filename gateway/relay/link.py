"""Whether a unit's link carries all that is asked of it: pictures that come late say no. Pure, time is passed in.

The unit itself sends sound first and of the pictures only the newest, so a thin link is not seen by what is lost but by
how long each is on its way. It goes down quickly and up slowly, and each relapse doubles how slowly.
"""

from __future__ import annotations

from collections import deque
from statistics import median

from gateway.relay.telling import PICTURE, SOUND, Mode

LATE_MS = 1500
VERY_LATE_MS = 4000
FRESH_MS = 600
PICTURES = 5
SOUNDS = 50
SETTLE_S = 3.0
"""After a change so long nothing is judged: what is on its way was sent before it."""
HOLD_S = 10.0
HOLD_MOST_S = 80.0
RELAPSE_S = 60.0


class LinkJudge:
    """Of one unit. `limit`: the most that its link carries."""

    def __init__(self, now_s: float) -> None:
        self.limit = Mode.FULL
        self._pictures: deque[int] = deque(maxlen=PICTURES)
        self._sounds: deque[int] = deque(maxlen=SOUNDS)
        self._changed_s = now_s
        self._fresh_s: float | None = None
        self._raised_s = now_s - RELAPSE_S
        self._hold_s = HOLD_S

    def heard(self, track: int, late_ms: int) -> None:
        """A block came, so long after it was taken."""
        if track == PICTURE:
            self._pictures.append(late_ms)
        elif track == SOUND:
            self._sounds.append(late_ms)

    def begin(self, now_s: float) -> None:
        """It has been silent; what comes now says nothing of before."""
        self.limit = Mode.FULL
        self._change(self.limit, now_s)

    def look(self, now_s: float) -> Mode:
        """Every moment; the limit from now on."""
        if now_s - self._changed_s < SETTLE_S:
            return self.limit
        if self.limit > Mode.SOUND and self._is_late():
            self._hold_s = (
                min(self._hold_s * 2, HOLD_MOST_S) if now_s - self._raised_s < RELAPSE_S else HOLD_S
            )
            self._change(Mode(self.limit - 1), now_s)
        elif self.limit < Mode.FULL and self._is_fresh():
            self._fresh_s = now_s if self._fresh_s is None else self._fresh_s
            if now_s - self._fresh_s >= self._hold_s:
                self._raised_s = now_s
                self._change(Mode(self.limit + 1), now_s)
        else:
            self._fresh_s = None
        return self.limit

    def _change(self, limit: Mode, now_s: float) -> None:
        self.limit = limit
        self._changed_s = now_s
        self._fresh_s = None
        self._pictures.clear()
        self._sounds.clear()

    def _is_late(self) -> bool:
        if len(self._sounds) >= SOUNDS // 2 and median(self._sounds) > LATE_MS:
            return True
        if self.limit < Mode.FULL:
            # That a still takes long is no reason to show none.
            return False
        pictures = self._pictures
        return bool(pictures) and (
            pictures[-1] > VERY_LATE_MS or (len(pictures) >= 3 and median(pictures) > LATE_MS)
        )

    def _is_fresh(self) -> bool:
        if any(late_ms > FRESH_MS for late_ms in self._sounds):
            return False
        if self.limit is Mode.SOUND:
            return bool(self._sounds)
        return len(self._pictures) >= 2 and max(self._pictures) <= FRESH_MS
