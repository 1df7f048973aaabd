"""Starts the unit on a board, and sees to it that it starts again."""

import asyncio
import gc
import sys
import time

from bodyunit.steps import measure
from bodyunit.unit import Unit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

RESET_PAUSE_MS = 1000


def start(board) -> None:
    """Runs the unit on a board until the board is reset; a fault of the whole program ends in a reset too."""
    steps = measure()
    unit: Any = None
    try:
        unit = Unit(board, steps=steps)
        gc.collect()
        gc.threshold(-1)
        asyncio.run(unit.run())
    except Exception as error:
        sys.print_exception(error)
        try:
            unit.events.crash(error, unit.clock.mono_ms())
        except Exception:
            # No unit yet, or no room to write: a reset is owed all the same.
            pass
        time.sleep_ms(RESET_PAUSE_MS)
        board.reset()
