"""Chunks on their way to the disk: in their order, bounded, and a mark only after what came before it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from gateway.evidence.intake import Intake
from gateway.evidence.places import Key
from gateway.evidence.shelf import Piece

KEY = Key("u1", "a1b2c3d4e5f60718", 0)
WITHIN_S = 30.0
BOUND_BYTES = 1000


class Disk:
    """Writes when it is told to. `done`: offsets and marks as they were."""

    def __init__(self) -> None:
        self.may = asyncio.Event()
        self.begun = asyncio.Event()
        self.done: list[object] = []
        self.intake = Intake(self._write, lambda number: self.done.append(f"mark {number}"), BOUND_BYTES)

    async def _write(self, pieces: Sequence[Piece]) -> None:
        self.begun.set()
        await self.may.wait()
        self.done += [piece.offset for piece in pieces]


def piece(offset: int, size: int = 10) -> Piece:
    return Piece(KEY, offset, memoryview(bytes(size)), True, 5)


async def test_mark_waits_for_what_is_being_written_and_what_comes_later_for_the_next() -> None:
    disk = Disk()
    running = asyncio.create_task(disk.intake.run())
    try:
        async with asyncio.timeout(WITHIN_S):
            disk.intake.put([piece(0), piece(10)])
            assert disk.intake.busy
            disk.intake.mark(1)
            await disk.begun.wait()
            disk.intake.mark(2)
            disk.intake.put([piece(20)])
            assert disk.done == []
            disk.may.set()
            await disk.intake.flush()
        assert disk.done == [0, 10, "mark 1", 20, "mark 2"] and not disk.intake.busy
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_what_is_put_is_written_though_nobody_asks() -> None:
    disk = Disk()
    disk.may.set()
    running = asyncio.create_task(disk.intake.run())
    try:
        disk.intake.put([piece(0)])
        async with asyncio.timeout(WITHIN_S):
            await disk.begun.wait()
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert disk.done == [0]


async def test_what_the_disk_has_no_time_for_is_left_out_and_nobody_waits() -> None:
    disk = Disk()
    running = asyncio.create_task(disk.intake.run())
    try:
        async with asyncio.timeout(WITHIN_S):
            assert disk.intake.put([piece(0, BOUND_BYTES - 10)]) == 0
            disk.intake.mark(1)
            await disk.begun.wait()
            assert disk.intake.put([piece(20), piece(30), piece(40)]) == 2
            disk.may.set()
            await disk.intake.flush()
            assert disk.intake.put([piece(30)]) == 0
            await disk.intake.flush()
        assert disk.done == [0, "mark 1", 20, 30]
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
