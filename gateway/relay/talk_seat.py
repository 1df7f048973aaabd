"""One open talk panel: what it is told. The newest state is enough; refusals are few."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

from gateway.relay.talk_floor import Talker, Talking

REFUSALS_WAITING_MAX = 8

Said = dict[str, Any]


class Seat:
    """A person's connection to the talk with one unit. `changed` is set when there is something to tell."""

    def __init__(self, unit_id: str, by: Talker) -> None:
        self.unit_id = unit_id
        self.by = by
        self.changed = asyncio.Event()
        self.changed.set()
        self._refusals: deque[Said] = deque(maxlen=REFUSALS_WAITING_MAX)
        self._told_fast: Talking | None = None

    def refuse(self, why: str, **facts: object) -> None:
        """Tell why something was not done."""
        self._refusals.append({"t": "refused", "why": why, **facts})
        self.changed.set()

    def refuse_fast(self, talking: Talking) -> None:
        """Tell once a talk that its packets come too fast."""
        if self._told_fast is not talking:
            self._told_fast = talking
            self.refuse("too_fast", n=talking.asked)

    def take_refusals(self) -> list[Said]:
        """What was refused since the last call."""
        taken = list(self._refusals)
        self._refusals.clear()
        return taken


def person(one: Talker) -> Said:
    """A person as the console shows them."""
    return {"login": one.login, "name": one.name}
