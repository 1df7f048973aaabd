"""Whose turn it is on the event loop: an alarm first, a person's request next, positions in between.

The loop runs what is ready in order, and an alarm needs a dozen turns of it from its arrival until its message is
with those who watch. Whoever has a lot of small work (positions, pictures of all units) asks `give_way` after every
few milliseconds of it. Nothing here is a lock: what is urgent goes on whatever others do, and bulk work waits only so
long, then it has a slice all the same.
"""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

#: Bulk work waits no longer than this for one slice of its own.
LONGEST_S = 0.1
#: Somebody who asks for something goes first for so long; then bulk work goes on beside them.
MOMENT_S = 0.05
#: Turns of the loop after something urgent, in which what it has changed goes out to those who watch.
TURNS_AFTER = 4


class Turns:
    """One for a gateway's event loop. longest_s: see LONGEST_S."""

    def __init__(self, longest_s: float = LONGEST_S) -> None:
        self.longest_s = longest_s
        self._urgent = 0
        self._quiet = asyncio.Event()
        self._quiet.set()

    @contextmanager
    def urgent(self) -> Iterator[None]:
        """While it lasts, bulk work stands aside."""
        self._urgent += 1
        self._quiet.clear()
        try:
            yield
        finally:
            self._urgent -= 1
            if self._urgent == 0:
                self._quiet.set()

    @contextmanager
    def moment(self) -> Iterator[None]:
        """As `urgent`, but for MOMENT_S at most: a request may take as long as it likes."""
        with ExitStack() as stack:
            stack.enter_context(self.urgent())
            end = asyncio.get_running_loop().call_later(MOMENT_S, stack.close)
            try:
                yield
            finally:
                end.cancel()

    async def give_way(self) -> None:
        """Let others have their turn; returns when nothing urgent is under way, at the latest after `longest_s`."""
        await asyncio.sleep(0)
        if self._urgent == 0:
            return
        try:
            async with asyncio.timeout(self.longest_s):
                await self._quiet.wait()
        except TimeoutError:
            return
        for _ in range(TURNS_AFTER):
            await asyncio.sleep(0)
