"""The operating-system process that runs the firmware."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path

LOG_LIMIT_BYTES = 512 * 1024  # then it is renamed to *.1 and begun anew: at most 1 MiB on disk
TAIL_LINES = 40
LINE_LIMIT_CHARS = 400


class BoundedLog:
    """Output of the unit in a file of bounded size, with the last lines in memory."""

    def __init__(self, path: Path, limit_bytes: int = LOG_LIMIT_BYTES) -> None:
        self.path = path
        self._limit_bytes = limit_bytes
        self._tail: deque[str] = deque(maxlen=TAIL_LINES)
        self._partial = b""

    def write(self, data: bytes) -> None:
        """Append raw output. Errors of the disk are the caller's."""
        with self.path.open("ab") as file:
            file.write(data)
            full = file.tell() >= self._limit_bytes
        if full:
            self.path.replace(self.path.with_name(self.path.name + ".1"))
        *lines, self._partial = (self._partial + data).split(b"\n")
        self._partial = self._partial[-LINE_LIMIT_CHARS:]
        self._tail.extend(line.decode("utf-8", "replace").rstrip("\r")[:LINE_LIMIT_CHARS] for line in lines)

    def tail(self, lines: int = 12) -> tuple[str, ...]:
        """The newest lines, oldest first."""
        every = [*self._tail]
        if self._partial:
            every.append(self._partial.decode("utf-8", "replace"))
        return tuple(every[-lines:])


class Process:
    """One run of an executable in a process group of its own; ends with `kill` or by itself."""

    def __init__(self, log: BoundedLog) -> None:
        self._log = log
        self._process: asyncio.subprocess.Process | None = None
        self._pump: asyncio.Task[None] | None = None

    @property
    def running(self) -> bool:
        """Whether the process is alive."""
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int | None:
        """Process id, which is also its process group, while it runs."""
        return self._process.pid if self._process is not None and self.running else None

    @property
    def returncode(self) -> int | None:
        """Exit status of the last run: negative for a signal, None before the end."""
        return self._process.returncode if self._process is not None else None

    async def start(self, command: Sequence[str], *, env: Mapping[str, str], cwd: Path) -> None:
        """Start `command`. Raises OSError when it cannot be executed, RuntimeError when one runs already."""
        if self.running:
            raise RuntimeError("the process runs already")
        self._process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=dict(env),
            cwd=cwd,
            start_new_session=True,
        )
        self._pump = asyncio.create_task(self._read(self._process), name=f"log of {self._process.pid}")

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        while data := await process.stdout.read(4096):
            self._log.write(data)

    async def wait(self) -> int | None:
        """Wait for the end and for the last of its output; returns the exit status."""
        if self._process is None:
            return None
        await self._process.wait()
        if self._pump is not None:
            await asyncio.wait({self._pump})
        return self._process.returncode

    async def kill(self) -> None:
        """SIGKILL to the whole group, then wait. Harmless when nothing runs."""
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        await self.wait()
