"""What the tests of the gateway share: real brokers, real databases, a clock that stands still."""

import asyncio
import contextlib
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
import structlog
from sqlalchemy import NullPool, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from gateway import ports
from gateway.accounts import add_user
from gateway.app import Gateway
from gateway.clock import Clock, ManualClock
from gateway.dispatch import courts
from gateway.evidence_settings import EvidenceSettings
from gateway.model import Role, Unit
from gateway.settings import (
    BrokerSettings,
    HttpSettings,
    IngestSettings,
    Settings,
    SiteSettings,
    StoreSettings,
)
from gateway.store import Store, units

sys.path.insert(0, str(Path(__file__).parent))

from centre_desk import Desk

COURT, OTHER_COURT = "350102", "350103"
Start = Callable[..., Awaitable[Gateway]]
SignIn = Callable[..., Awaitable[httpx.AsyncClient]]


def settings_for(
    data_dir: Path,
    kind: str = "embedded",
    port: int = 0,
    evidence: dict[str, Any] | None = None,
    **store: Any,
) -> Settings:
    """Settings of a gateway in `data_dir` on free ports."""
    return Settings(
        site=SiteSettings(data_dir=data_dir),
        http=HttpSettings(port=0),
        broker=BrokerSettings(kind=kind, port=port),
        store=StoreSettings(**store),
        ingest=IngestSettings(),
        evidence=EvidenceSettings(**evidence or {}),
    )


@pytest.fixture(params=["embedded", "mosquitto"])
def broker_kind(request: pytest.FixtureRequest) -> str:
    """Each kind of broker that we start."""
    return str(request.param)


@pytest_asyncio.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    """Start gateways, all on the same data folder unless told otherwise; they are stopped at the end."""
    async with contextlib.AsyncExitStack() as stack:

        async def started(
            kind: str = "embedded", clock: Clock | None = None, port: int = 0, **store: Any
        ) -> Gateway:
            return await stack.enter_async_context(
                Gateway(settings_for(tmp_path, kind, port, **store), clock)
            )

        yield started


@pytest.fixture
def free_port() -> int:
    """A port that nothing listens on."""
    return ports.free_port()


@pytest_asyncio.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """An empty SQLite database."""
    async with Store(f"sqlite+aiosqlite:///{tmp_path / 'one.db'}") as opened:
        yield opened


@pytest_asyncio.fixture(params=["sqlite", "postgresql"])
async def any_store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    """An empty database of each kind; on PostgreSQL one of its own on the session's server."""
    if request.param == "sqlite":
        async with Store(f"sqlite+aiosqlite:///{tmp_path / 'any.db'}") as opened:
            yield opened
        return
    url = make_url(request.getfixturevalue("postgres_url"))
    name = f"t_{secrets.token_hex(8)}"
    server = create_async_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    try:
        async with server.connect() as connection:
            await connection.execute(text(f"CREATE DATABASE {name}"))
        async with Store(url.set(database=name).render_as_string(hide_password=False)) as opened:
            yield opened
        async with server.connect() as connection:
            await connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    finally:
        await server.dispose()


@pytest.fixture
def clock() -> ManualClock:
    """A clock that stands still."""
    return ManualClock()


@pytest_asyncio.fixture
async def prepared(any_store: Store) -> Store:
    """A database with the shipped courts and two units."""
    await any_store.write(lambda c: units.save_courts(c, courts.read_file(courts.SAMPLE)))
    for unit_id, court_id in (("u1001", COURT), ("u2002", OTHER_COURT)):
        unit = Unit(unit_id, court_id, f"Officer {unit_id}", cancel_code=3, generation=1)
        await any_store.write(lambda c, unit=unit: units.save_unit(c, unit))
    return any_store


@pytest_asyncio.fixture
async def desk(prepared: Store, clock: ManualClock) -> AsyncIterator["Desk"]:
    """A running centre, with both units online."""
    async with Desk(prepared, clock).running() as running:
        running.online()
        running.online("u2002")
        yield running


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL server of our own on a free port. It must be installed: its tests are not left out."""
    programs = [Path("/usr/lib/postgresql"), Path("/usr/local/bin")]
    found = shutil.which("initdb") or next(
        (str(path) for folder in programs for path in sorted(folder.glob("**/initdb"))), None
    )
    if found is None:
        pytest.fail("PostgreSQL's server is not installed: apt-get install postgresql")
    bin_dir = Path(found).resolve().parent
    root = Path(tempfile.mkdtemp(prefix="tipstaff-pg-", dir="/tmp"))
    drop: list[str] = []
    if os.geteuid() == 0:  # the server refuses to run as root
        nobody = pwd.getpwnam("nobody")
        os.chown(root, nobody.pw_uid, nobody.pw_gid)
        drop = ["setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups"]
    port = ports.free_port()
    data = root / "data"
    made = [
        *drop,
        str(bin_dir / "initdb"),
        "-D",
        str(data),
        "-A",
        "trust",
        "-U",
        "tipstaff",
        "-E",
        "UTF8",
        "--no-sync",
    ]
    subprocess.run(made, check=True, capture_output=True, cwd=root, timeout=60)
    options = ["-c", "fsync=off", "-c", "listen_addresses=127.0.0.1", "-c", "max_connections=30"]
    command = [*drop, str(bin_dir / "postgres"), "-D", str(data), "-p", str(port), "-k", str(root), *options]
    with subprocess.Popen(command, cwd=root, stderr=subprocess.PIPE, text=True) as server:
        try:
            assert server.stderr is not None
            for line in server.stderr:
                if "ready to accept connections" in line:
                    break
            else:
                pytest.fail("PostgreSQL did not start")
            # What it says later would fill the pipe, and then it would wait.
            threading.Thread(
                target=deque, args=(server.stderr, 0), name="PostgreSQL's log", daemon=True
            ).start()
            yield f"postgresql+asyncpg://tipstaff@127.0.0.1:{port}/postgres"
        finally:
            server.send_signal(signal.SIGINT)  # it does not wait for its clients
            server.wait(60)
            shutil.rmtree(root, ignore_errors=True)


async def eventually(true: Callable[[], Any], timeout_s: float = 30.0) -> Any:
    """Wait for something that no event tells of: asked again each time the loop has turned."""
    async with asyncio.timeout(timeout_s):
        while not (found := true()):
            await asyncio.sleep(0.005)
    return found


@pytest_asyncio.fixture
async def person(gateway: Gateway) -> AsyncIterator[SignIn]:
    """Makes a user of a role, signed in: `person(Role.COURT, "350105")` is a client of the API."""
    clients: list[httpx.AsyncClient] = []

    async def signed_in(role: Role, court_id: str | None = None) -> httpx.AsyncClient:
        login = f"{role}{len(clients)}"
        await add_user(
            gateway.store, login, login, role, court_id, "a long password 1", gateway.clock.now_ms()
        )
        client = httpx.AsyncClient(base_url=gateway.url + "/api/v1", timeout=20)
        clients.append(client)
        said = await client.post("/session", json={"login": login, "password": "a long password 1"})
        client.headers["X-CSRF-Token"] = said.json()["csrf"]
        return client

    yield signed_in
    for client in clients:
        await client.aclose()


@pytest.fixture
def lines() -> Iterator[list[Any]]:
    """The log, as dictionaries."""
    with structlog.testing.capture_logs() as captured:
        yield captured
