"""Wakes one waiting task early: an event with a time limit that allocates no task for the limit."""

import asyncio
from asyncio import core  # type: ignore[attr-defined]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Bell:
    """One task waits, anybody in the event loop rings. A ring that nobody waits for is kept, once."""

    def __init__(self) -> None:
        self._rung = False
        self._sleeper: Any = None

    def ring(self) -> None:
        """Wakes the waiting task, or lets its next wait return at once."""
        self._rung = True
        sleeper = self._sleeper
        if sleeper is not None:
            self._sleeper = None
            if sleeper.data is not None:
                # It is being cancelled, and is on its way already; a second push would take that back.
                return
            # The task sleeps in the loop's queue: put it to the front, as Task.cancel does.
            core._task_queue.remove(sleeper)
            core._task_queue.push(sleeper)

    async def wait(self, most_ms: int) -> bool:
        """Returns True when rung, False when `most_ms` have passed."""
        if not self._rung:
            self._sleeper = core.cur_task
            try:
                await asyncio.sleep_ms(most_ms)
            finally:
                self._sleeper = None
        rung = self._rung
        self._rung = False
        return rung
