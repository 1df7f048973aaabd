"""Exports for browsers: a few at a time, each made by a process of its own, sent as it is made."""

from __future__ import annotations

import asyncio
import json
import pickle
import secrets
import shutil
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from gateway.errors import ExportRefused
from gateway.evidence.export import Order

PIECE_BYTES = 1 << 18
SAID_BYTES = 8_192
"""Of what the process says, the end is kept."""
CHILD = "gateway.evidence.export_child"


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of an export that was sent whole; `sums` in hex."""

    sums: str
    faulty: int


class Busy(ExportRefused):
    """So many exports are being made that this one has to wait."""


class Exports:
    """`folder` is for what is put aside meanwhile; what an interrupted gateway left there is removed at the first
    export. keep_free_bytes: so much of its disk is for others."""

    def __init__(self, folder: Path, most: int, keep_free_bytes: int) -> None:
        self.running = 0
        self._folder = folder
        self._most = most
        self._keep_free_bytes = keep_free_bytes
        self._cleared = False

    def take(self) -> Export:
        """A place for one export, which `async with` gives back. Raises Busy."""
        if self.running >= self._most:
            raise Busy(f"{self._most} exports are being made")
        return Export(self)

    def _aside(self, order: Order) -> Path:
        if not self._cleared:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._cleared = True
        aside = self._folder / secrets.token_hex(8)
        aside.mkdir(parents=True)
        needed, free = order.needed_bytes[1], shutil.disk_usage(aside).free - self._keep_free_bytes
        if needed > free:
            aside.rmdir()
            raise ExportRefused(
                f"about {needed >> 20:,} MiB are needed beside it, {max(0, free) >> 20:,} MiB are free"
            )
        return aside


class Export:
    """One of them. `async with exports.take() as one: await one.begin(order); async for piece in one.pieces(): …`."""

    def __init__(self, exports: Exports) -> None:
        self.sent: Sent | None = None
        """Set once all of it was sent."""
        self._exports = exports
        self._exports.running += 1
        self._ended = False
        self._aside: Path | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._jobs: list[asyncio.Task[Any]] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.end()

    async def begin(self, order: Order) -> None:
        """Start making it. Raises ExportRefused, OSError."""
        self._aside = await asyncio.to_thread(self._exports._aside, order)
        pipe = asyncio.subprocess.PIPE
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", CHILD, stdin=pipe, stdout=pipe, stderr=pipe, limit=PIECE_BYTES
        )
        job = await asyncio.to_thread(pickle.dumps, (order, self._aside))
        self._jobs = [asyncio.create_task(self._tell(job)), asyncio.create_task(self._listen())]

    async def pieces(self) -> AsyncIterator[bytes]:
        """The zip. Raises ExportRefused when it cannot be made to its end: what was sent is then no whole zip."""
        assert self._process is not None and self._process.stdout is not None
        while piece := await self._process.stdout.read(PIECE_BYTES):
            yield piece
        await self._jobs[0]
        said = await self._jobs[1]
        status = await self._process.wait()
        try:
            last = json.loads(said.splitlines()[-1])
            if status == 0:
                self.sent = Sent(last["sums"], last["faulty"])
                return
            problem = str(last["error"])
        except (IndexError, KeyError, TypeError, ValueError):
            problem = said.decode("utf-8", "replace")[-500:]
        raise ExportRefused(f"the export ended with status {status}: {problem}")

    async def end(self) -> None:
        """End the process, if it still runs, and remove what it put aside. Twice does no harm."""
        if self._ended:
            return
        self._ended = True
        try:
            if self._process is not None and self._process.returncode is None:
                assert self._process.stdout is not None
                self._process.kill()
                # A pipe whose reading is paused never comes to its end, and `wait` waits for that.
                while await self._process.stdout.read(PIECE_BYTES):
                    pass
                await self._process.wait()
            for job in self._jobs:
                job.cancel()
            await asyncio.gather(*self._jobs, return_exceptions=True)
            if self._aside is not None:
                await asyncio.to_thread(shutil.rmtree, self._aside, True)
        finally:
            self._exports.running -= 1

    async def _tell(self, job: bytes) -> None:
        assert self._process is not None and self._process.stdin is not None
        try:
            self._process.stdin.write(job)
            await self._process.stdin.drain()
        except ConnectionError:
            pass  # it ended before it had read all: its status says why
        finally:
            self._process.stdin.close()

    async def _listen(self) -> bytes:
        assert self._process is not None and self._process.stderr is not None
        said = b""
        while data := await self._process.stderr.read(SAID_BYTES):
            said = (said + data)[-SAID_BYTES:]
        return said
