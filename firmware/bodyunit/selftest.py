"""The power-up self test: what can be known to be broken before the unit is needed."""

import os

from store import files

_PROBE = b"tipstaff self test"


def flash(home: str) -> "str | None":
    """Writes, reads and removes a file; the fault in words, or None."""
    path = home + "/selftest"
    try:
        with open(path, "wb") as stream:
            stream.write(_PROBE)
            files.sync(stream)
        with open(path, "rb") as stream:
            same = stream.read() == _PROBE
        os.remove(path)
    except OSError as error:
        return "flash: error %s" % error.errno
    return None if same else "flash: reads back something else"


def identity(home: str, settings) -> "str | None":
    """Whether the unit knows who it is, and has its certificates."""
    if not settings.complete:
        return "not provisioned: unit.json is missing or incomplete"
    for name in ("ca.der", "unit.der", "unit.key.der"):
        if files.size_bytes(home + "/" + name) <= 0:
            return "not provisioned: %s is missing" % name
    return None


def battery(board) -> "str | None":
    """Whether the battery can be measured and is not nearly empty."""
    pct, mv, _ = board.battery()
    if mv is not None and not 2500 <= mv <= 5500:
        return "battery: %d mV cannot be" % mv
    if pct is not None and pct < 5:
        return "battery: %d %%" % pct
    return None


def run(board, settings) -> "list[str]":
    """Faults in words; empty when all is well. Takes a few ms and never raises."""
    faults = [flash(board.home), identity(board.home, settings)]
    try:
        faults.append(battery(board))
        if board.button_down():
            faults.append("button: down at power-up")
    except Exception as error:
        faults.append("board: %s" % error)
    return [fault for fault in faults if fault]
