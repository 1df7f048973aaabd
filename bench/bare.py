"""The raw limits of a browser: a page that does nothing, and a WebSocket message that becomes a line of text."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING

from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from bench.chromium import MeasuredPage, page_in

if TYPE_CHECKING:
    from playwright.async_api import Browser

EMPTY = b"<!doctype html><title>empty</title><p id=said>&nbsp;</p>"
LISTEN = """async url => {
  const socket = new WebSocket(url);
  socket.onmessage = (event) => {
    document.getElementById("said").textContent = JSON.parse(event.data).number;
    bench.onceDrawn((atMs) => socket.send(String(atMs)));
  };
  await new Promise((resolve) => (socket.onopen = resolve));
}"""


def answering(page: bytes) -> Callable[[ServerConnection, Request], Response | None]:
    """What a server of WebSockets does with a request that is for none: it gives this page."""

    def answer(_: ServerConnection, request: Request) -> Response | None:
        if "Upgrade" in request.headers:
            return None
        headers = Headers(
            {"Content-Type": "text/html", "Content-Length": str(len(page)), "Connection": "close"}
        )
        return Response(HTTPStatus.OK.value, "OK", headers, page)

    return answer


@asynccontextmanager
async def bare_page(browser: Browser) -> AsyncIterator[tuple[MeasuredPage, Callable[[], Awaitable[float]]]]:
    """An empty page, and a function that sends it one message and returns the ms until that could be seen."""
    sockets: list[ServerConnection] = []

    async def keep(socket: ServerConnection) -> None:
        sockets.append(socket)
        await socket.wait_closed()

    async with serve(keep, "127.0.0.1", 0, process_request=answering(EMPTY), compression=None) as server:
        address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with page_in(browser, {}, f"http://{address}") as measured:
            await measured.page.goto(f"http://{address}/")
            await measured.page.evaluate(LISTEN, f"ws://{address}/live")
            await measured.align()
            number = 0

            async def send() -> float:
                nonlocal number
                number += 1
                sent_ms = time.time() * 1000
                await sockets[-1].send(json.dumps({"number": number}))
                return measured.ours(float(await sockets[-1].recv())) - sent_ms

            yield measured, send
