"""A process of a bench: it does its work beside us, says what it did in JSON lines, and ends with its input."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

CONNECT_S = 120.0
ANSWER_S = 10.0


class Worker:
    """`python -m module folder`. Async context manager; entered when it has said `connected`. It can be begun before.

    `counts` is what it last said. Raises RuntimeError with its last words (`<module>.log` in the folder) when it ends.
    """

    def __init__(self, module: str, folder: Path) -> None:
        self.counts: dict[str, int] = {}
        self._module = module
        self._folder = folder
        self._log_path = folder / f"{module}.log"
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._news = asyncio.Condition()
        self._gone = False

    async def begin(self) -> None:
        """Start it, and do not wait."""
        with self._log_path.open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", self._module, str(self._folder),
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=log,
            )  # fmt: skip
        self._reader = asyncio.create_task(self._read(), name=f"{self._module} is heard")

    async def __aenter__(self) -> Self:
        if self._process is None:
            await self.begin()
        try:
            await self.until(lambda: "connected" in self.counts, CONNECT_S)
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """End it. Twice does no harm."""
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            async with asyncio.timeout(ANSWER_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
        if self._reader is not None:
            await self._reader

    @property
    def pid(self) -> int:
        """Of the process, while it runs."""
        assert self._process is not None
        return self._process.pid

    def tell(self, line: str) -> None:
        """Write to its input."""
        assert self._process is not None and self._process.stdin is not None
        self._process.stdin.write(line.encode())

    async def until(self, look: Callable[[], bool], timeout_s: float = ANSWER_S) -> None:
        """Wait until `look()`, asked whenever it said something. Raises TimeoutError."""
        async with asyncio.timeout(timeout_s), self._news:
            while not look():
                if self._gone:
                    said = self._log_path.read_text("utf-8", "replace").splitlines()[-8:]
                    raise RuntimeError(f"{self._module} ended:\n  " + "\n  ".join(said))
                await self._news.wait()

    def heard(self, said: dict[str, Any]) -> None:
        """What a line said."""
        self.counts.update(said)

    async def _read(self) -> None:
        assert self._process is not None and self._process.stdout is not None
        stdout = self._process.stdout
        while line := await stdout.readline():
            async with self._news:
                self.heard(json.loads(line))
                self._news.notify_all()
        async with self._news:
            self._gone = True
            self._news.notify_all()
