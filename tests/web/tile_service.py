"""A foreign tile service, which nobody can have here: a real HTTP server that plays Tianditu, well or badly."""

import asyncio
from typing import Self

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b55"
    "0000000a49444154789c63600000000200015c7c8a210000000049454e44ae426082"
)


class TileService:
    """Answers every request with `status`, `media_type` and `body`, once `open` is set. `asked` has the targets."""

    def __init__(self) -> None:
        self.status, self.media_type, self.body = 200, "image/png", PNG
        self.headers = ""
        self.asked: list[str] = []
        self.at_once = self.most_at_once = 0
        self.open = asyncio.Event()
        self.open.set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self.open.set()
        self._server.close()

    @property
    def template(self) -> str:
        """For `map.tianditu_url`."""
        return f"http://127.0.0.1:{self.port}/{{s}}/{{layer}}?z={{z}}&x={{x}}&y={{y}}&tk={{key}}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.asked.append(head.split(" ")[1])
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            await self.open.wait()
            self.at_once -= 1
            answer = (
                f"HTTP/1.1 {self.status} X\r\nContent-Type: {self.media_type}\r\n{self.headers}"
                f"Content-Length: {len(self.body)}\r\nConnection: close\r\n\r\n"
            )
            writer.write(answer.encode() + self.body)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
