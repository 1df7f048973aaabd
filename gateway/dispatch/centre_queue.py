"""The centre's owner: one task that makes changes one after another, alarms before everything else."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from gateway.errors import NotCommitted

T = TypeVar("T")
REQUESTS_MAX = 5_000
STOPPING = "the gateway is stopping"


@dataclass(slots=True)
class _Request:
    job: Callable[[], Awaitable[Any]]
    answer: "asyncio.Future[Any]"


class Owner:
    """Runs what is asked, in its own task: a caller that goes away does not undo or tear a change.
    `settle` is awaited before each; what it raises goes to who asked."""

    def __init__(self, settle: Callable[[], Awaitable[None]]) -> None:
        self._settle = settle
        self._urgent: deque[_Request] = deque()
        self._ordinary: deque[_Request] = deque()
        self._asked = asyncio.Event()
        self._stopped = False

    @property
    def waiting(self) -> int:
        """How many requests wait."""
        return len(self._urgent) + len(self._ordinary)

    async def ask(self, job: Callable[[], Awaitable[T]], *, urgent: bool = False) -> T:
        """The result of `job()`, run in its turn. Raises what it raises, and NotCommitted when too many wait
        or the centre stops."""
        queue = self._urgent if urgent else self._ordinary
        if self._stopped:
            raise NotCommitted(STOPPING)
        if not urgent and len(queue) >= REQUESTS_MAX:
            raise NotCommitted("too many changes are waiting; try again")
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        queue.append(_Request(job, answer))
        self._asked.set()
        return await answer

    async def serve(self) -> None:
        """Run requests until cancelled."""
        while True:
            await self._asked.wait()
            self._asked.clear()
            while queue := self._urgent or self._ordinary:
                request = queue.popleft()
                try:
                    await self._settle()
                    result = await request.job()
                except asyncio.CancelledError:
                    if not request.answer.done():
                        request.answer.set_exception(NotCommitted(f"{STOPPING}; look whether it was done"))
                    raise
                except Exception as error:  # belongs to who asked; it is logged there
                    if not request.answer.done():
                        request.answer.set_exception(error)
                else:
                    if not request.answer.done():
                        request.answer.set_result(result)

    def close(self) -> None:
        """Answer those who wait; nobody is served any more."""
        self._stopped = True
        for request in (*self._urgent, *self._ordinary):
            if not request.answer.done():
                request.answer.set_exception(NotCommitted(STOPPING))
