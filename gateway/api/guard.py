"""The outermost layer of the API: bodies are bounded, answers carry security headers, faults become a 500 problem."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.api import problems
from gateway.logs import logger
from gateway.turns import Turns

log = logger("api")

#: Nothing is loaded from, sent to, or framed by any other place; no inline script or style.
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; connect-src 'self'; worker-src 'self'; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)

SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(self), screen-wake-lock=(self)",
}


#: A body that is too large is read on and thrown away up to so many times the limit: who still sends when the
#: connection is closed never reads the answer.
DRAINED_TIMES = 16
FILE_DRAINED_TIMES = 4
#: Where a body is a file.
FILES = re.compile(r"/api/v1/incidents/[^/]+/attachments")


class Guard:
    """ASGI middleware.

    max_body_bytes: a longer request body is answered 413. body_timeout_s: a body that takes longer is answered 408.
    max_file_bytes: the same for files, which the route reads as they come; file_timeout_s: for the whole of one, of
    which each part has body_timeout_s. turns: a request goes before bulk work for a moment.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        max_body_bytes: int,
        body_timeout_s: float,
        max_file_bytes: int,
        file_timeout_s: float,
        turns: Turns | None = None,
    ) -> None:
        self._app = app
        self._turns = turns or Turns()
        self._max_body_bytes = max_body_bytes
        self._body_timeout_s = body_timeout_s
        self._max_file_bytes = max_file_bytes
        self._file_timeout_s = file_timeout_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        with self._turns.moment():
            await self._answer(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def send_guarded(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        try:
            if scope["method"] == "POST" and FILES.fullmatch(scope["path"]):
                file = _File(receive, send_guarded, self._max_file_bytes, self._body_timeout_s)
                try:
                    async with asyncio.timeout(self._file_timeout_s):
                        await self._app(scope, file.receive, file.send)
                except TimeoutError:
                    if started:
                        raise
                    await problems.too_slow().response()(scope, receive, send_guarded)
                return
            try:
                body = await self._read_body(scope["headers"], receive)
            except problems.Problem as problem:
                await problem.response()(scope, receive, send_guarded)
                return
            if body is not None:
                await self._app(scope, _replay(body, receive), send_guarded)
        except Exception:
            log.exception("request_failed", method=scope["method"], path=scope["path"])
            if started:
                raise
            await problems.internal().response()(scope, receive, send_guarded)

    async def _read_body(self, headers: Iterable[tuple[bytes, bytes]], receive: Receive) -> bytes | None:
        """The whole body; None when the caller went away. Raises a 413 or 408 problem."""
        declared = dict(headers).get(b"content-length", b"0")
        if not declared.isdigit() or int(declared) > self._max_body_bytes * DRAINED_TIMES:
            raise problems.too_large(self._max_body_bytes)
        body, length = bytearray(), 0
        try:
            async with asyncio.timeout(self._body_timeout_s):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        return None
                    chunk = message.get("body", b"")
                    length += len(chunk)
                    if length <= self._max_body_bytes:
                        body += chunk
                    last = not message.get("more_body", False)
                    if length > self._max_body_bytes * (1 if last else DRAINED_TIMES):
                        raise problems.too_large(self._max_body_bytes)
                    if last:
                        return bytes(body)
        except TimeoutError:
            raise problems.too_slow() from None


class _File:
    """A body that is read as it comes, bounded. An answer goes out when all of it has been read, or thrown away:
    who still sends when the connection is closed never reads it."""

    def __init__(self, receive: Receive, send: Send, max_bytes: int, part_timeout_s: float) -> None:
        self._receive, self._send = receive, send
        self._max_bytes, self._part_timeout_s = max_bytes, part_timeout_s
        self._length_bytes = 0
        self._ended = False

    async def receive(self) -> Message:
        """The next part. Raises a 413 or 408 problem."""
        message = await self._next()
        if self._length_bytes > self._max_bytes:
            raise problems.too_large(self._max_bytes)
        return message

    async def send(self, message: Message) -> None:
        """Pass an answer on, behind the last of the body."""
        if message["type"] == "http.response.start":
            try:
                while not self._ended and self._length_bytes <= self._max_bytes * FILE_DRAINED_TIMES:
                    await self._next()
            except problems.Problem:
                self._ended = True  # too slow: then the answer is not waited for either
        await self._send(message)

    async def _next(self) -> Message:
        if self._ended:
            return await self._receive()
        try:
            async with asyncio.timeout(self._part_timeout_s):
                message = await self._receive()
        except TimeoutError:
            raise problems.too_slow() from None
        self._length_bytes += len(message.get("body", b""))
        self._ended = message["type"] != "http.request" or not message.get("more_body", False)
        return message


def _replay(body: bytes, receive: Receive) -> Receive:
    """A receive that first gives `body` whole, then what the connection still says (its end)."""
    given = False

    async def receive_again() -> Message:
        nonlocal given
        if not given:
            given = True
            return {"type": "http.request", "body": body, "more_body": False}
        return await receive()

    return receive_again
