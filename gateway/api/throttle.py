"""Login throttle: few attempts a login and an address in a window, in bounded memory."""

from __future__ import annotations

from collections import OrderedDict, deque


class Throttle:
    """Counts failures by key over a sliding window.

    limit: failures allowed in window_s seconds; max_keys: keys remembered. When memory is full the key that
    failed longest ago is forgotten (counted in `forgotten`), so an attacker with many names cannot grow it.
    """

    def __init__(self, limit: int, window_s: float, max_keys: int = 4096) -> None:
        self._limit = limit
        self._window_s = window_s
        self._max_keys = max_keys
        self._failures: OrderedDict[str, deque[float]] = OrderedDict()
        self.forgotten = 0

    def wait_s(self, key: str, now_s: float) -> float:
        """Seconds until `key` may try again; 0.0 when it may now."""
        times = self._failures.get(key)
        if times is None:
            return 0.0
        while times and times[0] <= now_s - self._window_s:
            times.popleft()
        if not times:
            del self._failures[key]
            return 0.0
        return times[0] + self._window_s - now_s if len(times) >= self._limit else 0.0

    def failed(self, key: str, now_s: float) -> None:
        """Remember a failure (or an attempt under way) of `key`."""
        times = self._failures.setdefault(key, deque(maxlen=self._limit))
        times.append(now_s)
        self._failures.move_to_end(key)
        while len(self._failures) > self._max_keys:
            self._failures.popitem(last=False)
            self.forgotten += 1

    def forgive(self, key: str) -> None:
        """Take the newest failure of `key` back: the attempt succeeded."""
        times = self._failures.get(key)
        if times:
            times.pop()
