"""What grows is written into the register every second, for all units that send: quickly, and as if one by one."""

from sqlalchemy import insert, select, update

from gateway.store import recordings, tables
from gateway.store.recordings import SEALED, Grown, Owner

OWNERS = {unit_id: Owner("350102", "Lin Yan") for unit_id in ("u1", "u2", "u3")}


def grown(unit_id, number, at_ms):
    return Grown(unit_id, "a1b2c3d4e5f60718", number, at_ms * 100, 1_000 + 500 * number, at_ms)


def incident(incident_id, unit_id, **given):
    return insert(tables.incidents).values(
        incident_id=incident_id, unit_id=unit_id, state="OPEN", version=1, snapshot="{}",
        **{"live": True, "opened_ms": 2_500, **given},
    )  # fmt: skip


async def rows(store, table, unit_id, *without):
    async with store.read() as connection:
        found = await connection.execute(select(table).where(table.c.unit_id == unit_id))
        return sorted(
            tuple(sorted((name, value) for name, value in row.items() if name not in ("unit_id", *without)))
            for row in found.mappings()
        )


async def test_register_is_the_same_whichever_way_it_grows(any_store):
    async def begin(connection):
        for unit_id in OWNERS:
            await recordings.grow(connection, [grown(unit_id, 0, 1_000), grown(unit_id, 1, 2_000)], OWNERS)

    async def alarm(connection):
        for number, unit_id in enumerate(("u1", "u2")):
            await connection.execute(incident(f"I{number}", unit_id))
            await connection.execute(incident(f"later{number}", unit_id, opened_ms=99_000))

    more = {unit_id: [grown(unit_id, 0, 2_900), grown(unit_id, 1, 3_000)] for unit_id in OWNERS}
    await any_store.write(begin)
    await any_store.write(alarm)
    await any_store.write(lambda connection: recordings.grow(connection, more["u1"], OWNERS))
    await any_store.write(lambda connection: recordings.grew(connection, more["u2"] + more["u3"]))
    for table in (tables.segments, tables.recordings):
        assert await rows(any_store, table, "u1") == await rows(any_store, table, "u2")
        assert await rows(any_store, table, "u1") == await rows(any_store, table, "u3")
    ((_, recording),) = [(row, dict(row)) for row in await rows(any_store, tables.recordings, "u2")]
    assert (recording["from_ms"], recording["to_ms"], recording["heard_ms"]) == (1_000, 3_000, 3_000)
    linked = [dict(row)["incident_id"] for row in await rows(any_store, tables.recording_incidents, "u2")]
    assert linked == ["I1"] and not await rows(any_store, tables.recording_incidents, "u3")


async def test_what_is_sealed_meanwhile_does_not_change(any_store):
    async def job(connection):
        await recordings.grow(connection, [grown("u1", 0, 1_000)], OWNERS)
        await connection.execute(update(tables.segments).values(state=SEALED))
        await recordings.grew(connection, [grown("u1", 0, 2_000)])

    await any_store.write(job)
    async with any_store.read() as connection:
        row = await recordings.segment(connection, "u1", "a1b2c3d4e5f60718", 0)
    assert row.state == SEALED and row.received_bytes == 100_000
