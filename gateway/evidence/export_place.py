"""Where an export is made until it is whole: a folder beside its name, one export at a time in it."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gateway.errors import ExportRefused

PARTIAL = ".part"
_LOCK = "lock"


@contextmanager
def beside(out: Path) -> Iterator[Path]:
    """`<out>.part`, empty but for a lock, and gone afterwards. What a killed export left in it is removed; while
    another one is at work in it, ExportRefused is raised. Raises OSError."""
    part = out.with_name(out.name + PARTIAL)
    part.mkdir(exist_ok=True)
    with (part / _LOCK).open("wb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            ours = os.path.samestat(os.fstat(lock.fileno()), os.stat(part / _LOCK))
        except (BlockingIOError, FileNotFoundError):
            ours = False
        if not ours:
            raise ExportRefused(
                f"{out}: another export to this name is under way; name another, or wait for it"
            )
        try:
            for left in part.iterdir():
                if left.name != _LOCK:
                    _remove(left)
            yield part
        finally:
            shutil.rmtree(part, ignore_errors=True)  # another one that is refused may just look into it


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()
