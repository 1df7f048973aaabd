"""What the web server bears from those who connect and do not ask."""

import asyncio
import resource
import socket
from typing import Any
from urllib.parse import urlsplit

import pytest

from gateway.api import server
from gateway.model import Role


async def connect(site: Any) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    address = urlsplit(site.base_url)
    return await asyncio.open_connection(address.hostname, address.port)


@pytest.mark.parametrize(
    "said", [b"", b"GET / HT", b"GET /api/v1/health HTTP/1.1\r\nHost: x\r\n\r\nGET /api"]
)
async def test_connection_that_asks_nothing_is_closed(
    site: Any, monkeypatch: pytest.MonkeyPatch, said: bytes
) -> None:
    monkeypatch.setattr(server, "PATIENCE_S", 0.05)
    reader, writer = await connect(site)
    writer.write(said)
    async with asyncio.timeout(30):
        await reader.read()
    writer.close()


async def test_live_connection_is_none_of_these(site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "PATIENCE_S", 0.5)
    watcher = await site.watch(await site.person(Role.VIEWER, None))
    await watcher.read()
    reader, writer = await connect(site)
    await reader.read()  # closed: time for three looks has gone by
    writer.close()
    site.clock.advance(1000)
    assert (await watcher.beat())["seq"] > 0


def test_connections_leave_files_for_the_database_and_the_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    for files, most in ((1024, 512), (resource.RLIM_INFINITY, 2000)):
        monkeypatch.setattr(resource, "getrlimit", lambda _, files=files: (files, files))
        assert server.most_connections() == most


def test_answers_do_not_wait_for_acknowledgements():
    """What a client is sent in two small writes comes at once."""
    with server.listen("127.0.0.1", 0) as sock, socket.create_connection(sock.getsockname()):
        sock.setblocking(True)
        accepted, _ = sock.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
