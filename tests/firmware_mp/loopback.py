"""A server on a free port of the loopback interface, for a peer of the real sockets."""

import asyncio
import os
from errno import EADDRINUSE

# Below what systems give to outgoing connections, as in gateway/ports.py.
LOWEST, COUNT = 20_000, 12_768


async def listen(accepted):
    """(server, port); `accepted(reader, writer)` is called for each connection."""
    while True:
        port = LOWEST + int.from_bytes(os.urandom(2), "big") % COUNT
        try:
            return await asyncio.start_server(accepted, "127.0.0.1", port), port
        except OSError as error:
            if error.errno != EADDRINUSE:
                raise
