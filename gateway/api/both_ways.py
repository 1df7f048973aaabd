"""The two directions of a WebSocket: until one of them ends, and how it is closed then."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

from fastapi import WebSocket
from starlette.websockets import WebSocketDisconnect

from gateway.api.viewer import Close

#: A closing frame that does not get out in this time is not waited for.
CLOSE_WITHIN_S = 2.0


async def until_one_ends(
    *work: Coroutine[Any, Any, object], then: Callable[[], object] = lambda: None
) -> list[Exception]:
    """Run all of `work` until one ends; then `then`, and the others are cancelled. Returns what failed; that the other
    side has gone is no failure."""
    jobs = [asyncio.create_task(one) for one in work]
    try:
        await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
    finally:
        then()
        for job in jobs:
            job.cancel()
        outcomes = await asyncio.gather(*jobs, return_exceptions=True)
    return [
        one for one in outcomes if isinstance(one, Exception) and not isinstance(one, WebSocketDisconnect)
    ]


async def close(socket: WebSocket, code: Close | None) -> None:
    """Say why it ended, if there is something to say; one who does not read is not waited for."""
    if code is not None:
        with suppress(TimeoutError, WebSocketDisconnect, RuntimeError):
            async with asyncio.timeout(CLOSE_WITHIN_S):
                await socket.close(code, code.name.lower())
