"""Stills and contact sheets of sealed segments, for those who look for a moment. Made anew each time, and bounded."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2

from gateway.errors import EvidenceUnreadable, TooMuchAtOnce
from gateway.evidence import derive
from gateway.evidence.derive import Master
from gateway.evidence.overlay import Overlay
from gateway.evidence.reading import Archive
from gateway.store.recordings import SegmentRow
from protocol.manifest import Manifest

AT_ONCE = 2
WAITING_MAX = 8
SEGMENTS_MAX = 12
"""Read for one sheet: 16 MiB each, a second in all."""


class Stills:
    """Pictures out of what `archive` keeps; at most AT_ONCE are made at a time, and WAITING_MAX asked for."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._overlay = Overlay()
        self._threads = ThreadPoolExecutor(AT_ONCE, "evidence-stills")
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._asked = 0

    async def still(self, row: SegmentRow, at_ms: int) -> bytes | None:
        """The picture that is last at `at_ms` of a sealed segment, or the first after it; a JPEG with the overlay.
        None when it cannot be decoded, or there is none.

        Raises TooMuchAtOnce, EvidenceUnreadable.
        """
        return await self._made([row], lambda masters: derive.still(masters, at_ms, self._overlay))

    async def sheet(self, rows: Sequence[SegmentRow], count: int) -> bytes | None:
        """`count` pictures evenly over these sealed segments, or over SEGMENTS_MAX of them; None without any.

        Raises TooMuchAtOnce, EvidenceUnreadable.
        """
        read = min(len(rows), SEGMENTS_MAX, count)
        chosen = [rows[number * len(rows) // read] for number in range(read)]
        return await self._made(chosen, lambda masters: derive.contact_sheet(masters, count))

    async def _made(
        self, rows: Sequence[SegmentRow], make: Callable[[list[Master]], bytes | None]
    ) -> bytes | None:
        if self._asked >= WAITING_MAX:
            raise TooMuchAtOnce("Too many pictures are being made just now. Try again in a moment.")
        self._asked += 1
        try:
            async with self._turn:
                with ExitStack() as copies:
                    masters = [await self._master(row, copies) for row in rows]
                    return await asyncio.get_running_loop().run_in_executor(self._threads, make, masters)
        except (OSError, cv2.error) as error:
            raise EvidenceUnreadable(f"no picture can be made: {error}") from None
        finally:
            self._asked -= 1

    async def _master(self, row: SegmentRow, copies: ExitStack) -> Master:
        assert row.manifest is not None
        path = self._archive.here(row)
        if path is None:
            path = Path(copies.enter_context(TemporaryDirectory(prefix="tipstaff-"))) / "segment.mkv"
            await self._archive.copy(row, path)
        return Master(path, Manifest.decode(row.manifest))
