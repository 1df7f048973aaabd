"""The threads of evidence: one that owns the growing files, and some in which whole segments are sealed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

SEALING_AT_ONCE = 2
T = TypeVar("T")


class Threads:
    """Work that waits for the disk, off the event loop."""

    def __init__(self) -> None:
        self._files = ThreadPoolExecutor(1, "evidence-files")
        self._sealers = ThreadPoolExecutor(SEALING_AT_ONCE, "evidence-seal")

    async def in_files(self, work: Callable[[], T]) -> T:
        """In the one thread that alone touches the `Shelf`."""
        return await asyncio.get_running_loop().run_in_executor(self._files, work)

    async def in_sealer(self, work: Callable[[], T]) -> T:
        """In a thread for what takes long."""
        return await asyncio.get_running_loop().run_in_executor(self._sealers, work)

    def close(self) -> None:
        """When nothing is to be done any more."""
        self._files.shutdown()
        self._sealers.shutdown()
