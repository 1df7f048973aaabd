"""What changes, to whoever watches: subscriptions that are bounded and never lose an incident."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from gateway.model import Court, TimelineEntry, Told, UnitStatus

WAITING_MAX = 2_000
SUBSCRIBERS_MAX = 500


@dataclass(frozen=True, slots=True)
class View:
    """An incident with everything that belongs to it.

    `incident` is the pure gateway.dispatch.incident.Incident; `told` the receipts to the unit, oldest first;
    `timeline` the log, oldest first; `near` the ids of other officers' open incidents close by.
    """

    incident: Any
    told: tuple[Told, ...] = ()
    timeline: tuple[TimelineEntry, ...] = ()
    near: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class IncidentChange:
    """An incident was opened or changed; committed already, at `committed_ms` (None: at some time before)."""

    view: View
    committed_ms: int | None = None


@dataclass(frozen=True, slots=True)
class CourtChange:
    """A court's duty, or anything else of it, changed."""

    court: Court


Change = IncidentChange | CourtChange


class Overflowed(Exception):
    """The subscriber did not keep up and was cut off, rather than shown a picture with holes."""


class Subscription:
    """One watcher's changes.

    `async for change in subscription` gives incidents at once, in the order of their commits, and then the
    courts that changed, each once: all of them change together when they are imported.
    `changed_units()` gives each unit that changed since the last call, once, as it is now. Iteration ends
    when the centre stops, and raises Overflowed when more than 2,000 incidents were not taken.
    """

    def __init__(self, hub: "Hub") -> None:
        self._hub = hub
        self._changes: deque[IncidentChange] = deque()
        self._courts: dict[str, CourtChange] = {}
        self._units: dict[str, UnitStatus] = {}
        self._wake = asyncio.Event()
        self._overflowed = False
        self._ended = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __aiter__(self) -> AsyncIterator[Change]:
        return self

    async def __anext__(self) -> Change:
        while not self._changes:
            if self._courts:
                return self._courts.pop(next(iter(self._courts)))
            if self._overflowed:
                raise Overflowed(f"more than {WAITING_MAX} changes were not taken")
            if self._ended:
                raise StopAsyncIteration
            self._wake.clear()
            await self._wake.wait()
        return self._changes.popleft()

    def changed_units(self) -> list[UnitStatus]:
        """Units that changed since the last call, each once."""
        taken, self._units = list(self._units.values()), {}
        return taken

    def close(self) -> None:
        """Take no more changes. Twice does no harm."""
        self._ended = True
        self._hub.forget(self)
        self._wake.set()

    def offer(self, change: Change) -> None:
        """Called by the hub."""
        if isinstance(change, CourtChange):
            self._courts[change.court.court_id] = change
        elif len(self._changes) >= WAITING_MAX:
            self._changes.clear()
            self._overflowed = True
            self._hub.forget(self)
        else:
            self._changes.append(change)
        self._wake.set()

    def offer_unit(self, status: UnitStatus) -> None:
        """Called by the hub."""
        self._units[status.unit.unit_id] = status


class Hub:
    """Gives every change to every subscription; never waits for one."""

    def __init__(self) -> None:
        self._subscriptions: set[Subscription] = set()

    def subscribe(self) -> Subscription:
        """A new subscription; raises Overflowed when there are 500 already."""
        if len(self._subscriptions) >= SUBSCRIBERS_MAX:
            raise Overflowed(f"there are {SUBSCRIBERS_MAX} watchers already")
        subscription = Subscription(self)
        self._subscriptions.add(subscription)
        return subscription

    def publish(self, change: Change) -> None:
        """Tell of an incident or a court."""
        for subscription in tuple(self._subscriptions):
            subscription.offer(change)

    def publish_unit(self, status: UnitStatus) -> None:
        """Tell of a unit; only the newest status of each is kept for a watcher."""
        for subscription in self._subscriptions:
            subscription.offer_unit(status)

    def forget(self, subscription: Subscription) -> None:
        """No more changes for this one."""
        self._subscriptions.discard(subscription)

    def close(self) -> None:
        """End all subscriptions."""
        for subscription in tuple(self._subscriptions):
            subscription.close()
