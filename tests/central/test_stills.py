"""Stills and contact sheets over the API: by those who may play, in the audit, bounded, from either store."""

import asyncio

import httpx
import numpy as np
import pytest_asyncio
import simplejpeg
from conftest import COURT, OTHER_COURT
from filmer import Filmer, picture_segment

from gateway.errors import TooMuchAtOnce
from gateway.evidence.places import Key
from gateway.evidence.stills import WAITING_MAX
from gateway.model import Role
from gateway.store import audit, recordings
from protocol.manifest import LAST
from protocol.media import Chunk

RECORDING = bytes.fromhex("a1b2c3d4e5f60718")
PATH = f"/recordings/u1001/{RECORDING.hex()}"
COLOURS = (30, 120, 220)


def named(number):
    return RECORDING + number.to_bytes(4, "big")


def flat(level):
    return bytes(simplejpeg.encode_jpeg(np.full((240, 320, 3), level, np.uint8), quality=90))


def level(jpeg, left=0, top=0):
    """Of the middle of a picture or a tile."""
    return int(simplejpeg.decode_jpeg(jpeg)[top + 100 : top + 140, left + 100 : left + 200].mean())


@pytest_asyncio.fixture
async def gateway(start):
    running = await start()
    await running.provision("u1001", COURT, officer="林燕")
    return running


@pytest_asyncio.fixture
async def recorded(gateway, tmp_path):
    """Three sealed segments of two greys each, ten pictures a second; one of hardly any picture; one that grows."""
    async with Filmer(tmp_path / "units" / "u1001") as filmer:
        for number, grey in enumerate(COLOURS):
            made = picture_segment(named(number), [flat(grey)] * 10 + [flat(grey + 20)] * 10)
            assert (await filmer.restore(made, filmer.manifest(made))).sealed
        none = picture_segment(named(3), [b"no picture", b"", flat(90) + bytes(4_000_000), b""])
        assert (await filmer.restore(none, filmer.manifest(none, flags=LAST))).sealed
        grows = picture_segment(named(4), [flat(9)] * 3)
        await filmer.send(grows, [grows.chunk(0), Chunk(500, 2, grows.data[500:900])])
        while not await is_known(gateway, named(4)):
            await asyncio.sleep(0.02)
        yield filmer


async def is_known(gateway, segment):
    """Growing segments are written to the register once a second."""
    async with gateway.store.read() as connection:
        number = int.from_bytes(segment[8:], "big")
        return await recordings.segment(connection, "u1001", segment[:8].hex(), number) is not None


async def test_still_is_the_picture_at_its_moment_with_the_overlay(person, recorded):
    client = await person(Role.VIEWER, COURT)
    for at_ms, grey in ((0, 120), (999, 120), (1000, 140), (10**9, 140)):
        answer = await client.get(PATH + "/segments/1/still", params={"at_ms": at_ms})
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg"), answer.text
        assert answer.headers["cache-control"] == "no-store" and abs(level(answer.content) - grey) <= 3
    strip = simplejpeg.decode_jpeg(answer.content)[-12:]
    assert strip.min() < 90 and strip.max() > 200, "time and unit are burned in"
    for bad in ("-1", "1e9", "x", str(1 << 31)):
        assert (await client.get(PATH + "/segments/1/still", params={"at_ms": bad})).status_code == 422


async def test_contact_sheet_of_a_segment_and_of_the_recording(person, recorded):
    client = await person(Role.VIEWER, COURT)
    one = await client.get(PATH + "/segments/0/contact-sheet", params={"count": 2})
    assert simplejpeg.decode_jpeg_header(one.content)[:2] == (240, 4 * 320)
    assert abs(level(one.content) - 30) <= 3 and abs(level(one.content, 320) - 50) <= 3
    whole = (await client.get(PATH + "/contact-sheet", params={"count": 6})).content
    assert simplejpeg.decode_jpeg_header(whole)[:2] == (480, 4 * 320)
    assert [level(whole, 320 * n) // 100 for n in range(4)] == [0, 0, 1, 1]
    assert level(whole, 0, 240) > 200 and level(whole, 320, 240) > 200
    for bad in (0, 25, -1):
        assert (await client.get(PATH + "/contact-sheet", params={"count": bad})).status_code == 422


async def test_picture_of_nothing_and_one_of_4_mb_are_what_they_are(gateway, person, recorded):
    client = await person(Role.VIEWER, COURT)
    for at_ms, status in ((0, 404), (100, 404), (200, 200), (300, 404)):
        still = await client.get(PATH + "/segments/3/still", params={"at_ms": at_ms})
        assert still.status_code == status, still.text
    sheet = (await client.get(PATH + "/segments/3/contact-sheet")).content
    assert [level(sheet, 320 * n) // 10 for n in range(4)] == [0, 0, 9, 0], (
        "what is no picture is a black tile"
    )
    async with gateway.store.read() as connection:
        assert not (await recordings.segment(connection, "u1001", RECORDING.hex(), 3)).foreign


async def test_segment_that_grows_or_is_not_there_has_no_picture(person, recorded):
    client = await person(Role.VIEWER, COURT)
    for way, status in (("/segments/4/", 409), ("/segments/5/", 404)):
        for what in ("still", "contact-sheet"):
            assert (await client.get(PATH + way + what)).status_code == status


async def test_pictures_are_for_those_who_may_play_and_in_the_audit_once(gateway, person, recorded):
    mine, foreign = await person(Role.VIEWER, COURT), await person(Role.DISPATCHER, OTHER_COURT)
    ways = ("/contact-sheet", "/segments/0/still", "/segments/0/contact-sheet")
    for way in ways:
        assert (await foreign.get(PATH + way)).status_code == 404
        assert (await httpx.AsyncClient(base_url=gateway.url + "/api/v1").get(PATH + way)).status_code == 401
        assert (await mine.get(PATH + way)).status_code == 200
    async with gateway.store.read() as connection:
        looks = [e for e in await audit.entries(connection) if e.action == "recording.play"]
    assert [(e.login, e.subject) for e in looks] == [("viewer0", f"u1001/{RECORDING.hex()}")]


async def test_more_than_may_be_made_at_once_are_refused(gateway, person, recorded):
    async with gateway.store.read() as connection:
        row = await recordings.segment(connection, "u1001", RECORDING.hex(), 0)
    many = [gateway.stills.still(row, 0) for _ in range(WAITING_MAX + 3)]
    made = await asyncio.gather(*many, return_exceptions=True)
    assert sum(isinstance(one, TooMuchAtOnce) for one in made) == 3
    assert sum(isinstance(one, bytes) for one in made) == WAITING_MAX
    gateway.evidence.places.sealed(Key.of("u1001", named(0))).unlink()
    gone = await (await person(Role.VIEWER, COURT)).get(PATH + "/segments/0/still")
    assert gone.status_code == 503 and gone.headers["retry-after"] == "1"
