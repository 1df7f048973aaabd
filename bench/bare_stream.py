"""The cheapest way of a picture to a browser: a WebSocket, and nothing before it.

`python -m bench.bare_stream FOLDER` is a process that sends every viewer the bytes of one stream of `bench.live`; it
says {"connected": 0, "port": n} and ends with its input. `bare_scene` is a page that draws pictures as they come.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from bench.bare import answering
from bench.chromium import MeasuredPage, page_in
from bench.film_process import picture
from bench.stream_process import PACKET_MS, PICTURE_BYTES, PICTURE_MS, SOUND_BYTES
from bench.viewing_process import HEAD
from gateway.api.frames import frame_head
from protocol import matroska
from simulator.camera import SceneCamera

if TYPE_CHECKING:
    from playwright.async_api import Browser

FPS = 10
PAGE = b"<!doctype html><title>bare</title><canvas></canvas>"
DRAW = """url => {
  const canvas = document.querySelector("canvas"), socket = new WebSocket(url);
  socket.binaryType = "arraybuffer";
  socket.onmessage = async ({ data }) => {
    const image = await createImageBitmap(new Blob([data]));
    if (canvas.width !== image.width) [canvas.width, canvas.height] = [image.width, image.height];
    canvas.getContext("2d").drawImage(image, 0, 0);
  };
}"""


@asynccontextmanager
async def bare_scene(browser: Browser, size: tuple[int, int]) -> AsyncIterator[tuple[MeasuredPage, float]]:
    """The page, and the time of this machine, UTC ms, from which its pictures count."""
    zero_ms = time.time() * 1000

    async def send(socket: ServerConnection) -> None:
        camera = SceneCamera(label="bare")
        camera.resize(*size)
        due_ms = round(time.time() * 1000 - zero_ms)
        try:
            while True:
                due_ms += 1000 // FPS
                made = camera.shoot(due_ms)
                await asyncio.sleep(max(0.0, (zero_ms + due_ms) / 1000 - time.time()))
                await socket.send(made)
        except ConnectionClosed:
            return

    async with serve(send, "127.0.0.1", 0, process_request=answering(PAGE), compression=None) as server:
        address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with page_in(browser, {}, f"http://{address}") as measured:
            await measured.page.goto(f"http://{address}/")
            await measured.page.evaluate(DRAW, f"ws://{address}/live")
            await measured.align()
            yield measured, zero_ms


async def _stream(socket: ServerConnection) -> None:
    """Past the library, whose work for a frame would be most of it."""
    content, sound = picture(PICTURE_BYTES), bytes(SOUND_BYTES)
    number, began_ms = 0, time.time() * 1000
    step = 0
    while not socket.transport.is_closing():
        due_ms = began_ms + step * PACKET_MS
        await asyncio.sleep(max(0.0, due_ms / 1000 - time.time()))
        blocks = [(matroska.SOUND, sound)]
        if step * PACKET_MS % PICTURE_MS == 0:
            blocks.append((matroska.PICTURE, content))
        frames: list[bytes] = []
        for track, block in blocks:
            frames += (
                frame_head(HEAD.size + len(block)),
                HEAD.pack(1, track, 1, 1, number, due_ms, due_ms),
                block,
            )
            number += 1
        socket.transport.write(b"".join(frames))
        step += 1


async def _serve() -> None:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    async with serve(_stream, "127.0.0.1", 0, compression=None) as server:
        port = server.sockets[0].getsockname()[1]
        print(json.dumps({"connected": 0, "port": port}), flush=True)
        await reader.read()


if __name__ == "__main__":
    asyncio.run(_serve())
