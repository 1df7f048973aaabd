"""What a unit's camera shows, from its chunks on a real broker to the unit in the API's live picture."""

import asyncio

import numpy as np
import pytest_asyncio
import simplejpeg
import structlog
from conftest import COURT, eventually
from filmer import Filmer, Segment, picture_segment

from gateway.clock import ManualClock

EVERY_MS = 5_000
NOISE = np.random.default_rng(5)
NUMBER = bytes.fromhex("a1b2c3d4e5f60718") + bytes(4)


def flat(level):
    image = np.clip(NOISE.normal(level, 2, (240, 320, 3)), 0, 255).astype(np.uint8)
    return bytes(simplejpeg.encode_jpeg(image, quality=85))


@pytest_asyncio.fixture
async def gateway(start):
    running = await start(clock=ManualClock())
    await running.provision("u1001", COURT)
    return running


@pytest_asyncio.fixture
async def filmer(gateway, tmp_path):
    async with Filmer(tmp_path / "units" / "u1001") as one:
        yield one


def seen(gateway):
    return {
        sample.labels["seen"]: sample.value
        for metric in gateway.metrics.registry.collect()
        for sample in metric.samples
        if sample.name == "tipstaff_pictures_judged_total"
    }


def shown(gateway):
    return gateway.centre.units()["u1001"].picture


async def test_covered_lens_is_a_state_of_the_unit_and_no_alarm(gateway, filmer):
    made: Segment = picture_segment(NUMBER, [flat(90) for _ in range(6)] + [b"no picture"] * 2)
    with structlog.testing.capture_logs() as logs:
        await filmer.send(made, [made.chunk(0), made.chunk(1), made.chunk(2)])
        await eventually(lambda: seen(gateway) == {"covered": 1})
        assert shown(gateway) is None
        gateway.clock.advance(EVERY_MS)
        await filmer.send(made, [made.chunk(3), made.chunk(4)])
        await eventually(lambda: shown(gateway) == "covered")
    (line,) = [line for line in logs if line["event"] == "picture_changed"]
    assert (line["unit"], line["picture"], line["was"]) == ("u1001", "covered", None)
    async with gateway.centre.subscribe() as changes:
        await filmer.control.online()
        await eventually(lambda: any(one.picture == "covered" for one in changes.changed_units()))
    assert seen(gateway) == {"covered": 2} and not gateway.centre.live_incidents()
    for _ in range(35):
        gateway.clock.advance(1000)
        await asyncio.sleep(0.002)
    await eventually(lambda: shown(gateway) is None)
    await filmer.send(made, [made.chunk(7)])
    await eventually(lambda: gateway.metrics.pictures_passed_over.labels("unreadable")._value.get() == 1)


async def test_state_of_a_unit_that_speaks_meanwhile_is_not_the_older_one(gateway):
    status = gateway.centre.units()["u1001"]
    gateway.centre.pictured("u1001", "black")
    gateway.centre.pictured("nobody", "black")
    gateway.centre.unit_heard(status)
    assert shown(gateway) == "black"
