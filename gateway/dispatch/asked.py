"""The commands that persons sent, and what the units answered: the newest ones, in memory."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace

ASKED_MAX = 1_000


@dataclass(frozen=True, slots=True)
class Asked:
    """A command to a unit. `outcome` as in protocol.messages (DONE, ...), None: not answered yet."""

    unit_id: str
    outcome: int | None = None
    detail: str | None = None


class AskedCommands:
    """By command id (hex). The oldest is forgotten when there are more than ASKED_MAX."""

    def __init__(self) -> None:
        self._asked: OrderedDict[str, Asked] = OrderedDict()

    def sent(self, command_id: str, unit_id: str) -> None:
        """A command went out."""
        self._asked[command_id] = Asked(unit_id)
        if len(self._asked) > ASKED_MAX:
            self._asked.popitem(last=False)

    def answered(self, command_id: str, unit_id: str, outcome: int, detail: str | None) -> None:
        """A unit says what came of a command. Of one that was for another unit, or is not known, nothing is kept."""
        asked = self.of(command_id, unit_id)
        if asked is not None:
            self._asked[command_id] = replace(asked, outcome=outcome, detail=detail)

    def of(self, command_id: str, unit_id: str) -> Asked | None:
        """The command, if it was for this unit and is remembered."""
        asked = self._asked.get(command_id)
        return asked if asked is not None and asked.unit_id == unit_id else None
