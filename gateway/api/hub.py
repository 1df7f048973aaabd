"""The live picture: what the centre says, to everybody who watches, each within their courts.

Viewers of the same courts share a channel, so a message is made once for all of them; a unit is made into JSON once
for all channels. Incidents go out at once; units ten times a second (the beat), each that changed as it is then: what
is on its way when an alarm comes is never more than the units of a tenth of a second.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable

from gateway.api import views
from gateway.api.json_text import dumps
from gateway.api.scope import Scope, guest_units
from gateway.api.unit_text import UnitTexts
from gateway.api.viewer import Changed, Close, Message, Viewer
from gateway.clock import Clock
from gateway.dispatch.centre import Centre
from gateway.dispatch.centre_live import CourtChange, IncidentChange, Subscription
from gateway.model import UnitStatus

BEAT_S = 0.1
#: Whoever watches hears from us at least as often.
TICK_S = 1.0
#: Units made into JSON before others have their turn: about 1 ms.
RENDERED_AT_ONCE = 100


class Channel:
    """The viewers of the same courts, and their running number."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.seq = 0
        self.viewers: set[Viewer] = set()
        self.health = ""
        self.spoke_s = 0.0


class Hub:
    """All live connections. Run it with `async with asyncio.TaskGroup`: `create_task(hub.run())`.

    health: the part of the picture that is not the centre's, as JSON-able values. about: the gateway
    in the snapshot (`views.about`). sleep: waits so many seconds; passed in, so that tests say when a second is over.
    """

    def __init__(
        self,
        clock: Clock,
        centre: Centre,
        *,
        health: Callable[[], views.Json],
        about: views.Json,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._clock = clock
        self._centre = centre
        self._health = health
        self._about = about
        self._sleep = sleep
        self._channels: dict[frozenset[str] | None, Channel] = {}
        self._texts = UnitTexts()
        self._changed_courts: set[str] = set()
        self._touched_units: set[str] = set()

    @property
    def viewer_count(self) -> int:
        """Open live connections."""
        return sum(len(channel.viewers) for channel in self._channels.values())

    # -- coming and going

    async def join(self, scope: Scope) -> Viewer:
        """A new viewer, whose first message is a snapshot of everything in `scope`."""
        # Somebody waits for it: nothing goes before but an alarm. Most texts are there already, from the last beat.
        await self._write(self._texts.unwritten(self._centre.units().values()), lambda: asyncio.sleep(0))
        channel = self._channels.setdefault(scope.court_ids, Channel(scope))
        viewer = Viewer(Message(channel.seq, self._snapshot(channel)), self._clock.monotonic_s())
        channel.viewers.add(viewer)
        return viewer

    def leave(self, scope: Scope, viewer: Viewer) -> None:
        """Forget a viewer. Twice does no harm."""
        channel = self._channels.get(scope.court_ids)
        if channel is not None:
            channel.viewers.discard(viewer)
            if not channel.viewers:
                del self._channels[scope.court_ids]

    # -- what runs

    async def run(self) -> None:
        """Pass changes on until the centre stops; then every viewer is told to come back."""
        try:
            async with self._centre.subscribe() as subscription:
                jobs = [
                    asyncio.create_task(self._follow(subscription), name="live-follow"),
                    asyncio.create_task(self._beat_for_ever(subscription), name="live-beat"),
                ]
                try:
                    done, _ = await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
                    for job in done:
                        job.result()
                finally:
                    for job in jobs:
                        job.cancel()
                    await asyncio.gather(*jobs, return_exceptions=True)
        finally:
            for channel in self._channels.values():
                for viewer in channel.viewers:
                    viewer.end(Close.RECONNECT)

    async def _follow(self, subscription: Subscription) -> None:
        async for change in subscription:
            if isinstance(change, IncidentChange):
                self._pass_on(change)
            elif isinstance(change, CourtChange):
                self._changed_courts.add(change.court.court_id)

    async def _beat_for_ever(self, subscription: Subscription) -> None:
        while True:
            await self._sleep(BEAT_S)
            changed = subscription.changed_units()
            await self._write(changed, self._centre.turns.give_way)
            self._beat(changed)

    async def _write(self, statuses: Iterable[UnitStatus], give_way: Callable[[], Awaitable[None]]) -> None:
        """Have the texts of units ready; an alarm need not wait until 2,000 are written."""
        for number, status in enumerate(statuses):
            if number % RENDERED_AT_ONCE == 0:
                await give_way()
            self._texts.of(status)

    def _pass_on(self, change: IncidentChange) -> None:
        """An incident to everybody who sees it, at once."""
        view = change.view
        text = dumps(views.incident(view, self._centre.courts()))
        body = f'"committed_ms":{dumps(change.committed_ms)},"incident":{text}'
        # Who is asked to come sees the unit from now on, even if it says nothing more.
        self._touched_units.update(member.unit_id for member in view.incident.members)
        now_s = self._clock.monotonic_s()
        for channel in self._channels.values():
            if channel.scope.sees(view.incident):
                channel.seq += 1
                channel.spoke_s = now_s
                message = Message(channel.seq, self._envelope("incident", channel.seq, body))
                for viewer in channel.viewers:
                    viewer.push(message, now_s)

    def _beat(self, changed: list[UnitStatus]) -> None:
        """The units that changed since the last beat, to each channel those that it sees; a word to the others when
        a second has gone by without one."""
        touched, self._touched_units = self._touched_units, set()
        statuses = self._centre.units()
        self._texts.keep(statuses)
        touched.update(status.unit.unit_id for status in changed)
        moved = [statuses[unit_id] for unit_id in touched if unit_id in statuses]
        courts, self._changed_courts = frozenset(self._changed_courts), set()
        health = dumps(self._health())
        now_s = self._clock.monotonic_s()
        for channel in self._channels.values():
            guests = guest_units(channel.scope, self._centre.live_incidents())
            units = frozenset(
                status.unit.unit_id for status in moved if channel.scope.sees_unit(status, guests)
            )
            news = Changed(units, frozenset(filter(channel.scope.covers, courts)))
            for viewer in channel.viewers:
                viewer.check(now_s)
            caught_up = [viewer for viewer in channel.viewers if viewer.caught_up]
            changed_health = health != channel.health
            spoke = now_s - channel.spoke_s < TICK_S - BEAT_S / 2
            if spoke and not (news.units or news.courts or changed_health or caught_up):
                continue
            channel.seq += 1
            channel.spoke_s, channel.health = now_s, health
            message = self._delta(channel, news, health, with_health=changed_health)
            for viewer in channel.viewers:
                if viewer in caught_up:
                    viewer.catch_up(
                        self._delta(channel, viewer.missed | news, health, with_health=True), now_s
                    )
                else:
                    viewer.push(message, now_s)

    # -- messages

    def _delta(self, channel: Channel, news: Changed, health: str, *, with_health: bool) -> Message:
        if not (news.units or news.courts or with_health):
            return Message(channel.seq, self._envelope("tick", channel.seq), news)
        statuses, courts = self._centre.units(), self._centre.courts()
        units = ",".join(
            self._texts.of(statuses[unit_id]) for unit_id in sorted(news.units) if unit_id in statuses
        )
        body = f'"units":[{units}],"health":{health}'
        if news.courts:
            changed = [
                views.court(courts[court_id]) for court_id in sorted(news.courts) if court_id in courts
            ]
            body += f',"courts":{dumps(changed)}'
        return Message(channel.seq, self._envelope("delta", channel.seq, body), news)

    def _snapshot(self, channel: Channel) -> str:
        scope, courts = channel.scope, self._centre.courts()
        guests = guest_units(scope, self._centre.live_incidents())
        units = ",".join(
            self._texts.of(status)
            for status in self._centre.units().values()
            if scope.sees_unit(status, guests)
        )
        incidents = [
            views.incident(view, courts)
            for view in self._centre.live_incidents()
            if scope.sees(view.incident)
        ]
        own_courts = [views.court(court) for court in courts.values() if scope.covers(court.court_id)]
        return self._envelope(
            "snapshot",
            channel.seq,
            f'"gateway":{dumps(self._about)},"courts":{dumps(own_courts)},"units":[{units}],'
            f'"incidents":{dumps(incidents)},"health":{dumps(self._health())}',
        )

    def _envelope(self, kind: str, seq: int, body: str = "") -> str:
        return f'{{"t":"{kind}","seq":{seq},"now_ms":{self._clock.now_ms()}{"," if body else ""}{body}}}'
