"""What the annunciator does about what it hears: rings, says, and tells programs, one event each."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from typing import Any

from gateway.annunciator.alarms import Alarms, News
from gateway.annunciator.link import LOST_AFTER_S
from gateway.annunciator.tones import BACK_HZ, LOST_HZ, NEW_ALARM_HZ, TEST_HZ, Samples, tone
from gateway.annunciator.voice import Voice

#: A loss is said again as long as it lasts.
LOST_AGAIN_S = 30.0
LOOK_EVERY_S = 0.25
ANNOUNCED_PART = 0.6
"""A tone that is no alarm is quieter than one."""

Tell = Callable[[str, Mapping[str, Any]], None]


class Announcer:
    """A `Listener` of the link. tell: gets each event and its facts. now_s: a monotonic clock in seconds."""

    def __init__(
        self, voice: Voice, phrases: Mapping[str, Samples], tell: Tell, now_s: Callable[[], float]
    ) -> None:
        self.voice = voice
        self.lost = False
        self._phrases = phrases
        self._tell = tell
        self._now_s = now_s
        self._alarms: Alarms | None = None
        self._next: Alarms | None = None
        self._heard_s = now_s()
        self._said_s = 0.0
        self._why = "not reached yet"

    # -- what the link says

    def followed(self, alarms: Alarms) -> None:
        """A new session. What waited before is forgotten when its snapshot has come, not sooner."""
        self._next = alarms

    def heard(self, message: dict[str, Any]) -> None:
        """A message of the live picture."""
        self._heard_s = self._now_s()
        if message["t"] == "snapshot" and self._next is not None:
            before, self._alarms = self._alarms, self._next
            changes = self._alarms.take(message)
            if before is not None:
                changes = _between(before, changes)
        elif self._alarms is not None:
            changes = self._alarms.take(message)
        else:
            changes = []
        self._now_back()
        for news in changes:
            self._announce(news)
        self._settle()

    def failed(self, why: str) -> None:
        """A connection ended or did not come about. It is a loss only when it lasts."""
        self._why = why

    # -- time

    async def watch(self, sleep: Callable[[float], Awaitable[object]] = asyncio.sleep) -> None:
        """Look at the clock for ever."""
        while True:
            self.look()
            await sleep(LOOK_EVERY_S)

    def look(self) -> None:
        """Say that the gateway is lost when it has said nothing for too long, and again while that lasts."""
        now_s = self._now_s()
        if now_s - self._heard_s < LOST_AFTER_S:
            return
        if not self.lost:
            self.lost = True
            self._tell("lost", {"why": self._why})
        elif now_s - self._said_s < LOST_AGAIN_S:
            return
        self._said_s = now_s
        self.voice.say(self._tone(LOST_HZ), self._phrases["lost"])

    # -- what is heard

    def _now_back(self) -> None:
        if self.lost:
            self.lost = False
            self._tell("back", {})
            self.voice.say(self._tone(BACK_HZ), self._phrases["back"])
        elif self._why:
            self._tell("connected", {})
        self._why = ""

    def _announce(self, news: News) -> None:
        waiting = self._alarms.waiting if self._alarms is not None else 0
        facts = {name: value for name, value in asdict(news).items() if name != "what"}
        self._tell(news.what, {**facts, "waiting": waiting})
        if news.what == "test_alarm":
            self.voice.say(self._tone(TEST_HZ))
        elif news.what == "alarm" and self.voice.ringing:
            self.voice.say(tone(self.voice.rate_hz, NEW_ALARM_HZ))

    def _settle(self) -> None:
        rings = self._alarms is not None and self._alarms.waiting > 0
        if rings != self.voice.ringing:
            self.voice.ring(rings)
            self._tell("ringing" if rings else "quiet", {})

    def _tone(self, steps_hz: tuple[int, ...]) -> Samples:
        return tone(self.voice.rate_hz, steps_hz) * ANNOUNCED_PART


def _between(before: Alarms, changes: list[News]) -> list[News]:
    """What a new session's snapshot says that the one before did not know, and what it knew that waits no longer."""
    raised = [news for news in changes if news.incident_id not in before.known]
    still = {news.incident_id for news in changes}
    return [*before.answered_without(still), *raised]
