"""What units were told and have not yet felt: sent, and sent again until the unit says that it was felt."""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from gateway.logs import logger
from gateway.model import Told
from protocol import topics
from protocol.errors import ProtocolError
from protocol.messages import Receipt

Send = Callable[[str, bytes], bool]
# After this, what nobody felt is history: the unit was replaced, or its officer went home.
FORGET_MS = 24 * 3_600_000
OF_A_UNIT_MAX = 32


@dataclass(frozen=True, slots=True)
class _Open:
    told: Told
    again_ms: int


class Receipts:
    """The newest receipt of each alarm, until felt. `where(unit_id)` is the court level of the unit's topics;
    `online(unit_id)` whether it makes sense to repeat."""

    def __init__(
        self,
        send: Send,
        where: Callable[[str], str],
        online: Callable[[str], bool],
        repeat_ms: int,
        count: Callable[[str], None],
    ) -> None:
        self._send = send
        self._where = where
        self._online = online
        self._repeat_ms = repeat_ms
        self._count = count
        self._log = logger("receipts")
        self._open: dict[tuple[str, bytes], _Open] = {}

    def __len__(self) -> int:
        return len(self._open)

    def restore(self, told: Told, now_ms: int) -> None:
        """After a restart: due at once."""
        self._open[told.unit_id, told.alarm_id] = _Open(told, now_ms)

    def tell(self, told: Told, now_ms: int) -> None:
        """Send a new receipt; it takes the place of the one before for that alarm. Of a unit that presses and
        never says what was felt, the newest are kept: it repeats an alarm that it thinks was not stored."""
        self._open.pop((told.unit_id, told.alarm_id), None)
        self._open[told.unit_id, told.alarm_id] = _Open(told, now_ms + self._repeat_ms)
        own = [key for key in self._open if key[0] == told.unit_id]
        for key in own[:-OF_A_UNIT_MAX]:
            del self._open[key]
        self._publish(told, "first")

    def felt(self, unit_id: str, alarm_id: bytes, seq: int) -> None:
        """The unit has felt this receipt, or a later one."""
        waiting = self._open.get((unit_id, alarm_id))
        if waiting is not None and seq >= waiting.told.seq:
            del self._open[unit_id, alarm_id]

    def again(self, told: Told) -> None:
        """Answer a repeated alarm at once, whether or not the receipt was felt."""
        self._publish(told, "repeat")

    def newest(self, unit_id: str, alarm_id: bytes) -> Told | None:
        """The receipt of this alarm that was not felt yet."""
        waiting = self._open.get((unit_id, alarm_id))
        return waiting.told if waiting is not None else None

    def reconnected(self, unit_id: str, now_ms: int) -> None:
        """Send everything for this unit again, at once."""
        for waiting in tuple(self._open.values()):
            if waiting.told.unit_id == unit_id:
                self._again(waiting.told, now_ms)

    def repeat_due(self, now_ms: int) -> None:
        """Send again what is due for units that are online; forget what is a day old."""
        for key, waiting in tuple(self._open.items()):
            if now_ms - waiting.told.at_ms > FORGET_MS:
                del self._open[key]
            elif self._again_ms(waiting, now_ms) <= now_ms and self._online(waiting.told.unit_id):
                self._again(waiting.told, now_ms)

    def next_ms(self, now_ms: int) -> int | None:
        """When something is due next, or None when nothing waits."""
        due = [self._again_ms(one, now_ms) for one in self._open.values() if self._online(one.told.unit_id)]
        return max(min(due), now_ms) if due else None

    def _again_ms(self, waiting: _Open, now_ms: int) -> int:
        """When to send it again: at once if the clock was set back since, for nothing waits longer than a
        repeat."""
        return waiting.again_ms if waiting.again_ms <= now_ms + self._repeat_ms else now_ms

    def _again(self, told: Told, now_ms: int) -> None:
        self._open[told.unit_id, told.alarm_id] = _Open(told, now_ms + self._repeat_ms)
        self._publish(told, "repeat")

    def _publish(self, told: Told, sending: str) -> None:
        try:
            topic, payload = self._written(told)
        except (ProtocolError, KeyError):
            # It is stored and cannot be said: raised on, it would end the timers of all incidents with it.
            self._open.pop((told.unit_id, told.alarm_id), None)
            self._log.exception("receipt_not_sayable", unit=told.unit_id, alarm=told.alarm_id.hex())
            return
        self._send(topic, payload)
        self._count(sending)

    def _written(self, told: Told) -> tuple[str, bytes]:
        receipt = Receipt(
            alarm_id=told.alarm_id,
            status=told.status,
            seq=told.seq,
            at_s=told.at_ms // 1000,
            by=fitted(told.by),
            court=fitted(told.court_name),
            eta_s=max(0, told.eta_s) if told.eta_s is not None else None,
            incident=told.incident_id or None,
        )
        return topics.down(self._where(told.unit_id), told.unit_id, "alarm"), bytes(receipt.encode())


def fitted(text: str | None, most_bytes: int = 160) -> str | None:
    """`text` as the wire carries it: cut without breaking a character, line breaks and the like as spaces; None
    for nothing."""
    spaced = "".join(" " if unicodedata.category(char) in ("Cc", "Cs") else char for char in text or "")
    return spaced.encode()[:most_bytes].decode("utf-8", "ignore") or None
