"""The database and its one writer.

All writes go through one task, each a transaction of its own; alarms and incidents (`urgent`) overtake
everything else that waits. Readers have connections of their own and never wait for the writer.

SQLite's writer lives in a thread of its own and runs a whole transaction there: with a hop between threads
for every statement, as `aiosqlite` does, an alarm took three times as long to commit.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar, cast

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from gateway.clock import Clock, SystemClock
from gateway.errors import StoreClosed, StoreError, StoreFull, StoreRefused
from gateway.store import migrations

T = TypeVar("T")
Job = Callable[[AsyncConnection], Awaitable[T]]
WAITING_MAX = 10_000
READERS = 4
LOOKERS = 2
TOGETHER_MAX = 8
"""Jobs in one transaction, at most: an alarm waits for them."""


@dataclass(slots=True)
class _Waiting:
    """`answer`: the job's result, and when it was committed, UTC ms."""

    job: Job[Any]
    answer: "asyncio.Future[tuple[Any, int]]"
    together: bool


class Store:
    """An open database.

    `async with Store(url) as store`: migrates it, then serves `write` and `read` until left. Callers that
    still wait at the end are answered with StoreClosed. migrate False: for a command beside a gateway that may run;
    a database of another schema is refused, and none is made. clock: says when a commit was.
    """

    def __init__(
        self,
        url: str,
        sqlite_max_pages: int | None = None,
        clock: Clock | None = None,
        *,
        migrate: bool = True,
    ) -> None:
        self._url = make_url(url)
        self._migrate = migrate
        self._now_ms = (clock or SystemClock()).now_ms
        self._max_pages = sqlite_max_pages
        self._urgent: deque[_Waiting] = deque()
        self._ordinary: deque[_Waiting] = deque()
        self._wake = asyncio.Event()
        self._closing = False
        self._task: asyncio.Task[None] | None = None
        self.failing: str | None = None
        """Why the last write failed, or None when it was committed: part of the gateway's health."""

    async def __aenter__(self) -> Self:
        file = self._url.database
        if not self._migrate and self._url.get_backend_name() == "sqlite" and not Path(file or "").is_file():
            raise StoreError(f"there is no database {file}: name its settings with --config")
        backend = _Sqlite if self._url.get_backend_name() == "sqlite" else _Postgres
        self._backend = backend(self._url, self._max_pages, self._now_ms)
        try:
            await self._backend.migrate(migrations.upgrade if self._migrate else _must_be_newest)
        except (DBAPIError, OSError, StoreError) as error:
            await self._backend.close()
            raise StoreError(
                f"the database {self._url.render_as_string()} cannot be opened: {getattr(error, 'orig', None) or error}"
            ) from error
        except asyncio.CancelledError:
            await (
                self._backend.close()
            )  # a migration in its thread goes on to its end; leave nothing behind it
            raise
        self._task = asyncio.create_task(self._write_all(), name="store-writer")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Commit what is being written, refuse what waits, and close. Twice does no harm."""
        self._closing = True
        self._wake.set()
        if self._task is not None:
            task, self._task = self._task, None
            await task
            await self._backend.close()

    async def write(self, job: Job[T], *, urgent: bool = False, together: bool = False) -> T:
        """Run `job(connection)` in a transaction and return its result once that is on the disk. A job awaits
        nothing but its connection, and changes nothing else: it may run in another thread. together: it may share the
        transaction of others that may, and is run again by itself when that fails.

        Raises StoreFull or another StoreError when it could not be committed (nothing of it was kept), and
        whatever `job` raises (nothing kept either).
        """
        result, _ = await self._in_turn(job, urgent, together)
        return result

    async def commit(self, job: Job[None]) -> int:
        """As `write`, urgent; returns when it was on the disk, UTC ms."""
        _, committed_ms = await self._in_turn(job, urgent=True)
        return committed_ms

    async def _in_turn(self, job: Job[T], urgent: bool, together: bool = False) -> tuple[T, int]:
        if self._closing:
            raise StoreClosed("the store is closed")
        queue = self._urgent if urgent else self._ordinary
        if len(self._urgent) + len(self._ordinary) >= WAITING_MAX and not urgent:
            raise StoreError("too many writes are waiting")
        answer: asyncio.Future[tuple[T, int]] = asyncio.get_running_loop().create_future()
        queue.append(_Waiting(job, answer, together))
        self._wake.set()
        return await answer

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection for reading: one consistent view for as long as it is held. Raises StoreError."""
        try:
            async with _reached(self._backend.readers) as connection:
                yield connection
        except (DBAPIError, OSError) as error:
            raise _translated(error) from error

    async def look(self, job: Job[T]) -> T:
        """The result of a job that reads a little, as `write`'s jobs are: without a hop between threads for each step,
        which is most of what a short read costs. Raises StoreError."""
        try:
            return await self._backend.look(job)
        except (DBAPIError, OSError) as error:
            raise _translated(error) from error

    async def _write_all(self) -> None:
        while not self._closing:
            await self._wake.wait()
            self._wake.clear()
            while (queue := self._urgent or self._ordinary) and not self._closing:
                await self._write_next(queue)
        for waiting in (*self._urgent, *self._ordinary):
            if not waiting.answer.done():
                waiting.answer.set_exception(StoreClosed("the store is closing; nothing was written"))

    async def _write_next(self, queue: deque[_Waiting]) -> None:
        group = [queue.popleft()]
        while queue and group[-1].together and queue[0].together and len(group) < TOGETHER_MAX:
            group.append(queue.popleft())
        if len(group) == 1 or not await self._write_together(group):
            for waiting in group:
                await self._write_one(waiting)

    async def _write_together(self, group: list[_Waiting]) -> bool:
        """Whether all of them are on the disk; else none is."""
        asked = [waiting for waiting in group if not waiting.answer.done()]

        async def all_of_them(connection: AsyncConnection) -> list[Any]:
            return [await waiting.job(connection) for waiting in asked]

        try:
            results, committed_ms = await self._backend.transact(all_of_them)
        except Exception:  # whose fault it is shows when each is alone
            return False
        self.failing = None
        for waiting, result in zip(asked, results, strict=True):
            if not waiting.answer.done():
                waiting.answer.set_result((result, committed_ms))
        return True

    async def _write_one(self, waiting: _Waiting) -> None:
        if waiting.answer.done():
            return
        try:
            result = await self._backend.transact(waiting.job)
        except (DBAPIError, OSError, StoreError) as error:
            failure = _translated(error)
            if not isinstance(failure, StoreRefused):
                self.failing = str(failure)
            if not waiting.answer.done():
                waiting.answer.set_exception(failure)
        except Exception as error:  # the job's own: it belongs to who asked
            if not waiting.answer.done():
                waiting.answer.set_exception(error)
        else:
            self.failing = None
            if not waiting.answer.done():
                waiting.answer.set_result(result)


def _must_be_newest(connection: Connection) -> None:
    if not migrations.is_newest(connection):
        raise StoreError("its schema is of another version: start this version's gateway on it once")


class _Postgres:
    """One connection for writing, some for reading."""

    def __init__(self, url: URL, _max_pages: int | None, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self._writer = create_async_engine(url, pool_size=1, max_overflow=0, pool_pre_ping=True)
        self.readers = create_async_engine(url, pool_size=READERS, pool_pre_ping=True)

    async def migrate(self, migration: Callable[[Connection], None]) -> None:
        async with _reached(self._writer) as connection, connection.begin():
            await connection.run_sync(migration)

    async def transact(self, job: Job[T]) -> tuple[T, int]:
        async with _reached(self._writer) as connection:
            async with connection.begin():
                result = await job(connection)
            return result, self._now_ms()

    async def look(self, job: Job[T]) -> T:
        async with _reached(self.readers) as connection:
            return await job(connection)

    async def close(self) -> None:
        await self._writer.dispose()
        await self.readers.dispose()


class _Sqlite:
    """The writer in a thread, short reads in some others, readers by way of aiosqlite."""

    def __init__(self, url: URL, max_pages: int | None, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self._thread = ThreadPoolExecutor(1, "store-writer")
        self._writer = create_engine(url.set(drivername="sqlite"), pool_size=1, max_overflow=0)
        pragmas = [] if max_pages is None else [f"max_page_count={max_pages}"]
        _prepare(self._writer, "BEGIN IMMEDIATE", pragmas)
        self._lookers = ThreadPoolExecutor(LOOKERS, "store-look")
        self._looking = create_engine(url.set(drivername="sqlite"), pool_size=LOOKERS, max_overflow=0)
        _prepare(self._looking, "BEGIN", ["query_only=ON"])
        self.readers = create_async_engine(url, pool_size=READERS)
        _prepare(self.readers.sync_engine, "BEGIN", ["query_only=ON"])

    async def migrate(self, migration: Callable[[Connection], None]) -> None:
        def run() -> None:
            with self._writer.begin() as connection:
                migration(connection)

        await self._in_thread(run)

    async def transact(self, job: Job[T]) -> tuple[T, int]:
        def run() -> tuple[T, int]:
            with self._writer.begin() as connection:
                result = _driven(job(cast(AsyncConnection, _Direct(connection))))
            return result, self._now_ms()

        return await self._in_thread(run)

    async def look(self, job: Job[T]) -> T:
        def run() -> T:
            with self._looking.begin() as connection:
                return _driven(job(cast(AsyncConnection, _Direct(connection))))

        return await asyncio.get_running_loop().run_in_executor(self._lookers, run)

    async def close(self) -> None:
        await self._in_thread(self._writer.dispose)
        self._thread.shutdown()
        self._lookers.shutdown()
        self._looking.dispose()
        await self.readers.dispose()

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


@asynccontextmanager
async def _reached(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A connection. Raises StoreError whatever the driver says when there is none: asyncpg's own errors, such as
    "the database system is starting up", come through SQLAlchemy as they are."""
    connection = engine.connect()
    try:
        await connection.start()
    except Exception as error:
        said = getattr(error, "orig", None) or error  # SQLAlchemy's own text goes over several lines
        raise StoreError(f"the database cannot be reached: {said}") from error
    try:
        yield connection
    finally:
        await connection.close()


class _Direct:
    """What jobs use of an AsyncConnection, on a plain connection in the thread that owns it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.dialect = connection.dialect

    async def execute(self, statement: Any, parameters: Any = None) -> Any:
        return self._connection.execute(statement, parameters)

    async def scalars(self, statement: Any, parameters: Any = None) -> Any:
        return self._connection.scalars(statement, parameters)

    async def scalar(self, statement: Any, parameters: Any = None) -> Any:
        return self._connection.scalar(statement, parameters)


def _driven(job: Awaitable[T]) -> T:
    """The result of a job that never has to wait."""
    steps = job.__await__()
    try:
        next(steps)
    except StopIteration as done:
        return cast(T, done.value)
    raise RuntimeError("a job of the store may await nothing but its connection")


def _prepare(engine: Engine, begin: str, pragmas: list[str]) -> None:
    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        cursor = connection.cursor()
        # FULL: an alarm that is told "stored" survives a power cut.
        for pragma in (
            "busy_timeout=5000",
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            *pragmas,
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin_transaction(connection: Connection) -> None:
        connection.exec_driver_sql(begin)


def _translated(error: BaseException) -> StoreError:
    if isinstance(error, StoreError):
        return error
    text = str(getattr(error, "orig", None) or error)
    state = getattr(getattr(error, "orig", None), "sqlstate", None)
    if "disk is full" in text or "disk I/O error" in text or state in ("53100", "53200"):
        return StoreFull(f"the database cannot commit: {text}")
    kind = StoreRefused if isinstance(error, (DataError, IntegrityError)) else StoreError
    return kind(f"the database refused: {text}")
