"""Alarms that the database does not take, however often: which of them are left unacknowledged."""


class Left:
    """What is not acknowledged comes again with our next connection, so that no alarm is forgotten. But each
    keeps a place in the broker's window, which must not fill: of one alarm the first delivery is left and its
    repeats are not, and at most `most` alarms at a time."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._connections: dict[tuple[str, str | None], int] = {}

    def leave(self, alarm: tuple[str, str | None], connection: int) -> bool:
        """Whether to leave this delivery of `alarm` (unit and id), which came on the connection of this number."""
        if self._connections.get(alarm) == connection:
            return False
        if alarm not in self._connections and len(self._connections) >= self._most:
            return False
        self._connections[alarm] = connection
        return True

    def forget(self, alarm: tuple[str, str | None]) -> None:
        """It was stored after all."""
        self._connections.pop(alarm, None)
