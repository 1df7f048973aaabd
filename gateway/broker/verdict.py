"""What a broker refused, read from a line of its log."""

from collections import OrderedDict
from typing import NamedTuple, Protocol

#: Connections whose user is remembered; the one that was longest without use goes first.
NAMES_MAX = 20_000
DENIED, OVERSIZED, CERTIFICATE = "broker_denied", "broker_oversized", "certificate_refused"
SLOW = "broker_slow_client"
"""Not what a client said: what it did not take in time."""


class Verdict(NamedTuple):
    """`fault` is its counter; `unit` is who did it, as its certificate says, or None when it has shown none
    that holds; `facts` go into the log line (`address` without the port)."""

    fault: str
    unit: str | None
    facts: dict[str, object]


class LogReader(Protocol):
    """Reads one run of one kind of broker. It remembers who is behind a connection."""

    def noise(self, line: bytes) -> bool:
        """Whether the line says nothing and can be dropped unread: there are several for each message."""
        ...

    def detail(self, line: str) -> bool:
        """Whether the line is of no interest once `verdict` has seen it."""
        ...

    def verdict(self, line: str) -> Verdict | None:
        """What was refused, or None when the line says something else."""
        ...


class Names:
    """Who is behind a connection: bounded, the least used is forgotten."""

    def __init__(self, limit: int = NAMES_MAX) -> None:
        self._known: OrderedDict[str, str] = OrderedDict()
        self._limit = limit

    def learn(self, connection: str, user: str) -> None:
        """Remember `user`, in place of an earlier one."""
        self._known[connection] = user
        self._known.move_to_end(connection)
        if len(self._known) > self._limit:
            self._known.popitem(last=False)

    def forget(self, connection: str) -> None:
        """It has ended."""
        self._known.pop(connection, None)

    def of(self, connection: str) -> str | None:
        """The user, or None."""
        user = self._known.get(connection)
        if user is not None:
            self._known.move_to_end(connection)
        return user


def host_of(address: str) -> str:
    """The address without its port: the port differs each time."""
    return address.rpartition(":")[0].strip("[]") or address
