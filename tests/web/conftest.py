"""A real app on a real port, over the real store and centre; only the clock is ours."""

import asyncio
import json
import secrets
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import httpx
import pytest
import structlog
import websockets
from sqlalchemy import insert
from websockets.asyncio.client import ClientConnection

from gateway import accounts, logs
from gateway.api.app import create_app
from gateway.api.server import listen, server
from gateway.clock import ManualClock
from gateway.dispatch.centre import Centre
from gateway.evidence.live import Live
from gateway.metrics import Metrics
from gateway.model import AlarmRecord, Court, Fix, Level, Role, Unit, UnitStatus, User
from gateway.relay import Relay
from gateway.relay.talk import Talks
from gateway.relay.talk_book import Book
from gateway.settings import LogSettings, Settings
from gateway.store import Store
from gateway.store.tables import users
from gateway.store.units import save_courts, save_unit

#: HIGH over MID1 (B1, B2) and MID2 (B3); B1 lies nearest to the officers, then B2, then B3.
COURTS = (
    Court("HIGH", "高级法院", Level.HIGH, None, 260_900_000, 1_193_500_000),
    Court("MID1", "第一中级法院", Level.INTERMEDIATE, "HIGH", 260_700_000, 1_193_300_000),
    Court("MID2", "第二中级法院", Level.INTERMEDIATE, "HIGH", 265_000_000, 1_185_000_000),
    Court("B1", "甲区法院", Level.BASIC, "MID1", 260_500_000, 1_193_000_000),
    Court("B2", "乙区法院", Level.BASIC, "MID1", 260_550_000, 1_193_300_000),
    Court("B3", "丙区法院", Level.BASIC, "MID2", 265_100_000, 1_185_100_000),
)
UNITS = (Unit("U1", "B1", "陈一"), Unit("U2", "B2", "林二"), Unit("U3", "B3", "黄三"))
WITHIN_S = 30.0


@dataclass
class Parts:
    """What the app needs of a gateway."""

    settings: Settings
    clock: ManualClock
    store: Store
    centre: Centre
    metrics: Metrics
    live: Live
    relay: Relay
    talks: Talks


class Watcher:
    """A live connection of somebody, that echoes what it reads unless told not to."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.echoing = True
        self.last_seq = 0

    async def read(self) -> dict[str, Any]:
        """The next message."""
        message = json.loads(await asyncio.wait_for(self.connection.recv(), WITHIN_S))
        self.last_seq = message["seq"]
        if self.echoing:
            await self.seen(self.last_seq)
        return message

    async def until(
        self, kind: str, fits: Callable[[dict[str, Any]], bool] = lambda message: True
    ) -> dict[str, Any]:
        """The next message of a kind that fits; those before it are read over."""
        while True:
            message = await self.read()
            if message["t"] == kind and fits(message):
                return message

    async def beat(self) -> dict[str, Any]:
        """The next delta or tick."""
        while (message := await self.read())["t"] not in ("delta", "tick"):
            pass
        return message

    async def seen(self, seq: int) -> None:
        await self.connection.send(json.dumps({"t": "seen", "seq": seq}))

    async def closed(self) -> int | None:
        """Read to the end; the close code."""
        with suppress(websockets.ConnectionClosed):
            while True:
                await asyncio.wait_for(self.connection.recv(), WITHIN_S)
        return self.connection.close_code


@dataclass
class Site:
    """The gateway under test, and people who use it."""

    parts: Parts
    base_url: str
    _stack: AsyncExitStack
    sent: list[tuple[str, bytes]] = field(default_factory=list)
    spoken: list[tuple[str, bytes]] = field(default_factory=list)
    synchronized: bool | None = True
    speech_goes: bool = True
    broker_there: bool = True
    exports: Any = None
    gate: Any = None
    _mono_ms: int = 0

    async def __aenter__(self) -> Self:
        return self

    @property
    def clock(self) -> ManualClock:
        return self.parts.clock

    @property
    def centre(self) -> Centre:
        return self.parts.centre

    async def visitor(self, **headers: str) -> httpx.AsyncClient:
        """A browser in which nobody is signed in."""
        client = httpx.AsyncClient(base_url=self.base_url, headers=headers, timeout=WITHIN_S)
        return await self._stack.enter_async_context(client)

    async def person(self, role: Role, court_id: str | None, name: str | None = None) -> httpx.AsyncClient:
        """A browser in which a new person is signed in."""
        login = name or f"{role}-{court_id}-{secrets.token_hex(2)}"
        user = User(login, login, role, court_id)
        store, now_ms = self.parts.store, self.clock.now_ms()
        row = {
            "login": login,
            "name": login,
            "role": str(role),
            "court_id": court_id,
            "password_hash": "!",
            "disabled": False,
            "created_ms": now_ms,
        }
        await store.write(lambda connection: connection.execute(insert(users).values(row)))
        token, session = await accounts.open_session(store, user, now_ms, 12 * 3_600_000)
        return await self.visitor(Cookie=f"tipstaff_session={token}", **{"X-CSRF-Token": session.csrf})

    async def watch(self, client: httpx.AsyncClient, **options: Any) -> Watcher:
        """The live connection of somebody."""
        url = self.base_url.replace("http:", "ws:") + "/api/v1/live"
        cookie = client.headers.get("Cookie", "")
        connecting = websockets.connect(url, additional_headers={"Cookie": cookie}, max_size=None, **options)
        return Watcher(await self._stack.enter_async_context(connecting))

    async def alarm(self, unit_id: str = "U1", case_no: str | None = None) -> str:
        """An officer presses; the incident's id."""
        unit = next(unit for unit in UNITS if unit.unit_id == unit_id)
        self._mono_ms += 1000
        now_ms = self.clock.now_ms()
        record = AlarmRecord(
            secrets.token_bytes(16),
            unit_id,
            unit.court_id,
            0,
            now_ms,
            3,
            self._mono_ms,
            1,
            now_ms,
            self.fix(),
            500,
            case_no,
        )
        assert await self.centre.alarm(record)
        return next(
            view.incident.incident_id
            for view in reversed(self.centre.live_incidents())
            if view.incident.unit_id == unit_id
        )

    def fix(self) -> Fix:
        """A good position near B1, now."""
        now_ms = self.clock.now_ms()
        return Fix(
            260_510_000, 1_193_010_000, 50, 120, 9_000, None, 11, 1, now_ms, 3, self._mono_ms, 1, now_ms
        )

    def heard(self, unit_id: str, **values: Any) -> None:
        """A unit says something of itself."""
        self.heard_of(next(unit for unit in UNITS if unit.unit_id == unit_id), **values)

    def heard_of(self, unit: Unit, **values: Any) -> None:
        """The same of any unit."""
        self.centre._ledger.units.register(unit)
        status = UnitStatus(unit, online=True, seen_ms=self.clock.now_ms(), fix=self.fix(), **values)
        self.centre.unit_heard(status)
        self.centre.pictured(unit.unit_id, values.get("picture"))


async def open_site(
    stack: AsyncExitStack,
    folder: Path,
    *,
    units: tuple[Unit, ...] = UNITS,
    courts: tuple[Court, ...] = COURTS,
    basemap: dict[str, Any] | None = None,
    live: dict[str, Any] | None = None,
    **http: Any,
) -> Site:
    """A site with its database in `folder`; `basemap`, `live` and `http` are settings of sections."""
    settings = Settings.model_validate(
        {"site": {"data_dir": folder}, "http": http, "map": basemap or {}, "live": live or {}}
    )
    clock, metrics, sent = ManualClock(), Metrics(), []
    store = await stack.enter_async_context(Store(f"sqlite+aiosqlite:///{folder / 'web.db'}"))

    async def register(connection: Any) -> None:
        await save_courts(connection, courts)
        for unit in units:
            await save_unit(connection, unit)

    await store.write(register)

    def send(topic: str, payload: bytes) -> bool:
        sent.append((topic, payload))
        return True

    centre = Centre(store, clock, settings.dispatch, metrics, send)
    await centre.load()
    blocks = Live()
    relay = Relay(settings.live, clock, store, metrics, centre, blocks)
    spoken: list[tuple[str, bytes]] = []
    book = Book(store, clock, centre, folder)

    def speak(topic: str, packet: bytes) -> bool:
        if site.speech_goes:
            spoken.append((topic, packet))
        return site.speech_goes

    talks = Talks(settings.talk, clock, centre, book, speak, lambda: site.broker_there, metrics)
    parts = Parts(settings, clock, store, centre, metrics, blocks, relay, talks)
    app = create_app(
        parts,
        sleep=lambda for_s: clock.sleep_until_ms(clock.now_ms() + round(for_s * 1000)),
        synchronized=lambda: site.synchronized,
    )
    sock = listen("127.0.0.1", 0)
    web = server(app)
    tasks = [asyncio.create_task(centre.run()), asyncio.create_task(web.serve(sockets=[sock]))]
    tasks += [asyncio.create_task(relay.run()), asyncio.create_task(talks.run())]

    async def stop() -> None:
        web.should_exit = True
        await tasks[1]
        for task in (tasks[0], *tasks[2:]):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    stack.push_async_callback(stop)
    base_url = f"http://127.0.0.1:{sock.getsockname()[1]}"
    people = await stack.enter_async_context(AsyncExitStack())
    site = Site(
        parts, base_url, people, sent, spoken, exports=app.state.parts.exports, gate=app.state.parts.gate
    )
    # Answered once the app's own tasks run: the socket listens already.
    assert (await (await site.visitor()).get("/api/v1/health")).status_code == 200
    return site


@pytest.fixture(scope="module", autouse=True)
def quiet_log() -> Iterator[None]:
    """The log as it is in production, errors only; given back, for the files of other folders in this worker."""
    before = structlog.get_config()
    logs.configure(LogSettings(level="error"))
    yield
    structlog.configure(**before)


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database without rows; a copy of it saves each test the migration."""
    path = tmp_path_factory.mktemp("web") / "empty.db"

    async def migrate() -> None:
        async with Store(f"sqlite+aiosqlite:///{path}"):
            pass

    asyncio.run(migrate())
    return path


@pytest.fixture
async def site(tmp_path: Path, empty_database: Path) -> AsyncIterator[Site]:
    shutil.copy(empty_database, tmp_path / "web.db")
    async with AsyncExitStack() as stack:
        yield await open_site(stack, tmp_path)


@pytest.fixture(name="open_site")
def _open_site() -> Any:
    """`open_site`, for tests that need settings of their own."""
    return open_site


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    """What is opened on it is closed with the test."""
    async with AsyncExitStack() as stack:
        yield stack
