"""Where an export is made until it is whole: a folder beside its name, one export at a time in it."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gateway.errors import ExportRefused

PARTIAL = ".part"
_LOCK = "lock"


@contextmanager
def beside(out: Path) -> Iterator[Path]:
    """`<out>.part`, empty but for a lock, and gone afterwards. What a killed export left in it is removed; while
    another one is at work in it, ExportRefused is raised. Raises OSError."""
    part = out.with_name(out.name + PARTIAL)
    if part.is_file():
        part.unlink()
    part.mkdir(exist_ok=True)
    refused = ExportRefused(f"{out}: another export to this name is under way; name another, or wait for it")
    try:
        lock = (part / _LOCK).open("wb")
    except FileNotFoundError:  # it has just ended
        raise refused from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            ours = os.path.samestat(os.fstat(lock.fileno()), os.stat(part / _LOCK))
        except (BlockingIOError, FileNotFoundError):
            ours = False
        if not ours:
            raise refused
        try:
            _empty(part)
            yield part
        finally:
            # The lock last: who finds none is alone.
            _empty(part)
            (part / _LOCK).unlink()
            with suppress(OSError):  # the next one may be in it
                part.rmdir()


def _empty(part: Path) -> None:
    for path in part.iterdir():
        if path.name == _LOCK:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
