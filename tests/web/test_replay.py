"""The map over an incident's time."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

from gateway.api.replay import BEFORE_MS, FIXES_MAX, UNITS_MAX
from gateway.api.schemas import Replay
from gateway.model import Fix, Role, Unit, UnitStatus
from gateway.store import audit, fixes, units

START_LAT_E7, START_LON_E7 = 260_510_000, 1_193_010_000


def fix(at_ms: int, north_m: float = 0.0, **given: Any) -> Fix:
    """A position so many metres north of the alarm's."""
    lat_e7 = START_LAT_E7 + round(north_m / 111_195 * 1e7)
    made = Fix(lat_e7, START_LON_E7, 50, 120, 9_000, None, 11, 1, at_ms, 3, at_ms % 2**31, 1, at_ms)
    return replace(made, **given)


async def store(site: Any, unit: Unit, found: list[Fix]) -> None:
    """Positions of a unit, as ingest stores them."""

    async def job(connection: Any) -> None:
        for first in range(0, len(found), 500):
            await fixes.add(connection, [(unit.unit_id, one) for one in found[first : first + 500]])
        status = UnitStatus(unit, seen_ms=1, wire_court=unit.court_id)
        await units.save_state(connection, status)

    site.centre._ledger.units.register(unit)
    await site.parts.store.write(job)


async def look(client: Any, incident_id: str) -> dict[str, Any]:
    answer = await client.get(f"/api/v1/incidents/{incident_id}/replay")
    assert answer.status_code == 200, answer.text
    Replay.model_validate_json(answer.content, strict=True)
    told: dict[str, Any] = answer.json()
    return told


async def test_officer_and_who_was_near_from_ten_minutes_before_to_the_end(site: Any) -> None:
    now_ms = site.clock.now_ms()
    own, near, far = Unit("U1", "B1", "陈一"), Unit("U2", "B2", "林二"), Unit("U3", "B3", "黄三")
    times = range(now_ms - 2 * BEFORE_MS, now_ms + 120_000, 10_000)
    await store(site, own, [fix(at_ms) for at_ms in times])
    await store(site, near, [fix(at_ms, 4_000) for at_ms in times])
    await store(site, far, [fix(at_ms, 6_000) for at_ms in times])
    incident_id = await site.alarm()
    client = await site.person(Role.DISPATCHER, "MID1", "林")
    site.clock.advance(60_000)
    answer = await client.post(f"/api/v1/incidents/{incident_id}/close", json={"reason": "处置完毕"})
    site.clock.advance(600_000)
    told = await look(client, incident_id)
    assert (told["from_ms"], told["to_ms"]) == (now_ms - BEFORE_MS, now_ms + 60_000) and not told["thinned"]
    assert [(one["unit_id"], one["member"], one["officer"], one["court_id"]) for one in told["units"]] == [
        ("U1", True, "陈一", "B1"),
        ("U2", False, "林二", "B2"),
    ]
    track = told["units"][0]["fixes"]
    assert (track[0][0], track[-1][0], len(track)) == (now_ms - BEFORE_MS, now_ms + 60_000, 67)
    assert track[0][1:] == [26.051, 119.301, 5.0, 1.2, 90.0]
    assert told["events"] == answer.json()["timeline"]
    async with site.parts.store.read() as connection:
        entry = [one for one in await audit.entries(connection) if one.action == "incident.replay"]
    assert [(one.login, one.subject) for one in entry] == [("林", incident_id)]


async def test_positions_out_of_a_dead_zone_stand_at_their_own_time(site: Any) -> None:
    now_ms = site.clock.now_ms()
    late = [fix(now_ms - at_s * 1000, received_ms=now_ms + 90_000) for at_s in (300, 200, 100)]
    await store(
        site, Unit("U1", "B1", "陈一"), [*late, fix(now_ms - 50_000), fix(now_ms, fault="null_island")]
    )
    incident_id = await site.alarm()
    told = await look(await site.person(Role.DISPATCHER, "MID1"), incident_id)
    assert [(now_ms - point[0]) // 1000 for point in told["units"][0]["fixes"]] == [300, 200, 100, 50]


async def test_units_of_other_courts_are_not_told_of(site: Any) -> None:
    now_ms = site.clock.now_ms()
    await store(site, Unit("U3", "B3", "黄三"), [fix(now_ms - 1000, 100)])
    incident_id = await site.alarm()
    for court_id, seen in (("MID1", ["U1"]), ("HIGH", ["U1", "U3"])):
        told = await look(await site.person(Role.DISPATCHER, court_id), incident_id)
        assert [one["unit_id"] for one in told["units"]] == seen
    other = await site.person(Role.DISPATCHER, "MID2")
    assert (await other.get(f"/api/v1/incidents/{incident_id}/replay")).status_code == 404


async def test_long_incident_with_many_units_is_bounded_and_thinned_evenly(site: Any) -> None:
    now_ms = site.clock.now_ms()
    hours = 6
    every = range(now_ms - BEFORE_MS, now_ms + hours * 3_600_000, 2_000)
    await store(site, Unit("U1", "B1", "陈一"), [fix(at_ms) for at_ms in every])
    sparse = range(now_ms - BEFORE_MS, now_ms + hours * 3_600_000, 60_000)
    for number in range(70):
        await store(site, Unit(f"N{number:02d}", "B2"), [fix(at_ms, 10 * number) for at_ms in sparse])
    incident_id = await site.alarm()
    site.clock.advance(hours * 3_600_000)
    client = await site.person(Role.DISPATCHER, "MID1")
    told = await look(client, incident_id)
    assert told["thinned"] and len(told["units"]) == UNITS_MAX
    assert [one["unit_id"] for one in told["units"]][:3] == ["U1", "N00", "N01"]
    assert sum(len(one["fixes"]) for one in told["units"]) <= FIXES_MAX
    track = [point[0] for point in told["units"][0]["fixes"]]
    gaps = [after - before for before, after in pairwise(track)]
    assert len(track) > 2_000 and max(gaps) <= 3 * min(gaps), "not even"
    assert track[0] <= now_ms - BEFORE_MS + 20_000 and track[-1] >= now_ms + hours * 3_600_000 - 20_000


async def test_incident_without_a_position_shows_its_officer_alone(site: Any) -> None:
    incident_id = await site.alarm()
    told = await look(await site.person(Role.DISPATCHER, "MID1"), incident_id)
    assert [(one["unit_id"], one["fixes"]) for one in told["units"]] == [("U1", [])]
