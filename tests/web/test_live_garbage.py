"""What no unit of ours sends, between what it sends: not passed on, counted, one line, and nobody else is harmed."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import av
import pytest
import structlog

sys.path.insert(0, str(Path(__file__).parent))

from unit_film import SOUND, Film, Seer, jpeg, no_pictures

from gateway import logs
from gateway.model import Role
from gateway.settings import LogSettings
from protocol import matroska

H264 = 2
PICTURE, SOUNDS, LINE = 1, 2, 3
SECOND = {matroska.A_LAW: 16_000, matroska.PCM: 32_000, matroska.IMA_ADPCM: 256 * 32}


@pytest.fixture
def lines() -> Iterator[list[Any]]:
    """What is written meanwhile, from warnings on."""
    logs.configure(LogSettings(level="warning"))
    with structlog.testing.capture_logs() as captured:
        yield captured
    logs.configure(LogSettings(level="error"))


def counted(site: Any) -> dict[str, float]:
    """What was unreadable, by what it is."""
    (family,) = site.parts.metrics.live_unreadable.collect()
    return {
        one.labels["what"]: one.value for one in family.samples if one.name.endswith("_total") and one.value
    }


def said_of(lines: list[Any], unit_id: str) -> list[tuple[str, int]]:
    """(what, bytes) of the lines that name a unit."""
    return [
        (one["what"], one["bytes"])
        for one in lines
        if one["event"] == "live_unreadable" and one["unit"] == unit_id
    ]


@pytest.mark.parametrize(
    ("form", "odd"),
    [(matroska.A_LAW, []), (matroska.PCM, [1, 511]), (matroska.IMA_ADPCM, [1, 4, 255, 257, 300])],
)
async def test_sound_that_is_none_is_not_passed_on_and_all_else_is(
    lines: list[Any], site: Any, form: int, odd: list[int]
) -> None:
    for one in ("U1", "U2"):
        site.heard(one)
    person = await site.person(Role.ADMIN, None)
    seers = [await Seer.of(site, person, unit_id) for unit_id in ("U1", "U2")]
    films = [Film(site, "U1", sound=form), Film(site, "U2")]
    for film in films:
        film.begin()
    films[0].hear()
    sizes = [*odd, 0, SECOND[form] + 256, 900_000]
    for size in sizes:
        films[0].hear(bytes(size))
        films[1].hear()
    films[0].hear(bytes(SECOND[form] - 256))
    films[0].picture(jpeg(1))
    blocks = [await seers[0].until("block") for _ in range(3)]
    assert [(one["track"], one["number"]) for one in blocks] == [(SOUNDS, 1), (SOUNDS, 2), (PICTURE, 3)]
    assert [one["content"] for one in blocks] == [SOUND, bytes(SECOND[form] - 256), jpeg(1)]
    for number in range(1, len(sizes) + 1):
        assert (await seers[1].until("block"))["number"] == number
    assert counted(site) == {"sound": len(sizes)}
    assert said_of(lines, "U1") == [("sound", sizes[0])] and not said_of(lines, "U2")


@pytest.mark.parametrize(
    ("spoilt", "what"),
    [
        (lambda head: head.replace(b"A_MS/ACM", b"A_OPUS/X"), "sound"),
        (lambda head: head.replace(b"\x16\x54\xae\x6b", b"\x16\x54\xae\x6a"), "head"),
    ],
)
async def test_head_that_names_no_sound_of_ours_leaves_pictures_alone(
    lines: list[Any], site: Any, spoilt: Callable[[bytes], bytes], what: str
) -> None:
    site.heard("U1")
    seer = await Seer.of(site, await site.person(Role.ADMIN, None))
    film = Film(site)
    film.begin(spoilt=spoilt)
    film.hear()
    film.picture(jpeg(1))
    block = await seer.until("block")
    assert (block["track"], block["number"], block["content"]) == (PICTURE, 1, jpeg(1))
    film.begin()
    film.hear()
    assert (await seer.until("block"))["track"] == SOUNDS
    assert list(counted(site)) == [what] and [one for one, _ in said_of(lines, "U1")] == [what]


async def test_tracks_lines_and_blocks_that_no_unit_sends_are_left_out(lines: list[Any], site: Any) -> None:
    site.heard("U1")
    seer = await Seer.of(site, await site.person(Role.DISPATCHER, None))
    film = Film(site)
    film.begin()
    film.block(9, b"what is this")
    film.block(LINE, b"x" * 5000)
    film.picture(jpeg(1) + bytes(2 << 20))
    film.block(LINE, b"26.0 119.2")
    film.picture(jpeg(2))
    blocks = [await seer.until("block") for _ in range(2)]
    assert [(one["track"], one["number"]) for one in blocks] == [(LINE, 1), (PICTURE, 2)]
    assert blocks[1]["content"] == jpeg(2)
    assert counted(site) == {"track": 1, "line": 1, "too_large": 1}
    assert len(said_of(lines, "U1")) == 1


async def test_pictures_that_are_none_go_into_no_h264_and_do_not_end_it(
    lines: list[Any], tmp_path: Path, empty_database: Path, open_site: Any
) -> None:
    shutil.copy(empty_database, tmp_path / "web.db")
    async with AsyncExitStack() as stack:
        site = await open_site(stack, tmp_path, live={"transcodes": 1})
        site.heard("U1")
        seer = await Seer.of(site, await site.person(Role.DISPATCHER, None))
        await seer.say(t="want", mode="full", codec="h264")
        await seer.say(t="ping", n=1)
        await seer.until("pong")
        film, decoder = Film(site), av.CodecContext.create("h264", "r")
        film.begin()
        for number, hostile in enumerate(no_pictures()):
            for content in (hostile, jpeg(number), hostile):
                site.clock.advance(100)
                film.picture(content)
                if content is not hostile:
                    block = await seer.until("block")
                    assert (block["codec"], block["number"]) == (H264, number + 1)
                    assert decoder.decode(av.Packet(block["content"]))
        assert counted(site)["transcode"] >= len(no_pictures())
        assert len(said_of(lines, "U1")) == 1
