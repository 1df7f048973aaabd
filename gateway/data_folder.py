"""The data folder belongs to one gateway at a time, and says to which."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from gateway.errors import TipstaffError


@contextlib.contextmanager
def held(data_dir: Path) -> Iterator[None]:
    """Hold the data folder; our process id is in `gateway.pid`, for `tipstaff provision` to tell us."""
    path = data_dir / "gateway.pid"
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            pid = file.read().strip()
            raise TipstaffError(
                f"{data_dir} is in use by another gateway (process {pid}); stop it first"
            ) from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)


def running_pid(data_dir: Path) -> int | None:
    """The process of the gateway that holds this data folder, or None."""
    try:
        with (data_dir / "gateway.pid").open("r+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                return int(file.read())
    except (OSError, ValueError):
        pass
    return None
