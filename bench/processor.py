"""What a process has used of the processor."""

import os
from pathlib import Path

from gateway.settings import Settings


def broker_pid(settings: Settings) -> int:
    """The broker that a gateway of ours has started."""
    (path,) = (settings.data_dir / "broker").glob("*.pid")
    return int(path.read_text("ascii"))


def cpu_s(pid: int) -> float:
    """Processor time of a process so far, proc(5): utime and stime are the 14th and 15th field."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
