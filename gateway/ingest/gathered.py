"""What a batch of positions and states comes to, before it is stored and after."""

from collections import Counter
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.model import Fix, UnitStatus
from gateway.store import fixes, units


@dataclass(slots=True)
class Gathered:
    """Units by their id. `states`: who said something of itself; `online`: of those, who is connected anew; `wants`:
    ids of the batches that a unit keeps until they are stored; `messages`: how many, by the last level of their topic;
    `dropped`: positions that units say they lost."""

    found: list[tuple[str, Fix]] = field(default_factory=list)
    statuses: dict[str, UnitStatus] = field(default_factory=dict)
    states: set[str] = field(default_factory=set)
    online: set[str] = field(default_factory=set)
    wants: dict[str, list[int]] = field(default_factory=dict)
    messages: Counter[str] = field(default_factory=Counter)
    dropped: int = 0

    async def store(self, connection: AsyncConnection) -> None:
        """Write it. A job of the store."""
        await fixes.add(connection, self.found)
        await units.save_states(connection, [self.statuses[unit_id] for unit_id in self.states])
