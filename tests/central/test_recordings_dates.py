"""A recording of a unit whose clock says a date that cannot be: kept as it was signed, found by our time, exported."""

import csv
import io
import json
import zipfile

import pytest
import pytest_asyncio
from conftest import COURT, eventually
from filmer import Filmer, segment
from sqlalchemy import update
from test_export import RECORDING, export, filmed

from gateway.model import Role
from gateway.store import recording_register, tables
from protocol import messages
from protocol.manifest import LAST
from protocol.records import Stamp

PATH = f"/recordings/u1001/{RECORDING.hex()}"
NEVER_S = 2**53 - 1


@pytest_asyncio.fixture
async def gateway(start):
    running = await start()
    await running.provision("u1001", COURT, officer="林燕")
    return running


async def record(tmp_path, utc_s, fixes=0):
    """Positions, and one sealed segment of which its unit says this time."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    async with Filmer(tmp_path / "units" / "u1001") as filmer:
        for batch in range(fixes):
            told = messages.FixBatch(fixes=[filmer.control.fix()], dropped=0, batch_id=batch)
            await filmer.control.say("fix", told)
        stamps = {
            edge: Stamp(utc_s=utc_s, utc_ms=0, quality=3, mono_ms=5_000 + more, boot=7)
            for edge, more in (("first", 0), ("last", 2000))
        }
        made = filmed(folder, 0)
        assert (await filmer.restore(made, filmer.manifest(made, flags=LAST, **stamps))).sealed


@pytest.mark.parametrize("utc_s", [1, NEVER_S])
async def test_date_that_cannot_be_is_not_believed_and_all_of_it_can_be_seen(
    gateway, person, tmp_path, utc_s
):
    began_ms = gateway.clock.now_ms()
    await record(tmp_path, utc_s)
    client = await person(Role.VIEWER, COURT)
    (found,) = (await client.get("/recordings")).json()["items"]
    assert began_ms <= found["from_ms"] <= found["to_ms"] <= gateway.clock.now_ms()
    for what in ("", "/segments/0/still?at_ms=500", "/segments/0/contact-sheet", "/contact-sheet"):
        answer = await client.get(PATH + what)
        assert answer.status_code == 200, (what, answer.text)
    status, said = await export(tmp_path, RECORDING.hex(), "--out", "out.zip", "--json")
    assert status == 1, said
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        index = json.loads(archive.read("export.json"))
        assert index["segments"][0]["first_ms"] == utc_s * 1000
        assert [one.partition(":")[0] for one in index["proof"][0]["faults"]] == ["clock_wrong"]
        shown = "1970-01-01 08:00:01" if utc_s == 1 else f"UTC {utc_s * 1000} ms"
        report = archive.read("report.html").decode()
        assert shown in report and "时钟有误" in report


async def test_track_of_a_recording_that_says_it_is_years_long_is_looked_for_where_positions_are(
    gateway, tmp_path
):
    """As registers have it that were written before such dates were refused."""
    await record(tmp_path, 0, fixes=3)
    await eventually(lambda: gateway.metrics.messages.labels("fix")._value.get() == 3)
    years = update(tables.recordings).values(from_ms=1000, to_ms=NEVER_S * 1000)
    await gateway.store.write(lambda connection: connection.execute(years))
    status, said = await export(tmp_path, RECORDING.hex(), "--out", "out.zip", "--json")
    assert status == 0, said
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        track = archive.read(f"positions/u1001-{RECORDING.hex()}.csv").decode()
    assert len(list(csv.reader(io.StringIO(track)))) == 1 + 3


async def test_clock_that_was_set_within_a_segment_makes_it_no_longer_than_it_was(gateway, tmp_path):
    """A battery clock that had lost some months, and then a fix."""
    now_s = gateway.clock.now_ms() // 1000
    async with Filmer(tmp_path / "units" / "u1001") as filmer:
        stamps = {
            "first": Stamp(utc_s=now_s - 200 * 86_400, utc_ms=0, quality=1, mono_ms=5_000, boot=7),
            "last": Stamp(utc_s=now_s + 60, utc_ms=0, quality=3, mono_ms=7_000, boot=7),
        }
        made = segment(RECORDING + bytes(4))
        assert (await filmer.restore(made, filmer.manifest(made, flags=LAST, **stamps))).sealed
    async with gateway.store.read() as connection:
        row = await recording_register.find(connection, "u1001", RECORDING.hex())
    assert (row.from_ms, row.to_ms) == ((now_s + 58) * 1000, (now_s + 60) * 1000)
