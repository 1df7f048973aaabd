"""When it is known what a segment lacks (docs/adr/0017). Pure: times are monotonic seconds and are passed in.

A manifest overtakes its segment's bytes: they wait in the broker, and there may be seconds of them. So we send a marker
to ourselves, the way of the bytes: once it is back, everything is here that the broker had when it was sent.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from gateway.evidence.places import Key
from protocol.manifest import Manifest

QUIET_S = 0.2
"""Bytes may still be on their way to the broker: so long none of the segment may have come before a marker is sent."""
MARKER_LOST_S = 1.0
"""Nothing at all has come for so long, the marker neither: it is lost, and nothing is on its way."""
MARKER_AGAIN_S = 1.0
"""Between two markers, at least, while the first is on its way."""
LONGEST_WAIT_S = 30.0
"""A manifest is answered then, whatever still comes: when units send more than is written here, or no marker comes
through a broker that others run."""
LATER_S = 3.0
NEVER_S = float("inf")


@dataclass(slots=True)
class Pending:
    """A manifest that is not answered yet. `moved_s`: when it or, later, bytes of its segment came; `whole`: they are
    all here."""

    manifest: Manifest
    court_id: str
    since_s: float
    moved_s: float
    whole: bool = False


class Judging:
    """`wait`, `moved`, `whole` and `forget` tell it of segments, `fed` and `returned` of what comes on the connection
    of media; `due` are to be answered, after `marker` was sent when it gives one."""

    def __init__(self) -> None:
        self.pending: dict[Key, Pending] = {}
        self._number = 0
        self._out: deque[tuple[int, float]] = deque()
        self._fed_s = -NEVER_S
        self._proven_s = -NEVER_S

    def wait(self, key: Key, manifest: Manifest, court_id: str, now_s: float) -> None:
        """A manifest came, perhaps again."""
        pending = self.pending.get(key)
        if pending is None:
            self.pending[key] = Pending(manifest, court_id, now_s, now_s)
        else:
            pending.court_id = court_id

    def moved(self, key: Key, now_s: float) -> None:
        """Bytes of a segment came."""
        pending = self.pending.get(key)
        if pending is not None:
            pending.moved_s = now_s

    def whole(self, key: Key) -> None:
        """A segment that waits lacks nothing."""
        self.pending[key].whole = True

    def later(self, key: Key, now_s: float) -> None:
        """The disk did not let us look at it: again in a while."""
        pending = self.pending[key]
        pending.since_s = pending.moved_s = now_s + LATER_S

    def forget(self, key: Key) -> Pending | None:
        """It is answered, or gone."""
        return self.pending.pop(key, None)

    def fed(self, now_s: float) -> None:
        """Something came on the connection of media."""
        self._fed_s = now_s

    def returned(self, number: int) -> None:
        """A marker is back, and all that came before it is written."""
        while self._out and self._out[0][0] <= number:
            self._proven_s = self._out.popleft()[1]

    def marker(self, now_s: float) -> int | None:
        """The number of the marker that is to be sent now."""
        if self._out and now_s >= self._lost_s():
            self._proven_s = self._out[-1][1]
            self._out.clear()
        if now_s < self._next_marker_s():
            return None
        self._number += 1
        self._out.append((self._number, now_s))
        return self._number

    def due(self, now_s: float) -> list[Key]:
        """Those whose bytes are all here, or of which all is here that will come by itself."""
        return [key for key, pending in self.pending.items() if now_s >= self._due_s(pending)]

    def next_s(self) -> float:
        """When `marker` and `due` are to be asked again, if nothing happens before."""
        soonest_s = min((self._due_s(pending) for pending in self.pending.values()), default=NEVER_S)
        return min(soonest_s, self._next_marker_s(), self._lost_s() if self._out else NEVER_S)

    def _due_s(self, pending: Pending) -> float:
        if pending.whole or self._proven(pending):
            return -NEVER_S
        return pending.since_s + LONGEST_WAIT_S

    def _next_marker_s(self) -> float:
        """When the next marker is to be sent: the broker may have dropped the one before."""
        ripe_s = min(
            (p.moved_s + QUIET_S for p in self.pending.values() if not p.whole and not self._proven(p)),
            default=NEVER_S,
        )
        return max(ripe_s, self._out[-1][1] + MARKER_AGAIN_S) if self._out else ripe_s

    def _proven(self, pending: Pending) -> bool:
        return pending.moved_s + QUIET_S <= self._proven_s

    def _lost_s(self) -> float:
        return max(self._out[0][1], self._fed_s) + MARKER_LOST_S
