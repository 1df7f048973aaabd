"""Recordings over the API: found, looked at, proven, held; each by those who may, and in the audit."""

import hashlib

import httpx
import pytest_asyncio
from conftest import COURT, OTHER_COURT, eventually
from filmer import SEGMENT_MS, START_S, Filmer, segment

from gateway.api.recording_views import spans
from gateway.evidence.places import Key
from gateway.model import Role
from gateway.store import audit
from protocol.manifest import LAST
from protocol.media import Chunk

RECORDING = bytes.fromhex("a1b2c3d4e5f60718")
PATH = f"/recordings/u1001/{RECORDING.hex()}"
CASE = "(2026)闽0105执1287号"


@pytest_asyncio.fixture
async def gateway(start):
    running = await start()
    await running.provision("u1001", COURT, officer="林燕")
    return running


@pytest_asyncio.fixture
async def recorded(gateway, tmp_path):
    """Segment 0: pieces live, the rest later; 1 is never sent; 2 grows. With an alarm, so with an incident."""
    async with Filmer(tmp_path / "units" / "u1001") as filmer:
        alarm = filmer.control.alarm(case_no=CASE)
        await filmer.control.say("alarm", alarm)
        await eventually(gateway.centre.live_incidents)
        made = segment(RECORDING + bytes(4))
        await filmer.send(made, [made.chunk(n) for n in range(0, len(made.chunks), 2)])
        await eventually(lambda: gateway.metrics.media_chunks._value.get() == (len(made.chunks) + 1) // 2)
        manifest = filmer.manifest(made, flags=8, alarm_id=alarm.alarm_id, case_no=CASE, marks=[500])
        assert (await filmer.restore(made, manifest)).sealed
        growing = segment(RECORDING + (2).to_bytes(4, "big"))
        await filmer.send(
            growing, [Chunk(0, 2, growing.data[:1000]), Chunk(2000, 2, growing.data[2000:2500])]
        )
        await eventually(lambda: Key.of("u1001", growing.segment) in gateway.evidence._grown)
        await gateway.evidence.write_down()
        yield made, growing, filmer


async def test_recording_is_found_by_what_people_know_of_it(gateway, person, recorded):
    (view,) = gateway.centre.live_incidents()
    client = await person(Role.VIEWER, COURT)
    (item,) = (await client.get("/recordings")).json()["items"]
    assert (item["unit_id"], item["officer"], item["court_id"], item["case_no"]) == (
        "u1001",
        "林燕",
        COURT,
        CASE,
    )
    assert item["incident_ids"] == [view.incident.incident_id]
    assert (item["segments"], item["sealed"], item["ended"], item["complete"]) == (2, 1, False, False)
    first_ms = START_S * 1000 + 5_000
    assert item["from_ms"] == first_ms
    for query, found in (
        ({"unit_id": "u1001"}, 1),
        ({"officer": "燕"}, 1),
        ({"officer": "%"}, 0),
        ({"case_no": "1287"}, 1),
        ({"court_id": COURT}, 1),
        ({"court": COURT}, 1),
        ({"court": "3501"}, 1),
        ({"court": OTHER_COURT}, 0),
        ({"court": COURT, "court_id": OTHER_COURT}, 0),
        ({"court_id": OTHER_COURT}, 0),
        ({"incident_id": view.incident.incident_id}, 1),
        ({"incident_id": "I-0"}, 0),
        ({"to_ms": first_ms - 1}, 0),
        ({"from_ms": first_ms, "to_ms": first_ms + SEGMENT_MS}, 1),
        ({"held": True}, 0),
        ({"cursor": f"{first_ms}.u1001.{RECORDING.hex()}"}, 0),
        ({"cursor": f"{first_ms + 1}.a.{bytes(8).hex()}"}, 1),
    ):
        said = (await client.get("/recordings", params=query)).json()
        assert len(said["items"]) == found, query


async def test_recording_of_another_court_is_not_there(gateway, person, recorded):
    client = await person(Role.DISPATCHER, OTHER_COURT)
    assert (await client.get("/recordings")).json() == {"items": [], "next": None}
    for way in ("", "/segments/0", "/segments/0/manifest"):
        assert (await client.get(PATH + way)).status_code == 404
    assert (await client.post(PATH + "/verify")).status_code == 404
    assert (await client.post(PATH + "/hold", json={"reason": "x"})).status_code == 404
    assert (await httpx.AsyncClient(base_url=gateway.url + "/api/v1").get(PATH)).status_code == 401


async def test_one_recording_says_what_came_live_what_later_and_what_is_missing(gateway, person, recorded):
    made, _, _ = recorded
    client = await person(Role.VIEWER)
    said = (await client.get(PATH)).json()
    sealed, grows = said["parts"]
    assert (sealed["state"], sealed["sha256"]) == ("sealed", hashlib.sha256(made.data).hexdigest())
    assert (sealed["flags"], sealed["marks_ms"], sealed["clock_quality"]) == (["alarmed"], [500], 3)
    assert (sealed["boot"], sealed["first_mono_ms"]) == (7, 5_000)
    assert sealed["last_mono_ms"] == 5_000 + SEGMENT_MS and grows["boot"] is None
    assert {span["how"] for span in sealed["ranges"]} == {"live", "backfilled"}
    assert sealed["ranges"][0]["start"] == 0 and sealed["ranges"][-1]["end"] == len(made.data)
    assert grows["ranges"] == [
        {"start": 0, "end": 1000, "how": "live"},
        {"start": 1000, "end": 2000, "how": "missing"},
        {"start": 2000, "end": 2500, "how": "live"},
    ]
    assert said["absent"] == [1] and said["holds"] == []


async def test_bytes_of_a_segment_whole_and_in_ranges(gateway, person, recorded):
    made, growing, _ = recorded
    client = await person(Role.VIEWER, COURT)
    whole = await client.get(PATH + "/segments/0")
    assert (whole.status_code, whole.content) == (200, made.data)
    assert whole.headers["content-type"] == "video/x-matroska"
    part = await client.get(PATH + "/segments/0", headers={"Range": "bytes=100-299"})
    assert (part.status_code, part.content) == (206, made.data[100:300])
    assert part.headers["content-range"] == f"bytes 100-299/{len(made.data)}"
    tail = await client.get(PATH + "/segments/0", headers={"Range": "bytes=60000-"})
    assert tail.content == made.data[60_000:]
    beyond = await client.get(PATH + "/segments/0", headers={"Range": f"bytes={len(made.data)}-"})
    assert beyond.status_code == 416 and beyond.json()["type"].endswith(":range-not-satisfiable")
    there = await client.get(PATH + "/segments/2", headers={"Range": "bytes=2100-2199"})
    assert there.content == growing.data[2100:2200]
    missing = await client.get(PATH + "/segments/2", headers={"Range": "bytes=900-1100"})
    assert missing.status_code == 416
    assert (await client.get(PATH + "/segments/1")).status_code == 404
    assert (await client.get(PATH + "/segments/0/manifest")).content[:1] >= b"\xa0"
    async with gateway.store.read() as connection:
        looks = [e for e in await audit.entries(connection) if e.action == "recording.play"]
    assert len(looks) == 1 and looks[0].subject == f"u1001/{RECORDING.hex()}"


async def test_manifest_that_was_given_out_stands_in_the_audit(gateway, person, recorded):
    client = await person(Role.VIEWER, COURT)
    assert (await client.get(PATH + "/segments/0/manifest")).status_code == 200
    async with gateway.store.read() as connection:
        (look,) = [e for e in await audit.entries(connection) if e.action == "recording.view"]
    assert look.subject == f"u1001/{RECORDING.hex()}"


async def test_proof_names_a_flipped_byte_and_a_missing_file(gateway, person, recorded):
    made, _, filmer = recorded
    last = segment(RECORDING + (3).to_bytes(4, "big"))
    assert (await filmer.restore(last, filmer.manifest(last, flags=LAST))).sealed
    client = await person(Role.VIEWER, COURT)

    async def faults():
        said = (await client.post(PATH + "/verify")).json()
        return {one["number"]: [fault["code"] for fault in one["faults"]] for one in said["segments"]}, said

    found, said = await faults()
    assert found == {0: [], 3: ["missing_before"]} and not said["ok"] and said["unproven"] == [2]
    path = gateway.evidence.places.sealed(Key.of("u1001", made.segment))
    path.write_bytes(made.data[:-1] + bytes([made.data[-1] ^ 1]))
    assert (await faults())[0][0] == ["changed"]
    path.write_bytes(made.data + b"x")
    assert (await faults())[0][0] == ["longer"]
    path.unlink()
    assert (await faults())[0][0] == ["missing"]
    async with gateway.store.read() as connection:
        entries = [e for e in await audit.entries(connection) if e.action == "recording.verify"]
    assert [e.facts["ok"] for e in entries] == [False] * 4


async def test_hold_is_placed_by_a_dispatcher_and_released_by_an_administrator(gateway, person, recorded):
    viewer, dispatcher, admin = [await person(role) for role in (Role.VIEWER, Role.DISPATCHER, Role.ADMIN)]
    reason = {"reason": "复议 7 号"}
    assert (await viewer.post(PATH + "/hold", json=reason)).status_code == 403
    assert (await dispatcher.post(PATH + "/hold", json={"reason": " "})).status_code == 422
    held = (await dispatcher.post(PATH + "/hold", json=reason)).json()
    assert held["held"] and held["holds"][0]["reason"] == "复议 7 号" and held["holds"][0]["placed_by"]
    assert len((await viewer.get("/recordings", params={"held": True})).json()["items"]) == 1
    assert (await dispatcher.post(PATH + "/release", json=reason)).status_code == 403
    free = (await admin.post(PATH + "/release", json={"reason": "settled"})).json()
    assert not free["held"] and free["holds"][0]["release_reason"] == "settled"
    assert (await admin.post(PATH + "/release", json=reason)).status_code == 409
    async with gateway.store.read() as connection:
        actions = [e.action for e in await audit.entries(connection, 0, 1000)]
        assert await audit.first_broken(connection) is None
    assert actions.count("recording.hold") == actions.count("recording.release") == 1


def test_spans_of_nothing_and_of_everything():
    assert spans([], [], 0) == []
    assert spans([], [], 5) == [{"start": 0, "end": 5, "how": "missing"}]
    assert spans([(0, 5)], [(0, 5)], 5) == [{"start": 0, "end": 5, "how": "live"}]
    assert [s["how"] for s in spans([(0, 2), (3, 9)], [(4, 5)], 9)] == [
        "backfilled", "missing", "backfilled", "live", "backfilled",
    ]  # fmt: skip
