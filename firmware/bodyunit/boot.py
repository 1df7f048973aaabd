"""How many times the unit has started: kept in two checked copies, so that a power cut spoils one at most."""

from store.copies import Copies


def next_boot(home: str) -> int:
    """Counts this start and returns its number, from 1. A flash that refuses does not stop the unit."""
    copies = Copies(home + "/boot", 16)
    copies.load()
    boot = copies.generation + 1
    try:
        copies.save(b"")
    except OSError:
        pass
    return boot
