"""A TCP or TLS connection for one reader and one writer task that never blocks the event loop.

Waiting is done on the plain socket, because polling a TLS socket makes MicroPython spin. So a reader first
reads until the TLS layer has nothing left (poll does not see bytes of a decrypted record), then waits.
Looking up a host name blocks for many seconds where no name server answers, so a thread does it. An address that
was found is used until another one is: after STALE_FAILURES failures in a row the name is looked up beside.
"""

import asyncio
import socket

try:
    import _thread
except ImportError:  # a port without threads: there a look-up blocks
    _thread = None

from mqtt.errors import LinkLost, Untrusted

CHUNK_BYTES = 4096  # written in one step of the event loop: 0.06 ms of AES on the unix port
HANDSHAKE_POLL_MS = 20
STALE_FAILURES = 8
LOOKUP_POLL_MS = 50
LOOKUP_STACK_BYTES = 8192
_TCP, _TCP_NODELAY = 6, 1
_SOL_SOCKET, _SO_SNDBUF = 1, 7
_AGAIN = (11, 115, 119)  # EAGAIN, EINPROGRESS (unix port; lwIP)

_addresses = {}  # (host, port): [address, failures in a row]
_lookups = {}  # (host, port): the _Lookup under way


class Tls:
    """The unit's identity and whom it trusts, all DER: CA certificate, own certificate and key.

    `server_name` must be in the broker's certificate. Raises ValueError or OSError for what does not parse.
    """

    def __init__(self, ca, certificate, key, server_name):
        import ssl

        self.server_name = server_name
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.context.load_cert_chain(certificate, key)
        self.context.load_verify_locations(cadata=ca)
        self.context.verify_mode = ssl.CERT_REQUIRED


def _readable(raw):
    yield asyncio.core._io_queue.queue_read(raw)


def _writable(raw):
    yield asyncio.core._io_queue.queue_write(raw)


class Stream:
    """`raw` is the non-blocking socket, `sock` what is read and written: itself, or TLS around it."""

    def __init__(self, raw, sock):
        self._raw = raw
        self._sock = sock
        self._shaking = sock is not raw

    async def readinto(self, buffer):
        """Reads at least one byte, at most `len(buffer)`; returns how many. LinkLost at the end."""
        while True:
            count = _attempt(self._sock.readinto, buffer)
            if count:
                return count
            if count == 0:
                raise LinkLost("the broker closed the connection")
            await _readable(self._raw)

    async def write(self, data):
        """Writes all of `data` (any buffer), a chunk a step; yields to other tasks at least once.

        OSError, or Untrusted when the handshake that the first write makes does not accept the broker.
        """
        view = memoryview(data)
        at, end = 0, len(view)
        while at < end:
            # A TLS socket that could not write must be offered the very same bytes again.
            chunk = view[at : min(at + CHUNK_BYTES, end)]
            try:
                count = _attempt(self._sock.write, chunk)
            except ValueError as error:  # how the handshake says that the certificate is wrong
                raise Untrusted(str(error).strip()) from None
            if count is not None:
                at += count
                self._shaking = False
                await asyncio.sleep_ms(0)
            elif self._shaking:
                await self._handshake_wait()
            else:
                await _writable(self._raw)

    async def _handshake_wait(self):
        """The first write makes the handshake, which waits for either direction and does not say which."""
        try:
            await asyncio.wait_for_ms(_readable(self._raw), HANDSHAKE_POLL_MS)
        except asyncio.TimeoutError:
            pass

    def close(self):
        """Closes at once; no task may be waiting for the stream. A second call does nothing."""
        sock, self._sock = self._sock, None
        if sock is not None:
            sock.close()


def _attempt(operation, buffer):
    """What a non-blocking read or write returned; None for "not now"."""
    try:
        return operation(buffer)
    except OSError as error:
        if error.errno in _AGAIN:
            return None
        raise


class _Lookup:
    """One look-up of a name, which ends when it ends; who has no time for it asks again later."""

    def __init__(self, host, port):
        self._host = host
        self._port = port
        self.address = self.error = None
        self.done = False

    def run(self):
        try:
            found = socket.getaddrinfo(self._host, self._port, socket.AF_INET, socket.SOCK_STREAM)
            self.address = found[0][-1]
        except Exception as error:
            self.error = error
        self.done = True

    def start(self):
        if _thread is None or not self._host.strip("0123456789."):
            self.run()  # an address in digits needs no name server
            return
        try:
            _thread.stack_size(LOOKUP_STACK_BYTES)
            _thread.start_new_thread(self.run, ())
        except Exception as error:
            self.error, self.done = error, True


def _look_up(key):
    """The look-up of this (host, port) that is under way, or a new one: never two at a time."""
    lookup = _lookups.get(key)
    if lookup is None:
        lookup = _Lookup(*key)
        lookup.start()
        _lookups[key] = lookup
    return lookup


async def _address(host, port):
    """[address, failures in a row] of the broker. Raises OSError when its name is not known."""
    key = (host, port)
    known = _addresses.get(key)
    if known is not None and known[1] < STALE_FAILURES:
        return known
    lookup = _look_up(key)
    while known is None and not lookup.done:
        await asyncio.sleep_ms(LOOKUP_POLL_MS)
    if lookup.done:
        _lookups.pop(key, None)
        if lookup.address is not None:
            known = _addresses[key] = [lookup.address, 0]
        elif known is None:
            raise lookup.error
    return known


async def open_stream(host, port, tls, send_buffer_bytes=0):
    """Connects by TCP and returns a Stream; with `tls` the handshake comes with the first write.

    `send_buffer_bytes` asks the socket for a small send buffer, as the target has. Raises OSError.
    """
    known = await _address(host, port)
    raw = socket.socket()
    try:
        raw.setblocking(False)
        raw.setsockopt(_TCP, _TCP_NODELAY, 1)
        if send_buffer_bytes:
            raw.setsockopt(_SOL_SOCKET, _SO_SNDBUF, send_buffer_bytes)
        try:
            raw.connect(known[0])
        except OSError as error:
            if error.errno not in _AGAIN:
                raise
        await _writable(raw)
        raw.send(b"")  # raises what the connection failed with
        sock = raw
        if tls is not None:
            sock = tls.context.wrap_socket(
                raw, server_hostname=tls.server_name, do_handshake_on_connect=False
            )
    except BaseException:
        raw.close()
        known[1] += 1
        raise
    known[1] = 0
    return Stream(raw, sock)
