"""Live pictures that are looked at: seldom enough, never twice at once, and whatever they are."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator

import numpy as np
import pytest
import simplejpeg
from hypothesis import given
from hypothesis import strategies as st

from gateway.clock import ManualClock
from gateway.evidence.frames import JpegSizes, jpeg_size, picture
from gateway.evidence.places import Key
from gateway.evidence.quality import Quality
from gateway.evidence.watching import FORGOTTEN_MS, PICTURE_MAX_BYTES, PIXELS_MAX, PictureWatch
from gateway.evidence_settings import EvidenceSettings
from gateway.metrics import Metrics
from protocol import matroska
from protocol.media import LIVE, STARTS, Chunk
from simulator import scene

NOISE = np.random.default_rng(4)
EVERY_S = 5


def jpeg(image: np.ndarray) -> bytes:
    seen = np.clip(image + NOISE.normal(0, 2, image.shape), 0, 255).astype(np.uint8)
    return bytes(simplejpeg.encode_jpeg(seen, quality=85))


def street(number: int) -> bytes:
    return jpeg(scene.draw(number, number * 500, 320, 240))


def covered(_: int = 0) -> bytes:
    return jpeg(np.full((240, 320, 3), 90.0))


class Site:
    """A watch that runs, its clock, and units that send one picture at a time."""

    def __init__(self, **settings: int) -> None:
        self.clock, self.metrics = ManualClock(), Metrics()
        self.told: list[tuple[str, Quality | None]] = []
        self.watch = PictureWatch(
            EvidenceSettings(look_every_s=EVERY_S, **settings), self.clock, self.metrics,
            lambda unit_id, state: self.told.append((unit_id, state)),
        )  # fmt: skip
        self._sent = 0

    def show(self, *pictures: bytes, unit_id: str = "u1001", flags: int = LIVE) -> None:
        """Each in a cluster of its own, in chunks of 16 KiB."""
        key = Key(unit_id, "a1b2c3d4e5f60718", 0)
        for one in pictures:
            buffer = bytearray(64)
            data = bytes(buffer[: matroska.put_cluster(buffer, 0, self._sent)])
            head = matroska.put_block(buffer, 0, matroska.PICTURE, 0, max(1, len(one)))
            data += bytes(buffer[:head]) + (one or b"\0")
            at = 1_000_000 * (self._sent + 1)
            chunks = [
                Chunk(at + n, flags | (0 if n else STARTS), data[n : n + 16_384], None if n else 7)
                for n in range(0, len(data), 16_384)
            ]
            self._sent += 1
            self.watch.feed([(key, chunk, self.clock.now_ms()) for chunk in chunks])

    async def looked(self, count: int) -> None:
        """Until so many were judged or passed over."""
        async with asyncio.timeout(30):
            while self.judged() + sum(self.passed().values()) < count:
                await asyncio.sleep(0.002)

    def judged(self) -> int:
        return self._count("tipstaff_pictures_judged_total")

    def passed(self) -> dict[str, int]:
        return {
            sample.labels["why"]: int(sample.value)
            for metric in self.metrics.registry.collect()
            for sample in metric.samples
            if sample.name == "tipstaff_pictures_passed_over_total"
        }

    def _count(self, name: str) -> int:
        return int(sum(s.value for m in self.metrics.registry.collect() for s in m.samples if s.name == name))


async def running(site: Site) -> AsyncIterator[Site]:
    task = asyncio.create_task(site.watch.run())
    yield site
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async for one in running(Site()):
        yield one


async def test_one_picture_in_five_seconds_and_two_judgements_make_a_state(site: Site) -> None:
    for number, make in enumerate([street, street, covered, covered, covered, street, street]):
        site.show(make(number), make(number + 100), make(number + 200))
        await site.looked(number + 1)
        site.clock.advance(EVERY_S * 1000)
    assert site.judged() == 7 and site.passed() == {}
    assert site.told == [("u1001", Quality.OK), ("u1001", Quality.COVERED), ("u1001", Quality.OK)]


async def test_state_is_forgotten_when_nothing_was_looked_at_for_half_a_minute(site: Site) -> None:
    for number in range(2):
        site.show(covered())
        await site.looked(number + 1)
        site.clock.advance(EVERY_S * 1000)
    assert site.told == [("u1001", Quality.COVERED)]
    for _ in range(FORGOTTEN_MS // 1000 + 1):
        site.clock.advance(1000)
        await asyncio.sleep(0.002)
    assert site.told[1:] == [("u1001", None)] and site.watch._cameras == {}
    site.show(street(1))
    await site.looked(3)
    assert len(site.told) == 2, "one look says nothing yet"


async def test_back_filled_pictures_are_not_what_the_camera_shows_now(site: Site) -> None:
    site.show(covered(), flags=0)
    assert site.watch._cameras == {}


async def test_more_units_than_may_be_looked_at_are_counted_and_nobody_waits() -> None:
    async for site in running(Site(looks_per_s=2)):
        one = street(1)
        for number in range(40):
            site.show(one, unit_id=f"u{number}")
        assert site.passed() == {"too_many": 38}
        await site.looked(40)
        assert site.judged() == 2
        site.clock.advance(EVERY_S * 1000)
        site.show(one, unit_id="u39")
        assert site.watch._cameras["u39"].due_ms > site.clock.monotonic_s() * 1000, "20 s for 40 units"


def header(width: int, height: int, *, frame: int = 0xC0, scan_of: int = 3) -> bytes:
    """A JPEG's headers alone, of three colours."""
    colours = b"".join(bytes((number, 0x11, 0)) for number in (1, 2, 3))
    return (
        b"\xff\xd8\xff" + bytes((frame,)) + struct.pack(">HBHHB", 17, 8, height, width, 3) + colours
        + b"\xff\xda" + struct.pack(">HB", 6 + 2 * scan_of, scan_of) + bytes(2 * scan_of) + b"\0\x3f\0"
    )  # fmt: skip


HOSTILE = {
    "of 0 bytes": b"",
    "of 4 MB": street(1) + bytes(matroska.MAX_BLOCK_BYTES - 100_000),
    "cut off": street(1)[:2000],
    "cut off in its header": street(1)[:15],
    "no JPEG": b"\x89PNG\r\n\x1a\n" + bytes(500),
    "bomb": header(65_500, 65_500) + bytes(600),
    "bomb of scans": header(2500, 2000, frame=0xC2) + header(1, 1)[-12:] * 50_000,
    "bomb of scans, sequential": header(2500, 2000, scan_of=1) + header(1, 1, scan_of=1)[-8:] * 50_000,
    "without height": header(640, 0) + bytes(600),
    "fill bytes": b"\xff\xd8" + b"\xff" * 900_000,
    "headers without end": b"\xff\xd8" + b"\xff\xe0\x00\x02" * 200_000,
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_hostile_picture_costs_a_count_and_nothing_else(site: Site, name: str) -> None:
    site.show(HOSTILE[name])
    if name != "cut off":
        assert sum(site.passed().values()) == 1, "before any decoder has seen it"
    await site.looked(1)
    assert sum(site.passed().values()) == 1 and site.judged() == 0 and site.told == []
    site.clock.advance(EVERY_S * 1000)
    site.show(street(1))
    await site.looked(2)
    assert site.judged() == 1


@given(st.binary(max_size=400), st.integers(0, 3000), st.integers(0, 255))
def test_header_of_anything_is_a_size_or_none(noise: bytes, at: int, byte: int) -> None:
    assert jpeg_size(noise) is None or noise.startswith(b"\xff\xd8")
    spoiled = bytearray(STREET)
    spoiled[at % len(spoiled)] = byte
    jpeg_size(bytes(spoiled))
    decoded = picture(bytes(spoiled[:5000]))
    assert decoded is None or decoded.size <= 3 * 4096 * 4096


STREET = street(3)


@given(
    st.lists(
        st.tuples(st.sampled_from((320, 640)), st.integers(0, 60), st.integers(0, 255), st.integers(0, 80))
    )
)
def test_sizes_of_pictures_in_a_row_are_those_of_each_alone(row: list[tuple[int, int, int, int]]) -> None:
    sizes = JpegSizes()
    for width, at, byte, cut in row:
        spoiled = bytearray(header(width, 480) + b"pixels")
        spoiled[at % len(spoiled)] = byte
        one = bytes(spoiled[: len(spoiled) - cut])
        assert sizes.of(one) == jpeg_size(one)


def test_header_says_what_the_decoder_gives() -> None:
    assert jpeg_size(STREET) == (320, 240) and picture(STREET).shape == (240, 320, 3)  # type: ignore[union-attr]
    assert jpeg_size(header(2592, 1944)) == (2592, 1944) and PIXELS_MAX >= 2592 * 1944
    assert jpeg_size(header(10, 10, frame=0xC2)) is None and jpeg_size(header(10, 10, scan_of=1)) is None
    grey = bytes(simplejpeg.encode_jpeg(np.full((8, 16, 1), 9, np.uint8), colorspace="GRAY"))
    assert jpeg_size(grey) == (16, 8) and picture(grey).shape == (8, 16, 3)  # type: ignore[union-attr]
    assert len(HOSTILE["of 4 MB"]) > PICTURE_MAX_BYTES
