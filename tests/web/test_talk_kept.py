"""What is kept of a talk: log, audit and a file that plays; after a kill, after a change, and for how long."""

import hashlib
import re
import sys
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import av

sys.path.insert(0, str(Path(__file__).parent))

from talk_panel import actions, ended, heard, packets, panel, settled

from gateway.api.report.words_en import EN
from gateway.api.report.words_zh import ZH
from gateway.clock import BEIJING
from gateway.model import Role
from gateway.relay.talk_book import Book
from protocol.messages import SPEAKER_PLAYS
from protocol.talk import LAST


def clock(at_ms: int) -> str:
    """As the report prints it."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S")


async def reported(client: Any, path: str, words: dict[str, Any]) -> list[str]:
    """The talks of an incident's report, a row each."""
    answer = await client.get(f"{path}/report", params={"lang": "zh" if words is ZH else "en"})
    assert answer.status_code == 200, answer.text
    table = re.search(r'<table class="talks">.*?<tbody>(.*?)</tbody>', answer.text, re.DOTALL)
    assert table is not None and words["talks"] in answer.text
    return re.findall(r"<tr>(.*?)</tr>", table[1], re.DOTALL)


async def test_what_is_said_goes_to_the_unit_and_into_log_audit_and_a_file(
    site: Any, stack: AsyncExitStack, tmp_path: Path
) -> None:
    site.heard("U1", speaker=SPEAKER_PLAYS)
    client = await site.person(Role.DISPATCHER, "MID1", "lin")
    incident_id = await site.alarm()
    mine = await panel(stack, site, client)
    began = await mine.begin()
    assert began["by"] == {"login": "lin", "name": "lin"} and began["silent"] is False
    spoken = [bytes([number]) * 320 for number in range(10)]
    for number, sound in enumerate(spoken):
        if number == 6:  # what never came is a hole, not a seam
            mine.number += 5
        site.clock.advance(20)
        await mine.speak(1, sound)
    await heard(site, 10)
    site.clock.advance(1_000 - 200)
    await mine.say(t="end")
    await mine.until(t="state", by=None)
    (row,) = await ended(site)
    said = packets(site)
    assert [one.sound for one in said[:-1]] == spoken
    assert [one.number for one in said] == [*range(6), *range(11, 15), 15] and said[-1].flags == LAST
    assert {one.talk.hex() for one in said} == {row.talk}
    assert (row.why, row.packets, row.dropped, row.incident_id) == ("released", 10, 5, incident_id)

    file = await client.get(f"/api/v1/units/U1/talks/{row.talk}")
    assert file.status_code == 200 and file.headers["content-type"] == "audio/x-matroska"
    assert hashlib.sha256(file.content).digest() == row.sha256
    path = tmp_path / "said.mkv"
    path.write_bytes(file.content)
    with av.open(path) as container:
        stream = container.streams.audio[0]
        assert (stream.codec_context.name, stream.rate) == ("pcm_alaw", 16_000)
        demuxed = [packet for packet in container.demux(stream) if packet.size]
        found = [(float(packet.pts * packet.time_base), bytes(packet)) for packet in demuxed]
    assert [sound for _, sound in found] == spoken
    assert [round(at_s * 50) for at_s, _ in found] == [*range(6), *range(11, 15)]
    listed = (await client.get("/api/v1/units/U1/talks")).json()
    assert [one["talk"] for one in listed["items"]] == [row.talk] and listed["next"] is None

    incident = (await client.get(f"/api/v1/incidents/{incident_id}")).json()
    entry = incident["timeline"][-1]
    assert (entry["event"], entry["by"]) == ("talk", "lin")
    assert entry["facts"]["sha256"] == row.sha256.hex() and entry["facts"]["lasted_ms"] == 1_000
    assert [name for name, _ in await actions(site)] == ["talk.begin", "talk.end", "talk.play"]
    end = (await actions(site))[1][1]
    assert (end["why"], end["packets"], end["dropped"]) == ("released", 10, 5)


async def test_talk_that_a_kill_cut_off_is_ended_at_the_next_start(site: Any, stack: AsyncExitStack) -> None:
    site.heard("U1", speaker=SPEAKER_PLAYS)
    client = await site.person(Role.DISPATCHER, "MID1", "lin")
    incident_id = await site.alarm()
    mine = await panel(stack, site, client)
    await mine.begin()
    for count in range(100):
        await mine.speak()
        await heard(site, count + 1)
        site.clock.advance(20)
    path = site.parts.talks.book.path

    site.clock.advance(250)

    async def written() -> bool:
        files = list((site.parts.settings.data_dir / "talks").glob("*/*"))
        return bool(files) and files[0].stat().st_size > 100 * 329

    await settled(written)
    # Another gateway on the same database, as after a kill: it knows nothing of the talk.
    later = Book(site.parts.store, site.clock, site.centre, site.parts.settings.data_dir)
    assert await later.recover() == 1 and await later.recover() == 0
    (row,) = await ended(site)
    assert (row.why, row.sha256) == ("restart", hashlib.sha256(path(row).read_bytes()).digest())
    assert row.packets == 100 and row.ended_ms == row.began_ms + row.packets * 20
    entry = (await client.get(f"/api/v1/incidents/{incident_id}")).json()["timeline"][-1]
    assert (entry["event"], entry["facts"]["ended"]) == ("talk", "restart")


async def test_talk_that_outlasts_its_incident_is_found_with_it(site: Any, stack: AsyncExitStack) -> None:
    """The log of a closed incident takes nothing more; the register has the talk all the same."""
    site.heard("U1", speaker=SPEAKER_PLAYS)
    client = await site.person(Role.DISPATCHER, "MID1", "lin")
    incident_id = await site.alarm()
    path = f"/api/v1/incidents/{incident_id}"
    mine = await panel(stack, site, client)
    await mine.begin(call=True)
    await mine.speak(3)
    await heard(site, 3)
    (now,) = (await client.get(f"{path}/talks")).json()["items"]
    assert (now["login"], now["ended_ms"], now["kept"]) == ("lin", None, False)
    site.clock.advance(100)
    closed = await client.post(f"{path}/close", json={"reason": "safe"})
    assert closed.status_code == 200, closed.text
    for words in (ZH, EN):
        (told,) = await reported(client, path, words)
        assert "lin" in told and words["talk_goes_on"] in told and words["talk_beyond"] in told
        assert clock(now["began_ms"]) in told
    site.clock.advance(100)
    await mine.say(t="end")
    (row,) = await ended(site)
    (found,) = (await client.get(f"{path}/talks")).json()["items"]
    assert (found["talk"], found["ended"], found["packets"], found["kept"]) == (row.talk, "released", 3, True)
    for words in (ZH, EN):
        (told,) = await reported(client, path, words)
        assert words["talk_goes_on"] not in told and words["talk_beyond"] in told
        assert clock(row.began_ms) in told and clock(found["ended_ms"]) in told and found["sha256"] in told
    incident = (await client.get(path)).json()
    assert [entry["event"] for entry in incident["timeline"]][-1] == "close"
    # One in which nobody was heard is in no incident.
    await mine.begin()
    await mine.say(t="end")
    await mine.until(t="state", by=None)
    assert len((await client.get(f"{path}/talks")).json()["items"]) == 1
    stranger = await site.person(Role.DISPATCHER, "MID2", "chen")
    assert (await stranger.get(f"{path}/talks")).status_code == 404


async def test_file_that_was_changed_is_not_given(site: Any, stack: AsyncExitStack) -> None:
    site.heard("U1", speaker=SPEAKER_PLAYS)
    client = await site.person(Role.DISPATCHER, "MID1")
    mine = await panel(stack, site, client)
    await mine.begin()
    await mine.speak()
    await mine.say(t="end")
    (row,) = await ended(site)
    with (site.parts.settings.data_dir / "talks" / "U1" / f"{row.talk}.mkv").open("ab") as file:
        file.write(b"x")
    assert (await client.get(f"/api/v1/units/U1/talks/{row.talk}")).status_code == 500
    assert (await client.get(f"/api/v1/units/U2/talks/{row.talk}")).status_code == 404


async def test_talks_of_no_incident_are_deleted_when_their_time_is_over(
    site: Any, stack: AsyncExitStack
) -> None:
    site.heard("U1", speaker=SPEAKER_PLAYS)
    client = await site.person(Role.DISPATCHER, "MID1")
    mine = await panel(stack, site, client)
    for alarmed in (False, True):
        if alarmed:
            await site.alarm()
        await mine.begin()
        await mine.speak()
        site.clock.advance(100)
        await mine.say(t="end")
        await mine.until(t="state", by=None)
        # Entered before the alarm: what ends while an incident is open belongs to it.
        rows = await ended(site)
    site.clock.set(200 * 86_400_000)
    assert await site.parts.talks.book.delete_old(183) == 1
    assert await site.parts.talks.book.delete_old(183) == 0
    site.clock.set(-200 * 86_400_000)
    listed = (await client.get("/api/v1/units/U1/talks")).json()["items"]
    assert [(one["talk"], one["kept"]) for one in listed] == [(rows[1].talk, True), (rows[0].talk, False)]
    assert [path.stem for path in (site.parts.settings.data_dir / "talks" / "U1").iterdir()] == [rows[1].talk]
    assert "talk.delete" in [name for name, _ in await actions(site)]
