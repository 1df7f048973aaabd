"""Base maps: Tianditu through the gateway, and a PMTiles file. The service is a server of our own that plays it."""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import structlog
from pmtiles.reader import Reader
from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import write

from gateway import logs
from gateway.basemap.pmtiles import open_archive
from gateway.basemap.tianditu import (
    AT_ONCE,
    FAILURES_BEFORE_PAUSE,
    FRESH_MS,
    PAUSE_S,
    WAITING_MAX,
    Busy,
    Tianditu,
    TileError,
)
from gateway.basemap.tile_cache import BLOCK_BYTES, TileCache, TileKey
from gateway.clock import ManualClock
from gateway.errors import SettingsError
from gateway.metrics import Metrics
from gateway.model import Role
from gateway.settings import LogSettings

sys.path.insert(0, str(Path(__file__).parent))

from tile_service import PNG, TileService

KEY = "kSecret0123456789"
TILE = "/map/tianditu/vec/5/26/13"


@pytest.fixture
async def service() -> AsyncIterator[TileService]:
    async with TileService() as one:
        yield one


@pytest.fixture
def lines() -> Iterator[list[Any]]:
    """The log from warnings on, as dictionaries."""
    logs.configure(LogSettings(level="warning"))
    with structlog.testing.capture_logs() as captured:
        yield captured
    logs.configure(LogSettings(level="error"))


@pytest.fixture
async def mapped(service: TileService, open_site: Any, tmp_path: Path) -> AsyncIterator[Any]:
    """A site whose key and service are set."""
    basemap = {"tianditu_key": KEY, "tianditu_url": service.template, "tianditu_layers": ["vec", "cva"]}
    async with AsyncExitStack() as stack:
        yield await open_site(stack, tmp_path, basemap=basemap)


def counted(metrics: Metrics) -> dict[str, float]:
    return {
        sample.labels["outcome"]: sample.value
        for family in metrics.map_tiles.collect()
        for sample in family.samples
        if sample.name.endswith("_total")
    }


async def test_tile_is_fetched_once_with_the_key_and_then_kept(mapped: Any, service: TileService) -> None:
    client = await mapped.person(Role.VIEWER, "B1")
    for _ in range(2):
        answer = await client.get(TILE)
        assert (answer.status_code, answer.content) == (200, PNG), answer.text
        assert answer.headers["content-type"] == "image/png"
        assert answer.headers["cache-control"].startswith("private") and KEY not in str(answer.headers)
    assert service.asked == [f"/7/vec?z=5&x=26&y=13&tk={KEY}"]
    assert counted(mapped.parts.metrics) == {"fetched": 1, "cached": 1}
    assert mapped.parts.metrics.map_cache_bytes._value.get() == BLOCK_BYTES
    assert 'tipstaff_map_tiles_total{outcome="cached"} 1.0' in (await client.get("/metrics")).text


async def test_snapshot_names_the_layers_and_never_the_key(mapped: Any) -> None:
    client = await mapped.person(Role.VIEWER, "B1")
    snapshot = await (await mapped.watch(client)).read()
    streets, names = snapshot["gateway"]["map"]["layers"]
    assert streets == {
        "id": "vec", "title": {"zh": "天地图 街道", "en": "Tianditu streets"}, "kind": "xyz",
        "url": "/map/tianditu/vec/{z}/{x}/{y}", "datum": "wgs84", "min_zoom": 1, "max_zoom": 18,
        "attribution": "天地图 tianditu.gov.cn", "overlay": False, "over": None, "tile_type": "image", "bounds": None,
    }  # fmt: skip
    assert (names["id"], names["overlay"], names["over"]) == ("cva", True, "vec")
    assert KEY not in str(snapshot) and snapshot["health"]["map"] == {"ok": True, "problem": None}


async def test_site_without_key_and_file_has_no_layer(site: Any) -> None:
    client = await site.person(Role.VIEWER, "B1")
    snapshot = await (await site.watch(client)).read()
    assert snapshot["gateway"]["map"] == {"layers": []} and "map" not in snapshot["health"]
    for path in (TILE, "/map/local.pmtiles"):
        answer = await client.get(path, headers={"Range": "bytes=0-9"})
        assert answer.status_code == 404 and answer.headers["content-type"] == "application/problem+json"


async def test_stranger_gets_no_tile_and_asks_nobody(mapped: Any, service: TileService) -> None:
    assert (await (await mapped.visitor()).get(TILE)).status_code == 401
    assert service.asked == []


@pytest.mark.parametrize(
    "place", ["img/5/26/13", "xxx/5/26/13", "vec/5/32/13", "vec/5/1/32", "vec/0/0/0", "vec/19/0/0", "vec/5/-1/0",
              "vec/5/1e1/0", "vec/5/1/0.png", "vec/5/99999999999999999999/0", "vecc/5/1/1"])  # fmt: skip
async def test_tile_that_there_cannot_be_asks_nobody(mapped: Any, service: TileService, place: str) -> None:
    client = await mapped.person(Role.VIEWER, "B1")
    answer = await client.get(f"/map/tianditu/{place}")
    assert answer.status_code in (404, 422) and answer.headers["content-type"] == "application/problem+json"
    assert service.asked == []


@pytest.mark.parametrize(
    ("status", "media_type", "body", "said"),
    [
        (403, "application/json", b'{"code":301}', "answered 403: the key is not accepted"),
        (500, "text/html", b"x", "answered 500"),
        (200, "text/xml", b"<Exception>", "did not send a picture"),
        (200, "image/png", b"<script>alert(1)</script>", "not the picture that it says"),
        (200, "image/jpeg", PNG, "not the picture that it says"),
        (200, "image/svg+xml", b"<svg/>", "did not send a picture"),
        (200, "image/png", PNG + bytes(1 << 20), "more than 1 MiB"),
        (200, "image/png", b"", "not the picture that it says"),
        (302, "image/png", PNG, "answered 302"),
    ],
)
async def test_answer_that_is_no_tile_is_a_502_that_says_why(
    mapped: Any, service: TileService, lines: list[Any], status: int, media_type: str, body: bytes, said: str
) -> None:
    service.status, service.media_type, service.body = status, media_type, body
    service.headers = f"Location: {service.template}\r\n" if status == 302 else ""
    client = await mapped.person(Role.VIEWER, "B1")
    answer = await client.get(TILE)
    assert answer.status_code == 502 and answer.json()["type"] == "urn:tipstaff:problem:bad-gateway"
    assert said in answer.json()["detail"] and len(service.asked) == 1
    assert KEY not in answer.text and KEY not in str(lines) and said in lines[0]["why"]
    assert said in (await client.get("/api/v1/health")).json()["map"]["problem"]
    assert counted(mapped.parts.metrics) == {"refused": 1}


async def test_tile_that_the_service_does_not_have_is_a_404(mapped: Any, service: TileService) -> None:
    service.status = 404
    client = await mapped.person(Role.VIEWER, "B1")
    assert (await client.get(TILE)).status_code == 404 and counted(mapped.parts.metrics) == {"none": 1}


async def test_service_that_is_gone_is_left_alone_and_asked_again(
    mapped: Any, service: TileService, lines: list[Any]
) -> None:
    service._server.close()
    client = await mapped.person(Role.VIEWER, "B1")
    for x in range(FAILURES_BEFORE_PAUSE):
        answer = await client.get(f"/map/tianditu/vec/5/{x}/0")
        assert answer.status_code == 502 and "cannot be reached (ConnectError)" in answer.json()["detail"]
    assert [line["event"] for line in lines].count("map_service_failed") == 1 and KEY not in str(lines)
    answer = await client.get(TILE)
    assert answer.status_code == 503 and answer.headers["retry-after"] == "1"
    assert "not asked for a while: it cannot be reached" in answer.json()["detail"]
    assert counted(mapped.parts.metrics) == {"failed": FAILURES_BEFORE_PAUSE, "paused": 1}
    mapped.clock.advance(round(PAUSE_S * 1000))
    assert (await client.get(TILE)).status_code == 502
    assert (await client.get("/api/v1/health")).json()["ok"] is True


async def test_old_tile_is_fetched_again_and_shown_while_the_service_fails(
    mapped: Any, service: TileService
) -> None:
    client = await mapped.person(Role.VIEWER, "B1")
    await client.get(TILE)
    mapped.clock.advance(FRESH_MS + 1)
    later = await mapped.person(Role.VIEWER, "B1")
    service.status = 500
    answer = await later.get(TILE)
    assert (answer.status_code, answer.content) == (200, PNG)
    assert answer.headers["cache-control"] == "private, max-age=60" and len(service.asked) == 2
    service.status = 200
    assert (await later.get(TILE)).headers["cache-control"] == "private, max-age=86400"
    assert counted(mapped.parts.metrics) == {"fetched": 2, "old": 1}


def proxy(service: TileService, folder: Path, **given: Any) -> Tianditu:
    cache = TileCache(folder / "cache", 1 << 20)
    return Tianditu(service.template, KEY, cache, ManualClock(), Metrics(), **given)


async def test_many_tiles_at_once_are_few_requests_and_the_same_one_is_one(
    service: TileService, tmp_path: Path
) -> None:
    service.open.clear()
    async with proxy(service, tmp_path, within_s=60) as tianditu:
        asking = [asyncio.create_task(tianditu.tile(TileKey("vec", 9, 1, y))) for y in range(WAITING_MAX)]
        asking += [asyncio.create_task(tianditu.tile(TileKey("vec", 9, 1, 0))) for _ in range(20)]
        async with asyncio.timeout(30):
            while service.at_once < AT_ONCE:
                await asyncio.sleep(0.001)
        with pytest.raises(Busy, match="Too many"):
            await tianditu.tile(TileKey("vec", 9, 2, 2))
        asking[-1].cancel()  # who goes away does not take the tile from the others
        service.open.set()
        done = await asyncio.gather(*asking, return_exceptions=True)
    assert [type(one) for one in done].count(asyncio.CancelledError) == 1
    assert service.most_at_once == AT_ONCE and len(service.asked) == WAITING_MAX


async def test_service_that_does_not_answer_is_given_up(service: TileService, tmp_path: Path) -> None:
    service.open.clear()
    async with proxy(service, tmp_path, within_s=0.05) as tianditu:
        with pytest.raises(
            TileError, match=r"did not answer in time|cannot be reached \((Connect|Read)Timeout\)"
        ):
            await tianditu.tile(TileKey("vec", 1, 0, 0))


async def test_cache_is_bounded_and_the_longest_unused_go_first(tmp_path: Path) -> None:
    folder, keys = tmp_path / "cache", [TileKey("vec", 9, 0, y) for y in range(6)]
    cache = TileCache(folder, 4 * BLOCK_BYTES)
    for key in keys[:4]:
        await cache.put(key, PNG, 1)
    assert await cache.get(keys[0]) is not None
    await cache.put(keys[4], PNG + bytes(BLOCK_BYTES), 1)  # two blocks: the two longest unused go
    assert [await cache.get(key) is not None for key in keys[:5]] == [True, False, False, True, True]
    assert cache.used_bytes == 4 * BLOCK_BYTES
    assert sorted(file.name for file in folder.rglob("*") if file.is_file()) == ["0", "3", "4"]
    await cache.put(keys[5], bytes(4 * BLOCK_BYTES), 1)
    assert await cache.get(keys[5]) is None


async def test_cache_is_found_again_without_what_a_power_cut_left(tmp_path: Path) -> None:
    folder, key, torn = tmp_path / "cache", TileKey("vec", 9, 0, 0), TileKey("vec", 9, 0, 1)
    cache = TileCache(folder, 1 << 20)
    for one in (key, torn):
        await cache.put(one, PNG, 7_000)
    (folder / torn.path).write_bytes(b"")
    (folder / "vec/9/0/2.writing").write_bytes(PNG[:20])
    again = TileCache(folder, 1 << 20)
    await again.load()
    kept = await again.get(key)
    assert kept is not None and (kept.data, kept.media_type, kept.fetched_ms) == (PNG, "image/png", 7_000)
    assert await again.get(torn) is None and not (folder / "vec/9/0/2.writing").exists()
    small = TileCache(folder, 0)
    await small.load()
    assert small.used_bytes == 0 and not [file for file in folder.rglob("*") if file.is_file()]


async def test_disk_that_refuses_does_not_hide_the_tile(service: TileService, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    async with proxy(service, tmp_path) as tianditu:
        assert (await tianditu.tile(TileKey("vec", 1, 0, 0))).data == PNG


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """A real PMTiles file with two tiles."""
    path = tmp_path / "fuzhou.pmtiles"
    with write(str(path)) as writer:
        for place in ((0, 0, 0), (3, 6, 3)):
            writer.write_tile(zxy_to_tileid(*place), PNG)
        header = {
            "tile_type": TileType.PNG, "tile_compression": Compression.NONE, "min_zoom": 0, "max_zoom": 3,
            "min_lon_e7": 1_190_000_000, "min_lat_e7": 259_000_000, "max_lon_e7": 1_200_000_000,
            "max_lat_e7": 265_000_000, "center_zoom": 1, "center_lon_e7": 1_193_000_000, "center_lat_e7": 260_000_000,
        }  # fmt: skip
        writer.finalize(header, {"attribution": "x"})
    return path


async def test_pmtiles_is_read_by_ranges(open_site: Any, tmp_path: Path, archive: Path) -> None:
    basemap = {"pmtiles": archive, "pmtiles_datum": "gcj02", "pmtiles_attribution": "审图号 GS(2026)1号"}
    async with AsyncExitStack() as stack:
        site = await open_site(stack, tmp_path, basemap=basemap)
        client = await site.person(Role.VIEWER, "B1")
        (layer,) = (await (await site.watch(client)).read())["gateway"]["map"]["layers"]
        assert (layer["kind"], layer["url"], layer["datum"]) == ("pmtiles", "/map/local.pmtiles", "gcj02")
        assert (layer["min_zoom"], layer["max_zoom"], layer["tile_type"]) == (0, 3, "png")
        assert layer["bounds"] == [119.0, 25.9, 120.0, 26.5] and layer["attribution"] == "审图号 GS(2026)1号"

        async def part(first: int, last: int) -> bytes:
            answer = await client.get(layer["url"], headers={"Range": f"bytes={first}-{last}"})
            assert answer.status_code == 206, answer.text
            return answer.content

        whole = archive.read_bytes()
        assert await part(0, 16_383) == whole  # the first request of every reader, of a file that is smaller
        pieces = {}
        reader = Reader(
            lambda offset, length: pieces.setdefault((offset, length), whole[offset : offset + length])
        )
        assert reader.get(3, 6, 3) == PNG
        for (offset, length), data in pieces.items():
            assert await part(offset, offset + length - 1) == data
        answer = await client.get(layer["url"], headers={"Range": "bytes=0-6"})
        assert answer.headers["content-range"] == f"bytes 0-6/{len(whole)}" and answer.headers["etag"]
        for bad in (None, "bytes=0-", "bytes=-5", "bytes=5-4", "bytes=0-1,3-4", "x", f"bytes=0-{16 << 20}",
                    f"bytes={len(whole)}-{len(whole) + 9}", "bytes=0-99999999999999999999"):  # fmt: skip
            answer = await client.get(layer["url"], headers={} if bad is None else {"Range": bad})
            assert (
                answer.status_code == 416
                and answer.json()["type"] == "urn:tipstaff:problem:range-not-satisfiable"
            ), bad
        stranger = await site.visitor()
        assert (await stranger.get(layer["url"], headers={"Range": "bytes=0-6"})).status_code == 401
        archive.unlink()
        assert (await client.get(layer["url"], headers={"Range": "bytes=0-6"})).status_code == 404


@pytest.mark.parametrize(
    ("at", "byte", "said"),
    [(0, 0, "is not a PMTiles file"), (7, 2, "of version 2"), (99, 9, "unknown type"), (101, 77, "zoom levels 0 to 77"),
     (100, 9, "zoom levels 9 to 3")],
)  # fmt: skip
def test_file_that_is_no_pmtiles_is_said_in_one_line(archive: Path, at: int, byte: int, said: str) -> None:
    content = bytearray(archive.read_bytes())
    content[at] = byte
    archive.write_bytes(content)
    with pytest.raises(SettingsError, match=said) as error:
        open_archive(archive)
    assert str(error.value).startswith(f"map.pmtiles: {archive}: ") and "\n" not in str(error.value)
    archive.write_bytes(content[:100])
    with pytest.raises(SettingsError, match="is not a PMTiles file"):
        open_archive(archive)
