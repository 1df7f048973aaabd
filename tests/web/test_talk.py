"""The talk WebSocket over a real port; what goes to the unit is caught where the broker would take it."""

import asyncio
import hashlib
import json
import struct
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

import av
import pytest
import websockets
from sqlalchemy import select

from gateway.model import Role
from gateway.relay.talk_book import Book
from gateway.store import audit
from gateway.store.tables import talks
from protocol.messages import SPEAKER_PLAYS, SPEAKER_SILENT
from protocol.talk import ALOUD, LAST, Talk

TOPIC = "tip/1/B1/U1/down/talk"
WITHIN_S = 30.0


class Panel:
    """An open talk panel."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.number = 0

    async def say(self, **message: Any) -> None:
        await self.connection.send(json.dumps(message))

    async def read(self) -> dict[str, Any]:
        return json.loads(await asyncio.wait_for(self.connection.recv(), WITHIN_S))

    async def until(self, **wanted: Any) -> dict[str, Any]:
        while True:
            message = await self.read()
            if all(message.get(name) == value for name, value in wanted.items()):
                return message

    async def begin(self, aloud: bool = False, call: bool = False) -> dict[str, Any]:
        self.number = 0
        await self.say(t="begin", aloud=aloud, call=call)
        return await self.until(t="state", you=True)

    async def speak(self, packets: int = 1, sound: bytes = b"\xd5" * 320) -> None:
        for _ in range(packets):
            await self.connection.send(struct.pack(">I", self.number) + sound)
            self.number += 1

    async def closed(self) -> int | None:
        with suppress(websockets.ConnectionClosed):
            while True:
                await asyncio.wait_for(self.connection.recv(), WITHIN_S)
        return self.connection.close_code


@pytest.fixture
async def stack() -> Any:
    async with AsyncExitStack() as stack:
        yield stack


async def panel(stack: AsyncExitStack, site: Any, client: Any, unit_id: str = "U1") -> Panel:
    url = f"{site.base_url.replace('http:', 'ws:')}/api/v1/units/{unit_id}/talk"
    headers = {"Cookie": client.headers.get("Cookie", "")}
    opened = Panel(
        await stack.enter_async_context(websockets.connect(url, additional_headers=headers, max_size=None))
    )
    await opened.until(t="state")
    return opened


async def settled(true: Any) -> Any:
    async with asyncio.timeout(WITHIN_S):
        while not (found := await true()):
            await asyncio.sleep(0.01)
    return found


async def actions(site: Any) -> list[tuple[str, dict[str, Any]]]:
    async with site.parts.store.read() as connection:
        entries = await audit.entries(connection, 0, 1000)
    return [(entry.action, entry.facts) for entry in entries if entry.action.startswith("talk.")]


async def ended(site: Any) -> Any:
    """The rows of talks, once all of them have an end."""

    async def rows() -> Any:
        async with site.parts.store.read() as connection:
            found = (await connection.execute(select(talks).order_by(talks.c.began_ms))).all()
        return found if found and all(row.ended_ms is not None for row in found) else None

    return await settled(rows)


async def heard(site: Any, count: int) -> None:
    """So many packets went to the unit."""

    async def true() -> bool:
        return len(site.spoken) >= count

    await settled(true)


def packets(site: Any) -> list[Talk]:
    assert all(topic == TOPIC for topic, _ in site.spoken)
    return [Talk.decode(payload) for _, payload in site.spoken]


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


async def test_one_speaks_at_a_time_and_hands_over(site: Any, stack: AsyncExitStack) -> None:
    site.heard("U1", speaker=SPEAKER_PLAYS)
    lin = await panel(stack, site, await site.person(Role.DISPATCHER, "MID1", "lin"))
    chen = await panel(stack, site, await site.person(Role.DISPATCHER, "HIGH", "chen"))
    await lin.begin(call=True)
    state = await chen.until(t="state", by={"login": "lin", "name": "lin"})
    assert state["you"] is False and [one["login"] for one in state["present"]] == ["lin"]
    await chen.say(t="begin", aloud=False, call=False)
    assert (await chen.until(t="refused"))["why"] == "busy"
    await chen.speak()  # who has not the floor is not heard
    await lin.say(t="hand_over", to="nobody")
    assert (await lin.until(t="refused"))["why"] == "absent"
    await lin.speak()
    await lin.say(t="hand_over", to="chen")
    offered = await chen.until(t="state", by=None)
    assert offered["offer"]["you"] is True and offered["offer"]["by"]["login"] == "lin"
    await lin.say(t="begin", aloud=False, call=False)
    assert (await lin.until(t="refused"))["by"]["login"] == "chen"
    assert (await chen.begin())["offer"] is None
    await chen.speak()
    await chen.say(t="end")
    rows = await ended(site)
    assert [(row.login, row.why, row.packets) for row in rows] == [
        ("lin", "handed_over", 1),
        ("chen", "released", 1),
    ]
    assert [one.flags for one in packets(site)] == [0, LAST, 0, LAST]


async def test_silent_alarm_makes_no_sound_without_the_second_key(site: Any, stack: AsyncExitStack) -> None:
    client = await site.person(Role.DISPATCHER, "MID1")
    site.heard("U1", speaker=SPEAKER_SILENT)
    mine = await panel(stack, site, client)
    await mine.say(t="begin", aloud=False, call=False)
    assert (await mine.until(t="refused"))["why"] == "silent"
    await mine.speak()
    assert (await mine.begin(aloud=True))["aloud"] is True
    await mine.speak()
    await mine.say(t="end")
    (row,) = await ended(site)
    assert row.aloud is True and [one.flags for one in packets(site)] == [ALOUD, ALOUD | LAST]


async def test_alarm_that_becomes_silent_ends_the_talk(site: Any, stack: AsyncExitStack) -> None:
    site.heard("U1", speaker=SPEAKER_PLAYS)
    mine = await panel(stack, site, await site.person(Role.DISPATCHER, "MID1"))
    # Asked for while the unit is not silent it gives no right to be loud later.
    assert (await mine.begin(aloud=True))["aloud"] is False
    await mine.speak()
    site.heard("U1", speaker=SPEAKER_SILENT)
    site.clock.advance(250)
    assert (await mine.until(t="refused"))["why"] == "silent"
    (row,) = await ended(site)
    assert row.why == "silent"


@pytest.mark.parametrize(
    ("said", "why"),
    [({"online": False, "speaker": SPEAKER_PLAYS}, "offline"), ({"speaker": None}, "no_speaker")],
)
async def test_officer_who_cannot_be_heard(
    site: Any, stack: AsyncExitStack, said: dict[str, Any], why: str
) -> None:
    online = said.pop("online", True)
    site.heard("U1", **said)
    if not online:
        from dataclasses import replace

        site.centre.unit_heard(replace(site.centre.units()["U1"], online=False))
    mine = await panel(stack, site, await site.person(Role.DISPATCHER, "MID1"))
    await mine.say(t="begin", aloud=False, call=False)
    assert (await mine.until(t="refused"))["why"] == why
    assert await actions(site) == []


async def test_talk_that_nobody_feeds_ends(site: Any, stack: AsyncExitStack) -> None:
    site.heard("U1", speaker=SPEAKER_PLAYS)
    mine = await panel(stack, site, await site.person(Role.DISPATCHER, "MID1"))
    await mine.begin()
    for _ in range(10):
        site.clock.advance(250)
        await asyncio.sleep(0)
    assert (await mine.until(t="refused"))["why"] == "not_fed"
    (row,) = await ended(site)
    assert (row.why, row.sha256, row.packets) == ("not_fed", None, 0)
    assert site.spoken == [], "an end of what was never begun goes to no unit"


async def test_faster_than_anybody_speaks_is_refused_once(site: Any, stack: AsyncExitStack) -> None:
    site.heard("U1", speaker=SPEAKER_PLAYS)
    mine = await panel(stack, site, await site.person(Role.DISPATCHER, "MID1"))
    await mine.begin()
    await mine.speak(200)
    await mine.say(t="end")
    refused = []
    while (message := await mine.read())["t"] == "refused" or message["by"] is not None:
        refused += [message["why"]] if message["t"] == "refused" else []
    assert refused == ["too_fast"] and len(packets(site)) == 22


@pytest.mark.parametrize(
    "garbage",
    [
        b"",
        b"\0" * 323,
        b"\0" * 325,
        "",
        "[]",
        "[" * 500,
        '{"t":"begin"}',
        '{"t":"begin","aloud":1,"call":false}',
        '{"t":"begin","aloud":"yes","call":false}',
        '{"t":"hand_over","to":7}',
        '{"t":"hand_over","to":"%s"}' % ("x" * 65),
        '{"t":"state"}',
        '{"t":"end"%s}' % (" " * 600),
    ],
)
async def test_garbage_ends_the_panel_and_its_talk(
    site: Any, stack: AsyncExitStack, garbage: bytes | str
) -> None:
    site.heard("U1", speaker=SPEAKER_PLAYS)
    client = await site.person(Role.DISPATCHER, "MID1")
    mine, other = await panel(stack, site, client), await panel(stack, site, client)
    await mine.begin()
    await mine.connection.send(garbage)
    assert await mine.closed() == 4001
    await other.until(t="state", by=None)
    assert (await other.begin())["you"] is True
    assert (await ended_of(site))["why"] == "left"


async def ended_of(site: Any) -> dict[str, Any]:
    async def facts() -> Any:
        return next((facts for name, facts in await actions(site) if name == "talk.end"), None)

    return await settled(facts)


async def test_number_that_goes_back_ends_the_panel(site: Any, stack: AsyncExitStack) -> None:
    site.heard("U1", speaker=SPEAKER_PLAYS)
    mine = await panel(stack, site, await site.person(Role.DISPATCHER, "MID1"))
    await mine.begin()
    await mine.speak(2)
    mine.number = 0
    await mine.speak()
    assert await mine.closed() == 4001


async def test_who_may_speak(site: Any, stack: AsyncExitStack) -> None:
    site.heard("U1", speaker=SPEAKER_PLAYS)

    async def status(client: Any, unit_id: str = "U1") -> int:
        with pytest.raises(websockets.InvalidStatus) as refused:
            await panel(stack, site, client, unit_id)
        assert json.loads(refused.value.response.body)["status"] == refused.value.response.status_code
        return int(refused.value.response.status_code)

    assert await status(await site.visitor()) == 401
    for role in (Role.VIEWER, Role.COURT):
        assert await status(await site.person(role, "B1")) == 403
    stranger = await site.person(Role.DISPATCHER, "MID2")
    assert await status(stranger) == 404
    assert (await stranger.get("/api/v1/units/U1/talks")).status_code == 404
    assert await status(await site.person(Role.ADMIN, None), "nobody") == 404


async def test_talk_ends_with_its_session(site: Any, stack: AsyncExitStack) -> None:
    site.heard("U1", speaker=SPEAKER_PLAYS)
    client = await site.person(Role.DISPATCHER, "MID1")
    mine = await panel(stack, site, client)
    await mine.begin()
    await mine.speak()
    await client.delete("/api/v1/session")
    assert await mine.closed() == 4401
    (row,) = await ended(site)
    assert (row.why, row.packets) == ("session", 1)
    assert packets(site)[-1].flags == LAST


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
    rows = await ended(site)
    site.clock.set(200 * 86_400_000)
    assert await site.parts.talks.book.delete_old(183) == 1
    assert await site.parts.talks.book.delete_old(183) == 0
    site.clock.set(-200 * 86_400_000)
    listed = (await client.get("/api/v1/units/U1/talks")).json()["items"]
    assert [(one["talk"], one["kept"]) for one in listed] == [(rows[1].talk, True), (rows[0].talk, False)]
    assert [path.stem for path in (site.parts.settings.data_dir / "talks" / "U1").iterdir()] == [rows[1].talk]
    assert "talk.delete" in [name for name, _ in await actions(site)]
