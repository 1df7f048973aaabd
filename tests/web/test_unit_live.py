"""Live pictures and sound over a real WebSocket: what comes, when, and at what age."""

import shutil
import sys
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import pytest
import simplejpeg

sys.path.insert(0, str(Path(__file__).parent))

from unit_film import PICTURE, SOUND, SOUNDS, Film, Seer, entries_of, jpeg, no_pictures, orders

from gateway.model import Role
from gateway.relay.telling import ALONE, BEGINS, ESTIMATED
from protocol import matroska
from protocol.live import live_of
from protocol.messages import DONE, EXPIRED, LIVE, LIVE_FULL, LIVE_STILLS, LOCATE, Command

JPEG, H264, A_LAW = 1, 2, 4


async def test_viewer_gets_head_pictures_and_sound_with_their_age(site: Any) -> None:
    site.heard("U1", clock_offset_ms=4_000)
    seer = await Seer.of(site, await site.person(Role.VIEWER, "B1", "lin"))
    state = await seer.until("state")
    assert (state["mode"], state["why"], state["viewers"]) == ("full", None, ["lin"])
    assert state["last_picture_ms"] is None and state["recording"] is None
    film = Film(site, ahead_ms=4_000)
    film.begin()
    site.clock.advance(500)
    film.picture(jpeg(1), late_ms=120)
    head = await seer.until("head")
    assert head["sound"] == {"codec": "alaw", "rate_hz": 16_000}
    assert head["picture"] == {"codec": "jpeg", "width": 320, "height": 240}
    block = await seer.until("block")
    assert (block["track"], block["codec"], block["flags"], block["number"]) == (PICTURE, JPEG, 1 | 2, 1)
    assert block["content"] == jpeg(1)
    assert (block["received_ms"], block["taken_ms"]) == (site.clock.now_ms(), site.clock.now_ms() - 120)
    film.hear()
    block = await seer.until("block")
    assert (block["track"], block["codec"], block["number"], block["content"]) == (SOUNDS, A_LAW, 2, SOUND)


async def test_blocks_of_a_unit_whose_clock_says_nothing_tell_no_delay(site: Any) -> None:
    site.heard("U1", clock_offset_ms=None)
    seer = await Seer.of(site, await site.person(Role.VIEWER, "B1", "lin"))
    film = Film(site)
    film.begin()
    film.picture(jpeg(1))
    assert (await seer.until("block"))["flags"] == ALONE | BEGINS | ESTIMATED
    film.hear()
    assert (await seer.until("block"))["flags"] == ESTIMATED
    site.heard("U1", clock_offset_ms=0)
    site.clock.advance(250)
    await seer.until("state", now_ms=site.clock.now_ms())
    film.begin(stamped=False)
    film.picture(jpeg(2))
    assert (await seer.until("block"))["flags"] == ALONE | BEGINS | ESTIMATED
    film.begin()
    film.picture(jpeg(3))
    assert (await seer.until("block"))["flags"] == ALONE | BEGINS


async def passed(site: Any, seer: Seer, for_ms: int) -> None:
    """Time goes by, a moment after the other."""
    for _ in range(for_ms // 250):
        site.clock.advance(250)
        await seer.say(t="ping", n=site.clock.now_ms())
        await seer.until("pong", n=site.clock.now_ms())


async def test_unit_is_asked_to_send_while_somebody_watches_and_not_after(site: Any) -> None:
    site.heard("U1", boot=3, session=1)
    dispatcher = await site.person(Role.DISPATCHER, None)
    seer = await Seer.of(site, dispatcher)
    other = await Seer.of(site, dispatcher, "U2")
    await seer.until("state")
    assert [live_of(value) for value in orders(site)] == [(LIVE_FULL, 0)]
    await passed(site, seer, 11_000)
    assert len(orders(site)) == 2, "renewed within its lease"
    await seer.connection.close()
    await other.until("state", now_ms=site.clock.now_ms())
    await passed(site, other, 4_000)
    assert orders(site)[2:] == [0]
    await passed(site, other, 40_000)
    assert len(orders(site)) == 3


async def test_unit_whose_clock_is_ahead_of_ours_does_not_take_what_it_is_asked_for_old(site: Any) -> None:
    site.heard("U1", clock_offset_ms=120_000)
    person = await site.person(Role.DISPATCHER, None)
    await (await Seer.of(site, person)).until("state")
    await site.centre.command("U1", LOCATE, None, None, login="lin")
    made = [Command.decode(payload) for topic, payload in site.sent if topic.endswith("/down/command")]
    unit_s = (site.clock.now_ms() + 120_000) / 1000
    assert [one.kind for one in made] == [LIVE, LOCATE]
    assert [one.expires_s - unit_s >= life_s for one, life_s in zip(made, (30, 300), strict=True)] == [
        True
    ] * 2


async def test_viewer_is_told_that_the_unit_refuses_until_something_comes(site: Any) -> None:
    site.heard("U1")
    seer = await Seer.of(site, await site.person(Role.DISPATCHER, None))
    await seer.until("state", mode="full")
    (command,) = [Command.decode(payload) for topic, payload in site.sent if topic.endswith("/command")]
    await passed(site, seer, 3_000)
    assert site.centre.ordered(command.command_id, EXPIRED)
    site.clock.advance(250)
    assert (await seer.until("state", mode="off"))["why"] == "refused"
    film = Film(site)
    film.begin()
    film.picture(jpeg(1))
    site.clock.advance(250)
    assert (await seer.until("state", mode="full"))["why"] is None, (
        "what comes by itself is shown for what it is"
    )
    await passed(site, seer, 10_000)
    renewed = Command.decode(site.sent[-1][1])
    assert renewed.command_id != command.command_id and site.centre.ordered(renewed.command_id, DONE)
    assert not site.centre.ordered(renewed.command_id, DONE)
    site.clock.advance(250)
    await seer.until("state", mode="full")


async def test_two_viewers_of_one_unit_get_the_same_and_each_counts_for_itself(site: Any) -> None:
    site.heard("U1")
    person = await site.person(Role.DISPATCHER, None)
    first = await Seer.of(site, person)
    film = Film(site)
    film.begin()
    film.picture(jpeg(1))
    await first.until("block")
    second = await Seer.of(site, person)
    joined = await second.until("block")
    assert (joined["content"], joined["number"]) == (jpeg(1), 1), "the newest picture at once"
    film.picture(jpeg(2))
    assert [(await one.until("block"))["number"] for one in (first, second)] == [2, 2]
    site.clock.advance(1_000)
    assert len((await first.until("state"))["viewers"]) in (1, 2)
    assert site.centre.units()["U1"].watched_by == 2
    unit = (await person.get("/api/v1/units/U1")).json()
    assert unit["watched_by"] == 2


async def test_ten_viewers_and_one_that_does_not_read(site: Any) -> None:
    site.heard("U1")
    person = await site.person(Role.DISPATCHER, None)
    await Seer.of(site, person, max_queue=1)
    seers = [await Seer.of(site, person) for _ in range(9)]
    film = Film(site)
    film.begin()
    big = jpeg(3, 640, 480) + bytes(150_000)
    for number in range(60):
        site.clock.advance(100)
        film.picture(big)
        film.hear()
        for one in seers:
            assert [(await one.until("block"))["track"] for _ in range(2)] == [1, 2], number
    (owner,) = [one for one in site.parts.relay._owners.values() if one.viewers]
    behind = owner.viewers[0]
    assert behind.dropped > 20 and behind._waiting_bytes <= site.parts.settings.live.viewer_kib << 10
    assert all(one.dropped == 0 for one in owner.viewers[1:])
    for _ in range(50):
        site.clock.advance(250)
        for one in seers:
            await one.say(t="ping", n=1)
            await one.until("pong")
    assert behind.why == "behind" and all(one.why is None for one in owner.viewers if one is not behind)
    ended = await entries_of(site, "live.watched", 1)
    assert ended[0].facts["why"] == "behind" and len(owner.viewers) == 9


async def test_blocks_after_a_gap_say_so_and_the_numbers_show_it(site: Any) -> None:
    site.heard("U1")
    seer = await Seer.of(site, await site.person(Role.DISPATCHER, None))
    film = Film(site)
    film.begin()
    for number in range(20):
        film.picture(jpeg(number))
    block = await seer.until("block")
    assert block["number"] == 13 and block["flags"] & 4
    assert (await seer.until("block"))["number"] == 14


async def test_wishes_for_less_are_kept_and_the_widest_is_asked_of_the_unit(site: Any) -> None:
    site.heard("U1")
    person = await site.person(Role.DISPATCHER, None)
    ear, eye = await Seer.of(site, person), await Seer.of(site, person)
    await ear.say(t="want", mode="sound")
    await eye.say(t="want", mode="full", fps=5)
    state = await ear.until("state", mode="sound")
    assert state["why"] == "chosen"
    await passed(site, eye, 1_000)
    assert live_of(orders(site)[-1]) == (LIVE_FULL, 200)
    await eye.say(t="want", mode="stills")
    await passed(site, eye, 1_000)
    assert live_of(orders(site)[-1]) == (LIVE_STILLS, 0)
    film = Film(site)
    film.begin()
    for _ in range(20):
        site.clock.advance(100)
        film.picture(jpeg(1))
        film.hear()
        await eye.say(t="ping", n=0)
        await eye.until("block", track=SOUNDS)
    heard = [(await ear.until("block"))["track"] for _ in range(20)]
    assert heard == [SOUNDS] * 20


async def test_smaller_pictures_are_made_for_who_asks_and_not_for_more_than_may(
    tmp_path: Path, empty_database: Path, open_site: Any
) -> None:
    shutil.copy(empty_database, tmp_path / "web.db")
    async with AsyncExitStack() as stack:
        site = await open_site(stack, tmp_path, live={"transcodes": 1})
        site.heard("U1")
        person = await site.person(Role.DISPATCHER, None)
        thin, same, other, plain = [await Seer.of(site, person) for _ in range(4)]
        for one in (thin, same):
            await one.say(t="want", mode="full", codec="h264", height=120)
        await other.say(t="want", mode="full", height=64)
        assert await other.until("refused") == {"t": "refused", "what": "transcode", "why": "too_many"}
        film = Film(site)
        film.begin()
        film.hear()
        for one in (thin, same):
            await one.until("block", track=SOUNDS)
        decoder = av.CodecContext.create("h264", "r")
        for number in range(5):
            site.clock.advance(100)
            film.picture(jpeg(number))
            for one in (other, plain):
                assert (await one.until("block", track=PICTURE))["content"] == jpeg(number)
            blocks = [await one.until("block", track=PICTURE) for one in (thin, same)]
            assert blocks[0]["content"] == blocks[1]["content"] and blocks[0]["codec"] == H264
            assert bool(blocks[0]["flags"] & 1) == (number == 0)
            (frame,) = decoder.decode(av.Packet(blocks[0]["content"]))
            assert (frame.width, frame.height) == (160, 120)
        assert site.parts.metrics.live_transcodes._value.get() == 1
        await thin.say(t="want", mode="full")
        await same.say(t="want", mode="sound")
        await passed(site, same, 250)
        await other.say(t="want", mode="full", height=64)
        site.clock.advance(100)
        film.picture(jpeg(9))
        small = await other.until("block", track=PICTURE)
        while small["content"] in [jpeg(number) for number in range(10)]:
            small = await other.until("block", track=PICTURE)
        assert simplejpeg.decode_jpeg_header(small["content"])[:2] == (64, 84)
        for hostile in no_pictures():
            site.clock.advance(100)
            film.picture(hostile)
            assert (await plain.until("block", content=hostile))["track"] == PICTURE
        site.clock.advance(100)
        film.picture(jpeg(11))
        await plain.until("block", content=jpeg(11))
        await other.until("block", track=PICTURE)


@pytest.mark.parametrize(
    "said",
    [
        "",
        "{}",
        "[]",
        "null",
        '{"t":"seen"}',
        '{"t":"seen","number":7}',
        '{"t":"seen","number":-1}',
        '{"t":"seen","number":true}',
        '{"t":"ping"}',
        '{"t":"ping","n":1e9}',
        '{"t":"want","mode":"off"}',
        '{"t":"want","mode":["full"]}',
        '{"t":"want","mode":"full","fps":26}',
        '{"t":"want","mode":"full","fps":0}',
        '{"t":"want","mode":"full","height":8000}',
        '{"t":"want","mode":"full","codec":"av1"}',
        '{"t":"want","mode":"full","more":1}',
        '{"t":"hello"}',
        "[" * 2000,
        b"\x00\x01",
    ],
)
async def test_garbage_from_a_viewer_closes_its_connection_only(site: Any, said: str | bytes) -> None:
    site.heard("U1")
    person = await site.person(Role.VIEWER, None)
    other, seer = await Seer.of(site, person), await Seer.of(site, person)
    await seer.connection.send(said)
    assert await seer.closed() == 4001
    await other.say(t="ping", n=5)
    assert (await other.until("pong"))["n"] == 5


async def test_unit_that_comes_back_is_asked_again_and_its_state_is_told(site: Any) -> None:
    site.heard("U1", boot=1, session=1, recording=True)
    seer = await Seer.of(site, await site.person(Role.DISPATCHER, None))
    film = Film(site)
    film.begin()
    film.picture(jpeg(1))
    site.clock.advance(250)
    await seer.until("state", recording="a1b2c3d4e5f60718")
    site.centre.unit_heard(replace(site.centre.units()["U1"], online=False))
    site.clock.advance(250)
    assert (await seer.until("state", mode="off"))["why"] == "offline"
    asked = len(orders(site))
    await passed(site, seer, 1_000)
    assert len(orders(site)) == asked
    site.heard("U1", boot=2, session=1)
    site.clock.advance(250)
    await seer.until("state", mode="full")
    assert len(orders(site)) == asked + 1
    film.begin()
    film.picture(jpeg(2))
    block = await seer.until("block", track=PICTURE, content=jpeg(2))
    assert block["flags"] & 2


async def test_thin_link_is_said_and_of_an_alarm_all_is_shown_that_it_carries(site: Any) -> None:
    site.heard("U1", clock_offset_ms=0)
    seer = await Seer.of(site, await site.person(Role.DISPATCHER, None))
    film = Film(site)
    film.begin()
    site.clock.advance(4_000)
    for number in range(6):
        film.picture(jpeg(number), late_ms=3_000)
    site.clock.advance(250)
    assert (await seer.until("state", why="thin_link"))["mode"] == "stills"
    await site.alarm("U1")
    site.clock.advance(250)
    assert (await seer.until("state", mode="full"))["why"] == "thin_link"


async def test_sound_without_a_head_waits_for_it_and_pictures_do_not(site: Any) -> None:
    """A gateway that starts in the middle of a segment reads its head from the disk."""
    site.heard("U1", clock_offset_ms=0)
    seer = await Seer.of(site, await site.person(Role.DISPATCHER, None))
    heads: list[bytes] = []

    async def head_of(key: Any) -> bytes | None:
        return heads.pop() if heads else None

    site.parts.relay._head_of = head_of
    film = Film(site)
    film.begin(head=False)
    film.hear()
    film.picture(jpeg(1))
    block = await seer.until("block")
    assert (block["track"], block["number"]) == (PICTURE, 1)
    heads.append(matroska.head(matroska.Format(320, 240), bytes(16), "t", site.clock.now_ms(), [])[0])
    await passed(site, seer, 250)
    film.hear()
    assert (await seer.until("head"))["sound"]["codec"] == "alaw"
    assert (await seer.until("block"))["track"] == SOUNDS
