"""TLS records cut and packed in ways that a real broker shows only by chance."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import mqtt_certificates
import pytest
from mqtt_unit import DEADLINE_S, Unit

CONNACK = b"\x20\x02\x00\x00"


def message(text: str) -> bytes:
    body = b"\x00\x01t" + text.encode()
    return bytes((0x30, len(body))) + body


class TlsPeer:
    """The broker's end of one TLS connection, whose records can be sent a piece at a time."""

    def __init__(self, listener: socket.socket, context: ssl.SSLContext, step: int) -> None:
        listener.settimeout(DEADLINE_S)
        self.socket, _ = listener.accept()
        self.socket.settimeout(DEADLINE_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._in, self._out, server_side=True)
        self._step = step
        while True:
            try:
                self._tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                self.send_bytes(self._out.read())
                self._in.write(self.socket.recv(65536))
        self.send_bytes(self._out.read())
        while True:
            try:
                assert self._tls.read(4096)[0] == 0x10, "not a CONNECT"
                break
            except ssl.SSLWantReadError:
                self._in.write(self.socket.recv(65536))

    def records(self, data: bytes) -> bytes:
        """The TLS record bytes that carry `data`."""
        self._tls.write(data)
        return self._out.read()

    def send_bytes(self, data: bytes) -> None:
        for at in range(0, len(data), self._step):
            self.socket.sendall(data[at : at + self._step])


@pytest.fixture
def certificates(tmp_path: Path) -> Path:
    return mqtt_certificates.make_all(tmp_path)


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener


@pytest.fixture
def unit(listener: socket.socket, certificates: Path) -> Iterator[Unit]:
    unit = Unit(listener.getsockname()[1], certificates, max_inbound_bytes=64)
    yield unit
    unit.kill()


@pytest.fixture
def context(certificates: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "broker.crt", certificates / "broker.key")
    context.load_verify_locations(certificates / "ca.crt")
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def test_one_record_of_many_packets_is_delivered_without_more_bytes(
    listener: socket.socket, unit: Unit, context: ssl.SSLContext
) -> None:
    """The record is 16 times the unit's buffer: the rest lies decrypted in the TLS layer, unseen by poll."""
    peer = TlsPeer(listener, context, 65536)
    texts = [f"message {number:03}" for number in range(600)]
    record = peer.records(CONNACK + b"".join(message(text) for text in texts))
    assert record[0] == 23 and int.from_bytes(record[3:5], "big") + 5 == len(record), "one record"
    peer.send_bytes(record)
    for text in texts:
        assert unit.wait("message")["text"] == text


def test_half_a_record_waits_for_its_rest(
    listener: socket.socket, unit: Unit, context: ssl.SSLContext
) -> None:
    peer = TlsPeer(listener, context, 65536)
    peer.send_bytes(peer.records(CONNACK))
    unit.wait("connected")
    record = peer.records(message("cut"))
    for start, stop in ((0, 3), (3, 5), (5, len(record) - 1)):
        peer.send_bytes(record[start:stop])
        assert unit.stats()["counters"]["received"] == 0
    peer.send_bytes(record[-1:])
    assert unit.wait("message")["text"] == "cut"


def test_every_byte_alone_from_the_handshake_on(
    listener: socket.socket, unit: Unit, context: ssl.SSLContext
) -> None:
    peer = TlsPeer(listener, context, 1)
    peer.send_bytes(peer.records(CONNACK))
    unit.wait("connected")
    for text in ("one", "two", "three"):
        peer.send_bytes(peer.records(message(text)))
        assert unit.wait("message")["text"] == text
    assert unit.stats()["counters"]["lost"] == 0
