"""Single keys from a terminal, without waiting for Enter."""

from __future__ import annotations

import asyncio
import os
import sys
import termios
import tty
from types import TracebackType

from simulator.errors import SimulatorError

WAITING = 32  # keys that were pressed and not taken yet; more are forgotten


class NoTerminal(SimulatorError):
    """Standard input or output is not a terminal."""


class Keys:
    """Async context manager. Entering switches the terminal to single keys, leaving switches it back."""

    def __init__(self) -> None:
        """Raises NoTerminal."""
        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            raise NoTerminal(
                "--interactive needs a terminal; run a scenario instead, see `tipstaff simulate --list`"
            )
        self._fd = sys.stdin.fileno()
        self._before = termios.tcgetattr(self._fd)
        self._queue: asyncio.Queue[str] = asyncio.Queue(WAITING)

    def _read(self) -> None:
        try:
            data = os.read(self._fd, 64)
        except OSError:
            data = b""
        if not data:  # the terminal is gone
            asyncio.get_running_loop().remove_reader(self._fd)
            data = b"q"
        if data.startswith(b"\x1b"):  # arrows and the like mean nothing here
            return
        for char in data.decode("utf-8", "ignore"):
            if not self._queue.full():
                self._queue.put_nowait(char)

    async def next(self) -> str:
        """The next key."""
        return await self._queue.get()

    async def __aenter__(self) -> Keys:
        tty.setcbreak(self._fd)
        asyncio.get_running_loop().add_reader(self._fd, self._read)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.get_running_loop().remove_reader(self._fd)
        termios.tcsetattr(self._fd, termios.TCSADRAIN, self._before)
