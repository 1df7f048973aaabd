"""However the demo ends, the authority's key that it made goes with it."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sysconfig
from pathlib import Path

import pytest

TIPSTAFF = Path(sysconfig.get_path("scripts")) / "tipstaff"


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ("Starting broker", signal.SIGINT),
        ("Starting broker", signal.SIGTERM),
        ("Stop with Ctrl-C", signal.SIGINT),
        ("Stop with Ctrl-C", signal.SIGHUP),
    ],
)
async def test_demo_that_is_told_to_stop_leaves_nothing(
    tmp_path: Path, said: str, number: signal.Signals
) -> None:
    """While it starts, and while it runs. Ctrl-C has a way of its own; the others share one."""
    demo = await asyncio.create_subprocess_exec(
        *(TIPSTAFF, "demo", "--port", "0", "--alarm-after", "0"),
        env={**os.environ, "TMPDIR": str(tmp_path)},
        cwd=tmp_path,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert demo.stdout is not None
    try:
        async with asyncio.timeout(60):
            while said not in (line := (await demo.stdout.readline()).decode()):
                assert line, "it ended before"
            keys = list(tmp_path.glob("tipstaff-demo-*/**/ca.key"))
            assert keys or said == "Starting broker"
            demo.send_signal(number)
            rest = (await demo.stdout.read()).decode()
            assert await demo.wait() == 0, rest
    finally:
        if demo.returncode is None:
            demo.kill()
            await demo.wait()
    assert "tipstaff: stopped" in rest and "Traceback" not in rest
    assert list(tmp_path.iterdir()) == []


def test_json_without_check_is_refused_in_one_line(tmp_path: Path) -> None:
    done = subprocess.run(
        [TIPSTAFF, "demo", "--json"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.count("\n") == 1 and "--check" in done.stderr
