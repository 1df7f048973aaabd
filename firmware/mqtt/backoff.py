"""How long to wait before the next attempt to connect."""


class Backoff:
    """Doubles from `least_ms` to `most_ms`; each wait is a random part, at least half, of its step.

    `rand()` returns a float from 0 up to but not including 1, so that a fleet that lost its broker does not
    return in one instant.
    """

    def __init__(self, least_ms, most_ms, rand):
        self._least_ms = least_ms
        self._most_ms = most_ms
        self._rand = rand
        self._step_ms = least_ms

    def reset(self):
        self._step_ms = self._least_ms

    def next_ms(self):
        """The next wait in ms."""
        step_ms = self._step_ms
        self._step_ms = min(step_ms * 2, self._most_ms)
        half_ms = step_ms // 2
        return half_ms + int(self._rand() * (step_ms - half_ms))
