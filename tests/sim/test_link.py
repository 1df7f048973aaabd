"""The link on real sockets; time is held by the test."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from simulator.link import Link
from simulator.testing import ManualClock, Peer, peer

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture
async def broker() -> AsyncIterator[Peer]:
    async with peer() as it:
        yield it


@pytest.fixture
async def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def link(broker: Peer, clock: ManualClock) -> AsyncIterator[Link]:
    async with Link("127.0.0.1", broker.port, clock=clock) as it:
        yield it


async def dial(link: Link) -> Streams:
    return await asyncio.open_connection("127.0.0.1", link.port)


async def ended(reader: asyncio.StreamReader) -> bool:
    """Whether the other side closed or broke the connection, waiting for it."""
    async with asyncio.timeout(30):
        try:
            return await reader.read(1) == b""
        except ConnectionError:
            return True


async def test_clear_link_carries_both_ways_and_counts(link: Link, broker: Peer) -> None:
    reader, writer = await dial(link)
    writer.write(b"up" * 50_000)
    await broker.until(100_000)
    broker.writers[0].write(b"down")
    assert await reader.readexactly(4) == b"down"
    assert bytes(broker.received) == b"up" * 50_000
    assert (link.stats.bytes_up, link.stats.connections, link.stats.open) == (100_000, 1, 1)
    writer.close()


async def test_end_of_file_passes_after_the_last_byte(link: Link, broker: Peer) -> None:
    reader, writer = await dial(link)
    writer.write(b"last words")
    writer.write_eof()
    await broker.until(10, ended=1)
    broker.writers[0].write(b"bye")
    broker.writers[0].close()
    assert await reader.read() == b"bye"


async def test_delay_holds_bytes_until_their_time(link: Link, broker: Peer, clock: ManualClock) -> None:
    link.shape(delay_ms=400)
    _, writer = await dial(link)
    writer.write(b"late")
    await clock.wait_sleepers(1)
    assert clock.sleeping() == [pytest.approx(1000.4)]
    assert not broker.received
    clock.advance(0.4)
    await broker.until(4)


async def test_bandwidth_spaces_segments(link: Link, broker: Peer, clock: ManualClock) -> None:
    link.shape(bandwidth_bytes_s=1400)
    _, writer = await dial(link)
    writer.write(bytes(4200))  # the first 1,400 are the burst, then one second each
    await broker.until(1400)
    for seconds in (1, 2):
        await clock.wait_sleepers(1)
        assert len(broker.received) == 1400 * seconds
        clock.advance(1.0)
        await broker.until(1400 * (seconds + 1))


async def test_silent_cut_moves_nothing_and_restore_goes_on_in_order(link: Link, broker: Peer) -> None:
    reader, writer = await dial(link)
    writer.write(b"a")
    await broker.until(1)
    link.cut()
    writer.write(b"b")
    broker.writers[0].write(b"x")
    _, other = await dial(link)  # TCP says hello, then nothing
    other.write(b"c")
    await other.drain()
    await asyncio.gather(*(asyncio.to_thread(int) for _ in range(20)))  # let every task run
    assert bytes(broker.received) == b"a" and len(broker.writers) == 1
    link.restore()
    assert await reader.readexactly(1) == b"x"
    await broker.until(3, connections=2)
    assert sorted(broker.received) == sorted(b"abc")
    assert link.stats.cuts == 1


async def test_connection_given_up_in_a_black_hole_never_reaches_the_broker(link: Link, broker: Peer) -> None:
    link.cut()
    _, writer = await dial(link)
    writer.write(b"hello")
    writer.close()
    await writer.wait_closed()
    async with asyncio.timeout(30):
        while link.stats.swallowed == 0:
            await asyncio.to_thread(int)
    link.restore()
    _, second = await dial(link)
    second.write(b"2")
    await broker.until(1, connections=1)
    assert bytes(broker.received) == b"2"


async def test_reset_cut_breaks_both_sides_and_refuses_until_restored(link: Link, broker: Peer) -> None:
    reader, writer = await dial(link)
    writer.write(b"a")
    await broker.until(1)
    link.cut("reset")
    assert await ended(reader)
    await broker.until(ended=1)
    again, _ = await dial(link)
    assert await ended(again)
    assert link.stats.refused == 1
    link.restore()
    _, third = await dial(link)
    third.write(b"b")
    await broker.until(2)


async def test_restore_that_forgets_breaks_what_hung(link: Link, broker: Peer) -> None:
    reader, writer = await dial(link)
    writer.write(b"a")
    await broker.until(1)
    link.cut()
    writer.write(b"b")
    link.restore(forget=True)
    assert await ended(reader)
    await broker.until(ended=1)


async def test_abandoned_connection_stays_open_for_the_broker(link: Link, broker: Peer) -> None:
    reader, writer = await dial(link)
    writer.write(b"a")
    await broker.until(1)
    link.abandon()
    assert await ended(reader)
    _, second = await dial(link)
    second.write(b"b")
    await broker.until(2, connections=2)
    assert broker.ended == 0 and link.stats.open == 1
    broker.writers[0].close()  # the broker's keep-alive is over
    await broker.until(ended=1)


async def test_absent_broker_breaks_the_connection() -> None:
    async with peer() as gone:
        port = gone.port
    async with Link("127.0.0.1", port) as link:
        reader, _ = await dial(link)
        assert await ended(reader)
        assert link.stats.refused == 1


async def test_closing_twice_leaves_no_task(broker: Peer) -> None:
    before = asyncio.all_tasks()
    link = Link("127.0.0.1", broker.port)
    async with link:
        _, writer = await dial(link)
        writer.write(b"a")
        await broker.until(1)
    await link.close()
    names = {task.get_name() for task in asyncio.all_tasks() - before}
    assert not any("link" in name for name in names)


async def test_too_many_connections_are_refused_and_counted(link: Link) -> None:
    link.cut()
    opened = [await dial(link) for _ in range(65)]
    assert await ended(opened[-1][0])
    assert link.stats.refused == 1
    for _, writer in opened:
        writer.close()
