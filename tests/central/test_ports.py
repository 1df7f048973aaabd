"""Ports for servers that are to find them again."""

import socket

import pytest

from gateway import ports


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> range:
    """The ports of this test."""
    monkeypatch.setattr(ports, "HIGHEST", ports.LOWEST + 2 * ports.TRIES - 1)
    monkeypatch.setattr(ports, "_given", set())
    return range(ports.LOWEST, ports.HIGHEST + 1)


def test_port_is_given_twice_only_when_few_are_left(few: range) -> None:
    """Its server may be down at that moment, to be started again."""
    given = [ports.free_port() for _ in range(ports.TRIES)]
    assert len(set(given)) == len(given) and set(given) <= set(few)
    for _ in range(2 * ports.TRIES):
        assert ports.free_port() in few


def test_port_that_somebody_listens_on_is_not_given(few: range) -> None:
    with socket.create_server(("127.0.0.1", ports.free_port())) as taken:
        assert taken.getsockname()[1] not in {ports.free_port() for _ in range(ports.TRIES)}
