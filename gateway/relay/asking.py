"""What a unit is asked to send, with a lease: it ends by itself when nobody asks any more. Pure, time is passed in."""

from __future__ import annotations

from protocol.live import LEASE_MS

LEASE_S = LEASE_MS / 1000
RENEW_S = 10.0
LINGER_S = 3.0
"""Somebody who looks again at once finds it running."""
PAUSE_S = 0.5
"""Between two commands that differ: nobody can flood a unit by wishing."""


class Asking:
    """Of one unit. `due` says which value is to be sent now."""

    def __init__(self) -> None:
        self.refused = False
        """The newest answer of this session was no: it came too late, or the unit cannot."""
        self._value = 0
        self._sent_s: float | None = None
        self._session: tuple[int, int] | None = None
        self._wanted_s: float | None = None

    def due(self, value: int, session: tuple[int, int], now_s: float) -> int | None:
        """`value`: what its viewers want now, 0 when there are none. `session`: of a unit that is online. None: nothing
        is to be sent."""
        if value:
            self._wanted_s = now_s
        elif self._wanted_s is not None and now_s - self._wanted_s < LINGER_S:
            value = self._value
        age_s = None if self._sent_s is None else now_s - self._sent_s
        lives = age_s is not None and age_s < LEASE_S and session == self._session and self._value != 0
        if not value and not lives:
            return None
        if lives and age_s is not None:
            if value == self._value and age_s < RENEW_S:
                return None
            if value != self._value and age_s < PAUSE_S:
                return None
        if session != self._session:
            self.refused = False
        self._value, self._sent_s, self._session = value, now_s, session
        return value

    def answered(self, done: bool) -> None:
        """The unit says whether it does what it was asked."""
        self.refused = not done

    def failed(self) -> None:
        """It could not be sent: it is due again."""
        self._sent_s = None
