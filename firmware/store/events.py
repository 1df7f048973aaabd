"""What happened on the unit, for the next boot: the last 50 events and the last traceback.

Events live in RAM and are written rarely (flash wears): when `due`, before a planned restart, and at once
on a crash. A power cut costs the events since the last write, never the ones before.
"""

import json
import sys
from io import StringIO

from store.copies import Copies

MAX_EVENTS = 50
MAX_TEXT = 120
MAX_TRACEBACK = 1500
WRITE_EVERY_MS = 600000
_MAX_BYTES = 32768


class Events:
    """Events under directory `home` ("events.a", "events.b"); `boot` is this boot's count.

    previous: [boot, mono_ms, text] of what was written before, oldest first, at most 50.
    previous_traceback: of the last crash, "" when there was none. Attributes: lost (writes that failed).
    """

    def __init__(self, home=".", boot=0):
        self._copies = Copies(home + "/events", _MAX_BYTES)
        self._boot = boot
        self._traceback = ""
        self._events = []
        self._dirty = False
        self._written_ms = 0
        self.lost = 0
        self._load()
        self.previous = list(self._events)
        self.previous_traceback = self._traceback

    def add(self, text, mono_ms):
        """Remember (cut to 120 characters); nothing is written yet."""
        self._events.append([self._boot, mono_ms, text[:MAX_TEXT]])
        if len(self._events) > MAX_EVENTS:
            self._events.pop(0)
        self._dirty = True

    def due(self, mono_ms):
        """True when something was added and the last write is 10 minutes old."""
        return self._dirty and mono_ms - self._written_ms >= WRITE_EVERY_MS

    def flush(self, mono_ms=0):
        """Write if there is something new; True when all is on flash. A disk error is counted in `lost`."""
        if not self._dirty:
            return True
        self._written_ms = mono_ms
        try:
            self._copies.save(json.dumps({"events": self._events, "traceback": self._traceback}).encode())
        except (OSError, ValueError):
            self.lost += 1
            return False
        self._dirty = False
        return True

    def crash(self, exception, mono_ms):
        """Keep the traceback of `exception` (its last 1,500 characters) and write at once."""
        text = StringIO()
        sys.print_exception(exception, text)
        self._traceback = text.getvalue()[-MAX_TRACEBACK:]
        self.add("crash: %r" % exception, mono_ms)
        return self.flush(mono_ms)

    def latest(self):
        """[boot, mono_ms, text] of the newest event, or None."""
        return self._events[-1] if self._events else None

    def _load(self):
        try:
            stored = json.loads(self._copies.load() or b"{}")
            events = [
                [int(boot), int(at_ms), str(text)[:MAX_TEXT]]
                for boot, at_ms, text in stored.get("events", ())
            ]
            self._traceback = str(stored.get("traceback", ""))[-MAX_TRACEBACK:]
        except (ValueError, TypeError, AttributeError):
            return
        self._events = events[-MAX_EVENTS:]
