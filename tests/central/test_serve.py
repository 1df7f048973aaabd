"""`tipstaff serve` as a process, and the signals that it is given."""

import asyncio
import os
import signal
import sys

from conftest import eventually, settings_for

from gateway.app import Gateway
from gateway.ingest import Ingest


async def test_registers_changed_while_it_starts_are_read_when_it_has_started(tmp_path):
    """`tipstaff provision` sends SIGHUP to the process in `gateway.pid`, whatever that is doing."""
    settings = {
        "SITE__DATA_DIR": str(tmp_path),
        "HTTP__PORT": "0",
        "BROKER__PORT": "0",
        "LOG__FORMAT": "json",
    }
    env = os.environ | {f"TIPSTAFF_{key}": value for key, value in settings.items()}
    command = (sys.executable, "-m", "gateway.cli.main", "serve")
    served = await asyncio.create_subprocess_exec(*command, env=env, stderr=asyncio.subprocess.PIPE)
    assert served.stderr is not None
    try:
        pid_path = tmp_path / "gateway.pid"
        await eventually(lambda: pid_path.exists() and pid_path.read_text())
        served.send_signal(signal.SIGHUP)
        async with asyncio.timeout(30):
            while b"registers_read" not in (line := await served.stderr.readline()):
                assert line, "it ended"
    finally:
        served.terminate()
        await served.communicate()
    assert served.returncode == 0


async def test_gateway_that_the_broker_does_not_let_in_can_be_stopped(tmp_path, monkeypatch):
    waiting = asyncio.Event()

    async def never(ingest):
        waiting.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(Ingest, "wait_connected", never)
    gateway = Gateway(settings_for(tmp_path))
    starting = asyncio.create_task(gateway.start())
    async with asyncio.timeout(30):
        await waiting.wait()
        starting.cancel()
        await asyncio.wait([starting])
        await gateway.stop()
    assert gateway.broker.pid is None
