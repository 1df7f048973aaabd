"""What the firmware's camera and microphone see and hear, at the end of the relay's WebSocket: in order, and young."""

from __future__ import annotations

import asyncio
import json
import struct
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import simplejpeg
import websockets
from whole_recording import SMALL
from whole_site import OFFICERS, Site, site

from bench.film import write_plan
from bench.film_process import Film, picture
from bench.stream_process import PICTURE_BYTES, Reel, Streamer, reel
from bench.stream_process import Sent as SentByAll
from gateway.app import Gateway
from gateway.cli.stage import LOGIN, GatewayProcess, Officer, furnish, settings_in
from gateway.store import Store, audit
from simulator import scene
from simulator.desk import Desk
from simulator.fleet import Fleet

HEAD = struct.Struct(">BBBBIdd")
WITHIN_S = 45.0


class Seer:
    """A viewer of one unit that reads all."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.states: list[dict[str, Any]] = []
        self.heads: list[dict[str, Any]] = []

    async def block(self) -> tuple[int, int, int, float, float, bytes]:
        """(track, flags, number, taken_ms, received_ms, content) of the next block."""
        while True:
            said = await asyncio.wait_for(self.connection.recv(), WITHIN_S)
            if isinstance(said, bytes):
                kind, track, _, flags, number, taken_ms, received_ms = HEAD.unpack_from(said)
                assert kind == 1
                await self.connection.send(json.dumps({"t": "seen", "number": number}))
                return track, flags, number, taken_ms, received_ms, said[HEAD.size :]
            told = json.loads(said)
            {"state": self.states, "head": self.heads}.get(told["t"], []).append(told)

    async def pictures(self, count: int) -> list[tuple[int, int, float]]:
        """(number in the scene, ms in the scene, taken_ms) of the next pictures."""
        found: list[tuple[int, int, float]] = []
        while len(found) < count:
            track, _, _, taken_ms, _, content = await self.block()
            if track == 1:
                said = scene.read(simplejpeg.decode_jpeg(content))
                assert said is not None
                found.append((*said, taken_ms))
        return found

    async def recording_other_than(self, before: str | None) -> str:
        """The recording in which the unit is now, once it is another one."""
        while not self.states or self.states[-1]["recording"] in (None, before):
            await self.block()
        return str(self.states[-1]["recording"])


@asynccontextmanager
async def watching(it: Site, desk: Desk, unit_id: str) -> AsyncIterator[Seer]:
    """Somebody at the desk opens the unit."""
    url = it.process.url.replace("http:", "ws:") + f"/api/v1/units/{unit_id}/live"
    cookie = "; ".join(f"{name}={value}" for name, value in desk._http.cookies.items())
    async with websockets.connect(url, additional_headers={"Cookie": cookie}, max_size=None) as connection:
        yield Seer(connection)


@pytest.mark.alone
async def test_unit_is_seen_and_heard_within_a_second_of_the_click(tmp_path: Path) -> None:
    async with site(tmp_path, OFFICERS[:1], recording=SMALL) as it, it.desk() as desk:
        unit = it.unit
        await desk.online([unit.unit_id])
        began_s = time.monotonic()
        async with watching(it, desk, unit.unit_id) as seer:
            (first,) = await seer.pictures(1)
            first_s = time.monotonic() - began_s
            seen = await seer.pictures(15)
            async with watching(it, desk, unit.unit_id) as other:
                began_s = time.monotonic()
                await other.pictures(1)
                joined_s = time.monotonic() - began_s
                assert (await other.pictures(5))[-1][0] > seen[-1][0]
        numbers = [number for number, _, _ in [first, *seen]]
        assert numbers == sorted(set(numbers))
        # The scene's clock and the unit's began apart; how far, is the same for every picture.
        apart = [taken_ms - at_ms for _, at_ms, taken_ms in seen]
        print("first", first_s, "joined", joined_s, "jitter", max(apart) - min(apart), seer.states[-1])
        assert max(apart) - min(apart) < 150
        assert seer.heads[0]["sound"]["rate_hz"] == 16_000


async def test_view_goes_on_after_the_unit_and_the_gateway_were_killed(tmp_path: Path) -> None:
    async with site(tmp_path, OFFICERS[:1], recording=SMALL) as it:
        unit = it.unit
        async with it.desk() as desk, watching(it, desk, unit.unit_id) as seer:
            recording = await seer.recording_other_than(None)
            await unit.kill()
            await unit.start()
            assert await seer.recording_other_than(recording)
            await seer.pictures(3)
            await it.process.kill()
            with pytest.raises(websockets.ConnectionClosed):
                await seer.pictures(1000)
        await it.process.start()
        async with it.desk() as desk, watching(it, desk, unit.unit_id) as seer:
            await seer.pictures(3)
            while not any(head["sound"] for head in seer.heads):
                await seer.block()
    async with Store(it.process.settings.store_url) as store, store.read() as connection:
        views = [
            (entry.action, entry.facts.get("why"), entry.facts["view"])
            for entry in await audit.of_actions(connection, ("live.watch", "live.watched"), 1000)
        ]
    first, second = views[0][2], views[-1][2]
    assert views == [
        ("live.watch", None, first),
        ("live.watched", "gateway_ended", first),
        ("live.watch", None, second),
        ("live.watched", "left", second),
    ]


async def test_thin_link_is_told_and_everything_comes_again_when_it_recovers(tmp_path: Path) -> None:
    async with site(tmp_path, OFFICERS[:1], recording={**SMALL, "picture": "vga"}) as it, it.desk() as desk:
        unit = it.unit
        async with watching(it, desk, unit.unit_id) as seer:
            await seer.pictures(5)
            while seer.states[-1]["mode"] != "full":
                await seer.block()
            unit.link.shape(20_000)
            began = time.monotonic()
            while seer.states[-1]["mode"] != "stills":
                await seer.block()
                assert time.monotonic() - began < 40, seer.states[-1]
            assert seer.states[-1]["why"] == "thin_link"
            print("thin after", time.monotonic() - began)
            unit.link.shape()
            began = time.monotonic()
            while seer.states[-1]["mode"] != "full":
                await seer.block()
                assert time.monotonic() - began < 60, seer.states[-1]
            print("full after", time.monotonic() - began)
            assert seer.states[-1]["why"] is None
            assert seer.states[-1]["dropped"] == 0


MANY = 50
BLOCKS_EACH = 12


async def test_fifty_units_are_seen_at_once_each_whole_and_in_order(tmp_path: Path) -> None:
    """They send what is recorded: fifty interpreters would be a test of the machine."""
    settings = settings_in(tmp_path, broker="mosquitto")
    officers = [Officer(f"u{number:04d}", OFFICERS[0].court_id, "", "") for number in range(MANY)]
    async with Gateway(settings) as gateway:
        password, homes = await furnish(gateway, officers)
    write_plan(settings, officers, homes, 0, tmp_path / "streams")
    plan = json.loads((tmp_path / "streams" / "film.json").read_text("utf-8"))
    sends, sent, nothing = reel(picture(PICTURE_BYTES), packet_ms=200), SentByAll(), Film(b"", b"", [], 0)
    streamers = [
        Streamer(one["unit_id"], one["court_id"], Path(one["home"]), nothing, sent, sent=sent, reel=sends)
        for one in plan["units"]
    ]
    async with (
        GatewayProcess(settings) as process,
        Desk(process.url, LOGIN, password) as desk,
        AsyncExitStack() as stack,
    ):
        it = Site(process, Fleet([], {}), password)
        for streamer in streamers:
            await streamer.enter(plan)
        seers = [await stack.enter_async_context(watching(it, desk, officer.unit_id)) for officer in officers]
        filming = [asyncio.create_task(streamer.run()) for streamer in streamers]
        for streamer in streamers:
            streamer.go.set()
        try:
            await asyncio.gather(*(whole(seer, sends) for seer in seers))
            assert not [task for task in filming if task.done()]
        finally:
            for task in filming:
                task.cancel()
            await asyncio.gather(*filming, return_exceptions=True)


async def whole(seer: Seer, sends: Reel) -> None:
    """The first blocks are those that were sent, none twice and none left out."""
    blocks = [await seer.block() for _ in range(BLOCKS_EACH)]
    assert [number for _, _, number, _, _, _ in blocks] == list(range(1, BLOCKS_EACH + 1))
    assert [content for *_, content in blocks] == sends.blocks[:BLOCKS_EACH]
