"""Exports over the API: who may, how many at once, whole or no zip at all, and in the audit."""

import asyncio
import hashlib
import io
import sys
import zipfile
from pathlib import Path
from typing import Any

import httpx
import pytest

sys.path.append(str(Path(__file__).parents[1] / "proving"))

from by_hand import checked_by_hand
from filmed import film
from recorded import Recorder

from gateway.evidence.derive import utc_ms
from gateway.evidence.places import Key, Places
from gateway.model import Role
from gateway.relay import talk_file
from gateway.store import audit, recordings, talks, unit_keys
from gateway.store.recordings import Owner, SegmentRow
from gateway.store.talks import TalkEnd, TalkRow
from gateway.store.unit_keys import UnitKey
from protocol.manifest import LAST, key_id

RECORDING = "00000000000000a1"
URL = f"/api/v1/recordings/U1/{RECORDING}/export"


@pytest.fixture
async def recorded(site: Any, tmp_path: Path) -> Any:
    """Two sealed segments of U1, of which the alarm made an incident."""
    incident_id = await site.alarm()
    unit = Recorder(tmp_path / "unit")
    places = Places(site.parts.settings.data_dir / "evidence")
    key = UnitKey(key_id(unit.public), "U1", unit.public, 1, 0)
    await site.parts.store.write(lambda connection: unit_keys.add(connection, key))
    before, now_ms = bytes(32), site.clock.now_ms()
    for number in range(2):
        filmed = film(tmp_path, number)
        manifest = unit.seal(0xA1, number, LAST * number)
        manifest.unit, manifest.size, manifest.sha256 = "U1", filmed.manifest.size, filmed.manifest.sha256
        manifest.previous = before
        manifest.signature = unit.key.sign(manifest.signed_bytes())
        before = manifest.digest()
        path = places.sealed(Key("U1", RECORDING, number))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(filmed.path.read_bytes())
        row = SegmentRow(
            "U1", RECORDING, number, "wanted", manifest.size, now_ms, now_ms, utc_ms(manifest.first),
            utc_ms(manifest.last), manifest.size, manifest.sha256, manifest.key_id, manifest.seq, manifest.digest(),
            manifest.encode(),
        )  # fmt: skip

        async def job(connection: Any, row: SegmentRow = row) -> None:
            await recordings.want(
                connection, row, Owner("B1", "陈一"), case_no=None, alarm_id=None, last=row.number == 1
            )
            await recordings.seal(connection, "U1", RECORDING, row.number, now_ms, [], False)
            await recordings._link(connection, "U1", RECORDING, incident_id, "alarm")

        await site.parts.store.write(job)
    return incident_id


async def spoken(site: Any, incident_id: str) -> bytes:
    """A talk of the incident; what was said."""
    said, now_ms = b"said", site.clock.now_ms()
    path = talk_file.path_of(site.parts.settings.data_dir, "U1", "7a1b000000000001")
    path.parent.mkdir(parents=True)
    path.write_bytes(said)
    row = TalkRow("7a1b000000000001", "U1", "B1", "陈一", incident_id, "lin", "林", False, False, now_ms)
    end = TalkEnd(now_ms, "released", 1, 0, len(said), hashlib.sha256(said).digest(), incident_id)
    await site.parts.store.write(lambda connection: talks.begun(connection, row))
    await site.parts.store.write(lambda connection: talks.over(connection, row, end))
    return said


async def entries(site: Any, action: str) -> list[Any]:
    async with site.parts.store.read() as connection:
        return [one for one in await audit.entries(connection, 0, 1000) if one.action == action]


async def all_ended(site: Any) -> None:
    """No process, and nothing put aside any more."""
    async with asyncio.timeout(30):
        while site.exports.running:
            await asyncio.sleep(0)
    assert list((site.parts.settings.data_dir / "exports").iterdir()) == []


async def test_recording_and_incident_are_sent_as_zips_that_prove_themselves(
    site: Any, recorded: str, tmp_path: Path
) -> None:
    said = await spoken(site, recorded)
    client = await site.person(Role.VIEWER, "B1", name="看的人")
    for number, url in enumerate((URL, f"/api/v1/incidents/{recorded}/export")):
        answer = await client.get(url, params={"reason": "复议 7 号"}, timeout=60)
        assert answer.status_code == 200 and answer.headers["content-type"] == "application/zip"
        assert answer.headers["content-disposition"].startswith('attachment; filename="tipstaff-')
        assert answer.headers["cache-control"] == "no-store"
        out = tmp_path / f"out{number}"
        with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
            assert archive.testzip() is None
            archive.extractall(out)
        checked = checked_by_hand(out)
        done = ["signatures: done", "masters: done", "chain: done"]
        assert [checked[0], *checked[2:-1]] == ["files: ok", *done, *(["log: done"] if number else [])]
        assert (out / "derived" / f"{RECORDING}.mp4").exists()
        assert (out / "incidents" / recorded / "report.html").exists() == bool(number)
        await all_ended(site)
        begun, made = await entries(site, "evidence.export"), await entries(site, "evidence.exported")
        assert len(begun) == len(made) == number + 1
        assert begun[-1].login == "看的人" and begun[-1].facts["reason"] == "复议 7 号"
        assert begun[-1].subject == (recorded if number else f"U1/{RECORDING}")
        talk = out / "incidents" / recorded / "talks" / "U1-7a1b000000000001.mkv"
        assert (talk.read_bytes() == said) if number else not talk.exists()
        if number:
            assert (
                hashlib.sha256(said).hexdigest() in (out / "incidents" / recorded / "report.html").read_text()
            )
        assert made[-1].facts["sums"] == checked[1].split()[0] and made[-1].facts["faulty"] == 0
    await all_ended(site)


async def test_those_who_may_not_look_get_none(site: Any, recorded: str) -> None:
    other = await site.person(Role.ADMIN, "B3")
    assert (await other.get(URL)).status_code == 404
    assert (await other.get(f"/api/v1/incidents/{recorded}/export")).status_code == 404
    assert (await (await site.visitor()).get(URL)).status_code == 401
    client = await site.person(Role.VIEWER, "B1")
    for bad in ({"reason": "x" * 501}, {"reason": "a\nb"}, {"lang": "fr"}, {"copies": "perhaps"}):
        assert (await client.get(URL, params=bad)).status_code == 422
    assert await entries(site, "evidence.export") == []


async def test_court_that_was_asked_gets_the_incident_without_recordings_of_others(
    site: Any, recorded: str
) -> None:
    dispatcher = await site.person(Role.DISPATCHER, "HIGH")
    asked = await dispatcher.post(f"/api/v1/incidents/{recorded}/offer", json={"court_id": "B3"})
    assert asked.status_code == 200, asked.text
    client = await site.person(Role.VIEWER, "B3")
    answer = await client.get(f"/api/v1/incidents/{recorded}/export", params={"lang": "en"}, timeout=60)
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert not any(name.startswith(("recordings/", "derived/")) for name in archive.namelist())
        assert "recordings of other courts" in archive.read("report.html").decode()


async def test_no_more_than_so_many_at_once(site: Any, recorded: str) -> None:
    exports, client = site.exports, await site.person(Role.VIEWER, "B1")
    taken = [exports.take() for _ in range(site.parts.settings.evidence.max_exports)]
    answer = await client.get(URL)
    assert answer.status_code == 503 and answer.headers["retry-after"] == "30"
    assert answer.json()["type"] == "urn:tipstaff:problem:unavailable"
    await taken[0].end()
    assert (await client.get(URL, params={"copies": False}, timeout=60)).status_code == 200
    for one in taken:
        await one.end()
    await all_ended(site)


async def test_who_leaves_ends_it_and_the_gateway_answers_meanwhile(site: Any, recorded: str) -> None:
    client = await site.person(Role.VIEWER, "B1")
    async with client.stream("GET", URL, timeout=60) as answer:
        assert answer.status_code == 200
        await anext(answer.aiter_raw())
        assert site.exports.running == 1
        assert (await client.get("/api/v1/health")).status_code == 200
    await all_ended(site)
    assert await entries(site, "evidence.exported") == []


async def test_one_that_breaks_is_no_whole_zip(site: Any, recorded: str) -> None:
    second = Places(site.parts.settings.data_dir / "evidence").sealed(Key("U1", RECORDING, 1))
    second.unlink()
    second.mkdir()
    client, got = await site.person(Role.VIEWER, "B1"), b""
    with pytest.raises(httpx.RemoteProtocolError):
        async with client.stream("GET", URL, timeout=60) as answer:
            async for piece in answer.aiter_raw():
                got += piece
    assert got and not zipfile.is_zipfile(io.BytesIO(got))
    await all_ended(site)
    assert await entries(site, "evidence.exported") == []
    second.rmdir()
    answer = await client.get(URL, params={"copies": False}, timeout=60)
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert "missing: its file is not here" in archive.read("report.html").decode()
    assert (await entries(site, "evidence.exported"))[0].facts["faulty"] == 1
