"""Somebody leaves while an export is sent to them faster than they read it."""

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gateway.evidence import exporting

#: Writes for ever, as the maker of a large zip does.
MAKER = """
import sys

sys.stdin.buffer.read()
while True:
    sys.stdout.buffer.write(bytes(65536))
"""


async def test_export_that_is_left_while_more_of_it_waits_gives_its_place_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "endless_maker.py").write_text(MAKER)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(exporting, "CHILD", "endless_maker")
    order: Any = SimpleNamespace(needed_bytes=(0, 0))
    exports = exporting.Exports(tmp_path / "aside", 1, 0)
    async with asyncio.timeout(60):
        async with exports.take() as one:
            await one.begin(order)
            pieces = one.pieces()
            assert await anext(pieces)
            while not one._process.stdout._paused:  # type: ignore[union-attr]
                await asyncio.sleep(0.01)
            await pieces.aclose()
    assert exports.running == 0 and list((tmp_path / "aside").iterdir()) == []
