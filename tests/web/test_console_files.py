"""The console's files and the headers that keep a browser safe. Without a gateway: none is needed."""

import gzip
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from gateway.api import console, problems
from gateway.api.guard import Guard

INDEX = "<!doctype html><title>console</title>"


@pytest.fixture
def built(tmp_path: Path) -> Path:
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text(INDEX)
    (folder / "assets" / "main-abc123.js").write_text("export {}")
    (tmp_path / "secret.txt").write_text("not yours")
    return folder


async def served(folder: Path, outlines: Path) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI(openapi_url=None)
    app.add_middleware(Guard, max_body_bytes=10, body_timeout_s=1.0, max_file_bytes=10, file_timeout_s=1.0)
    problems.install(app)
    console.install(app, folder, outlines)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://console") as client:
        yield client


@pytest.fixture
async def client(built: Path) -> AsyncIterator[httpx.AsyncClient]:
    outlines = built.parent / "outlines.geojson"
    outlines.write_text('{"type":"FeatureCollection","features":[]}')
    async for one in served(built, outlines):
        yield one


@pytest.mark.parametrize("path", ["/", "/index.html", "/incidents", "/incidents/I-1", "/units/U1"])
async def test_client_paths_answer_the_index_and_ask_again(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert answer.status_code == 200 and answer.text == INDEX
    assert answer.headers["cache-control"] == "no-cache" and answer.headers["content-type"].startswith(
        "text/html"
    )


async def test_packed_asset_goes_to_whoever_takes_it(client: httpx.AsyncClient, built: Path) -> None:
    path = built / "assets" / "main-abc123.js.gz"
    path.write_bytes(gzip.compress(b"export { packed }"))
    for accepted, text in (
        ("gzip, br", "export { packed }"),
        ("br;q=1, gzip;q=0.5", "export { packed }"),
        ("gzip;q=0", "export {}"),
        ("identity", "export {}"),
    ):
        answer = await client.get("/assets/main-abc123.js", headers={"Accept-Encoding": accepted})
        assert answer.text == text and "javascript" in answer.headers["content-type"]
        assert answer.headers["vary"] == "Accept-Encoding" and "immutable" in answer.headers["cache-control"]
        assert ("content-encoding" in answer.headers) is ("packed" in text)
    head = await client.head("/assets/main-abc123.js", headers={"Accept-Encoding": "gzip"})
    assert int(head.headers["content-length"]) == path.stat().st_size


async def test_hashed_assets_are_cached_for_good(client: httpx.AsyncClient) -> None:
    answer = await client.get("/assets/main-abc123.js")
    assert answer.status_code == 200 and "javascript" in answer.headers["content-type"]
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    again = await client.get("/assets/main-abc123.js", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


async def test_file_that_was_replaced_is_read_again(client: httpx.AsyncClient, built: Path) -> None:
    before = await client.get("/")
    (built / "index.html").write_text(INDEX + "<!-- next -->")
    after = await client.get("/", headers={"If-None-Match": before.headers["etag"]})
    assert after.status_code == 200 and after.text == INDEX + "<!-- next -->"


@pytest.mark.parametrize(
    "path", ["/assets/gone.js", "/favicon.ico", "/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt",
             "/assets/..%2f..%2fsecret.txt", "/a%00b.txt", "/" + "a" * 300 + ".js", "/api/x"])  # fmt: skip
async def test_what_is_not_there_is_a_problem(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert answer.status_code == 404 and answer.headers["content-type"] == "application/problem+json"
    assert "not yours" not in answer.text


async def test_every_answer_carries_the_security_headers(client: httpx.AsyncClient) -> None:
    for answer in (
        await client.get("/"),
        await client.get("/gone.js"),
        await client.post("/", content=b"x" * 11),
    ):
        policy = answer.headers["content-security-policy"]
        assert "default-src 'self'" in policy and "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy and "http" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"


async def test_only_reading_is_possible(client: httpx.AsyncClient) -> None:
    assert (await client.post("/")).status_code == 405
    head = await client.head("/")
    assert head.status_code == 200 and head.content == b""


async def test_outlines_are_served(client: httpx.AsyncClient) -> None:
    answer = await client.get("/map/outlines.geojson")
    assert answer.status_code == 200 and answer.headers["content-type"] == "application/geo+json"
    assert answer.json()["type"] == "FeatureCollection" and answer.headers["content-encoding"] == "gzip"
    plain = await client.get("/map/outlines.geojson", headers={"Accept-Encoding": "identity"})
    assert plain.json() == answer.json() and "content-encoding" not in plain.headers


async def test_build_is_named_by_its_index(built: Path, tmp_path: Path) -> None:
    first = console.build_of(built)
    assert first is not None and len(first) == 16 and console.build_of(built) == first
    (built / "index.html").write_text(INDEX + "<!-- next -->")
    assert console.build_of(built) not in (first, None)
    assert console.build_of(tmp_path / "none") is None


async def test_console_that_was_not_built_says_how(tmp_path: Path) -> None:
    async for client in served(tmp_path / "nothing", tmp_path / "nothing.geojson"):
        answer = await client.get("/")
        assert answer.status_code == 503 and "npm run build" in answer.text
        assert (await client.get("/map/outlines.geojson")).status_code == 404
        assert (await client.get("/api/v1/x")).status_code == 404
