"""What a scenario asks of the gateway; the caller passes in something that can do it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class IncidentSeen:
    """An incident as the gateway tells it. `courts` are its candidates, the nearest first."""

    incident_id: str
    version: int
    state: str
    kind: str
    test: bool
    duress: bool
    alarms: int
    courts: tuple[str, ...]
    owner_court_id: str | None


@dataclass(frozen=True, slots=True)
class UnitSeen:
    """A unit as the gateway tells it."""

    online: bool
    battery_pct: float | None


class Hooks(Protocol):
    """The gateway's side of a scenario. Every method raises SimulatorError when it cannot be done."""

    async def incidents(self, unit_id: str, since_ms: int) -> list[IncidentSeen]:
        """Incidents of the unit, open or closed, that were opened at or after `since_ms`; newest first."""
        ...

    async def act(self, unit_id: str, since_ms: int, action: str, facts: Mapping[str, object]) -> None:
        """Do what a person does (acknowledge, accept, …) with the unit's newest incident."""
        ...

    async def command(self, unit_id: str, kind: str, value: int) -> None:
        """Send a command to the unit, as "record" with 1."""
        ...

    async def say(self, unit_id: str, for_s: float, aloud: bool) -> None:
        """Speak to the officer for so long; `aloud` although the unit is silent."""
        ...

    async def fixes(self, unit_id: str, since_ms: int, until_ms: int) -> int:
        """How many positions taken in [since_ms, until_ms] the gateway has stored."""
        ...

    async def unit(self, unit_id: str) -> UnitSeen:
        """What the gateway knows of the unit."""
        ...

    async def kill_broker(self) -> None:
        """SIGKILL to the broker; whoever supervises it starts it again."""
        ...

    async def restart_gateway(self) -> None:
        """Stop the gateway, its broker with it, and start it again on the same ports."""
        ...
