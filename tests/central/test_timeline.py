"""What an incident's timeline says: of every step, what it was decided on (promise P6)."""

import asyncio
import contextlib
import secrets

import pytest
from conftest import COURT

from gateway.clock import ManualClock
from gateway.dispatch import courts, log
from gateway.dispatch.centre import Centre
from gateway.dispatch.centre_units import moved
from gateway.dispatch.events import Accept, Acknowledge, Close, OfferCourt
from gateway.dispatch.incident import State
from gateway.dispatch_settings import DispatchSettings
from gateway.metrics import Metrics
from gateway.model import AlarmRecord, Fix, Unit
from gateway.store import incidents, units
from protocol import messages


class Story:
    """A centre with one unit, told by moving the clock."""

    def __init__(self, store):
        self.store, self.clock = store, ManualClock()

    @contextlib.asynccontextmanager
    async def centre(self):
        """A gateway's centre on the database; again: after a restart."""
        centre = Centre(self.store, self.clock, DispatchSettings(), Metrics(), lambda *_: True)
        await centre.load()
        task = asyncio.create_task(centre.run())
        try:
            yield centre
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def press(self, centre, lat=26.08, lon=119.3):
        now_ms = self.clock.now_ms()
        alarm = AlarmRecord(
            secrets.token_bytes(16), "u1001", COURT, messages.KIND_BUTTON, now_ms, 3, 1000, 1, now_ms,
            self.fix(lat, lon), 0,
        )  # fmt: skip
        await centre.alarm(alarm)

    def fix(self, lat, lon, mono_ms=1000):
        now_ms = self.clock.now_ms()
        return Fix(
            round(lat * 1e7), round(lon * 1e7), 50, None, None, None, 9, 1, now_ms, 3, mono_ms, 1, now_ms
        )

    async def advance(self, centre, seconds):
        """Second by second, until what each made due is committed."""
        for _ in range(seconds):
            before = self._deadlines(centre)
            self.clock.advance(1000)
            async with asyncio.timeout(30):
                while any(at_ms <= self.clock.now_ms() for at_ms in before & self._deadlines(centre)):
                    await asyncio.sleep(0)

    def _deadlines(self, centre):
        return {at_ms for view in centre.live_incidents() for _, at_ms in view.incident.deadlines}


@pytest.fixture
async def story(store):
    await store.write(lambda c: units.save_courts(c, courts.read_file(courts.SAMPLE)))
    await store.write(lambda c: units.save_unit(c, Unit("u1001", COURT, "Lin Yan", generation=1)))
    return Story(store)


def steps(centre):
    (view,) = centre.live_incidents()
    return [entry.facts for entry in view.timeline]


async def test_after_ten_seconds_the_timeline_names_the_nearest_court_and_its_metres(story):
    """Also after a restart: what is shown is what was written down when it was decided."""
    async with story.centre() as centre:
        await story.press(centre)
        await story.advance(centre, 10)
        (view,) = centre.live_incidents()
        nearest = view.incident.ranking.candidates[0]
        facts = view.timeline[-1].facts
        (asked,) = facts["offered"]
        assert (asked["court_id"], asked["name"]) == (nearest.court_id, nearest.name)
        assert asked["distance_m"] == nearest.distance_m > 0 and asked["eta_s"] == nearest.eta_s
        assert asked["on_duty"] and asked["why"].startswith("nearest to the position") and asked["by"] is None
        assert facts["state"] == {"from": "NEW", "to": "OFFERED"}
        assert facts["confidence"]["worth"] == "good" and "within 5 m" in facts["confidence"]["why"]
        assert facts["timer"] == "auto_offer"
        before = view.timeline
    async with story.centre() as again:
        assert again.live_incidents()[0].timeline == before


async def test_every_step_of_a_story_that_nobody_answers_says_what_it_did(story):
    async with story.centre() as centre:
        await story.press(centre, 26.5, 118.8)  # two basic courts are nearer than any court above them
        await story.advance(centre, 161)
        told = steps(centre)
        opened = told[0]
        assert opened["state"] == {"from": None, "to": "NEW"} and opened["nearest"]["distance_m"] > 0
        assert opened["told"] == [{"status": messages.STORED, "unit_id": "u1001", "seq": 1}]
        assert all(set(facts) & {"offered", "paged", "supervisor"} for facts in told[1:])
        unacknowledged = next(facts for facts in told if "supervisor" in facts)
        assert unacknowledged["supervisor"] == ["unacknowledged"]
        assert [one["status"] for one in unacknowledged["told"]] == [messages.NOBODY_YET]
        offers = [facts for facts in told if "offered" in facts]
        assert [len(facts["offered"]) for facts in offers] == [1, 1, 1]
        assert offers[1]["expired"] == [{k: offers[0]["offered"][0][k] for k in ("court_id", "name")}]
        assert offers[2]["offered"][0]["why"].startswith("above ")
        paged = next(facts["paged"] for facts in told if "paged" in facts)
        assert paged["times"] == 1 and paged["everyone_on_duty"] and "high" in paged["levels"]
        assert all(court["name"] != court["court_id"] for court in paged["courts"]) and paged["courts"]


async def test_court_that_is_informed_withdrawn_or_owner_is_named(story):
    async with story.centre() as centre:
        await story.press(centre, 25.5, 119.8)  # nearer to another court than to the officer's own
        await story.advance(centre, 10)
        (view,) = centre.live_incidents()
        incident_id = view.incident.incident_id
        own = centre.courts()[COURT]
        assert view.timeline[-1].facts["informed"] == [
            {"court_id": own.court_id, "name": own.name, "why": "competent"}
        ]
        first = view.incident.offers[0]
        second = view.incident.ranking.candidates[1]
        await centre.act(incident_id, Acknowledge("Chen"), login="chen")
        view = await centre.act(incident_id, OfferCourt("Chen", second.court_id), login="chen")
        assert view.timeline[-1].facts["offered"][0]["by"] == "Chen"
        view = await centre.act(incident_id, Accept("Wu", second.court_id), login="wu")
        facts = view.timeline[-1].facts
        assert facts["withdrawn"] == [{"court_id": first.court_id, "name": first.name, "why": "taken"}]
        assert facts["owner"] == {
            "court_id": second.court_id, "name": second.name, "by": "Wu", "eta_s": second.eta_s,
        }  # fmt: skip
        view = await centre.act(incident_id, Close("Chen", "safe"), login="chen")
        assert view.timeline[-1].facts["owner"] is None
        async with story.store.read() as connection:
            rows = await incidents.events(connection, incident_id)
        found = [log.LogRow(*(getattr(row, name) for name in log.LogRow.__slots__)) for row in rows]
        log.verify(found)
        assert log.replay(found) == view.incident
        found[1] = log.LogRow(
            *(getattr(found[1], name) for name in log.LogRow.__slots__[:5]),
            found[1].event.replace('"distance_m":', '"distance_m":1'), found[1].hash,
        )  # fmt: skip
        with pytest.raises(log.BrokenLog, match="row 2"):
            log.verify(found)


async def test_new_position_says_what_it_would_mean(story):
    async with story.centre() as centre:
        await story.press(centre)
        await story.advance(centre, 11)
        status = centre.units()["u1001"]
        centre.unit_heard(moved(status, COURT, None, (story.fix(26.2, 119.5, mono_ms=12_000),)))
        await centre.moved("u1001")
        (view,) = centre.live_incidents()
        assert view.incident.state is State.OFFERED
        facts = view.timeline[-1].facts
        assert facts["confidence"]["ranking"] == "hint"
        assert facts["nearest"]["court_id"] == view.incident.hint.ranking.candidates[0].court_id
        assert facts["nearest"]["court_id"] != view.incident.ranking.candidates[0].court_id
