"""Whether something sets this machine's clock, as the kernel knows it (adjtimex(2), as `timedatectl` asks)."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable

#: struct timex has 208 bytes on 64-bit Linux. All zero it asks and changes nothing.
TIMEX_BYTES = 512
TIME_ERROR = 5


def _found() -> Callable[[object], int] | None:
    if not sys.platform.startswith("linux"):
        return None
    try:
        asked = ctypes.CDLL(None).adjtimex
    except (OSError, AttributeError):
        return None
    asked.restype = ctypes.c_int
    return asked


_adjtimex = _found()


def synchronized() -> bool | None:
    """Whether a time service (NTP, PTP) holds the clock right; None when the kernel does not say."""
    if _adjtimex is None:
        return None
    state = _adjtimex(ctypes.create_string_buffer(TIMEX_BYTES))
    return None if state < 0 else state != TIME_ERROR
