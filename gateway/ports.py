"""A port for a server that is to find it again when it is started anew."""

import errno
import random
import socket

#: Below what systems give to outgoing connections (Linux: from 32768, `ip_local_port_range`; RFC 6335: from 49152).
#: From among those, anybody's connection could take the port while its server is down.
LOWEST, HIGHEST = 20_000, 32_767
TRIES = 64
_given: set[int] = set()


def free_port(host: str = "127.0.0.1") -> int:
    """A port of `host` that nobody listens on now; the same one again only when few are left.

    Raises OSError or UnicodeError when there is no listening on `host`.
    """
    ports = random.sample(_left(), TRIES)
    for port in ports[:-1]:
        try:
            return _bound(host, port)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
    return _bound(host, ports[-1])


def _bound(host: str, port: int) -> int:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.bind((host, port))
    _given.add(port)
    return port


def _left() -> list[int]:
    """Those that were not given yet: who was given one may not listen on it at this moment."""
    left = [port for port in range(LOWEST, HIGHEST + 1) if port not in _given]
    if len(left) < TRIES:
        _given.clear()
        left = list(range(LOWEST, HIGHEST + 1))
    return left
