import asyncio
import contextlib
import sqlite3
import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import insert, select, text
from sqlalchemy.engine import make_url

from gateway.clock import ManualClock, SystemClock
from gateway.errors import StoreClosed, StoreError, StoreFull, StoreRefused
from gateway.model import Court, Fix, Level, Unit, UnitStatus
from gateway.retention import remove_old
from gateway.settings import StoreSettings
from gateway.store import Store, audit, database, fixes, incident_search, tables, units

HERE = Path(__file__).parent
COURT = Court("350102", "Gulou", Level.BASIC, "3501", 260000000, 1190000000)


def fix(n: int, **given) -> Fix:
    values = dict(taken_ms=None, clock_quality=0, mono_ms=n, boot=1, received_ms=n, lat_e7=260000000)
    values |= dict(
        lon_e7=1190000000, accuracy_dm=2**32 - 1, speed_cm_s=None, course_cdeg=None, altitude_dm=None
    )
    return Fix(**(values | dict(satellites=7, quality=1) | given))


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    if request.param == "postgresql":
        return request.getfixturevalue("postgres_url")
    return f"sqlite+aiosqlite:///{tmp_path / 'one.db'}"


async def test_store_of_each_database_keeps_everything_over_two_openings(url):
    for _ in range(2):
        async with Store(url) as store:
            await store.write(lambda c: units.save_courts(c, [COURT]))
            await store.write(lambda c: units.save_unit(c, Unit("u1", "350102", "Lin", registered_ms=1)))
            await store.write(lambda c: fixes.add(c, [("u1", fix(1)), ("u1", fix(2, taken_ms=5))]))
            status = UnitStatus(
                Unit("u1", "350102"), online=True, seen_ms=9, counters={3: 4}, wire_court="350102"
            )
            await store.write(lambda c, status=status: units.save_state(c, status))
            await audit.note(store, 1, "chen", "look", "u1")
            async with store.read() as connection:
                assert await units.all_courts(connection) == [COURT]
                assert await fixes.track(connection, "u1", 0, 10) == [fix(1), fix(2, taken_ms=5)]
                (found,) = await units.all_states(connection, {})
                assert found.counters == {3: 4} and found.online and not found.unit.known
                assert await audit.first_broken(connection) is None
    async with Store(url) as store:
        assert await remove_old(store, 10, StoreSettings(fix_retention_days=1, fix_max_rows=1000)) == 0
        later_ms = 86_400_000 + 2
        assert await remove_old(store, later_ms, StoreSettings(fix_retention_days=1, fix_max_rows=1000)) == 1


async def test_migrated_schema_is_that_of_the_tables(url):
    async with Store(url) as store, store.read() as connection:

        def compared(plain):
            return compare_metadata(MigrationContext.configure(plain), tables.metadata)

        assert await connection.run_sync(compared) == []


@pytest.mark.parametrize("dump", sorted(HERE.glob("schemas/*.sql")), ids=lambda path: path.stem)
async def test_database_of_a_released_schema_is_opened_twice_and_keeps_its_rows(tmp_path, dump):
    path = tmp_path / "old.db"
    with sqlite3.connect(path) as old:
        old.executescript(dump.read_text())
    old.close()
    for _ in range(2):
        async with Store(f"sqlite+aiosqlite:///{path}") as store, store.read() as connection:
            assert [unit.unit_id for unit in await units.all_units(connection)] == ["u1001"]
            stored = (await connection.execute(select(tables.incidents.c.incident_id))).scalars().all()
            wanted = incident_search.Wanted(seen_by=frozenset({"350102"}), officer="LIN", unit="u1001")
            assert stored and len(await incident_search.find(connection, wanted, None, 10)) == len(stored)
            closed = await incident_search.find(
                connection, incident_search.Wanted(live=False, by="chen"), None, 10
            )
            assert [incident_id for _, incident_id in closed] == ["I-20261124-0001"]


async def test_command_beside_a_gateway_neither_makes_nor_changes_a_schema(any_store, tmp_path):
    async with Store(any_store._url.render_as_string(hide_password=False), migrate=False) as beside:
        async with beside.read() as connection:
            assert await units.all_courts(connection) == []
        await audit.note(beside, 1, "cli", "x", "y")
    async with any_store.read() as connection:
        assert [one.action for one in await audit.entries(connection)] == ["x"]
    nothing, old = tmp_path / "nothing.db", tmp_path / "old.db"
    with pytest.raises(StoreError, match="there is no database"):
        async with Store(f"sqlite+aiosqlite:///{nothing}", migrate=False):
            pass
    assert not nothing.exists()
    with contextlib.closing(sqlite3.connect(old)) as connection:
        connection.executescript((HERE / "schemas" / "0001.sql").read_text())
        version = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        with pytest.raises(StoreError, match="of another version"):
            async with Store(f"sqlite+aiosqlite:///{old}", migrate=False):
                pass
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == version


async def test_positions_of_a_long_time_are_thinned_evenly(any_store):
    async def fill(connection):
        for first in range(0, 10_000, 500):
            found = [("u1", fix(n * 1000)) for n in range(first, first + 500)]
            await fixes.add(connection, found)
        await fixes.add(connection, [("u2", fix(5_000, lat_e7=1)), ("u2", fix(6_000, fault="no_fix"))])
        for unit_id in ("u1", "u2", "u3"):
            status = UnitStatus(Unit(unit_id, "350102"), seen_ms=9, wire_court="350102")
            await units.save_state(connection, status)

    await any_store.write(fill)
    async with any_store.read() as connection:
        few, thinned = await fixes.between(connection, "u1", 1_000, 5_000, 10)
        assert [one.received_ms for one in few] == [1_000, 2_000, 3_000, 4_000, 5_000] and not thinned
        many, thinned = await fixes.between(connection, "u1", 0, 9_999_000, 100)
        assert thinned and [one.received_ms for one in many] == list(range(0, 10_000_000, 100_000))
        assert await fixes.last_places(connection, 0, 7_000) == [
            ("u1", 260000000, 1190000000),
            ("u2", 1, 1190000000),
        ]
        assert await fixes.last_places(connection, 5_001, 6_500) == [("u1", 260000000, 1190000000)]


async def test_audit_that_two_processes_write_is_one_chain(any_store):
    url = any_store._url.render_as_string(hide_password=False)
    async with Store(url, migrate=False) as beside:
        await asyncio.gather(
            *(audit.note(store, n, "chen", "look", "u1") for n in range(30) for store in (any_store, beside))
        )
        async with beside.read() as connection:
            assert len(await audit.entries(connection)) == 60
            assert await audit.first_broken(connection) is None


async def test_audit_names_the_first_entry_that_was_changed(store):
    for n in range(5):
        await audit.note(store, n, "chen", "look", f"u{n}")

    async def forge(connection):
        await connection.execute(
            tables.audit.update().where(tables.audit.c.seq == 3).values(subject="nothing")
        )

    await store.write(forge)
    async with store.read() as connection:
        assert await audit.first_broken(connection) == 3


async def test_audit_names_an_entry_that_was_removed(store):
    for n in range(5):
        await audit.note(store, n, "chen", "look", f"u{n}")

    async def remove(connection):
        await connection.execute(tables.audit.delete().where(tables.audit.c.seq == 2))

    await store.write(remove)
    async with store.read() as connection:
        assert await audit.first_broken(connection) == 2


async def test_write_that_is_urgent_overtakes_those_that_wait(store):
    order = []

    def job(name):
        async def run(connection):
            order.append(name)

        return run

    names = [f"ordinary{n}" for n in range(5)]
    waiting = [asyncio.create_task(store.write(job(name))) for name in names]
    waiting.append(asyncio.create_task(store.write(job("alarm"), urgent=True)))
    await asyncio.gather(*waiting)
    assert order.index("alarm") <= 1


async def test_writes_that_may_be_together_share_a_commit_and_one_that_fails_spoils_no_other(any_store):
    ran = []

    def job(unit_id):
        async def run(connection):
            ran.append((unit_id, connection))
            if unit_id == "bad":
                raise ValueError(unit_id)
            await units.save_unit(connection, Unit(unit_id, COURT.court_id, "", 3, 1))
            return unit_id

        return run

    async def write(*unit_ids):
        ran.clear()
        return await asyncio.gather(
            *(any_store.write(job(one), together=True) for one in unit_ids), return_exceptions=True
        )

    await any_store.write(lambda c: units.save_courts(c, [COURT]))
    assert await write("u1", "u2", "u3") == ["u1", "u2", "u3"]
    assert len(ran) == 3 and len({id(connection) for _, connection in ran}) == 1
    good, bad, other = await write("u4", "bad", "u5")
    assert (good, str(bad), other) == ("u4", "bad", "u5")
    assert [unit_id for unit_id, _ in ran] == ["u4", "bad", "u4", "bad", "u5"]
    async with any_store.read() as connection:
        assert {unit.unit_id for unit in await units.all_units(connection)} == {"u1", "u2", "u3", "u4", "u5"}


async def test_write_whose_job_raises_keeps_nothing_of_it(store):
    async def job(connection):
        await units.save_courts(connection, [COURT])
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await store.write(job)
    async with store.read() as connection:
        assert await units.all_courts(connection) == []
    assert store.failing is None


async def test_write_of_values_that_are_not_taken_is_refused_for_good(store):
    async def job(connection):
        await connection.execute(insert(tables.users).values(login="x"))

    with pytest.raises(StoreRefused):
        await store.write(job)
    assert store.failing is None


async def test_write_that_waits_for_something_else_is_a_mistake_and_says_so(store):
    async def job(connection):
        await asyncio.sleep(0)

    with pytest.raises(RuntimeError, match="nothing but its connection"):
        await store.write(job)


async def test_write_after_close_is_answered(tmp_path):
    async with Store(f"sqlite+aiosqlite:///{tmp_path / 'x.db'}") as store:
        pass
    await store.close()
    with pytest.raises(StoreClosed):
        await store.write(lambda c: units.save_courts(c, []))


async def test_write_without_room_says_full_and_works_again_with_room(tmp_path):
    url = f"sqlite+aiosqlite:///{tmp_path / 'x.db'}"
    async with Store(url, sqlite_max_pages=100) as store:
        with pytest.raises(StoreFull):
            for n in range(100):
                await store.write(lambda c, n=n: fixes.add(c, [("u1", fix(n * 100 + m)) for m in range(100)]))
        assert "full" in str(store.failing)
        async with store.read() as connection:
            kept = await fixes.count(connection)
    async with Store(url) as store:
        await store.write(lambda c: fixes.add(c, [("u1", fix(10**6))]))
        assert store.failing is None
        async with store.read() as connection:
            assert await fixes.count(connection) == kept + 1


async def test_store_that_cannot_be_opened_names_the_database(tmp_path):
    with pytest.raises(StoreError, match=r"x\.db cannot be opened"):
        async with Store(f"sqlite+aiosqlite:///{tmp_path / 'none' / 'x.db'}"):
            pass


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"database": "none"}, 'database "none" does not exist'),
        ({"username": "x"}, 'role "x" does not exist'),
    ],
)
async def test_server_that_does_not_let_us_in_is_one_line(postgres_url, wrong, said):
    url = make_url(postgres_url).set(password="secret", **wrong).render_as_string(hide_password=False)
    with pytest.raises(StoreError, match=said) as error:
        async with Store(url):
            pass
    assert "\n" not in str(error.value) and "secret" not in str(error.value)


async def test_readers_cannot_write(store):
    with pytest.raises(Exception, match="readonly"):
        async with store.read() as connection:
            await connection.execute(text("DELETE FROM units"))


async def test_server_that_is_still_starting_up_is_an_error_of_the_database():
    """asyncpg's own error: taken for one of the job, positions would be acknowledged and not be there."""

    async def says_starting_up(reader, writer):
        asked = await reader.readexactly(8)
        if asked[4:] == (80877103).to_bytes(4, "big"):
            writer.write(b"N")
            asked = await reader.readexactly(8)
        await reader.readexactly(int.from_bytes(asked[:4], "big") - 8)
        body = b"SFATAL\0C57P03\0Mthe database system is starting up\0\0"
        writer.write(b"E" + (len(body) + 4).to_bytes(4, "big") + body)
        await writer.drain()
        writer.close()

    async def job(connection):
        return None

    async with await asyncio.start_server(says_starting_up, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        store = Store(f"postgresql+asyncpg://tipstaff@127.0.0.1:{port}/postgres")
        with pytest.raises(StoreError, match="starting up"):
            await store.__aenter__()
        backend = database._Postgres(store._url, None, SystemClock().now_ms)
        with pytest.raises(StoreError, match="starting up"):
            await backend.transact(job)
        store._backend = backend
        with pytest.raises(StoreError, match="starting up"):
            async with store.read():
                pass
        await backend.close()


async def test_store_that_is_given_up_while_it_opens_writes_nothing_afterwards(tmp_path):
    """The migration runs in a thread that cannot be stopped: whoever gives up waits for it."""
    store = Store(f"sqlite+aiosqlite:///{tmp_path / 'new.db'}")
    opening = asyncio.create_task(store.__aenter__())
    async with asyncio.timeout(30):
        while not (tmp_path / "new.db").exists():
            await asyncio.sleep(0)
    opening.cancel()
    await asyncio.gather(opening, return_exceptions=True)
    assert opening.cancelled()
    threads = [thread.name for thread in threading.enumerate()]
    assert not [name for name in threads if name.startswith("store-writer")]


async def test_short_read_sees_what_was_committed_and_changes_nothing(store):
    one = Unit("u1001", "350105", "Lin Yan")
    await store.write(lambda connection: units.save_unit(connection, one))
    assert await store.look(units.all_units) == [one]
    with pytest.raises(StoreError):
        await store.look(lambda connection: units.save_unit(connection, Unit("u2002", "350105")))
    assert await store.look(units.all_units) == [one]


async def test_commit_says_when_it_was(tmp_path):
    clock = ManualClock()
    async with Store(f"sqlite+aiosqlite:///{tmp_path / 'one.db'}", clock=clock) as store:
        clock.advance(5)
        assert await store.commit(lambda c: units.save_unit(c, Unit("u1001", "350105"))) == clock.now_ms()
