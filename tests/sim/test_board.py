"""The board's wire, with a unit played by the test."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.board import LINE_LIMIT_BYTES, Board, Message, format_line, parse_line
from simulator.errors import BoardWireError


class Heard:
    def __init__(self) -> None:
        self.messages: asyncio.Queue[Message] = asyncio.Queue()
        self.closed = asyncio.Event()

    async def next(self) -> Message:
        async with asyncio.timeout(30):
            return await self.messages.get()


@pytest.fixture
async def heard() -> Heard:
    return Heard()


@pytest.fixture
async def board(heard: Heard) -> AsyncIterator[Board]:
    it = Board(heard.messages.put_nowait, heard.closed.set)
    await it.start()
    yield it
    await it.close()
    await it.close()


async def control(board: Board, heard: Heard) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", board.control_port)
    writer.write(b'{"t":"hello","boot":1,"firmware":"x"}\n')
    assert (await heard.next())["t"] == "hello"
    return reader, writer


@given(st.dictionaries(st.text(), st.integers() | st.text() | st.booleans()))
def test_line_comes_back(fields: dict[str, object]) -> None:
    message = {**fields, "t": "event"}
    line = format_line(message)
    assert line.count(b"\n") == 1 and parse_line(line) == message


@given(st.binary(max_size=100))
def test_hostile_line_is_a_wire_error(data: bytes) -> None:
    with pytest.raises(BoardWireError):
        parse_line(data)


@pytest.mark.parametrize("line", [b"[" * 100_000, b"{}", b'{"t":1}', b"[1]", b"null"])
def test_line_without_a_kind_is_a_wire_error(line: bytes) -> None:
    with pytest.raises(BoardWireError):
        parse_line(line)


async def test_state_is_told_again_to_a_unit_that_restarts(board: Board, heard: Heard) -> None:
    assert not board.tell({"t": "battery", "pct": 5, "mv": 3345, "charging": False})
    for _ in range(2):
        reader, writer = await control(board, heard)
        assert json.loads(await reader.readline())["pct"] == 5
        writer.close()
        await asyncio.wait_for(heard.closed.wait(), 30)
        heard.closed.clear()
    assert board.counts.lines_dropped == 1


async def test_bad_and_overlong_lines_are_counted_and_the_next_is_heard(board: Board, heard: Heard) -> None:
    _, writer = await control(board, heard)
    writer.write(b"nonsense\n" + b"x" * (3 * LINE_LIMIT_BYTES) + b'\n{"t":"watchdog"}\n')
    assert (await heard.next())["t"] == "watchdog"
    assert board.counts.lines_bad >= 2


async def test_newer_connection_takes_the_place_of_the_older(board: Board, heard: Heard) -> None:
    first, _ = await control(board, heard)
    second, _ = await control(board, heard)
    assert await first.read() == b""
    assert board.tell({"t": "button", "down": True})
    assert json.loads(await second.readline()) == {"t": "button", "down": True}


async def test_receiver_output_to_nobody_is_counted(board: Board) -> None:
    assert not board.feed_gnss(b"$GN")
    reader, writer = await asyncio.open_connection("127.0.0.1", board.gnss_port)
    async with asyncio.timeout(30):
        while not board.feed_gnss(b"$GNRMC\r\n"):
            await asyncio.to_thread(int)
    assert await reader.readline() == b"$GNRMC\r\n"
    assert board.counts.gnss_dropped >= 1
    writer.close()


async def test_unit_that_does_not_read_is_not_buffered_without_end(board: Board) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", board.gnss_port, limit=1024)
    async with asyncio.timeout(30):
        while not board.feed_gnss(b"x"):
            await asyncio.to_thread(int)
    for _ in range(10_000):
        board.feed_gnss(bytes(4096))
    assert board.counts.gnss_dropped > 0
    writer.close()
