"""The web server: uvicorn with the bounds that the API relies on."""

from __future__ import annotations

import asyncio
import resource
import socket
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

from gateway.api.frames import Framed

#: A peer that does not take its bytes is dropped by the kernel after this, whatever is still queued for it.
PEER_TIMEOUT_MS = 30_000
#: What the kernel holds for a peer beyond what is on its way: a picture there is already old, and cannot be taken back.
UNSENT_BYTES = 128 << 10
MAX_MESSAGE_BYTES = 4096
BACKLOG = 256
MOST_CONNECTIONS = 2000
#: A connection without a request under way is closed after one to two times this.
PATIENCE_S = 15.0


class Impatient(H11Protocol):
    """uvicorn waits for ever for the first request of a connection, and for the rest of its headers. Whoever
    opens connections and says nothing would take all files that the process may open, and with them the way back
    to the broker."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        super().connection_made(transport)
        if self.limit_concurrency is not None and len(self.connections) > self.limit_concurrency:
            transport.abort()
        else:
            self.loop.call_later(PATIENCE_S, self._look, None)

    def _look(self, before: Any) -> None:
        """Close if nothing was asked since the last look and nothing is being answered."""
        if self.transport.is_closing() or self.transport.get_protocol() is not self:
            return  # it ended, or became a WebSocket
        if (self.cycle is None or self.cycle.response_complete) and self.cycle is before:
            self.transport.close()
        else:
            self.loop.call_later(PATIENCE_S, self._look, self.cycle)


def most_connections() -> int:
    """Half of the files that the process may open: the rest is for the database and the broker."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST_CONNECTIONS if files == resource.RLIM_INFINITY else min(MOST_CONNECTIONS, files // 2)


def listen(host: str, port: int) -> socket.socket:
    """A listening TCP socket; port 0 takes a free one. Raises OSError when the address is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.create_server((host, port), family=family, backlog=BACKLOG)
    # Accepted sockets inherit both. asyncio sets it only on sockets that were made with a protocol number, and without
    # it every second small write waits for the other side's delayed acknowledgement, some 40 ms.
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if hasattr(socket, "TCP_NOTSENT_LOWAT"):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        # Without it a viewer who stops reading keeps its last buffer for ever.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, PEER_TIMEOUT_MS)
    sock.setblocking(False)
    return sock


def server(
    app: FastAPI, *, tls_cert: Path | None = None, tls_key: Path | None = None, public_url: str | None = None
) -> uvicorn.Server:
    """A server for `app`; run it with `await server.serve(sockets=[listen(host, port)])`.

    Forwarded addresses are believed only from a proxy on this machine, and only when `public_url` says that
    there is one.
    """
    config = uvicorn.Config(
        app,
        ssl_certfile=tls_cert,
        ssl_keyfile=tls_key,
        proxy_headers=public_url is not None,
        forwarded_allow_ips="127.0.0.1,::1",
        server_header=False,
        access_log=False,
        log_config=None,
        lifespan="on",
        http=Impatient,  # h11 bounds the size of headers
        ws=Framed,
        ws_max_size=MAX_MESSAGE_BYTES,
        ws_per_message_deflate=False,
        ws_ping_interval=20.0,
        ws_ping_timeout=20.0,
        h11_max_incomplete_event_size=32 * 1024,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=5,
        limit_concurrency=most_connections(),
    )
    return uvicorn.Server(config)


def origin_of(url: str) -> str:
    """`scheme://host[:port]` of a URL, as a browser writes it in `Origin`."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()
