"""RTSP for video walls: real units, gateway and GStreamer, played by ffmpeg; pictures are read by their pixels."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from rtsp_player import NEEDED, Hand, address, player, probe
from whole_recording import SMALL
from whole_site import OFFICERS

from gateway.accounts import add_user, set_password
from gateway.app import Gateway
from gateway.cli.stage import LOGIN, furnish, settings_in
from gateway.live_settings import RtspSettings
from gateway.model import Role
from gateway.ports import free_port
from gateway.provision.authority import Authority
from gateway.store import audit
from simulator.camera import SceneCamera
from simulator.fleet import Fleet, tracks_around
from simulator.microphone import SceneMicrophone
from simulator.unit_config import UnitConfig

SIZE = (320, 240)
WAITING_MAX_BYTES = 1_000_000
"""12 s of VGA are more than twice as many."""
WITHIN_S = 30.0


@dataclass
class Wall:
    """A site with units and RTSP, in this process."""

    gateway: Gateway
    fleet: Fleet
    password: str

    @property
    def port(self) -> int:
        assert self.gateway.rtsp.port is not None
        return self.gateway.rtsp.port

    def url(self, number: int = 0, query: str = "", *, login: str = LOGIN, secret: str | None = None) -> str:
        scheme = "rtsps" if self.gateway.settings.rtsp.tls else "rtsp"
        return address(self.port, OFFICERS[number].unit_id, login, secret or self.password, query, scheme)

    def hand(self) -> Hand:
        return Hand(self.port, LOGIN, self.password)

    async def audited(self, action: str, count: int) -> list[dict[str, Any]]:
        """The facts of all entries of this action, once there are so many."""
        async with asyncio.timeout(WITHIN_S):
            while True:
                async with self.gateway.store.read() as connection:
                    found = [
                        {"login": one.login, "unit": one.subject, **one.facts}
                        for one in await audit.entries(connection, limit=1000)
                        if one.action == action
                    ]
                if len(found) >= count:
                    return found
                await asyncio.sleep(0.05)

    @contextlib.asynccontextmanager
    async def signed_in(self) -> AsyncIterator[httpx.AsyncClient]:
        async with httpx.AsyncClient(base_url=self.gateway.url + "/api/v1") as client:
            answer = await client.post("/session", json={"login": LOGIN, "password": self.password})
            client.headers["X-CSRF-Token"] = answer.json()["csrf"]
            yield client


@contextlib.asynccontextmanager
async def wall(
    folder: Path,
    units: int = 1,
    cameras: Any = SceneCamera,
    sessions: int = 4,
    recording: Any = SMALL,
    **more: Any,
) -> AsyncIterator[Wall]:
    settings = settings_in(folder, hold_ms=300)
    rtsp = RtspSettings(enabled=True, port=free_port(), sessions=sessions, **more)
    async with Gateway(settings.model_copy(update={"rtsp": rtsp})) as gateway:
        password, homes = await furnish(gateway, OFFICERS[:units])
        configs = [
            replace(
                UnitConfig.from_home(home, seed=seed),
                camera=cameras,
                microphone=SceneMicrophone,
                settings=recording,
            )
            for seed, home in enumerate(homes)
        ]
        ids = [officer.unit_id for officer in OFFICERS[:units]]
        async with Fleet(configs, dict(zip(ids, tracks_around(units), strict=True))) as fleet:
            await fleet.wait_connected()
            async with asyncio.timeout(WITHIN_S):
                while gateway.rtsp.port is None:
                    assert "apt-get" not in (gateway.rtsp.problem or ""), f"{NEEDED} ({gateway.rtsp.problem})"
                    await asyncio.sleep(0.05)
                while not all(gateway.relay.online(unit_id) for unit_id in ids):
                    await asyncio.sleep(0.05)
            yield Wall(gateway, fleet, password)


async def test_unit_is_played_as_it_is_and_stops_when_nobody_plays(tmp_path: Path) -> None:
    async with wall(tmp_path) as it:
        unit_id = OFFICERS[0].unit_id
        streams = await probe(it.url())
        assert streams["video"]["codec_name"] == "mjpeg", streams
        assert (streams["video"]["width"], streams["video"]["height"]) == SIZE
        assert (streams["audio"]["codec_name"], streams["audio"]["sample_rate"]) == ("pcm_s16be", "16000")
        for transport in ("tcp", "udp"):
            async with player(it.url(), *SIZE, transport) as playing:
                seen = [await playing.frame() for _ in range(10)]
            assert [number for number, _ in seen] == sorted({number for number, _ in seen})
        begun = await it.audited("live.watch", 3)
        ended = await it.audited("live.watched", 3)
        assert {(one["login"], one["unit"], one["how"]) for one in begun} == {
            (LOGIN, unit_id, "rtsp 127.0.0.1")
        }
        assert sorted(one["view"] for one in begun) == sorted(one["view"] for one in ended)
        assert all(one["why"] == "left" for one in ended) and ended[-1]["pictures"] >= 10
        async with asyncio.timeout(WITHIN_S):
            while it.gateway.centre.units()[unit_id].recording:
                await asyncio.sleep(0.1)


async def test_h264_is_had_on_request_and_by_few(tmp_path: Path) -> None:
    async with wall(tmp_path) as it:
        streams = await probe(it.url(query="?codec=h264"))
        assert streams["video"]["codec_name"] == "h264", streams
        assert (streams["video"]["width"], streams["video"]["height"]) == SIZE
        async with player(it.url(query="?codec=h264"), *SIZE) as playing:
            numbers = [(await playing.frame())[0] for _ in range(10)]
        assert numbers == sorted(set(numbers))


async def test_what_is_described_and_not_played_ends(tmp_path: Path) -> None:
    """With its client, whatever that asked before, or else when it has not been played for a while."""
    async with wall(tmp_path, sessions=1) as it:
        unit_id = OFFICERS[0].unit_id
        async with it.hand() as hand:
            assert await hand.ask("DESCRIBE", f"/units/{unit_id}") == 200
        assert (await it.audited("live.watched", 1))[0]["why"] == "left"
        async with it.hand() as hand:
            assert await hand.ask("DESCRIBE", f"/units/{unit_id}") == 200
            track = f"/units/{unit_id}/jpeg/stream=0"
            assert await hand.ask("SETUP", track, Transport="RTP/AVP;multicast;port=5000-5001") == 461
        await it.audited("live.watched", 2)
        async with it.hand() as hand:
            assert await hand.ask("DESCRIBE", f"/units/{unit_id}") == 200
            async with asyncio.timeout(2 * WITHIN_S):
                assert await hand.reader.read() == b""
        await it.audited("live.watched", 3)


async def test_unit_that_sends_nothing_is_refused_and_why_is_told(tmp_path: Path) -> None:
    async with wall(tmp_path) as it:
        unit_id = OFFICERS[0].unit_id
        await it.fleet[unit_id].kill()
        async with asyncio.timeout(WITHIN_S):
            while it.gateway.centre.units()[unit_id].online:
                await asyncio.sleep(0.05)
        refused = it.gateway.metrics.rtsp_refused._value
        before = refused.get()
        assert "400" in (await probe(it.url()))["error"]["text"]
        assert refused.get() == before + 1
        assert await it.audited("live.watch", 0) == []


async def test_player_that_does_not_read_sees_what_is_new_once_it_reads(tmp_path: Path) -> None:
    """Old pictures are left out; of those that wait there are few."""
    large = {**SMALL, "picture": "vga", "picture_fps": 10}
    async with (
        wall(tmp_path, recording=large) as it,
        it.hand() as hand,
        player(it.url(), 640, 480) as playing,
    ):
        # With an alarm open it sends all it can: on a slow machine its link would be taken for a thin one.
        await it.fleet[OFFICERS[0].unit_id].press()
        await hand.play(OFFICERS[0].unit_id)
        last_s, _ = await hand.picture_packet()
        for _ in range(120):
            await playing.frame()
        waited_bytes, skipped_s = 0, 0.0
        while skipped_s < 1 and waited_bytes < WAITING_MAX_BYTES:
            at_s, size = await hand.picture_packet()
            skipped_s, last_s = at_s - last_s, at_s
            waited_bytes += size
        assert skipped_s >= 1


async def test_encrypted_is_played_and_takes_passwords_from_elsewhere(tmp_path: Path) -> None:
    certificate, key = Authority(tmp_path / "ca", 1_795_478_400_000).keep_server(tmp_path, ["127.0.0.1"])
    async with wall(tmp_path, host="0.0.0.0", tls_cert=certificate, tls_key=key) as it:
        streams = await probe(it.url())
        assert streams["video"]["codec_name"] == "mjpeg", streams
        async with player(it.url(), *SIZE) as playing:
            seen = [(await playing.frame())[0] for _ in range(5)]
        assert seen == sorted(set(seen))
        assert "401" in (await probe(it.url(secret="not the password")))["error"]["text"]
        in_the_clear = address(it.port, OFFICERS[0].unit_id, LOGIN, it.password)
        assert "error" in await probe(in_the_clear)
        async with it.signed_in() as browser:
            assert (await browser.get("/stream-keys")).json()["rtsp"]["encrypted"] is True


async def test_rights_are_those_of_the_console(tmp_path: Path) -> None:
    async with wall(tmp_path) as it:
        store, now_ms = it.gateway.store, it.gateway.clock.now_ms()
        await add_user(store, "away", "别院", Role.VIEWER, "3502", "long password", now_ms)
        for url, said in (
            (it.url(secret="not the password"), "401"),
            (it.url(login="nobody"), "401"),
            (it.url().replace(f"{LOGIN}:{it.password}@", ""), "401"),
            (it.url(login="away", secret="long%20password"), "400"),
            (it.url().replace(OFFICERS[0].unit_id, "u9999"), "400"),
            (it.url().replace("/units/", "/people/"), "404"),
        ):
            answer = await probe(url)
            assert said in answer["error"]["text"], (url, answer)
        assert await it.audited("live.watch", 0) == []
        failed = await it.audited("session.failed", 2)
        assert {one["login"] for one in failed} == {LOGIN, "nobody"}
        assert {one["address"] for one in failed} == {"127.0.0.1"}


async def test_stream_key_shows_until_it_is_revoked(tmp_path: Path) -> None:
    async with wall(tmp_path, units=2) as it, it.signed_in() as browser:
        made = (
            await browser.post(
                "/stream-keys", json={"note": "视频墙", "days": 30, "unit_id": OFFICERS[0].unit_id}
            )
        ).json()
        listed = (await browser.get("/stream-keys")).json()["items"]
        assert [(one["key_id"], one["holds"]) for one in listed] == [(made["key_id"], True)]
        assert "key" not in listed[0]
        assert "400" in (await probe(it.url(1, secret=made["key"])))["error"]["text"]
        assert "401" in (await probe(it.url(login="deputy", secret=made["key"])))["error"]["text"]
        async with player(it.url(secret=made["key"]), *SIZE) as playing:
            await playing.frame()
            assert (await it.audited("live.watch", 1))[0]["how"] == f"rtsp 127.0.0.1 key {made['key_id']}"
            assert (await browser.delete(f"/stream-keys/{made['key_id']}")).status_code == 204
            with pytest.raises(EOFError):
                while True:
                    await playing.frame()
        assert (await it.audited("live.watched", 1))[0]["why"] == "session_ended"
        said = ""
        async with asyncio.timeout(WITHIN_S):
            while "401" not in said:  # for a moment it is believed to be who it was, and gets nothing
                said = (await probe(it.url(secret=made["key"])))["error"]["text"]


async def test_new_password_ends_what_was_played_by_the_old(tmp_path: Path) -> None:
    async with wall(tmp_path) as it, player(it.url(), *SIZE) as playing:
        await playing.frame()
        await set_password(it.gateway.store, LOGIN, "another password")
        with pytest.raises(EOFError):
            while True:
                await playing.frame()


async def test_no_more_than_the_sessions_that_are_set(tmp_path: Path) -> None:
    async with wall(tmp_path, sessions=1) as it:
        async with player(it.url(), *SIZE) as playing:
            await playing.frame()
            assert "400" in (await probe(it.url()))["error"]["text"]
            await playing.frame()
        await it.audited("live.watched", 1)
        assert "video" in await probe(it.url())


async def test_killed_process_comes_back_and_harms_nothing_else(tmp_path: Path) -> None:
    async with wall(tmp_path) as it:
        async with player(it.url(), *SIZE) as playing:
            await playing.frame()
            pid = it.gateway.rtsp.pid
            assert pid is not None
            it.gateway.rtsp.ready.clear()
            os.kill(pid, signal.SIGKILL)
            with pytest.raises(EOFError):
                while True:
                    await playing.frame()
        assert (await it.audited("live.watched", 1))[0]["pictures"] > 0
        await asyncio.wait_for(it.gateway.rtsp.ready.wait(), WITHIN_S)
        assert it.gateway.rtsp.pid != pid
        assert "video" in await probe(it.url())
        assert it.gateway.centre.health()["ok"]


async def test_garbage_at_the_local_socket_is_answered_with_nothing(tmp_path: Path) -> None:
    async with wall(tmp_path) as it:
        folder = os.open(it.gateway.settings.data_dir, os.O_PATH)
        try:
            path = f"/proc/self/fd/{folder}/rtsp.sock"
            assert os.stat(path).st_mode & 0o077 == 0
            for said in (b"\0" * 20_000, b"[]\n", b'{"t": "watch"}\n', b"{" * 9000 + b"\n", b"\xff\n", b""):
                reader, writer = await asyncio.open_unix_connection(path)
                with contextlib.suppress(ConnectionError):
                    writer.write(said)
                    writer.write_eof()
                    assert await reader.read() == b""
                writer.close()
        finally:
            os.close(folder)
        assert "video" in await probe(it.url())


class Spoilt(SceneCamera):
    """Of three pictures one is the scene; the others no RTP can carry, or nothing at all can read."""

    def __init__(self) -> None:
        super().__init__()
        self._count = 0

    def shoot(self, at_ms: int) -> bytes:
        good = super().shoot(at_ms)
        self._count += 1
        # Cut off; its quantization table damaged beyond its bounds, so that every length after it is wrong.
        return (good, good[: len(good) // 2], good[:20] + b"\xff\xdb\x00\x43\x40" + good[20:])[
            self._count % 3
        ]


async def test_garbage_of_one_unit_is_left_out_and_the_others_play(tmp_path: Path) -> None:
    cameras = iter((Spoilt(), SceneCamera()))
    async with wall(tmp_path, units=2, cameras=lambda: next(cameras)) as it:
        async with player(it.url(0), *SIZE) as spoilt, player(it.url(1), *SIZE) as well:
            numbers = [(await spoilt.frame())[0] for _ in range(3)]
            assert numbers == sorted(set(numbers))
            seen = [(await well.frame())[0] for _ in range(12)]
            assert seen == sorted(set(seen))
        left_out = it.gateway.metrics.rtsp_left_out._value.get()
        assert left_out >= 2
