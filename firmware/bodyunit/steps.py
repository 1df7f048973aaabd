"""Measures the longest step of the event loop: what everything else on the unit has to wait for."""

import time
from asyncio import core  # type: ignore[attr-defined]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Steps(core.IOQueue):
    """Takes the place of the loop's poll queue, which is asked before every step of every task."""

    def __init__(self) -> None:
        super().__init__()
        self.longest_us = 0
        self._since_us: "Any" = 0

    def wait_io_event(self, dt) -> None:
        """Called by the loop between two steps."""
        step_us = time.ticks_diff(time.ticks_us(), self._since_us)
        if self._since_us and step_us > self.longest_us:
            self.longest_us = step_us
        super().wait_io_event(dt)
        self._since_us = time.ticks_us()

    def take_us(self) -> int:
        """The longest step since the last call; the one that asks does not count."""
        longest_us, self.longest_us, self._since_us = self.longest_us, 0, 0
        return longest_us


def measure() -> Steps:
    """Starts measuring; call it before anything waits for a stream."""
    steps = Steps()
    core._io_queue = steps
    return steps
