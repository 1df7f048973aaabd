"""The talk WebSocket over a real port; what goes to the unit is caught where the broker would take it."""

import asyncio
import json
import sqlite3
import sys
from contextlib import AsyncExitStack, closing
from pathlib import Path
from typing import Any

import pytest
import websockets

sys.path.insert(0, str(Path(__file__).parent))

from talk_panel import actions, ended, ended_of, heard, packets, panel

from gateway.model import Role
from gateway.relay.talk_floor import Talker
from protocol.messages import SPEAKER_PLAYS, SPEAKER_SILENT
from protocol.talk import ALOUD, LAST


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
    xu = await panel(stack, site, await site.person(Role.DISPATCHER, "HIGH", "xu"))
    await xu.say(t="begin", aloud=False, call=False)
    assert (await xu.until(t="refused"))["by"]["login"] == "chen"
    assert (await chen.begin())["offer"] is None
    await chen.speak()
    await chen.say(t="end")
    rows = await ended(site)
    assert [(row.login, row.why, row.packets) for row in rows] == [
        ("lin", "handed_over", 1),
        ("chen", "released", 1),
    ]
    assert [one.flags for one in packets(site)] == [0, LAST, 0, LAST]


async def test_talk_that_was_handed_to_somebody_who_leaves_waits_for_nobody(
    site: Any, stack: AsyncExitStack
) -> None:
    site.heard("U1", speaker=SPEAKER_PLAYS)
    lin = await panel(stack, site, await site.person(Role.DISPATCHER, "MID1", "lin"))
    client = await site.person(Role.DISPATCHER, "HIGH", "chen")
    chen, window = await panel(stack, site, client), await panel(stack, site, client)
    xu = await panel(stack, site, await site.person(Role.DISPATCHER, "HIGH", "xu"))
    await lin.begin()
    await lin.say(t="hand_over", to="chen")
    await chen.until(t="state", by=None)
    await chen.connection.close()
    await xu.say(t="begin", aloud=False, call=False)
    assert (await xu.until(t="refused"))["by"]["login"] == "chen", "another window of theirs is open"
    await window.connection.close()
    await lin.until(t="state", offer=None, by=None, present=[{"login": "xu", "name": "xu"}])
    await xu.begin()


async def test_each_begin_has_its_number_in_all_that_comes_of_it(site: Any, stack: AsyncExitStack) -> None:
    site.heard("U1", speaker=SPEAKER_PLAYS)
    client = await site.person(Role.DISPATCHER, "MID1", "lin")
    mine, other = await panel(stack, site, client), await panel(stack, site, client)
    assert (await mine.begin(n=7))["n"] == 7
    assert (await other.until(t="state", by={"login": "lin", "name": "lin"}))["n"] is None
    await other.say(t="begin", aloud=False, call=False, n=3)
    refused = await other.until(t="refused")
    assert (refused["why"], refused["n"]) == ("busy", 3)
    # Let go and pressed again before the first answer could come: only the second number is of the second talk.
    await mine.say(t="end")
    await mine.say(t="begin", aloud=False, call=False, n=8)
    told = [await mine.read()]
    while told[-1]["n"] != 8:
        told.append(await mine.read())
    assert [one["n"] for one in told if one["you"]] == [7] * (
        len([one for one in told if one["you"]]) - 1
    ) + [8]
    site.heard("U1", speaker=SPEAKER_SILENT)
    site.clock.advance(250)
    refused = await mine.until(t="refused")
    assert (refused["why"], refused["n"]) == ("silent", 8)
    assert (await mine.until(t="state", you=False))["n"] is None
    site.heard("U1", speaker=SPEAKER_PLAYS)
    assert (await mine.begin())["n"] is None


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


async def test_nobody_is_told_that_they_are_heard_while_the_broker_is_away(
    site: Any, stack: AsyncExitStack
) -> None:
    site.heard("U1", speaker=SPEAKER_PLAYS)
    mine = await panel(stack, site, await site.person(Role.DISPATCHER, "MID1"))
    site.broker_there = False
    await mine.say(t="begin", aloud=False, call=False)
    assert (await mine.until(t="refused"))["why"] == "no_link"
    assert await actions(site) == []
    site.broker_there = True
    await mine.begin()
    site.broker_there = False
    site.clock.advance(250)
    assert (await mine.until(t="refused"))["why"] == "no_link"
    assert (await mine.until(t="state"))["you"] is False
    (row,) = await ended(site)
    assert row.why == "no_link"


async def test_speech_that_the_broker_does_not_take_ends_the_talk(site: Any, stack: AsyncExitStack) -> None:
    site.heard("U1", speaker=SPEAKER_PLAYS)
    mine = await panel(stack, site, await site.person(Role.DISPATCHER, "MID1"))
    await mine.begin()
    site.speech_goes = False
    unsent = site.parts.metrics.talk_packets.labels("unsent")._value
    for second in range(2):
        mine.number = 50 * second
        await mine.speak(10)
        async with asyncio.timeout(30):
            while unsent.get() < 10 * (second + 1):
                await asyncio.sleep(0.01)
        for _ in range(4):
            site.clock.advance(250)
            await asyncio.sleep(0)
    assert (await mine.until(t="refused"))["why"] == "not_fed"
    (row,) = await ended(site)
    assert (row.why, row.packets) == ("not_fed", 0) and site.spoken == []


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
        '{"t":"begin","aloud":false,"call":false,"n":-1}',
        '{"t":"begin","aloud":false,"call":false,"n":true}',
        '{"t":"begin","aloud":false,"call":false,"n":4294967296}',
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


async def test_talk_whose_panel_goes_while_it_is_entered_has_an_end(site: Any, stack: AsyncExitStack) -> None:
    site.heard("U1", speaker=SPEAKER_PLAYS)
    talks = site.parts.talks
    seat = talks.join("U1", Talker("lin", "lin"))
    with closing(sqlite3.connect(site.parts.settings.site.data_dir / "web.db", isolation_level=None)) as disk:
        disk.execute("BEGIN IMMEDIATE")
        begin = asyncio.create_task(talks.begin(seat, aloud=False, call=False))
        for _ in range(100):  # more than it takes until the gateway's writer waits for the disk
            await asyncio.sleep(0)
        begin.cancel()
        await asyncio.wait([begin])
        talks.leave(seat)
        disk.execute("ROLLBACK")
    (row,) = await ended(site)
    assert (row.login, row.why, row.packets) == ("lin", "left", 0)
    other = await panel(stack, site, await site.person(Role.DISPATCHER, "MID1"))
    await other.begin()


async def test_connection_that_is_killed_while_somebody_speaks_frees_the_floor(
    site: Any, stack: AsyncExitStack
) -> None:
    site.heard("U1", speaker=SPEAKER_PLAYS)
    mine = await panel(stack, site, await site.person(Role.DISPATCHER, "MID1"))
    other = await panel(stack, site, await site.person(Role.DISPATCHER, None))
    await mine.begin(call=True)
    await mine.speak(3)
    await heard(site, 3)
    mine.connection.transport.abort()
    await other.until(t="state", by=None, present=[])
    (row,) = await ended(site)
    assert (row.why, row.packets) == ("left", 3)
    assert packets(site)[3].flags == LAST, "the officer's unit is told at once"
    await other.begin()
