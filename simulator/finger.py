"""The officer's finger on the button of a simulated unit."""

from __future__ import annotations

from simulator.board import Board
from simulator.clock import Clock

SHORT_DOWN_S = 0.12  # of one short press; the firmware calls less than 0.4 s short
SHORT_UP_S = 0.18
SETTLE_S = 0.06  # no finger is faster, and the firmware takes less for a bouncing contact


class Finger:
    """On the button of `board`. `alarm_ms`: how long it holds the button for an alarm."""

    def __init__(self, board: Board, clock: Clock, alarm_ms: int) -> None:
        self._board = board
        self._clock = clock
        self._alarm_ms = alarm_ms

    async def press(self, hold_ms: int | None = None) -> float:
        """Hold the button, then let go; returns when it had gone down. Default: long enough for an alarm."""
        at_s = self.move(True)
        try:
            await self._clock.sleep_s((self._alarm_ms if hold_ms is None else hold_ms) / 1000)
        finally:
            self.move(False)
        await self._clock.sleep_s(SETTLE_S)
        return at_s

    async def short_presses(self, number: int) -> float:
        """Press `number` times shortly; returns when the first went down."""
        at_s = self._clock.monotonic_s()
        for _ in range(number):
            await self.press(round(SHORT_DOWN_S * 1000))
            await self._clock.sleep_s(SHORT_UP_S)
        return at_s

    def move(self, down: bool) -> float:
        """Down, or up again; returns when."""
        at_s = self._clock.monotonic_s()
        self._board.tell({"t": "button", "down": down, "at_ms": round(at_s * 1000)})
        return at_s
