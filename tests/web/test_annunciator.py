"""The annunciator at a real gateway: what would be heard, without a loudspeaker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import pytest

from gateway import accounts
from gateway.annunciator.alarms import Alarms
from gateway.annunciator.announcer import LOST_AGAIN_S, Announcer
from gateway.annunciator.link import LOST_AFTER_S, Account, Link, SignInRefused
from gateway.annunciator.tones import level
from gateway.annunciator.voice import Voice
from gateway.model import Role

RATE_HZ = 8000
PASSWORD = "a long password"
WORDS = {name: np.full(RATE_HZ, size, np.float32) for name, size in (("lost", 0.5), ("back", 0.25))}
WITHIN_S = 30.0


class Centre:
    """An annunciator with a clock of its own, and what it told."""

    def __init__(self, site: Any) -> None:
        self.site = site
        self.now_s = 0.0
        self.told: list[tuple[str, Mapping[str, Any]]] = []
        self._news = asyncio.Event()
        self.voice = Voice(RATE_HZ, 100)
        self.announcer = Announcer(self.voice, WORDS, self._tell, lambda: self.now_s)

    def _tell(self, event: str, facts: Mapping[str, Any]) -> None:
        self.told.append((event, facts))
        self._news.set()
        self._news = asyncio.Event()

    async def until(self, event: str, times: int = 1) -> Mapping[str, Any]:
        """The facts of the last event of this name, once it was told so often."""
        async with asyncio.timeout(WITHIN_S):
            while len(found := [facts for name, facts in self.told if name == event]) < times:
                await self._news.wait()
        return found[-1]

    def events(self) -> list[str]:
        return [event for event, _ in self.told]


@asynccontextmanager
async def annunciator(
    site: Any, role: Role = Role.VIEWER, court_id: str | None = None
) -> AsyncIterator[Centre]:
    await accounts.add_user(site.parts.store, "ann", "播报", role, court_id, PASSWORD, site.clock.now_ms())
    centre = Centre(site)
    link = Link(Account(site.base_url, "ann", PASSWORD), centre.announcer, lambda _: asyncio.sleep(0))
    running = asyncio.create_task(link.run())
    try:
        await centre.until("connected")
        yield centre
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def acknowledge(site: Any, incident_id: str) -> None:
    dispatcher = await site.person(Role.DISPATCHER, None)
    done = await dispatcher.post(f"/api/v1/incidents/{incident_id}/acknowledge", json={})
    assert done.status_code == 200, done.text


async def test_alarms_ring_until_the_last_is_acknowledged(site: Any) -> None:
    async with annunciator(site) as centre:
        first = await site.alarm("U1")
        assert (await centre.until("alarm"))["officer"] == "陈一"
        await centre.until("ringing")
        second = await site.alarm("U2")
        assert (await centre.until("alarm", 2))["waiting"] == 2
        await acknowledge(site, first)
        answered = await centre.until("answered")
        assert answered["incident_id"] == first and answered["by"] and answered["waiting"] == 1
        assert centre.voice.ringing
        await acknowledge(site, second)
        await centre.until("quiet")
        assert not centre.voice.ringing


async def test_alarm_that_waits_already_rings_at_the_start(site: Any) -> None:
    await site.alarm("U1")
    async with annunciator(site) as centre:
        await centre.until("ringing")


async def test_only_the_courts_of_the_account_are_heard(site: Any) -> None:
    async with annunciator(site, court_id="MID2") as centre:
        await site.alarm("U1")
        await site.alarm("U3")
        await centre.until("ringing")
        assert [facts["unit_id"] for event, facts in centre.told if event == "alarm"] == ["U3"]


async def test_session_that_ends_begins_again_unheard_and_the_alarm_goes_on(site: Any) -> None:
    async with annunciator(site) as centre:
        first = await site.alarm("U1")
        await centre.until("ringing")
        site.clock.advance(13 * 3_600_000)
        second = await site.alarm("U2")
        await centre.until("alarm", 2)
        assert "lost" not in centre.events() and "quiet" not in centre.events()
        assert centre.events().count("ringing") == 1
        await acknowledge(site, first)
        await acknowledge(site, second)
        await centre.until("quiet")


async def test_wrong_password_is_said_at_the_start(site: Any) -> None:
    centre = Centre(site)
    link = Link(Account(site.base_url, "nobody", PASSWORD), centre.announcer)
    with pytest.raises(SignInRefused, match="'nobody'"):
        await link.run()


async def test_silence_of_the_gateway_is_said_aloud_again_and_again_and_its_return(site: Any) -> None:
    async with annunciator(site) as centre:
        await site.alarm("U1")
        await centre.until("ringing")
        centre.now_s += LOST_AFTER_S - 0.01
        centre.announcer.look()
        assert not centre.announcer.lost
        centre.now_s += 0.01
        centre.announcer.look()
        assert centre.announcer.lost and centre.events().count("lost") == 1
        falling = centre.voice.render(int(0.18 * RATE_HZ))
        assert level(falling, RATE_HZ, 520) > 0.3
        assert centre.voice.render(3 * RATE_HZ).max() > 0.5 and centre.voice.ringing
        centre.now_s += LOST_AGAIN_S - 0.01
        centre.announcer.look()
        centre.now_s += 0.01
        centre.announcer.look()
        assert not centre.voice.silent and centre.events().count("lost") == 1
        centre.voice.render(4 * RATE_HZ)
        site.clock.advance(1000)
        await centre.until("back")
        assert level(centre.voice.render(int(0.18 * RATE_HZ)), RATE_HZ, 390) > 0.3


def incident(number: str, version: int = 1, **values: Any) -> dict[str, Any]:
    return {
        "incident_id": number,
        "version": version,
        "state": "ALARM",
        "kind": "button",
        "test": False,
        "duress": False,
        "unit_id": "U1",
        "officer": None,
        "owner_court_id": None,
        "candidates": [],
        "centre": {"acknowledged_ms": None, "acknowledged_by": None},
        **values,
    }


def test_tests_are_heard_once_and_exercises_as_alarms() -> None:
    alarms = Alarms("viewer", None)
    snapshot = {"t": "snapshot", "incidents": [incident("T", test=True, kind="test")]}
    assert [news.what for news in alarms.take(snapshot)] == ["test_alarm"]
    again = {"t": "incident", "incident": incident("T", 2, test=True, kind="test")}
    assert alarms.take(again) == [] and alarms.waiting == 0
    exercise = {"t": "incident", "incident": incident("E", test=True, kind="exercise")}
    assert [(news.what, news.exercise) for news in alarms.take(exercise)] == [("alarm", True)]
    assert alarms.waiting == 1


def offered(answer: str | None, **values: Any) -> dict[str, Any]:
    return incident("I", candidates=[{"court_id": "B1", "offer": answer}], **values)


@pytest.mark.parametrize(
    ("seen", "rings"),
    [
        (lambda: offered(None), False),
        (lambda: offered("open"), True),
        (lambda: offered("open", owner_court_id="B2"), False),
        (lambda: offered(None, state="UNCOVERED"), True),
        (lambda: offered("declined", state="UNCOVERED"), False),
        (lambda: offered("open", state="CLOSED"), False),
    ],
)
def test_court_hears_what_it_is_asked(seen: Callable[[], dict[str, Any]], rings: bool) -> None:
    alarms = Alarms("court", "B1")
    alarms.take({"t": "snapshot", "incidents": []})
    alarms.take({"t": "incident", "incident": seen()})
    assert (alarms.waiting == 1) is rings


def test_older_version_after_a_snapshot_changes_nothing() -> None:
    alarms = Alarms("viewer", None)
    done = {"acknowledged_ms": 5, "acknowledged_by": "陈"}
    alarms.take({"t": "snapshot", "incidents": [incident("A", 3, centre=done)]})
    assert alarms.take({"t": "incident", "incident": incident("A", 2)}) == [] and alarms.waiting == 0
