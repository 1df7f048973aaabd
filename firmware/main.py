"""The unit's program: picks the board and starts it (docs/firmware.md)."""

import gc
import os
import sys
import time

RESTART_S = 5
# While modules are compiled: else what the compiler leaves keeps them far apart, and no long buffer fits between.
COLLECT_BYTES = 16_384


def _path() -> None:
    """Makes `protocol` importable where it lies beside the firmware's folder, as in the source tree."""
    try:
        import protocol
    except ImportError:
        folder = __file__.rpartition("/")[0] or "."
        sys.path.append(folder + "/..")
        import protocol
    del protocol


def main() -> None:
    """Runs for ever."""
    gc.threshold(COLLECT_BYTES)
    _path()
    import boards
    from bodyunit.start import start

    name = os.getenv("TIPSTAFF_BOARD") if hasattr(os, "getenv") else None
    if name is not None:
        start(boards.load(name))
        return
    try:
        board = boards.load("esp32s3")
    except Exception as error:
        # A unit that stops at the prompt is dead on the officer's chest; one that starts anew may come up.
        import machine

        sys.print_exception(error)
        time.sleep(RESTART_S)
        machine.reset()
    start(board)


main()
